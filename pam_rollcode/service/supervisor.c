/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor.c - keep a serving process for each socket, and replace it.
 *
 *  1. This process reads no request and opens no store.
 *  2. However a serving process ends, another is started.
 *  3. A process serves by one env file, whole; one with a mistake, or with no
 *     room for two more processes, leaves the service as it was.
 *  4. When this process ends, however it ends, so do the others.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "service/workers.h"
#include "service/server.h"
#include "service/supervisor.h"
#include "system/fd.h"
#include "system/limits.h"

#define FILES_MAX 2048 /* descriptors of the serving process */
#define AGAIN_MS 1000  /* between two starts, if it dies */

struct supervisor {
	const char *conf;
	sigset_t signals;
	struct server servers[SOCKETS];
	struct callers callers; /* as looked up last */
	struct error said;	/* why it could not start one, or "" */
};

void
environment_read(struct environment *environment)
{
	const char *path = getenv("NOTIFY_SOCKET");

	memset(environment, 0, sizeof(*environment));
	listener_handed_over(&environment->sockets);
	if (path != NULL && strlen(path) < sizeof(environment->notify))
		memcpy(environment->notify, path, strlen(path));
}

/* systemd waits for this; it is no error if nobody does. */
static void
notify_systemd(const struct environment *environment, const char *state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(environment->notify);
	int fd;

	if (len == 0 ||
	    (environment->notify[0] != '/' && environment->notify[0] != '@'))
		return;
	memcpy(address.sun_path, environment->notify, len);
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
set_limits(void)
{
	static const int endless[] = {RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA,
	    RLIMIT_AS, RLIMIT_NPROC, RLIMIT_MEMLOCK, RLIMIT_LOCKS};

	limit_set(RLIMIT_NOFILE, FILES_MAX);
	for (size_t i = 0; i < sizeof(endless) / sizeof(endless[0]); i++)
		limit_set(endless[i], RLIM_INFINITY);
}

static bool
nobody_serves(const struct supervisor *s)
{
	for (int i = 0; i < SOCKETS; i++)
		if (s->servers[i].serving != 0)
			return false;
	return true;
}

static enum rollcode_err
load_config(
    const struct supervisor *s, struct config *config, struct error *error)
{
	enum rollcode_err err;

	if ((err = config_load(s->conf, true, config, error)) != ROLLCODE_OK)
		return err;
	config->pools = true;
	if (config->uid == 0)
		return error_at(error, ROLLCODE_ERR_CONFIG, s->conf,
		    "ACCOUNT is root, which is only for tests without the "
		    "service; remove that line, and give the store to the "
		    "account " ROLLCODE_ACCOUNT);
	return ROLLCODE_OK;
}

/*
 * Callers that cannot be looked up are left out only where nobody is served
 * otherwise.
 */
static enum rollcode_err
look_up(const struct supervisor *s, const struct config *config,
    struct callers *callers, struct error *error)
{
	struct error missing = {0};
	enum rollcode_err err;

	err = callers_find(config, callers, &missing, error);
	if (missing.text[0] != '\0')
		server_tell(LOG_WARNING, ROLLCODE_ERR_CONFIG, &missing);
	if (err != ROLLCODE_ERR_UNAVAIL || !nobody_serves(s))
		return err;
	server_tell(LOG_WARNING, err, error);
	return ROLLCODE_OK;
}

/*
 * Start a serving process for every socket; or for those without one, which
 * must not wait for a directory of accounts.
 */
static enum rollcode_err
start_servers(struct supervisor *s, bool all, struct error *error)
{
	WIPED(config_wipe) struct config config = {0};
	struct callers callers = s->callers;
	const struct server_setup setup = {
	    &config, &callers, &s->signals, s->servers};
	enum rollcode_err err, one;

	err = load_config(s, &config, error);
	if (err == ROLLCODE_OK && all)
		err = look_up(s, &config, &callers, error);
	for (int i = 0; i < SOCKETS && err == ROLLCODE_OK && all; i++)
		if (!server_has_room(&s->servers[i]))
			err = server_start(&s->servers[i], &setup, error);
	if (err != ROLLCODE_OK)
		return err;
	for (int i = 0; i < SOCKETS; i++)
		if ((all || s->servers[i].serving == 0) &&
		    (one = server_start(&s->servers[i], &setup, error)) !=
			ROLLCODE_OK)
			err = one;
	if (err == ROLLCODE_OK)
		s->callers = callers;
	return err;
}

static void
reap_children(struct supervisor *s)
{
	int status = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < SOCKETS; i++)
			server_reap(&s->servers[i], pid, status);
}

