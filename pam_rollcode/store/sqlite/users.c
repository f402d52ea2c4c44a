/* SPDX-License-Identifier: Apache-2.0 */
/*
 * users.c - users come and go.
 *
 *  1. An enrolment is there whole or not at all, whenever it is killed.
 *  2. A log left by somebody of that name is never rolled into a new file.
 *  3. A removed user's code is refused, also if a login has the old file open.
 *  4. A witness denies no file that is newer, and each that is older.
 *
 * One administrator at a time holds the directory's lock; logins do not.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/lock.h"
#include "common/base/replace.h"
#include "store/sqlite/parts.h"
#include "store/sqlite/witness.h"

#define LOCK_MS 2000	     /* for another administrator */
#define SEQUENCE_GAP 1000000 /* more than a user's killed logins in a row */

struct user_files {
	struct store_path file, fresh;
};

static enum rollcode_err
files_of(const struct store *store, const char *user, struct user_files *f,
    struct error *error)
{
	char name[STORE_NAME_MAX + 1];
	enum rollcode_err err;

	if (!store_name_encode(user, name))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a user's name is empty or too long to be enrolled");
	if ((err = store_path_join(&f->file, store->users.text, name, ".db",
		 error)) != ROLLCODE_OK)
		return err;
	return store_path_join(
	    &f->fresh, store->users.text, name, ".new", error);
}

enum rollcode_err
store_remove_file(
    const struct store_path *path, const char *ending, struct error *error)
{
	char whole[PATH_MAX + 16];

	snprintf(whole, sizeof(whole), "%s%s", path->text, ending);
	return unlink(whole) == 0 || errno == ENOENT
		   ? ROLLCODE_OK
		   : error_errno(error, errno, whole);
}

static enum rollcode_err
remove_logs(const struct store_path *path, struct error *error)
{
	enum rollcode_err err = store_remove_file(path, "-wal", error);

	return err == ROLLCODE_OK ? store_remove_file(path, "-journal", error)
				  : err;
}

/* What a killed enrolment left behind. */
static enum rollcode_err
clear_fresh(const struct user_files *f, struct error *error)
{
	enum rollcode_err err = remove_logs(&f->fresh, error);

	return err == ROLLCODE_OK ? store_remove_file(&f->fresh, "", error)
				  : err;
}

/*
 * A sequence above all that a user ever had, whose file may be open; 0 if none
 * is known.  The user's next file begins there, so that no file from before is
 * newer.  The gap is for commits that nobody knows of: of logins that were
 * killed before they wrote the witness, in a file that was replaced by an older
 * one.
 */
static int64_t
fresh_sequence(const struct store *store, const char *user, sqlite3 *db)
{
	int64_t seen = witness_sequence(store, user), at = 0;

	if (db != NULL) {
		WIPED(sqlite_done)
		struct sqlite_rows r =
		    sqlite_query(db, NULL, "SELECT sequence FROM account", "");

		if (sqlite_next(&r))
			at = sqlite_int(&r, 0, INT64_MAX / 2);
	}
	if (at < seen)
		at = seen;
	return at != 0 ? at + SEQUENCE_GAP : 0;
}

static enum rollcode_err
build_fresh(struct store *store, const struct user_files *f,
    const struct account *account, const struct event *event, int64_t sequence,
    struct error *error)
{
	enum rollcode_err err;
	sqlite3 *db;

	store->user_key = store->key;
	if ((err = clear_fresh(f, error)) != ROLLCODE_OK ||
	    (err = sqlite_create(f->fresh.text, &store_sqlite_kind, &store->db,
		 error)) != ROLLCODE_OK)
		return err;
	if ((err = sqlite_begin(store->db, error)) != ROLLCODE_OK ||
	    (err = rows_insert(store, account, sequence, error)) !=
		ROLLCODE_OK ||
	    (err = rows_event(store, event, sequence, error)) != ROLLCODE_OK ||
	    (err = sqlite_commit(store->db, error)) != ROLLCODE_OK) {
		store_sqlite.end(store);
		return err;
	}
	db = store->db;
	store->db = NULL;
	return sqlite_finish(db, &store_sqlite_kind, error);
}

/*
 * The old log is gone for good before a new file takes the name, whatever
 * order the file system keeps.
 */
static enum rollcode_err
clear_logs(const struct user_files *f, struct error *error)
{
	enum rollcode_err err = remove_logs(&f->file, error);

	return err == ROLLCODE_OK ? replace_sync_directory(f->file.text, error)
				  : err;
}

