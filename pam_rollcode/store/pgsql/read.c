/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read.c - rows of one user into an account.
 *
 * Nothing in a row is believed: every number has its range, every text its
 * size, every secret its seal.
 */
#include <stdio.h>

#include "common/token/token.h"
#include "rules/outcome.h"
#include "store/pgsql/pgsql.h"

#define TIME_MAX 253402300799 /* the last second of year 9999 */

static int64_t
rows_time(struct rows *r)
{
	return rows_int(r, -TIME_MAX, TIME_MAX);
}

static enum rollcode_err
bad_row(struct store *store, const char *what, struct error *error)
{
	return link_error(store->link, error, ROLLCODE_ERR_STORE,
	    "%s of %s was changed by another program; restore it or enrol "
	    "again",
	    what, store->name);
}

static enum rollcode_err
read_account_row(struct store *store, const char *user, struct rows *r,
    struct account *a, struct error *error)
{
	char key_id[SEAL_ID_LEN + 1];
	struct sealed sealed;
	enum rollcode_err err;

	memcpy(a->user, user, strlen(user) + 1);
	a->failures = (uint32_t)rows_int(r, 0, UINT32_MAX);
	a->spent = (uint32_t)rows_int(r, 0, UINT32_MAX);
	a->spent_time = rows_time(r);
	a->failed = (uint32_t)rows_int(r, 0, UINT32_MAX);
	a->replayed = (uint32_t)rows_int(r, 0, UINT32_MAX);
	a->late = (uint32_t)rows_int(r, 0, UINT32_MAX);
	a->created = rows_time(r);
	a->last_success = rows_time(r);
	a->last_failure = rows_time(r);
	a->sequence = rows_int(r, 0, INT64_MAX - 1);
	rows_text(r, key_id, sizeof(key_id));
	a->recovery_key_set = rows_bool(r);
	if (a->recovery_key_set)
		sealed.len = rows_bytes(r, sealed.bytes, sizeof(sealed.bytes));
	if (r->bad || rows_next(r))
		return bad_row(store, "the account", error);
	if ((err = store_keys_find(&store->keys, link_where(store->link),
		 key_id, &store->user_key, error)) != ROLLCODE_OK ||
	    !a->recovery_key_set)
		return err;
	return store_open_recovery(&store->keys, store->where, user, key_id,
	    &sealed, &a->recovery_key, error);
}

static enum rollcode_err
read_token_fields(struct store *store, const char *user, struct rows *r,
    struct account_token *t, struct sealed *sealed, struct error *error)
{
	char form[8], algorithm[8], key_id[SEAL_ID_LEN + 1];

	t->id = rows_int(r, 1, INT64_MAX);
	rows_string(r, t->token.label, sizeof(t->token.label));
	rows_text(r, form, sizeof(form));
	rows_text(r, algorithm, sizeof(algorithm));
	t->token.digits = (unsigned int)rows_int(r, 0, ROLLCODE_HEX_DIGITS);
	rows_text(r, key_id, sizeof(key_id));
	sealed->len = rows_bytes(r, sealed->bytes, sizeof(sealed->bytes));
	t->token.counter = (uint64_t)rows_int(r, 0, INT64_MAX);
	t->far_known = rows_bool(r);
	t->far_counter = (uint64_t)rows_int(r, 0, INT64_MAX);
	t->far_time = rows_time(r);
	t->enabled = rows_bool(r);
	t->created = rows_time(r);
	t->used = rows_time(r);
	t->token.form = form_from_name(form);
	t->token.algorithm = algorithm_from_name(algorithm);
	if (r->bad || t->token.form == FORM_NONE ||
	    t->token.algorithm == ALGORITHM_NONE)
		return bad_row(store, "a token", error);
	return store_open_token(
	    &store->keys, store->where, user, key_id, sealed, &t->token, error);
}

static enum rollcode_err
read_token_rows(struct store *store, struct rows *rows, struct account *a,
    struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;

	if (rows_count(rows) > ACCOUNT_TOKENS_MAX)
		return bad_row(store, "the number of tokens", error);
	for (size_t i = 0; err == ROLLCODE_OK && rows_next(rows); i++) {
		a->token_count++;
		err = read_token_fields(store, a->user, rows, &a->tokens[i],
		    &store->seals[i], error);
	}
	return err;
}

static enum rollcode_err
read_recovery_rows(struct store *store, struct rows *rows, struct account *a,
    struct error *error)
{
	if (rows_count(rows) > ACCOUNT_RECOVERY_MAX)
		return bad_row(store, "the number of recovery codes", error);
	while (rows_next(rows)) {
		struct account_recovery *code =
		    &a->recovery[a->recovery_count++];

		code->id = rows_int(rows, 1, INT64_MAX);
		rows->bad |= rows_bytes(rows, code->mac, sizeof(code->mac)) !=
			     sizeof(code->mac);
		code->issued = rows_time(rows);
		code->expires = rows_int(rows, 0, TIME_MAX);
		code->used = rows_time(rows);
		if (rows->bad)
			return bad_row(store, "a recovery code", error);
	}
	return ROLLCODE_OK;
}

