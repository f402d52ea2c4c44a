/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_pgsql_init.c - schema, rights, and the row that says whose it is.
 *
 *  1. One transaction: an init that is killed has done nothing, and two at
 *     once make one store.
 *  2. Run again it changes nothing but rights, and an older schema.
 *  3. A login can read, move counters on, and write events.
 */
#include <stdio.h>

#include "store_pgsql.h"

#define ROLE_MAX 128
#define STATEMENT_MAX 512
#define LOCK_NUMBER 0x526f6c6c /* "Roll" */

/* clang-format off */
/* What brings a schema from one version to the next; NULL last. */
static const char *const to_version_1[] = {
	"CREATE TABLE rollcode.store("
	"version bigint NOT NULL,"
	"store_id text NOT NULL,"
	"key_id text NOT NULL,"
	"backup bigint NOT NULL DEFAULT 0,"
	"one boolean PRIMARY KEY DEFAULT true CHECK(one))",
	"CREATE TABLE rollcode.account("
	"name text COLLATE \"C\" PRIMARY KEY,"
	"failures bigint NOT NULL DEFAULT 0,"
	"halves bigint NOT NULL DEFAULT 0,"
	"spent bigint NOT NULL DEFAULT 0,"
	"spent_time bigint NOT NULL DEFAULT 0,"
	"failed bigint NOT NULL DEFAULT 0,"
	"replayed bigint NOT NULL DEFAULT 0,"
	"created bigint NOT NULL,"
	"last_success bigint NOT NULL DEFAULT 0,"
	"last_failure bigint NOT NULL DEFAULT 0,"
	"sequence bigint NOT NULL DEFAULT 0,"
	"key_id text NOT NULL,"
	"recovery_key bytea)",
	"CREATE TABLE rollcode.token("
	"name text COLLATE \"C\" NOT NULL "
	"REFERENCES rollcode.account ON DELETE CASCADE,"
	"id bigint NOT NULL,"
	"label bytea NOT NULL,"
	"form text NOT NULL,"
	"algorithm text NOT NULL,"
	"digits bigint NOT NULL,"
	"key_id text NOT NULL,"
	"secret bytea NOT NULL,"
	"counter bigint NOT NULL CHECK(counter>=0),"
	"far_counter bigint,"
	"far_time bigint,"
	"enabled boolean NOT NULL,"
	"created bigint NOT NULL,"
	"used bigint NOT NULL,"
	"PRIMARY KEY(name,id),UNIQUE(name,label))",
	"CREATE TABLE rollcode.recovery("
	"name text COLLATE \"C\" NOT NULL "
	"REFERENCES rollcode.account ON DELETE CASCADE,"
	"id bigint NOT NULL,"
	"mac bytea NOT NULL,"
	"issued bigint NOT NULL,"
	"expires bigint NOT NULL,"
	"used bigint NOT NULL,"
	"PRIMARY KEY(name,id))",
	"CREATE TABLE rollcode.event("
	"name text COLLATE \"C\" NOT NULL "
	"REFERENCES rollcode.account ON DELETE CASCADE,"
	"slot bigint NOT NULL,"
	"sequence bigint NOT NULL,"
	"time bigint NOT NULL,"
	"service bytea NOT NULL,"
	"rhost bytea NOT NULL,"
	"token bytea NOT NULL,"
	"outcome text NOT NULL,"
	"counter bigint NOT NULL,"
	"distance bigint NOT NULL,"
	"PRIMARY KEY(name,slot))",
	"CREATE FUNCTION rollcode.code_stays_used() RETURNS trigger "
	"LANGUAGE plpgsql SET search_path=pg_catalog,pg_temp AS "
	"$$BEGIN RAISE EXCEPTION 'a used recovery code stays used'; END$$",
	"CREATE TRIGGER code_stays_used BEFORE UPDATE ON rollcode.recovery "
	"FOR EACH ROW WHEN (OLD.used<>0) "
	"EXECUTE FUNCTION rollcode.code_stays_used()",
	"CREATE FUNCTION rollcode.counter_never_falls() RETURNS trigger "
	"LANGUAGE plpgsql SET search_path=pg_catalog,pg_temp AS "
	"$$BEGIN RAISE EXCEPTION 'a counter never moves backward'; END$$",
	"CREATE TRIGGER counter_never_falls BEFORE UPDATE ON rollcode.token "
	"FOR EACH ROW WHEN (NEW.counter<OLD.counter) "
	"EXECUTE FUNCTION rollcode.counter_never_falls()",
	NULL,
};

