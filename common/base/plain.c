/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/base/plain.h"
#include "common/base/utf8.h"

#define PIECE_MAX (4 * 4 + 1) /* a character, every byte of it escaped */

/* Spaces that are none in ASCII, and those that cannot be seen. */
static bool
plain_space(uint32_t point)
{
	return point == ' ' || point == 0xa0 || point == 0x1680 ||
	       (point >= 0x2000 && point <= 0x200b) || point == 0x202f ||
	       point == 0x205f || point == 0x3000 || point == 0xfeff;
}

static bool
plain_stays(uint32_t point, enum plain how)
{
	bool ascii = how != PLAIN_TEXT && how != PLAIN_WORD;
	bool word = how == PLAIN_WORD || how == PLAIN_LOG_WORD;

	return !utf8_is_steering(point) && !(ascii && point >= 0x7f) &&
	       !(word && plain_space(point)) &&
	       (point != '\\' || how == PLAIN_COMMAND);
}

/* The next character as it is shown; returns its bytes, *n those it had. */
static size_t
escape_next(const char *text, enum plain how, char piece[PIECE_MAX], size_t *n)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t point;
	size_t len = 0;

	*n = utf8_next(text, &point);
	if (*n > 0 && plain_stays(point, how)) {
		memcpy(piece, text, *n);
		return *n;
	}
	if (*n == 0)
		*n = 1;
	for (size_t i = 0; i < *n; i++) {
		piece[len++] = '\\';
		piece[len++] = 'x';
		piece[len++] = digits[(unsigned char)text[i] >> 4];
		piece[len++] = digits[(unsigned char)text[i] & 15];
	}
	return len;
}

void
plain_copy(const char *text, enum plain how, char *out, size_t size)
{
	char piece[PIECE_MAX];
	size_t used = 0, len, n;

	for (; text != NULL && *text != '\0'; text += n) {
		len = escape_next(text, how, piece, &n);
		if (len >= size - used)
			break;
		memcpy(out + used, piece, len);
		used += len;
	}
	out[used] = '\0';
}

static bool
is_ascii(const char *text)
{
	while (*text >= ' ' && *text < 0x7f)
		text++;
	return *text == '\0';
}

static bool
is_bare(const char *text)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_@%+=:,./-";

	return text[0] != '\0' && text[strspn(text, bare)] == '\0';
}

/* In plain quotes; a quote itself stands between them, behind a backslash. */
static size_t
quote_text(const char *text, char *out, size_t size)
{
	size_t n = 0;

	for (out[n++] = '\''; *text != '\0'; text++) {
		if (n + 6 > size)
			return size;
		if (*text == '\'') {
			out[n++] = '\'';
			out[n++] = '\\';
			out[n++] = '\'';
		}
		out[n++] = *text;
	}
	out[n++] = '\'';
	return n;
}

/* $'...', where every byte can be written by its number in octal. */
static size_t
quote_bytes(const char *text, char *out, size_t size)
{
	size_t n = 0;

	out[n++] = '$';
	out[n++] = '\'';
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (n + 6 > size)
			return size;
		if (c >= ' ' && c < 0x7f && c != '\'' && c != '\\') {
			out[n++] = *text;
			continue;
		}
		out[n++] = '\\';
		out[n++] = (char)('0' + (c >> 6));
		out[n++] = (char)('0' + (c >> 3 & 7));
		out[n++] = (char)('0' + (c & 7));
	}
	out[n++] = '\'';
	return n;
}

void
plain_shell(const char *text, char *out, size_t size)
{
	size_t n = strlen(text);

	if (size < 8)
		n = size;
	else if (!is_ascii(text))
		n = quote_bytes(text, out, size);
	else if (!is_bare(text))
		n = quote_text(text, out, size);
	else if (n < size)
		memcpy(out, text, n);
	out[n < size ? n : 0] = '\0';
}

void
plain_words(char *out, size_t size, va_list words)
{
	size_t used = 0;
	const char *word;

	out[0] = '\0';
	while ((word = va_arg(words, const char *)) != NULL) {
		if (used > 0 && used + 1 < size)
			out[used++] = ' ';
		plain_shell(word, out + used, size - used);
		if (out[used] == '\0') {
			out[0] = '\0';
			return;
		}
		used += strlen(out + used);
	}
}
