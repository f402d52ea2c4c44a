/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common/base/utf8.h"
#include "common/token/codec.h"
#include "store/name.h"

static bool
is_plain_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '@' || c == '+' ||
	       c == '-';
}

bool
store_name_encode(const char *user, char name[STORE_NAME_MAX + 1])
{
	const size_t size = STORE_NAME_MAX + 1;
	size_t n = 0;

	name[0] = '\0';
	for (const char *p = user; *p != '\0' && n < size; p++)
		n += (size_t)snprintf(name + n, size - n,
		    is_plain_char(*p) && !(p == user && *p == '-') ? "%c"
								   : "%%%02X",
		    (unsigned char)*p);
	return n > 0 && n < size;
}

bool
store_name_decode(const char *name, char user[ROLLCODE_USER_MAX + 1])
{
	char again[STORE_NAME_MAX + 1];
	const char *whole = name;
	uint8_t byte;
	char hex[3] = {0};
	size_t n = 0;

	for (; *name != '\0' && n < ROLLCODE_USER_MAX; n++) {
		if (*name != '%') {
			user[n] = *name++;
			continue;
		}
		if (name[1] == '\0' || name[2] == '\0')
			return false;
		memcpy(hex, name + 1, 2);
		if (!hex_decode(hex, &byte, 1) || byte == 0)
			return false;
		user[n] = (char)byte;
		name += 3;
	}
	user[n] = '\0';
	return *name == '\0' && utf8_printable(user) &&
	       store_name_encode(user, again) && strcmp(again, whole) == 0;
}
