/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/support/snapshot.h"

static void __attribute__((format(printf, 2, 3)))
snapshot_add(struct snapshot *s, const char *fmt, ...)
{
	size_t left = sizeof(s->text) - s->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(s->text + s->len, left, fmt, ap);
	va_end(ap);
	if (n > 0)
		s->len += (size_t)n < left ? (size_t)n : left - 1;
}

/* A file of /proc, without the lines that move by themselves. */
static void
snapshot_file(struct snapshot *s, const char *path)
{
	static const char *const moving[] = {"Vm", "Rss", "voluntary",
	    "nonvoluntary", "State", "HugetlbPages", "Cpus", "Mems", "SigPnd",
	    "ShdPnd", "SigQ", "Speculation", "FDSize"};
	char buf[8192], *at = buf, *line;
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t i;

	if (fd >= 0) {
		n = read(fd, buf, sizeof(buf) - 1);
		close(fd);
	}
	if (n < 0)
		return;
	buf[n] = '\0';
	while ((line = strsep(&at, "\n")) != NULL) {
		for (i = 0; i < sizeof(moving) / sizeof(moving[0]); i++)
			if (strncmp(line, moving[i], strlen(moving[i])) == 0)
				break;
		if (i == sizeof(moving) / sizeof(moving[0]))
			snapshot_add(s, "%s\n", line);
	}
}

static void
snapshot_fds(struct snapshot *s)
{
	char name[32], target[256];
	ssize_t n;

	for (int fd = 0; fd < 1024; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		n = readlink(name, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		snapshot_add(s, "fd %d %s flags %x %x\n", fd, target,
		    (unsigned int)fcntl(fd, F_GETFD),
		    (unsigned int)fcntl(fd, F_GETFL));
	}
}

static void
snapshot_signals(struct snapshot *s)
{
	struct sigaction act;
	struct itimerval timer;
	sigset_t mask;

	for (int number = 1; number < NSIG; number++)
		if (sigaction(number, NULL, &act) == 0)
			snapshot_add(s, "signal %d %p %x\n", number,
			    (void *)act.sa_handler, (unsigned int)act.sa_flags);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int number = 1; number < NSIG; number++)
		if (sigismember(&mask, number) == 1)
			snapshot_add(s, "blocked %d\n", number);
	for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
		getitimer((__itimer_which_t)which, &timer);
		snapshot_add(s, "timer %d every %ld us, %s\n", which,
		    (long)timer.it_interval.tv_usec,
		    timer.it_interval.tv_usec + timer.it_value.tv_sec > 0
			? "runs"
			: "stands");
	}
}

void
snapshot_take(struct snapshot *s)
{
	extern char **environ;
	char buf[4096];
	ssize_t n;

	s->len = 0;
	snapshot_fds(s);
	snapshot_signals(s);
	snapshot_file(s, "/proc/self/status");
	snapshot_file(s, "/proc/self/limits");
	snapshot_file(s, "/proc/thread-self/children");
	snapshot_file(s, "/proc/self/timers");
	n = readlink("/proc/self/cwd", buf, sizeof(buf));
	snapshot_add(s, "cwd %.*s\n", n < 0 ? 0 : (int)n, buf);
	snapshot_add(s, "locale %s\n", setlocale(LC_ALL, NULL));
	snapshot_add(s, "session %d group %d\n", getsid(0), getpgrp());
	snapshot_add(s, "dumpable %d slack %d death %s\n",
	    prctl(PR_GET_DUMPABLE), prctl(PR_GET_TIMERSLACK),
	    prctl(PR_GET_NAME, buf) == 0 ? buf : "");
	snapshot_add(s, "nice %d io %ld\n", getpriority(PRIO_PROCESS, 0),
	    syscall(SYS_ioprio_get, 1, 0));
	snapshot_add(s, "environ %p\n", (void *)environ);
	for (char **var = environ; *var != NULL; var++)
		snapshot_add(s, "%p %s\n", (void *)*var, *var);
}

const char *
snapshot_differs(struct snapshot *before, struct snapshot *after)
{
	static char text[1024];
	char *a = before->text, *b = after->text, *old, *now;

	while (a != NULL || b != NULL) {
		old = strsep(&a, "\n");
		now = strsep(&b, "\n");
		if (old != NULL && now != NULL && strcmp(old, now) == 0)
			continue;
		snprintf(text, sizeof(text), "\"%.400s\" became \"%.400s\"",
		    old != NULL ? old : "", now != NULL ? now : "");
		return text;
	}
	return NULL;
}
