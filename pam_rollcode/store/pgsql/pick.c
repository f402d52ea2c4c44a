/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pick.c - ask all servers of a list at once, and take the one that counts.
 *
 *  1. Of those that can be written to, the one whose timeline is highest: a
 *     primary that a promotion left behind is not asked.
 *  2. One that did not answer in time is taken last.
 *  3. A server that says nothing keeps nobody from the others: once there is
 *     one, the others have as long again.
 */
#include <errno.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "store/pgsql/parts.h"

#define CONNECT_MS 3000 /* for all servers together */
#define SETTLE_MS 100	/* for those that are slower than the first */
#define TIMELINE_MS 300 /* to say which one it is */
#define LATE_MS 60000

/* A server of the list, while it is asked. */
struct attempt {
	PGconn *conn; /* or NULL: it is out, and why says so */
	PostgresPollingStatusType status;
	int64_t timeline;
	char where[LINK_WHERE_MAX];
	char why[192];
};

struct attempts {
	size_t count;
	struct attempt all[PLACE_HOSTS_MAX];
};

/* The one that was late last, and until when that is remembered. */
static struct {
	char where[LINK_WHERE_MAX];
	int64_t until;
} late;

void
pick_late(const struct link *link)
{
	memcpy(late.where, link->where, sizeof(late.where));
	late.until = clock_ms() + LATE_MS;
}

static bool
was_late(const struct attempt *a)
{
	return clock_ms() < late.until && strcmp(a->where, late.where) == 0;
}

static bool
is_asked(const struct attempt *a)
{
	return a->conn != NULL && a->status != PGRES_POLLING_OK;
}

static bool
is_there(const struct attempt *a)
{
	return a->conn != NULL && a->status == PGRES_POLLING_OK;
}

static size_t
count_of(const struct attempts *t, bool (*is)(const struct attempt *))
{
	size_t count = 0;

	for (size_t i = 0; i < t->count; i++)
		count += is(&t->all[i]);
	return count;
}

static void
give_up(struct attempt *a)
{
	PQfinish(a->conn);
	a->conn = NULL;
}

/* One that failed has said why. */
static void
look_after(struct attempt *a)
{
	if (a->conn != NULL && a->status != PGRES_POLLING_FAILED &&
	    PQstatus(a->conn) != CONNECTION_BAD)
		return;
	if (a->conn != NULL)
		link_line(PQerrorMessage(a->conn), a->why, sizeof(a->why));
	give_up(a);
}

static void
ask_servers(const struct place *place, struct attempts *t)
{
	struct place_settings settings;

	t->count = place->count;
	for (size_t i = 0; i < t->count; i++) {
		struct attempt *a = &t->all[i];

		place_where(&place->hosts[i], a->where);
		place_settings(place, i, &settings);
		snprintf(a->why, sizeof(a->why), "does not answer in time");
		a->status = PGRES_POLLING_WRITING;
		a->conn =
		    PQconnectStartParams(settings.keywords, settings.values, 0);
		look_after(a);
	}
}

/* Wait for any of them, and go on with it.  False when the time is over. */
static bool
go_on(struct attempts *t, int64_t deadline)
{
	struct pollfd fds[PLACE_HOSTS_MAX];
	int64_t left = deadline - clock_ms();

	for (size_t i = 0; i < t->count; i++) {
		const struct attempt *a = &t->all[i];

		fds[i] = (struct pollfd){
		    .fd = is_asked(a) ? PQsocket(a->conn) : -1,
		    .events =
			a->status == PGRES_POLLING_READING ? POLLIN : POLLOUT,
		};
	}
	if (left <= 0 || (poll(fds, t->count, (int)left) < 0 && errno != EINTR))
		return false;
	for (size_t i = 0; i < t->count; i++)
		if (fds[i].fd >= 0 && fds[i].revents != 0) {
			t->all[i].status = PQconnectPoll(t->all[i].conn);
			look_after(&t->all[i]);
		}
	return true;
}

static void
wait_for_all(struct attempts *t, int64_t deadline)
{
	int64_t began = clock_ms(), now = began, settled = 0;

	while (count_of(t, is_asked) > 0 && (settled == 0 || now < settled) &&
	       go_on(t, deadline)) {
		now = clock_ms();
		if (settled != 0 || count_of(t, is_there) == 0)
			continue;
		settled = now + (now - began) + SETTLE_MS;
		deadline = settled < deadline ? settled : deadline;
	}
	for (size_t i = 0; i < t->count; i++)
		if (is_asked(&t->all[i]))
			give_up(&t->all[i]);
}

/* The server's link now; what it had is another's. */
static void
take_link(struct link *link, struct attempt *a)
{
	link->conn = a->conn;
	memcpy(link->where, a->where, sizeof(link->where));
	link->broken = PQsetnonblocking(a->conn, 1) != 0 ||
		       PQenterPipelineMode(a->conn) != 1;
	PQsetNoticeReceiver(a->conn, link_notice, link);
}

/* 0 for one that does not know; one that is silent is out. */
static void
ask_timeline(struct link *link, struct attempt *a)
{
	WIPED(rows_free) struct rows rows = {0};
	int64_t deadline = link->deadline;

	take_link(link, a);
	link->deadline = link_until(link, TIMELINE_MS);
	if (link_query(link, &rows, NULL,
		"SELECT pg_catalog.concat('x',pg_catalog.substr("
		"pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()),"
		"1,8))::pg_catalog.bit(32)::bigint",
		"") == ROLLCODE_OK &&
	    rows_next(&rows))
		a->timeline = rows_int(&rows, 0, UINT32_MAX);
	if (link->broken)
		give_up(a);
	link->deadline = deadline;
	link->broken = link->late = false;
	link->conn = NULL;
}

static struct attempt *
best_of(struct attempts *t)
{
	struct attempt *best = NULL;

	for (size_t i = 0; i < t->count; i++) {
		struct attempt *a = &t->all[i];

		if (is_there(a) &&
		    (best == NULL || a->timeline > best->timeline ||
			(a->timeline == best->timeline && was_late(best))))
			best = a;
	}
	return best;
}

enum rollcode_err
pick_server(struct link *link, const struct place *place, struct error *error)
{
	struct attempts t = {0};
	struct attempt *best;

	ask_servers(place, &t);
	wait_for_all(&t, link_until(link, CONNECT_MS));
	if (count_of(&t, is_there) > 1)
		for (size_t i = 0; i < t.count; i++)
			if (is_there(&t.all[i]))
				ask_timeline(link, &t.all[i]);
	best = best_of(&t);
	if (best != NULL) {
		take_link(link, best);
		best->conn = NULL;
	}
	for (size_t i = 0; i < t.count; i++) {
		struct attempt *a = &t.all[i];

		if (best == NULL)
			error_add(error, ROLLCODE_ERR_UNAVAIL, "%s: %s",
			    a->where, a->why);
		give_up(a);
	}
	return best != NULL ? ROLLCODE_OK : ROLLCODE_ERR_UNAVAIL;
}
