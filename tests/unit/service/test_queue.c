/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose turn it is at the service, and what it takes for a request.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pam_rollcode/service/workers.h"
#include "pam_rollcode/service/queue.h"
#include "tests/support/cases.h"

#define NOW 1000

/* Who stands there, and about whom: "ann" of uid 1 asks about "ann". */
struct standing {
	enum rank rank;
	uid_t uid;
	const char *user;
	enum stage stage;
};

static const struct {
	const char *says;
	struct standing others[3];
	struct standing asks;
	bool starts;
} turns[] = {
    {"nobody else is there", {{0}}, {RANK_OTHER, 1, "ann", 0}, true},
    {"another user is verified", {{RANK_OTHER, 2, "bob", STAGE_VERIFYING}},
	{RANK_OTHER, 1, "ann", 0}, true},
    {"the same user is verified", {{RANK_ROOT, 0, "ann", STAGE_VERIFYING}},
	{RANK_OTHER, 1, "ann", 0}, false},
    {"the same user is verified, root asks too",
	{{RANK_OTHER, 1, "ann", STAGE_VERIFYING}}, {RANK_ROOT, 0, "ann", 0},
	false},
    {"the same user only waits", {{RANK_ROOT, 0, "ann", STAGE_WAITING}},
	{RANK_OTHER, 1, "ann", 0}, true},
    {"the same account is verified about another user",
	{{RANK_OTHER, 1, "bob", STAGE_VERIFYING}}, {RANK_OTHER, 1, "ann", 0},
	false},
    {"the same account was refused a moment ago",
	{{RANK_OTHER, 1, "ann", STAGE_REFUSED}}, {RANK_OTHER, 1, "ann", 0},
	false},
    {"the user was refused a moment ago, root asks",
	{{RANK_OTHER, 1, "ann", STAGE_REFUSED}}, {RANK_ROOT, 0, "ann", 0},
	true},
    {"another account was refused", {{RANK_OTHER, 2, "bob", STAGE_REFUSED}},
	{RANK_OTHER, 1, "ann", 0}, true},
    {"root asks about two users", {{RANK_ROOT, 0, "bob", STAGE_VERIFYING}},
	{RANK_ROOT, 0, "ann", 0}, true},
    {"a caller asks about two users",
	{{RANK_CALLER, 33, "bob", STAGE_VERIFYING}},
	{RANK_CALLER, 33, "ann", 0}, true},
    {"a stranger's right to ask about the user is looked up",
	{{RANK_OTHER, 2, "ann", STAGE_CHECKING}}, {RANK_OTHER, 1, "ann", 0},
	true},
    {"the same, and root asks", {{RANK_OTHER, 2, "ann", STAGE_CHECKING}},
	{RANK_ROOT, 0, "ann", 0}, true},
    {"a stranger was refused", {{RANK_OTHER, 2, "ann", STAGE_REFUSED}},
	{RANK_OTHER, 1, "ann", 0}, true},
    {"unchecked, the user is verified",
	{{RANK_ROOT, 0, "ann", STAGE_VERIFYING}},
	{RANK_OTHER, 2, "ann", STAGE_UNCHECKED}, true},
    {"unchecked, strangers are looked up",
	{{RANK_OTHER, 2, "ann", STAGE_CHECKING},
	    {RANK_OTHER, 3, "ann", STAGE_CHECKING}},
	{RANK_OTHER, 1, "ann", STAGE_UNCHECKED}, true},
    {"unchecked, the same account is looked up",
	{{RANK_OTHER, 1, "bob", STAGE_CHECKING}},
	{RANK_OTHER, 1, "ann", STAGE_UNCHECKED}, false},
    {"unchecked, the same account was refused a moment ago",
	{{RANK_OTHER, 1, "bob", STAGE_REFUSED}},
	{RANK_OTHER, 1, "ann", STAGE_UNCHECKED}, false},
    {"a name that begins alike", {{RANK_ROOT, 0, "an", STAGE_VERIFYING}},
	{RANK_ROOT, 0, "ann", 0}, true},
};

