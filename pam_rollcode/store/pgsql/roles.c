/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roles.c - what the role of a login may do.
 *
 *  1. It can read, move counters on, and write events; each change in a column
 *     of its own, so that it can lock rows and no table.
 *  2. It is not a member of a role that can do more.
 *  3. A role that could write before, and is not the one that DATABASE names,
 *     loses its rights.
 */
#include <stdio.h>

#include "store/pgsql/pgsql.h"

#define STATEMENT_MAX 768

/* clang-format off */
static const char *const rights[] = {
	"REVOKE ALL ON ALL TABLES IN SCHEMA rollcode FROM ",
	"REVOKE ALL ON SCHEMA rollcode FROM ",
	"GRANT USAGE ON SCHEMA rollcode TO ",
	"GRANT SELECT ON rollcode.store,rollcode.account,rollcode.token,"
	"rollcode.recovery,rollcode.event TO ",
	"GRANT UPDATE(failures,spent,spent_time,failed,replayed,late,"
	"last_success,last_failure,sequence) ON rollcode.account TO ",
	"GRANT UPDATE(counter,far_counter,far_time,used) ON rollcode.token "
	"TO ",
	"GRANT UPDATE(used) ON rollcode.recovery TO ",
	"GRANT INSERT(name,slot,sequence,time,service,rhost,token,outcome,"
	"counter,distance),UPDATE(sequence,time,service,rhost,token,outcome,"
	"counter,distance) ON rollcode.event TO ",
};
#define RIGHTS_TAKEN 2 /* the first of them take what there was */

/* The roles that can do more, which $1 is, or is a member of. */
static const char powerful[] =
	"SELECT m.rolname=$1::pg_catalog.name,m.rolname "
	"FROM pg_catalog.pg_roles m "
	"WHERE pg_catalog.pg_has_role($1::pg_catalog.name,m.oid,'MEMBER') "
	"AND (m.rolsuper OR m.rolcreaterole OR m.rolcreatedb "
	"OR m.rolreplication OR m.rolbypassrls "
	"OR m.oid IN (SELECT datdba FROM pg_catalog.pg_database "
	"WHERE datname=pg_catalog.current_database() "
	"UNION SELECT nspowner FROM pg_catalog.pg_namespace "
	"WHERE nspname='rollcode' "
	"UNION SELECT relowner FROM pg_catalog.pg_class c "
	"JOIN pg_catalog.pg_namespace n ON n.oid=c.relnamespace "
	"WHERE n.nspname='rollcode') "
	"OR m.rolname IN ('pg_write_all_data','pg_read_server_files',"
	"'pg_write_server_files','pg_execute_server_program',"
	"'pg_signal_backend','pg_maintain','pg_create_subscription')) "
	"ORDER BY 1 DESC,2 LIMIT 1";

/* The roles that can write, except for the owner and for $1; quoted. */
static const char writers[] =
	"SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE "
	"pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(grantee)) END "
	"FROM (SELECT (pg_catalog.aclexplode(c.relacl)).*,c.relowner "
	"FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
	"ON n.oid=c.relnamespace WHERE n.nspname='rollcode' "
	"UNION ALL SELECT (pg_catalog.aclexplode(a.attacl)).*,c.relowner "
	"FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c "
	"ON c.oid=a.attrelid JOIN pg_catalog.pg_namespace n "
	"ON n.oid=c.relnamespace WHERE n.nspname='rollcode' "
	"UNION ALL SELECT (pg_catalog.aclexplode(n.nspacl)).*,n.nspowner "
	"FROM pg_catalog.pg_namespace n WHERE n.nspname='rollcode') g "
	"WHERE grantee<>relowner "
	"AND privilege_type NOT IN ('SELECT','USAGE','REFERENCES') "
	"AND pg_catalog.pg_get_userbyid(grantee)<>$1::pg_catalog.name";

/* How init leaves it: no right on a whole table, and each trigger at work. */
static const char as_given[] =
	"SELECT NOT pg_catalog.bool_or("
	"pg_catalog.has_table_privilege(c.oid,'INSERT,UPDATE,DELETE,"
	"TRUNCATE,TRIGGER')) AND "
	"NOT pg_catalog.has_schema_privilege('rollcode','CREATE') AND "
	"(SELECT pg_catalog.count(*)=5 FROM pg_catalog.pg_trigger t "
	"JOIN pg_catalog.pg_class k ON k.oid=t.tgrelid "
	"JOIN pg_catalog.pg_namespace s ON s.oid=k.relnamespace "
	"WHERE s.nspname='rollcode' AND t.tgenabled IN ('O','A') "
	"AND t.tgname IN ('code_stays_used','counter_never_falls',"
	"'login_moves_account','login_moves_token','login_adds_event')),"
	"current_user "
	"FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
	"ON n.oid=c.relnamespace "
	"WHERE n.nspname='rollcode' AND c.relkind='r'";
/* clang-format on */

