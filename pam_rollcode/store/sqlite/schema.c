/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.c - the tables of one user's file.
 *
 *  1. A counter in a file never falls: a trigger aborts what would lower it.
 *  2. A recovery code that was used stays so in the same way.
 */
#include "store/sqlite/parts.h"

#define APPLICATION_ID 0x526f6c6c /* "Roll" */
#define USER_VERSION 3

/*
 * Each statement is as SQLite keeps it, and it keeps a column that was added
 * behind a comma and a blank: so a file that was made in this version and one
 * that was upgraded to it are the same.
 */
/* clang-format off */
static const char account_table[] =
	"CREATE TABLE account("
	"id INTEGER PRIMARY KEY CHECK(id=1),"
	"user TEXT NOT NULL,"
	"failures INTEGER NOT NULL,"
	"halves INTEGER NOT NULL,"
	"spent INTEGER NOT NULL,"
	"spent_time INTEGER NOT NULL,"
	"failed INTEGER NOT NULL,"
	"replayed INTEGER NOT NULL,"
	"created INTEGER NOT NULL,"
	"last_success INTEGER NOT NULL,"
	"last_failure INTEGER NOT NULL,"
	"sequence INTEGER NOT NULL,"
	"key_id TEXT NOT NULL,"
	"recovery_key BLOB, late INTEGER NOT NULL DEFAULT 0)";

static const char token_table[] =
	"CREATE TABLE token("
	"id INTEGER PRIMARY KEY,"
	"label TEXT NOT NULL UNIQUE,"
	"form TEXT NOT NULL,"
	"algorithm TEXT NOT NULL,"
	"digits INTEGER NOT NULL,"
	"key_id TEXT NOT NULL,"
	"secret BLOB NOT NULL,"
	"counter INTEGER NOT NULL CHECK(counter>=0),"
	"far_counter INTEGER,"
	"far_time INTEGER,"
	"enabled INTEGER NOT NULL,"
	"created INTEGER NOT NULL,"
	"used INTEGER NOT NULL)";

static const char recovery_table[] =
	"CREATE TABLE recovery("
	"id INTEGER PRIMARY KEY,"
	"mac BLOB NOT NULL,"
	"issued INTEGER NOT NULL,"
	"expires INTEGER NOT NULL,"
	"used INTEGER NOT NULL)";

static const char event_table[] =
	"CREATE TABLE event("
	"slot INTEGER PRIMARY KEY,"
	"sequence INTEGER NOT NULL,"
	"time INTEGER NOT NULL,"
	"service TEXT NOT NULL,"
	"rhost TEXT NOT NULL,"
	"token TEXT NOT NULL,"
	"outcome TEXT NOT NULL,"
	"counter INTEGER NOT NULL,"
	"distance INTEGER NOT NULL)";

static const char code_trigger[] =
	"CREATE TRIGGER code_stays_used BEFORE UPDATE ON recovery "
	"WHEN OLD.used<>0 "
	"BEGIN SELECT RAISE(ABORT,'a used recovery code stays used'); END";

static const char counter_trigger[] =
	"CREATE TRIGGER counter_never_falls BEFORE UPDATE ON token "
	"WHEN NEW.counter<OLD.counter "
	"BEGIN SELECT RAISE(ABORT,'a counter never moves backward'); END";

static const char *const schema[] = {
	account_table, token_table, recovery_table, event_table,
	code_trigger, counter_trigger, NULL
};

static const char account_table_2[] =
	"CREATE TABLE account("
	"id INTEGER PRIMARY KEY CHECK(id=1),"
	"user TEXT NOT NULL,"
	"failures INTEGER NOT NULL,"
	"halves INTEGER NOT NULL,"
	"spent INTEGER NOT NULL,"
	"spent_time INTEGER NOT NULL,"
	"failed INTEGER NOT NULL,"
	"replayed INTEGER NOT NULL,"
	"created INTEGER NOT NULL,"
	"last_success INTEGER NOT NULL,"
	"last_failure INTEGER NOT NULL,"
	"sequence INTEGER NOT NULL,"
	"key_id TEXT NOT NULL,"
	"recovery_key BLOB)";

static const char *const schema_2[] = {
	account_table_2, token_table, recovery_table, event_table,
	code_trigger, counter_trigger, NULL
};

static const char *const to_version_3[] = {
	"ALTER TABLE account ADD COLUMN late INTEGER NOT NULL DEFAULT 0", NULL
};

static const struct sqlite_older older[] = {
	{ .version = 2, .schema = schema_2, .statements = to_version_3 },
	{ .version = 0 },
};
/* clang-format on */

const struct sqlite_kind store_sqlite_kind = {
    .what = "Rollcode user file",
    .application_id = APPLICATION_ID,
    .user_version = USER_VERSION,
    .schema = schema,
    .older = older,
    .log = SQLITE_LOG_KEPT,
    .busy_ms = STORE_BUSY_MS,
};
