/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ops.c - one file for each user.
 *
 *  1. A lock covers one user, never the store.
 *  2. "Not enrolled" is said only where directory and marker are right and
 *     the file is proven absent.
 *  3. What commit acknowledged is on disk.
 *  4. A file that is not exactly what was written here is refused.
 *  5. What was committed and has gone is committed again, see witness.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "rules/outcome.h"
#include "store/sqlite/parts.h"
#include "store/sqlite/witness.h"

#define CHECKPOINT_EVERY 32 /* commits between two checkpoints */
#define ASIDE_EVERY 4	    /* of those that raise no sequence */

static void
user_close(struct store *store)
{
	if (store->parked == NULL)
		sqlite_close(store->db);
	else if (store->sound)
		sqlite_parked_put(store->parked);
	else
		sqlite_parked_close(store->parked);
	store->db = NULL;
	store->parked = NULL;
	store->sound = false;
	store->raised = false;
	account_wipe(&store->before);
}

static void
sqlite_store_close(struct store *store)
{
	if (store == NULL)
		return;
	user_close(store);
	explicit_bzero(store, sizeof(*store));
	free(store);
}

static const struct restored *
sqlite_store_restored(const struct store *store)
{
	return &store->restored;
}

static enum rollcode_err
sqlite_store_open(
    struct store **out, const struct config *config, struct error *error)
{
	struct store *store;
	enum rollcode_err err;

	*out = NULL;
	if ((store = calloc(1, sizeof(*store))) == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	store->config = config;
	if ((err = store_users_path(config, &store->users, error)) !=
		ROLLCODE_OK ||
	    (err = store_check_directory(config, &store->users, error)) !=
		ROLLCODE_OK ||
	    (err = marker_read(config, &store->users, &store->marker,
		 &store->restored, error)) != ROLLCODE_OK ||
	    (err = store_keys_derive(&store->keys, store->marker.store_id,
		 config, error)) != ROLLCODE_OK ||
	    (err = store_keys_choose(&store->keys, store->users.text,
		 store->marker.key_id, &store->key, error)) != ROLLCODE_OK) {
		sqlite_store_close(store);
		return err;
	}
	witness_find(store);
	*out = store;
	return ROLLCODE_OK;
}

enum rollcode_err
store_look_again(struct store *store, struct error *error)
{
	struct restored restored;
	struct marker marker;
	enum rollcode_err err;

	if ((err = marker_read(store->config, &store->users, &marker, &restored,
		 error)) != ROLLCODE_OK)
		return err;
	if (strcmp(marker.store_id, store->marker.store_id) != 0)
		return error_at(error, ROLLCODE_ERR_UNAVAIL, store->users.text,
		    "the store was replaced while it was in use; try again");
	store->marker = marker;
	store->restored = restored;
	return store_keys_choose(
	    &store->keys, store->users.text, marker.key_id, &store->key, error);
}

static enum rollcode_err
user_open(struct store *store, struct error *error)
{
	const char *path = store->file.text;

	return store->config->pools
		   ? sqlite_parked_take(path, &store->parked, &store->db, error)
		   : sqlite_open(path, &store_sqlite_kind, &store->db, error);
}

static enum rollcode_err
check_unmoved(const struct store *store, struct error *error)
{
	return store->parked != NULL ? sqlite_parked_check(store->parked, error)
				     : sqlite_check_unmoved(store->db, error);
}

/* Whether a login may go on with what was read, or found absent. */
static enum rollcode_err
check_restored(const struct store *store, const char *user, bool enrolled,
    struct account *account, struct error *error)
{
	return restored_account(store->config, &store->restored,
	    store->users.text, user, enrolled, account, error);
}

/*
 * A missing file is proof only while the store is the one that was opened, and
 * where no witness says that there was one.
 */
static enum rollcode_err
find_absent(struct store *store, const char *user, struct account *account,
    struct error *error)
{
	enum rollcode_err err = store_look_again(store, error);

	if (err == ROLLCODE_OK && witness_is_enrolled(store, user))
		return error_at(error, ROLLCODE_ERR_STORE, store->file.text,
		    "is missing, and %s was enrolled: put the file back, or "
		    "run rollcode-admin remove %s",
		    user, user);
	return err == ROLLCODE_OK
		   ? check_restored(store, user, false, account, error)
		   : err;
}

static enum rollcode_err
sqlite_store_begin(struct store *store, const char *user, bool *enrolled,
    struct account *account, struct error *error)
{
	char name[STORE_NAME_MAX + 1];
	enum rollcode_err err;

