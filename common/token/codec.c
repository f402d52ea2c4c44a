/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/token/codec.h"

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

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

static bool
base32_digit(char c, uint32_t *value)
{
	if (c >= 'a' && c <= 'z')
		*value = (uint32_t)(c - 'a');
	else if (c >= 'A' && c <= 'Z')
		*value = (uint32_t)(c - 'A');
	else if (c >= '2' && c <= '7')
		*value = (uint32_t)(c - '2') + 26;
	else
		return false;
	return true;
}

bool
base32_decode(const char *text, uint8_t *out, size_t max, size_t *len)
{
	uint32_t bits = 0, digit;
	unsigned int have = 0;
	size_t n = 0;

	for (; *text != '\0' && *text != '='; text++) {
		if (*text == ' ' || *text == '-')
			continue;
		if (!base32_digit(*text, &digit))
			return false;
		bits = (bits << 5 | digit) & 0xfff;
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

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
hex_decode(const char *text, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int high = hex_digit(text[2 * i]), low;

		if (high < 0 || (low = hex_digit(text[2 * i + 1])) < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return text[2 * len] == '\0';
}
