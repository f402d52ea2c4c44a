/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.c - who gets in, and who is next.
 *
 *  1. Who asks is who the kernel says, looked at when the connection is made.
 *  2. Requests about one user are verified one after the other, those about
 *     different users side by side.  Who may not ask about a user keeps nobody
 *     else from it: that is found out before, however long it takes.
 *  3. An account without privileges has one request verified at a time, and a
 *     refusal takes it a second more; all of them together have a part of the
 *     connections and of the workers, so that the others have theirs.
 *  4. If there is no room, a connection without a request makes way for one
 *     with a request, a caller who may ask about nobody for one who may, and
 *     an account with many connections for one with few.
 *  5. A message that carries descriptors is not received, and the connection
 *     that it waits in not closed here.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "login/request.h"
#include "service/queue.h"
#include "system/fd.h"

#define READ_MS 1000 /* for a request to come, once connected */
#define WAIT_MS (PROTOCOL_SECONDS * 1000L)
#define SLOW_MS 500 /* a check that takes longer may have to make way */

/* Connections at once: of all accounts of a rank, of each of them. */
static const struct {
	size_t all, each;
} room[RANKS] = {
    [RANK_OTHER] = {64, 8},
    [RANK_CALLER] = {128, 64},
    [RANK_ROOT] = {512, 512},
};
#define OTHERS_AT_ONCE (VERIFIERS_MAX / 2) /* verified, of RANK_OTHER */

/* QUEUE_MAX of them, in memory that no copy of this process gets. */
static struct connection *slots;

/* Whether there is a message that may be received, and is to be. */
static bool
may_receive(const struct queue *q, struct connection *c)
{
	enum carried carried =
	    q->whose == SOCKET_OF_ROOT ? CARRIED_BYTES : closer_look(c->fd);

	if (carried != CARRIED_BYTES && carried != CARRIED_NOTHING)
		c->stage = STAGE_DONE;
	return carried == CARRIED_BYTES;
}

void
queue_receive(const struct queue *q, struct connection *c, int64_t now)
{
	ssize_t n;

	if (!may_receive(q, c))
		return;
	n = recv(c->fd, &c->task.request, sizeof(c->task.request),
	    MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	c->stage = STAGE_DONE;
	if (n != (ssize_t)sizeof(c->task.request) ||
	    !request_valid(&c->task.request))
		return;
	c->stage = c->rank == RANK_OTHER ? STAGE_UNCHECKED : STAGE_WAITING;
	c->deadline = now + WAIT_MS;
}

/* What root sends along is root's to answer for. */
static void
hang_up(struct queue *q, int fd, uid_t uid, int64_t now)
{
	if (q->whose == SOCKET_OF_ROOT)
		close(fd);
	else
		closer_close(&q->closer, fd, uid, now);
}

static bool
have_slots(void)
{
	const size_t size = QUEUE_MAX * sizeof(struct connection);
	void *memory;

	if (slots != NULL)
		return true;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return false;
	(void)!madvise(memory, size, MADV_WIPEONFORK);
	slots = memory;
	return true;
}

struct connection *
connection_new(void)
{
	for (size_t i = 0; have_slots() && i < QUEUE_MAX; i++) {
		if (slots[i].taken)
			continue;
		slots[i].taken = true;
		return &slots[i];
	}
	return NULL;
}

void
queue_reap(struct queue *q, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < q->count; i++) {
		struct connection *c = q->connections[i];

		if (c->stage != STAGE_DONE) {
			q->connections[kept++] = c;
			continue;
		}
		hang_up(q, c->fd, c->task.uid, now);
		explicit_bzero(c, sizeof(*c));
	}
	q->count = kept;
}

static enum rank
rank_of(const struct queue *q, uid_t uid)
{
	if (uid == 0)
		return RANK_ROOT;
	return callers_include(q->callers, uid) ? RANK_CALLER : RANK_OTHER;
}

static size_t
count_uid(const struct queue *q, uid_t uid)
{
	size_t count = 0;

	for (size_t i = 0; i < q->count; i++)
		count += q->connections[i]->task.uid == uid;
	return count;
}

