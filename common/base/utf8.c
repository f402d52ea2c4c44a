/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/utf8.h"

/* What a first byte says: its mask, its value, the least code point. */
static const struct lead {
	uint8_t mask, value;
	uint32_t least;
} leads[] = {
    {0x80, 0x00, 0},
    {0xe0, 0xc0, 0x80},
    {0xf0, 0xe0, 0x800},
    {0xf8, 0xf0, 0x10000},
};

size_t
utf8_next(const char *text, uint32_t *point)
{
	const uint8_t *bytes = (const uint8_t *)text;
	size_t extra = 0;

	while (
	    extra < 4 && (bytes[0] & leads[extra].mask) != leads[extra].value)
		extra++;
	if (extra == 4)
		return 0;
	*point = bytes[0] & (uint8_t)~leads[extra].mask;
	for (size_t i = 1; i <= extra; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (bytes[i] & 0x3f);
	}
	if (*point < leads[extra].least || *point > 0x10ffff ||
	    (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return extra + 1;
}

bool
utf8_is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f);
}

bool
utf8_is_steering(uint32_t point)
{
	return utf8_is_control(point) || point == 0x061c || point == 0x200e ||
	       point == 0x200f || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2066 && point <= 0x2069);
}

bool
utf8_printable(const char *text)
{
	uint32_t point;
	size_t n;

	for (; *text != '\0'; text += n)
		if ((n = utf8_next(text, &point)) == 0 ||
		    utf8_is_steering(point))
			return false;
	return true;
}
