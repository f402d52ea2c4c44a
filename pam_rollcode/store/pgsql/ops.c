/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ops.c - one counter for many hosts.
 *
 *  1. A login locks nothing between its two turns: one reads all of it as at
 *     one moment, one writes, and only where everything it names is as it was
 *     read.  An administrator's command locks one user's row, and the server
 *     ends that if its holder goes to sleep.
 *  2. "Not enrolled" is said only by a server that can be written to, and where
 *     schema, store and key are right.
 *  3. What commit acknowledged is on disk, and on the standby's where one is
 *     waited for; what is not known to be is denied.
 *  4. No login waits longer than PGSQL_WHOLE_MS.
 */
#include <errno.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "store/pgsql/past.h"
#include "store/plugin.h"
#include "system/limits.h"

#define MEMORY_LOGIN ((rlim_t)128 << 20) /* a login's rows are few */

enum rollcode_err
pgsql_connect(struct store *store, bool administers, struct error *error)
{
	const struct config *config = store->config;
	bool own = administers && config->database_admin[0] != '\0';

	link_close(store->link);
	return link_open(own ? config->database_admin : config->database,
	    config->uid, store->deadline, &store->link, error);
}

/* A login proves nothing yet: that is part of its first turn. */
static enum rollcode_err
pgsql_reach(struct store *store, struct error *error)
{
	const struct config *config = store->config;

	if (config->administers)
		return pgsql_ready(store, error);
	if (link_usable(store->link))
		return ROLLCODE_OK;
	if (store->link != NULL ||
	    (store->link = kept_take(config, store->deadline)) == NULL)
		return pgsql_connect(store, false, error);
	store->kept = true;
	return ROLLCODE_OK;
}

enum rollcode_err
pgsql_ready(struct store *store, struct error *error)
{
	enum rollcode_err err;

	if (link_usable(store->link) && store->key != NULL)
		return ROLLCODE_OK;
	if (!link_usable(store->link) &&
	    (err = pgsql_connect(store, store->config->administers, error)) !=
		ROLLCODE_OK)
		return err;
	link_begin(store->link, true);
	err = pgsql_prove(store, false, error);
	link_rollback(store->link);
	return err;
}

void
pgsql_end(struct store *store)
{
	if (store->link != NULL)
		link_rollback(store->link);
	store->name[0] = '\0';
	store->ahead = false;
	account_wipe(&store->before);
}

static void
pgsql_close(struct store *store)
{
	if (store == NULL)
		return;
	if (store->link != NULL && kept_give(store->config, store->link))
		store->link = NULL;
	/* The server undoes what is not committed. */
	link_close(store->link);
	explicit_bzero(store, sizeof(*store));
	free(store);
}

/*
 * libpq keeps all that comes, and a server can say more than a table has.  An
 * administrator's command has a limit of its own.
 */
static bool
bound_memory(const struct config *config)
{
	static bool done;

	done = done || config->administers || limit_memory(MEMORY_LOGIN);
	return done;
}

