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

/* Read a run of columns, each into its place, until the first error. */
struct reader {
	sqlite3_stmt *statement;
	int column;
	enum rollcode_err err;
	struct error *error;
};

static int64_t
read_int(struct reader *r, int64_t min, int64_t max)
{
	int64_t value = min;

	if (r->err == ROLLCODE_OK)
		r->err = sqlite_int(
		    r->statement, r->column++, min, max, &value, r->error);
	return value;
}

static void
read_text(struct reader *r, char *out, size_t size)
{
	if (r->err == ROLLCODE_OK)
		r->err =
		    sqlite_text(r->statement, r->column++, out, size, r->error);
}

static size_t
read_blob(struct reader *r, uint8_t *out, size_t max)
{
	size_t len = 0;

	if (r->err == ROLLCODE_OK)
		r->err = sqlite_blob(
		    r->statement, r->column++, out, max, &len, r->error);
	return len;
}

static enum rollcode_err
read_account(struct store *store, const char *user, struct account *a,
    struct error *error)
{
	WIPED(sqlite_donep) sqlite3_stmt *statement = NULL;
	struct reader r = {.error = error};
	char key_id[SEAL_ID_LEN + 1];
	bool row, keyed;

	r.err = sqlite_query(store->db, &statement, error,
	    "SELECT user,failures,spent,spent_time,failed,replayed,"
	    "created,last_success,last_failure,sequence,key_id,"
	    "recovery_key IS NOT NULL FROM account",
	    "");
	if (r.err != ROLLCODE_OK || (r.err = sqlite_step(store->db, statement,
					 &row, error)) != ROLLCODE_OK)
		return r.err;
	if (!row)
		return error_at(error, ROLLCODE_ERR_STORE, store->file.text,
		    "has no account in it; restore it or enrol again");
	r.statement = statement;
	read_text(&r, a->user, sizeof(a->user));
	a->failures = (uint32_t)read_int(&r, 0, UINT32_MAX);
	a->spent = (uint32_t)read_int(&r, 0, UINT32_MAX);
	a->spent_time = read_int(&r, -TIME_MAX, TIME_MAX);
	a->failed = (uint32_t)read_int(&r, 0, UINT32_MAX);
	a->replayed = (uint32_t)read_int(&r, 0, UINT32_MAX);
	a->created = read_int(&r, -TIME_MAX, TIME_MAX);
	a->last_success = read_int(&r, -TIME_MAX, TIME_MAX);
	a->last_failure = read_int(&r, -TIME_MAX, TIME_MAX);
	a->sequence = read_int(&r, 0, INT64_MAX - 1);
	read_text(&r, key_id, sizeof(key_id));
	keyed = read_int(&r, 0, 1) != 0;
	if (r.err != ROLLCODE_OK)
		return r.err;
	if (strcmp(a->user, user) != 0)
		return error_at(error, ROLLCODE_ERR_STORE, store->file.text,
		    "is the file of another user; restore it or enrol "
		    "again");
	a->recovery_key_set = keyed;
	/* One file is of one key, whichever is the store's meanwhile. */
	store->keys.sealing = store_keys_find(&store->keys, key_id);
	if (store->keys.sealing == NULL)
		return store_keys_unknown(store->file.text, key_id, error);
	return ROLLCODE_OK;
}

static enum rollcode_err
read_recovery_key(struct store *store, struct account *a, struct error *error)
{
	WIPED(sqlite_donep) sqlite3_stmt *statement = NULL;
	WIPED(secret_wipe) struct secret secret = {0};
	struct reader r = {.error = error};
	char key_id[SEAL_ID_LEN + 1];
	struct sealed sealed;
	struct seal_aad aad;
	bool row;

	if (!a->recovery_key_set)
		return ROLLCODE_OK;
	r.err = sqlite_query(store->db, &statement, error,
	    "SELECT key_id,recovery_key FROM account", "");
	if (r.err != ROLLCODE_OK || (r.err = sqlite_step(store->db, statement,
					 &row, error)) != ROLLCODE_OK)
		return r.err;
	r.statement = statement;
	read_text(&r, key_id, sizeof(key_id));
	sealed.len = read_blob(&r, sealed.bytes, sizeof(sealed.bytes));
	if (r.err != ROLLCODE_OK)
		return r.err;
	store_recovery_aad(store->marker.store_id, a->user, key_id, &aad);
	r.err = store_keys_open(&store->keys, store->file.text, key_id, &aad,
	    &sealed, &secret, error);
	if (r.err == ROLLCODE_OK && secret.len != SECRET_KEY_LEN)
		r.err = error_at(error, ROLLCODE_ERR_STORE, store->file.text,
		    "the recovery key has a wrong length");
	if (r.err == ROLLCODE_OK)
		memcpy(a->recovery_key.bytes, secret.bytes, SECRET_KEY_LEN);
	return r.err;
}

static enum rollcode_err
read_token_row(struct store *store, const char *user, sqlite3_stmt *statement,
    struct account_token *t, struct sealed *sealed, struct error *error)
{
	struct reader r = {.statement = statement, .error = error};
	char form[8], algorithm[8], key_id[SEAL_ID_LEN + 1];
	struct seal_aad aad;

