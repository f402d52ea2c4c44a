/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest store that keeps the promises of store.h but one: an array of a
 * single process, so nobody has to be locked.  It is in no product; it shows
 * that the promises are those of no library.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pam_rollcode/rules/outcome.h"
#include "pam_rollcode/store/name.h"
#include "tests/support/cases.h"
#include "tests/unit/store/store_suite.h"

#define MEMORY_USERS 64
#define MEMORY_EVENTS 200

struct memory_user {
	char name[STORE_NAME_MAX + 1]; /* "": free */
	struct account account;
	struct event events[MEMORY_EVENTS + 1]; /* a ring, and one aside */
};

static struct memory {
	bool made;
	struct secret_key key;
	struct memory_user users[MEMORY_USERS];
} memory;

static bool memory_spoilt; /* nothing is written any more */

struct store {
	const struct config *of;
	struct memory_user *user; /* begun, or NULL */
	struct account before;
};

static enum rollcode_err
memory_failed(enum rollcode_err err, struct error *why)
{
	return error_set(why, err, "memory: %s", rollcode_strerror(err));
}

static bool
memory_has_key(const struct config *of)
{
	const struct secret_key *key = &memory.key;

	return memcmp(key, &of->key, sizeof(*key)) == 0 ||
	       (of->has_previous &&
		   memcmp(key, &of->previous, sizeof(*key)) == 0);
}

/* The user of that name; of "", the first free place. */
static struct memory_user *
memory_find(const char *name)
{
	for (size_t i = 0; i < MEMORY_USERS; i++)
		if (strcmp(memory.users[i].name, name) == 0)
			return &memory.users[i];
	return NULL;
}

static void
memory_end(struct store *store)
{
	store->user = NULL;
}

static void
memory_close(struct store *store)
{
	free(store);
}

static enum rollcode_err
memory_open(struct store **store, const struct config *of, struct error *why)
{
	*store = NULL;
	if (!memory.made)
		return memory_failed(ROLLCODE_ERR_UNAVAIL, why);
	if (!memory_has_key(of))
		return error_because(
		    why, memory_failed(ROLLCODE_ERR_STORE, why), REASON_KEY);
	if ((*store = calloc(1, sizeof(**store))) == NULL)
		return memory_failed(ROLLCODE_ERR_NOMEM, why);
	(*store)->of = of;
	return ROLLCODE_OK;
}

static enum rollcode_err
memory_begin(struct store *store, const char *user, bool *enrolled,
    struct account *account, struct error *why)
{
	char name[STORE_NAME_MAX + 1];
	struct memory_user *u;

	(void)why;
	memory_end(store);
	*enrolled = false;
	account_wipe(account);
	if (!store_name_encode(user, name) || (u = memory_find(name)) == NULL)
		return ROLLCODE_OK;
	store->user = u;
	*account = store->before = u->account;
	*enrolled = true;
	return ROLLCODE_OK;
}

/* Whether a counter falls, or a used recovery code would be good again. */
static bool
memory_falls(const struct account *before, const struct account *after)
{
	for (size_t i = 0; i < before->recovery_count; i++)
		for (size_t j = 0; j < after->recovery_count; j++)
			if (before->recovery[i].id == after->recovery[j].id &&
			    before->recovery[i].used != 0 &&
			    after->recovery[j].used != before->recovery[i].used)
				return true;
	for (size_t i = 0; i < before->token_count; i++)
		for (size_t j = 0; j < after->token_count; j++)
			if (before->tokens[i].id == after->tokens[j].id &&
			    after->tokens[j].token.counter <
				before->tokens[i].token.counter)
				return true;
	return false;
}

static void
memory_number(struct account *account)
{
	int64_t id = 0;

	for (size_t i = 0; i < account->token_count; i++)
		if (account->tokens[i].id > id)
			id = account->tokens[i].id;
	for (size_t i = 0; i < account->token_count; i++)
		if (account->tokens[i].id == 0)
			account->tokens[i].id = ++id;
	for (size_t i = 0; i < account->recovery_count; i++)
		account->recovery[i].id = (int64_t)i + 1;
}

static enum rollcode_err
memory_commit(struct store *store, const struct account *account,
    const struct event *event, struct error *why)
{
	struct memory_user *u = store->user;
	bool aside = event != NULL && event->aside;
	enum rollcode_err err = ROLLCODE_OK;

	if (memory_spoilt || u->account.sequence != store->before.sequence)
		err = ROLLCODE_ERR_UNAVAIL;
	else if (memory_falls(&u->account, account))
		err = ROLLCODE_ERR_STORE;
	if (err == ROLLCODE_OK) {
		u->account = *account;
		u->account.sequence = store->before.sequence + !aside;
		memory_number(&u->account);
		if (event != NULL) {
			size_t at =
			    aside ? MEMORY_EVENTS
				  : (size_t)u->account.sequence % MEMORY_EVENTS;

			u->events[at] = *event;
			u->events[at].sequence = u->account.sequence;
		}
	}
	memory_end(store);
	return err == ROLLCODE_OK ? err : memory_failed(err, why);
}

