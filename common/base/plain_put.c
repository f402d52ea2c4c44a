/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain_put.c - what writes to a stream, and so is not for the module.
 */
#include <locale.h>
#include <stdarg.h>
#include <string.h>
#include <wchar.h>

#include "common/base/plain.h"
#include "common/base/utf8.h"

#define CHARACTER_MAX 4
#define PIECE_MAX PLAIN_MAX(CHARACTER_MAX)

/* The next character as it is shown; returns the bytes that it had. */
static size_t
show_next(const char *text, enum plain how, char piece[PIECE_MAX])
{
	char one[CHARACTER_MAX + 1];
	uint32_t point;
	size_t n = utf8_next(text, &point);

	if (n == 0)
		n = 1;
	memcpy(one, text, n);
	one[n] = '\0';
	plain_copy(one, how, piece, PIECE_MAX);
	return n;
}

void
plain_put(FILE *out, const char *text, enum plain how)
{
	char piece[PIECE_MAX];

	while (*text != '\0') {
		text += show_next(text, how, piece);
		fputs(piece, out);
	}
}

/* In the locale of this thread, which knows all of Unicode. */
static int
columns_of(const char *piece)
{
	uint32_t point;
	int columns;

	if (utf8_next(piece, &point) != strlen(piece))
		return (int)strlen(piece); /* escaped */
	columns = wcwidth((wchar_t)point);
	return columns >= 0 ? columns : 1;
}

int
plain_width(const char *text, enum plain how)
{
	static locale_t unicode;
	char piece[PIECE_MAX];
	int columns = 0;
	locale_t before;

	if (unicode == (locale_t)0)
		unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	before = uselocale(unicode);
	while (*text != '\0') {
		text += show_next(text, how, piece);
		columns += columns_of(piece);
	}
	uselocale(before);
	return columns;
}

void
plain_pad(FILE *out, const char *text, enum plain how, int width)
{
	int columns = plain_width(text, how);

	plain_put(out, text, how);
	fprintf(out, "%*s", columns < width ? width - columns : 0, "");
}

void
plain_line(FILE *out, const char *fmt, ...)
{
	char line[PLAIN_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(line, sizeof(line), fmt, ap) < 0)
		line[0] = '\0';
	va_end(ap);
	plain_put(out, line, PLAIN_TEXT);
	putc('\n', out);
}
