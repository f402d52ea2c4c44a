/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <sys/time.h>

#include "hurry.h"

#define FIRST_US 50
#define LAST_US 500000

static volatile sig_atomic_t next_us; /* 0: no hurry */

static void
arm(int us)
{
	const struct itimerval once = {.it_value.tv_usec = us};

	(void)!setitimer(ITIMER_REAL, &once, NULL);
}

/*
 * One more, for this one may have come before the wait; later each time, so
 * that a slow machine does not do this alone.
 */
static void
again(int number)
{
	int e = errno;

	(void)number;
	if (next_us > 0 && next_us < LAST_US)
		next_us *= 2;
	if (next_us > 0)
		arm(next_us);
	errno = e;
}

void
hurry_begin(void)
{
	const struct sigaction action = {.sa_handler = again};

	if (sigaction(SIGALRM, &action, NULL) != 0)
		return;
	next_us = FIRST_US;
	arm(FIRST_US);
}

void
hurry_end(void)
{
	next_us = 0;
	arm(0);
}
