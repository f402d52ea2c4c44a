/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The promises of every store, kept by the store of PostgreSQL, on the server
 * that ROLLCODE_TEST_PGSQL names: postgresql://..., with a role that may do
 * everything.  tests/store/pgsql.sh starts one.  ROLLCODE_STEP=1 tries each
 * name, and without it one in eight.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "common/base/clock.h"
#include "pam_rollcode/store/pgsql/parts.h"
#include "pam_rollcode/store/pgsql/past.h"
#include "pam_rollcode/store/pgsql/pgsql.h"
#include "pam_rollcode/store/plugin.h"
#include "tests/support/cases.h"
#include "tests/support/folder.h"
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
kind_behind(struct store *store, const char *statement)
{
	static const char schema[] = "rollcode.";
	char sql[256] = "";
	size_t len = 0;

	(void)store;
	for (; *statement != '\0' && len + sizeof(schema) < sizeof(sql);
	     statement++)
		if (*statement != '@')
			sql[len++] = *statement;
		else
			len += (size_t)snprintf(
			    sql + len, sizeof(sql) - len, "%s", schema);
	sql[len] = '\0';
	administer(sql);
}

static void
kind_enrolled_behind(struct store *store, const struct account *fresh)
{
	struct store *other = opened();
	struct event event = {.time = NOW, .outcome = "enrolled"};

	(void)store;
	ck_assert_msg(
	    ops->create(other, fresh, &event, true, &problem) == ROLLCODE_OK,
	    "%s", problem.text);
	ops->close(other);
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
    .compares = true,
    .touch = kind_touch,
    .behind = kind_behind,
    .enrolled_behind = kind_enrolled_behind,
    .many = 8,
    .turns = 1,
    .step = 8,
};

/* --- somebody else was faster --------------------------------------------- */

static const char *const collisions[] = {"40001", "40P01"};

/* The first change of a table from now on collides with another one. */
static void
collide_once(const char *change, const char *state)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
	    "CREATE SEQUENCE rollcode.tries;"
	    "CREATE FUNCTION rollcode.collide() RETURNS trigger "
	    "LANGUAGE plpgsql AS $$BEGIN "
	    "IF pg_catalog.nextval('rollcode.tries')=1 THEN RAISE EXCEPTION "
	    "'could not serialize access' USING ERRCODE='%s'; END IF; "
	    "RETURN NEW; END$$;"
	    "CREATE TRIGGER collide BEFORE %s FOR EACH ROW "
	    "EXECUTE FUNCTION rollcode.collide()",
	    state, change);
	administer(sql);
}

START_TEST(a_commit_that_collides_can_be_begun_again)
{
	struct account account;
	struct store *store;

	enrolled("ann");
	collide_once("UPDATE ON rollcode.account", collisions[_i]);
	store = begun("ann", &account);
	account.tokens[0].token.counter = 11;
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_ERR_UNAVAIL);
	ck_assert_uint_eq(problem.reason, REASON_FASTER);
	ck_assert_int_eq(
	    ops->begin(store, "ann", &(bool){0}, &account, &problem),
	    ROLLCODE_OK);
	ck_assert_uint_eq(account.tokens[0].token.counter, 10);
	account.tokens[0].token.counter = 12;
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);
	ck_assert_uint_eq(counter_of("ann"), 12);
}
END_TEST

START_TEST(an_enrolment_that_collides_is_tried_again)
{
	collide_once("INSERT ON rollcode.token", collisions[_i]);

	enrolled("ann");

	ck_assert_uint_eq(counter_of("ann"), 10);
}
END_TEST

/* It raises no sequence. */
START_TEST(a_replay_that_was_written_aside_is_not_overwritten)
{
	struct event event = {.outcome = "replayed", .aside = true};
	struct account account, other;
	struct store *store, *second;

	enrolled("ann");
	store = begun("ann", &account);
	second = begun("ann", &other);
	other.replayed++;
	ck_assert_int_eq(
	    ops->commit(second, &other, &event, &problem), ROLLCODE_OK);
	ops->close(second);

	account.replayed++;
	ck_assert_int_eq(ops->commit(store, &account, &event, &problem),
	    ROLLCODE_ERR_UNAVAIL);
	ck_assert_uint_eq(problem.reason, REASON_FASTER);
	ops->close(store);
}
END_TEST

/* What the second turn of a login is compared with. */
static const char *const other_stores[] = {
    "UPDATE @store SET store_id=translate(store_id,'01234','12345')",
    "UPDATE @store SET key_id=translate(key_id,'0123456789','1234567890')",
    "UPDATE @store SET version=version+1",
    "UPDATE @store SET backup=1",
};

START_TEST(a_commit_never_meets_another_store)
{
	struct account account;
	struct store *store;

	enrolled("ann");
	store = begun("ann", &account);
	account.tokens[0].token.counter = 11;
	kind_behind(store, other_stores[_i]);

	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_ERR_UNAVAIL);
	ck_assert_uint_eq(problem.reason, REASON_FASTER);
	ck_assert_int_ne(
	    ops->begin(store, "ann", &(bool){0}, &account, &problem),
	    ROLLCODE_OK);
	ck_assert_uint_ne(problem.reason, REASON_FASTER);
	ops->close(store);
}
END_TEST

/* --- a link --------------------------------------------------------------- */

static const struct {
	const char *name, *value;
} settings[] = {
    {"search_path", "pg_catalog,pg_temp"},
    {"synchronous_commit", "on"},
    {"bytea_output", "hex"},
    {"client_min_messages", "warning"},
    {"statement_timeout", "2500ms"},
    {"lock_timeout", "2s"},
    {"idle_in_transaction_session_timeout", "10s"},
    {"transaction_read_only", "off"},
};

/* Whatever the session has, for the role or of another client. */
START_TEST(a_transaction_has_every_setting)
{
	struct store *store = opened();

	ck_assert_int_eq(
	    link_query(store->link, NULL, &problem,
		"SELECT set_config('search_path','public',false),"
		"set_config('synchronous_commit','off',false),"
		"set_config('bytea_output','escape',false),"
		"set_config('client_min_messages','error',false),"
		"set_config('default_transaction_read_only','on',false)",
		""),
	    ROLLCODE_OK);
	link_begin(store->link, false);
	for (size_t i = 0; i < COUNT(settings); i++) {
		struct rows rows = {0};
		char value[64];

		ck_assert_int_eq(
		    link_query(store->link, &rows, &problem,
			"SELECT replace(current_setting($1),', ',',')", "t",
			settings[i].name),
		    ROLLCODE_OK);
		ck_assert(rows_next(&rows));
		rows_text(&rows, value, sizeof(value));
		ck_assert_msg(strcmp(value, settings[i].value) == 0, "%s is %s",
		    settings[i].name, value);
		rows_free(&rows);
	}
	ops->close(store);
}
END_TEST

