/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines.h - what is said about a line, and what it should be.
 */
#ifndef ROLLCODE_ADMIN_CHECK_LINES_H
#define ROLLCODE_ADMIN_CHECK_LINES_H

#include "admin/check/check.h"
#include "module/options.h"

/* The row as it is written, but for its control. */
void	check_line(const struct row *, const char *control,
	    char line[CHECK_TEXT_MAX]);

/* Whether the row is a line of ours with right arguments, which are these. */
bool	check_own_options(const struct row *, struct options *);

#endif /* ROLLCODE_ADMIN_CHECK_LINES_H */
