/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hurry.h - calls that must not wait for what somebody else has sent.
 *
 * A message can carry descriptors, and whoever drops the last reference to one
 * closes it.  To close a TCP socket takes as long as its owner wished
 * (SO_LINGER), which can be for ever, but a signal ends that wait.
 */
#ifndef ROLLCODE_HURRY_H
#define ROLLCODE_HURRY_H

#include <signal.h>
#include <sys/time.h>

#define HURRY_US	50	/* between two signals */

static inline void
hurry_signal(int number)
{
	(void)number;
}

/*
 * From here on a signal comes again and again.  For a process that is ours and
 * uses SIGALRM for nothing else.
 */
static inline void
hurry_begin(void)
{
	const struct sigaction ignored = {.sa_handler = hurry_signal};
	const struct itimerval often = {{0, HURRY_US}, {0, HURRY_US}};

	if (sigaction(SIGALRM, &ignored, NULL) == 0)
		(void)!setitimer(ITIMER_REAL, &often, NULL);
}

static inline void
hurry_end(void)
{
	const struct itimerval never = {{0, 0}, {0, 0}};

	(void)!setitimer(ITIMER_REAL, &never, NULL);
}

#endif /* ROLLCODE_HURRY_H */
