/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_files.h - a store of files for store_suite.h.
 */
#ifndef ROLLCODE_TEST_STORE_FILES_H
#define ROLLCODE_TEST_STORE_FILES_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/support/folder.h"
#include "pam_rollcode/store/sqlite/parts.h"
#include "store_suite.h"

static const char *
directory_of(const struct config *of)
{
	return of->database + strlen("sqlite:");
}

static char base[64];

static void
files_make(struct config *of)
{
	char directory[96];

	snprintf(directory, sizeof(directory), "%s/XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(of->database, sizeof(of->database), "sqlite:%s", directory);
}

static void
files_unmake(struct config *of)
{
	folder_remove(directory_of(of));
}

static void
files_spoil(void)
{
	const struct rlimit none = {0, 0};

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
}

static long total;

static int
add_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)path;
	(void)ftw;
	total += flag == FTW_F ? (long)st->st_size : 0;
	return 0;
}

static long
files_size(const struct config *of)
{
	total = 0;
	nftw(directory_of(of), add_one, 8, FTW_PHYS);
	return total;
}

static const char *
path_of(const char *name)
{
	static char path[PATH_MAX + 64];

	snprintf(
	    path, sizeof(path), "%s/users/%s", directory_of(&config), name);
	return path;
}

/* Run the suite in a folder of its own; EXIT_SUCCESS or EXIT_FAILURE. */
static int
run_files(const char *name, TCase *tcase)
{
	int status;

	if (!folder_make(base))
		return EXIT_FAILURE;
	status = run_suite(name, tcase);
	/* What a test that failed has left, too. */
	folder_remove(base);
	return status;
}

#endif /* ROLLCODE_TEST_STORE_FILES_H */
