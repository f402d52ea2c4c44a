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

static enum rollcode_err
prepare_statement(sqlite3 *db, sqlite3_stmt **statement, struct error *error,
    const char *sql, const char *binds, va_list ap)
{
	int rc = SQLITE_OK;

	if ((*statement = find_compiled(db, sql)) == NULL)
		rc = sqlite3_prepare_v2(db, sql, -1, statement, NULL);
	if (rc == SQLITE_OK)
		rc = bind_values(*statement, binds, ap);
	return rc == SQLITE_OK ? ROLLCODE_OK : sqlite_fail(db, rc, error);
}

enum rollcode_err
sqlite_query(sqlite3 *db, sqlite3_stmt **statement, struct error *error,
    const char *sql, const char *binds, ...)
{
	enum rollcode_err err;
	va_list ap;

	*statement = NULL;
	va_start(ap, binds);
	err = prepare_statement(db, statement, error, sql, binds, ap);
	va_end(ap);
	return err;
}

void
sqlite_done(sqlite3_stmt *statement)
{
	if (statement == NULL)
		return;
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

void
sqlite_forget_statements(sqlite3 *db)
{
	sqlite3_stmt *s;

	while (db != NULL && (s = sqlite3_next_stmt(db, NULL)) != NULL)
		sqlite3_finalize(s);
}

enum rollcode_err
sqlite_step(
    sqlite3 *db, sqlite3_stmt *statement, bool *row, struct error *error)
{
	int rc = sqlite3_step(statement);

	*row = rc == SQLITE_ROW;
	return rc == SQLITE_ROW || rc == SQLITE_DONE
		   ? ROLLCODE_OK
		   : sqlite_fail(db, rc, error);
}

enum rollcode_err
sqlite_change(sqlite3 *db, struct error *error, int rows, const char *sql,
    const char *binds, ...)
{
	WIPED(sqlite_donep) sqlite3_stmt *statement = NULL;
	enum rollcode_err err;
	va_list ap;
	bool row;

	va_start(ap, binds);
	err = prepare_statement(db, &statement, error, sql, binds, ap);
	va_end(ap);
	if (err != ROLLCODE_OK ||
	    (err = sqlite_step(db, statement, &row, error)) != ROLLCODE_OK)
		return err;
	if (rows >= 0 && sqlite3_changes(db) != rows)
		return sqlite_wrong(
		    db, error, "a row changed after it was read");
	return ROLLCODE_OK;
}

static sqlite3 *
database_of(sqlite3_stmt *statement)
{
	return sqlite3_db_handle(statement);
}

enum rollcode_err
sqlite_text(sqlite3_stmt *statement, int column, char *out, size_t size,
    struct error *error)
{
	const char *text;
	size_t len;

	*out = '\0';
	if (sqlite3_column_type(statement, column) != SQLITE_TEXT ||
	    (text = (const char *)sqlite3_column_text(statement, column)) ==
		NULL)
		return sqlite_no_value(database_of(statement), error,
		    "a column of text has another type");
	len = (size_t)sqlite3_column_bytes(statement, column);
	if (len >= size || memchr(text, '\0', len) != NULL)
		return sqlite_wrong(database_of(statement), error,
		    "a column of text has an invalid value");
	memcpy(out, text, len);
	out[len] = '\0';
	return ROLLCODE_OK;
}

enum rollcode_err
sqlite_blob(sqlite3_stmt *statement, int column, uint8_t *out, size_t max,
    size_t *len, struct error *error)
{
	const void *blob;

	*len = 0;
	if (sqlite3_column_type(statement, column) != SQLITE_BLOB ||
	    (blob = sqlite3_column_blob(statement, column)) == NULL)
		return sqlite_no_value(database_of(statement), error,
		    "a column of bytes has another type");
	*len = (size_t)sqlite3_column_bytes(statement, column);
	if (*len > max) {
		*len = 0;
		return sqlite_wrong(database_of(statement), error,
		    "a column of bytes is too long");
	}
	memcpy(out, blob, *len);
	return ROLLCODE_OK;
}

enum rollcode_err
sqlite_int(sqlite3_stmt *statement, int column, int64_t min, int64_t max,
    int64_t *out, struct error *error)
{
	*out = min;
	if (sqlite3_column_type(statement, column) != SQLITE_INTEGER)
		return sqlite_wrong(database_of(statement), error,
		    "a column of numbers has another type");
	*out = sqlite3_column_int64(statement, column);
	if (*out < min || *out > max) {
		*out = min;
		return sqlite_wrong(database_of(statement), error,
		    "a column of numbers is out of range");
	}
	return ROLLCODE_OK;
}

struct sqlite_rows
sqlite_select(
    sqlite3 *db, struct error *error, const char *sql, const char *binds, ...)
{
	struct sqlite_rows r = {.db = db, .error = error};
	va_list ap;

	va_start(ap, binds);
	r.err = prepare_statement(db, &r.statement, error, sql, binds, ap);
	va_end(ap);
	return r;
}

void
sqlite_rows_done(struct sqlite_rows *r)
{
	sqlite_done(r->statement);
}

bool
sqlite_next(struct sqlite_rows *r)
{
	bool row = false;

	r->column = 0;
	if (r->err == ROLLCODE_OK)
		r->err = sqlite_step(r->db, r->statement, &row, r->error);
	return row;
}

int64_t
sqlite_read_int(struct sqlite_rows *r, int64_t min, int64_t max)
{
	int64_t value = min;

	if (r->err == ROLLCODE_OK)
		r->err = sqlite_int(
		    r->statement, r->column++, min, max, &value, r->error);
	return value;
}

void
sqlite_read_text(struct sqlite_rows *r, char *out, size_t size)
{
	*out = '\0';
	if (r->err == ROLLCODE_OK)
		r->err =
		    sqlite_text(r->statement, r->column++, out, size, r->error);
}

size_t
sqlite_read_blob(struct sqlite_rows *r, uint8_t *out, size_t max)
{
	size_t len = 0;

	if (r->err == ROLLCODE_OK)
		r->err = sqlite_blob(
		    r->statement, r->column++, out, max, &len, r->error);
	return len;
}
