/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The promises of every store, kept by the store of PostgreSQL, on the server
 * that ROLLCODE_TEST_PGSQL names: postgresql://..., with a role that may do
 * everything.  tests/store/pgsql.sh starts one.  ROLLCODE_STEP=1 tries each
 * name, and without it one in eight.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "pam_rollcode/store/pgsql/pgsql.h"
#include "pam_rollcode/store/plugin.h"
#include "tests/support/cases.h"
#include "tests/unit/store/store_behind.h"
#include "tests/unit/store/store_suite.h"

static const char *server;

/* Statements of the server's administrator. */
static void
administer(const char *statements)
{
	PGconn *conn = PQconnectdb(server);
	PGresult *result = PQexec(conn, statements);

	ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK, "%s",
	    PQerrorMessage(conn));
	PQclear(result);
	PQfinish(conn);
}

static void
kind_make(struct config *of)
{
	of->uid = geteuid();
	snprintf(of->database, sizeof(of->database), "%s", server);
	administer("SET client_min_messages=error;"
		   "DROP SCHEMA IF EXISTS rollcode CASCADE");
}

static void
kind_unmake(struct config *of)
{
	(void)of;
	administer("SET client_min_messages=error;"
		   "DROP SCHEMA IF EXISTS rollcode CASCADE");
}

/* Whoever calls itself spoilt finds the disk full. */
static void
kind_spoil(void)
{
	size_t len = strlen(config.database);

	administer(
	    "CREATE OR REPLACE FUNCTION rollcode.spoil() RETURNS trigger "
	    "LANGUAGE plpgsql AS $$BEGIN IF "
	    "current_setting('application_name')='spoilt' THEN RAISE EXCEPTION "
	    "'no space left' USING ERRCODE='53100'; END IF; RETURN NEW; END$$;"
	    "CREATE TRIGGER spoil BEFORE INSERT OR UPDATE ON rollcode.token "
	    "FOR EACH ROW EXECUTE FUNCTION rollcode.spoil()");
	snprintf(config.database + len, sizeof(config.database) - len,
	    "%capplication_name=spoilt",
	    strchr(config.database, '?') != NULL ? '&' : '?');
}

/* --- behind a begin ------------------------------------------------------- */

static void
change_one(struct store *store, const char *sql)
{
	ck_assert_msg(
	    link_change(store->link, &problem, 1, sql, "") == ROLLCODE_OK, "%s",
	    problem.text);
}

/* The lock is given up with the transaction, as a collision does it. */
static void
begin_again(struct store *store)
{
	ck_assert_int_eq(link_commit(store->link, &problem), ROLLCODE_OK);
	ck_assert_int_eq(link_begin(store->link, &problem), ROLLCODE_OK);
}

static void
kind_behind(struct store *store, const char *statement)
{
	static const char schema[] = "rollcode.";
	char sql[256] = "";
	size_t len = 0;

	for (; *statement != '\0' && len + sizeof(schema) < sizeof(sql);
	     statement++)
		if (*statement != '@')
			sql[len++] = *statement;
		else
			len += (size_t)snprintf(
			    sql + len, sizeof(sql) - len, "%s", schema);
	sql[len] = '\0';
	change_one(store, sql);
	begin_again(store);
}

static void
kind_enrolled_behind(struct store *store, const struct account *fresh)
{
	change_one(store, "DELETE FROM rollcode.account");
	ck_assert_int_eq(pgsql_insert(store, fresh, &problem), ROLLCODE_OK);
	begin_again(store);
}

static void
kind_touch(struct store *store)
{
	kind_behind(store, "UPDATE @account SET sequence=sequence+1");
}

static struct kind on_server = {
    .make = kind_make,
    .unmake = kind_unmake,
    .spoil = kind_spoil,
    .touch = kind_touch,
    .behind = kind_behind,
    .enrolled_behind = kind_enrolled_behind,
    .many = 8,
    .turns = 1,
    .step = 8,
};

/* --- across a collision --------------------------------------------------- */

static int undone;
static bool replaces;

void __real_link_rollback(struct link *link);
void __wrap_link_rollback(struct link *link);

/* Between a collision and the next try nobody has the lock. */
void
__wrap_link_rollback(struct link *link)
{
	bool now = replaces;

	undone++;
	__real_link_rollback(link);
	replaces = false;
	if (now)
		ck_assert_msg(create("ann", 0xee, true) == ROLLCODE_OK, "%s",
		    problem.text);
}

/* The first change of an account from now on collides with another one. */
static void
collide_once(void)
{
	administer(
	    "CREATE SEQUENCE rollcode.tries;"
	    "CREATE FUNCTION rollcode.collide() RETURNS trigger "
	    "LANGUAGE plpgsql AS $$BEGIN "
	    "IF pg_catalog.nextval('rollcode.tries')=1 THEN RAISE EXCEPTION "
	    "'could not serialize access' USING ERRCODE='40001'; END IF; "
	    "RETURN NEW; END$$;"
	    "CREATE TRIGGER collide BEFORE UPDATE ON rollcode.account "
	    "FOR EACH ROW EXECUTE FUNCTION rollcode.collide()");
}

static enum rollcode_err
login_colliding(bool replaced)
{
	struct account account;
	struct store *store;
	enum rollcode_err err;

	enrolled("ann");
	collide_once();
	store = begun("ann", &account);
	login_first(&account);
	undone = 0;
	replaces = replaced;
	err = ops->commit(store, &account, NULL, &problem);
	ck_assert_int_gt(undone, 0);
	ck_assert(!replaces);
	ops->close(store);
	return err;
}

START_TEST(a_commit_that_collides_is_tried_again)
{
	ck_assert_msg(
	    login_colliding(false) == ROLLCODE_OK, "%s", problem.text);

	ck_assert_uint_eq(counter_of("ann"), 11);
}
END_TEST

START_TEST(but_never_on_an_enrolment_that_came_between)
{
	struct account fresh = {.user = "ann"};

	ck_assert_int_eq(login_colliding(true), ROLLCODE_ERR_UNAVAIL);

	ck_assert_ptr_nonnull(
	    strstr(problem.text, "changed this user meanwhile"));
	check_as_enrolled(&fresh);
}
END_TEST

int
main(void)
{
	const char *step = getenv("ROLLCODE_STEP");
	TCase *tcase;

	server = getenv("ROLLCODE_TEST_PGSQL");
	if (server == NULL) {
		printf("skip unit/test_store_pgsql - "
		       "tests/store/pgsql.sh runs it with a server\n");
		return EXIT_SUCCESS;
	}
	if (step != NULL)
		on_server.step = strtoul(step, NULL, 10);
	on_server.ops = rollcode_store_plugin.ops;
	tcase = store_suite("postgresql", &on_server);
	add_behind(tcase);
	tcase_add_test(tcase, a_commit_that_collides_is_tried_again);
	tcase_add_test(tcase, but_never_on_an_enrolment_that_came_between);
	return test_run_apart();
}
