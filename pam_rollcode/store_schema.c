/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_schema.c - the tables of one user's file, and what seals its secrets.
 *
 *  1. A counter in a file never falls: a trigger aborts what would lower it.
 *  2. A recovery code that was used stays so in the same way.
 *  3. A sealed secret opens only in its own row of its own store.
 */
#include "store_sqlite.h"
#include "token.h"

#define APPLICATION_ID 0x526f6c6c /* "Roll" */
#define USER_VERSION 2

/* clang-format off */
static const char *const schema[] = {
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
	"recovery_key BLOB)",
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
	"used INTEGER NOT NULL)",
	"CREATE TABLE recovery("
	"id INTEGER PRIMARY KEY,"
	"mac BLOB NOT NULL,"
	"issued INTEGER NOT NULL,"
	"expires INTEGER NOT NULL,"
	"used INTEGER NOT NULL)",
	"CREATE TABLE event("
	"slot INTEGER PRIMARY KEY,"
	"sequence INTEGER NOT NULL,"
	"time INTEGER NOT NULL,"
	"service TEXT NOT NULL,"
	"rhost TEXT NOT NULL,"
	"token TEXT NOT NULL,"
	"outcome TEXT NOT NULL,"
	"counter INTEGER NOT NULL,"
	"distance INTEGER NOT NULL)",
	"CREATE TRIGGER code_stays_used BEFORE UPDATE ON recovery "
	"WHEN OLD.used<>0 "
	"BEGIN SELECT RAISE(ABORT,'a used recovery code stays used'); END",
	"CREATE TRIGGER counter_never_falls BEFORE UPDATE ON token "
	"WHEN NEW.counter<OLD.counter "
	"BEGIN SELECT RAISE(ABORT,'a counter never moves backward'); END",
	NULL,
};
/* clang-format on */

const struct sqlite_kind store_sqlite_kind = {
    .what = "Rollcode user file",
    .application_id = APPLICATION_ID,
    .user_version = USER_VERSION,
    .schema = schema,
    .log = SQLITE_LOG_KEPT,
    .busy_ms = STORE_BUSY_MS,
};

void
rows_token_aad(const struct store *store, const char *user, const char *key_id,
    const struct rollcode_token *token, struct seal_aad *aad)
{
	seal_aad_begin(aad, "rollcode token 1");
	seal_aad_add_text(aad, store->marker.store_id);
	seal_aad_add_text(aad, key_id);
	seal_aad_add_text(aad, user);
	seal_aad_add_text(aad, token->label);
	seal_aad_add_text(aad, form_name(token->form));
	seal_aad_add_text(aad, algorithm_name(token->algorithm));
	seal_aad_add_number(aad, token->digits);
}

void
rows_recovery_aad(const struct store *store, const char *user,
    const char *key_id, struct seal_aad *aad)
{
	seal_aad_begin(aad, "rollcode recovery 1");
	seal_aad_add_text(aad, store->marker.store_id);
	seal_aad_add_text(aad, key_id);
	seal_aad_add_text(aad, user);
}
