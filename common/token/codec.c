/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/token/codec.h"

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* The value of a digit, in either case; -1 if it is none of these. */
static int
digit_value(const char *digits, char c)
{
	char upper = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
	const char *at = c == '\0' ? NULL : strchr(digits, upper);

	return at == NULL ? -1 : (int)(at - digits);
}

void
base32_encode(const uint8_t *bytes, size_t len, char *out)
{
	uint32_t bits = 0;
	unsigned int have = 0;

	for (size_t i = 0; i < len; i++) {
		bits = (bits << 8 | bytes[i]) & 0xfff;
		for (have += 8; have >= 5; have -= 5)
			*out++ = base32[bits >> (have - 5) & 31];
	}
	if (have > 0)
		*out++ = base32[bits << (5 - have) & 31];
	*out = '\0';
}

bool
base32_decode(const char *text, uint8_t *out, size_t max, size_t *len)
{
	uint32_t bits = 0;
	unsigned int have = 0;
	size_t n = 0;
	int digit;

	for (; *text != '\0' && *text != '='; text++) {
		if (*text == ' ' || *text == '-')
			continue;
		if ((digit = digit_value(base32, *text)) < 0)
			return false;
		bits = (bits << 5 | (uint32_t)digit) & 0xfff;
		if ((have += 5) < 8)
			continue;
		have -= 8;
		if (n == max)
			return false;
		out[n++] = (uint8_t)(bits >> have);
	}
	*len = n;
	return n > 0 && have < 5 && text[strspn(text, "= ")] == '\0';
}

bool
base64_decode(const char *text, uint8_t *out, size_t max, size_t *len)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t digits = 0, padding = 0, n = 0;
	uint32_t bits = 0;
	const char *at;

	for (; *text != '\0'; text++) {
		if (strchr(" \t\r\n", *text) != NULL)
			continue;
		if (*text == '=') {
			padding++;
			continue;
		}
		if (padding > 0 || (at = strchr(base64, *text)) == NULL)
			return false;
		bits = (bits << 6 | (uint32_t)(at - base64)) & 0xfff;
		if (digits++ % 4 == 0)
			continue;
		if (n == max)
			return false;
		out[n++] = (uint8_t)(bits >> (8 - digits % 4 * 2) % 8);
	}
	*len = n;
	return n > 0 && padding < 3 && (digits + padding) % 4 == 0;
}

bool
percent_decode(char *text)
{
	char *out = text, digits[3] = "";
	uint8_t byte;

	for (; *text != '\0'; text++) {
		byte = (uint8_t)*text;
		if (*text == '%') {
			memcpy(digits, text + 1, text[1] == '\0' ? 1 : 2);
			if (!hex_decode(digits, &byte, 1) || byte == 0)
				return false;
			text += 2;
		}
		*out++ = (char)byte;
	}
	*out = '\0';
	return true;
}

void
hex_encode(const uint8_t *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

bool
hex_decode(const char *text, uint8_t *out, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		int high = digit_value(digits, text[2 * i]), low;

		if (high < 0 ||
		    (low = digit_value(digits, text[2 * i + 1])) < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return text[2 * len] == '\0';
}
