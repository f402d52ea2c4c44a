/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - the lines of `rollcode-admin log`.
 */
#ifndef ROLLCODE_ADMIN_LOG_H
#define ROLLCODE_ADMIN_LOG_H

#include "admin/admin.h"

struct log_line {
	char		user[ROLLCODE_USER_MAX + 1];
	struct event	event;
};

/* The columns of what has been printed, which only grow. */
struct log_widths {
	int	user, outcome, service;
};

/* Print lines, as JSON if that is not NULL. */
void	log_print(const struct log_line *, size_t count, struct log_widths *,
	    struct json *);

#endif /* ROLLCODE_ADMIN_LOG_H */
