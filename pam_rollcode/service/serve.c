/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.c - many requests at once, none of them holding up another.
 *
 *  1. This process opens no store and waits for nobody: what can take time is
 *     a worker's.
 *  2. A refusal to an account without privileges is kept back for a second,
 *     also from one that does not wait for it.
 *  3. Told to stop, it answers who is connected.
 *  4. What came with a message is closed in another process.
 *  5. Each turn is a sign of life, and none takes long.
 */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "login/request.h"
#include "service/workers.h"
#include "service/queue.h"
#include "service/serve.h"

#define REFUSAL_MS 1000 /* how long a refusal is kept back */
#define REST_MS 100	/* after an accept that failed */
#define AGAIN_MS 100	/* before another try to find a worker */
#define ACCEPTED_MAX 64 /* in one turn */
#define VERIFY_MS (PROTOCOL_SECONDS * 1000L)

enum {
	POLL_LISTENER,
	POLL_STOP,
	POLL_CLOSER,
	POLL_WORKERS,
	POLL_QUEUE = POLL_WORKERS + WORKERS_MAX,
	POLLS = POLL_QUEUE + QUEUE_MAX,
};

struct service {
	int listener, stop_pipe; /* -1 once closed */
	_Atomic uint64_t *heartbeat;
	int64_t rest;  /* no accept before that */
	int64_t again; /* there was no worker: look then */
	struct workers workers;
	struct queue queue;
	struct pollfd polls[POLLS];
};