static enum rollcode_err
memory_create(struct store *store, const struct account *account,
    const struct event *event, bool replace, struct error *why)
{
	char name[STORE_NAME_MAX + 1];
	struct memory_user *u;

	if (!store_name_encode(account->user, name))
		return memory_failed(ROLLCODE_ERR_INPUT, why);
	if (memory_spoilt)
		return memory_failed(ROLLCODE_ERR_UNAVAIL, why);
	memory_end(store);
	u = memory_find(name);
	if (u == NULL || replace) {
		u = u == NULL ? memory_find("") : u;
		u->account = *account;
		memory_number(&u->account);
		memset(u->events, 0, sizeof(u->events));
		if (event != NULL)
			u->events[0] = *event;
		memcpy(u->name, name, sizeof(name));
		u = NULL;
	}
	return u == NULL ? ROLLCODE_OK
			 : memory_failed(ROLLCODE_ERR_EXISTS, why);
}

static enum rollcode_err
memory_remove(struct store *store, const char *user, struct error *why)
{
	char name[STORE_NAME_MAX + 1];
	struct memory_user *u;

	memory_end(store);
	if (!store_name_encode(user, name) || (u = memory_find(name)) == NULL)
		return memory_failed(ROLLCODE_ERR_ABSENT, why);
	u->name[0] = '\0';
	return ROLLCODE_OK;
}

static enum rollcode_err
memory_each(
    struct store *store, store_user_fn *fn, void *context, struct error *why)
{
	char user[ROLLCODE_USER_MAX + 1];
	enum rollcode_err err = ROLLCODE_OK;

	(void)store;
	for (size_t i = 0; i < MEMORY_USERS && err == ROLLCODE_OK; i++)
		if (store_name_decode(memory.users[i].name, user))
			err = fn(context, user, why);
	return err;
}

static enum rollcode_err
tell_event(const struct event *event, store_event_fn *fn, void *context,
    struct error *why)
{
	return outcome_known(event->outcome) ? fn(context, event, why)
					     : ROLLCODE_ERR_STORE;
}

static enum rollcode_err
memory_events(
    struct store *store, store_event_fn *fn, void *context, struct error *why)
{
	int64_t last = store->before.sequence;
	int64_t kept = store->of->events_kept;
	enum rollcode_err err = ROLLCODE_OK;

	if (kept > MEMORY_EVENTS)
		kept = MEMORY_EVENTS;
	for (int64_t s = last - kept + 1; s <= last && err == ROLLCODE_OK; s++)
		if (s >= 0)
			err =
			    tell_event(&store->user->events[s % MEMORY_EVENTS],
				fn, context, why);
	if (err == ROLLCODE_OK && kept > 0 &&
	    store->user->events[MEMORY_EVENTS].aside)
		err = tell_event(
		    &store->user->events[MEMORY_EVENTS], fn, context, why);
	return err;
}

static enum rollcode_err
memory_init(const struct config *of, bool *made, struct error *why)
{
	*made = !memory.made;
	if (*made)
		memory.key = of->key;
	memory.made = true;
	return memory_has_key(of) ? ROLLCODE_OK
				  : memory_failed(ROLLCODE_ERR_STORE, why);
}

/* What changes a key, or copies a store, is not here. */
static const struct store_ops store_memory = {
    .open = memory_open,
    .begin = memory_begin,
    .commit = memory_commit,
    .end = memory_end,
    .close = memory_close,
    .create = memory_create,
    .remove = memory_remove,
    .each = memory_each,
    .events = memory_events,
    .init = memory_init,
};

static void
kind_make(struct config *of)
{
	snprintf(of->database, sizeof(of->database), "memory:");
}

static void
kind_unmake(struct config *of)
{
	(void)of;
	memory.made = false;
}

static void
kind_spoil(void)
{
	memory_spoilt = true;
}

static void
kind_touch(struct store *store)
{
	store->user->account.sequence++;
}

static const struct kind in_memory = {
    .ops = &store_memory,
    .make = kind_make,
    .unmake = kind_unmake,
    .spoil = kind_spoil,
    .touch = kind_touch,
    .many = 2000,
    .step = 1,
};

int
main(void)
{
	store_suite("memory", &in_memory);
	return test_run_apart();
}