/* What goes on being wrong is said once. */
static void
start_or_tell(struct supervisor *s, bool all, const char *otherwise)
{
	struct error error = {0};
	enum rollcode_err err;

	err = start_servers(s, all, &error);
	if (err != ROLLCODE_OK &&
	    (all || strcmp(s->said.text, error.text) != 0)) {
		server_tell(LOG_ERR, err, &error);
		syslog(LOG_ERR, "%s", otherwise);
	}
	s->said = error;
	for (int i = 0; i < SOCKETS; i++)
		if (s->servers[i].serving == 0)
			s->servers[i].started = clock_ms();
}

/* Whether one that ended may be started again. */
static bool
may_start(const struct supervisor *s)
{
	for (int i = 0; i < SOCKETS; i++)
		if (s->servers[i].serving == 0 &&
		    clock_ms() - s->servers[i].started >= AGAIN_MS)
			return true;
	return false;
}

/* Replace whoever shows no life. */
static void
check_servers(struct supervisor *s)
{
	for (int i = 0; i < SOCKETS; i++)
		if (!server_check(&s->servers[i], clock_ms()))
			s->servers[i].started = 0;
	if (may_start(s))
		start_or_tell(s, false,
		    "not every socket is served; trying again every second");
	for (int i = 0; i < SOCKETS; i++)
		server_kill_late(&s->servers[i], clock_ms());
}

static void
watch_servers(struct supervisor *s)
{
	const struct timespec pause = {.tv_nsec = SERVER_LOOK_MS * 1000000L};

	for (;;) {
		switch (sigtimedwait(&s->signals, NULL, &pause)) {
		case SIGTERM:
		case SIGINT:
			return;
		case SIGHUP:
			start_or_tell(s, true,
			    "the running service keeps its old configuration");
			break;
		case SIGCHLD:
			reap_children(s);
			break;
		default:
			break;
		}
		check_servers(s);
	}
}

/*
 * Those that serve end by themselves, or are killed.  Meanwhile nobody waits
 * for them who is not connected.
 */
static void
stop_servers(struct supervisor *s)
{
	const struct timespec second = {.tv_sec = 1};
	bool busy = true;
	sigset_t child;

	for (int i = SOCKETS - 1; i >= 0; i--)
		server_end(&s->servers[i]);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (busy) {
		reap_children(s);
		busy = false;
		for (int i = 0; i < SOCKETS; i++) {
			server_kill_late(&s->servers[i], clock_ms());
			busy |= server_is_busy(&s->servers[i], clock_ms());
		}
		if (busy)
			(void)!sigtimedwait(&child, NULL, &second);
	}
	syslog(LOG_NOTICE, "stopped");
}

static enum rollcode_err
open_all(struct supervisor *s, const struct handed_over *environment,
    struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;
	int i;

	for (i = 0; i < SOCKETS; i++) {
		s->servers[i].stop_pipe = -1;
		s->servers[i].listener.fd = -1;
	}
	for (i = 0; i < SOCKETS && err == ROLLCODE_OK; i++)
		err = listener_open(&s->servers[i].listener, (enum socket_of)i,
		    environment, error);
	if (err == ROLLCODE_OK)
		err = start_servers(s, true, error);
	else
		i--;
	while (err != ROLLCODE_OK && i-- > 0)
		server_end(&s->servers[i]);
	return err;
}

static void
block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, signals, NULL);
}

int
supervise(const char *conf, const struct environment *environment)
{
	struct supervisor s = {.conf = conf};
	struct error error = {0};
	enum rollcode_err err;

	fd_close_from(environment->sockets.end);
	openlog(WORKERS_LOG_NAME, LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
	set_limits();
	/* Standard error may be a pipe that nobody reads any more. */
	signal(SIGPIPE, SIG_IGN);
	block_signals(&s.signals);
	if (geteuid() != 0) {
		err = error_set(&error, ROLLCODE_ERR_PRIVILEGE,
		    "only root can start the service");
		server_tell(LOG_ERR, err, &error);
		return 1;
	}
	if ((err = open_all(&s, &environment->sockets, &error)) !=
	    ROLLCODE_OK) {
		server_tell(LOG_ERR, err, &error);
		return 1;
	}
	notify_systemd(environment, "READY=1");
	watch_servers(&s);
	notify_systemd(environment, "STOPPING=1");
	stop_servers(&s);
	return 0;
}