enum rollcode_err
pgsql_login_role(
    const struct config *config, char role[PGSQL_ROLE_MAX], struct error *error)
{
	char admin[PGSQL_ROLE_MAX];
	enum rollcode_err err;

	role[0] = '\0';
	if (config->database_admin[0] == '\0')
		return ROLLCODE_OK;
	if ((err = link_user(config->database, config->uid, role,
		 PGSQL_ROLE_MAX, error)) != ROLLCODE_OK ||
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
check_powers(struct store *store, const char *role, struct error *error)
{
	WIPED(rows_free) struct rows rows = {0};
	char other[PGSQL_ROLE_MAX];
	bool itself;
	enum rollcode_err err;

	if ((err = link_query(store->link, &rows, error, powerful, "t",
		 role)) != ROLLCODE_OK ||
	    !rows_next(&rows))
		return err;
	itself = rows_bool(&rows);
	rows_text(&rows, other, sizeof(other));
	if (rows.bad)
		return link_error(store->link, error, ROLLCODE_ERR_STORE,
		    "does not report the rights of the login role");
	if (itself)
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "DATABASE: the role %s can do far more than a login needs "
		    "(it is a superuser, makes roles or databases, or owns "
		    "this one or its tables); name another",
		    role);
	return error_set(error, ROLLCODE_ERR_CONFIG,
	    "DATABASE: the role %s is a member of %s, which can do far more "
	    "than a login needs; revoke that (REVOKE), or name another role",
	    role, other);
}

static enum rollcode_err
ensure_role(struct store *store, const char *role, const char *quoted,
    struct error *error)
{
	WIPED(rows_free) struct rows rows = {0};
	char statement[STATEMENT_MAX];
	enum rollcode_err err;

	if ((err = link_query(store->link, &rows, error,
		 "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname=$1", "t",
		 role)) != ROLLCODE_OK)
		return err;
	if (rows_next(&rows))
		return check_powers(store, role, error);
	snprintf(statement, sizeof(statement), "CREATE ROLE %s LOGIN", quoted);
	err = link_query(store->link, NULL, error, statement, "");
	if (err == ROLLCODE_OK)
		return ROLLCODE_OK;
	error_add(error, err, "or the database's administrator makes the role");
	return error_fix(error, err, "createuser", "--pwprompt", role, NULL);
}

static enum rollcode_err
run_rights(
    struct store *store, size_t count, const char *quoted, struct error *error)
{
	char statement[STATEMENT_MAX];
	enum rollcode_err err = ROLLCODE_OK;

	for (size_t i = 0; i < count && err == ROLLCODE_OK; i++) {
		snprintf(
		    statement, sizeof(statement), "%s%s", rights[i], quoted);
		err = link_query(store->link, NULL, error, statement, "");
	}
	return err;
}

static enum rollcode_err
take_rights(struct store *store, const char *role, struct error *error)
{
	WIPED(rows_free) struct rows rows = {0};
	char quoted[2 * PGSQL_ROLE_MAX];
	enum rollcode_err err;

	err = link_query(store->link, &rows, error, writers, "t", role);
	while (err == ROLLCODE_OK && rows_next(&rows)) {
		rows_text(&rows, quoted, sizeof(quoted));
		err = rows.bad
			  ? link_error(store->link, error, ROLLCODE_ERR_STORE,
				"does not report which roles can write")
			  : run_rights(store, RIGHTS_TAKEN, quoted, error);
	}
	return err;
}

enum rollcode_err
pgsql_give_rights(struct store *store, const char *role, struct error *error)
{
	char quoted[2 * PGSQL_ROLE_MAX];
	enum rollcode_err err;

	if (role[0] == '\0')
		return ROLLCODE_OK;
	if (!link_name(store->link, role, quoted, sizeof(quoted)))
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "DATABASE: the role cannot be named");
	if ((err = ensure_role(store, role, quoted, error)) != ROLLCODE_OK ||
	    (err = take_rights(store, role, error)) != ROLLCODE_OK)
		return err;
	return run_rights(store, COUNT(rights), quoted, error);
}

enum rollcode_err
pgsql_examine(struct store *store, struct error *error)
{
	WIPED(rows_free) struct rows rows = {0};
	char role[PGSQL_ROLE_MAX];
	bool well;
	enum rollcode_err err;

	if ((err = pgsql_ready(store, error)) != ROLLCODE_OK)
		return err;
	link_begin(store->link, true);
	if ((err = link_query(store->link, &rows, error, as_given, "")) !=
	    ROLLCODE_OK)
		return err;
	(void)rows_next(&rows);
	well = rows_bool(&rows);
	rows_text(&rows, role, sizeof(role));
	if (rows.bad)
		return link_error(store->link, error, ROLLCODE_ERR_STORE,
		    "does not report the role of the session");
	if ((err = check_powers(store, role, error)) != ROLLCODE_OK || well)
		return err;
	return error_set(error, ROLLCODE_ERR_CONFIG,
	    "DATABASE: the role %s has other rights than init gave it, or a "
	    "trigger that limits it is off",
	    role);
}
