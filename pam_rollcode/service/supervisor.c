/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor.c - keep a serving process for each socket, and replace it.
 *
 *  1. This process reads no request and opens no store.
 *  2. One that serves is the account for good, and holds nothing of the other
 *     socket.  However it ends, another is started.
 *  3. One that is replaced ends by itself, or is killed when its last answer
 *     is due; one that shows no life is replaced and killed at once.  Workers
 *     end by themselves what they have begun.
 *  4. Nobody waits here for one that was killed: it may be deep in the kernel,
 *     for ever.
 *  5. A process serves by one env file, whole; one with a mistake, or with no
 *     room for two more processes, leaves the service as it was.
 *  6. When this process ends, however it ends, so do the others.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "protocol/protocol.h"
#include "service/serve.h"
#include "service/supervisor.h"
#include "service/workers.h"
#include "system/fd.h"
#include "system/limits.h"

#define FILES_MAX 2048 /* descriptors of the serving process */
#define AGAIN_MS 1000  /* between two starts, if it dies */
#define END_MS ((PROTOCOL_SECONDS + 2) * 1000L)
#define PROCESSES_MAX 8 /* of a socket, that have not ended */
#define LOOK_MS 250	/* between two looks for a sign of life */
#define LOOKS 4		/* without one: a second */
#define FIRST_LOOKS 40	/* before it has shown any */
#define HEARTBEATS_SIZE (SOCKETS * PROCESSES_MAX * sizeof(_Atomic uint64_t))

static const char *const process_names[SOCKETS] = {
    [SOCKET_OF_ALL] = "verify-all",
    [SOCKET_OF_ROOT] = "verify-root",
};

/* One that serves, or did. */
struct process {
	pid_t pid;     /* 0: there is none */
	int64_t limit; /* it is killed then, clock_ms() */
};

/* A socket, the process that serves it, and those that did. */
struct server {
	struct listener listener;
	struct process processes[PROCESSES_MAX];
	struct process *serving; /* one of them; NULL while there is none */
	int stop_pipe;		 /* closed: it is to end */
	int64_t started;	 /* or failed to, clock_ms() */
	/* The sign of life; as it was at the last look; looks since. */
	_Atomic uint64_t *heartbeat;
	uint64_t seen;
	int still;
	int64_t looked; /* clock_ms() */
};

struct supervisor {
	const char *conf;
	sigset_t signals;
	struct server servers[SOCKETS];
	struct config *config;	/* while processes are started */
	struct callers callers; /* as looked up last */
	struct error said;	/* why it could not start one, or "" */
	/* In memory of all: one for each process that there may be. */
	_Atomic uint64_t *heartbeats;
};

/* In the system log and on standard error. */
static void
tell_error(int priority, enum rollcode_err err, const struct error *error)
{
	char said[ERROR_SAID_MAX];

	error_say(error, err, PLAIN_LOG, said);
	syslog(priority, "%s", said);
	fprintf(stderr, "rollcode-verify: %s\n", said);
}

static _Noreturn void
serving_main(struct supervisor *s, const struct server *server, int stop_pipe,
    _Atomic uint64_t *heartbeat)
{
	enum socket_of whose = server->listener.whose;
	struct error error = {0};
	enum rollcode_err err;

	for (int i = 0; i < SOCKETS; i++) {
		const struct server *other = &s->servers[i];

		if (other->stop_pipe >= 0)
			close(other->stop_pipe);
		if (other->listener.lock >= 0)
			close(other->listener.lock);
		if (other != server && other->listener.fd >= 0)
			close(other->listener.fd);
	}
	sigprocmask(SIG_UNBLOCK, &s->signals, NULL);
	/* What a terminal sends is for the supervisor. */
	(void)!setsid();
	(void)!prctl(PR_SET_NAME, process_names[whose], 0, 0, 0);
	/* No worker shows life in the place of its parent. */
	(void)!madvise((void *)s->heartbeats, HEARTBEATS_SIZE, MADV_DONTFORK);
	/* Every worker that it forks has them. */
	if ((err = config_drop(s->config, &error)) == ROLLCODE_OK &&
	    (err = config_keep_derived(s->config, &error)) == ROLLCODE_OK)
		err = serve(whose, server->listener.fd, stop_pipe, heartbeat,
		    s->config, &s->callers);
	if (err != ROLLCODE_OK)
		tell_error(LOG_ERR, err, &error);
	_exit(err == ROLLCODE_OK ? 0 : 1);
}

/* The process of that number; of 0, room for another one. */
static struct process *
process_of(struct server *server, pid_t pid)
{
	for (int i = 0; i < PROCESSES_MAX; i++)
		if (server->processes[i].pid == pid)
			return &server->processes[i];
	return NULL;
}