static struct connection *
stand(struct queue *q, const struct standing *s)
{
	struct connection *c = connection_new();

	ck_assert_ptr_nonnull(c);
	c->fd = -1;
	c->rank = s->rank;
	c->stage = s->stage;
	c->task.uid = s->uid;
	snprintf(
	    c->task.request.user, sizeof(c->task.request.user), "%s", s->user);
	q->connections[q->count++] = c;
	return c;
}

static void
empty(struct queue *q)
{
	for (size_t i = 0; i < q->count; i++)
		q->connections[i]->stage = STAGE_DONE;
	queue_reap(q, NOW);
	ck_assert_uint_eq(q->count, 0);
}

START_TEST(turn_of)
{
	static struct queue q;
	struct connection *c;

	memset(&q, 0, sizeof(q));
	for (size_t i = 0; i < COUNT(turns[_i].others); i++)
		if (turns[_i].others[i].user != NULL)
			stand(&q, &turns[_i].others[i]);
	c = stand(&q, &turns[_i].asks);
	if (c->stage == STAGE_DONE)
		c->stage = STAGE_WAITING;

	ck_assert_msg(
	    queue_may_start(&q, c) == turns[_i].starts, "%s", turns[_i].says);
	empty(&q);
}
END_TEST

START_TEST(accounts_without_privileges_have_half_of_the_workers)
{
	static struct queue q;
	struct connection *other, *root;

	memset(&q, 0, sizeof(q));
	for (unsigned int i = 0; i < VERIFIERS_MAX / 2; i++) {
		char name[8];

		snprintf(name, sizeof(name), "u%u", i);
		stand(&q, &(struct standing){
			      RANK_OTHER, 100 + i, name, STAGE_VERIFYING});
	}
	other =
	    stand(&q, &(struct standing){RANK_OTHER, 1, "ann", STAGE_WAITING});
	root =
	    stand(&q, &(struct standing){RANK_ROOT, 0, "bob", STAGE_WAITING});

	ck_assert(!queue_may_start(&q, other));
	ck_assert(queue_may_start(&q, root));
	q.connections[0]->stage = STAGE_REFUSED;
	ck_assert(queue_may_start(&q, other));
	empty(&q);
}
END_TEST

START_TEST(a_worker_is_found_by_its_number)
{
	static struct queue q;
	struct connection *a, *b;

	memset(&q, 0, sizeof(q));
	a = stand(&q, &(struct standing){RANK_ROOT, 0, "ann", STAGE_VERIFYING});
	b = stand(&q, &(struct standing){RANK_ROOT, 0, "bob", STAGE_VERIFYING});
	a->member = 3;
	b->member = 5;

	ck_assert_ptr_eq(queue_of_member(&q, 3), a);
	ck_assert_ptr_eq(queue_of_member(&q, 5), b);
	ck_assert_ptr_null(queue_of_member(&q, 4));
	a->stage = STAGE_REFUSED;
	ck_assert_ptr_null(queue_of_member(&q, 3));
	empty(&q);
}
END_TEST

START_TEST(the_nearest_deadline_counts)
{
	static struct queue q;

	memset(&q, 0, sizeof(q));
	ck_assert_int_eq(queue_deadline(&q), INT64_MAX);
	for (int i = 0; i < 3; i++)
		stand(
		    &q, &(struct standing){RANK_ROOT, 0, "ann", STAGE_WAITING})
		    ->deadline = 50 - i;
	ck_assert_int_eq(queue_deadline(&q), 48);
	empty(&q);
}
END_TEST

START_TEST(sweeping_keeps_the_order)
{
	static struct queue q;
	struct connection *a, *c;

	memset(&q, 0, sizeof(q));
	a = stand(&q, &(struct standing){RANK_ROOT, 0, "a", STAGE_WAITING});
	stand(&q, &(struct standing){RANK_ROOT, 0, "b", STAGE_DONE});
	c = stand(&q, &(struct standing){RANK_ROOT, 0, "c", STAGE_READING});
	queue_reap(&q, NOW);

	ck_assert_uint_eq(q.count, 2);
	ck_assert_ptr_eq(q.connections[0], a);
	ck_assert_ptr_eq(q.connections[1], c);
	empty(&q);
}
END_TEST

