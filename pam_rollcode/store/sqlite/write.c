/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write.c - an account into the rows of one user's file.
 *
 * Every update names the old value, and must change exactly one row.  A user
 * who was enrolled anew has the same ids, counters and sequence again, so a
 * token is named by its sealed secret too, of which there are no two alike,
 * and a recovery code by its MAC.
 */
#include "common/token/token.h"
#include "store/sqlite/parts.h"

static enum rollcode_err
insert_token(struct store *store, const char *user,
    const struct account_token *t, struct error *error)
{
	struct sealed sealed;
	enum rollcode_err err;

	if ((err = store_seal_token(&store->keys, store->user_key, user,
		 &t->token, &sealed, error)) != ROLLCODE_OK)
		return err;
	return sqlite_change(store->db, error, 1,
	    "INSERT INTO token(label,form,algorithm,digits,key_id,secret,"
	    "counter,enabled,created,used) VALUES(?,?,?,?,?,?,?,?,?,?)",
	    "tttitbiiii", t->token.label, form_name(t->token.form),
	    algorithm_name(t->token.algorithm), (int64_t)t->token.digits,
	    store->user_key->id, sealed.bytes, sealed.len,
	    (int64_t)t->token.counter, (int64_t)t->enabled, t->created,
	    t->used);
}

/* What the account has that no store has given an id. */
static enum rollcode_err
insert_new(struct store *store, const struct account *a, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;

	for (size_t i = 0; i < a->token_count && err == ROLLCODE_OK; i++)
		if (a->tokens[i].id == 0)
			err =
			    insert_token(store, a->user, &a->tokens[i], error);
	for (size_t i = 0; i < a->recovery_count && err == ROLLCODE_OK; i++)
		if (a->recovery[i].id == 0)
			err = sqlite_change(store->db, error, 1,
			    "INSERT INTO recovery(mac,issued,expires,used) "
			    "VALUES(?,?,?,?)",
			    "biii", a->recovery[i].mac,
			    sizeof(a->recovery[i].mac), a->recovery[i].issued,
			    a->recovery[i].expires, a->recovery[i].used);
	return err;
}

/* Seal the recovery key anew, if there is one, and store it. */
static enum rollcode_err
put_recovery_key(
    struct store *store, const struct account *a, struct error *error)
{
	struct sealed sealed = {0};
	enum rollcode_err err;

	if (a->recovery_key_set &&
	    (err = store_seal_recovery(&store->keys, store->user_key, a->user,
		 &a->recovery_key, &sealed, error)) != ROLLCODE_OK)
		return err;
	return sqlite_change(store->db, error, 1,
	    "UPDATE account SET key_id=?,recovery_key=?", "tb",
	    store->user_key->id, a->recovery_key_set ? sealed.bytes : NULL,
	    sealed.len);
}

enum rollcode_err
rows_insert(struct store *store, const struct account *a, int64_t sequence,
    struct error *error)
{
	enum rollcode_err err;

	err = sqlite_change(store->db, error, 1,
	    "INSERT INTO account(id,user,failures,halves,spent,spent_time,"
	    "failed,replayed,created,last_success,last_failure,sequence,"
	    "key_id) VALUES(1,?,0,0,0,0,0,0,?,0,0,?,?)",
	    "tiit", a->user, a->created, sequence, store->user_key->id);
	if (err == ROLLCODE_OK && a->recovery_key_set)
		err = put_recovery_key(store, a, error);
	return err == ROLLCODE_OK ? insert_new(store, a, error) : err;
}

static enum rollcode_err
update_account(struct store *store, const struct account *a, int64_t sequence,
    struct error *error)
{
	const struct account *b = &store->before;
	const struct sealed *first = b->token_count > 0 ? store->seals : NULL;
	enum rollcode_err err;

	err = sqlite_change(store->db, error, 1,
	    "UPDATE account SET failures=?,spent=?,spent_time=?,"
	    "failed=?,replayed=?,late=?,last_success=?,last_failure=?,"
	    "sequence=? "
	    "WHERE sequence=? AND created=? AND "
	    "(SELECT secret FROM token ORDER BY id LIMIT 1) IS ?",
	    "iiiiiiiiiiib", (int64_t)a->failures, (int64_t)a->spent,
	    a->spent_time, (int64_t)a->failed, (int64_t)a->replayed,
	    (int64_t)a->late, a->last_success, a->last_failure, sequence,
	    b->sequence, b->created, first != NULL ? first->bytes : NULL,
	    first != NULL ? first->len : 0);
	if (err != ROLLCODE_OK || account_same_recovery_key(a, b))
		return err;
	return put_recovery_key(store, a, error);
}

