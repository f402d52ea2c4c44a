/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.c - a copy of the whole store while logins go on.
 *
 *  1. Each user's file is copied under that user's lock, so it is as between
 *     two logins; nothing is written into the store.  One of an older version
 *     is copied as it is.
 *  2. The copy is built beside its place and moved there when all of it is on
 *     disk: a kill leaves none that looks whole.
 *  3. Its marker says that it is a backup, and no login takes it for a store.
 *  4. Who is enrolled is so in the copy: where a file is unusable an empty one,
 *     which is so too, keeps its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "common/base/lock.h"
#include "common/base/replace.h"
#include "common/sqlite/parts.h"
#include "store/sqlite/parts.h"
#include "system/path.h"

#define TRIES 5 /* for a user whose lock is held, two seconds each */
#define DEPTH 4 /* of descriptors that nftw(3) may use */

struct backup {
	struct store *store;
	const char *path;
	struct store_path fresh, users; /* PATH.new, PATH.new/users */
	store_told_fn *tell;
	void *context;
};

static int
remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	return ftw->level == 0 ? 0 : remove(path);
}

/* All that is in the place, which nobody else can change. */
static enum rollcode_err
remove_fresh(const struct backup *b, struct error *error)
{
	if (nftw(b->fresh.text, remove_entry, DEPTH, FTW_DEPTH | FTW_PHYS) == 0)
		return ROLLCODE_OK;
	return error_errno(error, errno, b->fresh.text);
}

static enum rollcode_err
check_place(const struct backup *b, struct error *error)
{
	const struct config *config = b->store->config;
	const char *users = b->store->users.text;
	size_t len = strlen(users);
	char parent[PATH_MAX];
	struct stat st;
	enum rollcode_err err;

	if (strncmp(b->path, users, len) == 0 && b->path[len] == '/')
		return error_at(error, ROLLCODE_ERR_INPUT, b->path,
		    "is inside the store; name a directory outside");
	snprintf(parent, sizeof(parent), "%s", b->path);
	err = path_check(dirname(parent), config->uid, error);
	if (err == ROLLCODE_ERR_UNAVAIL)
		error_add(error, err,
		    "the account %s makes the backup, and must reach the "
		    "directory: install -d -m 700 -o %s /var/backups/rollcode, "
		    "and name a directory in it",
		    config->account, config->account);
	if (err != ROLLCODE_OK)
		return err;
	if (lstat(b->path, &st) == 0)
		return error_at(error, ROLLCODE_ERR_EXISTS, b->path,
		    "already exists; name a new directory");
	return ROLLCODE_OK;
}

static enum rollcode_err
make_fresh(const struct backup *b, struct error *error)
{
	const struct config *config = b->store->config;
	int e;

	if (mkdir(b->fresh.text, 0700) == 0 || (e = errno) == EEXIST)
		return ROLLCODE_OK;
	error_errno(error, e, b->fresh.text);
	return error_add(error, error_from_errno(e),
	    "the account %s makes the backup, and needs a directory of its own "
	    "for it: install -d -m 700 -o %s /var/backups/rollcode, and name a "
	    "directory in it",
	    config->account, config->account);
}

/* The place, locked; it may have been left by a kill. */
static enum rollcode_err
take_fresh(const struct backup *b, int *lock, struct error *error)
{
	struct stat st;
	enum rollcode_err err;

	if ((err = make_fresh(b, error)) != ROLLCODE_OK ||
	    (err = lock_directory(b->fresh.text, 0, lock, error)) !=
		ROLLCODE_OK)
		return err;
	if (fstat(*lock, &st) == 0 && st.st_uid == b->store->config->uid &&
	    (st.st_mode & 077) == 0)
		return ROLLCODE_OK;
	close(*lock);
	return error_at(error, ROLLCODE_ERR_EXISTS, b->fresh.text,
	    "does not belong to the account %s with mode 0700; remove it",
	    b->store->config->account);
}

/* Complete without any other file beside it, and durable. */
static enum rollcode_err
copy_pages(sqlite3 *from, const char *path, struct error *error)
{
	static const struct sqlite_kind empty = {.busy_ms = STORE_BUSY_MS};
	sqlite3_backup *copy;
	sqlite3 *to = NULL;
	enum rollcode_err err;
	int rc;

	if ((err = sqlite_create(path, &empty, &to, error)) != ROLLCODE_OK)
		return err;
	if ((copy = sqlite3_backup_init(to, "main", from, "main")) != NULL) {
		(void)sqlite3_backup_step(copy, -1);
		rc = sqlite3_backup_finish(copy);
	} else {
		rc = sqlite3_errcode(to);
	}
	if (rc == SQLITE_OK) {
		err = sqlite_finish(to, &empty, error);
	} else {
		err = sqlite_fail(to, rc, error);
		sqlite_close(to);
	}
	if (err != ROLLCODE_OK)
		unlink(path);
	return err;
}