static const struct {
	const char *says;
	size_t len; /* sent; 0 for nothing at all */
	uint32_t magic, kind;
	size_t flood; /* this field has no NUL: its offset */
	enum stage stage;
} requests[] = {
    {"a request", sizeof(struct request), PROTOCOL_REQUEST, REQUEST_VERIFY, 0,
	STAGE_UNCHECKED},
    {"another kind", sizeof(struct request), PROTOCOL_REQUEST, REQUEST_ENROLLED,
	0, STAGE_UNCHECKED},
    {"nothing yet", 0, 0, 0, 0, STAGE_READING},
    {"too short", sizeof(struct request) - 1, PROTOCOL_REQUEST, REQUEST_VERIFY,
	0, STAGE_DONE},
    {"too long", sizeof(struct request) + 1, PROTOCOL_REQUEST, REQUEST_VERIFY,
	0, STAGE_DONE},
    {"one byte", 1, PROTOCOL_REQUEST, REQUEST_VERIFY, 0, STAGE_DONE},
    {"other magic", sizeof(struct request), PROTOCOL_ANSWER, REQUEST_VERIFY, 0,
	STAGE_DONE},
    {"no kind", sizeof(struct request), PROTOCOL_REQUEST, REQUEST_NONE, 0,
	STAGE_DONE},
    {"unknown kind", sizeof(struct request), PROTOCOL_REQUEST, 77, 0,
	STAGE_DONE},
    {"a user without end", sizeof(struct request), PROTOCOL_REQUEST,
	REQUEST_VERIFY, offsetof(struct request, user), STAGE_DONE},
    {"a text without end", sizeof(struct request), PROTOCOL_REQUEST,
	REQUEST_VERIFY, offsetof(struct request, text), STAGE_DONE},
};

START_TEST(request_of)
{
	char bytes[sizeof(struct request) + 1] = {0};
	struct request request = {
	    .magic = requests[_i].magic,
	    .kind = requests[_i].kind,
	};
	struct connection c = {.stage = STAGE_READING, .deadline = NOW};
	static struct queue q;
	int fds[2];

	memcpy(bytes, &request, sizeof(request));
	if (requests[_i].flood != 0)
		memset(bytes + requests[_i].flood, 'a',
		    sizeof(request) - requests[_i].flood);
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	if (requests[_i].len > 0)
		ck_assert_int_eq(send(fds[1], bytes, requests[_i].len, 0),
		    (ssize_t)requests[_i].len);
	c.fd = fds[0];
	queue_receive(&q, &c, NOW);

	ck_assert_msg(c.stage == requests[_i].stage, "%s: stage %d",
	    requests[_i].says, (int)c.stage);
	ck_assert(c.deadline == (c.stage == STAGE_UNCHECKED
					? NOW + PROTOCOL_SECONDS * 1000L
					: NOW));
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(who_hung_up_is_done)
{
	struct connection c = {.stage = STAGE_READING};
	static struct queue q;
	int fds[2];

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	close(fds[1]);
	c.fd = fds[0];
	queue_receive(&q, &c, NOW);

	ck_assert_int_eq(c.stage, STAGE_DONE);
	close(fds[0]);
}
END_TEST

/* --- what a message can carry --------------------------------------------- */

/* A connection as the listener makes it, and its other end. */
static void
connected(int fds[2])
{
	static const int one = 1;

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	ck_assert_int_eq(
	    setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)), 0);
}

/* Send len bytes, and a descriptor if it is not -1. */
static void
send_with(int fd, size_t len, int attached)
{
	static char bytes[sizeof(struct request)];
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.header = {
			 .cmsg_len = CMSG_LEN(sizeof(int)),
			 .cmsg_level = SOL_SOCKET,
			 .cmsg_type = SCM_RIGHTS,
		     }};
	struct iovec part = {.iov_base = bytes, .iov_len = len};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	memcpy(CMSG_DATA(&control.header), &attached, sizeof(attached));
	if (attached >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	ck_assert_int_eq(sendmsg(fd, &message, 0), (ssize_t)len);
}