START_TEST(nothing_lasts_longer_than_the_deadline)
{
	struct link link = {.deadline = clock_ms() + 50};

	ck_assert_int_eq(link_until(&link, 10000), link.deadline);
	ck_assert_int_le(link_until(&link, 1), link.deadline);
	link.deadline = 0;
	ck_assert_int_ge(link_until(&link, 10000), clock_ms() + 9000);
}
END_TEST

/* The server is at it still: what it says next is no answer to the next. */
START_TEST(a_link_that_did_not_answer_is_not_used_again)
{
	struct store *store = opened();

	store->link->deadline = clock_ms() + 50;
	ck_assert_int_eq(link_query(store->link, NULL, &problem,
			     "SELECT pg_catalog.pg_sleep(1)", ""),
	    ROLLCODE_ERR_UNAVAIL);
	ck_assert(!link_usable(store->link));
	ops->close(store);
}
END_TEST

START_TEST(a_name_is_quoted_where_it_fits)
{
	struct store *store = opened();
	char out[8] = "#######";

	ck_assert(!link_name(store->link, "a\"b", out, 6));
	ck_assert_str_eq(out, "#######");
	ck_assert(link_name(store->link, "a\"b", out, 7));
	ck_assert_str_eq(out, "\"a\"\"b\"");
	ops->close(store);
}
END_TEST

START_TEST(a_commit_that_the_server_undid_is_none)
{
	struct account account;
	struct store *store;

	enrolled("ann");
	store = begun("ann", &account);
	link_begin(store->link, false);
	ck_assert_int_ne(
	    link_query(store->link, NULL, &problem, "SELECT 1/0", ""),
	    ROLLCODE_OK);

	ck_assert_int_eq(
	    link_commit(store->link, &problem), ROLLCODE_ERR_UNAVAIL);
	ck_assert_ptr_nonnull(strstr(problem.text, "it was undone"));
	ops->close(store);
}
END_TEST

/* One that came before is about something else. */
START_TEST(a_commit_that_a_server_warns_of_is_none)
{
	struct account account;
	struct store *store;

	enrolled("ann");
	store = begun("ann", &account);
	link_begin(store->link, false);
	link_ask(
	    store->link, NULL, "DO $$BEGIN RAISE WARNING 'early'; END$$", "");
	ck_assert_msg(link_commit(store->link, &problem) == ROLLCODE_OK, "%s",
	    problem.text);
	ops->close(store);
	administer("CREATE FUNCTION rollcode.warn() RETURNS trigger LANGUAGE "
		   "plpgsql AS $$BEGIN RAISE WARNING 'on one disk'; "
		   "RETURN NULL; END$$;"
		   "CREATE CONSTRAINT TRIGGER warn AFTER UPDATE ON "
		   "rollcode.account DEFERRABLE INITIALLY DEFERRED "
		   "FOR EACH ROW EXECUTE FUNCTION rollcode.warn()");

	ck_assert_int_eq(move_to("ann", 11), ROLLCODE_ERR_UNAVAIL);
	ck_assert_ptr_nonnull(strstr(problem.text, "on one disk"));
}
END_TEST

/* --- a link that is kept -------------------------------------------------- */

/* The server's process, of a login that gives its link back. */
static int64_t
backend(void)
{
	struct store *store = opened();
	struct rows rows = {0};
	int64_t pid;

	ck_assert_int_eq(link_query(store->link, &rows, &problem,
			     "SELECT pg_backend_pid()", ""),
	    ROLLCODE_OK);
	ck_assert(rows_next(&rows));
	pid = rows_int(&rows, 1, INT32_MAX);
	rows_free(&rows);
	ops->close(store);
	return pid;
}

static void
end_backends(void)
{
	administer("DO $$BEGIN PERFORM pg_terminate_backend(pid,5000) "
		   "FROM pg_stat_activity WHERE pid<>pg_backend_pid() "
		   "AND backend_type='client backend'; END$$");
}

START_TEST(a_link_is_there_for_the_next_login)
{
	int64_t first;

	enrolled("ann");
	config.pools = true;
	first = backend();
	ck_assert_int_eq(move_to("ann", 11), ROLLCODE_OK);
	ck_assert_int_ne(move_to("ann", 10), ROLLCODE_OK);
	ck_assert_int_eq(backend(), first);
}
END_TEST

START_TEST(but_not_where_it_is_not_to_be_kept)
{
	int64_t first = backend();

	ck_assert_int_ne(backend(), first);
	config.pools = true;
	config.pgsql_keep = 0;
	first = backend();
	ck_assert_int_ne(backend(), first);
	config.pgsql_keep = 30;
	first = backend();
	config.administers = true;
	ck_assert_int_ne(backend(), first);
}
END_TEST

START_TEST(it_is_closed_once_it_is_unused)
{
	int64_t first;

	config.pools = true;
	config.pgsql_keep = 1;
	first = backend();
	ck_assert_int_gt(ops->idle(), 0);
	ck_assert_int_le(ops->idle(), 1000);
	ck_assert_int_eq(backend(), first);
	usleep(1100000);
	ck_assert_int_eq(ops->idle(), -1);
	ck_assert_int_ne(backend(), first);
	first = backend();
	usleep(1100000);
	ck_assert_int_ne(backend(), first);
}
END_TEST

START_TEST(a_copy_of_the_process_leaves_it_alone)
{
	int64_t first;
	int status;

	config.pools = true;
	first = backend();
	if (fork() == 0)
		_exit(ops->idle() != -1 || backend() == first);
	ck_assert_int_gt(wait(&status), 0);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	ck_assert_int_eq(backend(), first);
}
END_TEST

START_TEST(one_that_is_not_whole_is_not_kept)
{
	struct store *store;
	int64_t first;

	config.pools = true;
	first = backend();
	store = opened();
	store->link->broken = true;
	ops->close(store);
	ck_assert_int_ne(backend(), first);

	first = backend();
	end_backends();
	ck_assert_int_ne(backend(), first);
}
END_TEST

