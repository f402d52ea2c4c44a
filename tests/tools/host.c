/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host [OPTION...] DIRECTORY SERVICE USER - a program with a login in it.
 *
 * It is meant to be installed set-user-ID root and started by somebody else.
 * Each line of standard input is typed at one pam_authenticate, and for each a
 * line is printed: RESULT MILLISECONDS, and behind that what the login changed
 * in this process.  Ends with 0 once every line was answered.
 *
 *	-a		SIGALRM every millisecond, with a handler, without
 *			SA_RESTART
 *	-c FILE		opened in the place of each descriptor that -x closes
 *	-C WAY		SIGCHLD: ign, reap (a handler that collects any child)
 *			or nocldwait
 *	-d COUNT	so many descriptors are free, and no more
 *	-f WAY		authenticate in a child: fork or vfork
 *	-k		pam_setcred before and after; an error of it is printed
 *	-p		has a child of its own, that must be collected after it
 *	-q		what was changed is not looked for
 *	-r		takes in orphans
 *	-u		print who this is first: uids and gids
 *	-x FDS		these of 0, 1 and 2 are closed meanwhile
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "tests/support/results.h"
#include "tests/support/snapshot.h"

#define CHILD_MS 2000	   /* for a child that only ends */
#define ALARM_SECONDS 1000 /* one that is the host's own */
#define TYPED_BYTES 8192
#define STACK_BYTES (1 << 20)

static struct {
	const char *closed, *canary, *sigchld, *way;
	const char *directory, *service, *user;
	int alarm, free, setcred, child, quick, orphans, who;
} host = {.closed = "", .sigchld = "", .way = "", .free = -1};

static char typed[TYPED_BYTES];
static const char *line;
static int out = STDOUT_FILENO;
static volatile sig_atomic_t collected;
static struct snapshot before, after;
static pam_handle_t *pamh;

