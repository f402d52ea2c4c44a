/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.c - a process for each socket, that can be replaced.
 *
 *  1. The one that serves is the account for good, and holds nothing of the
 *     other socket.
 *  2. One that is replaced ends by itself, or is killed when its last answer
 *     is due; one that shows no life is replaced and killed at once.  Workers
 *     end by themselves what they have begun.
 *  3. Nobody waits here for one that was killed: it may be deep in the kernel,
 *     for ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "protocol/protocol.h"
#include "service/serve.h"
#include "service/server.h"

#define END_MS ((PROTOCOL_SECONDS + 2) * 1000L)
#define LOOKS 4	       /* without a sign of life: a second */
#define FIRST_LOOKS 40 /* before it has shown any */

static const char *const process_names[SOCKETS] = {
    [SOCKET_OF_ALL] = "verify-all",
    [SOCKET_OF_ROOT] = "verify-root",
};

void
server_tell(int priority, enum rollcode_err err, const struct error *error)
{
	char said[ERROR_SAID_MAX];

	error_say(error, err, PLAIN_LOG, said);
	syslog(priority, "%s", said);
	fprintf(stderr, "rollcode-verify: %s\n", said);
}

/* A page that no worker gets: none shows life in the place of its parent. */
static _Atomic uint64_t *
new_sign(void)
{
	void *page = mmap(NULL, sizeof(_Atomic uint64_t),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return page != MAP_FAILED ? page : NULL;
}

static void
drop_sign(_Atomic uint64_t *heartbeat)
{
	if (heartbeat != NULL)
		munmap((void *)heartbeat, sizeof(*heartbeat));
}

static _Noreturn void
serving_main(struct server *server, int stop_pipe, _Atomic uint64_t *heartbeat,
    const struct server_setup *setup)
{
	const struct served_socket served = {
	    server->listener.whose, server->listener.fd, stop_pipe, heartbeat};
	struct error error = {0};
	enum rollcode_err err;

	for (int i = 0; i < SOCKETS; i++) {
		struct server *other = &setup->servers[i];

		drop_sign(other->heartbeat);
		if (other->stop_pipe >= 0)
			close(other->stop_pipe);
		if (other->listener.lock >= 0)
			close(other->listener.lock);
		if (other != server && other->listener.fd >= 0)
			close(other->listener.fd);
	}
	sigprocmask(SIG_UNBLOCK, setup->signals, NULL);
	/* What a terminal sends is for the supervisor. */
	(void)!setsid();
	(void)!prctl(PR_SET_NAME, process_names[served.whose], 0, 0, 0);
	(void)!madvise((void *)heartbeat, sizeof(*heartbeat), MADV_DONTFORK);
	err = config_drop(setup->config, &error);
	if (err == ROLLCODE_OK)
		err = serve(&served, setup->config, setup->callers);
	if (err != ROLLCODE_OK)
		server_tell(LOG_ERR, err, &error);
	_exit(err == ROLLCODE_OK ? 0 : 1);
}

static struct old *
old_of(struct server *server, pid_t pid)
{
	for (int i = 0; i < SERVER_OLD_MAX; i++)
		if (server->old[i].pid == pid)
			return &server->old[i];
	return NULL;
}

/* It ends what it has begun, until the limit. */
static void
retire_serving(struct server *server, int64_t limit)
{
	struct old *old = old_of(server, 0);

	if (server->stop_pipe >= 0)
		close(server->stop_pipe);
	server->stop_pipe = -1;
	if (server->serving != 0 && old != NULL)
		*old = (struct old){server->serving, limit};
	server->serving = 0;
	drop_sign(server->heartbeat);
	server->heartbeat = NULL;
}

static void
log_start(const struct server *server, const struct server_setup *setup)
{
	const char *path = listener_path(server->listener.whose);

	if (server->listener.whose == SOCKET_OF_ROOT)
		syslog(LOG_NOTICE, "serving %s as the account %s", path,
		    setup->config->account);
	else
		syslog(LOG_NOTICE,
		    "serving %s as the account %s, %zu callers may ask about "
		    "others",
		    path, setup->config->account, setup->callers->count);
}

bool
server_has_room(const struct server *server)
{
	int free = 0;

	for (int i = 0; i < SERVER_OLD_MAX; i++)
		free += server->old[i].pid == 0;
	return free > (server->serving != 0);
}

/* The child, and the end that keeps it alive; -1 with errno. */
static pid_t
fork_serving(struct server *server, const struct server_setup *setup,
    int *stop_pipe, _Atomic uint64_t *heartbeat)
{
	int ends[2], e;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	if ((pid = fork()) == 0) {
		close(ends[1]);
		serving_main(server, ends[0], heartbeat, setup);
	}
	e = errno;
	close(ends[0]);
	if (pid < 0)
		close(ends[1]);
	*stop_pipe = ends[1];
	errno = e;
	return pid;
}

enum rollcode_err
server_start(struct server *server, const struct server_setup *setup,
    struct error *error)
{
	const char *path = listener_path(server->listener.whose);
	_Atomic uint64_t *heartbeat;
	int64_t now;
	pid_t pid;
	int stop_pipe;

	if (!server_has_room(server))
		return error_set(error, ROLLCODE_ERR_UNAVAIL,
		    "%s: %d earlier serving processes have not ended, so no "
		    "other is started; if they are in state D (ps -C "
		    "verify-all,verify-root -o pid,stat,wchan) abort the "
		    "operation they wait for, as by "
		    "/sys/fs/fuse/connections/*/abort",
		    path, SERVER_OLD_MAX);
	if ((heartbeat = new_sign()) == NULL ||
	    (pid = fork_serving(server, setup, &stop_pipe, heartbeat)) < 0) {
		drop_sign(heartbeat);
		return error_set(error, error_from_errno(errno),
		    "%s: no serving process: %s", path, strerror(errno));
	}
	now = clock_ms();
	retire_serving(server, now + END_MS);
	server->serving = pid;
	server->stop_pipe = stop_pipe;
	server->started = server->looked = now;
	server->heartbeat = heartbeat;
	server->seen = 0;
	server->still = 0;
	log_start(server, setup);
	return ROLLCODE_OK;
}

/*
 * Looks are counted, and not the time between them: one that was stopped
 * together with this process has had no time either.
 */
bool
server_check(struct server *server, int64_t now)
{
	uint64_t heartbeat;

	if (server->serving == 0 || now - server->looked < SERVER_LOOK_MS)
		return true;
	server->looked = now;
	heartbeat = atomic_load(server->heartbeat);
	server->still = heartbeat == server->seen ? server->still + 1 : 0;
	server->seen = heartbeat;
	if (server->still < (heartbeat == 0 ? FIRST_LOOKS : LOOKS))
		return true;
	syslog(LOG_ERR,
	    "%s: the serving process %d has not responded for %d ms: it is "
	    "killed, and another is started; if it stays in state D, abort the "
	    "operation it waits for, as by /sys/fs/fuse/connections/*/abort",
	    listener_path(server->listener.whose), (int)server->serving,
	    server->still * SERVER_LOOK_MS);
	retire_serving(server, now);
	return false;
}

void
server_reap(struct server *server, pid_t pid, int status)
{
	const char *path = listener_path(server->listener.whose);
	struct old *old = old_of(server, pid);

	if (old != NULL)
		*old = (struct old){0};
	if (pid != server->serving)
		return;
	server->serving = 0;
	if (WIFSIGNALED(status))
		syslog(LOG_ERR,
		    "%s: the serving process was ended by signal %d; another "
		    "is started",
		    path, WTERMSIG(status));
	else
		syslog(LOG_ERR,
		    "%s: the serving process ended with status %d; another is "
		    "started",
		    path, WEXITSTATUS(status));
}

void
server_end(struct server *server)
{
	listener_close(&server->listener);
	retire_serving(server, clock_ms() + END_MS);
}

void
server_kill_late(struct server *server, int64_t now)
{
	for (int i = 0; i < SERVER_OLD_MAX; i++)
		if (server->old[i].pid != 0 && now >= server->old[i].limit)
			kill(server->old[i].pid, SIGKILL);
}

bool
server_is_busy(const struct server *server, int64_t now)
{
	for (int i = 0; i < SERVER_OLD_MAX; i++)
		if (server->old[i].pid != 0 && now < server->old[i].limit)
			return true;
	return false;
}
