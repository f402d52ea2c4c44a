/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "admin/log.h"

#define FOLLOW_SECONDS 1
#define FOLLOW_LINES 10 /* of what was before */
#define NAMED_GUARDED 10
#define LATE_SECONDS 120 /* what an event may be behind its commit */

/* All lines of one look at the store; the largest sequence seen per user is
 * kept from one look to the next. */
struct seen {
	char user[ROLLCODE_USER_MAX + 1];
	int64_t created;
	int64_t sequence;
	int64_t aside; /* time of the last one written aside */
	int64_t from;  /* what is older was there before the first look */
	bool guarded;
};

/* Users whose refusals are in no event, of one look. */
struct unlogged {
	size_t count;
	int64_t since; /* of the first one, and what opens it */
	char opens[ADMIN_OPENS_MAX];
	char names[NAMED_GUARDED * (ROLLCODE_USER_MAX + 2)];
};

struct journal {
	struct admin *admin;
	struct log_line *lines;
	size_t count, room;
	struct seen *seen, *now; /* now: of the one being read */
	size_t seen_count;
	struct unlogged unlogged;
	struct log_widths widths;
	int64_t since, until, last; /* last: the -n of the first look, or -1 */
	int64_t oldest; /* of the lines that -n leaves, once there are more */
	int64_t began, looked; /* the first look, and this one */
	bool shown;	       /* the first look was printed, which -n cuts */
	bool unusable;	       /* a user's file could not be read */
};

static void
drop_lines(struct journal *journal, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++)
		log_free(&journal->lines[i]);
}

static void
journal_close(struct journal *journal)
{
	drop_lines(journal, 0, journal->count);
	free(journal->lines);
	free(journal->seen);
}

/* Of a new one the sequence is beyond any, as if it were of another. */
static struct seen *
seen_of(struct journal *journal, const char *user)
{
	struct seen *more;

	/* In one look nobody comes twice. */
	if (!journal->admin->options->follow)
		journal->seen_count = 0;
	for (size_t i = 0; journal->shown && i < journal->seen_count; i++)
		if (strcmp(journal->seen[i].user, user) == 0)
			return &journal->seen[i];
	more =
	    reallocarray(journal->seen, journal->seen_count + 1, sizeof(*more));
	if (more == NULL)
		return NULL;
	journal->seen = more;
	more += journal->seen_count++;
	*more = (struct seen){
	    .sequence = INT64_MAX,
	    .from = journal->shown ? journal->began - LATE_SECONDS : INT64_MIN,
	};
	snprintf(more->user, sizeof(more->user), "%s", user);
	return more;
}

static bool
is_news(const struct seen *seen, const struct event *event)
{
	return event->aside ? event->time > seen->aside
			    : event->sequence > seen->sequence;
}

static int
by_time(const void *a, const void *b)
{
	const struct log_line *x = a, *y = b;
	int users = strcmp(x->texts, y->texts);

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (users != 0)
		return users;
	return x->sequence < y->sequence ? -1 : 1;
}

/* In order, and of the first look only as many as -n asks for. */
static void
sort_lines(struct journal *journal)
{
	size_t last = (size_t)journal->last;

	if (journal->count > 0)
		qsort(journal->lines, journal->count, sizeof(*journal->lines),
		    by_time);
	if (journal->last < 0 || journal->shown || journal->count <= last)
		return;
	drop_lines(journal, 0, journal->count - last);
	memmove(journal->lines, journal->lines + journal->count - last,
	    last * sizeof(*journal->lines));
	journal->count = last;
}

/* Once there are enough lines, what is older than all of them is none. */
static void
leave_last(struct journal *journal)
{
	size_t last = (size_t)journal->last;

	if (journal->last < 0 || journal->shown || journal->count / 2 < last)
		return;
	sort_lines(journal);
	journal->oldest = last > 0 ? journal->lines[0].time : INT64_MAX;
}

/* Room for one more; what -n leaves out needs none. */
static bool
make_room(struct journal *journal)
{
	size_t room = journal->room == 0 ? 256 : 2 * journal->room;
	struct log_line *more;

	if (journal->count < journal->room)
		return true;
	if (journal->last >= 0)
		sort_lines(journal);
	if (journal->count < journal->room / 2)
		return true;
	more = reallocarray(journal->lines, room, sizeof(*more));
	if (more == NULL)
		return false;
	journal->lines = more;
	journal->room = room;
	return true;
}

