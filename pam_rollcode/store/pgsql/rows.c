/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.c - nothing that a server returns is believed: every number
 * has its range, every text its size.
 */
#include <libpq-fe.h>

#include "common/base/env.h"
#include "common/token/codec.h"
#include "store/pgsql/link.h"

static int
rows_end(const struct rows *r)
{
	return r->part ? r->end : PQntuples(r->result);
}

int
rows_count(const struct rows *r)
{
	return rows_end(r) - r->first;
}

void
rows_free(struct rows *r)
{
	PQclear(r->result);
}

bool
rows_next(struct rows *r)
{
	r->column = r->part ? 1 : 0;
	if (r->row == rows_end(r))
		return false;
	r->row++;
	return true;
}

/* The first whose number is that, or higher. */
static int
first_row(const struct rows *r, int64_t number)
{
	int low = 0, high = PQntuples(r->result);

	while (low < high) {
		int middle = low + (high - low) / 2;
		int64_t here = INT64_MAX;

		if (!keyword_number(PQgetvalue(r->result, middle, 0), 0,
			INT64_MAX - 1, &here) ||
		    here >= number)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

void
rows_part(const struct rows *all, int64_t number, struct rows *part)
{
	*part = (struct rows){.result = all->result, .part = true};
	part->row = part->first = first_row(all, number);
	part->end = first_row(all, number + 1);
}

/* The next field, "" and bad if it is NULL or there is none. */
static const char *
next_field(struct rows *r)
{
	int row = r->row - 1, column = r->column++;

	r->bad |= row < 0 || column >= PQnfields(r->result) ||
		  PQgetisnull(r->result, row, column);
	return r->bad ? "" : PQgetvalue(r->result, row, column);
}

int64_t
rows_int(struct rows *r, int64_t min, int64_t max)
{
	int64_t value = min;

	r->bad |= !keyword_number(next_field(r), min, max, &value);
	return r->bad ? min : value;
}

void
rows_text(struct rows *r, char *out, size_t size)
{
	const char *text = next_field(r);
	size_t len = strlen(text);

	out[0] = '\0';
	if (len < size)
		memcpy(out, text, len + 1);
	else
		r->bad = true;
}

bool
rows_bool(struct rows *r)
{
	const char *text = next_field(r);

	r->bad |= strcmp(text, "t") != 0 && strcmp(text, "f") != 0;
	return text[0] == 't' && !r->bad;
}

size_t
rows_bytes(struct rows *r, uint8_t *out, size_t max)
{
	const char *text = next_field(r);
	bool hex = strncmp(text, "\\x", 2) == 0;
	size_t digits = hex ? strlen(text + 2) : 0;

	r->bad |= !hex || digits % 2 != 0 || digits / 2 > max ||
		  (digits > 0 && !hex_decode(text + 2, out, digits / 2));
	return r->bad ? 0 : digits / 2;
}

void
rows_string(struct rows *r, char *out, size_t size)
{
	size_t len = rows_bytes(r, (uint8_t *)out, size - 1);

	out[len] = '\0';
	if (strlen(out) != len) {
		r->bad = true;
		out[0] = '\0';
	}
}
