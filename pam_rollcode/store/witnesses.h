/* SPDX-License-Identifier: Apache-2.0 */
/*
 * witnesses.h - small files outside of a store, by which one that went back is
 * seen.
 *
 * What is not exactly a file that the account alone can read and change is
 * none, and nobody waits for one.
 */
#ifndef ROLLCODE_STORE_WITNESSES_H
#define ROLLCODE_STORE_WITNESSES_H

#include "config/config.h"

/*
 * Their directory, and whether it is there and the account's alone.  beside is
 * one that was checked just now, or "".
 */
bool	witnesses_find(const struct config *, const char *beside,
	    char path[PATH_MAX]) MUST_USE;

/* Read one of exactly that size. */
bool	witnesses_read(const char *path, uid_t, void *, size_t) MUST_USE;

/*
 * Write one of that size in place of what is there.  The descriptor of the
 * file, -1 if it could not be written.
 */
int	witnesses_put(const char *path, uid_t, const void *, size_t) MUST_USE;

#endif /* ROLLCODE_STORE_WITNESSES_H */
