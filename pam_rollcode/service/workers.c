/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "service/workers.h"
#include "system/fd.h"

#define IDLE_MS 10000 /* then it may go */
#define WORKER_FD 3
#define CLOSING_FD 4
#define ABOVE_FD 5 /* neither of them */

void
workers_open(struct workers *workers, int count, const struct config *config,
    const struct callers *callers)
{
	/* Nobody waits for one that ends: it may be deep in a hung disk. */
	signal(SIGCHLD, SIG_IGN);
	memset(workers, 0, sizeof(*workers));
	workers->count = count;
	workers->config = config;
	workers->callers = callers;
	for (int i = 0; i < WORKERS_MAX; i++)
		workers->members[i].fd = workers->members[i].closing = -1;
}

/*
 * Other people's connections are not its business.  Its parent keeps those that
 * must not be closed here until it has closed its copies, which it tells by
 * closing the last one of all.
 */
static _Noreturn void
member_main(const struct workers *workers, int fd, int closing)
{
	/* The log's descriptor is closed too, and its number used again. */
	closelog();
	fd = fcntl(fd, F_DUPFD, ABOVE_FD);
	closing = fcntl(closing, F_DUPFD, ABOVE_FD);
	if (dup2(fd, WORKER_FD) != WORKER_FD ||
	    dup2(closing, CLOSING_FD) != CLOSING_FD)
		_exit(1);
	fd_close_from(CLOSING_FD + 1);
	close(CLOSING_FD);
	openlog(WORKERS_LOG_NAME, LOG_PID, LOG_AUTHPRIV);
	worker_main(WORKER_FD, workers->config, workers->callers);
}

static void
close_pair(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static bool
start_worker(struct workers *workers, struct worker *m)
{
	int fds[2], closing[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
		syslog(LOG_ERR, "no socket for a worker: %s", strerror(errno));
		return false;
	}
	if (pipe2(closing, O_CLOEXEC | O_NONBLOCK) != 0) {
		syslog(LOG_ERR, "no pipe for a worker: %s", strerror(errno));
		close_pair(fds);
		return false;
	}
	if ((m->pid = fork()) == 0)
		member_main(workers, fds[1], closing[1]);
	if (m->pid < 0) {
		syslog(
		    LOG_ERR, "a worker cannot be started: %s", strerror(errno));
		close_pair(fds);
		close_pair(closing);
		m->pid = 0;
		return false;
	}
	close(fds[1]);
	close(closing[1]);
	m->fd = fds[0];
	m->closing = closing[0];
	m->busy = false;
	m->since = clock_ms();
	return true;
}

static void
is_apart(struct worker *m)
{
	char byte;

	if (m->closing < 0 || read(m->closing, &byte, 1) < 0)
		return;
	close(m->closing);
	m->closing = -1;
}

bool
workers_are_apart(struct workers *workers)
{
	bool apart = true;

	for (int i = 0; i < workers->count; i++) {
		is_apart(&workers->members[i]);
		apart = apart && workers->members[i].closing < 0;
	}
	return apart;
}

/* It ends by itself, when it finds its socket closed. */
static void
let_go(struct worker *m)
{
	if (m->pid != 0)
		close(m->fd);
	if (m->pid != 0 && m->closing >= 0)
		close(m->closing);
	memset(m, 0, sizeof(*m));
	m->fd = -1;
	m->closing = -1;
}

void
workers_end(struct workers *workers, int member)
{
	struct worker *m = &workers->members[member];

	if (m->pid != 0)
		kill(m->pid, SIGKILL);
	let_go(m);
}

static bool
send_task(struct workers *workers, int member, const struct task *task)
{
	struct worker *m = &workers->members[member];

	if (send(m->fd, task, sizeof(*task), MSG_NOSIGNAL) !=
	    (ssize_t)sizeof(*task)) {
		let_go(m);
		return false;
	}
	m->busy = true;
	m->since = clock_ms();
	memcpy(m->user, task->request.user, sizeof(m->user));
	return true;
}

/* The idle one that verified this user last, else any idle one, else nobody. */
static int
find_idle(const struct workers *workers, const char *user)
{
	int found = WORKERS_NONE;

	for (int i = workers->count - 1; i >= 0; i--) {
		const struct worker *m = &workers->members[i];

		if (m->pid == 0 || m->busy)
			continue;
		found = i;
		if (strcmp(m->user, user) == 0)
			break;
	}
	return found;
}

int
workers_give(struct workers *workers, const struct task *task)
{
	int idle;

	while ((idle = find_idle(workers, task->request.user)) != WORKERS_NONE)
		if (send_task(workers, idle, task))
			return idle;
	for (int i = 0; i < workers->count; i++)
		if (workers->members[i].pid == 0)
			return start_worker(workers, &workers->members[i]) &&
				       send_task(workers, i, task)
				   ? i
				   : WORKERS_NONE;
	return WORKERS_NONE;
}

bool
workers_take(struct workers *workers, int member, struct answer *answer)
{
	struct worker *m = &workers->members[member];
	ssize_t n;

	n = recv(m->fd, answer, sizeof(*answer), MSG_DONTWAIT | MSG_TRUNC);
	if (m->busy && n == (ssize_t)sizeof(*answer)) {
		m->busy = false;
		m->since = clock_ms();
		return true;
	}
	if (m->busy)
		syslog(LOG_ERR, "a worker died while it handled a request; the "
				"request was denied");
	let_go(m);
	return false;
}

bool
workers_end_idle(struct workers *workers)
{
	int64_t now = clock_ms();
	int idle = 0;

	for (int i = 0; i < workers->count; i++) {
		struct worker *m = &workers->members[i];

		if (m->pid == 0 || m->busy)
			continue;
		if (++idle <= WORKERS_KEPT || now - m->since < IDLE_MS)
			continue;
		let_go(m);
		idle--;
	}
	return idle > WORKERS_KEPT;
}

void
workers_close(struct workers *workers)
{
	for (int i = 0; i < workers->count; i++)
		let_go(&workers->members[i]);
}