/* Nobody waits for it to be verified, nor is kept from guessing by it. */
static bool
is_idle(const struct connection *c)
{
	return c->stage == STAGE_READING ||
	       (c->stage == STAGE_REFUSED &&
		   c->answer.err == ROLLCODE_ERR_PRIVILEGE);
}

static bool
is_waiting(const struct connection *c)
{
	return c->stage == STAGE_UNCHECKED || c->stage == STAGE_WAITING;
}

/* Whether it has been here for long, and is still looked up. */
static bool
is_slow(const struct connection *c, int64_t now)
{
	return c->stage == STAGE_CHECKING &&
	       c->deadline - WAIT_MS + SLOW_MS <= now;
}

/*
 * One of a full rank goes: the one that has been idle for longest, else the
 * latest that waits of the account that has most, else the first of those whose
 * right to ask is looked up and who have been here for long.
 */
static struct connection *
who_goes(const struct queue *q, enum rank rank, int64_t now)
{
	struct connection *goes = NULL, *slow = NULL;
	size_t most = 2, count;

	for (size_t i = 0; i < q->count; i++) {
		struct connection *c = q->connections[i];

		if (c->rank != rank)
			continue;
		if (is_idle(c))
			return c;
		if (slow == NULL && is_slow(c, now))
			slow = c;
		if (!is_waiting(c) ||
		    (count = count_uid(q, c->task.uid)) < most)
			continue;
		goes = c;
		most = count;
	}
	return goes != NULL ? goes : slow;
}

static bool
evict_connection(struct queue *q, enum rank rank, int64_t now)
{
	struct connection *goes = who_goes(q, rank, now);

	if (goes == NULL)
		return false;
	goes->stage = STAGE_DONE;
	queue_reap(q, now);
	return true;
}

static bool
has_room(struct queue *q, enum rank rank, uid_t uid, int64_t now)
{
	size_t all = 0;

	queue_reap(q, now);
	for (size_t i = 0; i < q->count; i++)
		all += q->connections[i]->rank == rank;
	return count_uid(q, uid) < room[rank].each &&
	       (all < room[rank].all || evict_connection(q, rank, now));
}

void
queue_accept(struct queue *q, int fd, int64_t now)
{
	uid_t uid = fd_peer(fd);
	enum rank rank = rank_of(q, uid);
	struct connection *c = NULL;

	if (uid != FD_NO_PEER &&
	    (rank == RANK_ROOT || q->whose == SOCKET_OF_ALL) &&
	    has_room(q, rank, uid, now))
		c = connection_new();
	if (c == NULL) {
		hang_up(q, fd, uid, now);
		return;
	}
	c->fd = fd;
	c->rank = rank;
	c->task.uid = uid;
	c->stage = STAGE_READING;
	c->deadline = now + READ_MS;
	q->connections[q->count++] = c;
	queue_receive(q, c, now);
}

bool
queue_may_start(const struct queue *q, const struct connection *c)
{
	bool unchecked = c->stage == STAGE_UNCHECKED;
	size_t others = 0;

	for (size_t i = 0; i < q->count; i++) {
		const struct connection *o = q->connections[i];
		bool verifying = o->stage == STAGE_VERIFYING;

		if (c->rank == RANK_OTHER && o->task.uid == c->task.uid &&
		    (verifying || o->stage == STAGE_REFUSED ||
			(unchecked && o->stage == STAGE_CHECKING)))
			return false;
		if (!unchecked && verifying &&
		    strcmp(o->task.request.user, c->task.request.user) == 0)
			return false;
		others += verifying && o->rank == RANK_OTHER;
	}
	return unchecked || c->rank != RANK_OTHER || others < OTHERS_AT_ONCE;
}

struct connection *
queue_of_member(const struct queue *q, int member)
{
	for (size_t i = 0; i < q->count; i++)
		if ((q->connections[i]->stage == STAGE_CHECKING ||
			q->connections[i]->stage == STAGE_VERIFYING) &&
		    q->connections[i]->member == member)
			return q->connections[i];
	return NULL;
}

int64_t
queue_deadline(const struct queue *q)
{
	int64_t nearest = INT64_MAX;

	for (size_t i = 0; i < q->count; i++)
		if (q->connections[i]->deadline < nearest)
			nearest = q->connections[i]->deadline;
	return nearest;
}
