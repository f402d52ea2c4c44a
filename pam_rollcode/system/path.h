/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path.h - paths that nobody else can change.
 */
#ifndef ROLLCODE_SYSTEM_PATH_H
#define ROLLCODE_SYSTEM_PATH_H

#include <sys/stat.h>
#include <sys/types.h>

#include "common/base/error.h"

/*
 * Check every component of an absolute path, from / to its end: none is a
 * symbolic link, each belongs to root or to owner, and none can be written by
 * group or others (a directory that is sticky, such as /tmp, may be: nobody
 * can replace somebody else's entry there).  STORE with a sentence that names
 * the component and the remedy; UNAVAIL if a component is missing.
 */
enum rollcode_err
path_check(const char *path, uid_t owner, struct error *) MUST_USE;

/*
 * The same; st is what the last component is.  What the path begins with as
 * another one that has just been checked for the same owner is not looked at
 * again: each login checks two directories that stand side by side.
 */
enum rollcode_err path_check_beside(const char *path, const char *checked,
    uid_t owner, struct stat *st, struct error *) MUST_USE;

#endif /* ROLLCODE_SYSTEM_PATH_H */
