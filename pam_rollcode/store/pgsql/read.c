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

/* Read a run of columns, each into its place, until the first mistake. */
struct reader {
	const struct rows *rows;
	int row, column;
	bool bad;
};

static int64_t
pgsql_read_int(struct reader *r, int64_t min, int64_t max)
{
	int64_t value;

	if (!rows_int(r->rows, r->row, r->column++, min, max, &value)) {
		r->bad = true;
		value = min;
	}
	return value;
}

static int64_t
pgsql_read_time(struct reader *r)
{
	return pgsql_read_int(r, -TIME_MAX, TIME_MAX);
}

static void
pgsql_read_text(struct reader *r, char *out, size_t size)
{
	r->bad |= !rows_text(r->rows, r->row, r->column++, out, size);
}

static bool
pgsql_read_bool(struct reader *r)
{
	bool value;

	r->bad |= !rows_bool(r->rows, r->row, r->column++, &value);
	return value;
}

static size_t
pgsql_read_bytes(struct reader *r, uint8_t *out, size_t max)
{
	size_t len;

	r->bad |= !rows_bytes(r->rows, r->row, r->column++, out, max, &len);
	return len;
}

/* A text kept as bytes; none of them is NUL. */
static void
pgsql_read_string(struct reader *r, char *out, size_t size)
{
	size_t len = pgsql_read_bytes(r, (uint8_t *)out, size - 1);

	out[len] = '\0';
	r->bad |= strlen(out) != len;
}

static enum rollcode_err
bad_row(struct store *store, const char *what, struct error *error)
{
	return error_set(error, ROLLCODE_ERR_STORE,
	    "%s: %s of %s was changed by another program; restore it or enrol "
	    "again",
	    link_where(store->link), what, store->name);
}

static enum rollcode_err
open_sealed(struct store *store, const char *key_id, const struct seal_aad *aad,
    const struct sealed *sealed, struct secret *secret, struct error *error)
{
	char where[LINK_WHERE_MAX + STORE_NAME_MAX + 8];

	snprintf(where, sizeof(where), "%s, %s", link_where(store->link),
	    store->name);
	return store_keys_open(
	    &store->keys, where, key_id, aad, sealed, secret, error);
}

static enum rollcode_err
pgsql_read_recovery_key(struct store *store, struct reader *r,
    const char *key_id, struct account *a, struct error *error)
{
	WIPED(secret_wipe) struct secret secret = {0};
	struct sealed sealed;
	struct seal_aad aad;
	enum rollcode_err err;

	sealed.len = pgsql_read_bytes(r, sealed.bytes, sizeof(sealed.bytes));
	if (r->bad)
		return bad_row(store, "the recovery key", error);
	store_recovery_aad(store->id, a->user, key_id, &aad);
	if ((err = open_sealed(store, key_id, &aad, &sealed, &secret, error)) !=
	    ROLLCODE_OK)
		return err;
	if (secret.len != SECRET_KEY_LEN)
		return bad_row(store, "the recovery key", error);
	memcpy(a->recovery_key.bytes, secret.bytes, SECRET_KEY_LEN);
	a->recovery_key_set = true;
	return ROLLCODE_OK;
}