/* What is sent, whether its sender then hangs up, and what is seen of it. */
static const struct {
	const char *says;
	int lens[3]; /* -1: no more; 1000 and more: with a descriptor */
	bool hangs_up;
	enum carried carried;
	bool kept; /* by closer_close */
} messages[] = {
    {"nothing", {-1}, false, CARRIED_NOTHING, false},
    {"the end", {-1}, true, CARRIED_END, false},
    {"bytes", {1, -1}, false, CARRIED_BYTES, false},
    {"bytes, and the end", {1, -1}, true, CARRIED_BYTES, false},
    {"an empty message", {0, -1}, true, CARRIED_BYTES, false},
    {"a descriptor", {1001, -1}, true, CARRIED_FILES, true},
    {"a descriptor alone", {1000, -1}, false, CARRIED_FILES, true},
    {"a descriptor behind bytes", {1, 1001, -1}, true, CARRIED_BYTES, true},
    {"a descriptor behind a long message", {999, 999, 1999}, true,
	CARRIED_BYTES, true},
    {"long messages", {999, 999, 999}, false, CARRIED_BYTES, false},
    {"a descriptor behind an empty message", {0, 0, 1000}, true, CARRIED_BYTES,
	true},
};

START_TEST(a_descriptor_is_seen_and_not_closed)
{
	static struct closer b;
	int fds[2], ends[2];
	struct pollfd closed;

	closer_open(&b);
	connected(fds);
	ck_assert_int_eq(pipe(ends), 0);
	for (int i = 0; i < 3 && messages[_i].lens[i] >= 0; i++)
		send_with(fds[1], (size_t)(messages[_i].lens[i] % 1000),
		    messages[_i].lens[i] >= 1000 ? ends[1] : -1);
	close(ends[1]);
	if (messages[_i].hangs_up)
		close(fds[1]);

	ck_assert_msg(closer_look(fds[0]) == messages[_i].carried, "%s",
	    messages[_i].says);
	ck_assert_int_eq(closer_look(fds[0]), messages[_i].carried);
	closer_close(&b, fds[0], 1000, NOW);
	ck_assert_msg(b.count == messages[_i].kept, "%s", messages[_i].says);
	closed = (struct pollfd){.fd = ends[0], .events = POLLIN};
	ck_assert_msg(
	    poll(&closed, 1, 0) == !messages[_i].kept, "%s", messages[_i].says);
	closer_run(&b);
	ck_assert_uint_eq(b.count, 0);
	ck_assert_msg(poll(&closed, 1, 10000) == 1, "%s: it is not closed",
	    messages[_i].says);
}
END_TEST

/* The next one gets its memory. */
START_TEST(of_a_connection_that_is_closed_nothing_is_left)
{
	static struct queue q = {.whose = SOCKET_OF_ROOT};
	static const struct connection nothing = {.taken = true};
	struct connection *c = stand(&q, &turns[0].asks);

	memset(c, 0x5a, sizeof(*c));
	c->fd = -1;
	empty(&q);

	ck_assert_ptr_eq(connection_new(), c);
	ck_assert_mem_eq(c, &nothing, sizeof(nothing));
}
END_TEST