#define ACCOUNT                                              \
	"failures,spent,spent_time,failed,replayed,late,"    \
	"created,last_success,last_failure,sequence,key_id," \
	"recovery_key IS NOT NULL,recovery_key FROM "
#define TOKEN                                                   \
	"id,label,form,algorithm,digits,key_id,secret,counter," \
	"far_counter IS NOT NULL,coalesce(far_counter,0),"      \
	"coalesce(far_time,0),enabled,created,used FROM "
#define RECOVERY "id,mac,issued,expires,used FROM "
#define EVENT                                                         \
	"sequence,time,service,rhost,token,outcome,counter,distance," \
	"slot<0 FROM "
#define OF_NAMES \
	"pg_catalog.unnest($1::text[]) WITH ORDINALITY AS n(of,i) JOIN "

#define ONE_ACCOUNT "SELECT " ACCOUNT "rollcode.account WHERE name=$1"
#define BY_NAME " ON name=of ORDER BY i"
#define ACCOUNTS "SELECT i," ACCOUNT OF_NAMES "rollcode.account a" BY_NAME

void
pgsql_ask(struct store *store, struct user_rows *rows)
{
	link_ask(store->link, &rows->account,
	    store->locks ? ONE_ACCOUNT " FOR UPDATE" : ONE_ACCOUNT, "t",
	    store->name);
	link_ask(store->link, &rows->tokens,
	    "SELECT " TOKEN "rollcode.token WHERE name=$1 ORDER BY id", "t",
	    store->name);
	link_ask(store->link, &rows->recovery,
	    "SELECT " RECOVERY "rollcode.recovery WHERE name=$1 ORDER BY id",
	    "t", store->name);
}

void
pgsql_ask_many(
    struct store *store, const char *names, bool locks, struct user_rows *rows)
{
	link_ask(store->link, &rows->account,
	    locks ? ACCOUNTS " FOR UPDATE OF a" : ACCOUNTS, "t", names);
	link_ask(store->link, &rows->tokens,
	    "SELECT i," TOKEN OF_NAMES "rollcode.token" BY_NAME ",id", "t",
	    names);
	link_ask(store->link, &rows->recovery,
	    "SELECT i," RECOVERY OF_NAMES "rollcode.recovery" BY_NAME ",id",
	    "t", names);
}

enum rollcode_err
pgsql_read(struct store *store, const char *user, struct user_rows *rows,
    struct account *account, bool *there, struct error *error)
{
	enum rollcode_err err;

	account_wipe(account);
	snprintf(store->where, sizeof(store->where), "%s, %s",
	    link_where(store->link), store->name);
	*there = rows_next(&rows->account);
	if (!*there)
		return ROLLCODE_OK;
	if ((err = read_account_row(
		 store, user, &rows->account, account, error)) != ROLLCODE_OK ||
	    (err = read_token_rows(store, &rows->tokens, account, error)) !=
		ROLLCODE_OK)
		return err;
	return read_recovery_rows(store, &rows->recovery, account, error);
}

void
pgsql_ask_events(
    struct store *store, const char *names, int64_t limit, struct rows *rows)
{
	link_ask(store->link, rows,
	    "SELECT i," EVENT OF_NAMES
	    "rollcode.event ON name=of WHERE slot<$2 AND $2>0 "
	    "ORDER BY i,sequence,-slot LIMIT $3",
	    "tii", names, restored_kept(store->config, &store->restored),
	    limit);
}

static enum rollcode_err
call_for_events(struct store *store, struct rows *rows, store_event_fn *fn,
    void *context, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;
	struct event e;

	while (err == ROLLCODE_OK && rows_next(rows)) {
		e.sequence = rows_int(rows, 0, INT64_MAX);
		e.time = rows_time(rows);
		rows_string(rows, e.service, sizeof(e.service));
		rows_string(rows, e.rhost, sizeof(e.rhost));
		rows_string(rows, e.token, sizeof(e.token));
		rows_text(rows, e.outcome, sizeof(e.outcome));
		e.counter = rows_int(rows, -1, INT64_MAX);
		e.distance = rows_int(rows, -1, INT64_MAX);
		e.aside = rows_bool(rows);
		err = rows->bad || !outcome_known(e.outcome)
			  ? bad_row(store, "an event", error)
			  : fn(context, &e, error);
	}
	return err;
}

enum rollcode_err
pgsql_events(
    struct store *store, store_event_fn *fn, void *context, struct error *error)
{
	WIPED(rows_free) struct rows rows = {0};
	struct rows ahead;
	enum rollcode_err err;

	if (store->ahead) {
		err = pgsql_events_ahead(store, &ahead, error);
		return err == ROLLCODE_OK
			   ? call_for_events(store, &ahead, fn, context, error)
			   : err;
	}
	if (!store->locks)
		link_begin(store->link, true);
	err = link_query(store->link, &rows, error,
	    "SELECT " EVENT "rollcode.event WHERE name=$1 AND slot<$2 "
	    "AND $2>0 ORDER BY sequence,-slot",
	    "ti", store->name, restored_kept(store->config, &store->restored));
	return err == ROLLCODE_OK
		   ? call_for_events(store, &rows, fn, context, error)
		   : err;
}
