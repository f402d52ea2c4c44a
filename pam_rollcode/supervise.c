/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervise.c - keep one serving process, and replace it.
 *
 *  1. This process reads no request and opens no store.
 *  2. The one that serves is the account for good; it is not told apart from
 *     one that crashed, so that nothing is lost however it ends.
 *  3. A new env file is used whole or not at all: one with a mistake leaves
 *     the service as it was.
 *  4. When this process ends, however it ends, so does the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "fd.h"
#include "limits.h"
#include "listener.h"
#include "protocol.h"
#include "serve.h"
#include "supervise.h"

#define FILES_MAX 1024 /* descriptors of the serving process */
#define AGAIN_MS 1000  /* between two starts, if it dies */
#define STOP_SECONDS (PROTOCOL_SECONDS + 2)

struct supervisor {
	const char *conf;
	struct listener listener;
	sigset_t signals;
	pid_t serving; /* 0 while there is none */
	int life;      /* its end, when closed, is its end */
	int64_t started;
};

void
given_read(struct given *given)
{
	const char *path = getenv("NOTIFY_SOCKET");

	memset(given, 0, sizeof(*given));
	given->listener = listener_given();
	if (path != NULL && strlen(path) < sizeof(given->notify))
		memcpy(given->notify, path, strlen(path));
}

/* systemd waits for this; it is no error if nobody does. */
static void
notify(const struct given *given, const char *state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(given->notify);
	int fd;

	if (len == 0 || (given->notify[0] != '/' && given->notify[0] != '@'))
		return;
	memcpy(address.sun_path, given->notify, len);
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (const struct sockaddr *)&address,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

static void
tell(int priority, const char *text)
{
	syslog(priority, "%s", text);
	fprintf(stderr, "rollcode-verify: %s\n", text);
}

static void
set_limits(void)
{
	static const int endless[] = {RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA,
	    RLIMIT_AS, RLIMIT_NPROC, RLIMIT_MEMLOCK, RLIMIT_LOCKS};

	limit_set(RLIMIT_NOFILE, FILES_MAX);
	for (size_t i = 0; i < sizeof(endless) / sizeof(endless[0]); i++)
		limit_set(endless[i], RLIM_INFINITY);
}

/*
 * The env file, and what of it only root can find out.  Callers that cannot be
 * looked up are left out only where nobody is served otherwise.
 */
static enum rollcode_err
load(const struct supervisor *s, struct config *config, struct callers *callers,
    struct error *error)
{
	struct error missing = {0};
	enum rollcode_err err;

	if ((err = config_load(s->conf, true, config, error)) != ROLLCODE_OK)
		return err;
	config->pools = true;
	if (config->uid == 0)
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "%s: ACCOUNT is root, which is for trying things out, "
		    "without the service; leave that line out, and give the "
		    "store to the account " ROLLCODE_ACCOUNT,
		    s->conf);
	err = callers_find(config, callers, &missing, error);
	if (missing.text[0] != '\0')
		tell(LOG_WARNING, missing.text);
	if (err != ROLLCODE_ERR_UNAVAIL || s->serving != 0)
		return err;
	tell(LOG_WARNING, error->text);
	return ROLLCODE_OK;
}

static _Noreturn void
serving_main(struct supervisor *s, int life, const struct config *config,
    const struct callers *callers)
{
	struct error error = {0};
	enum rollcode_err err;

	sigprocmask(SIG_UNBLOCK, &s->signals, NULL);
	/* What a terminal sends is for the other one. */
	(void)!setsid();
	if (s->life >= 0)
		close(s->life);
	if (s->listener.lock >= 0)
		close(s->listener.lock);
	err = config_drop(config, &error);
	if (err == ROLLCODE_OK)
		err = serve(s->listener.fd, life, config, callers);
	if (err != ROLLCODE_OK)
		tell(LOG_ERR, error.text[0] != '\0' ? error.text
						    : rollcode_strerror(err));
	_exit(err == ROLLCODE_OK ? 0 : 1);
}