START_TEST(one_that_is_old_is_not_kept)
{
	struct store *store;
	int64_t first;

	config.pools = true;
	first = backend();
	store = opened();
	store->link->opened -= 10L * 60 * 1000;
	ops->close(store);
	ck_assert_int_ne(backend(), first);
}
END_TEST

/* What another begin than the first one finds ended may have written. */
START_TEST(one_that_ended_is_connected_again_once)
{
	struct account account;
	struct store *store;
	bool is;

	enrolled("ann");
	config.pools = true;
	backend();
	store = opened();
	end_backends();
	ck_assert_msg(
	    ops->begin(store, "ann", &is, &account, &problem) == ROLLCODE_OK,
	    "%s", problem.text);
	account.tokens[0].token.counter = 11;
	end_backends();
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_ERR_UNAVAIL);
	ck_assert_ptr_nonnull(strstr(problem.text, "not known"));
	ops->close(store);
	ck_assert_int_eq(move_to("ann", 12), ROLLCODE_OK);
}
END_TEST

static void
add_kept(TCase *tcase)
{
	tcase_add_test(tcase, a_link_is_there_for_the_next_login);
	tcase_add_test(tcase, but_not_where_it_is_not_to_be_kept);
	tcase_add_test(tcase, it_is_closed_once_it_is_unused);
	tcase_add_test(tcase, a_copy_of_the_process_leaves_it_alone);
	tcase_add_test(tcase, one_that_is_not_whole_is_not_kept);
	tcase_add_test(tcase, one_that_is_old_is_not_kept);
	tcase_add_test(tcase, one_that_ended_is_connected_again_once);
}

/* --- a row ---------------------------------------------------------------- */

/* What is read, with room for 4 bytes: as 't'ext, 's'tring, 'b'ytes, tr'u'th.
 */
static const struct {
	const char *sql;
	char as;
	const char *value; /* NULL: bad */
} columns[] = {
    {"SELECT 'abcd'", 't', "abcd"},
    {"SELECT 'abcde'", 't', NULL},
    {"SELECT NULL::text", 't', NULL},
    {"SELECT '\\x61626364'", 's', "abcd"},
    {"SELECT '\\x6162636465'", 's', NULL},
    {"SELECT '\\x610062'", 's', NULL},
    {"SELECT 'abcd'", 's', NULL},
    {"SELECT '\\x616263'", 'b', "abc"},
    {"SELECT '\\x61626364'", 'b', "abcd"},
    {"SELECT '\\x6162636465'", 'b', NULL},
    {"SELECT '\\x616'", 'b', NULL},
    {"SELECT NULL::bytea", 'b', NULL},
    {"SELECT true", 'u', "t"},
    {"SELECT false", 'u', ""},
    {"SELECT NULL::boolean", 'u', NULL},
    {"SELECT 'true'", 'u', NULL},
};

static void
read_column(struct rows *rows, char as, char out[8])
{
	if (as == 't')
		rows_text(rows, out, 5);
	else if (as == 's')
		rows_string(rows, out, 5);
	else if (as == 'u')
		strcpy(out, rows_bool(rows) ? "t" : "");
	else
		out[rows_bytes(rows, (uint8_t *)out, 4)] = '\0';
}

START_TEST(a_column_is_what_was_asked_for_or_bad)
{
	struct store *store = opened();

	for (size_t i = 0; i < COUNT(columns); i++) {
		const char *sql = columns[i].sql, *value = columns[i].value;
		char out[8] = "#######";
		struct rows rows = {0};

		ck_assert_int_eq(
		    link_query(store->link, &rows, &problem, sql, ""),
		    ROLLCODE_OK);
		ck_assert(rows_next(&rows));
		read_column(&rows, columns[i].as, out);
		ck_assert_msg(rows.bad == (value == NULL), "%s", sql);
		ck_assert_str_eq(out, value != NULL ? value : "");
		ck_assert_int_eq(out[5], '#');
		rows.bad = false;
		ck_assert_int_eq(rows_int(&rows, 7, 9), 7);
		ck_assert(rows.bad);
		ck_assert(!rows_next(&rows));
		rows_free(&rows);
	}
	ops->close(store);
}
END_TEST

static enum rollcode_err
begin_ann(void)
{
	struct store *store = opened();
	struct account account;
	enum rollcode_err err;
	bool is;

	err = ops->begin(store, "ann", &is, &account, &problem);
	ops->close(store);
	return err;
}

START_TEST(more_tokens_than_there_is_room_for_are_refused)
{
	struct account account;
	struct store *store;
	char label[2] = "a";

	enrolled("ann");
	store = begun("ann", &account);
	for (uint8_t i = 2; i <= ACCOUNT_TOKENS_MAX; i++, label[0]++)
		fill_token(&account, label, i);
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);
	ck_assert_int_eq(begin_ann(), ROLLCODE_OK);
	administer("INSERT INTO rollcode.token SELECT name,99,'ninth',form,"
		   "algorithm,digits,key_id,secret,counter,NULL,NULL,enabled,"
		   "created,used FROM rollcode.token LIMIT 1");

	ck_assert_int_eq(begin_ann(), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(problem.text, "the number of tokens"));
}
END_TEST

START_TEST(a_code_of_another_length_is_refused)
{
	struct account account;
	struct store *store;

	enrolled("ann");
	store = begun("ann", &account);
	account.recovery_key_set = true;
	account.recovery_count = 1;
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);
	ck_assert_int_eq(begin_ann(), ROLLCODE_OK);
	administer("UPDATE rollcode.recovery SET mac='\\x0102'");

	ck_assert_int_eq(begin_ann(), ROLLCODE_ERR_STORE);
}
END_TEST

/* --- the store ------------------------------------------------------------ */

START_TEST(a_restored_copy_is_for_the_administrator_alone)
{
	struct store *store;

	enrolled("ann");
	administer("UPDATE rollcode.store SET backup=1");

	ck_assert_int_eq(begin_ann(), ROLLCODE_ERR_STORE);
	ck_assert_uint_eq(problem.reason, REASON_BACKUP);
	config.administers = true;
	store = opened();
	ck_assert(ops->restored(store)->is);
	ck_assert_int_eq(ops->mark(store, 0, &problem), ROLLCODE_OK);
	ck_assert(!ops->restored(store)->is);
	ops->close(store);
	config.administers = false;
	ck_assert_int_eq(begin_ann(), ROLLCODE_OK);
}
END_TEST