/* It ends what it has begun, until the limit. */
static void
retire_serving(struct server *server, int64_t limit)
{
	if (server->stop_pipe >= 0)
		close(server->stop_pipe);
	server->stop_pipe = -1;
	if (server->serving != NULL)
		server->serving->limit = limit;
	server->serving = NULL;
}

static void
log_start(const struct supervisor *s, const struct server *server)
{
	char others[64] = "";

	if (server->listener.whose == SOCKET_OF_ALL)
		snprintf(others, sizeof(others),
		    ", %zu callers may ask about others", s->callers.count);
	syslog(LOG_NOTICE, "serving %s as the account %s%s",
	    listener_path(server->listener.whose), s->config->account, others);
}

/* The child, and the end that keeps it alive; -1 with errno. */
static pid_t
fork_serving(struct supervisor *s, const struct server *server,
    _Atomic uint64_t *heartbeat, int *stop_pipe)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	if ((pid = fork()) == 0) {
		close(ends[1]);
		serving_main(s, server, ends[0], heartbeat);
	}
	close(ends[0]);
	if (pid < 0)
		close(ends[1]);
	*stop_pipe = ends[1];
	return pid;
}

static enum rollcode_err
find_room(struct server *server, struct process **process, struct error *error)
{
	if ((*process = process_of(server, 0)) != NULL)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_UNAVAIL,
	    "%s: %d earlier serving processes have not ended, so no other is "
	    "started; if they are in state D (ps -C verify-all,verify-root -o "
	    "pid,stat,wchan) abort the operation they wait for, as by "
	    "/sys/fs/fuse/connections/*/abort",
	    listener_path(server->listener.whose), PROCESSES_MAX);
}

/* The process before, if any, ends what it has begun. */
static enum rollcode_err
start_server(struct supervisor *s, struct server *server, struct error *error)
{
	_Atomic uint64_t *heartbeat;
	struct process *process;
	enum rollcode_err err;
	int stop_pipe = -1;
	int64_t now;
	pid_t pid;

	if ((err = find_room(server, &process, error)) != ROLLCODE_OK)
		return err;
	heartbeat = &s->heartbeats[server->listener.whose * PROCESSES_MAX +
				   (process - server->processes)];
	atomic_store(heartbeat, 0);
	if ((pid = fork_serving(s, server, heartbeat, &stop_pipe)) < 0)
		return error_set(error, error_from_errno(errno),
		    "%s: no serving process: %s",
		    listener_path(server->listener.whose), strerror(errno));
	now = clock_ms();
	retire_serving(server, now + END_MS);
	*process = (struct process){pid, INT64_MAX};
	server->serving = process;
	server->stop_pipe = stop_pipe;
	server->started = server->looked = now;
	server->heartbeat = heartbeat;
	server->seen = 0;
	server->still = 0;
	log_start(s, server);
	return ROLLCODE_OK;
}

/*
 * Retire one that has shown no life for long; another may start at once.  Looks
 * are counted, and not the time between them: one that was stopped together
 * with this process has had no time either.
 */
static void
check_alive(struct server *server, int64_t now)
{
	uint64_t heartbeat;

	if (server->serving == NULL || now - server->looked < LOOK_MS)
		return;
	server->looked = now;
	heartbeat = atomic_load(server->heartbeat);
	server->still = heartbeat == server->seen ? server->still + 1 : 0;
	server->seen = heartbeat;
	if (server->still < (heartbeat == 0 ? FIRST_LOOKS : LOOKS))
		return;
	syslog(LOG_ERR,
	    "%s: the serving process %d has not responded for %d ms: it is "
	    "killed, and another is started; if it stays in state D, abort the "
	    "operation it waits for, as by /sys/fs/fuse/connections/*/abort",
	    listener_path(server->listener.whose), (int)server->serving->pid,
	    server->still * LOOK_MS);
	retire_serving(server, now);
	server->started = 0;
}

