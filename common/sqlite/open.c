/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "common/base/clock.h"
#include "common/base/replace.h"
#include "common/base/rollcode.h"
#include "common/sqlite/parts.h"
#include "common/sqlite/sqlite.h"

#define PAGE_SIZE 1024	/* bytes; one login's changes are few pages */
#define VALUE_MAX 65536 /* bytes of any text or blob in a file */
#define BUSY_SLEEP_NS 1000000L

bool
sqlite_wait(int64_t deadline)
{
	if (clock_ms() >= deadline)
		return false;
	nanosleep(&(struct timespec){.tv_nsec = BUSY_SLEEP_NS}, NULL);
	return true;
}

/* SQLite's own handler sleeps up to 100 ms between tries; a login does not. */
static int
wait_for_lock(void *kind, int tries)
{
	static _Thread_local int64_t deadline;
	const struct sqlite_kind *k = kind;

	if (tries == 0)
		deadline = clock_ms() + k->busy_ms;
	return sqlite_wait(deadline);
}

static enum rollcode_err
run_sql(sqlite3 *db, const char *sql, struct error *error)
{
	int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? ROLLCODE_OK : sqlite_fail(db, rc, error);
}

/* Whether the single value that a statement returns is that text. */
static enum rollcode_err
value_is(sqlite3 *db, const char *sql, const char *want, bool *same,
    struct error *error)
{
	WIPED(sqlite_done)
	struct sqlite_rows r = sqlite_query(db, error, sql, "");
	const char *text;

	*same = false;
	if (!sqlite_next(&r))
		return r.err;
	text = (const char *)sqlite3_column_text(r.statement, 0);
	if (text == NULL)
		return sqlite_no_value(db, error, "a setting has no value");
	*same = strcmp(text, want) == 0;
	/* What it changes is committed behind its row. */
	(void)!sqlite_next(&r);
	return r.err;
}

static enum rollcode_err
check_setting(
    sqlite3 *db, const char *pragma, const char *want, struct error *error)
{
	enum rollcode_err err;
	char what[96];
	bool same;

	if ((err = value_is(db, pragma, want, &same, error)) != ROLLCODE_OK ||
	    same)
		return err;
	snprintf(what, sizeof(what), "%s is not %s", pragma, want);
	return sqlite_wrong(db, error, what);
}

/* Nothing durable rests on these; the tests read them back. */
static const char common_settings[] =
    "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; "
    "PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON";

/* What durability rests on: statements, and what is read back then. */
struct durable {
	const char *set, *journal, *synchronous;
};

/* clang-format off */
static const struct durable durables[] = {
	[SQLITE_LOG_KEPT] = { "PRAGMA synchronous=FULL", "wal", "2" },
	/* Only EXTRA syncs the directory behind the unlinked journal. */
	[SQLITE_LOG_DELETE] = { "PRAGMA synchronous=EXTRA", "delete", "3" },
};

/* A file that nobody can find yet is synced once, when it is whole. */
static const struct durable later = {
	"PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF", "memory", "0"
};

