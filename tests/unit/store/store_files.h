/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_files.h - a store of files for store_suite.h.
 */
#ifndef ROLLCODE_TESTS_STORE_FILES_H
#define ROLLCODE_TESTS_STORE_FILES_H

#include <sys/types.h>

#include "pam_rollcode/store/store.h"

/* Operations of a struct kind. */
void		 files_make(struct config *);
void		 files_unmake(struct config *);
void		 files_spoil(void);
long		 files_size(const struct config *);
void		 files_touch(struct store *);
void		 files_behind(struct store *, const char *statement);
void		 files_enrolled_behind(struct store *, const struct account *);

/* A file of the folder of users, until the next call. */
const char	*path_of(const char *name);

/* Whether that process has the file of this path open. */
bool		 files_process_has(pid_t, const char *path);

/* test_run_apart() in a folder of its own, which is removed. */
int		 files_run(void);

extern char	 files_base[64];	/* that folder */

#endif /* ROLLCODE_TESTS_STORE_FILES_H */