/* A name without a file: what lies beside it belongs to nobody. */
static enum rollcode_err
place_new(const struct user_files *f, struct error *error)
{
	enum rollcode_err err = clear_logs(f, error);

	if (err == ROLLCODE_OK && renameat2(AT_FDCWD, f->fresh.text, AT_FDCWD,
				      f->file.text, RENAME_NOREPLACE) != 0)
		err = error_errno(error, errno, f->file.text);
	return err;
}

/*
 * The old file, which is locked, is made whole without its log, so that neither
 * log can meet the other file.  One that no login can use has nothing to lose.
 */
static enum rollcode_err
place_over(const struct user_files *f, sqlite3 *old, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;

	if (old != NULL)
		err = sqlite_checkpoint(old, error);
	if (err == ROLLCODE_OK || err == ROLLCODE_ERR_STORE)
		err = clear_logs(f, error);
	if (err == ROLLCODE_OK && rename(f->fresh.text, f->file.text) != 0)
		err = error_errno(error, errno, f->file.text);
	return err;
}

/*
 * Whether there is a file of that name, which is opened then, if it can be.  A
 * name that cannot be looked at is not one that is free.
 */
static enum rollcode_err
lock_old(const struct user_files *f, const char *user, bool replace,
    bool *there, sqlite3 **old, struct error *error)
{
	enum rollcode_err err;
	struct stat st;

	*old = NULL;
	*there = lstat(f->file.text, &st) == 0;
	if (!*there)
		return errno == ENOENT
			   ? ROLLCODE_OK
			   : error_errno(error, errno, f->file.text);
	if (!replace)
		return error_set(error, ROLLCODE_ERR_EXISTS,
		    "%s is already enrolled; --replace removes the old tokens, "
		    "--label adds another",
		    user);
	err = sqlite_open(f->file.text, &store_sqlite_kind, old, error);
	return err == ROLLCODE_ERR_STORE ? ROLLCODE_OK : err;
}

static enum rollcode_err
place_fresh(struct store *store, const struct user_files *f,
    const struct account *account, const struct event *event, bool replace,
    struct error *error)
{
	const char *user = account->user;
	enum rollcode_err err;
	int64_t sequence;
	sqlite3 *old;
	bool there;

	store_sqlite.end(store);
	if ((err = lock_old(f, user, replace, &there, &old, error)) !=
	    ROLLCODE_OK)
		return err;
	sequence = fresh_sequence(store, user, old);
	if ((err = build_fresh(store, f, account, event, sequence, error)) ==
		ROLLCODE_OK &&
	    (err = witness_forget(store, user, error)) == ROLLCODE_OK)
		err = there ? place_over(f, old, error) : place_new(f, error);
	sqlite_close(old);
	return err;
}

/*
 * The first commit makes the log, so that no login has to.  One that fails
 * takes nothing away: the first login makes it then.
 */
static void
first_commit(struct store *store, const char *user)
{
	WIPED(account_wipe) struct account account = {0};
	bool enrolled;

	if (store_sqlite.begin(store, user, &enrolled, &account, NULL) ==
		ROLLCODE_OK &&
	    enrolled)
		(void)!store_sqlite.commit(store, &account, NULL, NULL);
}

enum rollcode_err
store_sqlite_create(struct store *store, const struct account *account,
    const struct event *event, bool replace, struct error *error)
{
	struct user_files f;
	enum rollcode_err err;
	int lock = -1;

	if ((err = files_of(store, account->user, &f, error)) != ROLLCODE_OK ||
	    (err = lock_directory(store->users.text, LOCK_MS, &lock, error)) !=
		ROLLCODE_OK)
		return err;
	if ((err = store_look_again(store, error)) == ROLLCODE_OK)
		err = place_fresh(store, &f, account, event, replace, error);
	if (err == ROLLCODE_OK)
		err = replace_sync_directory(f.file.text, error);
	if (err == ROLLCODE_OK)
		first_commit(store, account->user);
	(void)!clear_fresh(&f, NULL);
	close(lock);
	return err;
}

/*
 * The file goes first: without it nobody is enrolled, and what is left beside
 * it is nobody's.  A file that is open here is one that no login is using.
 */