static const struct { int option, on; } switches[] = {
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
	{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
	{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
	{ SQLITE_DBCONFIG_DQS_DML, 0 },
	{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
};

static const struct { int limit, value; } limits[] = {
	{ SQLITE_LIMIT_LENGTH, VALUE_MAX },
	{ SQLITE_LIMIT_SQL_LENGTH, VALUE_MAX },
	{ SQLITE_LIMIT_ATTACHED, 0 },
	{ SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
	{ SQLITE_LIMIT_WORKER_THREADS, 0 },
};
/* clang-format on */

static enum rollcode_err
apply_settings(sqlite3 *db, const struct durable *durable, struct error *error)
{
	enum rollcode_err err;

	if ((err = run_sql(db, common_settings, error)) != ROLLCODE_OK ||
	    (err = run_sql(db, durable->set, error)) != ROLLCODE_OK ||
	    (err = check_setting(db, "PRAGMA journal_mode", durable->journal,
		 error)) != ROLLCODE_OK)
		return err;
	return check_setting(
	    db, "PRAGMA synchronous", durable->synchronous, error);
}

enum rollcode_err
sqlite_restrict(sqlite3 *db, struct error *error)
{
	int on, rc;

	for (size_t i = 0; i < COUNT(switches); i++) {
		rc = sqlite3_db_config(
		    db, switches[i].option, switches[i].on, &on);
		if (rc != SQLITE_OK || on != switches[i].on)
			return sqlite_fail(
			    db, rc != SQLITE_OK ? rc : SQLITE_MISUSE, error);
	}
	for (size_t i = 0; i < COUNT(limits); i++)
		sqlite3_limit(db, limits[i].limit, limits[i].value);
	return ROLLCODE_OK;
}

/* The log is folded when we say so, and stays. */
static enum rollcode_err
keep_log(sqlite3 *db, struct error *error)
{
	int keep = 1, rc;

	if ((rc = sqlite3_wal_autocheckpoint(db, 0)) == SQLITE_OK)
		rc = sqlite3_file_control(
		    db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	return rc == SQLITE_OK ? ROLLCODE_OK : sqlite_fail(db, rc, error);
}

/*
 * unix-excl takes the file's lock whole and keeps it, so that two connections
 * are never side by side in one log.
 */
static enum rollcode_err
open_connection(const char *path, const struct sqlite_kind *kind,
    enum sqlite_locks locks, sqlite3 **db, struct error *error)
{
	static const char *const vfs[] = {
	    [SQLITE_LOCKS_USUAL] = "unix",
	    [SQLITE_LOCKS_WHOLE] = "unix-excl",
	    [SQLITE_LOCKS_NONE] = "unix-none",
	};
	enum rollcode_err err = ROLLCODE_OK;
	int rc;

	rc = sqlite3_open_v2(path, db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW |
		SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
	    vfs[locks]);
	if (rc != SQLITE_OK)
		return error_at(error, sqlite_result(rc), path,
		    "cannot be opened: %s", sqlite3_errstr(rc));
	/* SQLite falls back to that by itself, with other locks. */
	if (sqlite3_db_readonly(*db, "main") != 0)
		return error_at(error, ROLLCODE_ERR_UNAVAIL, path,
		    "can only be read; are the file and its file system "
		    "writable?");
	sqlite3_busy_handler(*db, wait_for_lock, (void *)(uintptr_t)kind);
	/* Else there is no log without memory shared between processes. */
	if (locks == SQLITE_LOCKS_NONE)
		err = run_sql(*db, "PRAGMA locking_mode=EXCLUSIVE", error);
	if (err == ROLLCODE_OK)
		err = sqlite_restrict(*db, error);
	return err == ROLLCODE_OK && locks != SQLITE_LOCKS_USUAL
		   ? keep_log(*db, error)
		   : err;
}

enum rollcode_err
sqlite_connect(const char *path, const struct sqlite_kind *kind,
    enum sqlite_locks locks, sqlite3 **db, struct error *error)
{
	const struct sqlite_older *older = NULL;
	enum rollcode_err err;

	*db = NULL;
	if ((err = open_connection(path, kind, locks, db, error)) !=
		ROLLCODE_OK ||
	    (err = sqlite_check_kind(*db, kind, &older, error)) !=
		ROLLCODE_OK ||
	    (err = apply_settings(*db, &durables[kind->log], error)) !=
		ROLLCODE_OK ||
	    (older != NULL &&
		(err = sqlite_upgrade(*db, kind, error)) != ROLLCODE_OK)) {
		sqlite_close(*db);
		*db = NULL;
	}
	return err;
}

enum rollcode_err
sqlite_open(const char *path, const struct sqlite_kind *kind, sqlite3 **db,
    struct error *error)
{
	enum rollcode_err err;

	*db = NULL;
	if ((err = sqlite_check_file(path, kind, error)) != ROLLCODE_OK)
		return err;
	return sqlite_connect(path, kind,
	    kind->log == SQLITE_LOG_KEPT ? SQLITE_LOCKS_WHOLE
					 : SQLITE_LOCKS_USUAL,
	    db, error);
}

static enum rollcode_err
create_schema(sqlite3 *db, const struct sqlite_kind *kind, struct error *error)
{
	char pragmas[160];
	enum rollcode_err err;

	if (kind->schema == NULL)
		return ROLLCODE_OK;
	snprintf(pragmas, sizeof(pragmas),
	    "PRAGMA page_size=%d; PRAGMA application_id=%d; "
	    "PRAGMA user_version=%d",
	    PAGE_SIZE, kind->application_id, kind->user_version);
	if ((err = run_sql(db, pragmas, error)) != ROLLCODE_OK ||
	    (err = sqlite_begin(db, error)) != ROLLCODE_OK)
		return err;
	for (const char *const *sql = kind->schema; *sql != NULL; sql++)
		if ((err = run_sql(db, *sql, error)) != ROLLCODE_OK)
			return err;
	return sqlite_commit(db, error);
}

enum rollcode_err
sqlite_create(const char *path, const struct sqlite_kind *kind, sqlite3 **db,
    struct error *error)
{
	enum rollcode_err err;
	int fd;

	*db = NULL;
	fd = open(
	    path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(error, errno, path);
	close(fd);
	if ((err = open_connection(
		 path, kind, SQLITE_LOCKS_USUAL, db, error)) != ROLLCODE_OK ||
	    (err = apply_settings(*db, &later, error)) != ROLLCODE_OK ||
	    (err = create_schema(*db, kind, error)) != ROLLCODE_OK) {
		sqlite_close(*db);
		*db = NULL;
		unlink(path);
	}
	return err;
}

enum rollcode_err
sqlite_finish(sqlite3 *db, const struct sqlite_kind *kind, struct error *error)
{
	char path[PATH_MAX] = "";
	enum rollcode_err err = ROLLCODE_OK;
	bool same = true;
	int rc;

	snprintf(path, sizeof(path), "%s", sqlite3_db_filename(db, "main"));
	if (kind->log == SQLITE_LOG_KEPT)
		err = value_is(
		    db, "PRAGMA journal_mode=WAL", "wal", &same, error);
	if (err == ROLLCODE_OK && !same)
		err = sqlite_wrong(db, error, "cannot keep a write-ahead log");
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	sqlite_forget_statements(db);
	if ((rc = sqlite3_close(db)) != SQLITE_OK && err == ROLLCODE_OK)
		err = sqlite_fail(NULL, rc, error);
	return err == ROLLCODE_OK ? replace_sync_file(path, error) : err;
}

enum rollcode_err
sqlite_checkpoint(sqlite3 *db, struct error *error)
{
	int rc, frames = 0, folded = 0;
	enum rollcode_err err;

	if ((err = sqlite_keep_upgrade(db, error)) != ROLLCODE_OK)
		return err;
	rc = sqlite3_wal_checkpoint_v2(
	    db, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &folded);
	if (rc == SQLITE_OK && frames != folded)
		rc = SQLITE_BUSY;
	return rc == SQLITE_OK ? ROLLCODE_OK : sqlite_fail(db, rc, error);
}

/*
 * The header is overwritten with zeros and synced, which is the commit; what is
 * behind it, pages as they were before, is cut off.
 */
enum rollcode_err
sqlite_keep_journal(sqlite3 *db, bool keep, struct error *error)
{
	enum rollcode_err err;

	_Static_assert(SQLITE_JOURNAL_ZEROS == 28, "it is the limit");
	if (!keep)
		return check_setting(
		    db, "PRAGMA journal_mode=DELETE", "delete", error);
	if ((err = check_setting(db, "PRAGMA journal_size_limit=28", "28",
		 error)) != ROLLCODE_OK)
		return err;
	return check_setting(
	    db, "PRAGMA journal_mode=PERSIST", "persist", error);
}

enum rollcode_err
sqlite_check_unmoved(sqlite3 *db, struct error *error)
{
	int moved = 1, rc;

	rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	if (rc != SQLITE_OK)
		return sqlite_fail(db, rc, error);
	if (moved != 0)
		return error_at(error, ROLLCODE_ERR_UNAVAIL,
		    sqlite3_db_filename(db, "main"),
		    "was removed or replaced while it was opened; try again");
	return ROLLCODE_OK;
}

void
sqlite_close(sqlite3 *db)
{
	sqlite_forget_statements(db);
	sqlite3_close_v2(db);
}

enum rollcode_err
sqlite_begin(sqlite3 *db, struct error *error)
{
	if (sqlite_is_upgrading(db))
		return ROLLCODE_OK;
	return sqlite_change(db, error, -1, "BEGIN IMMEDIATE", "");
}

enum rollcode_err
sqlite_commit(sqlite3 *db, struct error *error)
{
	return sqlite_change(db, error, -1, "COMMIT", "");
}
