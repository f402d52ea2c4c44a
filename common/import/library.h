/* SPDX-License-Identifier: Apache-2.0 */
/*
 * library.h - a library of others that is loaded only when it is needed.
 *
 * What a reader declares of it has been the same for many years, and saves the
 * headers of another package.
 */
#ifndef ROLLCODE_IMPORT_LIBRARY_H
#define ROLLCODE_IMPORT_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

struct library_function {
	const char	*name;
	void		*to;	/* a pointer to the function's pointer */
};

/*
 * Load the first of the names that is there (NULL ends them) and find the
 * functions, for as long as the process lives.  False if any is missing.
 */
bool	library_load(const char *const names[],
	    const struct library_function *, size_t count);

#endif /* ROLLCODE_IMPORT_LIBRARY_H */
