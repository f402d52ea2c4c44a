/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - the module's arguments, see pam_rollcode(8).
 */
#ifndef ROLLCODE_MODULE_OPTIONS_H
#define ROLLCODE_MODULE_OPTIONS_H

#include <limits.h>

#include "common/base/env.h"
#include "common/base/rollcode.h"

#define OPTIONS_PROMPT_MAX	255

struct options {
	char	conf[PATH_MAX];		/* "": the default */
	char	helper[PATH_MAX];
	bool	spawned;		/* one of both was given */
	char	prompt[OPTIONS_PROMPT_MAX + 1];
	int64_t	digits;			/* of one code, for forward_pass */
	bool	nullok;
	bool	try_first_pass;
	bool	use_first_pass;
	bool	forward_pass;
	bool	echo;
	bool	nodelay;
	bool	quiet;
	bool	maxtries;
	bool	debug;
};

/* Every argument there is; ends with a NULL name. */
extern const struct keyword	options_keywords[];

/*
 * Read the arguments over the defaults.  CONFIG with a sentence that names
 * every one that is unknown, bad or given twice.
 */
enum rollcode_err	options_load(struct options *, int argc,
			    const char **argv, struct error *) MUST_USE;

#endif /* ROLLCODE_MODULE_OPTIONS_H */