static enum rollcode_err
copy_file(const struct backup *b, const char *user, const char *path,
    bool *enrolled, struct error *error)
{
	WIPED(account_wipe) struct account account = {0};
	struct store *store = b->store;
	enum rollcode_err err = ROLLCODE_ERR_UNAVAIL;

	for (int i = 0; i < TRIES && err == ROLLCODE_ERR_UNAVAIL; i++)
		err =
		    store_sqlite.begin(store, user, enrolled, &account, error);
	if (err == ROLLCODE_OK && *enrolled &&
	    (err = sqlite_undo_upgrade(store->db, error)) == ROLLCODE_OK)
		err = copy_pages(store->db, path, error);
	store_sqlite.end(store);
	return err;
}

static enum rollcode_err
copy_user(void *context, const char *user, struct error *error)
{
	const struct backup *b = context;
	char name[STORE_NAME_MAX + 1], path[PATH_MAX + STORE_NAME_MAX + 8];
	struct error unusable = {0};
	bool enrolled = false;
	enum rollcode_err err;
	int e;

	if (!store_name_encode(user, name))
		return ROLLCODE_OK;
	snprintf(path, sizeof(path), "%s/%s.db", b->users.text, name);
	err = copy_file(b, user, path, &enrolled, &unusable);
	if (err == ROLLCODE_OK && !enrolled)
		return ROLLCODE_OK; /* removed meanwhile */
	if (err != ROLLCODE_OK && err != ROLLCODE_ERR_STORE)
		return error_pass(error, err, &unusable, NULL);
	if (err == ROLLCODE_ERR_STORE &&
	    (e = replace_file(path, "", 0, false)) != 0)
		return error_errno(error, e, path);
	b->tell(b->context, user, err == ROLLCODE_OK ? NULL : &unusable);
	return ROLLCODE_OK;
}

static enum rollcode_err
fill_fresh(struct backup *b, struct error *error)
{
	enum rollcode_err err;

	if ((err = remove_fresh(b, error)) != ROLLCODE_OK)
		return err;
	if (mkdir(b->users.text, 0700) != 0)
		return error_errno(error, errno, b->users.text);
	return store_sqlite.each(b->store, copy_user, b, error);
}

/* Its time is the end: what was changed meanwhile may be in it, or not. */
static enum rollcode_err
put_in_place(const struct backup *b, int64_t began, struct error *error)
{
	struct marker marker = b->store->marker;
	int64_t now = time(NULL);
	enum rollcode_err err;

	marker.backup = now > began ? now : began;
	if ((err = marker_write(&b->users, &marker, false, error)) !=
		ROLLCODE_OK ||
	    (err = replace_sync_directory(b->users.text, error)) != ROLLCODE_OK)
		return err;
	if (renameat2(AT_FDCWD, b->fresh.text, AT_FDCWD, b->path,
		RENAME_NOREPLACE) != 0)
		return error_errno(error, errno, b->path);
	return replace_sync_directory(b->path, error);
}

static bool
name_places(struct backup *b)
{
	size_t room = sizeof(b->users.text);

	/* The names of users and their journals are put behind it. */
	if (strlen(b->path) >= room - STORE_NAME_MAX - 32)
		return false;
	snprintf(b->fresh.text, room, "%s.new", b->path);
	snprintf(b->users.text, room, "%s.new/users", b->path);
	return true;
}

enum rollcode_err
store_sqlite_backup(struct store *store, const char *path, int64_t began,
    store_told_fn *tell, void *context, struct error *error)
{
	struct backup b = {
	    .store = store, .path = path, .tell = tell, .context = context};
	enum rollcode_err err;
	int lock = -1;

	if (!name_places(&b))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the name of the directory is too long");
	if ((err = check_place(&b, error)) != ROLLCODE_OK)
		return err;
	if ((err = take_fresh(&b, &lock, error)) != ROLLCODE_OK)
		return err;
	if ((err = fill_fresh(&b, error)) == ROLLCODE_OK)
		err = put_in_place(&b, began, error);
	if (err != ROLLCODE_OK && remove_fresh(&b, NULL) == ROLLCODE_OK)
		rmdir(b.fresh.text);
	close(lock);
	return err;
}