static enum rollcode_err
update_token(struct store *store, const struct account_token *t,
    const struct account_token *b, struct error *error)
{
	const struct sealed *seal = &store->seals[b - store->before.tokens];
	enum rollcode_err err;

	if (!t->touched && t->enabled == b->enabled &&
	    account_same_position(t, b))
		return ROLLCODE_OK;
	/*
	 * SQLite writes no page that an update leaves as it was, and splits
	 * one whose rows grow: so each row grows first, as far as it can.
	 */
	if (t->touched &&
	    (err = sqlite_change(store->db, error, 1,
		 "UPDATE token SET far_counter=-4611686018427387904,"
		 "far_time=-4611686018427387904 WHERE id=? AND counter=?",
		 "ii", t->id, (int64_t)b->token.counter)) != ROLLCODE_OK)
		return err;
	return sqlite_change(store->db, error, 1,
	    "UPDATE token SET counter=?,far_counter=CASE WHEN ? THEN ? END,"
	    "far_time=CASE WHEN ? THEN ? END,enabled=?,used=? "
	    "WHERE id=? AND counter=? AND secret=?",
	    "iiiiiiiiib", (int64_t)t->token.counter, (int64_t)t->far_known,
	    (int64_t)t->far_counter, (int64_t)t->far_known, t->far_time,
	    (int64_t)t->enabled, t->used, t->id, (int64_t)b->token.counter,
	    seal->bytes, seal->len);
}

static enum rollcode_err
update_tokens(struct store *store, const struct account *a, struct error *error)
{
	const struct account *b = &store->before;
	enum rollcode_err err = ROLLCODE_OK;

	for (size_t i = 0; i < b->token_count && err == ROLLCODE_OK; i++) {
		const struct account_token *t =
		    account_token_of_id(a, b->tokens[i].id);

		err = t != NULL
			  ? update_token(store, t, &b->tokens[i], error)
			  : sqlite_change(store->db, error, 1,
				"DELETE FROM token WHERE id=? AND "
				"secret=?",
				"ib", b->tokens[i].id, store->seals[i].bytes,
				store->seals[i].len);
	}
	return err;
}

static enum rollcode_err
update_recovery(
    struct store *store, const struct account *a, struct error *error)
{
	const struct account *b = &store->before;
	enum rollcode_err err = ROLLCODE_OK;

	for (size_t i = 0; i < b->recovery_count && err == ROLLCODE_OK; i++) {
		const struct account_recovery *r =
		    account_recovery_of_id(a, b->recovery[i].id);

		if (r == NULL)
			err = sqlite_change(store->db, error, 1,
			    "DELETE FROM recovery WHERE id=? AND mac=?", "ib",
			    b->recovery[i].id, b->recovery[i].mac,
			    sizeof(b->recovery[i].mac));
		else if (r->used != b->recovery[i].used)
			err = sqlite_change(store->db, error, 1,
			    "UPDATE recovery SET used=? WHERE id=? AND used=? "
			    "AND mac=?",
			    "iiib", r->used, r->id, b->recovery[i].used,
			    b->recovery[i].mac, sizeof(b->recovery[i].mac));
	}
	return err;
}

enum rollcode_err
rows_update(struct store *store, const struct account *account,
    int64_t sequence, struct error *error)
{
	enum rollcode_err err;

	if ((err = update_account(store, account, sequence, error)) !=
		ROLLCODE_OK ||
	    (err = update_tokens(store, account, error)) != ROLLCODE_OK ||
	    (err = update_recovery(store, account, error)) != ROLLCODE_OK)
		return err;
	return insert_new(store, account, error);
}

enum rollcode_err
rows_reseal(struct store *store, const struct account *a, struct error *error)
{
	enum rollcode_err err = put_recovery_key(store, a, error);

	for (size_t i = 0; i < a->token_count && err == ROLLCODE_OK; i++) {
		const struct account_token *t = &a->tokens[i];
		struct sealed sealed;

		err = store_seal_token(&store->keys, store->user_key, a->user,
		    &t->token, &sealed, error);
		if (err == ROLLCODE_OK)
			err = sqlite_change(store->db, error, 1,
			    "UPDATE token SET key_id=?,secret=? WHERE id=? "
			    "AND counter=?",
			    "tbii", store->user_key->id, sealed.bytes,
			    sealed.len, t->id, (int64_t)t->token.counter);
	}
	return err;
}

enum rollcode_err
rows_event(struct store *store, const struct event *e, int64_t sequence,
    struct error *error)
{
	int64_t kept = restored_kept(store->config, &store->restored);
	enum rollcode_err err;

	if ((err = sqlite_change(store->db, error, -1,
		 "DELETE FROM event WHERE slot>=?", "i",
		 kept == 0 ? INT64_MIN : kept)) != ROLLCODE_OK ||
	    kept == 0)
		return err;
	return sqlite_change(store->db, error, 1,
	    "INSERT OR REPLACE INTO event(slot,sequence,time,service,rhost,"
	    "token,outcome,counter,distance) VALUES(?,?,?,?,?,?,?,?,?)",
	    "iiittttii", e->aside ? -1 : sequence % kept, sequence, e->time,
	    e->service, e->rhost, e->token, e->outcome, e->counter,
	    e->distance);
}
