/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - what the parts of `rollcode-admin check` share.
 *
 * Root looks at files and settings, and root alone says what to do.  A store is
 * opened by a child that has become the account, a stack is tried by one that
 * is nobody; what they report is data.
 */
#ifndef ROLLCODE_ADMIN_CHECK_CHECK_H
#define ROLLCODE_ADMIN_CHECK_CHECK_H

#include <security/pam_appl.h>

#include "admin/admin.h"
#include "admin/check/rows.h"
#include "module/options.h"

#define CHECK_FILE_MAX	512
#define CHECK_TEXT_MAX	1024
#define CHECK_SSHD_MAX	65536
#define CHECK_ROWS_MAX	256
#define CHECK_FILES_MAX	64	/* of one service */
#define CHECK_RESULTS	32	/* of PAM modules */
#define CHECK_OUTCOMES	7
#define CHECK_INSTALL	"install Rollcode again: make install, or its package"

/* --- findings ----------------------------------------------------------- */

enum severity {
	IS_NOTE = 1,
	IS_WARNING,
	IS_ERROR,
};

struct finding {
	enum severity	severity;
	unsigned int	line;			/* 0: none */
	bool		runs;			/* fix is for a shell */
	const char	*name;
	char		file[CHECK_FILE_MAX];
	char		what[CHECK_TEXT_MAX];	/* and what follows */
	char		fix[CHECK_TEXT_MAX];	/* or what to write there */
};

/* What the store says. */
struct store_facts {
	uint32_t	known;
	uint32_t	root;		/* is enrolled */
	uint32_t	user;		/* is the one that was named */
	uint32_t	users;
	uint32_t	timed;		/* enabled tokens whose codes expire */
	uint32_t	restored;	/* so that logins are refused */
};

/*
 * A message of the child that opens the store, written at once.  All of it is
 * what that account says, also whether its texts end.
 */
struct report {
	struct store_facts facts;
	uint32_t	ended;	/* it is the last */
	char		name[24];	/* of the finding, or "" */
	char		user[ROLLCODE_USER_MAX + 1];
	char		file[CHECK_FILE_MAX];
	char		what[CHECK_TEXT_MAX];
};

_Static_assert(sizeof(struct report) <= PIPE_BUF, "it is written at once");

/* What sshd says of its own. */
struct settings {
	char	text[CHECK_SSHD_MAX];	/* lines, each ends */
	size_t	len;
};

struct check {
	const struct admin_options	*options;
	const char			*user;	/* NULL: nobody was named */
	struct config			 config;
	bool				 configured;
	struct store_facts		 store;
	struct settings			 sshd, sshd_root;
	bool				 sshd_read;
	char				 services[CHECK_TEXT_MAX];
	char				 included[CHECK_SSHD_MAX]; /* files */
	char				 loaded[CHECK_FILE_MAX];
	bool				 dry;	/* so these are known, if all */
						/* other modules agree: */
	bool				 admits[CHECK_OUTCOMES];
	struct finding			*list;
	struct finding			 again;	/* one that is not added */
	size_t				 count;
	bool				 lost;	/* some found no memory */
};

/*
 * Add a finding, unless the list has the very same one; it stays until the next
 * call.  fix is what to do, or what to write there, or NULL.
 */
struct finding	*check_found(struct check *, enum severity, const char *name,
		    const char *file, unsigned int line, const char *fix,
		    const char *fmt, ...)
		    __attribute__((format(printf, 7, 8)));

/* The file and the line of a row, as arguments. */
#define AT(service, row)	(service)->files[(row)->file], (row)->first

/*
 * Its fix is a command with which nobody can lock themselves out, NULL behind
 * its words.  The other is "rollcode-admin VERB [USER]", of this configuration.
 */
void	check_command(struct finding *, ...) __attribute__((sentinel));
void	check_admin(const struct check *, struct finding *, const char *verb,
	    const char *user);

/*
 * Add an error of root's own, whose fix is a command; file and fix are for what
 * it does not say.
 */
struct finding	*check_found_error(struct check *, enum severity,
		    const char *name, const char *file, const struct error *,
		    const char *fix);

/*
 * Check a file that root relies on, by path_check.  The folder of somebody else
 * around it may be their home and stays theirs.
 */
bool	check_trusted(struct check *, const char *name, const char *file,
	    const char *fix);

