/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/lock.h"
#include "common/base/replace.h"
#include "wallet/row.h"

#define STORE_ID 0x524f4c54 /* "ROLT" */
#define STORE_VERSION 2
#define BUSY_MS 10000

static const char *const schema[] = {
    "CREATE TABLE wallet("
    "id INTEGER PRIMARY KEY CHECK (id = 1), "
    "store BLOB NOT NULL, "
    "place INTEGER NOT NULL, "
    "preferred INTEGER NOT NULL, "
    "log_n INTEGER NOT NULL, "
    "salt BLOB NOT NULL, "
    "proof BLOB NOT NULL)",
    "CREATE TABLE token("
    "id INTEGER PRIMARY KEY, "
    "uid BLOB NOT NULL UNIQUE, "
    "name TEXT NOT NULL UNIQUE, "
    "issuer TEXT, account TEXT, label TEXT, binding TEXT, "
    "form TEXT NOT NULL, algorithm TEXT NOT NULL, "
    "digits INTEGER NOT NULL, "
    "counter INTEGER NOT NULL CHECK (typeof(counter) = 'integer'), "
    "secret BLOB NOT NULL, "
    "created INTEGER NOT NULL, used INTEGER NOT NULL)",
    "CREATE TABLE asker("
    "id INTEGER PRIMARY KEY, "
    "pid INTEGER NOT NULL, start INTEGER NOT NULL)",
    "CREATE TRIGGER counter_forward BEFORE UPDATE ON token "
    "WHEN NEW.counter < OLD.counter BEGIN "
    "SELECT RAISE(ABORT, 'a counter never moves backward'); END",
    NULL,
};

static const struct sqlite_kind kind = {
    .what = "wallet",
    .application_id = STORE_ID,
    .user_version = STORE_VERSION,
    .schema = schema,
    .log = SQLITE_LOG_DELETE,
    .busy_ms = BUSY_MS,
};

static enum rollcode_err
fill_wallet(const char *path, struct error *error)
{
	uint8_t id[WALLET_ID_LEN], none[1] = {0};
	sqlite3 *db = NULL;
	enum rollcode_err err;

	if ((err = seal_random(id, sizeof(id))) != ROLLCODE_OK)
		return error_set(error, err, "the kernel gave no random bytes");
	if ((err = sqlite_create(path, &kind, &db, error)) != ROLLCODE_OK)
		return err;
	err = sqlite_change(db, error, 1,
	    "INSERT INTO wallet VALUES (1, ?1, 0, 0, 0, ?2, ?2)", "bb", id,
	    sizeof(id), none, sizeof(none));
	if (err == ROLLCODE_OK)
		return sqlite_finish(db, &kind, error);
	sqlite_close(db);
	return err;
}

/* Only where the system says so is nothing of that name there. */
static enum rollcode_err
look_for_file(const char *path, bool *there, struct error *error)
{
	struct stat st;

	*there = lstat(path, &st) == 0;
	if (*there || errno == ENOENT)
		return ROLLCODE_OK;
	return error_at(error, error_from_errno(errno), path,
	    "cannot be examined: %s", strerror(errno));
}

/* Whether it is the journal that a use of codes leaves: it rolls nothing back.
 */
static bool
is_spent(const char *journal)
{
	static const uint8_t zeros[SQLITE_JOURNAL_ZEROS];
	uint8_t header[SQLITE_JOURNAL_ZEROS];
	int fd = open(journal, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, header, sizeof(header));
	close(fd);
	return n == (ssize_t)sizeof(header) &&
	       memcmp(header, zeros, sizeof(header)) == 0;
}

/* A journal without its wallet would be rolled into the new one. */
static enum rollcode_err
clear_leftovers(const char *path, const char *fresh, struct error *error)
{
	char journal[PATH_MAX + 16];
	enum rollcode_err err;
	bool there;

	snprintf(journal, sizeof(journal), "%s-journal", path);
	if ((err = look_for_file(journal, &there, error)) != ROLLCODE_OK)
		return err;
	if (there && is_spent(journal))
		there = unlink(journal) != 0;
	if (there)
		return error_at(error, ROLLCODE_ERR_STORE, journal,
		    "is left over from a wallet that no longer exists; put "
		    "that wallet back, or remove the journal");
	snprintf(journal, sizeof(journal), "%s-journal", fresh);
	if ((unlink(fresh) != 0 && errno != ENOENT) ||
	    (unlink(journal) != 0 && errno != ENOENT))
		return error_at(error, error_from_errno(errno), fresh,
		    "cannot be removed: %s", strerror(errno));
	return ROLLCODE_OK;
}

static enum rollcode_err
create_locked(const char *path, struct error *error)
{
	char fresh[PATH_MAX + 8];
	enum rollcode_err err;
	bool there;
	int n;

	if ((err = look_for_file(path, &there, error)) != ROLLCODE_OK || there)
		return err;
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	if ((err = clear_leftovers(path, fresh, error)) != ROLLCODE_OK ||
	    (err = fill_wallet(fresh, error)) != ROLLCODE_OK)
		return err;
	n = renameat2(AT_FDCWD, fresh, AT_FDCWD, path, RENAME_NOREPLACE);
	if (n != 0 && (errno == EINVAL || errno == ENOSYS))
		n = rename(fresh, path);
	if (n != 0)
		return error_at(error, error_from_errno(errno), path,
		    "cannot be put in place: %s", strerror(errno));
	return replace_sync_directory(path, error);
}