START_TEST(a_store_that_took_the_place_of_another_is_known)
{
	struct store *store;
	struct account account;
	bool is;

	config.administers = true;
	store = opened();
	administer("UPDATE rollcode.store SET store_id="
		   "translate(store_id,'0123456789','1234567890')");
	store->link->broken = true;

	ck_assert_int_eq(ops->begin(store, "ann", &is, &account, &problem),
	    ROLLCODE_ERR_UNAVAIL);
	ck_assert_ptr_nonnull(strstr(problem.text, "was replaced"));
	ops->close(store);
}
END_TEST

START_TEST(of_a_user_who_is_done_with_nothing_stays_in_memory)
{
	static const struct account none;
	struct account account;
	struct store *store;

	enrolled("ann");
	store = begun("ann", &account);
	ck_assert_mem_ne(&store->before, &none, sizeof(none));

	ops->end(store);

	ck_assert_mem_eq(&store->before, &none, sizeof(none));
	ops->close(store);
}
END_TEST

START_TEST(a_key_is_adopted_and_what_was_sealed_is_sealed_anew)
{
	struct secret_key old = config.key;
	struct store *store;

	enrolled("ann");
	config.previous = old;
	config.has_previous = true;
	memset(config.key.bytes, 0x6b, sizeof(config.key.bytes));
	store = opened();
	ck_assert_int_eq(ops->adopt_key(store, &problem), ROLLCODE_OK);
	ck_assert_int_eq(ops->reseal(store, "ann", &problem), ROLLCODE_OK);
	ops->close(store);
	config.has_previous = false;
	ck_assert_uint_eq(counter_of("ann"), 10);
	config.key = old;
	ck_assert_int_eq(begin_ann(), ROLLCODE_ERR_STORE);
}
END_TEST

START_TEST(init_leaves_a_newer_store_alone)
{
	bool made;

	administer("UPDATE rollcode.store SET version=5");
	ck_assert_int_eq(
	    ops->init(&config, &made, &problem), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(problem.text, "newer version"));
}
END_TEST

START_TEST(init_makes_nothing_in_a_schema_of_others)
{
	bool made;

	administer("ALTER SCHEMA rollcode OWNER TO pg_monitor");
	ck_assert_int_eq(
	    ops->init(&config, &made, &problem), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(problem.text, "belongs to another role"));
}
END_TEST

/* --- many users ----------------------------------------------------------- */

#define MANY 600  /* more than a page has */
#define EVENTS 41 /* of each: more in all than are read at once */

static void
create_many(struct store *store)
{
	static struct account accounts[STORE_AT_ONCE];
	static struct event events[STORE_AT_ONCE];

	for (int i = 0; i < MANY; i++) {
		struct account *a = &accounts[i % STORE_AT_ONCE];

		memset(a, 0, sizeof(*a));
		snprintf(a->user, sizeof(a->user), "u%03d", i);
		a->created = NOW;
		fill_token(a, "phone", (uint8_t)(i % 200 + 1));
		a->tokens[0].token.counter = (uint64_t)i;
		event_fill(
		    &events[i % STORE_AT_ONCE], NOW, "test", NULL, "enrolled");
		if (i % STORE_AT_ONCE == STORE_AT_ONCE - 1)
			ck_assert_msg(
			    ops->create_all(store, accounts, events,
				STORE_AT_ONCE, &problem) == ROLLCODE_OK,
			    "%s", problem.text);
	}
}

struct looking {
	struct store *store;
	int64_t users, events, last;
};

static enum rollcode_err
count_event(void *context, const struct event *event, struct error *why)
{
	struct looking *l = context;

	(void)why;
	ck_assert_int_gt(event->sequence, l->last);
	l->last = event->sequence;
	l->events++;
	return ROLLCODE_OK;
}

static enum rollcode_err
look_at(void *context, const char *user, struct error *why)
{
	struct looking *l = context;
	struct account account;
	bool is = false;

	if (strcmp(user, "u502") == 0)
		return ROLLCODE_OK; /* nobody has to be looked at */
	ck_assert_msg(
	    ops->look(l->store, user, &is, &account, why) == ROLLCODE_OK, "%s",
	    why->text);
	ck_assert_int_eq(is, strcmp(user, "u501") != 0);
	if (is) {
		ck_assert_str_eq(account.user, user);
		ck_assert_uint_eq(account.token_count, 1);
		ck_assert_uint_eq(account.tokens[0].token.counter,
		    strtoul(user + 1, NULL, 10));
		l->events = 0;
		l->last = -1;
		ck_assert_int_eq(
		    ops->events(l->store, count_event, l, why), ROLLCODE_OK);
		ck_assert_int_eq(l->events, EVENTS);
	}
	ops->end(l->store);
	if (l->users++ == 0)
		administer("DELETE FROM rollcode.account WHERE name='u501'");
	return ROLLCODE_OK;
}

START_TEST(of_more_users_than_one_page_has_each_is_read_whole)
{
	struct looking l = {.store = opened()};

	create_many(l.store);
	administer("INSERT INTO rollcode.event SELECT name,i,i,1,'','','',"
		   "'accepted',-1,-1 FROM rollcode.account,"
		   "generate_series(1,40) i");
	ck_assert_msg(ops->each(l.store, look_at, &l, &problem) == ROLLCODE_OK,
	    "%s", problem.text);
	ck_assert_int_eq(l.users, MANY - 1);
	ops->close(l.store);
}
END_TEST

static enum rollcode_err
look_at_ann(void *context, const char *user, struct error *why)
{
	struct account account;
	bool is = false;

	ck_assert_str_eq(user, "ann");
	return ops->look(context, user, &is, &account, why);
}

/* Neither does a listing wait for a lock, nor a lock for a listing. */
static void
use_up_time(struct store *store)
{
	store->deadline = clock_ms() - 1;
	link_extend(store->link, store->deadline);
}

static enum rollcode_err
look_late(void *context, const char *user, struct error *why)
{
	struct account account;
	bool enrolled;

	use_up_time(context);
	ck_assert_int_eq(
	    ops->look(context, user, &enrolled, &account, why), ROLLCODE_OK);
	ck_assert(enrolled);
	ops->end(context);
	use_up_time(context);
	return ROLLCODE_OK;
}

