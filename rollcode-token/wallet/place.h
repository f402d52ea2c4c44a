/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place.h - where the tokens of a person lie.
 */
#ifndef ROLLCODE_WALLET_PLACE_H
#define ROLLCODE_WALLET_PLACE_H

#include <limits.h>

#include "common/base/error.h"

struct place {
	char	path[PATH_MAX];		/* of the store, no symbolic links */
};

/*
 * Find the store: the file given, or if that is "" rollcode/token.db below
 * XDG_DATA_HOME or ~/.local/share.  Its directory is resolved; it and every
 * directory above it must belong to the caller or root and be writable by
 * nobody else (above it, a sticky one such as /tmp may be).  With make it is
 * made first if it is missing, mode 0700.  CONFIG, ABSENT, UNAVAIL; STORE with
 * the directory and the remedy.
 */
enum rollcode_err	place_find(struct place *, const char *given, bool make,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_WALLET_PLACE_H */