enum rollcode_err
wallet_create(const char *path, struct error *error)
{
	char directory[PATH_MAX];
	enum rollcode_err err;
	int lock;

	snprintf(directory, sizeof(directory), "%s", path);
	if ((err = lock_directory(dirname(directory), BUSY_MS, &lock, error)) !=
	    ROLLCODE_OK)
		return err;
	err = create_locked(path, error);
	close(lock);
	return err;
}

/* With more, a person who edits a wallet could take a gigabyte of memory. */
static enum rollcode_err
check_cost(int64_t log_n, struct error *error)
{
	if (log_n == 0 ||
	    (log_n >= WALLET_LOG_N_MIN && log_n <= WALLET_LOG_N_MAX))
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_STORE,
	    "the wallet asks for scrypt with N = 2^%lld, but passwd uses 2^%d: "
	    "another program changed it; restore it from a backup or enrol "
	    "again",
	    (long long)log_n, WALLET_LOG_N);
}

/* One that was sealed has a salt and a proof of the passphrase. */
static enum rollcode_err
read_wallet_head(sqlite3 *db, struct wallet_head *head, struct error *error)
{
	static const uint8_t none[SEAL_SALT_LEN];
	WIPED(sqlite_done)
	struct sqlite_rows r = sqlite_query(db, error,
	    "SELECT place, log_n, EXISTS (SELECT 1 FROM token WHERE "
	    "length(secret) >= ?1 AND substr(secret, 1, 1) = x'01'), "
	    "store, salt, proof FROM wallet",
	    "i", (int64_t)(ROLLCODE_SECRET_MIN + SEAL_OVERHEAD));
	bool sealed;

	if (!sqlite_next(&r))
		return r.err != ROLLCODE_OK
			   ? r.err
			   : error_set(error, ROLLCODE_ERR_STORE,
				 "the wallet has lost its first row; restore "
				 "it from a backup or enrol again");
	head->inode = sqlite_int(&r, 0, INT64_MAX);
	head->log_n = sqlite_int(&r, 0, INT64_MAX);
	sealed = sqlite_int(&r, 0, 1) == 1;
	(void)sqlite_blob(&r, head->id, sizeof(head->id));
	(void)sqlite_blob(&r, head->salt, sizeof(head->salt));
	head->proof.len =
	    sqlite_blob(&r, head->proof.bytes, sizeof(head->proof.bytes));
	if (r.err != ROLLCODE_OK)
		return r.err;
	head->mixed = head->log_n == 0 &&
		      (sealed || head->proof.len != 1 ||
			  memcmp(head->salt, none, sizeof(none)) != 0);
	return check_cost(head->log_n, error);
}

enum rollcode_err
wallet_open(struct wallet **wallet, const char *path, struct error *error)
{
	struct wallet *w;
	enum rollcode_err err;

	*wallet = NULL;
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	snprintf(w->path, sizeof(w->path), "%s", path);
	err = sqlite_open(path, &kind, &w->db, error);
	if (err == ROLLCODE_ERR_ABSENT)
		err = error_at(error, err, path,
		    "there is no wallet yet; create one with: rollcode-token "
		    "add");
	if (err == ROLLCODE_OK)
		err = read_wallet_head(w->db, &w->head, error);
	*wallet = w;
	if (err != ROLLCODE_OK)
		wallet_close(wallet);
	return err;
}

void
wallet_close(struct wallet **wallet)
{
	struct wallet *w = *wallet;

	*wallet = NULL;
	if (w == NULL)
		return;
	sqlite_close(w->db);
	explicit_bzero(w, sizeof(*w));
	free(w);
}

bool
wallet_protected(const struct wallet *w)
{
	return w->head.log_n != 0;
}

bool
wallet_locked(const struct wallet *w)
{
	return wallet_protected(w) && !w->unlocked;
}

bool
wallet_copied(const struct wallet *w)
{
	return w->copied;
}

bool
wallet_clock_back(const struct wallet *w)
{
	return w->clock_back;
}

static enum rollcode_err
begin_change(struct wallet *w, bool keep_journal, struct error *error)
{
	struct wallet_head now = {0};
	enum rollcode_err err;

	if ((err = sqlite_keep_journal(w->db, keep_journal, error)) !=
		ROLLCODE_OK ||
	    (err = sqlite_begin(w->db, error)) != ROLLCODE_OK ||
	    (err = read_wallet_head(w->db, &now, error)) != ROLLCODE_OK)
		return err;
	if (now.log_n != w->head.log_n ||
	    memcmp(now.salt, w->head.salt, sizeof(now.salt)) != 0)
		return error_at(error, ROLLCODE_ERR_UNAVAIL, w->path,
		    "its passphrase was changed meanwhile; try again");
	w->head = now;
	w->changed = false;
	if (!w->unlocked || wallet_state_open(w) == ROLLCODE_OK)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_STORE,
	    "%s: its counters and names do not match the passphrase, so "
	    "another program changed it; restore it from a backup",
	    w->path);
}

enum rollcode_err
wallet_begin(struct wallet *w, struct error *error)
{
	return begin_change(w, false, error);
}

enum rollcode_err
wallet_begin_spend(struct wallet *w, struct error *error)
{
	return begin_change(w, true, error);
}

enum rollcode_err
wallet_end(struct wallet *w, enum rollcode_err err, struct error *error)
{
	if (err == ROLLCODE_OK)
		err = wallet_state_write(w, error);
	if (err == ROLLCODE_OK)
		err = sqlite_commit(w->db, error);
	if (err == ROLLCODE_OK)
		return ROLLCODE_OK;
	/* Where nothing was begun, or is rolled back already, it fails. */
	(void)!sqlite_change(w->db, NULL, -1, "ROLLBACK", "");
	return err;
}