START_TEST(a_walk_lasts_as_long_as_there_are_users)
{
	struct account account;
	struct store *store;
	bool is;

	enrolled("ann");
	store = opened();
	ck_assert_int_eq(
	    ops->each(store, look_late, store, &problem), ROLLCODE_OK);
	ck_assert_int_eq(
	    ops->begin(store, "ann", &is, &account, &problem), ROLLCODE_OK);
	ops->close(store);
}
END_TEST

START_TEST(who_is_looked_at_is_not_locked)
{
	struct account account;
	struct store *store, *holder;
	int64_t began;

	enrolled("ann");
	config.administers = true;
	store = opened();
	holder = begun("ann", &account);
	began = clock_ms();
	ck_assert_msg(
	    ops->each(store, look_at_ann, store, &problem) == ROLLCODE_OK, "%s",
	    problem.text);
	ck_assert_int_eq(look_at_ann(store, "ann", &problem), ROLLCODE_OK);
	ck_assert_int_lt(clock_ms() - began, STORE_BUSY_MS);
	ops->close(holder);
	ops->close(begun("ann", &account));
	ops->close(store);
}
END_TEST

START_TEST(of_several_who_are_enrolled_together_one_refuses_all)
{
	struct account accounts[2] = {{.user = "bob"}, {.user = "ann"}};
	struct event events[2];
	struct store *store = opened();

	enrolled("ann");
	for (size_t i = 0; i < COUNT(accounts); i++) {
		fill_token(&accounts[i], "phone", 1);
		event_fill(&events[i], NOW, "test", NULL, "enrolled");
	}
	ck_assert_int_eq(ops->create_all(store, accounts, events, 2, &problem),
	    ROLLCODE_ERR_EXISTS);
	ck_assert(!is_enrolled("bob"));
	ck_assert_int_eq(
	    ops->create_all(store, accounts, events, 1, &problem), ROLLCODE_OK);
	ck_assert(is_enrolled("bob"));
	ops->close(store);
}
END_TEST

START_TEST(several_are_sealed_anew_together_or_none)
{
	static const char *const users[] = {"ann", "bob", "eve"};
	struct secret_key old = config.key;
	struct store *store;

	enrolled("ann");
	enrolled("bob");
	config.previous = old;
	config.has_previous = true;
	memset(config.key.bytes, 0x6b, sizeof(config.key.bytes));
	store = opened();
	ck_assert_int_eq(ops->adopt_key(store, &problem), ROLLCODE_OK);
	administer("UPDATE rollcode.token SET digits=99 WHERE name='bob'");
	ck_assert_int_eq(
	    ops->reseal_all(store, users, 3, &problem), ROLLCODE_ERR_STORE);
	config.has_previous = false;
	ck_assert_int_eq(begin_ann(), ROLLCODE_ERR_STORE);
	config.has_previous = true;
	administer("UPDATE rollcode.token SET digits=8 WHERE name='bob'");
	ck_assert_msg(ops->reseal_all(store, users, 3, &problem) == ROLLCODE_OK,
	    "%s", problem.text);
	ops->close(store);
	config.has_previous = false;
	ck_assert_uint_eq(counter_of("ann"), 10);
	ck_assert_uint_eq(counter_of("bob"), 10);
}
END_TEST

/* Who comes first, and that is enough. */
static enum rollcode_err
take_first(void *context, const char *user, int64_t youngest, bool *enough,
    struct error *why)
{
	char *first = context;

	(void)why;
	ck_assert_int_ge(youngest, NOW);
	strcpy(first, user);
	*enough = true;
	return ROLLCODE_OK;
}

START_TEST(who_has_the_youngest_event_comes_first)
{
	char first[ROLLCODE_USER_MAX + 1] = "";
	struct store *store;

	enrolled("ann");
	enrolled("bob");
	administer("UPDATE rollcode.event SET time=time+1 WHERE name='bob'");
	store = opened();
	ck_assert_int_eq(
	    ops->recent(store, 0, take_first, first, &problem), ROLLCODE_OK);
	ck_assert_str_eq(first, "bob");
	first[0] = '\0';
	ck_assert_int_eq(
	    ops->recent(store, NOW + 1000, take_first, first, &problem),
	    ROLLCODE_OK);
	ck_assert_str_eq(first, "");
	/* Clocks of two hosts may be two minutes apart. */
	ck_assert_int_eq(
	    ops->recent(store, NOW + 121, take_first, first, &problem),
	    ROLLCODE_OK);
	ck_assert_str_eq(first, "bob");
	administer(
	    "UPDATE rollcode.account SET created=created+2 WHERE name='ann'");
	ck_assert_int_eq(
	    ops->recent(store, NOW + 122, take_first, first, &problem),
	    ROLLCODE_OK);
	ck_assert_str_eq(first, "ann");
	ops->close(store);
}
END_TEST

/* --- a URI ---------------------------------------------------------------- */

static enum rollcode_err
read_uri(const char *uri)
{
	WIPED(place_free) struct place place = {0};

	return place_read(uri, geteuid(), &place, &problem);
}

static const struct {
	const char *setting;
	bool good;
} weak[] = {
    {"password=x", false},
    {"sslpassword=x", false},
    {"service=x", false},
    {"options=-csynchronous_commit%3Doff", false},
    {"replication=true", false},
    {"connect_timeout=1", false},
    {"target_session_attrs=any", false},
    {"target_session_attrs=read-only", false},
    {"target_session_attrs=prefer-standby", false},
    {"target_session_attrs=read-write", true},
    {"target_session_attrs=primary", true},
    {"application_name=x", true},
};

START_TEST(what_would_weaken_a_login_is_refused)
{
	char uri[256];

	snprintf(uri, sizeof(uri), "postgresql://a@h/x?%s", weak[_i].setting);
	ck_assert_msg(read_uri(uri) ==
			  (weak[_i].good ? ROLLCODE_OK : ROLLCODE_ERR_CONFIG),
	    "%s", uri);
}
END_TEST

static const struct {
	const char *uri, *mode;
} modes[] = {
    {"postgresql://h/x", "verify-full"},
    {"postgresql://h,/x", "verify-full"},
    {"postgresql:///x?hostaddr=192.0.2.1", "verify-full"},
    {"postgresql://localhost/x", "verify-full"},
    {"postgresql:///x", "prefer"},
    {"postgresql:///x?host=/run", "prefer"},
    {"postgresql:///x?host=@run", "prefer"},
    {"postgresql:///x?host=/run&hostaddr=192.0.2.1", "verify-full"},
    {"postgresql://h/x?sslmode=disable", "disable"},
};