	*enrolled = false;
	account_wipe(account);
	user_close(store);
	if (!store_name_encode(user, name))
		return check_restored(store, user, false, account, error);
	if ((err = store_path_join(&store->file, store->users.text, name, ".db",
		 error)) != ROLLCODE_OK)
		return err;
	err = user_open(store, error);
	if (err == ROLLCODE_ERR_ABSENT)
		return find_absent(store, user, account, error);
	if (err != ROLLCODE_OK)
		return err;
	if ((err = rows_read(store, user, &store->before, error)) !=
		ROLLCODE_OK ||
	    (err = check_unmoved(store, error)) != ROLLCODE_OK)
		goto fail;
	*account = store->before;
	if ((err = witness_compare(store, account, error)) != ROLLCODE_OK ||
	    (err = check_restored(store, user, true, account, error)) !=
		ROLLCODE_OK)
		goto fail;
	*enrolled = true;
	store->sound = true;
	return ROLLCODE_OK;
fail:
	account_wipe(account);
	user_close(store);
	return err;
}

/* What is written aside raises no sequence, but the tally of replays. */
static bool
is_due(int64_t sequence, bool aside, const struct account *account)
{
	return aside ? account->replayed % ASIDE_EVERY == 0
		     : sequence % CHECKPOINT_EVERY == 0;
}

/*
 * Whether a token or a recovery code goes: what the log has of it must not
 * outlive it.
 */
static bool
removes_credential(const struct account *before, const struct account *after)
{
	for (size_t i = 0; i < before->token_count; i++)
		if (account_token_of_id(after, before->tokens[i].id) == NULL)
			return true;
	for (size_t i = 0; i < before->recovery_count; i++)
		if (account_recovery_of_id(after, before->recovery[i].id) ==
		    NULL)
			return true;
	return !account_same_recovery_key(before, after);
}

/* The log has zeros in place of what went, and so has the file from now on. */
static enum rollcode_err
fold_removal(struct store *store, struct error *error)
{
	struct error why = {0};
	enum rollcode_err err = sqlite_checkpoint(store->db, &why);

	if (err == ROLLCODE_OK)
		return err;
	return error_set(error, err,
	    "%s; the removal was committed, but the file may still contain the "
	    "encrypted bytes; run rollcode-admin rekey",
	    why.text);
}

static bool
is_touched(const struct account *account)
{
	for (size_t i = 0; i < account->token_count; i++)
		if (account->tokens[i].touched)
			return true;
	return false;
}

/* A refusal's row is first as long as any could be, see update_token(). */
static enum rollcode_err
put_longest_event(struct store *store, const struct event *event,
    int64_t sequence, struct error *error)
{
	struct event longest = *event;

	memset(longest.token, 'x', sizeof(longest.token) - 1);
	memset(longest.outcome, 'x', sizeof(longest.outcome) - 1);
	longest.counter = INT64_MAX;
	longest.distance = INT64_MAX;
	return rows_event(store, &longest, sequence, error);
}

/* That it was raised stands where the last event that was lost stood. */
static enum rollcode_err
put_raised_event(struct store *store, const struct account *account,
    const struct event *event, struct error *error)
{
	struct event raised = *event;

	snprintf(
	    raised.outcome, sizeof(raised.outcome), "%s", act_name(ACT_RAISED));
	raised.token[0] = '\0';
	raised.counter = -1;
	raised.distance = account->behind;
	raised.aside = false;
	return rows_event(store, &raised, account->sequence, error);
}

static enum rollcode_err
put_event(struct store *store, const struct account *account,
    const struct event *event, int64_t sequence, struct error *error)
{
	enum rollcode_err err;

	if (store->raised && (err = put_raised_event(
				  store, account, event, error)) != ROLLCODE_OK)
		return err;
	if (is_touched(account) && (err = put_longest_event(store, event,
					sequence, error)) != ROLLCODE_OK)
		return err;
	return rows_event(store, event, sequence, error);
}

static enum rollcode_err
sqlite_store_commit(struct store *store, const struct account *account,
    const struct event *event, struct error *error)
{
	bool removes = removes_credential(&store->before, account);
	bool aside = event != NULL && event->aside;
	int64_t from =
	    store->raised ? account->sequence : store->before.sequence;
	int64_t sequence = from + (aside ? 0 : 1);
	enum rollcode_err err = ROLLCODE_OK;

	/* Whatever was written before this commit is in the file then. */
	if (removes)
		err = sqlite_empty_log(store->db, error);
	else if (is_due(sequence, aside, account))
		err = sqlite_checkpoint(store->db, error);
	if (err == ROLLCODE_OK &&
	    (err = sqlite_begin(store->db, error)) == ROLLCODE_OK &&
	    (err = rows_update(store, account, sequence, error)) ==
		ROLLCODE_OK &&
	    event != NULL)
		err = put_event(store, account, event, sequence, error);
	if (err == ROLLCODE_OK)
		err = sqlite_commit(store->db, error);
	if (err == ROLLCODE_OK)
		witness_write(store, account, sequence);
	if (err == ROLLCODE_OK && removes)
		err = fold_removal(store, error);
	store->sound = err == ROLLCODE_OK;
	user_close(store);
	return err;
}

const struct store_ops store_sqlite = {
    .open = sqlite_store_open,
    .begin = sqlite_store_begin,
    .look = sqlite_store_begin,
    .commit = sqlite_store_commit,
    .end = user_close,
    .close = sqlite_store_close,
    .idle = sqlite_parked_empty,
    .create = store_sqlite_create,
    .remove = store_sqlite_remove,
    .each = store_sqlite_each,
    .recent = store_sqlite_recent,
    .events = rows_events,
    .restored = sqlite_store_restored,
    .mark = store_sqlite_mark,
    .init = store_sqlite_init,
    .adopt_key = store_sqlite_adopt,
    .reseal = store_sqlite_reseal,
    .clean = store_sqlite_clean,
    .backup = store_sqlite_backup,
    .witness = witness_examine,
};
