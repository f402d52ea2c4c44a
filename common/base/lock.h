/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock.h - one at a time in a directory, for as long as a descriptor lives.
 */
#ifndef ROLLCODE_BASE_LOCK_H
#define ROLLCODE_BASE_LOCK_H

#include "common/base/error.h"

/*
 * Lock a directory by flock(2), waiting at most ms milliseconds.  The caller
 * closes *fd, which unlocks; -1 on error.  UNAVAIL if somebody holds it for
 * longer, or the error of opening or locking it: without a lock nothing goes
 * on.  Linux locks directories by itself, on whatever file system.
 */
enum rollcode_err	lock_directory(const char *path, int ms, int *fd,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_BASE_LOCK_H */
