/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.c - nothing that a server returns is believed: every number
 * has its range, every text its size.
 */
#include <libpq-fe.h>

#include "common/base/env.h"
#include "common/token/codec.h"
#include "store/pgsql/link.h"

/* The PGresult itself; it has no fields of ours. */
static const PGresult *
pgresult_of(const struct rows *rows)
{
	return (const PGresult *)rows;
}

int
rows_count(const struct rows *rows)
{
	return rows == NULL ? 0 : PQntuples(pgresult_of(rows));
}

void
rows_free(struct rows *rows)
{
	PQclear((PGresult *)rows);
}

static const char *
field_value(const struct rows *rows, int row, int column)
{
	if (row >= rows_count(rows) || column >= PQnfields(pgresult_of(rows)) ||
	    PQgetisnull(pgresult_of(rows), row, column))
		return NULL;
	return PQgetvalue(pgresult_of(rows), row, column);
}

bool
rows_null(const struct rows *rows, int row, int column)
{
	return field_value(rows, row, column) == NULL;
}

bool
rows_int(const struct rows *rows, int row, int column, int64_t min, int64_t max,
    int64_t *out)
{
	const char *text = field_value(rows, row, column);

	*out = 0;
	return text != NULL && keyword_number(text, min, max, out);
}

bool
rows_text(const struct rows *rows, int row, int column, char *out, size_t size)
{
	const char *text = field_value(rows, row, column);
	size_t len = text == NULL ? size : strlen(text);

	out[0] = '\0';
	if (len >= size)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

bool
rows_bool(const struct rows *rows, int row, int column, bool *out)
{
	const char *text = field_value(rows, row, column);

	*out = text != NULL && strcmp(text, "t") == 0;
	return *out || (text != NULL && strcmp(text, "f") == 0);
}

bool
rows_bytes(const struct rows *rows, int row, int column, uint8_t *out,
    size_t max, size_t *len)
{
	const char *text = field_value(rows, row, column);
	size_t digits;

	*len = 0;
	if (text == NULL || strncmp(text, "\\x", 2) != 0)
		return false;
	digits = strlen(text + 2);
	if (digits % 2 != 0 || digits / 2 > max)
		return false;
	if (digits > 0 && !hex_decode(text + 2, out, digits / 2))
		return false;
	*len = digits / 2;
	return true;
}
