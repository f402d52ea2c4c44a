/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8.h - text that came from somewhere else and goes to a terminal.
 */
#ifndef ROLLCODE_BASE_UTF8_H
#define ROLLCODE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The length in bytes of the character at text and its code point.  0 if the
 * bytes there are not UTF-8 as RFC 3629 defines it; at the end of the text
 * the code point is 0 and the length 1.
 */
size_t	utf8_next(const char *text, uint32_t *point);

/* True for C0, DEL and C1, which move cursors and start escapes. */
bool	utf8_is_control(uint32_t point);

/*
 * True for these, for the marks that turn the direction of writing (bidi), so
 * that a text looks like another one, and for Unicode's ends of lines.
 */
bool	utf8_is_steering(uint32_t point);

/* True if text is UTF-8 without any of them.  "" is. */
bool	utf8_printable(const char *text);

#endif /* ROLLCODE_BASE_UTF8_H */