static const char *
setting(const struct place_settings *s, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->keywords[i], name) == 0)
			value = s->values[i];
	return value;
}

START_TEST(a_certificate_is_checked_wherever_there_is_a_network)
{
	WIPED(place_free) struct place place = {0};
	struct place_settings s;

	ck_assert_int_eq(place_read(modes[_i].uri, geteuid(), &place, &problem),
	    ROLLCODE_OK);
	place_settings(&place, 0, &s);
	ck_assert_str_eq(setting(&s, "sslmode"), modes[_i].mode);
	ck_assert_ptr_null(setting(&s, "options"));
	ck_assert_str_eq(setting(&s, "target_session_attrs"), "read-write");
}
END_TEST

#define TEN "0123456789"
#define NAME_127 TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "0123456"

static const struct {
	const char *uri;
	bool good;
} lists[] = {
    {"postgresql://" NAME_127 "/x", true},
    {"postgresql://" NAME_127 "7/x", false},
    {"postgresql://a,b,c,d,e,f,g,h/x", true},
    {"postgresql://a,b,c,d,e,f,g,h,i/x", false},
    {"postgresql:///x?host=a,b&port=1,2", true},
    {"postgresql:///x?host=a,b&port=1", true},
    {"postgresql:///x?host=a,b&port=1,2,3", false},
    {"postgresql:///x?host=a,b&hostaddr=192.0.2.1", false},
    {"postgresql:///x?host=a&port=1234567", true},
    {"postgresql:///x?host=a&port=12345678", false},
};

START_TEST(a_servers_name_has_its_room_and_no_more)
{
	ck_assert_msg(read_uri(lists[_i].uri) ==
			  (lists[_i].good ? ROLLCODE_OK : ROLLCODE_ERR_CONFIG),
	    "%s", lists[_i].uri);
}
END_TEST

static char folder[64], file[96];

static void
make_file(void)
{
	FILE *made;

	ck_assert(folder_make(folder));
	snprintf(file, sizeof(file), "%s/file", folder);
	ck_assert_ptr_nonnull(made = fopen(file, "w"));
	fclose(made);
}

/* --- what this host has seen ---------------------------------------------- */

/* ann was seen to be at 11, and nothing has gone back yet. */
static void
seen_ann(struct pgsql_seen *seen)
{
	struct store *store;

	ck_assert(folder_make(folder));
	snprintf(config.witness, sizeof(config.witness), "%s", folder);
	enrolled("ann");
	ck_assert_int_eq(move_to("ann", 11), ROLLCODE_OK);
	ck_assert_int_eq(begin_ann(), ROLLCODE_OK);
	store = opened();
	seen_read(store, seen);
	ops->close(store);
	ck_assert(seen->is);
	ck_assert_int_eq(seen->sequence, 1);
	ck_assert_int_eq(seen->counter, 11);
	ck_assert_int_gt(seen->past.lsn, 0);
}

static enum rollcode_err
begin_having(const struct pgsql_seen *seen)
{
	struct store *store = opened();

	seen_write(store, seen);
	ops->close(store);
	return begin_ann();
}

static void
forget_seen(void)
{
	config.witness[0] = '\0';
	folder_remove(folder);
}

static const char *const losses[] = {
    "UPDATE rollcode.account SET sequence=sequence-1",
    "ALTER TABLE rollcode.token DISABLE TRIGGER ALL;"
    "UPDATE rollcode.token SET counter=counter-1",
};

START_TEST(a_commit_that_this_host_has_seen_does_not_get_lost)
{
	struct pgsql_seen seen;

	seen_ann(&seen);
	administer(losses[_i]);
	ck_assert_int_eq(begin_ann(), ROLLCODE_ERR_STORE);
	ck_assert_uint_eq(problem.reason, REASON_BACKUP);
	ck_assert_ptr_nonnull(strstr(problem.text, "went back in time"));
	config.administers = true;
	ck_assert_int_eq(begin_ann(), ROLLCODE_OK);
	config.administers = false;
	forget_seen();
}
END_TEST

START_TEST(a_server_is_not_before_what_this_host_has_seen)
{
	struct pgsql_seen seen, other;

	seen_ann(&seen);
	other = seen;
	other.past.lsn += (int64_t)1 << 40;
	ck_assert_int_eq(begin_having(&other), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(problem.text, "went back in time"));
	other.past.timeline--;
	ck_assert_int_eq(begin_having(&other), ROLLCODE_ERR_STORE);
	other = seen;
	other.past.timeline--;
	ck_assert_int_eq(begin_having(&other), ROLLCODE_OK);
	other = seen;
	other.past.settled++;
	ck_assert_int_eq(begin_having(&other), ROLLCODE_ERR_STORE);
	other = seen;
	other.past.timeline++;
	ck_assert_int_eq(begin_having(&other), ROLLCODE_ERR_UNAVAIL);
	ck_assert_ptr_nonnull(strstr(problem.text, "is an old primary"));
	ck_assert_int_eq(begin_having(&seen), ROLLCODE_OK);
	forget_seen();
}
END_TEST

static const int64_t marks[] = {0, NOW};

START_TEST(a_server_that_is_left_behind_is_for_the_administrator_alone)
{
	struct pgsql_seen seen;
	struct store *store;

	seen_ann(&seen);
	seen.past.timeline++;
	ck_assert_int_eq(begin_having(&seen), ROLLCODE_ERR_UNAVAIL);
	config.administers = true;
	ck_assert_int_eq(move_to("ann", 12), ROLLCODE_OK);
	config.administers = false;
	ck_assert_int_eq(begin_ann(), ROLLCODE_ERR_UNAVAIL);
	config.administers = true;
	store = opened();
	ck_assert_ptr_nonnull(
	    strstr(ops->restored(store)->how, "an older timeline"));
	ck_assert_int_eq(ops->mark(store, marks[_i], &problem), ROLLCODE_OK);
	ck_assert_ptr_null(ops->restored(store)->how);
	ops->close(store);
	config.administers = false;
	ck_assert_int_eq(
	    begin_ann(), marks[_i] == 0 ? ROLLCODE_OK : ROLLCODE_ERR_STORE);
	forget_seen();
}
END_TEST

