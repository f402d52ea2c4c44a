/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a user's file and of its log: good ones, changed as the input
 * says, and then a login.
 *
 *  1. Whatever the bytes are, nothing crashes.
 *  2. A code is accepted only if a true secret makes it at a counter ahead of
 *     the one that the file has; the file's counter is then past it.
 *  3. The same text again is not accepted.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "calls.h"
#include "pam_rollcode/login/login.h"
#include "place.h"
#include "tests/support/model_code.h"

#define CHANGES_MAX 24
#define ROWS_MAX 16

/* ----------------------------------------------------- changes to the file */

static void
change_bytes(struct bytes *in, const char *path)
{
	uint8_t bytes[256];
	off_t at = (off_t)take_number(in, 2) % 20480;
	size_t len = take(in) % 64 + 1u, n = 0;
	int fd = open(path, O_WRONLY);

	while (n < len && in->at < in->end)
		bytes[n++] = take(in);
	promise(fd >= 0 && pwrite(fd, bytes, n, at) == (ssize_t)n,
	    "bytes can be changed");
	close(fd);
}

static const char *const columns[] = {"account SET user",
    "account SET failures", "account SET spent", "account SET spent_time",
    "account SET failed", "account SET replayed", "account SET late",
    "account SET sequence", "account SET key_id", "account SET recovery_key",
    "account SET id", "token SET id", "token SET label", "token SET form",
    "token SET algorithm", "token SET digits", "token SET key_id",
    "token SET secret", "token SET counter", "token SET far_counter",
    "token SET far_time", "token SET enabled", "token SET used",
    "recovery SET mac", "recovery SET used", "event SET slot",
    "event SET sequence", "event SET outcome", "recovery SET issued",
    "recovery SET expires"};

static void
run(sqlite3 *db, const char *sql, const void *value, int len, unsigned int type)
{
	sqlite3_stmt *statement;
	sqlite3_int64 number = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		return;
	memcpy(&number, value, (size_t)len < 8 ? (size_t)len : 8);
	switch (type % 5) {
	case 0:
		sqlite3_bind_int64(statement, 1, number);
		break;
	case 1:
		sqlite3_bind_text(statement, 1, value, len, SQLITE_STATIC);
		break;
	case 2:
		sqlite3_bind_blob(statement, 1, value, len, SQLITE_STATIC);
		break;
	case 3:
		sqlite3_bind_double(statement, 1, (double)number / 3);
		break;
	default:
		break;
	}
	(void)sqlite3_step(statement);
	sqlite3_finalize(statement);
}

/* As somebody who may write the file, with SQLite's own tools. */
static void
change_rows(const char *path, const char *sql, const void *value, int len,
    unsigned int type)
{
	sqlite3 *db;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, "unix-excl") ==
	    SQLITE_OK) {
		sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
		sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
		    (type & 64) == 0, NULL);
		(void)sqlite3_exec(
		    db, "PRAGMA ignore_check_constraints=1", 0, NULL, NULL);
		run(db, sql, value, len, type);
	}
	sqlite3_close(db);
}

/* Of a length at which something ends: up to eight bytes, and then filled. */
static void
change_column(struct bytes *in, const char *path)
{
	static const int lengths[] = {0, 1, 4, 7, 8, 9, 15, 16, 17, 24, 25, 31,
	    32, 33, 64, 65, 66, 128, 157, 158, 200, 201, 255, 256};
	uint8_t value[256];
	char sql[128];
	unsigned int which = take(in), type = take(in);
	int len = lengths[take(in) % COUNT(lengths)];

	memset(value, 'x', sizeof(value));
	for (int i = 0; i < len && i < 8; i++)
		value[i] = take(in);
	snprintf(sql, sizeof(sql), "UPDATE %s=?1%s",
	    columns[which % COUNT(columns)],
	    which >= 128 ? " WHERE rowid=1" : "");
	change_rows(path, sql, value, len, type);
}

/* More rows than were ever enrolled; what is sealed fits only its own. */
static void
add_rows(struct bytes *in, const char *path)
{
	static const char *const tables[] = {
	    "INSERT INTO recovery SELECT NULL,mac,issued,expires,used "
	    "FROM recovery,(SELECT 1 UNION SELECT 2 UNION SELECT ?1)",
	    "INSERT INTO recovery SELECT NULL,secret,0,0,0 FROM token",
	    "INSERT INTO token SELECT NULL,?1,form,algorithm,digits,key_id,"
	    "secret,counter,far_counter,far_time,enabled,created,used "
	    "FROM token LIMIT 1",
	    "INSERT INTO account SELECT 2,user,failures,halves,spent,"
	    "spent_time,failed,replayed,created,last_success,last_failure,"
	    "sequence,key_id,recovery_key,late FROM account",
	    "DELETE FROM token WHERE rowid=1",
	    "DELETE FROM account",
	    "DELETE FROM recovery WHERE rowid>12", /* one too many */
	    "DELETE FROM recovery WHERE rowid>11",
	};

	change_rows(path, tables[take(in) % COUNT(tables)], "another", 7, 1);
}

