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

/* What an administrator does with a user. */
struct user_change {
	const char *user;
	const struct account *account;
	const struct event *event;
	bool replace;
};

static void
delete_account(struct store *store)
{
	link_change(store->link, "DELETE FROM rollcode.account WHERE name=$1",
	    "t", store->name);
}

static enum rollcode_err
create_once(struct store *store, const struct user_change *c, bool there,
    struct error *error)
{
	enum rollcode_err err;

	if ((err = pgsql_prove(store, true, error)) != ROLLCODE_OK)
		return err;
	if (there && c->replace)
		delete_account(store);
	store->user_key = store->key;
	err = there && !c->replace ? ROLLCODE_ERR_EXISTS
				   : pgsql_insert(store, c->account, error);
	if (err == ROLLCODE_OK) {
		pgsql_event(store, c->event, 0);
		err = link_commit(store->link, error);
	}
	if (err == ROLLCODE_ERR_EXISTS ||
	    (err != ROLLCODE_OK && link_exists(store->link)))
		return error_set(error, ROLLCODE_ERR_EXISTS,
		    "%s is already enrolled; --replace removes the old tokens, "
		    "--label adds another",
		    c->user);
	return err;
}

static enum rollcode_err
remove_once(struct store *store, const struct user_change *c, bool there,
    struct error *error)
{
	if (!there)
		return error_set(error, ROLLCODE_ERR_ABSENT,
		    "%s is not enrolled; rollcode-admin list shows the users",
		    c->user);
	delete_account(store);
	return link_commit(store->link, error);
}

static enum rollcode_err
change_user(
    struct store *store, const struct user_change *c, struct error *error)
{
	int tries = 0;
	bool there;
	enum rollcode_err err;

	pgsql_end(store);
	if (!store_name_encode(c->user, store->name))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a user's name is empty or too long to be enrolled");
	if ((err = pgsql_ready(store, error)) != ROLLCODE_OK)
		return err;
	do {
		if ((err = pgsql_lock(store, &there, error)) == ROLLCODE_OK)
			err = c->account != NULL
				  ? create_once(store, c, there, error)
				  : remove_once(store, c, there, error);
	} while (pgsql_again(store, err, &tries));
	pgsql_end(store);
	return err;
}

enum rollcode_err
pgsql_create(struct store *store, const struct account *account,
    const struct event *event, bool replace, struct error *error)
{
	const struct user_change change = {
	    account->user, account, event, replace};

	return change_user(store, &change, error);
}

enum rollcode_err
pgsql_remove(struct store *store, const char *user, struct error *error)
{
	const struct user_change change = {.user = user};

	return change_user(store, &change, error);
}

/* In as few turns as they fit in. */
static enum rollcode_err
insert_all(struct store *store, const struct account *accounts,
    const struct event *events, size_t count, struct error *error)
{
	enum rollcode_err err = pgsql_prove(store, true, error);

	for (size_t i = 0; i < count && err == ROLLCODE_OK; i++) {
		if (!store_name_encode(accounts[i].user, store->name))
			return error_set(error, ROLLCODE_ERR_INPUT,
			    "a user's name is empty or too long to be "
			    "enrolled");
		store->user_key = store->key;
		if (!link_takes(store->link, PGSQL_USER_ASKS))
			err = link_answers(store->link, error);
		if (err == ROLLCODE_OK)
			err = pgsql_insert(store, &accounts[i], error);
		if (err == ROLLCODE_OK)
			pgsql_event(store, &events[i], 0);
	}
	return err == ROLLCODE_OK ? link_commit(store->link, error) : err;
}

enum rollcode_err
pgsql_create_all(struct store *store, const struct account *accounts,
    const struct event *events, size_t count, struct error *error)
{
	enum rollcode_err err;

	if ((err = pgsql_begin_store(store, error)) != ROLLCODE_OK)
		return err;
	err = insert_all(store, accounts, events, count, error);
	if (err != ROLLCODE_OK && link_exists(store->link))
		err = error_set(error, ROLLCODE_ERR_EXISTS,
		    "one of %zu users is already enrolled", count);
	pgsql_end(store);
	return err;
}

enum rollcode_err
pgsql_adopt(struct store *store, struct error *error)
{
	const char *key_id = store->keys.all[0].id;
	enum rollcode_err err;

	if ((err = pgsql_begin_store(store, error)) != ROLLCODE_OK)
		return err;
	link_change(store->link,
	    store->version == PGSQL_VERSION
		? "UPDATE rollcode.store SET key_id=$1," PGSQL_WROTE
		: "UPDATE rollcode.store SET key_id=$1",
	    "t", key_id);
	if ((err = link_commit(store->link, error)) == ROLLCODE_OK) {
		memcpy(store->key_id, key_id, SEAL_ID_LEN);
		store->key = &store->keys.all[0];
	}
	pgsql_end(store);
	return err;
}
