/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replace.h - files that are there whole and on disk, or not at all.
 */
#ifndef ROLLCODE_BASE_REPLACE_H
#define ROLLCODE_BASE_REPLACE_H

#include "common/base/error.h"

/*
 * Put a file of mode 0600 with this content at path, whole or not at all; it
 * is built as PATH.new.  Over what is there, if over is set.  Durable once the
 * directory is synced.  Returns 0 or an errno, EEXIST if there is one.
 */
int			replace_file(const char *path, const void *content,
			    size_t len, bool over) MUST_USE;

/* Put the content of a file on disk.  One that is not there is no error. */
enum rollcode_err	replace_sync_file(const char *path, struct error *)
			    MUST_USE;

/* Sync the directory that holds path.  UNAVAIL or SYS. */
enum rollcode_err	replace_sync_directory(const char *path,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_BASE_REPLACE_H */
