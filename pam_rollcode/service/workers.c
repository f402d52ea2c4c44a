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
crew_open(struct crew *crew, int count, const struct config *config,
    const struct callers *callers)
{
	/* Nobody waits for one that ends: it may be deep in a hung disk. */
	signal(SIGCHLD, SIG_IGN);
	memset(crew, 0, sizeof(*crew));
	crew->count = count;
	crew->config = config;
	crew->callers = callers;
	for (int i = 0; i < CREW_MAX; i++)
		crew->members[i].fd = crew->members[i].closing = -1;
}

/*
 * Other people's connections are not its business.  Its parent keeps those that
 * must not be closed here until it has closed its copies, which it tells by
 * closing the last one of all.
 */
static _Noreturn void
member_main(const struct crew *crew, int fd, int closing)
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
	openlog(CREW_LOG_NAME, LOG_PID, LOG_AUTHPRIV);
	worker_main(WORKER_FD, crew->config, crew->callers);
}

static void
close_pair(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static bool
start_worker(struct crew *crew, struct crew_member *m)
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
		member_main(crew, fds[1], closing[1]);
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
is_apart(struct crew_member *m)
{
	char byte;

	if (m->closing < 0 || read(m->closing, &byte, 1) < 0)
		return;
	close(m->closing);
	m->closing = -1;
}

bool
crew_is_apart(struct crew *crew)
{
	bool apart = true;

	for (int i = 0; i < crew->count; i++) {
		is_apart(&crew->members[i]);
		apart = apart && crew->members[i].closing < 0;
	}
	return apart;
}

/* It ends by itself, when it finds its socket closed. */
static void
let_go(struct crew_member *m)
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
crew_end(struct crew *crew, int member)
{
	struct crew_member *m = &crew->members[member];

	if (m->pid != 0)
		kill(m->pid, SIGKILL);
	let_go(m);
}

static bool
send_task(struct crew *crew, int member, const struct task *task)
{
	struct crew_member *m = &crew->members[member];

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

/* The idle one that judged this user last, else any idle one, else nobody. */
static int
find_idle(const struct crew *crew, const char *user)
{
	int found = CREW_NOBODY;

	for (int i = crew->count - 1; i >= 0; i--) {
		const struct crew_member *m = &crew->members[i];

		if (m->pid == 0 || m->busy)
			continue;
		found = i;
		if (strcmp(m->user, user) == 0)
			break;
	}
	return found;
}

int
crew_give(struct crew *crew, const struct task *task)
{
	int idle;

	while ((idle = find_idle(crew, task->request.user)) != CREW_NOBODY)
		if (send_task(crew, idle, task))
			return idle;
	for (int i = 0; i < crew->count; i++)
		if (crew->members[i].pid == 0)
			return start_worker(crew, &crew->members[i]) &&
				       send_task(crew, i, task)
				   ? i
				   : CREW_NOBODY;
	return CREW_NOBODY;
}

bool
crew_take(struct crew *crew, int member, struct answer *answer)
{
	struct crew_member *m = &crew->members[member];
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
crew_thin(struct crew *crew)
{
	int64_t now = clock_ms();
	int idle = 0;

	for (int i = 0; i < crew->count; i++) {
		struct crew_member *m = &crew->members[i];

		if (m->pid == 0 || m->busy)
			continue;
		if (++idle <= CREW_KEPT || now - m->since < IDLE_MS)
			continue;
		let_go(m);
		idle--;
	}
	return idle > CREW_KEPT;
}

void
crew_close(struct crew *crew)
{
	for (int i = 0; i < crew->count; i++)
		let_go(&crew->members[i]);
}