static const char *const *const versions[PGSQL_VERSION] = {to_version_1};

/* What a login needs; its role stands behind it. */
static const char *const rights[] = {
	"REVOKE ALL ON ALL TABLES IN SCHEMA rollcode FROM ",
	"GRANT USAGE ON SCHEMA rollcode TO ",
	"GRANT SELECT ON rollcode.store,rollcode.account,rollcode.token,"
	"rollcode.recovery TO ",
	"GRANT UPDATE(failures,spent,spent_time,failed,replayed,"
	"last_success,last_failure,sequence) ON rollcode.account TO ",
	"GRANT UPDATE(counter,far_counter,far_time,used) ON rollcode.token "
	"TO ",
	"GRANT UPDATE(used) ON rollcode.recovery TO ",
	"GRANT SELECT,INSERT,UPDATE,DELETE ON rollcode.event TO ",
};
/* clang-format on */

static enum rollcode_err
run_all(struct store *store, const char *const *statements, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;

	for (; *statements != NULL && err == ROLLCODE_OK; statements++)
		err = link_query(store->link, NULL, error, *statements, "");
	return err;
}

/* --- the schema ---------------------------------------------------------- */

static enum rollcode_err
ensure_schema(struct store *store, bool *tables, struct error *error)
{
	WIPED(rows_freep) struct rows *rows = NULL;
	bool ours = false;
	enum rollcode_err err;

	*tables = false;
	if ((err = link_query(store->link, &rows, error,
		 "SELECT pg_catalog.pg_get_userbyid(nspowner)=current_user,"
		 "pg_catalog.to_regclass('rollcode.store') IS NOT NULL "
		 "FROM pg_catalog.pg_namespace WHERE nspname='rollcode'",
		 "")) != ROLLCODE_OK)
		return err;
	if (rows_count(rows) == 0)
		return link_query(
		    store->link, NULL, error, "CREATE SCHEMA rollcode", "");
	if (rows_bool(rows, 0, 0, &ours) && ours &&
	    rows_bool(rows, 0, 1, tables))
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_STORE,
	    "%s: the schema rollcode belongs to another role; name that one in "
	    "DATABASE_ADMIN",
	    link_where(store->link));
}

/* 0 where there are no tables yet. */
static enum rollcode_err
read_version(
    struct store *store, int64_t *version, bool *marked, struct error *error)
{
	WIPED(rows_freep) struct rows *rows = NULL;
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
	*marked = rows_count(rows) == 1 &&
		  rows_int(rows, 0, 0, 1, PGSQL_VERSION, version);
	if (*marked)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_STORE,
	    "%s: the store was made by a newer version; install that",
	    link_where(store->link));
}

static enum rollcode_err
mark(struct store *store, bool marked, struct error *error)
{
	enum rollcode_err err;

	if (marked)
		return link_change(store->link, error, 1,
		    "UPDATE rollcode.store SET version=$1", "i",
		    (int64_t)PGSQL_VERSION);
	if ((err = store_id_make(store->id, error)) != ROLLCODE_OK)
		return err;
	return link_change(store->link, error, 1,
	    "INSERT INTO rollcode.store(version,store_id,key_id) "
	    "VALUES($1,$2,$3)",
	    "itt", (int64_t)PGSQL_VERSION, store->id, store->keys.all[0].id);
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
	for (; version < PGSQL_VERSION && err == ROLLCODE_OK; version++)
		err = run_all(store, versions[version], error);
	return err == ROLLCODE_OK ? mark(store, marked, error) : err;
}