static enum rollcode_err
pgsql_open(struct store **out, const struct config *config, struct error *error)
{
	struct store *store;
	enum rollcode_err err;

	*out = NULL;
	if (!bound_memory(config))
		return error_set(error, ROLLCODE_ERR_SYS,
		    "cannot limit memory for what a server says: %s",
		    strerror(errno));
	if ((store = calloc(1, sizeof(*store))) == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	store->config = config;
	if (!config->administers)
		store->deadline = clock_ms() + PGSQL_WHOLE_MS;
	if ((err = store_keys_derive(&store->keys, store->id, config, error)) !=
		ROLLCODE_OK ||
	    (err = pgsql_reach(store, error)) != ROLLCODE_OK) {
		pgsql_close(store);
		return err;
	}
	*out = store;
	return ROLLCODE_OK;
}

static const struct restored *
pgsql_restored(const struct store *store)
{
	return &store->restored;
}

enum rollcode_err
pgsql_begin_store(struct store *store, struct error *error)
{
	enum rollcode_err err;

	pgsql_end(store);
	if ((err = pgsql_ready(store, error)) == ROLLCODE_OK)
		link_begin(store->link, false);
	return err;
}

static const char older_tables[] =
    "the tables are of an older version; run rollcode-admin init first";

static enum rollcode_err
change_row(struct store *store, int64_t since, struct error *error)
{
	if (store->version == PGSQL_VERSION && since == 0)
		link_change(store->link,
		    "UPDATE rollcode.store SET backup=0," PGSQL_RIGHT
		    "," PGSQL_SETTLED,
		    "");
	else if (store->version == PGSQL_VERSION)
		link_change(store->link,
		    "UPDATE rollcode.store SET backup=$1," PGSQL_RIGHT
		    "," PGSQL_SETTLED,
		    "i", since);
	else if (since == 0 && store->restored.how != NULL)
		return error_set(error, ROLLCODE_ERR_STORE, "%s", older_tables);
	else
		link_change(store->link, "UPDATE rollcode.store SET backup=$1",
		    "i", since);
	return ROLLCODE_OK;
}

static enum rollcode_err
pgsql_mark(struct store *store, int64_t since, struct error *error)
{
	enum rollcode_err err;

	if ((err = pgsql_begin_store(store, error)) != ROLLCODE_OK ||
	    (err = change_row(store, since, error)) != ROLLCODE_OK ||
	    (err = pgsql_prove(store, false, error)) != ROLLCODE_OK)
		return err;
	return link_commit(store->link, error);
}

static enum rollcode_err
check_standbys(struct store *store, struct error *error)
{
	WIPED(rows_free) struct rows rows = {0};
	bool waits;
	enum rollcode_err err;

	if ((err = link_query(store->link, &rows, error,
		 "SELECT pg_catalog.current_setting("
		 "'synchronous_standby_names')<>''",
		 "")) != ROLLCODE_OK)
		return err;
	waits = rows_next(&rows) && rows_bool(&rows);
	if (waits)
		return ROLLCODE_OK;
	return link_error(store->link, error, ROLLCODE_ERR_CONFIG,
	    "waits for no standby, so one that is promoted may lack the last "
	    "logins; set synchronous_standby_names first");
}

static enum rollcode_err
pgsql_follow(struct store *store, bool follow, struct error *error)
{
	enum rollcode_err err;

	if ((err = pgsql_begin_store(store, error)) != ROLLCODE_OK ||
	    (follow && (err = check_standbys(store, error)) != ROLLCODE_OK))
		return err;
	if (store->version < PGSQL_VERSION)
		return error_set(error, ROLLCODE_ERR_STORE, "%s", older_tables);
	link_change(store->link,
	    "UPDATE rollcode.store SET promotions=$1," PGSQL_WROTE, "t",
	    follow ? "follow" : "ask");
	return link_commit(store->link, error);
}

bool
pgsql_again(struct store *store, enum rollcode_err err, int *tries)
{
	if (err == ROLLCODE_OK || !link_usable(store->link) ||
	    !link_again(store->link) || ++*tries >= PGSQL_TRIES)
		return false;
	link_rollback(store->link);
	return true;
}

enum rollcode_err
pgsql_lock(struct store *store, bool *there, struct error *error)
{
	WIPED(rows_free) struct rows rows = {0};
	enum rollcode_err err;

	*there = false;
	link_begin(store->link, false);
	if ((err = link_query(store->link, &rows, error,
		 "SELECT 1 FROM rollcode.account WHERE name=$1 FOR UPDATE", "t",
		 store->name)) != ROLLCODE_OK)
		return err;
	*there = rows_next(&rows);
	if (!rows_next(&rows))
		return ROLLCODE_OK;
	return link_error(store->link, error, ROLLCODE_ERR_STORE,
	    "has %s more than once; restore it", store->name);
}

enum rollcode_err
pgsql_take_proof(struct store *store, bool reads, struct proof_rows *proof,
    struct error *error)
{
	enum rollcode_err err, wrong;

	if (reads)
		link_ask(store->link, NULL, "COMMIT", "");
	err = link_answers(store->link, error);
	/* A store of another version may have no answer to the rest. */
	if (proof->store.result != NULL &&
	    (wrong = pgsql_check_proof(store, proof, error)) != ROLLCODE_OK)
		return wrong;
	return err;
}

/* One turn. */
static enum rollcode_err
read_user(
    struct store *store, const char *user, bool *there, struct error *error)
{
	WIPED(proof_rows_free) struct proof_rows proof = {0};
	WIPED(user_rows_free) struct user_rows rows = {0};
	enum rollcode_err err;

	link_begin(store->link, !store->locks);
	pgsql_ask_proof(store, &proof, false);
	pgsql_ask(store, &rows);
	if ((err = pgsql_take_proof(store, !store->locks, &proof, error)) !=
	    ROLLCODE_OK)
		return err;
	return pgsql_read(store, user, &rows, &store->before, there, error);
}

static enum rollcode_err
reach_user(
    struct store *store, const char *user, bool *enrolled, struct error *error)
{
	enum rollcode_err err;

	if (!store_name_encode(user, store->name))
		return pgsql_ready(store, error);
	if ((err = pgsql_reach(store, error)) != ROLLCODE_OK)
		return err;
	return read_user(store, user, enrolled, error);
}

enum rollcode_err
pgsql_begun(struct store *store, const char *user, enum rollcode_err err,
    bool *enrolled, struct error *error)
{
	if (err == ROLLCODE_OK)
		err = restored_account(store->config, &store->restored,
		    link_where(store->link), user, *enrolled, &store->before,
		    error);
	if (err != ROLLCODE_OK || !*enrolled) {
		pgsql_end(store);
		*enrolled = false;
	}
	return err;
}

enum rollcode_err
pgsql_begin_user(struct store *store, const char *user, bool locks,
    bool *enrolled, struct error *error)
{
	bool kept = store->kept;
	enum rollcode_err err;

	*enrolled = false;
	pgsql_end(store);
	store->locks = locks;
	store->kept = false;
	err = reach_user(store, user, enrolled, error);
	/*
	 * A kept link may have ended meanwhile, or another server may be the
	 * one that counts, and nothing is written yet.
	 */
	if (kept && store->restored.how != NULL)
		link_leave(store->link);
	if (kept && !link_usable(store->link))
		err = reach_user(store, user, enrolled, error);
	return pgsql_begun(store, user, err, enrolled, error);
}

static enum rollcode_err
pgsql_begin(struct store *store, const char *user, bool *enrolled,
    struct account *account, struct error *error)
{
	enum rollcode_err err;

	account_wipe(account);
	err = pgsql_begin_user(
	    store, user, store->config->administers, enrolled, error);
	if (*enrolled)
		*account = store->before;
	return err;
}

/* Which of the tokens tells best that this commit is there. */
static const struct account_token *
token_of_commit(const struct store *store, const struct account *account)
{
	const struct account *b = &store->before;
	const struct account_token *found = NULL;

	for (size_t i = 0; i < b->token_count; i++) {
		const struct account_token *t =
		    account_token_of_id(account, b->tokens[i].id);

		if (t != NULL &&
		    (found == NULL || !account_same_position(t, &b->tokens[i])))
			found = t;
	}
	return found;
}

/* It denies logins until somebody says what it is. */
static bool
is_unmarked(const struct store *store)
{
	return store->restored.how != NULL && store->restored.since == 0;
}

static void
note_commit(struct store *store, const struct account *account,
    int64_t sequence, struct rows *lsn)
{
	const struct account_token *t = token_of_commit(store, account);
	struct pgsql_seen seen = {.past = store->past, .sequence = sequence};
	size_t i = 0;

	seen.past.lsn = rows_next(lsn) ? rows_int(lsn, 1, INT64_MAX) : 0;
	if (store->version < PGSQL_VERSION || lsn->bad || t == NULL ||
	    is_unmarked(store))
		return;
	while (store->before.tokens[i].id != t->id)
		i++;
	memcpy(seen.store_id, store->id, sizeof(seen.store_id));
	memcpy(seen.name, store->name, sizeof(seen.name));
	seen.secret = store->seals[i];
	seen.counter = (int64_t)t->token.counter;
	seen_write(store, &seen);
}

static enum rollcode_err
pgsql_commit(struct store *store, const struct account *account,
    const struct event *event, struct error *error)
{
	WIPED(rows_free) struct rows lsn = {0};
	bool aside = event != NULL && event->aside;
	int64_t sequence = store->before.sequence + (aside ? 0 : 1);
	enum rollcode_err err;

	if (!store->locks) {
		link_begin(store->link, false);
		pgsql_ask_same(store);
	}
	err = pgsql_update(store, account, sequence, error);
	if (err == ROLLCODE_OK && event != NULL)
		pgsql_event(store, event, sequence);
	link_ask(store->link, &lsn, "SELECT " PGSQL_LSN, "");
	if (err == ROLLCODE_OK)
		err = link_commit(store->link, error);
	if (err == ROLLCODE_OK)
		note_commit(store, account, sequence, &lsn);
	pgsql_end(store);
	return err;
}

static const struct store_ops store_pgsql = {
    .open = pgsql_open,
    .begin = pgsql_begin,
    .look = pgsql_look,
    .commit = pgsql_commit,
    .end = pgsql_end,
    .close = pgsql_close,
    .idle = kept_idle,
    .create = pgsql_create,
    .create_all = pgsql_create_all,
    .remove = pgsql_remove,
    .each = pgsql_each,
    .some = pgsql_some,
    .recent = pgsql_recent,
    .events = pgsql_events,
    .restored = pgsql_restored,
    .mark = pgsql_mark,
    .follow = pgsql_follow,
    .init = pgsql_init,
    .examine = pgsql_examine,
    .adopt_key = pgsql_adopt,
    .reseal = pgsql_reseal,
    .reseal_all = pgsql_reseal_all,
};

const struct store_plugin rollcode_store_plugin = {
    .abi = STORE_PLUGIN_ABI,
    .version = ROLLCODE_VERSION,
    .ops = &store_pgsql,
};
