/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines.h - what is said about a line, and commands that change it.
 */
#ifndef ROLLCODE_ADMIN_CHECK_LINES_H
#define ROLLCODE_ADMIN_CHECK_LINES_H

#include "admin/check/check.h"
#include "module/options.h"

/*
 * Commands for sed: the row with another control; the row without what makes
 * it a row; a pattern in it replaced.
 */
void	check_replace(const struct service *, const struct stack_row *,
	    const char *control, char mend[CHECK_TEXT_MAX]);
void	check_comment_out(const struct service *, const struct stack_row *,
	    char mend[CHECK_TEXT_MAX]);
void	check_substitute(const struct service *, const struct stack_row *,
	    const char *text, const char *with, char mend[CHECK_TEXT_MAX]);

/* The arguments of a line of ours. */
enum rollcode_err	check_options(const struct stack_row *,
			    struct options *, struct error *) MUST_USE;

/* Whether the row is a line of ours with right arguments, which are these. */
bool	check_own_options(const struct stack_row *, struct options *);

#endif /* ROLLCODE_ADMIN_CHECK_LINES_H */
