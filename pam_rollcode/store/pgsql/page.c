/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.c - many users in one turn, for an administrator.
 *
 *  1. Who looks around locks nobody, and holds nothing while what was read is
 *     used: who reads it may never come to an end.
 *  2. What one turn brings is bounded, names apart.
 *  3. Each turn has as long as a login, however many there are.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "store/pgsql/pgsql.h"

#define PAGE_USERS 500	  /* and STORE_AT_ONCE is less */
#define PAGE_EVENTS 16384 /* more than a user has */
#define CLOCKS_APART 120  /* seconds between two hosts */

/*
 * Who is walked over, in that order: names that a server gave, or users that
 * were given; and what was read ahead of some of them.
 */
struct page {
	struct rows names;
	const char *const *users;
	int count, at;
	int first, end; /* of these, in rows */
	struct user_rows rows;
	int events_first, events_end;
	struct rows events;
};

static void
page_free(struct page *page)
{
	rows_free(&page->names);
	rows_free(&page->events);
	user_rows_free(&page->rows);
}

/* False for what was not put there by Rollcode. */
static bool
name_at(const struct page *page, int at, char name[STORE_NAME_MAX + 1],
    char user[ROLLCODE_USER_MAX + 1])
{
	struct rows row = page->names;

	if (page->users != NULL) {
		snprintf(user, ROLLCODE_USER_MAX + 1, "%s", page->users[at]);
		return store_name_encode(user, name);
	}
	row.row = at;
	if (!rows_next(&row))
		return false;
	rows_text(&row, name, STORE_NAME_MAX + 1);
	return !row.bad && store_name_decode(name, user);
}

/* An array of so many names; who has no name of ours has an empty one. */
static char *
names_from(const struct page *page, int end)
{
	char name[STORE_NAME_MAX + 1], user[ROLLCODE_USER_MAX + 1];
	size_t room = (size_t)(end - page->at) * (STORE_NAME_MAX + 3) + 2;
	char *list = malloc(room), *to = list;

	if (list == NULL)
		return NULL;
	for (int i = page->at; i < end; i++)
		to += snprintf(to, room - (size_t)(to - list), "%c\"%s\"",
		    i == page->at ? '{' : ',',
		    name_at(page, i, name, user) ? name : "");
	memcpy(to, "}", 2);
	return list;
}

static int
page_end(const struct page *page)
{
	int left = page->count - page->at;

	return page->at + (left < PAGE_USERS ? left : PAGE_USERS);
}

/* One turn. */
static enum rollcode_err
read_ahead(
    struct store *store, struct page *page, bool locks, struct error *error)
{
	WIPED(proof_rows_free) struct proof_rows proof = {0};
	int end = page_end(page);
	char *list = names_from(page, end);
	enum rollcode_err err;

	page->end = 0;
	user_rows_free(&page->rows);
	memset(&page->rows, 0, sizeof(page->rows));
	if (list == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	link_begin(store->link, !locks);
	pgsql_ask_proof(store, &proof, false);
	pgsql_ask_many(store, list, locks, &page->rows);
	err = pgsql_take_proof(store, !locks, &proof, error);
	free(list);
	if (err != ROLLCODE_OK)
		return err;
	page->first = page->at;
	page->end = end;
	return ROLLCODE_OK;
}

static enum rollcode_err
read_at(struct store *store, const struct page *page, const char *user,
    bool *there, struct error *error)
{
	int64_t number = page->at - page->first + 1;
	struct user_rows one;

	rows_part(&page->rows.account, number, &one.account);
	rows_part(&page->rows.tokens, number, &one.tokens);
	rows_part(&page->rows.recovery, number, &one.recovery);
	return pgsql_read(store, user, &one, &store->before, there, error);
}

static bool
is_at(const struct page *page, const char *encoded)
{
	char name[STORE_NAME_MAX + 1], user[ROLLCODE_USER_MAX + 1];

	return page != NULL && page->at < page->count &&
	       name_at(page, page->at, name, user) &&
	       strcmp(name, encoded) == 0;
}

static void
extend_deadline(struct store *store)
{
	if (store->deadline == 0)
		return;
	store->deadline = clock_ms() + PGSQL_WHOLE_MS;
	if (store->link != NULL)
		link_extend(store->link, store->deadline);
}

static enum rollcode_err
look_ahead(
    struct store *store, const char *user, bool *enrolled, struct error *error)
{
	struct page *page = store->page;
	enum rollcode_err err;

