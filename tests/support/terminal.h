/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terminal.h - a child at a terminal of its own, and who types there.
 */
#ifndef ROLLCODE_TESTS_TERMINAL_H
#define ROLLCODE_TESTS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Run a function there; the child ends with what it returns. */
pid_t	terminal_run(int (*call)(void));

/* Read until the text is on the screen so many times, or milliseconds pass. */
bool	terminal_shows(const char *text, unsigned int times, int ms);

void	terminal_type(const char *text);
bool	terminal_echoes(void);

/* The status of the child, once it has ended; all that it showed is read. */
int	terminal_end(void);

extern char	terminal_screen[4096];	/* all that was shown */

#endif /* ROLLCODE_TESTS_TERMINAL_H */
