/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read.c - rows of one user's file into an account.
 *
 * Nothing in a row is believed: every number has its range, every text its
 * size, every secret its seal.
 */
#include "common/token/token.h"
#include "rules/outcome.h"
#include "store/sqlite/parts.h"

#define TIME_MAX 253402300799 /* the last second of year 9999 */

static int64_t
read_time(struct sqlite_rows *r)
{
	return sqlite_int(r, -TIME_MAX, TIME_MAX);
}

static enum rollcode_err
read_account(struct store *store, const char *user, struct account *a,
    struct error *error)
{
	WIPED(sqlite_done)
	struct sqlite_rows r = sqlite_query(store->db, error,
	    "SELECT user,failures,spent,spent_time,failed,replayed,late,"
	    "created,last_success,last_failure,sequence,key_id,"
	    "recovery_key IS NOT NULL,recovery_key FROM account",
	    "");
	const char *file = store->file.text;
	char key_id[SEAL_ID_LEN + 1];
	struct sealed sealed;
	enum rollcode_err err;

	if (!sqlite_next(&r))
		return r.err != ROLLCODE_OK
			   ? r.err
			   : error_at(error, ROLLCODE_ERR_STORE, file,
				 "has no account in it; restore it or enrol "
				 "again");
	sqlite_text(&r, a->user, sizeof(a->user));
	a->failures = (uint32_t)sqlite_int(&r, 0, UINT32_MAX);
	a->spent = (uint32_t)sqlite_int(&r, 0, UINT32_MAX);
	a->spent_time = read_time(&r);
	a->failed = (uint32_t)sqlite_int(&r, 0, UINT32_MAX);
	a->replayed = (uint32_t)sqlite_int(&r, 0, UINT32_MAX);
	a->late = (uint32_t)sqlite_int(&r, 0, UINT32_MAX);
	a->created = read_time(&r);
	a->last_success = read_time(&r);
	a->last_failure = read_time(&r);
	a->sequence = sqlite_int(&r, 0, INT64_MAX - 1);
	sqlite_text(&r, key_id, sizeof(key_id));
	a->recovery_key_set = sqlite_int(&r, 0, 1) != 0;
	if (a->recovery_key_set)
		sealed.len =
		    sqlite_blob(&r, sealed.bytes, sizeof(sealed.bytes));
	if (r.err != ROLLCODE_OK)
		return r.err;
	if (strcmp(a->user, user) != 0)
		return error_at(error, ROLLCODE_ERR_STORE, file,
		    "is the file of another user; restore it or enrol again");
	store->stale = strcmp(key_id, store->keys.all[0].id) != 0;
	if ((err = store_keys_find(&store->keys, file, key_id, &store->user_key,
		 error)) != ROLLCODE_OK ||
	    !a->recovery_key_set)
		return err;
	return store_open_recovery(
	    &store->keys, file, user, key_id, &sealed, &a->recovery_key, error);
}

static enum rollcode_err
read_token(struct store *store, const char *user, struct sqlite_rows *r,
    struct account_token *t, struct sealed *sealed)
{
	char form[8], algorithm[8], key_id[SEAL_ID_LEN + 1];

	t->id = sqlite_int(r, 1, INT64_MAX);
	sqlite_text(r, t->token.label, sizeof(t->token.label));
	sqlite_text(r, form, sizeof(form));
	sqlite_text(r, algorithm, sizeof(algorithm));
	t->token.digits = (unsigned int)sqlite_int(r, 0, ROLLCODE_HEX_DIGITS);
	sqlite_text(r, key_id, sizeof(key_id));
	sealed->len = sqlite_blob(r, sealed->bytes, sizeof(sealed->bytes));
	t->token.counter = (uint64_t)sqlite_int(r, 0, INT64_MAX);
	t->far_known = sqlite_int(r, 0, 1) != 0;
	t->far_counter = (uint64_t)sqlite_int(r, 0, INT64_MAX);
	t->far_time = read_time(r);
	t->enabled = sqlite_int(r, 0, 1) != 0;
	t->created = read_time(r);
	t->used = read_time(r);
	if (r->err != ROLLCODE_OK)
		return r->err;
	store->stale |= strcmp(key_id, store->keys.all[0].id) != 0;
	t->token.form = form_from_name(form);
	t->token.algorithm = algorithm_from_name(algorithm);
	if (t->token.form == FORM_NONE || t->token.algorithm == ALGORITHM_NONE)
		return error_at(r->error, ROLLCODE_ERR_STORE, store->file.text,
		    "has a token of unknown form or algorithm");
	return store_open_token(&store->keys, store->file.text, user, key_id,
	    sealed, &t->token, r->error);
}

