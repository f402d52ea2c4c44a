/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "store/pgsql/past.h"

static const struct {
	const char *cause, *how;
} causes[] = {
    {"system", "was copied into another database cluster"},
    {"database", "was copied into another database"},
    {"table", "was restored from a dump"},
    {"row", "was restored from a dump, or another program wrote its row"},
};

static const char went_back[] =
    "went back in time, and lacks what this host was told is committed";

static const char left_behind[] =
    "is on an older timeline than this host has seen: an old primary, or put "
    "back";

struct fields {
	char cause[16];
	int64_t settled, timeline; /* of the row */
	bool follow, target;
	int64_t timeline_now, lsn;
};

static const char *
look_at_row(const struct fields *f)
{
	for (size_t i = 0; i < COUNT(causes); i++)
		if (strcmp(causes[i].cause, f->cause) == 0)
			return causes[i].how;
	if (f->cause[0] != '\0' || f->timeline_now < f->timeline)
		return went_back;
	if (f->timeline_now > f->timeline && f->target)
		return "was restored to an earlier time";
	if (f->timeline_now > f->timeline && !f->follow)
		return "went on after a promotion, or a restore to an earlier "
		       "time, which may have lost logins";
	return NULL;
}

/* Whether what was seen is of this store, and nobody has settled it since. */
static bool
is_compared(const struct store *store)
{
	const struct pgsql_seen *w = &store->seen;

	return w->is && memcmp(w->store_id, store->id, STORE_ID_LEN) == 0 &&
	       w->past.settled >= store->past.settled;
}

/* It was promoted past this server, and nobody has settled it since. */
static bool
is_left_behind(const struct store *store)
{
	return is_compared(store) &&
	       store->seen.past.settled == store->past.settled &&
	       store->seen.past.timeline > store->past.timeline;
}

/* Another server may be the one that counts, so a login goes there. */
static enum rollcode_err
leave_behind(struct store *store, struct error *error)
{
	link_leave(store->link);
	return link_error(store->link, error, ROLLCODE_ERR_UNAVAIL,
	    "is an old primary, or was put back: logins of this host were "
	    "committed on timeline %" PRId64 ", and it is on %" PRId64
	    "; stop it, or name the new primary too; if it was put back, run "
	    "rollcode-admin restored",
	    store->seen.past.timeline, store->past.timeline);
}

/*
 * What was seen of a position lies before the commit that was acknowledged, so
 * a standby that has the commit was promoted behind it.
 */
static const char *
look_at_seen(const struct store *store, struct rows *seen)
{
	const struct pgsql_past *then = &store->seen.past, *now = &store->past;

	if (then->settled > now->settled ||
	    (then->timeline <= now->timeline && then->lsn > now->lsn))
		return went_back;
	return rows_next(seen) && !rows_bool(seen) ? went_back : NULL;
}

void
past_ask(struct store *store, struct rows *seen)
{
	const struct pgsql_seen *w = &store->seen;

	seen_read(store, &store->seen);
	if (w->is && w->secret.len > 0)
		link_ask(store->link, seen,
		    "SELECT a.sequence>=$3 AND t.counter>=$4 "
		    "FROM rollcode.account a JOIN rollcode.token t "
		    "ON t.name=a.name WHERE a.name=$1 AND t.secret=$2",
		    "tbii", w->name, w->secret.bytes, w->secret.len,
		    w->sequence, w->counter);
}

enum rollcode_err
past_read(struct store *store, struct rows *rows, struct rows *seen,
    struct error *error)
{
	struct fields f = {0};
	const char *how;

	rows_text(rows, f.cause, sizeof(f.cause));
	f.settled = rows_int(rows, 0, INT64_MAX);
	f.timeline = rows_int(rows, 0, UINT32_MAX);
	f.follow = rows_bool(rows);
	f.target = rows_bool(rows);
	f.timeline_now = rows_int(rows, 0, UINT32_MAX);
	f.lsn = rows_int(rows, 0, INT64_MAX);
	if (rows->bad || f.timeline_now == 0)
		return ROLLCODE_OK;
	store->past = (struct pgsql_past){f.settled, f.timeline_now, f.lsn};
	how = store->version < PGSQL_VERSION ? NULL : look_at_row(&f);
	if (how == NULL && is_left_behind(store)) {
		if (!store->config->administers)
			return leave_behind(store, error);
		how = left_behind;
	}
	if (how == NULL && is_compared(store))
		how = look_at_seen(store, seen);
	store->restored.how = how;
	store->restored.is |= how != NULL;
	/* What it shows, it has shown since it was marked. */
	if (how != NULL && store->version == PGSQL_VERSION)
		store->restored.since = 0;
	return ROLLCODE_OK;
}