static void
change(struct bytes *in, enum who who)
{
	char file[128], log[128], journal[128];
	uint8_t what = take(in);
	struct stat st;

	place_path(who, ".db", file);
	place_path(who, ".db-wal", log);
	place_path(who, ".db-journal", journal);
	switch (what % 8) {
	case 0:
	case 1:
		change_bytes(in, file);
		break;
	case 2:
		if (stat(log, &st) == 0)
			change_bytes(in, log);
		break;
	case 3:
		(void)!truncate(file, (off_t)take_number(in, 2) % 20480);
		break;
	case 4:
		(void)!truncate(log, (off_t)take_number(in, 2) % 20480);
		break;
	case 5:
		unlink(log);
		break;
	case 6:
		if (what < 128)
			add_rows(in, file);
		else
			close(open(journal, O_CREAT | O_WRONLY, 0600));
		break;
	default:
		change_column(in, file);
		break;
	}
}

/* --------------------------------------------------------------- the login */

/* The counters in a file by row, read by SQLite's plainest means. */
struct rows {
	size_t count;
	sqlite3_int64 counter[ROWS_MAX];
};

static bool
raw_counters(enum who who, struct rows *rows)
{
	char path[128];
	sqlite3_stmt *statement = NULL;
	sqlite3 *db;
	int rc;

	rows->count = 0;
	rc = sqlite3_open_v2(place_path(who, ".db", path), &db,
	    SQLITE_OPEN_READWRITE, "unix-excl");
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(db,
		    "SELECT counter FROM token ORDER BY id", -1, &statement,
		    NULL);
	while (rc == SQLITE_OK && rows->count < ROWS_MAX &&
	       sqlite3_step(statement) == SQLITE_ROW)
		rows->counter[rows->count++] =
		    sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return rc == SQLITE_OK;
}

static bool
admitted(enum who who, const char *text, struct verification *result)
{
	struct input typed;
	struct login login = {
	    .config = &place.config,
	    .ops = &store_sqlite,
	    .now = calls.now,
	    .user = place_names[who],
	    .service = "fuzz",
	    .input = &typed,
	};
	struct error error = {0};
	enum rollcode_err err;

	input_parse(text, &typed);
	err = login_decide(&login, result, &error);
	promise(err == ROLLCODE_OK ||
		    (result->verdict == VERDICT_NONE && error.text[0] != '\0'),
	    "an error has a sentence and no verdict");
	return verdict_admits(result->verdict);
}

/* Some token's true secret makes the last code typed, ahead of its row. */
static bool
is_true(enum who who, const char *text, const struct verification *result,
    const struct rows *before, const struct rows *after)
{
	const struct account *enrolled = place_enrolled(who);
	struct account_token token;
	struct input typed;
	uint64_t counter = result->counter;

	if (input_parse(text, &typed) != INPUT_CODE)
		return false;
	for (size_t i = 0; i < enrolled->token_count; i++) {
		token = enrolled->tokens[i];
		token.id = 1 + (int64_t)(who * 10 + i);
		if (strcmp(model_code(&token, counter, 0),
			typed.codes[typed.count - 1].text) != 0)
			continue;
		for (size_t r = 0; r < before->count; r++)
			if (before->counter[r] >= 0 && r < after->count &&
			    (uint64_t)before->counter[r] <= counter &&
			    (uint64_t)after->counter[r] > counter)
				return true;
	}
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, data + size};
	enum who who = (enum who)(take(&in) % EVE);
	struct rows before, after;
	struct verification result;
	char text[1024] = "";
	uint8_t changes;

	place_open();
	place_reset(who);
	calls_reset();
	place_policy(take(&in));
	changes = take(&in);
	place_type(&in, who, place_enrolled(who), text);
	for (unsigned int i = 0; i < changes % CHANGES_MAX; i++)
		change(&in, who);
	if (changes >= 128)
		(void)raw_counters(who, &before);
	if (!raw_counters(who, &before))
		before.count = 0;
	if (!admitted(who, text, &result))
		return 0;
	if (!result.recovery) {
		promise(raw_counters(who, &after), "what admits can be read");
		promise(is_true(who, text, &result, &before, &after),
		    "a true code, ahead of the file, and past it now");
	}
	if (!admitted(who, text, &result))
		return 0;
	/* six digits may come again within the window */
	raw_counters(who, &before);
	promise(
	    !result.recovery && is_true(who, text, &result, &after, &before),
	    "the same text again is not accepted");
	return 0;
}
