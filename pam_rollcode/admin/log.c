/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "admin/admin.h"

#define FOLLOW_SECONDS 1
#define USER_COLUMNS 16
#define SERVICE_COLUMNS 14

struct line {
	char user[ROLLCODE_USER_MAX + 1];
	struct event event;
};

/* All lines of one look at the store; the largest sequence seen per user is
 * kept from one look to the next. */
struct seen {
	char user[ROLLCODE_USER_MAX + 1];
	int64_t created;
	int64_t sequence;
	int64_t aside; /* time of the last one written aside */
};

struct journal {
	struct admin *admin;
	struct line *lines;
	size_t count, room;
	struct seen *seen, *now; /* now: of the one being read */
	size_t seen_count;
	bool shown;    /* the first look was printed, which -n cuts */
	bool unusable; /* a user's file could not be read */
};

static void
journal_close(struct journal *journal)
{
	free(journal->lines);
	free(journal->seen);
}

/* Of a new one the sequence is beyond any, as if it were of another. */
static struct seen *
seen_of(struct journal *journal, const char *user)
{
	struct seen *more;

	for (size_t i = 0; i < journal->seen_count; i++)
		if (strcmp(journal->seen[i].user, user) == 0)
			return &journal->seen[i];
	more =
	    reallocarray(journal->seen, journal->seen_count + 1, sizeof(*more));
	if (more == NULL)
		return NULL;
	journal->seen = more;
	more += journal->seen_count++;
	*more = (struct seen){.sequence = INT64_MAX};
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
	const struct line *x = a, *y = b;
	int users = strcmp(x->user, y->user);

	if (x->event.time != y->event.time)
		return x->event.time < y->event.time ? -1 : 1;
	if (users != 0)
		return users;
	return x->event.sequence < y->event.sequence ? -1 : 1;
}

/* In order, and of the first look only as many as -n asks for. */
static void
sort_lines(struct journal *journal)
{
	size_t last = (size_t)journal->admin->options->number;

	if (journal->count > 0)
		qsort(journal->lines, journal->count, sizeof(*journal->lines),
		    by_time);
	if (last == 0 || journal->shown || journal->count <= last)
		return;
	memmove(journal->lines, journal->lines + journal->count - last,
	    last * sizeof(*journal->lines));
	journal->count = last;
}

/* Room for one more; what -n leaves out needs none. */
static bool
make_room(struct journal *journal)
{
	size_t room = journal->room == 0 ? 256 : 2 * journal->room;
	struct line *more;

	if (journal->count < journal->room)
		return true;
	if (journal->admin->options->number > 0)
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
take_event(void *context, const struct event *event, struct error *error)
{
	struct journal *journal = context;
	struct seen *seen = journal->now;
	struct line *line;

	if (seen != NULL && !is_news(seen, event))
		return ROLLCODE_OK;
	if (seen == NULL || !make_room(journal))
		return error_set(error, ROLLCODE_ERR_NOMEM,
		    "out of memory; --number limits the number of events");
	if (event->aside)
		seen->aside = event->time;
	else
		seen->sequence = event->sequence;
	line = &journal->lines[journal->count++];
	memcpy(line->user, seen->user, sizeof(line->user));
	line->event = *event;
	return ROLLCODE_OK;
}

static enum rollcode_err
read_user_events(void *context, const char *user, struct error *error)
{
	struct journal *journal = context;
	struct admin *admin = journal->admin;
	struct seen *seen;
	bool enrolled = false;
	enum rollcode_err err;

	err = admin->ops->begin(
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
	return err;
}

/* Each field is one word, so that none of them feigns another. */
static void
print_text(const struct line *line)
{
	const struct event *e = &line->event;
	char date[CLI_DATE_MAX];

	cli_date(e->time, date);
	printf("%s  ", date);
	plain_pad(stdout, line->user, PLAIN_WORD, USER_COLUMNS);
	printf(" %-10s ", e->outcome);
	plain_pad(stdout, e->service, PLAIN_LOG_WORD, SERVICE_COLUMNS);
	if (e->token[0] != '\0') {
		fputs(" token=", stdout);
		plain_put(stdout, e->token, PLAIN_WORD);
	}
	if (e->counter >= 0)
		printf(" counter=%" PRId64 " distance=%" PRId64, e->counter,
		    e->distance);
	if (e->rhost[0] != '\0') {
		fputs(" rhost=", stdout);
		plain_put(stdout, e->rhost, PLAIN_LOG_WORD);
	}
	putchar('\n');
}

static void
print_json(struct json *json, const struct line *line)
{
	const struct event *e = &line->event;

	json_open(json, NULL, '{');
	json_number(json, "time", e->time);
	json_text(json, "user", line->user);
	json_text(json, "outcome", e->outcome);
	json_text(json, "service", e->service);
	json_text(json, "rhost", e->rhost);
	json_text(json, "token", e->token);
	if (e->counter >= 0) {
		json_number(json, "counter", e->counter);
		json_number(json, "distance", e->distance);
	}
	json_close(json, '}');
}

static void
print_lines(struct journal *journal, struct json *json)
{
	sort_lines(journal);
	for (size_t i = 0; i < journal->count; i++)
		if (journal->admin->options->json)
			print_json(json, &journal->lines[i]);
		else
			print_text(&journal->lines[i]);
	journal->count = 0;
	journal->shown = true;
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
			   : admin->ops->each(
				 admin->store, take_any_user, journal, error);
	admin->ops->close(admin->store);
	admin->store = NULL;
	return err;
}

enum rollcode_err
admin_log(void *base, char **argv, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	WIPED(journal_close) struct journal journal = {.admin = &admin};
	const struct admin_options *options = base;
	const char *user = argv[0];
	struct json json = {.out = stdout};
	enum rollcode_err err;

	if (options->follow && options->json)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--follow and --json: give one of them");
	if ((err = admin_open(&admin, options, user, error)) != ROLLCODE_OK)
		return err;
	admin.ops->close(admin.store);
	admin.store = NULL;
	if (options->json)
		json_open(&json, NULL, '[');
	for (;;) {
		if ((err = read_events_once(&journal, user, error)) !=
		    ROLLCODE_OK)
			break;
		print_lines(&journal, &json);
		if (!options->follow || fflush(stdout) != 0)
			break;
		sleep(FOLLOW_SECONDS);
	}
	if (options->json)
		json_close(&json, ']');
	if (err == ROLLCODE_OK && journal.unusable)
		err = error_set(error, ROLLCODE_ERR_STORE,
		    "the files of some users are unusable; rollcode-admin list "
		    "names them");
	return err;
}
