/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number.c - a number of a key container, in each way that makers write it.
 *
 * A counter that is read too low makes used codes good again, so that a text
 * which may be two numbers is none.
 */
#include <errno.h>
#include <stdlib.h>

#include "admin/import/pskc.h"
#include "common/token/codec.h"

#define NUMBER_MAX 64 /* digits, zeros before them too */
#define DIGITS "0123456789"
#define SPACE " \t\r\n"

/*
 * Nobody writes zeros before a decimal number, but in hexadecimal 4 or 8 bytes
 * have as many digits, and may have no letter.
 */
static bool
may_be_hex(const char *text, size_t digits, uint64_t number)
{
	return *text == '0' && (digits == 8 || digits == 16) && number > 9;
}

/* Decimal digits and nothing else. */
static bool
decimal_number(const char *text, size_t digits, uint64_t *number)
{
	errno = 0;
	*number = strtoull(text, NULL, 10);
	return digits <= NUMBER_MAX && errno == 0 &&
	       !may_be_hex(text, digits, *number);
}

bool
number_of_text(const char *text, uint64_t *number)
{
	WIPED(secret_wipe) struct secret bytes = {0};
	size_t digits;

	text += strspn(text, SPACE);
	digits = strspn(text, DIGITS);
	if (digits > 0 && text[digits + strspn(text + digits, SPACE)] == '\0')
		return decimal_number(text, digits, number);
	/* 4 and 8 bytes end in =, so that this is no other text. */
	return strchr(text, '=') != NULL &&
	       base64_decode(
		   text, bytes.bytes, sizeof(bytes.bytes), &bytes.len) &&
	       (bytes.len == 4 || bytes.len == 8) &&
	       number_of_bytes(&bytes, number);
}

bool
number_of_bytes(const struct secret *bytes, uint64_t *number)
{
	char text[NUMBER_MAX + 1] = "";
	bool binary = bytes->len == 4 || bytes->len == 8;

	if (bytes->len == 0 || bytes->len > NUMBER_MAX)
		return false;
	memcpy(text, bytes->bytes, bytes->len);
	if (strspn(text, DIGITS) == bytes->len)
		return !binary && decimal_number(text, bytes->len, number);
	*number = 0;
	for (size_t i = 0; i < bytes->len; i++)
		*number = *number << 8 | bytes->bytes[i];
	return binary;
}