/* Text, cut if too long. */
void	check_cut(char *out, size_t size, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

/* --- children ----------------------------------------------------------- */

/* What runs in a child, and its end of a pipe. */
typedef void	child_fn(void *context, int fd);

/*
 * For at most ten seconds; out has what the child wrote, as far as it fits.
 * Its status, -1 if it could not be started or did not end.
 */
int	check_child(child_fn *fn, void *context, void *out, size_t size,
	    size_t *used);

/*
 * The same with a program, by its absolute path, in an empty environment and in
 * /; out has what it printed, both ways.
 */
int	check_run(char **argv, char *out, size_t size);

/*
 * Hand each message of a child over, all of one size and written at once, until
 * one is the last.  A child that is silent or goes on for too long is ended.
 */
void	check_listen(child_fn *fn, void *context, void *message, size_t size,
	    bool (*take)(void *context));

/*
 * The program of that name in root's usual directories, NULL if there is none.
 * One that others than root could change is not taken, and is reported if there
 * is a check.
 */
const char	*check_find(struct check *, const char *name,
		    char real[PATH_MAX]);

/* --- the parts ---------------------------------------------------------- */

void	check_env(struct check *);	/* and the account it names */
void	check_store(struct check *);
void	check_clock(struct check *);	/* behind the store */
void	check_verifier(struct check *);
void	check_services(struct check *);
void	check_root(struct check *);	/* whether it has a way in */

/* The outcomes of our module: when one is, and what it is called. */
extern const struct outcome {
	const char	*when, *name;
	int		 result;
	bool		 ignored;	/* with nullok */
} check_outcomes[CHECK_OUTCOMES];

/* --- one service -------------------------------------------------------- */

/* What a module does, as far as it is known by its name. */
enum row_class {
	CLASS_PROVES = 0,	/* who somebody is; all that are unknown */
	CLASS_CHOOSES,		/* for whom a rule is: a group, a network */
	CLASS_ROOT,		/* lets root through */
	CLASS_SILENT,		/* never succeeds: it ignores, or denies */
	CLASS_NEUTRAL,		/* proves nothing, and may succeed */
	CLASS_PERMITS,
	CLASS_DENIES,
};
enum row_class	row_class(const struct row *);

/* What libpam makes of it. */
struct facts {
	bool		unreadable;	/* for PAM: it refuses everybody */
	bool		admits[CHECK_RESULTS];	/* by our result: those */
						/* whom all others admit */
	bool		lenient[CHECK_RESULTS];	/* or of anybody who is asked */
	bool		unproven;	/* without a token: and a password */
	bool		unasked;	/* of somebody who is not root */
	bool		called[CHECK_ROWS_MAX];
	uint8_t		past[CHECK_ROWS_MAX];	/* the result that leads past */
						/* us, one added */
	unsigned int	asks;		/* how often, if all agree */
};

struct service {
	const char	*name;
	struct row	*rows;		/* of all types */
	size_t		 count;
	char		(*files)[PATH_MAX];	/* by row.file */
	size_t		 file_count;
	bool		 open[CHECK_FILES_MAX];	/* it is being read */
	bool		 uses;		/* a row names our module */
	bool		 proves;	/* and one another that proves */
	bool		 nullok;	/* it is an argument of ours */
	bool		 hands_on;	/* or one that hands passwords on */
	const struct row *first;	/* that asks for a code, or NULL */
	struct facts	 facts;
};

/* Read a service's files, as PAM would.  False if it has none. */
bool	service_read(struct check *, const char *name, struct service *);
void	service_free(struct service *);

/*
 * Fill its facts, if it has a line that asks for a code: the files are copied
 * with another module in every module's place, which gives the result that is
 * wanted (standin.h), and libpam itself runs them a few thousand times.  No
 * module of the service is loaded or run.  It is done in a child without
 * rights, in bounded time and memory; the copies are in a folder of root's that
 * is gone afterwards, also where a signal asks this process to end.  False if
 * that cannot be done, which is a finding.
 */
bool	check_try(struct check *, struct service *);

/* Where services are, and a file there: at most 1 MiB, NULL with errno. */
extern const char *const check_directories[2];
FILE	*check_open(const char *path);

/* Look at it. */
void	check_lines(struct check *, const struct service *);
void	check_missing(struct check *, const struct service *);
void	check_stack(struct check *, const struct service *);
void	check_ways_in(struct check *, const struct service *);	/* of nobody */

/* The row of auth as it is written, but for its control. */
void	check_line(const struct row *, const char *control,
	    char line[CHECK_TEXT_MAX]);

/* The arguments of a row of ours.  CONFIG. */
enum rollcode_err	check_options(const struct row *, struct options *,
			    struct error *);

/* --- sshd --------------------------------------------------------------- */

void	check_sshd_read(struct check *);	/* once */
void	check_sshd(struct check *, const struct service *);

/* Whether one of its effective settings has that value. */
bool	sshd_is(const struct check *, const char *key, const char *value);

/* Whether sshd asks PAM as this service. */
bool	sshd_asks_as(const struct check *, const char *service);

/* Whether each list of AuthenticationMethods has a method of that name. */
bool	sshd_lists_have(const struct check *, const char *name);

#endif /* ROLLCODE_ADMIN_CHECK_CHECK_H */