	extend_deadline(store);
	pgsql_end(store);
	store->locks = false;
	if ((err = pgsql_ready(store, error)) != ROLLCODE_OK)
		return err;
	if ((page->at < page->first || page->at >= page->end) &&
	    (err = read_ahead(store, page, false, error)) != ROLLCODE_OK)
		return err;
	if (!store_name_encode(user, store->name))
		return ROLLCODE_OK;
	store->ahead = true;
	return read_at(store, page, user, enrolled, error);
}

enum rollcode_err
pgsql_look(struct store *store, const char *user, bool *enrolled,
    struct account *account, struct error *error)
{
	char name[STORE_NAME_MAX + 1];
	enum rollcode_err err;

	*enrolled = false;
	account_wipe(account);
	if (store_name_encode(user, name) && is_at(store->page, name))
		err = pgsql_begun(store, user,
		    look_ahead(store, user, enrolled, error), enrolled, error);
	else
		err = pgsql_begin_user(store, user, false, enrolled, error);
	if (*enrolled)
		*account = store->before;
	return err;
}

/* Of the last user there may be more than were read. */
static int
whole_users(const struct page *page, int end)
{
	struct rows last = page->events;

	if (rows_count(&last) < PAGE_EVENTS)
		return end;
	last.row = PAGE_EVENTS - 1;
	if (!rows_next(&last))
		return page->at;
	return page->at + (int)rows_int(&last, 1, end - page->at) - 1;
}

static enum rollcode_err
read_events(struct store *store, struct page *page, struct error *error)
{
	int end = page_end(page);
	char *list = names_from(page, end);
	enum rollcode_err err;

	page->events_end = 0;
	rows_free(&page->events);
	memset(&page->events, 0, sizeof(page->events));
	if (list == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	extend_deadline(store);
	link_begin(store->link, true);
	pgsql_ask_events(store, list, PAGE_EVENTS, &page->events);
	link_ask(store->link, NULL, "COMMIT", "");
	err = link_answers(store->link, error);
	free(list);
	if (err != ROLLCODE_OK)
		return err;
	page->events_first = page->at;
	page->events_end = whole_users(page, end);
	return ROLLCODE_OK;
}

enum rollcode_err
pgsql_events_ahead(
    struct store *store, struct rows *events, struct error *error)
{
	struct page *page = store->page;
	enum rollcode_err err;

	if ((page->at < page->events_first || page->at >= page->events_end) &&
	    (err = read_events(store, page, error)) != ROLLCODE_OK)
		return err;
	if (page->at >= page->events_end)
		return link_error(store->link, error, ROLLCODE_ERR_STORE,
		    "%s has more events than are kept", store->name);
	rows_part(&page->events, page->at - page->events_first + 1, events);
	return ROLLCODE_OK;
}

/* One of the two is called back. */
struct walk {
	store_user_fn *fn;
	store_recent_fn *recent;
	void *context;
};

static enum rollcode_err
call_at(const struct page *page, const struct walk *w, const char *user,
    bool *enough, struct error *error)
{
	struct rows row = page->names;
	int64_t last;

	if (w->fn != NULL)
		return w->fn(w->context, user, error);
	row.row = page->at;
	(void)!rows_next(&row);
	row.column = 1;
	last = rows_int(&row, INT64_MIN, INT64_MAX);
	return w->recent(
	    w->context, user, row.bad ? INT64_MAX : last, enough, error);
}

static enum rollcode_err
walk_over(struct store *store, struct page *page, const struct walk *w,
    struct error *error)
{
	char name[STORE_NAME_MAX + 1], user[ROLLCODE_USER_MAX + 1];
	struct page *outer = store->page;
	enum rollcode_err err = ROLLCODE_OK;
	bool enough = false;

	store->page = page;
	for (page->at = 0;
	     page->at < page->count && err == ROLLCODE_OK && !enough;
	     page->at++)
		if (name_at(page, page->at, name, user))
			err = call_at(page, w, user, &enough, error);
	store->page = outer;
	extend_deadline(store);
	return err;
}

static enum rollcode_err
walk_names(struct store *store, const char *sql, int64_t since,
    const struct walk *w, struct error *error)
{
	WIPED(page_free) struct page page = {0};
	enum rollcode_err err;

	pgsql_end(store);
	if ((err = pgsql_ready(store, error)) != ROLLCODE_OK)
		return err;
	link_begin(store->link, true);
	link_ask(
	    store->link, &page.names, sql, w->fn == NULL ? "i" : "", since);
	link_ask(store->link, NULL, "COMMIT", "");
	err = link_answers(store->link, error);
	link_rollback(store->link);
	if (err != ROLLCODE_OK)
		return err;
	page.count = rows_count(&page.names);
	return walk_over(store, &page, w, error);
}

enum rollcode_err
pgsql_each(
    struct store *store, store_user_fn *fn, void *context, struct error *error)
{
	const struct walk walk = {.fn = fn, .context = context};

	return walk_names(store,
	    "SELECT name FROM rollcode.account ORDER BY name", 0, &walk, error);
}

enum rollcode_err
pgsql_some(struct store *store, const char *const *users, size_t count,
    store_user_fn *fn, void *context, struct error *error)
{
	WIPED(page_free) struct page page = {.users = users};
	const struct walk walk = {.fn = fn, .context = context};

	page.count = (int)count;
	return walk_over(store, &page, &walk, error);
}

enum rollcode_err
pgsql_recent(struct store *store, int64_t since, store_recent_fn *fn,
    void *context, struct error *error)
{
	const struct walk walk = {.recent = fn, .context = context};

	if (since > INT64_MIN + CLOCKS_APART)
		since -= CLOCKS_APART;
	return walk_names(store,
	    "SELECT a.name,greatest(a.created,e.last) AS last "
	    "FROM rollcode.account a LEFT JOIN "
	    "(SELECT name,pg_catalog.max(time) AS last FROM rollcode.event "
	    "WHERE time>=$1 GROUP BY name) e ON e.name=a.name "
	    "WHERE greatest(a.created,e.last)>=$1 ORDER BY last DESC,a.name",
	    since, &walk, error);
}

/* One transaction, which locks as many as a page has. */
static enum rollcode_err
reseal_page(struct store *store, struct page *page, struct error *error)
{
	char name[STORE_NAME_MAX + 1], user[ROLLCODE_USER_MAX + 1];
	enum rollcode_err err = read_ahead(store, page, true, error);
	bool there;

	for (; page->at < page->count && err == ROLLCODE_OK; page->at++) {
		if (!name_at(page, page->at, name, user))
			continue;
		memcpy(store->name, name, sizeof(name));
		err = read_at(store, page, user, &there, error);
		if (err != ROLLCODE_OK || !there)
			continue;
		store->user_key = &store->keys.all[0];
		if (!link_takes(store->link, PGSQL_USER_ASKS))
			err = link_answers(store->link, error);
		if (err == ROLLCODE_OK)
			err = pgsql_seal_again(store, &store->before, error);
	}
	return err == ROLLCODE_OK ? link_commit(store->link, error) : err;
}

enum rollcode_err
pgsql_reseal_all(struct store *store, const char *const *users, size_t count,
    struct error *error)
{
	WIPED(page_free) struct page page = {.users = users};
	enum rollcode_err err;

	pgsql_end(store);
	page.count = (int)count;
	if ((err = pgsql_ready(store, error)) == ROLLCODE_OK)
		err = reseal_page(store, &page, error);
	pgsql_end(store);
	return err;
}

enum rollcode_err
pgsql_reseal(struct store *store, const char *user, struct error *error)
{
	return pgsql_reseal_all(store, &user, 1, error);
}