	t->id = read_int(&r, 1, INT64_MAX);
	read_text(&r, t->token.label, sizeof(t->token.label));
	read_text(&r, form, sizeof(form));
	read_text(&r, algorithm, sizeof(algorithm));
	t->token.digits = (unsigned int)read_int(&r, 0, ROLLCODE_HEX_DIGITS);
	read_text(&r, key_id, sizeof(key_id));
	sealed->len = read_blob(&r, sealed->bytes, sizeof(sealed->bytes));
	t->token.counter = (uint64_t)read_int(&r, 0, INT64_MAX);
	t->far_known = read_int(&r, 0, 1) != 0;
	t->far_counter = (uint64_t)read_int(&r, 0, INT64_MAX);
	t->far_time = read_int(&r, -TIME_MAX, TIME_MAX);
	t->enabled = read_int(&r, 0, 1) != 0;
	t->created = read_int(&r, -TIME_MAX, TIME_MAX);
	t->used = read_int(&r, -TIME_MAX, TIME_MAX);
	if (r.err != ROLLCODE_OK)
		return r.err;
	t->token.form = form_from_name(form);
	t->token.algorithm = algorithm_from_name(algorithm);
	if (t->token.form == FORM_NONE || t->token.algorithm == ALGORITHM_NONE)
		return error_at(error, ROLLCODE_ERR_STORE, store->file.text,
		    "has a token of unknown form or algorithm");
	store_token_aad(store->marker.store_id, user, key_id, &t->token, &aad);
	return store_keys_open(&store->keys, store->file.text, key_id, &aad,
	    sealed, &t->token.secret, error);
}

static enum rollcode_err
read_tokens(struct store *store, struct account *a, struct error *error)
{
	WIPED(sqlite_donep) sqlite3_stmt *statement = NULL;
	struct error detail = {0};
	struct account_token *t;
	struct sealed *sealed;
	enum rollcode_err err;
	bool row;

	err = sqlite_query(store->db, &statement, error,
	    "SELECT id,label,form,algorithm,digits,key_id,secret,counter,"
	    "far_counter IS NOT NULL,coalesce(far_counter,0),"
	    "coalesce(far_time,0),enabled,created,used FROM token ORDER BY id",
	    "");
	while (err == ROLLCODE_OK) {
		if ((err = sqlite_step(store->db, statement, &row, error)) !=
			ROLLCODE_OK ||
		    !row)
			break;
		if (a->token_count == ACCOUNT_TOKENS_MAX)
			return error_at(error, ROLLCODE_ERR_STORE,
			    store->file.text, "has more than %d tokens",
			    ACCOUNT_TOKENS_MAX);
		sealed = &store->seals[a->token_count];
		t = &a->tokens[a->token_count++];
		if ((err = read_token_row(store, a->user, statement, t, sealed,
			 error)) == ROLLCODE_OK &&
		    token_check(&t->token, &detail) != ROLLCODE_OK)
			err = error_at(error, ROLLCODE_ERR_STORE,
			    store->file.text, "%s", detail.text);
	}
	return err;
}

static enum rollcode_err
read_recovery(struct store *store, struct account *a, struct error *error)
{
	WIPED(sqlite_donep) sqlite3_stmt *statement = NULL;
	struct reader r = {.error = error};
	size_t len;
	bool row;

	r.err = sqlite_query(store->db, &statement, error,
	    "SELECT id,mac,issued,expires,used FROM recovery ORDER BY id", "");
	while (r.err == ROLLCODE_OK) {
		struct account_recovery *code;

		if ((r.err = sqlite_step(store->db, statement, &row, error)) !=
			ROLLCODE_OK ||
		    !row)
			break;
		if (a->recovery_count == ACCOUNT_RECOVERY_MAX)
			return error_at(error, ROLLCODE_ERR_STORE,
			    store->file.text, "has more than %d recovery codes",
			    ACCOUNT_RECOVERY_MAX);
		code = &a->recovery[a->recovery_count++];
		r.statement = statement;
		r.column = 0;
		code->id = read_int(&r, 1, INT64_MAX);
		len = read_blob(&r, code->mac, sizeof(code->mac));
		code->issued = read_int(&r, -TIME_MAX, TIME_MAX);
		code->expires = read_int(&r, 0, TIME_MAX);
		code->used = read_int(&r, -TIME_MAX, TIME_MAX);
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
	    (err = read_recovery_key(store, account, error)) != ROLLCODE_OK ||
	    (err = read_tokens(store, account, error)) != ROLLCODE_OK)
		return err;
	return read_recovery(store, account, error);
}

enum rollcode_err
rows_events(
    struct store *store, store_event_fn *fn, void *context, struct error *error)
{
	WIPED(sqlite_donep) sqlite3_stmt *statement = NULL;
	struct reader r = {.error = error};
	struct event e;
	bool row;

	r.err = sqlite_query(store->db, &statement, error,
	    "SELECT sequence,time,service,rhost,token,outcome,counter,"
	    "distance,slot<0 FROM event ORDER BY sequence,-slot",
	    "");
	while (r.err == ROLLCODE_OK) {
		if ((r.err = sqlite_step(store->db, statement, &row, error)) !=
			ROLLCODE_OK ||
		    !row)
			break;
		r.statement = statement;
		r.column = 0;
		e.sequence = read_int(&r, 0, INT64_MAX);
		e.time = read_int(&r, -TIME_MAX, TIME_MAX);
		read_text(&r, e.service, sizeof(e.service));
		read_text(&r, e.rhost, sizeof(e.rhost));
		read_text(&r, e.token, sizeof(e.token));
		read_text(&r, e.outcome, sizeof(e.outcome));
		e.counter = read_int(&r, -1, INT64_MAX);
		e.distance = read_int(&r, -1, INT64_MAX);
		e.aside = read_int(&r, 0, 1) != 0;
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
