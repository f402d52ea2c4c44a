/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h - the lines of a file of pam.d(5).
 *
 * What becomes of them is libpam's to say; here is
 * only known which file and which module a line names.
 */
#ifndef ROLLCODE_ADMIN_CHECK_ROWS_H
#define ROLLCODE_ADMIN_CHECK_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ROW_TEXT_MAX	2048	/* bytes of a line with its continuations */
#define ROW_WORDS_MAX	64
#define OUR_MODULE	"pam_rollcode.so"

enum row_type {
	ROW_ANY = 0,		/* @include */
	ROW_AUTH,
	ROW_ACCOUNT,
	ROW_SESSION,
	ROW_PASSWORD,
	ROW_UNKNOWN,		/* for PAM one of auth that fails */
};

/* One line. */
struct row {
	unsigned int	 first;		/* line of the file */
	size_t		 file;		/* its number, as given */
	size_t		 target;	/* the file that it includes */
	enum row_type	 type;
	bool		 dash, includes;
	bool		 unfinished;	/* the file ends in its continuation */
	const char	*fault;		/* NULL: PAM can read it */
	uint16_t	 head;		/* where the module begins in line */
	uint16_t	 control;	/* offsets into text */
	uint16_t	 words[ROW_WORDS_MAX];
	size_t		 count;		/* of words, the module first */
	char		 line[ROW_TEXT_MAX];
	char		 text[ROW_TEXT_MAX];
};

/* The next row, whose lines are counted; false at the end. */
bool		 row_read(FILE *, unsigned int *line, struct row *);

/* The words of a line: "" if there is none. */
const char	*row_control(const struct row *);
const char	*row_word(const struct row *, size_t);

/* The module's file name without its folder. */
const char	*row_module(const struct row *);
bool		 row_is_ours(const struct row *);

/* Whether it runs a module of auth, and whether that is ours. */
bool		 row_runs(const struct row *);
bool		 row_asks(const struct row *);

/* Whether that is its control, in whatever case. */
bool		 row_has_control(const struct row *, const char *);

#endif /* ROLLCODE_ADMIN_CHECK_ROWS_H */
