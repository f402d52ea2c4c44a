/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>

#include "common/token/base64.h"

/* Bytes in four digits, 0 if they are none.  EVP_DecodeBlock takes any '='. */
static size_t
decode_group(const char four[4], uint8_t three[3])
{
	size_t n = 3;

	if (four[3] == '=')
		n = four[2] == '=' ? 1 : 2;
	if (four[0] == '=' || four[1] == '=' || (four[2] == '=' && n != 1) ||
	    EVP_DecodeBlock(three, (const unsigned char *)four, 4) != 3)
		return 0;
	return n;
}

bool
base64_decode(const char *text, uint8_t *out, size_t max, size_t *len)
{
	char four[4] = {0};
	uint8_t three[3] = {0};
	size_t digits = 0, got = 3, n = 0;
	bool good = false;

	for (; *text != '\0'; text++) {
		if (strchr(" \t\r\n", *text) != NULL)
			continue;
		if (got != 3)
			goto out;
		four[digits++] = *text;
		if (digits < sizeof(four))
			continue;
		digits = 0;
		got = decode_group(four, three);
		if (got == 0 || max - n < got)
			goto out;
		memcpy(out + n, three, got);
		n += got;
	}
	*len = n;
	good = digits == 0 && n > 0;
out:
	explicit_bzero(four, sizeof(four));
	explicit_bzero(three, sizeof(three));
	return good;
}
