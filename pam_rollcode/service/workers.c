/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workers.c - verify one task after the other, in processes of their own.
 *
 *  1. Who asks may ask about this user, or nothing is looked at; and who is
 *     not root hears yes or no.  Whether one may ask can take long to find
 *     out, so it can be a task by itself.
 *  2. Between two tasks no user is locked, and no request is left in memory;
 *     once there is nothing to do no store is open.
 *  3. Nobody waits for one that ends: it may be deep in a hung disk.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "login/request.h"
#include "service/workers.h"
#include "store/store.h"
#include "system/fd.h"

#define IDLE_MS 10000 /* then it may go */
#define KEPT 2	      /* of a kind stay when there is nothing to do */
#define KEPT_LINKED 1 /* of those that have a link to a server */
#define WORKER_FD 3

/* The members that take tasks of one kind. */
struct kind {
	int first, end;
};

static const struct kind verifiers = {0, VERIFIERS_MAX};
static const struct kind checkers = {VERIFIERS_MAX, WORKERS_MAX};

/* Close what nobody used; in how many milliseconds again, -1: never. */
static int
close_unused(const struct config *config)
{
	const struct store_ops *ops;
	struct error ignored;

	outsider_flush();
	if (store_find(config, &ops, &ignored) != ROLLCODE_OK ||
	    ops->idle == NULL)
		return -1;
	return ops->idle();
}

/* Wait for a task, or for the end; if it is long, without an open file. */
static void
wait_for_task(int fd, const struct config *config)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	int ms = STORE_IDLE_MS;

	while (ms >= 0 && poll(&readable, 1, ms) == 0)
		ms = close_unused(config);
}

static void
answer_task(const struct workers *workers, const struct task *task,
    struct answer *answer)
{
	if (task->part != TASK_CHECKED)
		answer->err = callers_check(workers->callers, task->uid,
		    task->request.user, &answer->error);
	if (answer->err == ROLLCODE_OK && task->part == TASK_CHECK) {
		answer->magic = PROTOCOL_ANSWER;
		return;
	}
	request_answer(workers->config, &task->request, answer);
	if (task->uid != 0 || task->request.logged == 1)
		outsider_log(task->uid, &task->request, answer);
	if (task->uid != 0)
		outsider_answer(&task->request, answer);
}

/*
 * Other people's connections are not its business.  Its parent keeps those that
 * must not be closed here until it is told that all copies are.
 */
static _Noreturn void
worker_main(const struct workers *workers, int fd)
{
	/* The log's descriptor is closed too, and its number used again. */
	closelog();
	if (dup2(fd, WORKER_FD) != WORKER_FD)
		_exit(1);
	fd_close_from(WORKER_FD + 1);
	openlog(WORKERS_LOG_NAME, LOG_PID, LOG_AUTHPRIV);
	if (send(WORKER_FD, "", 1, MSG_NOSIGNAL) != 1)
		_exit(1);
	for (;;) {
		WIPED(task_wipe) struct task task = {0};
		struct answer answer = {0};

		wait_for_task(WORKER_FD, workers->config);
		if (recv(WORKER_FD, &task, sizeof(task), 0) !=
		    (ssize_t)sizeof(task))
			break;
		answer_task(workers, &task, &answer);
		if (!answer_send(WORKER_FD, &answer))
			break;
	}
	outsider_flush();
	_exit(0);
}

void
workers_open(struct workers *workers, const struct config *config,
    const struct callers *callers)
{
	signal(SIGCHLD, SIG_IGN);
	*workers = (struct workers){.config = config, .callers = callers};
	for (int i = 0; i < WORKERS_MAX; i++)
		workers->members[i].fd = -1;
}

static bool
start_worker(const struct workers *workers, struct worker *m)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
		syslog(LOG_ERR, "no socket for a worker: %s", strerror(errno));
		return false;
	}
	if ((m->pid = fork()) == 0)
		worker_main(workers, fds[1]);
	close(fds[1]);
	if (m->pid < 0) {
		syslog(
		    LOG_ERR, "a worker cannot be started: %s", strerror(errno));
		close(fds[0]);
		m->pid = 0;
		return false;
	}
	m->fd = fds[0];
	return true;
}

