/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pskc_numbers.h - the numbers of a key container, as its text has them.
 *
 * libpskc hands numbers over without saying whether there was one: "5x" is 5,
 * "1,000" is 1, "abc" is 0, and of two the last counts.  A counter that is too
 * low makes codes good again, so the text is read a second time.
 */
#ifndef ROLLCODE_ADMIN_IMPORT_PSKC_NUMBERS_H
#define ROLLCODE_ADMIN_IMPORT_PSKC_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/secret.h"

struct pskc_number {
	size_t		count;	/* how often it is there */
	bool		odd;	/* not decimal digits alone, or over 2^64-1 */
	uint64_t	value;
};

/* Of one KeyPackage: Counter's PlainValue, ResponseFormat's Length. */
struct pskc_package {
	struct pskc_number	counter, length;
};

struct pskc_numbers {
	struct pskc_package	*packages;
	size_t			 count, room;
};

/*
 * Read every KeyPackage with libxml2, which is loaded with the library of this
 * handle.  False if it cannot be loaded, the text is not XML, or out of memory.
 * The caller frees the numbers after either outcome.
 */
bool	pskc_numbers_read(void *library, const char *text, size_t len,
	    struct pskc_numbers *) MUST_USE;

/* For use with WIPED(). */
void	pskc_numbers_free(struct pskc_numbers *);

#endif /* ROLLCODE_ADMIN_IMPORT_PSKC_NUMBERS_H */
