/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logged.h - what a system log says of codes that were accepted: the lines that
 * protocol/logline.h makes, as a syslog daemon or the journal writes them.
 *
 * Every program that can log can write such a line, so no line lets anybody in;
 * and a log may have anything else in it.
 */
#ifndef ROLLCODE_ADMIN_LOGGED_H
#define ROLLCODE_ADMIN_LOGGED_H

#include "common/base/error.h"
#include "common/base/rollcode.h"

#define LOGGED_LINE_MAX	4096	/* bytes; a longer line is none of ours */

/* A code of that token was accepted. */
struct logged {
	char		user[ROLLCODE_USER_MAX + 1];
	char		token[ROLLCODE_LABEL_MAX + 1];
	uint64_t	counter;	/* the code's, below COUNTER_END */
	int64_t		time;		/* of the line; 0: it does not say */
};

/* Whether a line, without its newline, says so; its time is left alone. */
bool			logged_parse(const char *line, struct logged *);

typedef enum rollcode_err	logged_fn(void *context,
				    const struct logged *, struct error *);

/* Lines of a text that comes piece by piece; zero at first. */
struct logged_lines {
	char	line[LOGGED_LINE_MAX + 1];
	size_t	len;
	bool	skip;		/* too long, or with a NUL: up to its end */
	int64_t	now;		/* of the caller, for times without a year */
};

/*
 * Call back for each line that says so, and at the end for one without a
 * newline.  Stops at the first error of fn.
 */
enum rollcode_err	logged_feed(struct logged_lines *, const char *,
			    size_t len, logged_fn *, void *context,
			    struct error *) MUST_USE;
enum rollcode_err	logged_end(struct logged_lines *, logged_fn *,
			    void *context, struct error *) MUST_USE;

#endif /* ROLLCODE_ADMIN_LOGGED_H */