/* A child has ended. */
static void
note_end(struct server *server, pid_t pid, int status)
{
	struct process *process = process_of(server, pid);

	if (process != NULL)
		process->pid = 0;
	if (process == NULL || process != server->serving)
		return;
	server->serving = NULL;
	syslog(LOG_ERR, "%s: the serving process %s %d; another is started",
	    listener_path(server->listener.whose),
	    WIFSIGNALED(status) ? "was ended by signal" : "ended with status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void
end_server(struct server *server)
{
	listener_close(&server->listener);
	retire_serving(server, clock_ms() + END_MS);
}

/* Whether any has not ended, nor been killed. */
static bool
kill_late(struct server *server, int64_t now)
{
	bool busy = false;

	for (int i = 0; i < PROCESSES_MAX; i++) {
		const struct process *process = &server->processes[i];

		if (process->pid == 0)
			continue;
		if (now >= process->limit)
			kill(process->pid, SIGKILL);
		else
			busy = true;
	}
	return busy;
}

static void
set_limits(void)
{
	static const int endless[] = {RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA,
	    RLIMIT_AS, RLIMIT_NPROC, RLIMIT_MEMLOCK, RLIMIT_LOCKS};

	limit_set(RLIMIT_NOFILE, FILES_MAX);
	for (size_t i = 0; i < COUNT(endless); i++)
		limit_set(endless[i], RLIM_INFINITY);
}

static bool
nobody_serves(const struct supervisor *s)
{
	for (int i = 0; i < SOCKETS; i++)
		if (s->servers[i].serving != NULL)
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
look_up(struct supervisor *s, struct error *error)
{
	struct error missing = {0};
	enum rollcode_err err;

	err = callers_find(s->config, &s->callers, &missing, error);
	if (missing.text[0] != '\0')
		tell_error(LOG_WARNING, ROLLCODE_ERR_CONFIG, &missing);
	if (err != ROLLCODE_ERR_UNAVAIL || !nobody_serves(s))
		return err;
	tell_error(LOG_WARNING, err, error);
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
	struct callers before = s->callers;
	struct process *room;
	enum rollcode_err err, one;

	s->config = &config;
	err = load_config(s, &config, error);
	if (err == ROLLCODE_OK && all)
		err = look_up(s, error);
	for (int i = 0; i < SOCKETS && err == ROLLCODE_OK && all; i++)
		err = find_room(&s->servers[i], &room, error);
	for (int i = 0, n = err == ROLLCODE_OK ? SOCKETS : 0; i < n; i++)
		if ((all || s->servers[i].serving == NULL) &&
		    (one = start_server(s, &s->servers[i], error)) !=
			ROLLCODE_OK)
			err = one;
	if (err != ROLLCODE_OK)
		s->callers = before;
	s->config = NULL;
	return err;
}

static void
reap_children(struct supervisor *s)
{
	int status = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < SOCKETS; i++)
			note_end(&s->servers[i], pid, status);
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
		tell_error(LOG_ERR, err, &error);
		syslog(LOG_ERR, "%s", otherwise);
	}
	s->said = error;
	for (int i = 0; i < SOCKETS; i++)
		if (s->servers[i].serving == NULL)
			s->servers[i].started = clock_ms();
}

/* Replace each process that shows no life, or has ended. */
static void
check_servers(struct supervisor *s)
{
	int64_t now = clock_ms();
	bool due = false;

	for (int i = 0; i < SOCKETS; i++) {
		struct server *server = &s->servers[i];

		check_alive(server, now);
		due |= server->serving == NULL &&
		       now - server->started >= AGAIN_MS;
		kill_late(server, now);
	}
	if (due)
		start_or_tell(s, false,
		    "not every socket is served; trying again every second");
}

static void
watch_servers(struct supervisor *s)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};

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

	for (int i = SOCKETS - 1; i >= 0; i--)
		end_server(&s->servers[i]);
	while (busy) {
		reap_children(s);
		busy = false;
		for (int i = 0; i < SOCKETS; i++)
			busy |= kill_late(&s->servers[i], clock_ms());
		if (busy)
			(void)!sigtimedwait(&s->signals, NULL, &second);
	}
	syslog(LOG_NOTICE, "stopped");
}

static enum rollcode_err
open_all(struct supervisor *s, const struct environment *environment,
    struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;

	for (enum socket_of i = 0; i < SOCKETS; i++) {
		s->servers[i].stop_pipe = -1;
		s->servers[i].listener = (struct listener){i, -1, -1};
	}
	s->heartbeats = mmap(NULL, HEARTBEATS_SIZE, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->heartbeats == MAP_FAILED)
		err = error_set(error, ROLLCODE_ERR_NOMEM,
		    "no memory for the serving processes: %s", strerror(errno));
	for (int i = 0; i < SOCKETS && err == ROLLCODE_OK; i++)
		err =
		    listener_open(&s->servers[i].listener, environment, error);
	if (err == ROLLCODE_OK)
		err = start_servers(s, true, error);
	for (int i = 0; i < SOCKETS && err != ROLLCODE_OK; i++)
		end_server(&s->servers[i]);
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

	fd_close_from(environment->end);
	openlog(WORKERS_LOG_NAME, LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
	set_limits();
	/* Standard error may be a pipe that nobody reads any more. */
	signal(SIGPIPE, SIG_IGN);
	block_signals(&s.signals);
	if (geteuid() != 0)
		err = error_set(&error, ROLLCODE_ERR_PRIVILEGE,
		    "only root can start the service");
	else
		err = open_all(&s, environment, &error);
	if (err != ROLLCODE_OK) {
		tell_error(LOG_ERR, err, &error);
		return 1;
	}
	environment_notify(environment, "READY=1");
	watch_servers(&s);
	environment_notify(environment, "STOPPING=1");
	stop_servers(&s);
	return 0;
}