static enum rollcode_err
take_away(const struct store *store, const struct user_files *f,
    const char *user, struct error *error)
{
	sqlite3 *db = NULL;
	enum rollcode_err err;
	int64_t sequence;

	err = sqlite_open(f->file.text, &store_sqlite_kind, &db, error);
	sequence = fresh_sequence(store, user, db);
	/* In a store from before the enrolment. */
	if (err == ROLLCODE_ERR_ABSENT && witness_is_enrolled(store, user))
		err = ROLLCODE_OK;
	if (err == ROLLCODE_ERR_ABSENT)
		err = error_set(error, err,
		    "%s is not enrolled; rollcode-admin list shows the users",
		    user);
	if (err == ROLLCODE_ERR_STORE)
		err = ROLLCODE_OK;
	if (err == ROLLCODE_OK)
		witness_part(store, user);
	if (err == ROLLCODE_OK &&
	    (err = witness_forget(store, user, error)) == ROLLCODE_OK &&
	    (err = store_remove_file(&f->file, "", error)) == ROLLCODE_OK &&
	    (err = replace_sync_directory(f->file.text, error)) ==
		ROLLCODE_OK &&
	    (err = remove_logs(&f->file, error)) == ROLLCODE_OK)
		err = clear_fresh(f, error);
	if (err == ROLLCODE_OK)
		witness_bury(
		    store, user, sequence != 0 ? sequence : SEQUENCE_GAP);
	sqlite_close(db);
	return err;
}

enum rollcode_err
store_sqlite_remove(struct store *store, const char *user, struct error *error)
{
	struct user_files f;
	enum rollcode_err err;
	int lock = -1;

	if ((err = files_of(store, user, &f, error)) != ROLLCODE_OK ||
	    (err = lock_directory(store->users.text, LOCK_MS, &lock, error)) !=
		ROLLCODE_OK)
		return err;
	err = take_away(store, &f, user, error);
	close(lock);
	return err;
}

static int
user_file(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 3 && strcmp(entry->d_name + len - 3, ".db") == 0;
}

enum rollcode_err
store_sqlite_each(
    struct store *store, store_user_fn *fn, void *context, struct error *error)
{
	char user[ROLLCODE_USER_MAX + 1];
	struct dirent **entries = NULL;
	enum rollcode_err err = ROLLCODE_OK;
	int count;

	count = scandir(store->users.text, &entries, user_file, alphasort);
	if (count < 0)
		return error_errno(error, errno, store->users.text);
	for (int i = 0; i < count; i++) {
		char *name = entries[i]->d_name;

		name[strlen(name) - 3] = '\0';
		if (err == ROLLCODE_OK && store_name_decode(name, user))
			err = fn(context, user, error);
		free(entries[i]);
	}
	free(entries);
	return err;
}

static enum rollcode_err
new_marker(
    const struct config *config, struct marker *marker, struct error *error)
{
	enum rollcode_err err;

	memset(marker, 0, sizeof(*marker));
	if ((err = store_id_make(marker->store_id, error)) != ROLLCODE_OK ||
	    (err = machine_name(marker->store_id, marker->machine, error)) !=
		ROLLCODE_OK)
		return err;
	return error_named(error, seal_key_id(&config->key, marker->key_id),
	    "a key cannot be named");
}

enum rollcode_err
store_sqlite_init(const struct config *config, bool *made, struct error *error)
{
	struct store_path users;
	struct marker marker;
	struct store *store = NULL;
	enum rollcode_err err;
	int lock = -1;

	*made = false;
	if ((err = store_users_path(config, &users, error)) != ROLLCODE_OK)
		return err;
	if (mkdir(users.text, 0700) != 0 && errno != EEXIST)
		return error_at(error, error_from_errno(errno), users.text,
		    "cannot be made: %s; there must be a directory of "
		    "the account %s above it (mkdir, chown, chmod 700)",
		    strerror(errno), config->account);
	if ((err = store_check_directory(config, &users, error)) !=
		ROLLCODE_OK ||
	    (err = new_marker(config, &marker, error)) != ROLLCODE_OK ||
	    (err = lock_directory(users.text, LOCK_MS, &lock, error)) !=
		ROLLCODE_OK)
		return err;
	err = marker_write(&users, &marker, false, error);
	if (err == ROLLCODE_OK)
		err = replace_sync_directory(users.text, error);
	close(lock);
	*made = err == ROLLCODE_OK;
	if (err != ROLLCODE_ERR_EXISTS)
		return err;
	err = store_sqlite.open(&store, config, error);
	store_sqlite.close(store);
	return err;
}
