/* SPDX-License-Identifier: Apache-2.0 */
/*
 * folder.h - a folder for one program, in memory where that is possible: a sync
 * costs nothing there.
 */
#ifndef ROLLCODE_TEST_FOLDER_H
#define ROLLCODE_TEST_FOLDER_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Make one, and put its path where there is room for 64 bytes. */
static inline bool
folder_make(char path[64])
{
	snprintf(path, 64, "%s/rollcode-test-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	return mkdtemp(path) != NULL;
}

static inline int
folder_remove_one(const char *path, const struct stat *st, int flag,
    struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

/* With all that is in it. */
static inline void
folder_remove(const char *path)
{
	nftw(path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif /* ROLLCODE_TEST_FOLDER_H */