/* --- the roles ----------------------------------------------------------- */

/* The role of a login, "" where the administrator's is the only one. */
static enum rollcode_err
login_role(const struct config *config, char *role, struct error *error)
{
	char admin[ROLE_MAX];
	enum rollcode_err err;

	role[0] = '\0';
	if (config->database_admin[0] == '\0')
		return ROLLCODE_OK;
	if ((err = link_user(config->database, config->uid, role, ROLE_MAX,
		 error)) != ROLLCODE_OK ||
	    (err = link_user(config->database_admin, config->uid, admin,
		 sizeof(admin), error)) != ROLLCODE_OK)
		return err;
	if (role[0] != '\0' && admin[0] != '\0' && strcmp(role, admin) != 0)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_CONFIG,
	    "DATABASE and DATABASE_ADMIN: name two roles, as "
	    "postgresql://ROLE@HOST/NAME does");
}

static enum rollcode_err
ensure_role(struct store *store, const char *role, const char *quoted,
    struct error *error)
{
	WIPED(rows_freep) struct rows *rows = NULL;
	char statement[STATEMENT_MAX];
	bool powerful;
	enum rollcode_err err;

	if ((err = link_query(store->link, &rows, error,
		 "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR "
		 "rolreplication OR rolbypassrls FROM pg_catalog.pg_roles "
		 "WHERE rolname=$1",
		 "t", role)) != ROLLCODE_OK)
		return err;
	if (rows_count(rows) == 0) {
		snprintf(statement, sizeof(statement), "CREATE ROLE %s LOGIN",
		    quoted);
		err = link_query(store->link, NULL, error, statement, "");
		return err == ROLLCODE_OK
			   ? err
			   : error_add(error, err,
				 "or the database's administrator makes the "
				 "role: createuser --pwprompt %s",
				 role);
	}
	if (rows_bool(rows, 0, 0, &powerful) && !powerful)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_CONFIG,
	    "DATABASE: the role %s can do far more than a login needs (it is a "
	    "superuser, or makes roles or databases); name another",
	    role);
}

static enum rollcode_err
give_rights(struct store *store, const char *role, struct error *error)
{
	char quoted[2 * ROLE_MAX], statement[STATEMENT_MAX];
	enum rollcode_err err;

	if (role[0] == '\0')
		return ROLLCODE_OK;
	if (!link_name(store->link, role, quoted, sizeof(quoted)))
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "DATABASE: the role cannot be named");
	err = ensure_role(store, role, quoted, error);
	for (size_t i = 0;
	     i < sizeof(rights) / sizeof(rights[0]) && err == ROLLCODE_OK;
	     i++) {
		snprintf(
		    statement, sizeof(statement), "%s%s", rights[i], quoted);
		err = link_query(store->link, NULL, error, statement, "");
	}
	return err;
}

/* --- init ---------------------------------------------------------------- */

static enum rollcode_err
init_all(struct store *store, bool *made, struct error *error)
{
	char role[ROLE_MAX];
	enum rollcode_err err;

	if ((err = login_role(store->config, role, error)) != ROLLCODE_OK ||
	    (err = store_keys_derive(&store->keys, store->config, error)) !=
		ROLLCODE_OK ||
	    (err = pgsql_connect(store, pgsql_uri(store->config, true),
		 error)) != ROLLCODE_OK ||
	    (err = link_begin(store->link, error)) != ROLLCODE_OK ||
	    (err = link_query(store->link, NULL, error,
		 "SELECT pg_catalog.pg_advisory_xact_lock($1)", "i",
		 (int64_t)LOCK_NUMBER)) != ROLLCODE_OK ||
	    (err = ensure_tables(store, made, error)) != ROLLCODE_OK ||
	    (err = pgsql_prove(store, error)) != ROLLCODE_OK ||
	    (err = give_rights(store, role, error)) != ROLLCODE_OK)
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
	if (err != ROLLCODE_OK)
		*made = false;
	link_close(store.link);
	explicit_bzero(&store, sizeof(store));
	return err;
}
