/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "pam_rollcode/store/sqlite/parts.h"
#include "tests/support/cases.h"
#include "tests/support/folder.h"
#include "tests/unit/store/store_files.h"
#include "tests/unit/store/store_suite.h"

char files_base[64];

static const char *
directory_of(const struct config *of)
{
	return of->database + strlen("sqlite:");
}

void
files_make(struct config *of)
{
	char directory[96];

	snprintf(directory, sizeof(directory), "%s/XXXXXX", files_base);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(of->database, sizeof(of->database), "sqlite:%s", directory);
}

void
files_unmake(struct config *of)
{
	folder_remove(directory_of(of));
}

void
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

long
files_size(const struct config *of)
{
	total = 0;
	nftw(directory_of(of), add_one, 8, FTW_PHYS);
	return total;
}

const char *
path_of(const char *name)
{
	static char path[PATH_MAX + 64];

	snprintf(
	    path, sizeof(path), "%s/users/%s", directory_of(&config), name);
	return path;
}

bool
files_process_has(pid_t pid, const char *name)
{
	char folder[32], path[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	ssize_t length;
	DIR *dir;

	snprintf(folder, sizeof folder, "/proc/%ld/fd", (long)pid);
	dir = opendir(folder);
	ck_assert_ptr_nonnull(dir);
	while (!found && (entry = readdir(dir)) != NULL) {
		length =
		    readlinkat(dirfd(dir), entry->d_name, path, sizeof path);
		found = length > 0 && (size_t)length == strlen(name) &&
			memcmp(path, name, strlen(name)) == 0;
	}
	closedir(dir);
	return found;
}

/* By the connection that has the file locked: no other one can. */
void
files_behind(struct store *store, const char *statement)
{
	char sql[256];
	size_t len = 0;

	for (; *statement != '\0'; statement++)
		if (*statement != '@' && len < sizeof(sql) - 1)
			sql[len++] = *statement;
	sql[len] = '\0';
	ck_assert_msg(
	    sqlite_change(store->db, &problem, 1, sql, "") == ROLLCODE_OK, "%s",
	    problem.text);
}

void
files_enrolled_behind(struct store *store, const struct account *fresh)
{
	files_behind(store, "DELETE FROM @token");
	files_behind(store, "DELETE FROM @account");
	ck_assert_int_eq(rows_insert(store, fresh, 0, &problem), ROLLCODE_OK);
	ck_assert_int_eq(
	    sqlite_change(store->db, &problem, 1,
		"UPDATE account SET sequence=?", "i", fresh->sequence),
	    ROLLCODE_OK);
}

void
files_touch(struct store *store)
{
	files_behind(store, "UPDATE @account SET sequence=sequence+1");
}

int
files_run(void)
{
	int status;

	if (!folder_make(files_base))
		return EXIT_FAILURE;
	status = test_run_apart();
	/* What a test that failed has left, too. */
	folder_remove(files_base);
	return status;
}
