/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <string.h>

#include <sqlite3.h>

#include "common/sqlite/parts.h"
#include "common/sqlite/sqlite.h"

static int
bind_values(sqlite3_stmt *statement, const char *binds, va_list ap)
{
	const void *blob;
	int at = 0, rc = SQLITE_OK;

	for (; *binds != '\0' && rc == SQLITE_OK; binds++) {
		at++;
		switch (*binds) {
		case 'i':
			rc = sqlite3_bind_int64(
			    statement, at, va_arg(ap, int64_t));
			break;
		case 't':
			rc = sqlite3_bind_text(statement, at,
			    va_arg(ap, const char *), -1, SQLITE_STATIC);
			break;
		case 'b':
			blob = va_arg(ap, const void *);
			rc = sqlite3_bind_blob64(statement, at, blob,
			    va_arg(ap, size_t), SQLITE_STATIC);
			break;
		default:
			rc = SQLITE_MISUSE;
		}
	}
	if (rc == SQLITE_OK && at != sqlite3_bind_parameter_count(statement))
		rc = SQLITE_MISUSE;
	return rc;
}

/* One that was done with, if it is compiled already. */
static sqlite3_stmt *
find_compiled(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;

	while ((s = sqlite3_next_stmt(db, s)) != NULL)
		if (!sqlite3_stmt_busy(s) && strcmp(sqlite3_sql(s), sql) == 0)
			break;
	return s;
}

static void
prepare_statement(
    struct sqlite_rows *r, const char *sql, const char *binds, va_list ap)
{
	int rc = SQLITE_OK;

	if ((r->statement = find_compiled(r->db, sql)) == NULL)
		rc = sqlite3_prepare_v2(r->db, sql, -1, &r->statement, NULL);
	if (rc == SQLITE_OK)
		rc = bind_values(r->statement, binds, ap);
	if (rc != SQLITE_OK)
		r->err = sqlite_fail(r->db, rc, r->error);
}

struct sqlite_rows
sqlite_query(
    sqlite3 *db, struct error *error, const char *sql, const char *binds, ...)
{
	struct sqlite_rows r = {.db = db, .error = error};
	va_list ap;

	va_start(ap, binds);
	prepare_statement(&r, sql, binds, ap);
	va_end(ap);
	return r;
}

void
sqlite_done(struct sqlite_rows *r)
{
	if (r->statement == NULL)
		return;
	sqlite3_reset(r->statement);
	sqlite3_clear_bindings(r->statement);
}

void
sqlite_forget_statements(sqlite3 *db)
{
	sqlite3_stmt *s;

	while (db != NULL && (s = sqlite3_next_stmt(db, NULL)) != NULL)
		sqlite3_finalize(s);
}

bool
sqlite_next(struct sqlite_rows *r)
{
	int rc;

	r->column = 0;
	if (r->err != ROLLCODE_OK)
		return false;
	rc = sqlite3_step(r->statement);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		r->err = sqlite_fail(r->db, rc, r->error);
	return rc == SQLITE_ROW;
}

enum rollcode_err
sqlite_change(sqlite3 *db, struct error *error, int rows, const char *sql,
    const char *binds, ...)
{
	WIPED(sqlite_done) struct sqlite_rows r = {.db = db, .error = error};
	va_list ap;

	va_start(ap, binds);
	prepare_statement(&r, sql, binds, ap);
	va_end(ap);
	(void)!sqlite_next(&r);
	if (r.err != ROLLCODE_OK)
		return r.err;
	if (rows >= 0 && sqlite3_changes(db) != rows)
		return sqlite_wrong(
		    db, error, "a row changed after it was read");
	return ROLLCODE_OK;
}

int64_t
sqlite_int(struct sqlite_rows *r, int64_t min, int64_t max)
{
	int column = r->column++;
	int64_t value = min;

	if (r->err != ROLLCODE_OK)
		return min;
	if (sqlite3_column_type(r->statement, column) != SQLITE_INTEGER)
		r->err = sqlite_wrong(
		    r->db, r->error, "a column of numbers has another type");
	else
		value = sqlite3_column_int64(r->statement, column);
	if (value >= min && value <= max)
		return value;
	r->err = sqlite_wrong(
	    r->db, r->error, "a column of numbers is out of range");
	return min;
}

void
sqlite_text(struct sqlite_rows *r, char *out, size_t size)
{
	int column = r->column++;
	const char *text = NULL;
	size_t len;

	*out = '\0';
	if (r->err != ROLLCODE_OK)
		return;
	if (sqlite3_column_type(r->statement, column) == SQLITE_TEXT)
		text = (const char *)sqlite3_column_text(r->statement, column);
	if (text == NULL) {
		r->err = sqlite_no_value(
		    r->db, r->error, "a column of text has another type");
		return;
	}
	len = (size_t)sqlite3_column_bytes(r->statement, column);
	if (len >= size || memchr(text, '\0', len) != NULL)
		r->err = sqlite_wrong(
		    r->db, r->error, "a column of text has an invalid value");
	else
		memcpy(out, text, len + 1);
}

size_t
sqlite_blob(struct sqlite_rows *r, uint8_t *out, size_t max)
{
	int column = r->column++;
	const void *blob = NULL;
	size_t len;

	if (r->err != ROLLCODE_OK)
		return 0;
	if (sqlite3_column_type(r->statement, column) == SQLITE_BLOB)
		blob = sqlite3_column_blob(r->statement, column);
	if (blob == NULL) {
		r->err = sqlite_no_value(
		    r->db, r->error, "a column of bytes has another type");
		return 0;
	}
	len = (size_t)sqlite3_column_bytes(r->statement, column);
	if (len > max) {
		r->err = sqlite_wrong(
		    r->db, r->error, "a column of bytes is too long");
		return 0;
	}
	memcpy(out, blob, len);
	return len;
}
