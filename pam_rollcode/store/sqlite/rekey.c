/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rekey.c - from one key to the next, while logins go on.
 *
 *  1. New secrets are sealed with the marker's key, which is read under the
 *     directory's lock; added ones with that of their file.  So nothing is
 *     sealed with the old key behind the walk that seals anew.
 *  2. What a user has is sealed anew in one transaction under their lock.
 *  3. Nothing sealed with the old key is left in any file: not in a log, and
 *     not in what a killed command has left.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/lock.h"
#include "store/sqlite/parts.h"

#define LOCK_MS 5000 /* for an enrolment or a removal */

enum rollcode_err
store_sqlite_adopt(struct store *store, struct error *error)
{
	const char *key_id = store->keys.all[0].id;
	enum rollcode_err err;
	int lock = -1;

	if ((err = lock_directory(store->users.text, LOCK_MS, &lock, error)) !=
	    ROLLCODE_OK)
		return err;
	if ((err = store_look_again(store, error)) == ROLLCODE_OK &&
	    strcmp(store->marker.key_id, key_id) != 0) {
		memcpy(store->marker.key_id, key_id, SEAL_ID_LEN);
		err = marker_write(&store->users, &store->marker, true, error);
	}
	if (err == ROLLCODE_OK)
		store->key = &store->keys.all[0];
	close(lock);
	return err;
}

/* Whether the file has anything that is sealed with another key. */
static enum rollcode_err
is_stale(struct store *store, bool *stale, struct error *error)
{
	WIPED(sqlite_rows_done)
	struct sqlite_rows r = sqlite_select(store->db, error,
	    "SELECT key_id FROM account WHERE key_id<>?1 UNION ALL "
	    "SELECT key_id FROM token WHERE key_id<>?1",
	    "t", store->user_key->id);

	*stale = sqlite_next(&r);
	return r.err;
}

enum rollcode_err
store_sqlite_reseal(struct store *store, const char *user, struct error *error)
{
	WIPED(account_wipe) struct account account = {0};
	bool enrolled = false, stale;
	enum rollcode_err err;

	if ((err = store_sqlite.begin(
		 store, user, &enrolled, &account, error)) != ROLLCODE_OK ||
	    !enrolled)
		return err;
	store->user_key = &store->keys.all[0];
	err = is_stale(store, &stale, error);
	if (err == ROLLCODE_OK && stale &&
	    (err = sqlite_begin(store->db, error)) == ROLLCODE_OK &&
	    (err = rows_reseal(store, &account, error)) == ROLLCODE_OK)
		err = sqlite_commit(store->db, error);
	if (err == ROLLCODE_OK)
		err = sqlite_empty_log(store->db, error);
	store_sqlite.end(store);
	return err;
}

static bool
ends_with(const char *name, const char *ending)
{
	size_t len = strlen(name), end = strlen(ending);

	return len > end && strcmp(name + len - end, ending) == 0;
}

/* A file that no command is at work on, for the directory is locked. */
static bool
is_left_over(const struct store *store, const char *name)
{
	static const char *const fresh[] = {".new", ".new-wal", ".new-journal"};
	static const char *const beside[] = {"-wal", "-journal"};
	struct store_path path;
	struct stat st;

	for (size_t i = 0; i < sizeof(fresh) / sizeof(fresh[0]); i++)
		if (ends_with(name, fresh[i]))
			return true;
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		if (!ends_with(name, beside[i]) ||
		    store_file_path(store, name, "", &path, NULL) !=
			ROLLCODE_OK)
			continue;
		path.text[strlen(path.text) - strlen(beside[i])] = '\0';
		if (ends_with(path.text, ".db") && lstat(path.text, &st) != 0 &&
		    errno == ENOENT)
			return true;
	}
	return false;
}

static enum rollcode_err
remove_one(const struct store *store, const char *name, struct error *error)
{
	struct store_path path;
	enum rollcode_err err;

	if ((err = store_file_path(store, name, "", &path, error)) !=
		ROLLCODE_OK ||
	    unlink(path.text) == 0 || errno == ENOENT)
		return err;
	return error_at(
	    error, error_from_errno(errno), path.text, "%s", strerror(errno));
}

enum rollcode_err
store_sqlite_clean(struct store *store, struct error *error)
{
	struct dirent **entries = NULL;
	enum rollcode_err err;
	int count, lock = -1;

	if ((err = lock_directory(store->users.text, LOCK_MS, &lock, error)) !=
	    ROLLCODE_OK)
		return err;
	count = scandir(store->users.text, &entries, NULL, NULL);
	if (count < 0)
		err = error_at(error, error_from_errno(errno),
		    store->users.text, "%s", strerror(errno));
	for (int i = 0; i < count; i++) {
		if (err == ROLLCODE_OK &&
		    is_left_over(store, entries[i]->d_name))
			err = remove_one(store, entries[i]->d_name, error);
		free(entries[i]);
	}
	free(entries);
	close(lock);
	return err;
}