static enum rollcode_err
pgsql_read_account(struct store *store, const char *user, struct account *a,
    bool *there, struct error *error)
{
	WIPED(rows_freep) struct rows *rows = NULL;
	char key_id[SEAL_ID_LEN + 1];
	struct reader r = {0};
	enum rollcode_err err;

	*there = false;
	if ((err = link_query(store->link, &rows, error,
		 "SELECT failures,spent,spent_time,failed,replayed,"
		 "created,last_success,last_failure,sequence,key_id,"
		 "recovery_key FROM rollcode.account WHERE name=$1 FOR UPDATE",
		 "t", store->name)) != ROLLCODE_OK)
		return err;
	if (rows_count(rows) > 1)
		return bad_row(store, "the account", error);
	*there = rows_count(rows) == 1;
	if (!*there)
		return ROLLCODE_OK;
	r.rows = rows;
	memcpy(a->user, user, strlen(user) + 1);
	a->failures = (uint32_t)pgsql_read_int(&r, 0, UINT32_MAX);
	a->spent = (uint32_t)pgsql_read_int(&r, 0, UINT32_MAX);
	a->spent_time = pgsql_read_time(&r);
	a->failed = (uint32_t)pgsql_read_int(&r, 0, UINT32_MAX);
	a->replayed = (uint32_t)pgsql_read_int(&r, 0, UINT32_MAX);
	a->created = pgsql_read_time(&r);
	a->last_success = pgsql_read_time(&r);
	a->last_failure = pgsql_read_time(&r);
	a->sequence = pgsql_read_int(&r, 0, INT64_MAX - 1);
	pgsql_read_text(&r, key_id, sizeof(key_id));
	if (r.bad)
		return bad_row(store, "the account", error);
	/* One user is of one key, whichever is the store's meanwhile. */
	store->keys.sealing = store_keys_find(&store->keys, key_id);
	if (store->keys.sealing == NULL)
		return store_keys_unknown(
		    link_where(store->link), key_id, error);
	if (rows_null(rows, 0, r.column))
		return ROLLCODE_OK;
	return pgsql_read_recovery_key(store, &r, key_id, a, error);
}

static enum rollcode_err
pgsql_read_token_row(struct store *store, const char *user, struct reader *r,
    struct account_token *t, struct sealed *sealed, struct error *error)
{
	char form[8], algorithm[8], key_id[SEAL_ID_LEN + 1];
	struct error detail = {0};
	struct seal_aad aad;
	enum rollcode_err err;

	t->id = pgsql_read_int(r, 1, INT64_MAX);
	pgsql_read_string(r, t->token.label, sizeof(t->token.label));
	pgsql_read_text(r, form, sizeof(form));
	pgsql_read_text(r, algorithm, sizeof(algorithm));
	t->token.digits =
	    (unsigned int)pgsql_read_int(r, 0, ROLLCODE_HEX_DIGITS);
	pgsql_read_text(r, key_id, sizeof(key_id));
	sealed->len = pgsql_read_bytes(r, sealed->bytes, sizeof(sealed->bytes));
	t->token.counter = (uint64_t)pgsql_read_int(r, 0, INT64_MAX);
	t->far_known = pgsql_read_bool(r);
	t->far_counter = (uint64_t)pgsql_read_int(r, 0, INT64_MAX);
	t->far_time = pgsql_read_time(r);
	t->enabled = pgsql_read_bool(r);
	t->created = pgsql_read_time(r);
	t->used = pgsql_read_time(r);
	t->token.form = form_from_name(form);
	t->token.algorithm = algorithm_from_name(algorithm);
	if (r->bad || t->token.form == FORM_NONE ||
	    t->token.algorithm == ALGORITHM_NONE)
		return bad_row(store, "a token", error);
	store_token_aad(store->id, user, key_id, &t->token, &aad);
	if ((err = open_sealed(store, key_id, &aad, sealed, &t->token.secret,
		 error)) != ROLLCODE_OK)
		return err;
	if (token_check(&t->token, &detail) == ROLLCODE_OK)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_STORE, "%s, %s: %s",
	    link_where(store->link), store->name, detail.text);
}