static enum rollcode_err
no_memory(struct error *error)
{
	return error_set(error, ROLLCODE_ERR_NOMEM,
	    "out of memory; --number limits the number of events");
}

static enum rollcode_err
take_event(void *context, const struct event *event, struct error *error)
{
	struct journal *journal = context;
	struct seen *seen = journal->now;

	if (seen != NULL && !is_news(seen, event))
		return ROLLCODE_OK;
	if (seen == NULL || !make_room(journal))
		return no_memory(error);
	if (event->aside)
		seen->aside = event->time;
	else
		seen->sequence = event->sequence;
	if (event->time < journal->since || event->time > journal->until ||
	    event->time < seen->from)
		return ROLLCODE_OK;
	if (!log_fill(&journal->lines[journal->count], seen->user, event))
		return no_memory(error);
	journal->count++;
	return ROLLCODE_OK;
}

/* Each of them once, until it has been opened. */
static void
note_guarded(struct journal *journal)
{
	struct admin *admin = journal->admin;
	struct unlogged *u = &journal->unlogged;
	size_t used = strlen(u->names);
	int64_t since;
	bool was = journal->now->guarded;

	admin->now = time(NULL);
	journal->now->guarded = admin_guarded(admin, &since);
	if (was || !journal->now->guarded)
		return;
	if (u->count == 0) {
		u->since = since;
		admin_opens(admin, u->opens);
	}
	if (u->count++ < NAMED_GUARDED)
		snprintf(u->names + used, sizeof(u->names) - used, "%s%s",
		    used > 0 ? ", " : "", admin->account.user);
}

static enum rollcode_err
read_user_events(void *context, const char *user, struct error *error)
{
	struct journal *journal = context;
	struct admin *admin = journal->admin;
	struct seen *seen;
	bool enrolled = false;
	enum rollcode_err err;

	err = admin->ops->look(
	    admin->store, user, &enrolled, &admin->account, error);
	/* Enrolled anew, a user's events are counted anew. */
	seen = journal->now = seen_of(journal, user);
	if (seen != NULL && (admin->account.created != seen->created ||
				admin->account.sequence < seen->sequence)) {
		seen->created = admin->account.created;
		seen->sequence = -1;
		seen->aside = INT64_MIN;
	}
	if (err == ROLLCODE_OK && enrolled)
		err = admin->ops->events(
		    admin->store, take_event, journal, error);
	admin->ops->end(admin->store);
	if (err == ROLLCODE_OK && enrolled)
		note_guarded(journal);
	return err;
}

/* One line, whatever the number of users. */
static void
tell_unlogged(struct unlogged *u)
{
	char date[CLI_DATE_MAX];

	if (u->count == 1) {
		cli_date(u->since, date);
		plain_line(stderr,
		    "%s is guarded since %s, and refusals since then are only "
		    "in the system log; opened by: %s",
		    u->names, date, u->opens);
	} else if (u->count > 1) {
		plain_line(stderr,
		    "%zu users are guarded, and their refusals are only in the "
		    "system log: %s%s; see: rollcode-admin show USER",
		    u->count, u->names, u->count > NAMED_GUARDED ? " ..." : "");
	}
	memset(u, 0, sizeof(*u));
}

static void
print_lines(struct journal *journal, struct json *json)
{
	sort_lines(journal);
	log_print(journal->lines, journal->count, &journal->widths,
	    journal->admin->options->json ? json : NULL);
	drop_lines(journal, 0, journal->count);
	journal->count = 0;
	journal->shown = true;
	if (fflush(stdout) == 0)
		tell_unlogged(&journal->unlogged);
}

/* Among all users, one whose file is unusable does not hide the others. */
static enum rollcode_err
take_any_user(void *context, const char *user, struct error *error)
{
	struct journal *journal = context;
	struct error detail = {0};
	enum rollcode_err err;

	err = read_user_events(context, user, &detail);
	if (err == ROLLCODE_OK)
		return err;
	if (err == ROLLCODE_ERR_NOMEM)
		return error_pass(error, err, &detail, NULL);
	if (!journal->unusable)
		cli_tell(ADMIN_SERVICE, NULL, err, &detail);
	journal->unusable = true;
	return ROLLCODE_OK;
}

