/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - import --from: one store into another, with counters.
 *
 *  1. A user's old place is locked until the new one is durable, and disabled
 *     then: a code is never good in two stores for longer than that.
 *  2. No counter falls: where both have a token, the higher one counts.
 *  3. A recovery code that was used in either is used in both.
 *  4. It can be killed at any moment, and run again.
 */
#include <stdio.h>

#include "admin/import/import.h"

#define TRIES 3 /* for a user whose lock is held, two seconds each */

struct moving {
	struct admin *admin; /* where to */
	struct config from_config;
	const struct store_ops *from_ops;
	struct store *from;
	struct progress progress;
	int64_t users, left;
};

static void
moving_close(struct moving *m)
{
	if (m->from_ops != NULL)
		m->from_ops->close(m->from);
	config_wipe(&m->from_config);
}

static enum rollcode_err
open_from(struct moving *m, const char *place, struct error *error)
{
	struct config *config = &m->from_config;
	enum rollcode_err err;

	*config = m->admin->config;
	config->file = 0; /* which is the other configuration's */
	config->database_admin[0] = '\0';
	config->witness[0] = '\0'; /* each store has its own */
	if (strcmp(place, "sqlite") == 0)
		place = CONFIG_DATABASE;
	if (strlen(place) >= sizeof(config->database))
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "the other store: its name is too long");
	memcpy(config->database, place, strlen(place) + 1);
	if (!config_is_pgsql(config) && strncmp(place, "sqlite:/", 8) != 0)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "the other store is neither sqlite: and an absolute "
		    "directory nor postgresql:// and a server");
	if (strcmp(place, m->admin->config.database) == 0)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "the other store is the one of the configuration file; "
		    "name the one that the users come from");
	if ((err = store_find(config, &m->from_ops, error)) != ROLLCODE_OK)
		return err;
	return m->from_ops->open(&m->from, config, error);
}

static enum rollcode_err
merge_token(struct account *to, const struct account_token *f, int64_t now,
    struct error *error)
{
	struct account_token *t = account_find(to, f->token.label);
	enum rollcode_err err;

	if (t == NULL) {
		if ((err = account_add(to, &f->token, now, error)) !=
		    ROLLCODE_OK)
			return err;
		t = account_find(to, f->token.label);
	} else if (account_find_secret(to, &f->token.secret) != t) {
		return error_set(error, ROLLCODE_ERR_EXISTS,
		    "%s is already enrolled in this store, with other tokens; "
		    "remove one of the two",
		    to->user);
	}
	if (f->token.counter > t->token.counter)
		t->token.counter = f->token.counter;
	t->enabled = f->enabled;
	t->used = f->used > t->used ? f->used : t->used;
	t->far_known = false;
	return ROLLCODE_OK;
}

static const struct account_recovery *
find_mac(const struct account *account, const uint8_t mac[ACCOUNT_MAC_LEN])
{
	for (size_t i = 0; i < account->recovery_count; i++)
		if (secret_equal(
			account->recovery[i].mac, mac, ACCOUNT_MAC_LEN))
			return &account->recovery[i];
	return NULL;
}

/* The codes that are good in the old store, less those used in the new one. */
static void
merge_recovery(struct account *to, const struct account *from)
{
	WIPED(account_wipe) struct account before = *to;

	to->recovery_key = from->recovery_key;
	to->recovery_key_set = from->recovery_key_set;
	to->recovery_count = from->recovery_count;
	for (size_t i = 0; i < from->recovery_count; i++) {
		struct account_recovery *r = &to->recovery[i];
		const struct account_recovery *had =
		    find_mac(&before, from->recovery[i].mac);

		*r = from->recovery[i];
		r->id = had != NULL ? had->id : 0;
		if (had != NULL && had->used != 0)
			r->used = had->used;
	}
}

/* Everything but what the new store has counted itself. */
static enum rollcode_err
merge_accounts(struct account *to, const struct account *from, int64_t now,
    struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;

	to->failures = from->failures;
	to->spent = from->spent;
	to->spent_time = from->spent_time;
	to->failed = from->failed;
	to->replayed = from->replayed;
	to->late = from->late;
	to->last_success = from->last_success;
	to->last_failure = from->last_failure;
	for (size_t i = 0; i < from->token_count && err == ROLLCODE_OK; i++)
		err = merge_token(to, &from->tokens[i], now, error);
	if (err == ROLLCODE_OK)
		merge_recovery(to, from);
	return err;
}

