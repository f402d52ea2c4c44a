/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "hurry.h"

#define IDLE_MS 10000 /* then it may go */
#define WORKER_FD 3

void
crew_open(struct crew *crew, const struct config *config,
    const struct callers *callers)
{
	memset(crew, 0, sizeof(*crew));
	crew->config = config;
	crew->callers = callers;
	for (int i = 0; i < CREW_MAX; i++)
		crew->members[i].fd = -1;
}

/* Other people's connections are not its business. */
static _Noreturn void
member_main(const struct crew *crew, int fd)
{
	hurry_begin();
	if (dup2(fd, WORKER_FD) != WORKER_FD ||
	    close_range(WORKER_FD + 1, ~0U, 0) != 0)
		_exit(1);
	hurry_end();
	worker_main(WORKER_FD, crew->config, crew->callers);
}

static bool
start(struct crew *crew, struct crew_member *m)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
		syslog(LOG_ERR, "no socket for a worker: %s", strerror(errno));
		return false;
	}
	if ((m->pid = fork()) == 0)
		member_main(crew, fds[1]);
	close(fds[1]);
	if (m->pid < 0) {
		syslog(
		    LOG_ERR, "a worker cannot be started: %s", strerror(errno));
		close(fds[0]);
		m->pid = 0;
		return false;
	}
	m->fd = fds[0];
	m->busy = false;
	m->since = clock_ms();
	return true;
}

void
crew_end(struct crew *crew, int member)
{
	struct crew_member *m = &crew->members[member];
	int status = 0;

	if (m->pid == 0)
		return;
	close(m->fd);
	kill(m->pid, SIGKILL);
	while (waitpid(m->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	memset(m, 0, sizeof(*m));
	m->fd = -1;
}

static bool
give(struct crew *crew, int member, const struct task *task)
{
	struct crew_member *m = &crew->members[member];

	if (send(m->fd, task, sizeof(*task), MSG_NOSIGNAL) !=
	    (ssize_t)sizeof(*task)) {
		crew_end(crew, member);
		return false;
	}
	m->busy = true;
	m->since = clock_ms();
	return true;
}

int
crew_give(struct crew *crew, const struct task *task)
{
	for (int i = 0; i < CREW_MAX; i++)
		if (crew->members[i].pid != 0 && !crew->members[i].busy &&
		    give(crew, i, task))
			return i;
	for (int i = 0; i < CREW_MAX; i++)
		if (crew->members[i].pid == 0)
			return start(crew, &crew->members[i]) &&
				       give(crew, i, task)
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
		syslog(
		    LOG_ERR, "a worker died over a request, which was denied");
	crew_end(crew, member);
	return false;
}

bool
crew_thin(struct crew *crew)
{
	int64_t now = clock_ms();
	int idle = 0;

	for (int i = 0; i < CREW_MAX; i++) {
		struct crew_member *m = &crew->members[i];

		if (m->pid == 0 || m->busy)
			continue;
		if (++idle <= CREW_KEPT || now - m->since < IDLE_MS)
			continue;
		crew_end(crew, i);
		idle--;
	}
	return idle > CREW_KEPT;
}

void
crew_close(struct crew *crew)
{
	for (int i = 0; i < CREW_MAX; i++)
		crew_end(crew, i);
}
