/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain.h - text that others wrote, on its way to a terminal, a log or a shell.
 *
 * A label, a name, a file's name, a server's message: what it has of control
 * characters (C0, DEL, C1), of characters that turn the direction of writing
 * or begin a line, of bytes that are not UTF-8, and the backslash itself, is
 * written \xHH, byte by byte.  So it moves no cursor, makes no line of its own
 * and cannot be mistaken for something else.
 */
#ifndef ROLLCODE_BASE_PLAIN_H
#define ROLLCODE_BASE_PLAIN_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum plain {
	PLAIN_TEXT,	/* spaces stay: the field ends the line, or is quoted */
	PLAIN_WORD,	/* one word: every kind of space is escaped too */
	PLAIN_LOG,	/* as TEXT, and nothing but ASCII */
	PLAIN_LOG_WORD,	/* as WORD, and nothing but ASCII */
	PLAIN_COMMAND,	/* as LOG, with backslashes: made by plain_shell */
};

/* What a text of n bytes has room in, every one of them escaped. */
#define PLAIN_MAX(n)	(4 * (n) + 1)

/* Copy; what does not fit is cut.  NULL is "". */
void	plain_copy(const char *text, enum plain, char *out, size_t size);

/* Write to a stream. */
void	plain_put(FILE *, const char *text, enum plain);

/*
 * The columns of a terminal that it takes: two for a wide character, none for
 * one that is put on top of the one before.
 */
int	plain_width(const char *text, enum plain);

/* As plain_put, filled up with spaces to a width. */
void	plain_pad(FILE *, const char *text, enum plain, int width);

/*
 * One line of a format and its newline; what the arguments bring is escaped as
 * PLAIN_TEXT.  The format itself has nothing to escape.  It is cut after
 * PLAIN_LINE_MAX bytes.
 */
#define PLAIN_LINE_MAX	8192
void	plain_line(FILE *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/*
 * A text as one word of a shell's command, whatever is in it; it has nothing
 * that PLAIN_COMMAND would escape.  "" if it does not fit, for half a word is
 * another one.
 */
void	plain_shell(const char *text, char *out, size_t size);

/* Words up to NULL, each quoted so: a command, "" if it does not fit. */
void	plain_words(char *out, size_t size, va_list words);

#endif /* ROLLCODE_BASE_PLAIN_H */