/* Start a serving process; the one before, if any, ends what it has begun. */
static enum rollcode_err
start(struct supervisor *s, struct error *error)
{
	WIPED(config_wipe) struct config config = {0};
	struct callers callers = {0};
	enum rollcode_err err;
	int life[2];
	pid_t pid;

	if ((err = load(s, &config, &callers, error)) != ROLLCODE_OK)
		return err;
	if (pipe2(life, O_CLOEXEC) != 0)
		return error_set(error, error_from_errno(errno),
		    "no pipe for a serving process: %s", strerror(errno));
	if ((pid = fork()) == 0) {
		close(life[1]);
		serving_main(s, life[0], &config, &callers);
	}
	close(life[0]);
	if (pid < 0) {
		close(life[1]);
		return error_set(error, error_from_errno(errno),
		    "no serving process: %s", strerror(errno));
	}
	if (s->life >= 0)
		close(s->life);
	s->serving = pid;
	s->life = life[1];
	s->started = clock_ms();
	syslog(LOG_NOTICE,
	    "serving %s as the account %s, %zu callers may ask about others",
	    ROLLCODE_SOCKET, config.account, callers.count);
	return ROLLCODE_OK;
}

/* Collect who ended, and note it if that was the one that serves. */
static void
reap(struct supervisor *s)
{
	int status = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != s->serving)
			continue;
		s->serving = 0;
		if (WIFSIGNALED(status))
			syslog(LOG_ERR,
			    "the serving process was ended by signal %d; "
			    "another is started",
			    WTERMSIG(status));
		else
			syslog(LOG_ERR,
			    "the serving process ended with status %d; "
			    "another is started",
			    WEXITSTATUS(status));
	}
}

static void
start_or_tell(struct supervisor *s, const char *otherwise)
{
	struct error error = {0};

	if (start(s, &error) == ROLLCODE_OK)
		return;
	tell(LOG_ERR, error.text);
	syslog(LOG_ERR, "%s", otherwise);
	s->started = clock_ms();
}

/* Wait for a signal; if nobody serves, only until the next start. */
static int
next_signal(const struct supervisor *s)
{
	int64_t left = s->started + AGAIN_MS - clock_ms();
	struct timespec limit;

	if (s->serving != 0)
		return sigwaitinfo(&s->signals, NULL);
	if (left <= 0)
		return -1;
	limit = (struct timespec){left / 1000, left % 1000 * 1000000L};
	return sigtimedwait(&s->signals, NULL, &limit);
}

static void
watch(struct supervisor *s)
{
	for (;;) {
		switch (next_signal(s)) {
		case SIGTERM:
		case SIGINT:
			return;
		case SIGHUP:
			start_or_tell(s, "the service goes on as it was");
			break;
		case SIGCHLD:
			reap(s);
			break;
		default:
			break;
		}
		if (s->serving == 0 && clock_ms() - s->started >= AGAIN_MS)
			start_or_tell(s, "nobody is served; another try in a "
					 "second");
	}
}

/*
 * Those that serve end by themselves; the last one is ended if it does not.
 * Meanwhile nobody waits for them who is not connected.
 */
static void
stop(struct supervisor *s)
{
	const struct timespec second = {.tv_sec = 1};
	int64_t deadline = clock_ms() + STOP_SECONDS * 1000L;
	sigset_t child;
	pid_t pid;

	listener_close(&s->listener, ROLLCODE_SOCKET);
	if (s->life >= 0)
		close(s->life);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (
	    (pid = waitpid(-1, NULL, WNOHANG)) >= 0 && clock_ms() < deadline) {
		if (pid == s->serving)
			s->serving = 0;
		if (pid == 0)
			(void)!sigtimedwait(&child, NULL, &second);
	}
	if (pid == 0 && s->serving != 0)
		kill(s->serving, SIGKILL);
	syslog(LOG_NOTICE, "stopped");
}

int
supervise(const char *conf, const struct given *given)
{
	struct supervisor s = {.conf = conf, .life = -1};
	struct error error = {0};

	fd_close_from(
	    given->listener >= 0 ? given->listener + 1 : STDERR_FILENO + 1);
	openlog(CREW_LOG_NAME, LOG_PID, LOG_AUTHPRIV);
	set_limits();
	/* Standard error may be a pipe that nobody reads any more. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&s.signals);
	sigaddset(&s.signals, SIGHUP);
	sigaddset(&s.signals, SIGTERM);
	sigaddset(&s.signals, SIGINT);
	sigaddset(&s.signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &s.signals, NULL);
	if (geteuid() != 0) {
		tell(LOG_ERR, "only root can start the service");
		return 1;
	}
	if (listener_open(&s.listener, given->listener, ROLLCODE_SOCKET,
		&error) != ROLLCODE_OK) {
		tell(LOG_ERR, error.text);
		return 1;
	}
	if (start(&s, &error) != ROLLCODE_OK) {
		tell(LOG_ERR, error.text);
		listener_close(&s.listener, ROLLCODE_SOCKET);
		return 1;
	}
	notify(given, "READY=1");
	watch(&s);
	notify(given, "STOPPING=1");
	stop(&s);
	return 0;
}
