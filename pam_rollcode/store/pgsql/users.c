/* SPDX-License-Identifier: Apache-2.0 */
/*
 * users.c - users come and go, keys change.
 *
 *  1. An enrolment is one transaction: it is there whole or not at all.
 *  2. New secrets are sealed with the key of the store, which is read in the
 *     same transaction, and not changed beside it.
 */
#include <string.h>

#include "store/pgsql/pgsql.h"

/* The key that the store has now, held until the transaction ends. */
static enum rollcode_err
hold_key(struct store *store, struct error *error)
{
	WIPED(rows_freep) struct rows *rows = NULL;
	const char *where = link_where(store->link);
	char id[STORE_ID_LEN + 1], key_id[SEAL_ID_LEN + 1];
	enum rollcode_err err;

	if ((err = link_query(store->link, &rows, error,
		 "SELECT store_id,key_id FROM rollcode.store FOR SHARE", "")) !=
	    ROLLCODE_OK)
		return err;
	if (!rows_text(rows, 0, 0, id, sizeof(id)) ||
	    !rows_text(rows, 0, 1, key_id, sizeof(key_id)) ||
	    strcmp(id, store->id) != 0)
		return error_set(error, ROLLCODE_ERR_UNAVAIL,
		    "%s: the store was replaced while it was in use; try again",
		    where);
	return store_keys_choose(&store->keys, where, key_id, error);
}

static enum rollcode_err
already_enrolled(const struct account *account, struct error *error)
{
	return error_set(error, ROLLCODE_ERR_EXISTS,
	    "%s is already enrolled; --replace removes the old tokens, --label "
	    "adds another",
	    account->user);
}

static enum rollcode_err
create_once(struct store *store, const char *name,
    const struct account *account, const struct event *event, bool replace,
    struct error *error)
{
	bool there;
	enum rollcode_err err;

	if ((err = pgsql_lock(store, name, &there, error)) != ROLLCODE_OK ||
	    (err = hold_key(store, error)) != ROLLCODE_OK)
		return err;
	if (there && !replace)
		return already_enrolled(account, error);
	if (there && (err = link_change(store->link, error, 1,
			  "DELETE FROM rollcode.account WHERE name=$1", "t",
			  name)) != ROLLCODE_OK)
		return err;
	if ((err = pgsql_insert(store, name, account, error)) != ROLLCODE_OK)
		return link_exists(store->link)
			   ? already_enrolled(account, error)
			   : err;
	if (event != NULL &&
	    (err = pgsql_event(store, name, event, 0, error)) != ROLLCODE_OK)
		return err;
	return link_commit(store->link, error);
}

enum rollcode_err
pgsql_create(struct store *store, const struct account *account,
    const struct event *event, bool replace, struct error *error)
{
	char name[STORE_NAME_MAX + 1];
	int tries = 0;
	enum rollcode_err err;

	pgsql_end(store);
	if (!store_name_encode(account->user, name))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a user's name is empty or too long to be enrolled");
	if ((err = pgsql_ready(store, error)) != ROLLCODE_OK)
		return err;
	do {
		err = create_once(store, name, account, event, replace, error);
	} while (pgsql_again(store, err, &tries));
	pgsql_end(store);
	return err;
}

static enum rollcode_err
remove_once(struct store *store, const char *user, const char *name,
    struct error *error)
{
	bool there;
	enum rollcode_err err;

	if ((err = pgsql_lock(store, name, &there, error)) != ROLLCODE_OK)
		return err;
	if (!there)
		return error_set(error, ROLLCODE_ERR_ABSENT,
		    "%s is not enrolled; rollcode-admin list shows the users",
		    user);
	if ((err = link_change(store->link, error, 1,
		 "DELETE FROM rollcode.account WHERE name=$1", "t", name)) !=
	    ROLLCODE_OK)
		return err;
	return link_commit(store->link, error);
}

enum rollcode_err
pgsql_remove(struct store *store, const char *user, struct error *error)
{
	char name[STORE_NAME_MAX + 1];
	int tries = 0;
	enum rollcode_err err;

	pgsql_end(store);
	if (!store_name_encode(user, name))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a user's name is empty or too long to be enrolled");
	if ((err = pgsql_ready(store, error)) != ROLLCODE_OK)
		return err;
	do {
		err = remove_once(store, user, name, error);
	} while (pgsql_again(store, err, &tries));
	pgsql_end(store);
	return err;
}

enum rollcode_err
pgsql_each(
    struct store *store, store_user_fn *fn, void *context, struct error *error)
{
	WIPED(rows_freep) struct rows *rows = NULL;
	char name[STORE_NAME_MAX + 1], user[ROLLCODE_USER_MAX + 1];
	enum rollcode_err err;

	if ((err = pgsql_ready(store, error)) == ROLLCODE_OK)
		err = link_query(store->link, &rows, error,
		    "SELECT name FROM rollcode.account ORDER BY name", "");
	for (int i = 0; i < rows_count(rows) && err == ROLLCODE_OK; i++)
		if (rows_text(rows, i, 0, name, sizeof(name)) &&
		    store_name_decode(name, user))
			err = fn(context, user, error);
	return err;
}

enum rollcode_err
pgsql_adopt(struct store *store, struct error *error)
{
	const char *key_id = store->keys.all[0].id;
	enum rollcode_err err;

	pgsql_end(store);
	if ((err = pgsql_ready(store, error)) != ROLLCODE_OK ||
	    (err = link_begin(store->link, error)) != ROLLCODE_OK)
		return err;
	if ((err = link_change(store->link, error, 1,
		 "UPDATE rollcode.store SET key_id=$1", "t", key_id)) ==
	    ROLLCODE_OK)
		err = link_commit(store->link, error);
	if (err == ROLLCODE_OK) {
		memcpy(store->key_id, key_id, SEAL_ID_LEN);
		store->keys.sealing = &store->keys.all[0];
	}
	pgsql_end(store);
	return err;
}

enum rollcode_err
pgsql_reseal(struct store *store, const char *user, struct error *error)
{
	WIPED(account_wipe) struct account account = {0};
	bool there = false;
	enum rollcode_err err;

	pgsql_end(store);
	if (!store_name_encode(user, store->name))
		return ROLLCODE_OK;
	if ((err = pgsql_ready(store, error)) == ROLLCODE_OK &&
	    (err = link_begin(store->link, error)) == ROLLCODE_OK)
		err = pgsql_read(store, user, &account, &there, error);
	store->keys.sealing = &store->keys.all[0];
	if (err == ROLLCODE_OK && there &&
	    (err = pgsql_seal_again(store, &account, error)) == ROLLCODE_OK)
		err = link_commit(store->link, error);
	pgsql_end(store);
	return err;
}

/* A killed command leaves nothing here. */
enum rollcode_err
pgsql_clean(struct store *store, struct error *error)
{
	(void)store;
	(void)error;
	return ROLLCODE_OK;
}

enum rollcode_err
pgsql_backup(struct store *store, const char *path, int64_t now,
    store_told_fn *tell, void *context, struct error *error)
{
	(void)store;
	(void)path;
	(void)now;
	(void)tell;
	(void)context;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "a database is copied by its own tools: pg_dump --schema=rollcode, "
	    "or pg_basebackup; rollcode-admin(8) says what a restored one "
	    "needs before anybody logs in");
}
