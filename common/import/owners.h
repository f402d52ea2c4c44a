/* SPDX-License-Identifier: Apache-2.0 */
/*
 * owners.h - which tokens of a file are imported, and for whom, by their serial
 * numbers.
 */
#ifndef ROLLCODE_IMPORT_OWNERS_H
#define ROLLCODE_IMPORT_OWNERS_H

#include "common/base/error.h"
#include "common/base/rollcode.h"

#define OWNERS_MAX	65536

struct owner {
	char	serial[ROLLCODE_LABEL_MAX + 1];
	char	user[ROLLCODE_USER_MAX + 1];	/* "": others say */
	bool	seen;				/* a token has that serial */
};

struct import_owners {
	struct owner	**rows;	/* in the order of the list */
	size_t		  count;
	void		 *tree;	/* of the same, by their serial numbers */
};

/* Append one.  INPUT if that is no serial number or the list has it; NOMEM. */
enum rollcode_err	owners_add(struct import_owners *, const char *serial,
			    const char *user, struct error *) MUST_USE;

/*
 * Append lines "SERIAL USER", with a space, a tab or a comma between them;
 * empty lines and those that begin with # are passed over.  As owners_add, with
 * the line.
 */
enum rollcode_err	owners_read(struct import_owners *, const char *text,
			    size_t len, struct error *) MUST_USE;

/* NULL if that token is not wanted. */
struct owner		*owners_find(const struct import_owners *,
			    const char *serial);

/* For use with WIPED(). */
void			owners_free(struct import_owners *);

#endif /* ROLLCODE_IMPORT_OWNERS_H */