/*
 * The new store gives its own numbers to the account's rows.  The tokens stay
 * disabled until the account's counts are copied too.
 */
static enum rollcode_err
create_disabled(
    struct admin *admin, const struct account *from, struct error *error)
{
	struct account *to = &admin->account;

	*to = *from;
	to->sequence = 0;
	for (size_t i = 0; i < to->token_count; i++) {
		to->tokens[i].id = 0;
		to->tokens[i].enabled = false;
	}
	for (size_t i = 0; i < to->recovery_count; i++)
		to->recovery[i].id = 0;
	return admin_create(admin, ACT_MOVED_HERE, NULL, false, error);
}

/*
 * In the new store, durable; the old one is locked meanwhile.  Who is disabled
 * in the old one may have been moved by a run before.
 */
static enum rollcode_err
write_to_new_store(
    struct admin *admin, const struct account *from, struct error *error)
{
	bool there = false, was;
	enum rollcode_err err;

	err = admin->ops->begin(
	    admin->store, from->user, &there, &admin->account, error);
	was = there;
	if (err == ROLLCODE_OK && !there &&
	    (err = create_disabled(admin, from, error)) == ROLLCODE_OK)
		err = admin->ops->begin(
		    admin->store, from->user, &there, &admin->account, error);
	if (err == ROLLCODE_OK && (!was || account_enabled(from) > 0) &&
	    (err = merge_accounts(&admin->account, from, admin->now, error)) ==
		ROLLCODE_OK)
		err = admin_commit(admin, ACT_MOVED_HERE, NULL, error);
	admin->ops->end(admin->store);
	return err;
}

static enum rollcode_err
move_user(struct moving *m, const char *user, struct error *error)
{
	WIPED(account_wipe) struct account from = {0};
	const struct store_ops *ops = m->from_ops;
	struct event event;
	bool there = false;
	enum rollcode_err err = ROLLCODE_ERR_UNAVAIL;

	for (int i = 0; i < TRIES && err == ROLLCODE_ERR_UNAVAIL; i++)
		err = ops->begin(m->from, user, &there, &from, error);
	if (err == ROLLCODE_OK && there &&
	    (err = write_to_new_store(m->admin, &from, error)) == ROLLCODE_OK) {
		m->users += account_enabled(&from) > 0;
		for (size_t i = 0; i < from.token_count; i++)
			from.tokens[i].enabled = false;
		admin_event(m->admin, ACT_MOVED_AWAY, NULL, &event);
		err = ops->commit(m->from, &from, &event, error);
	}
	ops->end(m->from);
	return err;
}

static enum rollcode_err
move_one(void *context, const char *user, struct error *error)
{
	struct moving *m = context;
	struct error detail = {0};
	enum rollcode_err err;

	err = move_user(m, user, &detail);
	if (err == ROLLCODE_ERR_NOMEM)
		return error_pass(error, err, &detail, NULL);
	if (err != ROLLCODE_OK) {
		progress_clear(&m->progress);
		cli_tell(ADMIN_SERVICE, user, err, &detail);
		m->left++;
	}
	progress_step(&m->progress);
	return ROLLCODE_OK;
}

enum rollcode_err
import_store(const struct admin_options *options, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	WIPED(moving_close)
	struct moving m = {.admin = &admin, .from_ops = &store_sqlite};
	int64_t users = 0;
	enum rollcode_err err;

	if ((err = admin_open(&admin, options, NULL, error)) != ROLLCODE_OK ||
	    (err = open_from(&m, options->from, error)) != ROLLCODE_OK ||
	    (err = m.from_ops->each(m.from, admin_count_user, &users, error)) !=
		ROLLCODE_OK)
		return err;
	progress_begin(&m.progress, "importing", users);
	err = m.from_ops->each(m.from, move_one, &m, error);
	progress_clear(&m.progress);
	if (err != ROLLCODE_OK)
		return err;
	plain_line(stdout, "%" PRId64 " user%s from %s, disabled there now",
	    m.users, PLURAL(m.users), m.from_config.database);
	if (m.left > 0)
		return error_set(error, ROLLCODE_ERR_STORE,
		    "%" PRId64 " user%s not moved; correct this and run the "
		    "command again",
		    m.left, m.left == 1 ? " was" : "s were");
	return ROLLCODE_OK;
}
