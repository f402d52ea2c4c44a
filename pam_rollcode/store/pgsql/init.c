/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init.c - schema, rights, and the row that says whose it is.
 *
 *  1. One transaction: an init that is killed has done nothing, and two at
 *     once make one store.
 *  2. Run again it changes nothing but rights, and an older schema.
 *  3. Nothing that another role can lock keeps it from running again; an older
 *     schema alone waits for logins, for STORE_BUSY_MS.
 */
#include "store/pgsql/pgsql.h"

/* A role that can only read the table cannot hold what this waits for. */
static const char one_init[] =
    "LOCK TABLE rollcode.store IN SHARE ROW EXCLUSIVE MODE";

static enum rollcode_err
ensure_schema(struct store *store, bool *tables, struct error *error)
{
	WIPED(rows_free) struct rows rows = {0};
	bool ours;
	enum rollcode_err err;

	*tables = false;
	if ((err = link_query(store->link, &rows, error,
		 "SELECT pg_catalog.pg_get_userbyid(nspowner)=current_user,"
		 "pg_catalog.to_regclass('rollcode.store') IS NOT NULL "
		 "FROM pg_catalog.pg_namespace WHERE nspname='rollcode'",
		 "")) != ROLLCODE_OK)
		return err;
	if (!rows_next(&rows))
		return link_query(
		    store->link, NULL, error, "CREATE SCHEMA rollcode", "");
	ours = rows_bool(&rows);
	*tables = rows_bool(&rows);
	if (ours && !rows.bad)
		return *tables
			   ? link_query(store->link, NULL, error, one_init, "")
			   : ROLLCODE_OK;
	return link_error(store->link, error, ROLLCODE_ERR_STORE,
	    "the schema rollcode belongs to another role; name that one in "
	    "DATABASE_ADMIN");
}

/* 0 where there are no tables yet. */
static enum rollcode_err
read_version(
    struct store *store, int64_t *version, bool *marked, struct error *error)
{
	WIPED(rows_free) struct rows rows = {0};
	bool tables;
	enum rollcode_err err;

	*version = 0;
	*marked = false;
	if ((err = ensure_schema(store, &tables, error)) != ROLLCODE_OK ||
	    !tables)
		return err;
	if ((err = link_query(store->link, &rows, error,
		 "SELECT version FROM rollcode.store", "")) != ROLLCODE_OK)
		return err;
	(void)rows_next(&rows);
	*version = rows_int(&rows, 1, PGSQL_VERSION);
	*marked = !rows.bad && !rows_next(&rows);
	if (*marked)
		return ROLLCODE_OK;
	return link_error(store->link, error, ROLLCODE_ERR_STORE,
	    "the store was made by a newer version; install that version");
}

/* From a version that did not note where it was, it is right where it is. */
static enum rollcode_err
write_store_row(struct store *store, bool marked, struct error *error)
{
	enum rollcode_err err;

	if (!marked && (err = store_id_make(store->id, error)) != ROLLCODE_OK)
		return err;
	if (!marked)
		link_change(store->link,
		    "INSERT INTO rollcode.store(version,store_id,key_id) "
		    "VALUES($1,$2,$3)",
		    "itt", (int64_t)PGSQL_VERSION, store->id,
		    store->keys.all[0].id);
	link_change(store->link,
	    "UPDATE rollcode.store SET version=$1," PGSQL_RIGHT, "i",
	    (int64_t)PGSQL_VERSION);
	return link_answers(store->link, error);
}

/* Before anything is changed, and in the order in which a login reads them. */
static enum rollcode_err
wait_for_logins(struct store *store, struct error *error)
{
	enum rollcode_err err = link_query(store->link, NULL, error,
	    "LOCK TABLE rollcode.store,rollcode.account "
	    "IN ACCESS EXCLUSIVE MODE",
	    "");

	return err == ROLLCODE_OK
		   ? err
		   : error_add(error, err,
			 "the schema is upgraded when no login is in it");
}

static enum rollcode_err
ensure_tables(struct store *store, bool *made, struct error *error)
{
	int64_t version;
	bool marked;
	enum rollcode_err err;

	if ((err = read_version(store, &version, &marked, error)) !=
	    ROLLCODE_OK)
		return err;
	*made = !marked;
	if (version == PGSQL_VERSION)
		return ROLLCODE_OK;
	if (version > 0 && (err = wait_for_logins(store, error)) != ROLLCODE_OK)
		return err;
	for (; version < PGSQL_VERSION; version++)
		for (const char *const *sql = pgsql_versions[version];
		     *sql != NULL && err == ROLLCODE_OK; sql++)
			err = link_query(store->link, NULL, error, *sql, "");
	return err == ROLLCODE_OK ? write_store_row(store, marked, error) : err;
}

static enum rollcode_err
init_all(struct store *store, bool *made, struct error *error)
{
	char role[PGSQL_ROLE_MAX];
	enum rollcode_err err;

	store->id[0] = '\0';
	if ((err = pgsql_login_role(store->config, role, error)) !=
		ROLLCODE_OK ||
	    (err = store_keys_derive(&store->keys, store->id, store->config,
		 error)) != ROLLCODE_OK ||
	    (err = pgsql_connect(store, true, error)) != ROLLCODE_OK)
		return err;
	link_begin(store->link, false);
	if ((err = ensure_tables(store, made, error)) != ROLLCODE_OK ||
	    (err = pgsql_prove(store, false, error)) != ROLLCODE_OK ||
	    (err = pgsql_give_rights(store, role, error)) != ROLLCODE_OK)
		return err;
	return link_commit(store->link, error);
}

enum rollcode_err
pgsql_init(const struct config *config, bool *made, struct error *error)
{
	struct store store = {.config = config};
	enum rollcode_err err;

	*made = false;
	err = init_all(&store, made, error);
	/* Another init made the schema first: now there is one. */
	if (err != ROLLCODE_OK && store.link != NULL && link_exists(store.link))
		err = init_all(&store, made, error);
	if (err != ROLLCODE_OK)
		*made = false;
	link_close(store.link);
	explicit_bzero(&store, sizeof(store));
	return err;
}