START_TEST(who_was_not_read_is_told)
{
	static struct closer b;
	int fds[2];
	char byte;

	closer_open(&b);
	connected(fds);
	send_with(fds[1], 0, -1);
	send_with(fds[1], sizeof(struct request), -1);
	closer_close(&b, fds[0], 1000, NOW);

	ck_assert_uint_eq(b.count, 0);
	ck_assert_int_eq(recv(fds[1], &byte, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	close(fds[1]);
}
END_TEST

START_TEST(nobody_sends_any_more_to_what_is_kept)
{
	static struct closer b;
	int fds[2];

	closer_open(&b);
	connected(fds);
	send_with(fds[1], 1, STDIN_FILENO);
	closer_close(&b, fds[0], 1000, NOW);

	ck_assert_uint_eq(b.count, 1);
	ck_assert_int_eq(send(fds[1], "", 0, MSG_NOSIGNAL), -1);
	ck_assert_int_eq(errno, EPIPE);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(all_are_closed_by_one_other_process)
{
	static struct closer b;
	int fds[2], watched;

	signal(SIGCHLD, SIG_IGN);
	closer_open(&b);
	for (int i = 0; i < 3; i++) {
		connected(fds);
		send_with(fds[1], 1, STDIN_FILENO);
		closer_close(&b, fds[0], 1000, NOW);
		close(fds[1]);
	}
	ck_assert_uint_eq(b.count, 3);
	closer_run(&b);
	ck_assert_uint_eq(b.count, 0);
	ck_assert_int_gt(b.process, 0);
	watched = b.pidfd;
	for (int i = 0; b.process > 0 && i < 2000; i++) {
		usleep(1000);
		closer_run(&b);
	}
	ck_assert_int_eq(b.process, 0);
	ck_assert(watched < 0 || fcntl(watched, F_GETFD) < 0);
}
END_TEST

START_TEST(a_request_that_carries_a_descriptor_is_not_received)
{
	struct connection c = {.stage = STAGE_READING};
	static struct queue q;
	int fds[2];

	connected(fds);
	c.fd = fds[0];
	send_with(fds[1], sizeof(struct request), STDIN_FILENO);
	queue_receive(&q, &c, NOW);

	ck_assert_int_eq(c.stage, STAGE_DONE);
	ck_assert_int_eq(closer_look(fds[0]), CARRIED_FILES);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(roots_socket_is_for_root)
{
	static struct queue q = {.whose = SOCKET_OF_ROOT};
	struct callers callers = {.count = 1, .uids = {4242}};
	int fds[2];

	q.callers = &callers;
	ck_assert(geteuid() != 0 || setresuid(4242, 4242, 4242) == 0);
	connected(fds);
	queue_accept(&q, fds[0], NOW);

	ck_assert_uint_eq(q.count, 0);
	close(fds[1]);
}
END_TEST

/* Silent connections of this process, until the queue takes no more. */
static size_t
crowd(struct queue *q, size_t count)
{
	int fds[2];

	for (size_t i = 0; i < count; i++) {
		ck_assert_int_eq(
		    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds),
		    0);
		queue_accept(q, fds[0], NOW);
		close(fds[1]);
	}
	return q->count;
}

/* Of somebody, of a caller, of root. */
static const size_t shares[] = {8, 64, 512};

START_TEST(an_account_has_its_share_of_connections)
{
	static struct queue q;
	struct callers callers = {.uids = {4242}};

	memset(&q, 0, sizeof(q));
	ck_assert(geteuid() != 0 || shares[_i] == 512 ||
		  setresuid(4242, 4242, 4242) == 0);
	if (geteuid() != 0 && shares[_i] == 512)
		return;
	callers.uids[0] = geteuid();
	callers.count = shares[_i] == 64;
	q.callers = &callers;

	ck_assert_uint_eq(crowd(&q, 600), shares[_i]);
	empty(&q);
}
END_TEST

/* One of root's, and one of somebody who may not connect to root's. */
START_TEST(of_who_is_turned_away_no_descriptor_is_left)
{
	static struct queue q = {.whose = SOCKET_OF_ROOT};
	struct callers nobody = {0};
	int before = dup(STDIN_FILENO), after, taken;

	close(before);
	q.callers = &nobody;
	taken = crowd(&q, 1) > 0;
	for (size_t i = 0; i < q.count; i++)
		q.connections[i]->stage = STAGE_DONE;
	queue_reap(&q, NOW);
	ck_assert_int_eq(taken, geteuid() == 0);
	ck_assert(geteuid() != 0 || setresuid(4242, 4242, 4242) == 0);
	ck_assert_uint_eq(crowd(&q, 3), 0);
	after = dup(STDIN_FILENO);
	ck_assert_int_eq(after, before);
	close(after);
}
END_TEST

START_TEST(who_says_nothing_has_a_second)
{
	static struct queue q;
	struct callers nobody = {0};
	int fds[2];

	memset(&q, 0, sizeof(q));
	q.callers = &nobody;
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	queue_accept(&q, fds[0], NOW);
	ck_assert_uint_eq(q.count, 1);
	ck_assert_int_eq(q.connections[0]->deadline, NOW + 1000);
	empty(&q);
	close(fds[1]);
}
END_TEST

/*
 * The connections of accounts without privileges are taken, all by different
 * ones that are verified, but for these.  Who makes room for one more?
 */
static const struct {
	const char *says;
	struct standing waits[3];
	int goes; /* which of these; -1 for nobody */
} full[] = {
    {"all are verified", {{0}}, -1},
    {"all wait", {{RANK_OTHER, 1, "ann", STAGE_WAITING}}, -1},
    {"the one that says nothing",
	{{RANK_OTHER, 1, "ann", STAGE_WAITING},
	    {RANK_OTHER, 2, "bob", STAGE_READING},
	    {RANK_OTHER, 3, "eve", STAGE_READING}},
	1},
    {"one that may not ask",
	{{RANK_OTHER, 1, "ann", STAGE_WAITING},
	    {RANK_OTHER, 2, "not hers", STAGE_REFUSED}},
	1},
    {"none whose guess was refused", {{RANK_OTHER, 1, "ann", STAGE_REFUSED}},
	-1},
    {"the latest of who has most",
	{{RANK_OTHER, 1, "ann", STAGE_WAITING},
	    {RANK_OTHER, 1, "ann", STAGE_WAITING},
	    {RANK_OTHER, 2, "bob", STAGE_WAITING}},
	1},
    {"not the one that is verified",
	{{RANK_OTHER, 1, "ann", STAGE_WAITING},
	    {RANK_OTHER, 1, "ann", STAGE_VERIFYING}},
	0},
    {"the one that is looked up for long",
	{{RANK_OTHER, 1, "quick", STAGE_CHECKING},
	    {RANK_OTHER, 2, "slow", STAGE_CHECKING},
	    {RANK_OTHER, 3, "slow", STAGE_CHECKING}},
	1},
    {"who waits rather than that",
	{{RANK_OTHER, 2, "slow", STAGE_CHECKING},
	    {RANK_OTHER, 1, "ann", STAGE_UNCHECKED},
	    {RANK_OTHER, 1, "ann", STAGE_UNCHECKED}},
	2},
    {"none of another rank",
	{{RANK_CALLER, 33, "ann", STAGE_READING},
	    {RANK_ROOT, 0, "bob", STAGE_READING}},
	-1},
};

static size_t
others_in(const struct queue *q)
{
	size_t count = 0;

	for (size_t i = 0; i < q->count; i++)
		count += q->connections[i]->rank == RANK_OTHER;
	return count;
}

START_TEST(room_is_made_by)
{
	static struct queue q;
	struct callers nobody = {0};
	int fds[2], goes = full[_i].goes, count = 0;

	memset(&q, 0, sizeof(q));
	q.callers = &nobody;
	for (; count < 3 && full[_i].waits[count].user != NULL; count++) {
		struct connection *c = stand(&q, &full[_i].waits[count]);

		c->member = count + 1;
		c->deadline = NOW + PROTOCOL_SECONDS * 1000L;
		if (strcmp(full[_i].waits[count].user, "slow") == 0)
			c->deadline -= 900;
		if (strcmp(full[_i].waits[count].user, "not hers") == 0)
			c->answer.err = ROLLCODE_ERR_PRIVILEGE;
	}
	for (uid_t uid = 100; others_in(&q) < 64; uid++)
		stand(&q,
		    &(struct standing){RANK_OTHER, uid, "x", STAGE_VERIFYING});
	ck_assert(geteuid() != 0 || setresuid(4242, 4242, 4242) == 0);
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	queue_accept(&q, fds[0], NOW);

	ck_assert_uint_eq(others_in(&q), 64);
	ck_assert_msg((q.connections[q.count - 1]->fd == fds[0]) == (goes >= 0),
	    "%s", full[_i].says);
	for (int i = 0; i < count; i++) {
		bool there = false;

		for (size_t k = 0; k < q.count; k++)
			there |= q.connections[k]->member == i + 1;
		ck_assert_msg(there == (i != goes), "%s", full[_i].says);
	}
	close(fds[1]);
	empty(&q);
}
END_TEST

static const struct {
	const char *callers;
	size_t count, missing; /* how many are named as missing */
	enum rollcode_err err;
} lists[] = {
    {"", 0, 0, ROLLCODE_OK},
    {"root", 1, 0, ROLLCODE_OK},
    {"root,nobody", 2, 0, ROLLCODE_OK},
    {" root ,  nobody ", 2, 0, ROLLCODE_OK},
    {"no-such-account root", 1, 1, ROLLCODE_OK},
    {"no-such-account,nor-that", 0, 2, ROLLCODE_OK},
};

START_TEST(callers_are)
{
	struct config config = {0};
	struct callers callers;
	struct error missing, error = {0};
	size_t found = 0;

	snprintf(
	    config.callers, sizeof(config.callers), "%s", lists[_i].callers);
	ck_assert_int_eq(
	    callers_find(&config, &callers, &missing, &error), lists[_i].err);
	for (const char *p = missing.text;
	     (p = strstr(p, "does not exist; ignored")) != NULL; p++)
		found++;

	ck_assert_uint_eq(callers.count, lists[_i].count);
	ck_assert_uint_eq(found, lists[_i].missing);
	ck_assert(callers_include(&callers, 0));
	ck_assert(!callers_include(&callers, 4242));
}
END_TEST

START_TEST(too_many_callers_are_refused)
{
	struct config config = {0};
	struct callers callers;
	struct error missing, error = {0};

	for (int i = 0; i <= CALLERS_MAX; i++)
		strcat(config.callers, "root ");
	ck_assert_int_eq(callers_find(&config, &callers, &missing, &error),
	    ROLLCODE_ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.text, "more than"));
}
END_TEST

int
main(void)
{
	TCase *tc = test_case("queue", 0);

	tcase_add_loop_test(tc, turn_of, 0, COUNT(turns));
	tcase_add_test(
	    tc, accounts_without_privileges_have_half_of_the_workers);
	tcase_add_test(tc, a_worker_is_found_by_its_number);
	tcase_add_test(tc, the_nearest_deadline_counts);
	tcase_add_test(tc, sweeping_keeps_the_order);
	tcase_add_loop_test(tc, request_of, 0, COUNT(requests));
	tcase_add_test(tc, who_hung_up_is_done);
	tcase_add_loop_test(
	    tc, a_descriptor_is_seen_and_not_closed, 0, COUNT(messages));
	tcase_add_test(tc, of_a_connection_that_is_closed_nothing_is_left);
	tcase_add_test(tc, who_was_not_read_is_told);
	tcase_add_test(tc, nobody_sends_any_more_to_what_is_kept);
	tcase_add_test(tc, all_are_closed_by_one_other_process);
	tcase_add_test(tc, a_request_that_carries_a_descriptor_is_not_received);
	tcase_add_test(tc, roots_socket_is_for_root);
	tcase_add_loop_test(
	    tc, an_account_has_its_share_of_connections, 0, COUNT(shares));
	tcase_add_test(tc, of_who_is_turned_away_no_descriptor_is_left);
	tcase_add_test(tc, who_says_nothing_has_a_second);
	tcase_add_loop_test(tc, room_is_made_by, 0, COUNT(full));
	tcase_add_loop_test(tc, callers_are, 0, COUNT(lists));
	tcase_add_test(tc, too_many_callers_are_refused);
	return test_run();
}