bool
workers_are_apart(const struct workers *workers)
{
	for (int i = 0; i < WORKERS_MAX; i++)
		if (workers->members[i].pid != 0 && !workers->members[i].apart)
			return false;
	return true;
}

/* It ends by itself, when it finds its socket closed. */
static void
let_go(struct worker *m)
{
	if (m->pid != 0)
		close(m->fd);
	*m = (struct worker){.fd = -1};
}

void
workers_end(struct workers *workers, int member)
{
	struct worker *m = &workers->members[member];

	if (m->pid != 0)
		kill(m->pid, SIGKILL);
	let_go(m);
}

static void
mark_busy(struct worker *m, bool busy)
{
	m->busy = busy;
	m->since = clock_ms();
}

static bool
send_task(struct worker *m, const struct task *task)
{
	if (send(m->fd, task, sizeof(*task), MSG_NOSIGNAL) !=
	    (ssize_t)sizeof(*task)) {
		let_go(m);
		return false;
	}
	mark_busy(m, true);
	memcpy(m->user, task->request.user, sizeof(m->user));
	return true;
}

/*
 * The idle one that verified this user last, else any idle one, else nobody.
 * A link to a server is as good for every user: then the others are left alone,
 * and theirs are closed.
 */
static int
find_idle(
    const struct workers *workers, const struct kind *kind, const char *user)
{
	int found = WORKERS_NONE;

	for (int i = kind->end - 1; i >= kind->first; i--) {
		const struct worker *m = &workers->members[i];

		if (m->pid == 0 || m->busy)
			continue;
		found = i;
		if (!config_is_pgsql(workers->config) &&
		    strcmp(m->user, user) == 0)
			break;
	}
	return found;
}

int
workers_give(struct workers *workers, const struct task *task)
{
	const struct kind *kind =
	    task->part == TASK_CHECK ? &checkers : &verifiers;
	struct worker *m = workers->members;
	int i;

	while (
	    (i = find_idle(workers, kind, task->request.user)) != WORKERS_NONE)
		if (send_task(&m[i], task))
			return i;
	for (i = kind->first; i < kind->end && m[i].pid != 0; i++)
		;
	return i < kind->end && start_worker(workers, &m[i]) &&
		       send_task(&m[i], task)
		   ? i
		   : WORKERS_NONE;
}

enum reply
workers_take(struct workers *workers, int member, struct answer *answer)
{
	struct worker *m = &workers->members[member];
	ssize_t n;

	n = recv(m->fd, answer, sizeof(*answer), MSG_DONTWAIT | MSG_TRUNC);
	if (n == 1 && !m->apart) {
		m->apart = true;
		return REPLY_NONE;
	}
	if (m->busy && n == (ssize_t)sizeof(*answer)) {
		mark_busy(m, false);
		return REPLY_ANSWER;
	}
	if (m->busy)
		syslog(LOG_ERR, "a worker died while it handled a request; the "
				"request was denied");
	let_go(m);
	return REPLY_GONE;
}

static void
end_idle_of(struct workers *workers, const struct kind *kind)
{
	bool linked = kind == &verifiers && config_is_pgsql(workers->config);
	int idle = 0, kept = linked ? KEPT_LINKED : KEPT;
	int64_t now = clock_ms();

	for (int i = kind->first; i < kind->end; i++) {
		struct worker *m = &workers->members[i];

		if (m->pid == 0 || m->busy || ++idle <= kept ||
		    now - m->since < IDLE_MS)
			continue;
		let_go(m);
		idle--;
	}
}

void
workers_end_idle(struct workers *workers)
{
	end_idle_of(workers, &verifiers);
	end_idle_of(workers, &checkers);
}

void
workers_close(struct workers *workers)
{
	for (int i = 0; i < WORKERS_MAX; i++)
		let_go(&workers->members[i]);
}