/* Those who come behind are older: the last lines may be here already. */
static enum rollcode_err
take_recent_user(void *context, const char *user, int64_t youngest,
    bool *enough, struct error *error)
{
	struct journal *journal = context;

	leave_last(journal);
	/* Of whom an event can come in the next look, the first has all. */
	*enough = journal->last >= 0 && !journal->shown &&
		  youngest < journal->oldest &&
		  (!journal->admin->options->follow ||
		      youngest < journal->began - LATE_SECONDS);
	return *enough ? ROLLCODE_OK : take_any_user(context, user, error);
}

/* As few users as may have something that is printed. */
static enum rollcode_err
read_any_events(struct journal *journal, struct error *error)
{
	struct admin *admin = journal->admin;
	int64_t now = time(NULL), before = journal->looked;
	int64_t since = journal->since;

	journal->looked = now;
	if (journal->shown)
		since = (before < now ? before : now) - 1;
	else
		journal->began = now;
	if (!journal->shown && journal->last < 0 && since == INT64_MIN)
		return admin->ops->each(
		    admin->store, take_any_user, journal, error);
	if (!journal->shown && admin->options->follow &&
	    since > now - LATE_SECONDS)
		since = now - LATE_SECONDS;
	return admin->ops->recent(
	    admin->store, since, take_recent_user, journal, error);
}

/* One look: open, read, close, so that no login waits for this command. */
static enum rollcode_err
read_events_once(struct journal *journal, const char *user, struct error *error)
{
	struct admin *admin = journal->admin;
	enum rollcode_err err;

	if ((err = admin->ops->open(&admin->store, &admin->config, error)) !=
	    ROLLCODE_OK)
		return err;
	err = user != NULL ? read_user_events(journal, user, error)
			   : read_any_events(journal, error);
	admin->ops->close(admin->store);
	admin->store = NULL;
	return err;
}

static enum rollcode_err
read_limits(struct journal *journal, struct error *error)
{
	const struct admin_options *o = journal->admin->options;
	int64_t now = time(NULL);
	enum rollcode_err err = ROLLCODE_OK;

	journal->since = INT64_MIN;
	journal->oldest = INT64_MIN;
	journal->until = INT64_MAX;
	journal->last = o->number;
	if (o->follow && o->json)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--follow and --json: give one of them");
	if (o->follow && o->until[0] != '\0')
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--follow and --until: give one of them");
	if (o->since[0] != '\0')
		err = when_read("since", o->since, now, &journal->since, error);
	else if (o->follow && o->number < 0)
		journal->last = FOLLOW_LINES;
	if (err == ROLLCODE_OK && o->until[0] != '\0')
		err = when_read("until", o->until, now, &journal->until, error);
	if (err == ROLLCODE_OK && journal->since > journal->until)
		err = error_set(
		    error, ROLLCODE_ERR_USAGE, "--since is later than --until");
	return err;
}

static enum rollcode_err
print_events(struct journal *journal, const char *user, struct error *error)
{
	const struct admin_options *options = journal->admin->options;
	struct json json = {.out = stdout};
	enum rollcode_err err;

	if (options->json)
		json_open(&json, NULL, '[');
	for (;;) {
		if ((err = read_events_once(journal, user, error)) !=
		    ROLLCODE_OK)
			break;
		print_lines(journal, &json);
		if (!options->follow || ferror(stdout))
			break;
		sleep(FOLLOW_SECONDS);
	}
	if (options->json)
		json_close(&json, ']');
	return err;
}

enum rollcode_err
admin_log(void *base, char **argv, struct error *error)
{
	WIPED(admin_close) struct admin admin = {.options = base};
	WIPED(journal_close) struct journal journal = {.admin = &admin};
	enum rollcode_err err;

	if ((err = read_limits(&journal, error)) != ROLLCODE_OK ||
	    (err = admin_open(&admin, base, argv[0], error)) != ROLLCODE_OK)
		return err;
	admin.ops->close(admin.store);
	admin.store = NULL;
	err = print_events(&journal, argv[0], error);
	if (err == ROLLCODE_OK && journal.unusable)
		err = error_set(error, ROLLCODE_ERR_STORE,
		    "the files of some users are unusable; rollcode-admin list "
		    "names them");
	return err;
}