static int
answer(int count, const struct pam_message **messages,
    struct pam_response **replies, void *appdata)
{
	(void)appdata;
	*replies = calloc((size_t)count, sizeof(**replies));
	if (*replies == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			(*replies)[i].resp = strdup(line);
	return PAM_SUCCESS;
}

static void
tick(int number)
{
	(void)number;
}

static void
collect(int number)
{
	(void)number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		collected++;
}

static void
handle(int number, void (*handler)(int), int flags)
{
	const struct sigaction act = {.sa_handler = handler, .sa_flags = flags};

	if (sigaction(number, &act, NULL) != 0)
		err(1, "sigaction");
}

static void
take_descriptors(void)
{
	int fd = out, last = out;

	while ((fd = dup(out)) >= 0)
		last = fd;
	for (int i = 0; i < host.free; i++)
		close(last - i);
}

static void
become_odd(void)
{
	const struct itimerval storm = {{0, 1000}, {0, 1000}};

	if (strcmp(host.sigchld, "ign") == 0)
		handle(SIGCHLD, SIG_IGN, 0);
	else if (strcmp(host.sigchld, "reap") == 0)
		handle(SIGCHLD, collect, SA_RESTART);
	else if (strcmp(host.sigchld, "nocldwait") == 0)
		handle(SIGCHLD, SIG_DFL, SA_NOCLDWAIT);
	if (host.orphans && prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		err(1, "prctl");
	alarm(ALARM_SECONDS);
	if (host.alarm) {
		handle(SIGALRM, tick, 0);
		setitimer(ITIMER_REAL, &storm, NULL);
	}
	if (host.closed[0] != '\0')
		out = fcntl(out, F_DUPFD_CLOEXEC, 10);
	for (const char *fd = host.closed; *fd != '\0'; fd++)
		close(*fd - '0');
	for (const char *fd = host.closed; *fd != '\0'; fd++)
		if (host.canary != NULL &&
		    open(host.canary, O_RDWR | O_APPEND) < 0)
			err(1, "%s", host.canary);
	if (host.free >= 0)
		take_descriptors();
}

static int
attempt(void *unused)
{
	int result = PAM_SUCCESS;

	(void)unused;
	if (host.setcred)
		result = pam_setcred(pamh, PAM_ESTABLISH_CRED);
	if (result == PAM_SUCCESS)
		result = pam_authenticate(pamh, 0);
	if (result == PAM_SUCCESS && host.setcred)
		result = pam_setcred(pamh, PAM_ESTABLISH_CRED);
	return result;
}

/* In a child, whose end tells. */
static int
attempt_elsewhere(void)
{
	int status = 0;
	char *stack;
	pid_t pid;

	if (strcmp(host.way, "vfork") == 0) {
		if ((stack = malloc(STACK_BYTES)) == NULL)
			err(1, "no stack");
		pid = clone(attempt, stack + STACK_BYTES,
		    CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
		free(stack);
	} else if ((pid = fork()) == 0) {
		status = attempt(NULL);
		pam_end(pamh, status | (int)PAM_DATA_SILENT);
		_exit(status);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		err(1, "the child of its own");
	return WEXITSTATUS(status);
}

static int
login(void)
{
	const struct pam_conv conv = {answer, NULL};
	int result;

	result = pam_start_confdir(
	    host.service, host.user, &conv, host.directory, &pamh);
	if (result == PAM_SUCCESS)
		result =
		    host.way[0] != '\0' ? attempt_elsewhere() : attempt(NULL);
	if (pamh != NULL)
		pam_end(pamh, result);
	pamh = NULL;
	return result;
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A child that ended before the login, and one that ends meanwhile. */
static const char *
own_child(pid_t child)
{
	int reaped = strcmp(host.sigchld, "ign") == 0 ||
		     strcmp(host.sigchld, "nocldwait") == 0;

	if (strcmp(host.sigchld, "reap") == 0) {
		/* A login may be over sooner. */
		for (int ms = 0; collected == 0 && ms < CHILD_MS; ms++)
			usleep(1000);
		return collected == 1 ? NULL : "the host collected another";
	}
	if (reaped)
		return waitpid(-1, NULL, __WALL) < 0 ? NULL : "a child is left";
	return waitpid(-1, NULL, __WALL) == child &&
		       waitpid(-1, NULL, __WALL | WNOHANG) < 0
		   ? NULL
		   : "its own child was not the one to be collected";
}

static void
one_login(void)
{
	const char *changed = NULL;
	int64_t began;
	pid_t child = -1;
	int result;

	collected = 0;
	if (!host.quick)
		snapshot_take(&before);
	if (host.child && (child = fork()) == 0)
		_exit(7);
	began = now_ms();
	result = login();
	began = now_ms() - began;
	if (host.child)
		changed = own_child(child);
	if (changed == NULL && collected > host.child)
		changed = "it was told of a child that it has not";
	if (!host.quick)
		snapshot_take(&after);
	if (changed == NULL)
		changed = snapshot_differs(&before, &after);
	dprintf(out, "%s %d%s%s\n", result_name(result), (int)began,
	    changed != NULL ? " changed: " : "", changed ? changed : "");
}

static void
options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "ac:C:d:f:kpqrux:")) != -1) {
		switch (c) {
		case 'a':
			host.alarm = 1;
			break;
		case 'c':
			host.canary = optarg;
			break;
		case 'C':
			host.sigchld = optarg;
			break;
		case 'd':
			host.free = atoi(optarg);
			break;
		case 'f':
			host.way = optarg;
			break;
		case 'k':
			host.setcred = 1;
			break;
		case 'p':
			host.child = 1;
			break;
		case 'q':
			host.quick = 1;
			break;
		case 'r':
			host.orphans = 1;
			break;
		case 'u':
			host.who = 1;
			break;
		case 'x':
			host.closed = optarg;
			break;
		default:
			optind = argc;
		}
	}
	if (argc - optind != 3)
		errx(2, "usage: host [OPTION...] DIRECTORY SERVICE USER");
	host.directory = argv[optind];
	host.service = argv[optind + 1];
	host.user = argv[optind + 2];
}

int
main(int argc, char **argv)
{
	char *at = typed, *text;
	size_t len = 0;
	ssize_t n;

	options(argc, argv);
	if (host.who)
		printf("uid %u euid %u gid %u egid %u\n", getuid(), geteuid(),
		    getgid(), getegid());
	fflush(stdout);
	while ((n = read(0, typed + len, sizeof(typed) - 1 - len)) > 0)
		len += (size_t)n;
	openlog("itself", LOG_PID | LOG_NDELAY, LOG_LOCAL3);
	become_odd();
	while ((text = strsep(&at, "\n")) != NULL && at != NULL) {
		line = text;
		one_login();
	}
	syslog(LOG_INFO, "is what it was");
	return 0;
}
