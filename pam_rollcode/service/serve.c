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
#include <stdlib.h>
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
#define THIN_MS 1000	/* between two looks at idle workers */
#define APART_MS 10	/* between two looks at starting ones */
#define ACCEPTED_MAX 64 /* in one turn */
#define JUDGE_MS (PROTOCOL_SECONDS * 1000L)

enum {
	POLL_LISTENER,
	POLL_LIFE,
	POLL_UNDERTAKER,
	POLL_CREW,
	POLL_CHECKERS = POLL_CREW + CREW_JUDGES,
	POLL_QUEUE = POLL_CHECKERS + CREW_CHECKERS,
	POLLS = POLL_QUEUE + QUEUE_MAX,
};

struct service {
	int listener, life; /* -1 once closed */
	_Atomic uint64_t *turns;
	int64_t rest;	      /* no accept before that */
	int64_t again;	      /* there was no worker: look then */
	struct crew crew;     /* judges */
	struct crew checkers; /* of everybody's socket only */
	struct queue queue;
	bool apart; /* no worker holds what a burial waits for */
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
		queue_welcome(&s->queue, fd, now);
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
	explicit_bzero(&task.request.otherwise, sizeof(task.request.otherwise));
	return crew_give(&s->checkers, &task);
}

static void
dispatch_requests(struct service *s, int64_t now)
{
	bool full = false, unchecked = false;

	for (size_t i = 0; i < s->queue.count; i++) {
		struct connection *c = s->queue.connections[i];
		bool check = c->stage == STAGE_UNCHECKED;

		if ((!check && c->stage != STAGE_WAITING) ||
		    (check ? unchecked : full) ||
		    !queue_may_start(&s->queue, c))
			continue;
		c->member =
		    check ? give_check(s, c) : crew_give(&s->crew, &c->task);
		if (c->member == CREW_NOBODY) {
			*(check ? &unchecked : &full) = true;
			s->again = now + AGAIN_MS;
			continue;
		}
		c->stage = check ? STAGE_CHECKING : STAGE_JUDGING;
		if (!check)
			c->deadline = now + JUDGE_MS;
	}
}

static void
send_answer(struct connection *c)
{
	(void)!judge_send(c->fd, &c->answer);
	c->stage = STAGE_DONE;
}

static bool
is_refusal(const struct connection *c)
{
	return c->answer.err != ROLLCODE_OK ||
	       (c->task.request.kind == REQUEST_VERIFY &&
		   !verdict_admits((enum verdict)c->answer.verdict));
}

static void
delay_refusal(struct connection *c, int64_t now)
{
	c->stage = STAGE_REFUSED;
	c->deadline = now + REFUSAL_MS;
}

/* A worker has something to say, or is gone. */
static void
on_worker_reply(struct service *s, int member, int64_t now)
{
	struct connection *c =
	    queue_member_of(&s->queue, STAGE_JUDGING, member);
	struct answer ignored = {0}, *to = c != NULL ? &c->answer : &ignored;

	if (!crew_take(&s->crew, member, to)) {
		if (c != NULL)
			c->stage = STAGE_DONE;
	} else if (c != NULL && c->rank == RANK_OTHER && is_refusal(c)) {
		delay_refusal(c, now);
	} else if (c != NULL) {
		send_answer(c);
	}
}

/* Its caller may ask about this user, or is refused. */
static void
on_checker_reply(struct service *s, int member, int64_t now)
{
	struct connection *c =
	    queue_member_of(&s->queue, STAGE_CHECKING, member);
	struct answer ignored = {0}, *to = c != NULL ? &c->answer : &ignored;

	if (!crew_take(&s->checkers, member, to)) {
		if (c != NULL)
			c->stage = STAGE_DONE;
	} else if (c != NULL && c->answer.err == ROLLCODE_OK) {
		c->task.part = TASK_CHECKED;
		c->stage = STAGE_WAITING;
	} else if (c != NULL) {
		delay_refusal(c, now);
	}
}

/* Whose caller had to make way need not find out any more. */
static void
end_checks(struct service *s)
{
	for (int i = 0; i < s->checkers.count; i++)
		if (s->checkers.members[i].busy &&
		    queue_member_of(&s->queue, STAGE_CHECKING, i) == NULL)
			crew_end(&s->checkers, i);
}

static void
expire_requests(struct service *s, int64_t now)
{
	for (size_t i = 0; i < s->queue.count; i++) {
		struct connection *c = s->queue.connections[i];

		if (c->stage == STAGE_DONE || now < c->deadline)
			continue;
		if (c->stage == STAGE_JUDGING || c->stage == STAGE_CHECKING) {
			syslog(LOG_ERR,
			    "a worker gave no answer in %d seconds; its "
			    "request was denied",
			    PROTOCOL_SECONDS);
			crew_end(
			    c->stage == STAGE_JUDGING ? &s->crew : &s->checkers,
			    c->member);
		}
		if (c->stage == STAGE_REFUSED)
			send_answer(c);
		c->stage = STAGE_DONE;
	}
}