static void
accept_some(struct service *s, int64_t now)
{
	int fd = -1;

	for (int i = 0; i < ACCEPTED_MAX; i++) {
		fd = accept4(
		    s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			break;
		queue_accept(&s->queue, fd, now);
	}
	if (fd >= 0 || errno == EAGAIN || errno == EINTR ||
	    errno == ECONNABORTED)
		return;
	syslog(LOG_ERR, "cannot accept a connection: %s", strerror(errno));
	s->rest = now + REST_MS;
}

/* To a checker goes only what it needs to know. */
static int
give_check(struct service *s, const struct connection *c)
{
	WIPED(task_wipe) struct task task = c->task;

	task.part = TASK_CHECK;
	explicit_bzero(&task.request.text, sizeof(task.request.text));
	explicit_bzero(&task.request.fallback, sizeof(task.request.fallback));
	return workers_give(&s->workers, &task);
}

static void
dispatch_requests(struct service *s, int64_t now)
{
	bool full[] = {[false] = false, [true] = false};

	for (size_t i = 0; i < s->queue.count; i++) {
		struct connection *c = s->queue.connections[i];
		bool check = c->stage == STAGE_UNCHECKED;

		if ((!check && c->stage != STAGE_WAITING) || full[check] ||
		    !queue_may_start(&s->queue, c))
			continue;
		c->member = check ? give_check(s, c)
				  : workers_give(&s->workers, &c->task);
		if (c->member == WORKERS_NONE) {
			full[check] = true;
			s->again = now + AGAIN_MS;
			continue;
		}
		c->stage = check ? STAGE_CHECKING : STAGE_VERIFYING;
		if (!check)
			c->deadline = now + VERIFY_MS;
	}
}

static void
send_answer(struct connection *c)
{
	(void)!answer_send(c->fd, &c->answer);
	c->stage = STAGE_DONE;
}

static bool
is_refusal(const struct connection *c)
{
	return c->answer.err != ROLLCODE_OK ||
	       (c->task.request.kind == REQUEST_VERIFY &&
		   !verdict_admits(c->answer.result.verdict));
}

/* A worker has something to say, or is gone. */
static void
on_worker_reply(struct service *s, int member, int64_t now)
{
	struct connection *c = queue_of_member(&s->queue, member);
	struct answer ignored = {0};
	enum reply reply;

	reply = workers_take(
	    &s->workers, member, c != NULL ? &c->answer : &ignored);
	if (c == NULL || reply == REPLY_NONE)
		return;
	if (reply == REPLY_GONE) {
		c->stage = STAGE_DONE;
	} else if (c->stage == STAGE_CHECKING && c->answer.err == ROLLCODE_OK) {
		c->task.part = TASK_CHECKED;
		c->stage = STAGE_WAITING;
	} else if (c->rank == RANK_OTHER && is_refusal(c)) {
		c->stage = STAGE_REFUSED;
		c->deadline = now + REFUSAL_MS;
	} else {
		send_answer(c);
	}
}

/* Whose caller had to make way need not find out any more. */
static void
end_checks(struct service *s)
{
	for (int i = VERIFIERS_MAX; i < WORKERS_MAX; i++)
		if (s->workers.members[i].busy &&
		    queue_of_member(&s->queue, i) == NULL)
			workers_end(&s->workers, i);
}

static void
expire_requests(struct service *s, int64_t now)
{
	for (size_t i = 0; i < s->queue.count; i++) {
		struct connection *c = s->queue.connections[i];

		if (c->stage == STAGE_DONE || now < c->deadline)
			continue;
		if (c->stage == STAGE_VERIFYING || c->stage == STAGE_CHECKING) {
			syslog(LOG_ERR,
			    "a worker gave no answer in %d seconds; its "
			    "request was denied",
			    PROTOCOL_SECONDS);
			workers_end(&s->workers, c->member);
		}
		if (c->stage == STAGE_REFUSED)
			send_answer(c);
		c->stage = STAGE_DONE;
	}
}

/*
 * Once a request is with a worker it is no matter whether anybody waits for
 * its answer: what it spends is spent, and a refusal is kept back.
 */
static nfds_t
fill_polls(struct service *s, int64_t now)
{
	const struct queue *q = &s->queue;
	struct pollfd *p = s->polls;

	p[POLL_LISTENER].fd = now >= s->rest ? s->listener : -1;
	p[POLL_STOP].fd = s->stop_pipe;
	p[POLL_CLOSER].fd = q->closer.pidfd;
	for (int i = 0; i < WORKERS_MAX; i++)
		p[POLL_WORKERS + i].fd = s->workers.members[i].fd;
	for (size_t i = 0; i < q->count; i++) {
		enum stage stage = q->connections[i]->stage;
		bool watched = stage == STAGE_READING ||
			       stage == STAGE_UNCHECKED ||
			       stage == STAGE_WAITING;

		p[POLL_QUEUE + i].fd = watched ? q->connections[i]->fd : -1;
	}
	for (size_t i = 0; i < POLL_QUEUE + q->count; i++)
		p[i].events = POLLIN;
	return (nfds_t)(POLL_QUEUE + q->count);
}

/* Milliseconds until something must be done, or a sign of life is due. */
static int
poll_timeout(const struct service *s, int64_t now)
{
	int64_t next = queue_deadline(&s->queue);

	if (s->rest > now && s->rest < next)
		next = s->rest;
	if (s->again > now && s->again < next)
		next = s->again;
	if (next > now + SERVE_HEARTBEAT_MS)
		return SERVE_HEARTBEAT_MS;
	return next > now ? (int)(next - now) : 0;
}

/* A request has come; or somebody hung up, or said more than a request. */
static void
on_client_event(
    const struct queue *q, struct connection *c, short events, int64_t now)
{
	if (events != 0 && c->stage == STAGE_READING)
		queue_receive(q, c, now);
	else if (events != 0 &&
		 (c->stage == STAGE_WAITING || c->stage == STAGE_UNCHECKED))
		c->stage = STAGE_DONE;
}

static void
stop_listening(struct service *s)
{
	/* This may be the last reference, and anybody can wait in its queue. */
	if (s->queue.whose == SOCKET_OF_ROOT)
		close(s->listener);
	else
		closer_add(&s->queue.closer, s->listener);
	close(s->stop_pipe);
	s->listener = -1;
	s->stop_pipe = -1;
}

static void
run_once(struct service *s)
{
	int64_t now = clock_ms();
	nfds_t n = fill_polls(s, now);
	const struct pollfd *p = s->polls;

	atomic_fetch_add(s->heartbeat, 1);
	if (poll(s->polls, n, poll_timeout(s, now)) < 0)
		return;
	now = clock_ms();
	for (int i = 0; i < WORKERS_MAX; i++)
		if (p[POLL_WORKERS + i].revents != 0)
			on_worker_reply(s, i, now);
	for (size_t i = 0; i < s->queue.count; i++)
		on_client_event(&s->queue, s->queue.connections[i],
		    p[POLL_QUEUE + i].revents, now);
	expire_requests(s, now);
	queue_reap(&s->queue, now);
	if (p[POLL_STOP].revents != 0)
		stop_listening(s);
	else if (p[POLL_LISTENER].revents != 0)
		accept_some(s, now);
	dispatch_requests(s, now);
	queue_reap(&s->queue, now);
	end_checks(s);
	workers_end_idle(&s->workers);
	if (workers_are_apart(&s->workers))
		closer_run(&s->queue.closer);
}

enum rollcode_err
serve(enum socket_of whose, int listener, int stop_pipe,
    _Atomic uint64_t *heartbeat, const struct config *config,
    const struct callers *callers)
{
	static struct service service;
	struct service *s = &service;

	s->listener = listener;
	s->stop_pipe = stop_pipe;
	s->heartbeat = heartbeat;
	s->queue.whose = whose;
	s->queue.callers = callers;
	closer_open(&s->queue.closer);
	workers_open(&s->workers, config, callers);
	while ((s->stop_pipe >= 0 || s->queue.count > 0) &&
	       !closer_is_full(&s->queue.closer))
		run_once(s);
	/* To end may take long, where a descriptor cannot be closed. */
	workers_close(&s->workers);
	if (!closer_is_full(&s->queue.closer))
		return ROLLCODE_OK;
	syslog(LOG_ERR,
	    "%d connections stay open, because descriptors attached to their "
	    "messages cannot be closed; another process serves",
	    CLOSER_MAX);
	return ROLLCODE_ERR_UNAVAIL;
}
