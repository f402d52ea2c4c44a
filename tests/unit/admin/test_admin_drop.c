/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_admin_drop.c - what is left to a command of root's that has become
 * somebody else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "pam_rollcode/admin/admin.h"
#include "tests/support/cases.h"

#define NOBODY 65534

static int
errno_of(int result)
{
	return result == 0 ? 0 : errno;
}

/* At a terminal of its own, as a command is at root's. */
static bool
types_nothing(int terminal)
{
	struct config config = {.uid = NOBODY, .gid = NOBODY};
	char letter = 'x', parts[2] = {2, 0};
	struct termios modes;
	struct winsize size;

	if (geteuid() != 0) {
		config.uid = geteuid();
		config.gid = getegid();
	}
	return setsid() >= 0 && ioctl(terminal, TIOCSCTTY, 0) == 0 &&
	       admin_drop(&config, NULL) == ROLLCODE_OK &&
	       errno_of(ioctl(terminal, TIOCSTI, &letter)) == EPERM &&
	       errno_of(ioctl(terminal, TIOCLINUX, parts)) == EPERM &&
	       tcgetattr(terminal, &modes) == 0 &&
	       tcsetattr(terminal, TCSANOW, &modes) == 0 &&
	       ioctl(terminal, TIOCGWINSZ, &size) == 0;
}

START_TEST(it_types_nothing_at_the_terminal)
{
	int controller = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int terminal, status;
	pid_t child;

	ck_assert_int_ge(controller, 0);
	ck_assert_int_eq(grantpt(controller), 0);
	ck_assert_int_eq(unlockpt(controller), 0);
	terminal = open(ptsname(controller), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(terminal, 0);
	if ((child = fork()) == 0)
		_exit(types_nothing(terminal) ? 0 : 1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	close(terminal);
	close(controller);
}
END_TEST

int
main(void)
{
	TCase *drop = test_case("drop", 0);

	tcase_add_test(drop, it_types_nothing_at_the_terminal);
	return test_run();
}