static enum rollcode_err
pgsql_read_tokens(struct store *store, struct account *a, struct error *error)
{
	WIPED(rows_freep) struct rows *rows = NULL;
	struct reader r = {0};
	enum rollcode_err err;

	err = link_query(store->link, &rows, error,
	    "SELECT id,label,form,algorithm,digits,key_id,secret,counter,"
	    "far_counter IS NOT NULL,coalesce(far_counter,0),"
	    "coalesce(far_time,0),enabled,created,used FROM rollcode.token "
	    "WHERE name=$1 ORDER BY id",
	    "t", store->name);
	if (err == ROLLCODE_OK && rows_count(rows) > ACCOUNT_TOKENS_MAX)
		err = bad_row(store, "the number of tokens", error);
	r.rows = rows;
	for (; err == ROLLCODE_OK && r.row < rows_count(rows); r.row++) {
		r.column = 0;
		err = pgsql_read_token_row(store, a->user, &r,
		    &a->tokens[a->token_count], &store->seals[a->token_count],
		    error);
		a->token_count++;
	}
	return err;
}

static enum rollcode_err
pgsql_read_recovery(struct store *store, struct account *a, struct error *error)
{
	WIPED(rows_freep) struct rows *rows = NULL;
	struct reader r = {0};
	enum rollcode_err err;

	err = link_query(store->link, &rows, error,
	    "SELECT id,mac,issued,expires,used FROM rollcode.recovery "
	    "WHERE name=$1 ORDER BY id",
	    "t", store->name);
	if (err == ROLLCODE_OK && rows_count(rows) > ACCOUNT_RECOVERY_MAX)
		err = bad_row(store, "the number of recovery codes", error);
	r.rows = rows;
	for (; err == ROLLCODE_OK && r.row < rows_count(rows); r.row++) {
		struct account_recovery *code =
		    &a->recovery[a->recovery_count++];

		r.column = 0;
		code->id = pgsql_read_int(&r, 1, INT64_MAX);
		r.bad |= pgsql_read_bytes(&r, code->mac, sizeof(code->mac)) !=
			 sizeof(code->mac);
		code->issued = pgsql_read_time(&r);
		code->expires = pgsql_read_int(&r, 0, TIME_MAX);
		code->used = pgsql_read_time(&r);
		if (r.bad)
			err = bad_row(store, "a recovery code", error);
	}
	return err;
}

enum rollcode_err
pgsql_read(struct store *store, const char *user, struct account *account,
    bool *there, struct error *error)
{
	enum rollcode_err err;

	account_wipe(account);
	if ((err = pgsql_read_account(store, user, account, there, error)) !=
		ROLLCODE_OK ||
	    !*there ||
	    (err = pgsql_read_tokens(store, account, error)) != ROLLCODE_OK)
		return err;
	return pgsql_read_recovery(store, account, error);
}

enum rollcode_err
pgsql_events(
    struct store *store, store_event_fn *fn, void *context, struct error *error)
{
	WIPED(rows_freep) struct rows *rows = NULL;
	struct reader r = {0};
	struct event e;
	enum rollcode_err err;

	err = link_query(store->link, &rows, error,
	    "SELECT sequence,time,service,rhost,token,outcome,counter,"
	    "distance,slot<0 FROM rollcode.event WHERE name=$1 AND slot<$2 "
	    "AND $2>0 "
	    "ORDER BY sequence,-slot",
	    "ti", store->name, store->config->events_kept);
	r.rows = rows;
	for (; err == ROLLCODE_OK && r.row < rows_count(rows); r.row++) {
		r.column = 0;
		e.sequence = pgsql_read_int(&r, 0, INT64_MAX);
		e.time = pgsql_read_time(&r);
		pgsql_read_string(&r, e.service, sizeof(e.service));
		pgsql_read_string(&r, e.rhost, sizeof(e.rhost));
		pgsql_read_string(&r, e.token, sizeof(e.token));
		pgsql_read_text(&r, e.outcome, sizeof(e.outcome));
		e.counter = pgsql_read_int(&r, -1, INT64_MAX);
		e.distance = pgsql_read_int(&r, -1, INT64_MAX);
		e.aside = pgsql_read_bool(&r);
		r.bad |= !r.bad && !outcome_known(e.outcome);
		err = r.bad ? bad_row(store, "an event", error)
			    : fn(context, &e, error);
	}
	return err;
}
