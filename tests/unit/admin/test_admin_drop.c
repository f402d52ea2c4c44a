/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_admin_drop.c - what is left to a command of root's that has become
 * somebody else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
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

#ifdef __x86_64__
#define X32_IOCTL (0x40000000L | 514)
#endif

/* Calls have other numbers there, if the kernel knows them at all. */
static bool
types_nothing_by_x32(int terminal)
{
#ifdef X32_IOCTL
	char letter = 'x';

	return errno_of((int)syscall(X32_IOCTL, terminal, TIOCSTI, &letter)) ==
	       EPERM;
#else
	(void)terminal;
	return true;
#endif
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
	       types_nothing_by_x32(terminal) &&
	       tcgetattr(terminal, &modes) == 0 &&
	       tcsetattr(terminal, TCSANOW, &modes) == 0 &&
	       ioctl(terminal, TIOCGWINSZ, &size) == 0;
}

/* Any account but root has a limit, and so has a store of root's. */
START_TEST(its_memory_is_bounded)
{
	struct config config = {.uid = geteuid(), .gid = getegid()};
	struct rlimit before, after;

	ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
	ck_assert_int_eq(admin_drop(&config, NULL), ROLLCODE_OK);
	ck_assert_int_eq(getrlimit(RLIMIT_AS, &after), 0);
	ck_assert(after.rlim_max <= before.rlim_max &&
		  after.rlim_max != RLIM_INFINITY);
}
END_TEST

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

	tcase_add_test(drop, its_memory_is_bounded);
	tcase_add_test(drop, it_types_nothing_at_the_terminal);
	return test_run();
}
