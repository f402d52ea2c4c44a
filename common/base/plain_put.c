/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain_put.c - what writes to a stream, and so is not for the module.
 */
#include <stdarg.h>
#include <string.h>

#include "common/base/plain.h"
#include "common/base/utf8.h"

int
plain_put(FILE *out, const char *text, enum plain how)
{
	char one[5], piece[PLAIN_MAX(sizeof(one))];
	uint32_t point;
	int columns = 0;
	size_t n;

	for (; *text != '\0'; text += n) {
		if ((n = utf8_next(text, &point)) == 0)
			n = 1;
		memcpy(one, text, n);
		one[n] = '\0';
		columns += plain_copy(one, how, piece, sizeof(piece));
		fputs(piece, out);
	}
	return columns;
}

void
plain_pad(FILE *out, const char *text, enum plain how, int width)
{
	int columns = plain_put(out, text, how);

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
