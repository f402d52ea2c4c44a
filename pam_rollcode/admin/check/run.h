/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - children of `rollcode-admin check`, and words for a shell.
 */
#ifndef ROLLCODE_ADMIN_CHECK_RUN_H
#define ROLLCODE_ADMIN_CHECK_RUN_H

#include "admin/check/check.h"

/* What runs in a child, and its end of the pipe. */
typedef void	child_fn(void *context, int fd);

/* From a child: one finding, or what the store says. */
void	report_finding(int fd, const struct finding *);
void	report_facts(int fd, const struct store_facts *);

/* Add what the child reports to the list.  False if it did not end well. */
bool	report_from(struct check *check, child_fn *, void *context);

/*
 * For at most ten seconds; out has what the child wrote, as far as it fits.
 * Its status, -1 if it could not be started or did not end.
 */
int	check_child(child_fn *fn, void *context, void *out, size_t size,
	    size_t *used);

/*
 * The program of that name in root's usual directories, NULL if there is none.
 * One that others than root could change is not taken, and is reported.
 */
const char *check_find(struct check *, const char *name, char real[PATH_MAX]);

/*
 * Run a program by its absolute path, in an empty environment and in /, for at
 * most ten seconds; out has what it printed, both ways, as far as it fits.  Its
 * status, -1 if it could not be run or did not end.
 */
int	check_run(char **argv, char *out, size_t size);

/* A text as one word of a shell's command, see plain_shell. */
struct check_word {
	char	text[PLAIN_MAX(PATH_MAX) + 4];
};
#define CHECK_WORD(text)	check_word(&(struct check_word){{0}}, (text))
const char	*check_word(struct check_word *, const char *text);

/*
 * Text, cut if too long; and a command, of which half is worse than "".  What
 * is put into a command and is not ours goes through CHECK_WORD.
 */
void	check_cut(char *out, size_t size, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
void	check_command(char *out, size_t size, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

/* "rollcode-admin VERB [USER]", with this configuration file. */
void	check_admin(const struct check *, const char *verb, const char *user,
	    char command[CHECK_TEXT_MAX]);

#endif /* ROLLCODE_ADMIN_CHECK_RUN_H */