START_TEST(what_was_seen_of_another_store_or_user_is_nothing)
{
	struct pgsql_seen seen, other;

	seen_ann(&seen);
	other = seen;
	other.past.lsn += (int64_t)1 << 40;
	other.store_id[0] ^= 1;
	ck_assert_int_eq(begin_having(&other), ROLLCODE_OK);
	other = seen;
	other.sequence++;
	ck_assert_int_eq(begin_having(&other), ROLLCODE_ERR_STORE);
	other.secret.bytes[other.secret.len - 1] ^= 1;
	ck_assert_int_eq(begin_having(&other), ROLLCODE_OK);
	forget_seen();
}
END_TEST

START_TEST(what_was_seen_ends_when_somebody_says_that_it_is_right)
{
	struct pgsql_seen seen;
	struct store *store;

	seen_ann(&seen);
	administer("UPDATE rollcode.account SET sequence=sequence-1");
	ck_assert_int_eq(begin_ann(), ROLLCODE_ERR_STORE);
	config.administers = true;
	store = opened();
	ck_assert(ops->restored(store)->is);
	ck_assert_int_eq(ops->mark(store, 0, &problem), ROLLCODE_OK);
	ck_assert(!ops->restored(store)->is);
	ops->close(store);
	config.administers = false;
	ck_assert_int_eq(begin_ann(), ROLLCODE_OK);
	forget_seen();
}
END_TEST