/* Where the connections begin: root's socket has no checkers before them. */
static size_t
queue_at(const struct service *s)
{
	return POLL_CHECKERS + (size_t)s->checkers.count;
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
	p[POLL_LIFE].fd = s->life;
	p[POLL_UNDERTAKER].fd = q->burial.pidfd;
	for (int i = 0; i < CREW_JUDGES; i++)
		p[POLL_CREW + i].fd = s->crew.members[i].fd;
	for (int i = 0; i < s->checkers.count; i++)
		p[POLL_CHECKERS + i].fd = s->checkers.members[i].fd;
	for (size_t i = 0; i < q->count; i++) {
		enum stage stage = q->connections[i]->stage;
		bool watched = stage == STAGE_READING ||
			       stage == STAGE_UNCHECKED ||
			       stage == STAGE_WAITING;

		p[queue_at(s) + i].fd = watched ? q->connections[i]->fd : -1;
	}
	for (size_t i = 0; i < queue_at(s) + q->count; i++)
		p[i].events = POLLIN;
	return (nfds_t)(queue_at(s) + q->count);
}

/* Milliseconds until something must be done, or a sign of life is due. */
static int
poll_timeout(const struct service *s, bool thin, int64_t now)
{
	int64_t next = queue_deadline(&s->queue);

	if (thin && now + THIN_MS < next)
		next = now + THIN_MS;
	if (s->rest > now && s->rest < next)
		next = s->rest;
	if (s->again > now && s->again < next)
		next = s->again;
	if (s->queue.burial.count > 0 && !s->apart && now + APART_MS < next)
		next = now + APART_MS;
	if (next > now + SERVE_SIGN_MS)
		return SERVE_SIGN_MS;
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
		burial_add(&s->queue.burial, s->listener);
	close(s->life);
	s->listener = -1;
	s->life = -1;
}

/* Both crews are looked at, whatever the first one says. */
static bool
thin_crews(struct service *s)
{
	bool thin = crew_thin(&s->crew);

	return crew_thin(&s->checkers) || thin;
}

static bool
are_apart(struct service *s)
{
	bool apart = crew_is_apart(&s->crew);

	return crew_is_apart(&s->checkers) && apart;
}

static void
run_once(struct service *s)
{
	bool thin = thin_crews(s);
	int64_t now = clock_ms();
	nfds_t n = fill_polls(s, now);
	const struct pollfd *p = s->polls;

	atomic_fetch_add(s->turns, 1);
	if (poll(s->polls, n, poll_timeout(s, thin, now)) < 0)
		return;
	now = clock_ms();
	for (int i = 0; i < CREW_JUDGES; i++)
		if (p[POLL_CREW + i].revents != 0)
			on_worker_reply(s, i, now);
	for (int i = 0; i < s->checkers.count; i++)
		if (p[POLL_CHECKERS + i].revents != 0)
			on_checker_reply(s, i, now);
	for (size_t i = 0; i < s->queue.count; i++)
		on_client_event(&s->queue, s->queue.connections[i],
		    p[queue_at(s) + i].revents, now);
	expire_requests(s, now);
	queue_sweep(&s->queue, now);
	if (p[POLL_LIFE].revents != 0)
		stop_listening(s);
	else if (p[POLL_LISTENER].revents != 0)
		accept_some(s, now);
	dispatch_requests(s, now);
	queue_sweep(&s->queue, now);
	end_checks(s);
	s->apart = are_apart(s);
	if (s->apart)
		burial_go_on(&s->queue.burial);
}

enum rollcode_err
serve(const struct post *post, const struct config *config,
    const struct callers *callers)
{
	enum rollcode_err err = ROLLCODE_OK;
	struct service *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return ROLLCODE_ERR_NOMEM;
	s->listener = post->listener;
	s->life = post->life;
	s->turns = post->turns;
	s->queue.whose = post->whose;
	s->queue.callers = callers;
	burial_open(&s->queue.burial);
	crew_open(&s->crew, CREW_JUDGES, config, callers);
	crew_open(&s->checkers,
	    post->whose == SOCKET_OF_ALL ? CREW_CHECKERS : 0, config, callers);
	while ((s->life >= 0 || s->queue.count > 0) &&
	       !burial_is_full(&s->queue.burial))
		run_once(s);
	if (burial_is_full(&s->queue.burial)) {
		syslog(LOG_ERR,
		    "%d connections stay open, because descriptors attached to "
		    "their messages cannot be closed; another process serves",
		    BURIAL_MAX);
		err = ROLLCODE_ERR_UNAVAIL;
	}
	crew_close(&s->crew);
	crew_close(&s->checkers);
	free(s);
	return err;
}
