/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The promises of every store, kept by the store of PostgreSQL, on the server
 * that ROLLCODE_TEST_PGSQL names: postgresql://..., with a role that may do
 * everything.  tests/pgsql.sh starts one.  ROLLCODE_STEP=1 tries each name,
 * and without it one in eight.
 */
#include <libpq-fe.h>

#include "pam_rollcode/store_plugin.h"
#include "store_suite.h"

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

static struct kind on_server = {
    NULL, kind_make, kind_unmake, kind_spoil, NULL, 8, 1, 8};

static void
setup_server(void)
{
	setup(&on_server);
}

int
main(void)
{
	const char *step = getenv("ROLLCODE_STEP");
	TCase *tcase = tcase_create("postgresql");

	server = getenv("ROLLCODE_TEST_PGSQL");
	if (server == NULL) {
		printf("skip unit/test_store_pgsql - tests/pgsql.sh runs it "
		       "with a server\n");
		return EXIT_SUCCESS;
	}
	if (step != NULL)
		on_server.step = strtoul(step, NULL, 10);
	on_server.ops = rollcode_store_plugin.ops;
	tcase_add_checked_fixture(tcase, setup_server, teardown);
	return run_suite("store on a server", tcase);
}