START_TEST(what_was_seen_with_any_bit_flipped_is_nothing)
{
	struct pgsql_seen seen, read;
	struct store *store;
	uint8_t image[512];
	char path[128];
	ssize_t len;
	int fd;

	seen_ann(&seen);
	store = opened();
	snprintf(path, sizeof(path), "%s/postgresql-%s", folder,
	    store->keys.all[0].id);
	ck_assert_int_ge(fd = open(path, O_RDWR), 0);
	len = pread(fd, image, sizeof(image), 0);
	/* The last byte is not used. */
	ck_assert_int_eq(len, 472);
	for (ssize_t bit = 0; bit < 8 * (len - 1); bit++) {
		image[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_int_eq(pwrite(fd, image, (size_t)len, 0), len);
		seen_read(store, &read);
		ck_assert_msg(!read.is, "bit %zd", bit);
		image[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_assert_int_eq(pwrite(fd, image, (size_t)len, 0), len);
	seen_read(store, &read);
	ck_assert(read.is);
	close(fd);
	ops->close(store);
	forget_seen();
}
END_TEST

static const char *const copies[] = {
    "UPDATE rollcode.store SET system=system||'1',written=txid_current()",
    "UPDATE rollcode.store SET database=database+1,written=txid_current()",
    "UPDATE rollcode.store SET relation=relation+1,written=txid_current()",
    "UPDATE rollcode.store SET written=written",
    "UPDATE rollcode.store SET timeline=timeline+1,written=txid_current()",
    "UPDATE rollcode.store SET timeline=timeline-1,written=txid_current()",
};

START_TEST(a_copy_is_none_until_somebody_says_so)
{
	struct store *store;

	enrolled("ann");
	administer(copies[_i]);
	ck_assert_int_eq(begin_ann(), ROLLCODE_ERR_STORE);
	ck_assert_uint_eq(problem.reason, REASON_BACKUP);
	config.administers = true;
	store = opened();
	ck_assert(ops->restored(store)->is);
	ck_assert_int_eq(ops->adopt_key(store, &problem), ROLLCODE_OK);
	ops->close(store);
	store = opened();
	ck_assert_ptr_nonnull(ops->restored(store)->how);
	ck_assert_int_eq(ops->mark(store, NOW, &problem), ROLLCODE_OK);
	ops->close(store);
	config.administers = false;
	ck_assert_int_eq(begin_ann(), ROLLCODE_ERR_STORE);
	config.administers = true;
	store = opened();
	ck_assert(ops->restored(store)->is);
	ck_assert_ptr_null(ops->restored(store)->how);
	ck_assert_int_eq(ops->mark(store, 0, &problem), ROLLCODE_OK);
	ops->close(store);
	config.administers = false;
	ck_assert_int_eq(begin_ann(), ROLLCODE_OK);
}
END_TEST

START_TEST(a_mark_is_not_of_what_goes_back_behind_it)
{
	struct store *store;

	enrolled("ann");
	config.administers = true;
	store = opened();
	ck_assert_int_eq(ops->mark(store, NOW, &problem), ROLLCODE_OK);
	ops->close(store);
	administer(copies[_i]);
	store = opened();
	ck_assert_ptr_nonnull(ops->restored(store)->how);
	ck_assert_int_eq(ops->restored(store)->since, 0);
	ck_assert_int_eq(ops->mark(store, NOW, &problem), ROLLCODE_OK);
	ck_assert_int_eq(ops->restored(store)->since, NOW);
	ck_assert_int_eq(ops->mark(store, 0, &problem), ROLLCODE_OK);
	ops->close(store);
	config.administers = false;
}
END_TEST

START_TEST(a_promotion_is_followed_where_somebody_says_so)
{
	struct store *store;

	enrolled("ann");
	config.administers = true;
	store = opened();
	ck_assert_int_eq(
	    ops->follow(store, true, &problem), ROLLCODE_ERR_CONFIG);
	ops->close(store);
	config.administers = false;
	administer("UPDATE rollcode.store SET timeline=timeline-1,"
		   "promotions='follow',written=txid_current()");
	ck_assert_int_eq(begin_ann(), ROLLCODE_OK);
	config.administers = true;
	store = opened();
	ck_assert_int_eq(ops->follow(store, false, &problem), ROLLCODE_OK);
	ops->close(store);
	config.administers = false;
	ck_assert_int_eq(begin_ann(), ROLLCODE_ERR_STORE);
}
END_TEST

static enum rollcode_err
read_with(const char *name, mode_t mode)
{
	char uri[256];

	ck_assert_int_eq(chmod(file, mode), 0);
	snprintf(uri, sizeof(uri), "postgresql://a@h/x?%s=%s", name, file);
	return read_uri(uri);
}

START_TEST(a_file_of_passwords_is_the_accounts_alone)
{
	make_file();
	ck_assert_int_eq(read_with("passfile", 0600), ROLLCODE_OK);
	ck_assert_int_eq(read_with("passfile", 0640), ROLLCODE_ERR_STORE);
	ck_assert_int_eq(read_with("passfile", 0604), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(problem.fix, "chmod 600 "));
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(read_uri("postgresql://a@h/x?passfile=/nowhere"),
	    ROLLCODE_ERR_UNAVAIL);
	folder_remove(folder);
}
END_TEST

static const char *const anchors[] = {
    "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir"};

START_TEST(what_proves_a_server_is_nobody_elses)
{
	char uri[128];

	make_file();
	ck_assert_int_eq(read_with(anchors[_i], 0644), ROLLCODE_OK);
	ck_assert_int_eq(read_with(anchors[_i], 0646), ROLLCODE_ERR_STORE);
	ck_assert_int_eq(read_with(anchors[_i], 0664), ROLLCODE_ERR_STORE);
	snprintf(uri, sizeof(uri), "postgresql://a@h/x?%s=file", anchors[_i]);
	ck_assert_int_eq(read_uri(uri), ROLLCODE_ERR_CONFIG);
	folder_remove(folder);
}
END_TEST

static const struct {
	const char *login, *admin;
	bool good;
} roles[] = {
    {"postgresql://login@h/x", "postgresql://admin@h/x", true},
    {"postgresql://login@h/x", "postgresql://login_admin@h/x", true},
    {"postgresql://login@h/x", "postgresql://login@other/x", false},
    {"postgresql://h/x", "postgresql://admin@h/x", false},
    {"postgresql://login@h/x", "postgresql://h/x", false},
    {"postgresql://login@h/x", "", true},
};

START_TEST(a_login_and_its_administrator_are_two_roles)
{
	char role[PGSQL_ROLE_MAX];

	strcpy(config.database, roles[_i].login);
	strcpy(config.database_admin, roles[_i].admin);
	ck_assert_int_eq(pgsql_login_role(&config, role, &problem),
	    roles[_i].good ? ROLLCODE_OK : ROLLCODE_ERR_CONFIG);
	strcpy(config.database, server);
	config.database_admin[0] = '\0';
}
END_TEST

static void
add_link(TCase *tcase)
{
	tcase_add_test(tcase, a_transaction_has_every_setting);
	tcase_add_test(tcase, nothing_lasts_longer_than_the_deadline);
	tcase_add_test(tcase, a_link_that_did_not_answer_is_not_used_again);
	tcase_add_test(tcase, a_name_is_quoted_where_it_fits);
	tcase_add_test(tcase, a_commit_that_the_server_undid_is_none);
	tcase_add_test(tcase, a_commit_that_a_server_warns_of_is_none);
	tcase_add_test(tcase, a_column_is_what_was_asked_for_or_bad);
	tcase_add_test(tcase, more_tokens_than_there_is_room_for_are_refused);
	tcase_add_test(tcase, a_code_of_another_length_is_refused);
	tcase_add_test(tcase, a_restored_copy_is_for_the_administrator_alone);
	tcase_add_test(tcase, a_store_that_took_the_place_of_another_is_known);
	tcase_add_test(
	    tcase, of_a_user_who_is_done_with_nothing_stays_in_memory);
	tcase_add_test(
	    tcase, a_key_is_adopted_and_what_was_sealed_is_sealed_anew);
	tcase_add_loop_test(tcase,
	    a_commit_that_this_host_has_seen_does_not_get_lost, 0,
	    COUNT(losses));
	tcase_add_test(tcase, a_server_is_not_before_what_this_host_has_seen);
	tcase_add_loop_test(tcase,
	    a_server_that_is_left_behind_is_for_the_administrator_alone, 0,
	    COUNT(marks));
	tcase_add_test(
	    tcase, what_was_seen_of_another_store_or_user_is_nothing);
	tcase_add_test(
	    tcase, what_was_seen_ends_when_somebody_says_that_it_is_right);
	tcase_add_test(tcase, what_was_seen_with_any_bit_flipped_is_nothing);
	tcase_add_loop_test(
	    tcase, a_copy_is_none_until_somebody_says_so, 0, COUNT(copies));
	tcase_add_loop_test(
	    tcase, a_mark_is_not_of_what_goes_back_behind_it, 0, COUNT(copies));
	tcase_add_test(tcase, a_promotion_is_followed_where_somebody_says_so);
	tcase_add_test(tcase, init_leaves_a_newer_store_alone);
	tcase_add_test(tcase, init_makes_nothing_in_a_schema_of_others);
}

static void
add_many(TCase *tcase)
{
	tcase_add_test(
	    tcase, of_more_users_than_one_page_has_each_is_read_whole);
	tcase_add_test(tcase, a_walk_lasts_as_long_as_there_are_users);
	tcase_add_test(tcase, who_is_looked_at_is_not_locked);
	tcase_add_test(
	    tcase, of_several_who_are_enrolled_together_one_refuses_all);
	tcase_add_test(tcase, several_are_sealed_anew_together_or_none);
	tcase_add_test(tcase, who_has_the_youngest_event_comes_first);
}

/* What needs no server. */
static void
add_uris(TCase *tcase)
{
	tcase_add_loop_test(
	    tcase, what_would_weaken_a_login_is_refused, 0, COUNT(weak));
	tcase_add_loop_test(tcase,
	    a_certificate_is_checked_wherever_there_is_a_network, 0,
	    COUNT(modes));
	tcase_add_loop_test(
	    tcase, a_servers_name_has_its_room_and_no_more, 0, COUNT(lists));
	tcase_add_test(tcase, a_file_of_passwords_is_the_accounts_alone);
	tcase_add_loop_test(
	    tcase, what_proves_a_server_is_nobody_elses, 0, COUNT(anchors));
	tcase_add_loop_test(tcase, a_login_and_its_administrator_are_two_roles,
	    0, COUNT(roles));
}

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
	tcase_add_loop_test(tcase, a_commit_that_collides_can_be_begun_again, 0,
	    COUNT(collisions));
	tcase_add_loop_test(tcase, an_enrolment_that_collides_is_tried_again, 0,
	    COUNT(collisions));
	tcase_add_test(
	    tcase, a_replay_that_was_written_aside_is_not_overwritten);
	tcase_add_loop_test(
	    tcase, a_commit_never_meets_another_store, 0, COUNT(other_stores));
	add_kept(tcase);
	add_link(tcase);
	add_many(tcase);
	add_uris(test_case("a URI", 0));
	return test_run_apart();
}
