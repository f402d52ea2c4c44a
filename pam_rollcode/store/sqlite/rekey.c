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

#include <sqlite3.h>

#include "common/base/lock.h"
#include "common/base/replace.h"
#include "common/sqlite/parts.h"
#include "store/sqlite/parts.h"
#include "store/sqlite/witness.h"

#define LOCK_MS 5000 /* for an enrolment or a removal */

enum rollcode_err
sqlite_empty_log(sqlite3 *db, struct error *error)
{
	enum rollcode_err err;
	int rc;

	if ((err = sqlite_keep_upgrade(db, error)) != ROLLCODE_OK)
		return err;
	rc = sqlite3_wal_checkpoint_v2(
	    db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc != SQLITE_OK)
		return sqlite_fail(db, rc, error);
	/* SQLite does not sync it: a power cut would bring the old log back. */
	return replace_sync_file(
	    sqlite3_filename_wal(sqlite3_db_filename(db, "main")), error);
}

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

enum rollcode_err
store_sqlite_mark(struct store *store, int64_t since, struct error *error)
{
	struct marker *marker = &store->marker;
	enum rollcode_err err;
	int lock = -1;

	if ((err = lock_directory(store->users.text, LOCK_MS, &lock, error)) !=
	    ROLLCODE_OK)
		return err;
	if ((err = store_look_again(store, error)) == ROLLCODE_OK && since == 0)
		err = machine_name(marker->store_id, marker->machine, error);
	if (err == ROLLCODE_OK) {
		marker->backup = since;
		err = marker_write(&store->users, marker, true, error);
	}
	if (err == ROLLCODE_OK)
		err = store_look_again(store, error);
	close(lock);
	return err;
}

enum rollcode_err
store_sqlite_reseal(struct store *store, const char *user, struct error *error)
{
	WIPED(account_wipe) struct account account = {0};
	bool enrolled = false;
	enum rollcode_err err;

	if ((err = store_sqlite.begin(
		 store, user, &enrolled, &account, error)) != ROLLCODE_OK ||
	    !enrolled)
		return err;
	store->user_key = &store->keys.all[0];
	if (store->stale &&
	    (err = sqlite_begin(store->db, error)) == ROLLCODE_OK &&
	    (err = rows_reseal(store, &store->before, error)) == ROLLCODE_OK)
		err = sqlite_commit(store->db, error);
	if (err == ROLLCODE_OK) {
		witness_write(store, &account, account.sequence);
		err = sqlite_empty_log(store->db, error);
	}
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
is_left_over(const struct store_path *path)
{
	struct store_path file = *path;
	struct stat st;

	if (ends_with(path->text, ".new") ||
	    ends_with(path->text, ".new-wal") ||
	    ends_with(path->text, ".new-journal"))
		return true;
	if (!ends_with(path->text, ".db-wal") &&
	    !ends_with(path->text, ".db-journal"))
		return false;
	*strrchr(file.text, '-') = '\0';
	return lstat(file.text, &st) != 0 && errno == ENOENT;
}

enum rollcode_err
store_sqlite_clean(struct store *store, struct error *error)
{
	struct dirent **entries = NULL;
	struct store_path path;
	enum rollcode_err err;
	int count, lock = -1;

	if ((err = lock_directory(store->users.text, LOCK_MS, &lock, error)) !=
	    ROLLCODE_OK)
		return err;
	count = scandir(store->users.text, &entries, NULL, NULL);
	if (count < 0)
		err = error_errno(error, errno, store->users.text);
	for (int i = 0; i < count; i++) {
		if (err == ROLLCODE_OK &&
		    (err = store_path_join(&path, store->users.text,
			 entries[i]->d_name, "", error)) == ROLLCODE_OK &&
		    is_left_over(&path))
			err = store_remove_file(&path, "", error);
		free(entries[i]);
	}
	free(entries);
	close(lock);
	return err;
}