static enum rollcode_err
read_tokens(struct store *store, struct account *a, struct error *error)
{
	WIPED(sqlite_done)
	struct sqlite_rows r = sqlite_query(store->db, error,
	    "SELECT id,label,form,algorithm,digits,key_id,secret,counter,"
	    "far_counter IS NOT NULL,coalesce(far_counter,0),"
	    "coalesce(far_time,0),enabled,created,used FROM token ORDER BY id",
	    "");

	for (size_t i = 0; sqlite_next(&r); i++) {
		if (i == ACCOUNT_TOKENS_MAX)
			return error_at(error, ROLLCODE_ERR_STORE,
			    store->file.text, "has more than %d tokens",
			    ACCOUNT_TOKENS_MAX);
		a->token_count++;
		r.err = read_token(
		    store, a->user, &r, &a->tokens[i], &store->seals[i]);
	}
	return r.err;
}

static enum rollcode_err
read_recovery(struct store *store, struct account *a, struct error *error)
{
	WIPED(sqlite_done)
	struct sqlite_rows r = sqlite_query(store->db, error,
	    "SELECT id,mac,issued,expires,used FROM recovery ORDER BY id", "");

	while (sqlite_next(&r)) {
		struct account_recovery *code;
		size_t len;

		if (a->recovery_count == ACCOUNT_RECOVERY_MAX)
			return error_at(error, ROLLCODE_ERR_STORE,
			    store->file.text, "has more than %d recovery codes",
			    ACCOUNT_RECOVERY_MAX);
		code = &a->recovery[a->recovery_count++];
		code->id = sqlite_int(&r, 1, INT64_MAX);
		len = sqlite_blob(&r, code->mac, sizeof(code->mac));
		code->issued = read_time(&r);
		code->expires = sqlite_int(&r, 0, TIME_MAX);
		code->used = read_time(&r);
		if (r.err == ROLLCODE_OK && len != sizeof(code->mac))
			r.err = error_at(error, ROLLCODE_ERR_STORE,
			    store->file.text,
			    "a recovery code has a wrong length");
	}
	return r.err;
}

enum rollcode_err
rows_read(struct store *store, const char *user, struct account *account,
    struct error *error)
{
	enum rollcode_err err;

	account_wipe(account);
	if ((err = read_account(store, user, account, error)) != ROLLCODE_OK ||
	    (err = read_tokens(store, account, error)) != ROLLCODE_OK)
		return err;
	return read_recovery(store, account, error);
}

enum rollcode_err
rows_events(
    struct store *store, store_event_fn *fn, void *context, struct error *error)
{
	WIPED(sqlite_done)
	struct sqlite_rows r = sqlite_query(store->db, error,
	    "SELECT sequence,time,service,rhost,token,outcome,counter,"
	    "distance,slot<0 FROM event ORDER BY sequence,-slot",
	    "");
	struct event e;

	while (sqlite_next(&r)) {
		e.sequence = sqlite_int(&r, 0, INT64_MAX);
		e.time = read_time(&r);
		sqlite_text(&r, e.service, sizeof(e.service));
		sqlite_text(&r, e.rhost, sizeof(e.rhost));
		sqlite_text(&r, e.token, sizeof(e.token));
		sqlite_text(&r, e.outcome, sizeof(e.outcome));
		e.counter = sqlite_int(&r, -1, INT64_MAX);
		e.distance = sqlite_int(&r, -1, INT64_MAX);
		e.aside = sqlite_int(&r, 0, 1) != 0;
		if (r.err == ROLLCODE_OK && !outcome_known(e.outcome))
			r.err = error_at(error, ROLLCODE_ERR_STORE,
			    store->file.text,
			    "an event has an outcome that Rollcode never "
			    "writes, so another program wrote it");
		if (r.err == ROLLCODE_OK)
			r.err = fn(context, &e, error);
	}
	return r.err;
}
