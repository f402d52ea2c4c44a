/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - the lines of `rollcode-admin log`.
 */
#ifndef ROLLCODE_ADMIN_LOG_H
#define ROLLCODE_ADMIN_LOG_H

#include "admin/admin.h"

/* What is kept of an event: of many there are no more bytes than these. */
struct log_line {
	int64_t	time, sequence, counter, distance;
	char	*texts;		/* user, service, rhost, token and outcome, */
				/* each with a NUL behind it */
};

/* False if there is no memory.  log_free also of one that was not filled. */
bool	log_fill(struct log_line *, const char *user, const struct event *)
	    MUST_USE;
void	log_free(struct log_line *);

/* The columns of what has been printed, which only grow. */
struct log_widths {
	int	user, outcome, service;
};

/* Print lines, as JSON if that is not NULL. */
void	log_print(const struct log_line *, size_t count, struct log_widths *,
	    struct json *);

#endif /* ROLLCODE_ADMIN_LOG_H */
