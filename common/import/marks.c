/* SPDX-License-Identifier: Apache-2.0 */
/*
 * marks.c - the mark with which a file of Windows says how it is encoded.
 */
#include "common/import/files.h"

#define UTF8_MARK "\xef\xbb\xbf"

static size_t
put_utf8(uint32_t point, char out[4])
{
	size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : 3;
	static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};

	if (point >= 0x10000)
		len = 4;
	for (size_t i = len; i-- > 0; point >>= 6)
		out[i] =
		    (char)(i > 0 ? 0x80 | (point & 0x3f) : first[len] | point);
	return len;
}

/* The unit of UTF-16 at that byte; 0 at the end, which is no surrogate. */
static uint32_t
unit_at(const struct cli_bytes *raw, size_t at, bool big)
{
	const uint8_t *bytes = (const uint8_t *)raw->text + at;

	if (at + 2 > raw->len)
		return 0;
	return (uint32_t)(big ? bytes[0] << 8 | bytes[1]
			      : bytes[1] << 8 | bytes[0]);
}

static enum rollcode_err
from_utf16(const struct cli_bytes *raw, bool big, struct cli_bytes *out,
    struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;
	char utf8[4];
	size_t len;

	for (size_t at = 2; at < raw->len && err == ROLLCODE_OK; at += 2) {
		uint32_t point = unit_at(raw, at, big), low;

		if (at + 1 == raw->len || (point & 0xfc00) == 0xdc00)
			point = UINT32_MAX;
		if ((point & 0xfc00) == 0xd800) {
			low = unit_at(raw, at += 2, big);
			point = (low & 0xfc00) == 0xdc00
				    ? 0x10000 + (point - 0xd800) * 0x400 +
					  (low - 0xdc00)
				    : UINT32_MAX;
		}
		if (point == UINT32_MAX)
			return error_set(error, ROLLCODE_ERR_INPUT,
			    "it begins as UTF-16 and is damaged at byte %zu; "
			    "save it as UTF-8",
			    at);
		len = put_utf8(point, utf8);
		err = cli_bytes_add(out, utf8, len, error);
	}
	return err;
}

enum rollcode_err
import_unmark(
    const struct cli_bytes *raw, struct cli_bytes *out, struct error *error)
{
	bool little = raw->len >= 2 && memcmp(raw->text, "\xff\xfe", 2) == 0;
	bool big = raw->len >= 2 && memcmp(raw->text, "\xfe\xff", 2) == 0;
	size_t mark =
	    raw->len >= 3 && memcmp(raw->text, UTF8_MARK, 3) == 0 ? 3 : 0;

	if (little || big)
		return from_utf16(raw, big, out, error);
	return cli_bytes_add(out, raw->text + mark, raw->len - mark, error);
}
