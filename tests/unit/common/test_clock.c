/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "tests/support/cases.h"

START_TEST(deadlines_are_by_a_clock_that_nobody_sets)
{
	struct timespec now;
	int64_t ms;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;

	ck_assert_int_ge(clock_ms(), ms);
	ck_assert_int_lt(clock_ms(), ms + 1000);
}
END_TEST

START_TEST(what_cannot_come_is_not_waited_for)
{
	int64_t start = clock_ms();

	ck_assert_int_eq(clock_wait(-1, POLLIN, start + 3000), 0);
	ck_assert_int_lt(clock_ms() - start, 1000);
}
END_TEST

static int ends[2];

static void
on_alarm(int number)
{
	static int alarms;

	(void)number;
	if (++alarms == 3)
		(void)!write(ends[1], "x", 1);
}

/* The third signal is what sends something. */
START_TEST(a_signal_does_not_end_a_wait)
{
	const struct itimerval often = {{0, 20000}, {0, 20000}};
	const struct sigaction act = {.sa_handler = on_alarm};

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(sigaction(SIGALRM, &act, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);

	ck_assert_int_eq(
	    clock_wait(ends[0], POLLIN, clock_ms() + 3000), POLLIN);
}
END_TEST

START_TEST(a_wait_ends_with_its_deadline)
{
	int64_t start = clock_ms();

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(clock_wait(ends[0], POLLIN, start + 50), 0);
	ck_assert_int_ge(clock_ms() - start, 50);
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	ck_assert_int_eq(clock_wait(ends[0], POLLIN, start), 0);
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("the clock", 0);

	tcase_add_test(tcase, deadlines_are_by_a_clock_that_nobody_sets);
	tcase_add_test(tcase, what_cannot_come_is_not_waited_for);
	tcase_add_test(tcase, a_signal_does_not_end_a_wait);
	tcase_add_test(tcase, a_wait_ends_with_its_deadline);
	return test_run_apart();
}
