/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <pty.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <check.h>

#include "common/base/clock.h"
#include "tests/support/terminal.h"

char terminal_screen[4096];

static int outside = -1;
static pid_t child;

pid_t
terminal_run(int (*call)(void))
{
	memset(terminal_screen, 0, sizeof(terminal_screen));
	child = forkpty(&outside, NULL, NULL, NULL);
	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(call());
	return child;
}

/* False at the end. */
static bool
read_more(int ms)
{
	struct pollfd fd = {.fd = outside, .events = POLLIN};
	size_t len = strlen(terminal_screen);
	ssize_t n;

	if (poll(&fd, 1, ms) <= 0)
		return true;
	n = read(
	    outside, terminal_screen + len, sizeof(terminal_screen) - 1 - len);
	return n > 0;
}

static unsigned int
count_of(const char *text)
{
	unsigned int count = 0;

	for (const char *at = terminal_screen; (at = strstr(at, text)) != NULL;
	     at++)
		count++;
	return count;
}

bool
terminal_shows(const char *text, unsigned int times, int ms)
{
	int64_t end = clock_ms() + ms;

	while (count_of(text) < times && clock_ms() < end)
		if (!read_more(20))
			break;
	return count_of(text) >= times;
}

void
terminal_type(const char *text)
{
	ck_assert_int_eq(
	    write(outside, text, strlen(text)), (ssize_t)strlen(text));
}

bool
terminal_echoes(void)
{
	struct termios now;

	ck_assert_int_eq(tcgetattr(outside, &now), 0);
	return (now.c_lflag & ECHO) != 0;
}

int
terminal_end(void)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	while (
	    read_more(0) &&
	    poll(&(struct pollfd){.fd = outside, .events = POLLIN}, 1, 0) > 0)
		continue;
	return status;
}
