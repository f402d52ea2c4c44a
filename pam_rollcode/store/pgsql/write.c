/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write.c - an account into the rows of one user.
 *
 * Every update names the old value, and changes exactly one row; a login
 * names no column that only an administrator changes.  A user who was enrolled
 * anew has the same ids, counters and sequence again, so a token is named by
 * its sealed secret too, of which there are no two alike, and a recovery code
 * by its MAC.
 */
#include "common/token/token.h"
#include "store/pgsql/pgsql.h"

static enum rollcode_err
pgsql_insert_token(struct store *store, const char *user,
    const struct account_token *t, struct error *error)
{
	const char *label = t->token.label;
	struct sealed sealed;
	enum rollcode_err err;

	if ((err = store_seal_token(&store->keys, store->user_key, user,
		 &t->token, &sealed, error)) != ROLLCODE_OK)
		return err;
	link_change(store->link,
	    "INSERT INTO rollcode.token(name,id,label,form,algorithm,digits,"
	    "key_id,secret,counter,enabled,created,used) SELECT $1,"
	    "coalesce(pg_catalog.max(id),0)+1,$2::bytea,$3,$4,$5::bigint,$6,"
	    "$7::bytea,$8::bigint,$9::boolean,$10::bigint,$11::bigint "
	    "FROM rollcode.token WHERE name=$1",
	    "tbttitbitii", store->name, label, strlen(label),
	    form_name(t->token.form), algorithm_name(t->token.algorithm),
	    (int64_t)t->token.digits, store->user_key->id, sealed.bytes,
	    sealed.len, (int64_t)t->token.counter, t->enabled ? "t" : "f",
	    t->created, t->used);
	return ROLLCODE_OK;
}

/* What the account has that no store has given an id. */
static enum rollcode_err
pgsql_insert_new(
    struct store *store, const struct account *a, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;

	for (size_t i = 0; i < a->token_count && err == ROLLCODE_OK; i++)
		if (a->tokens[i].id == 0)
			err = pgsql_insert_token(
			    store, a->user, &a->tokens[i], error);
	for (size_t i = 0; i < a->recovery_count; i++)
		if (a->recovery[i].id == 0)
			link_change(store->link,
			    "INSERT INTO rollcode.recovery(name,id,mac,issued,"
			    "expires,used) SELECT "
			    "$1,coalesce(pg_catalog.max(id),0)+1,$2::bytea,"
			    "$3::bigint,$4::bigint,$5::bigint "
			    "FROM rollcode.recovery WHERE name=$1",
			    "tbiii", store->name, a->recovery[i].mac,
			    sizeof(a->recovery[i].mac), a->recovery[i].issued,
			    a->recovery[i].expires, a->recovery[i].used);
	return err;
}

/* Seal the recovery key anew, if there is one, and store it. */
static enum rollcode_err
pgsql_put_recovery_key(
    struct store *store, const struct account *a, struct error *error)
{
	struct sealed sealed = {0};
	enum rollcode_err err;

	if (a->recovery_key_set &&
	    (err = store_seal_recovery(&store->keys, store->user_key, a->user,
		 &a->recovery_key, &sealed, error)) != ROLLCODE_OK)
		return err;
	link_change(store->link,
	    "UPDATE rollcode.account SET key_id=$2,recovery_key=$3 "
	    "WHERE name=$1",
	    "ttb", store->name, store->user_key->id,
	    a->recovery_key_set ? sealed.bytes : NULL, sealed.len);
	return ROLLCODE_OK;
}

enum rollcode_err
pgsql_insert(struct store *store, const struct account *a, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;

	link_change(store->link,
	    "INSERT INTO rollcode.account(name,created,key_id) "
	    "VALUES($1,$2,$3)",
	    "tit", store->name, a->created, store->user_key->id);
	if (a->recovery_key_set)
		err = pgsql_put_recovery_key(store, a, error);
	return err == ROLLCODE_OK ? pgsql_insert_new(store, a, error) : err;
}

static enum rollcode_err
pgsql_update_account(struct store *store, const struct account *a,
    int64_t sequence, struct error *error)
{
	const struct account *b = &store->before;
	const struct sealed *first = b->token_count > 0 ? store->seals : NULL;

	/* A used code that is written aside raises no sequence. */
	link_change(store->link,
	    "UPDATE rollcode.account SET failures=$2,spent=$3,spent_time=$4,"
	    "failed=$5,replayed=$6,late=$7,last_success=$8,"
	    "last_failure=$9,sequence=$10 "
	    "WHERE name=$1 AND sequence=$11 AND replayed=$12 AND created=$13 "
	    "AND (SELECT secret FROM rollcode.token WHERE name=$1 ORDER BY id "
	    "LIMIT 1) IS NOT DISTINCT FROM $14",
	    "tiiiiiiiiiiiib", store->name, (int64_t)a->failures,
	    (int64_t)a->spent, a->spent_time, (int64_t)a->failed,
	    (int64_t)a->replayed, (int64_t)a->late, a->last_success,
	    a->last_failure, sequence, b->sequence, (int64_t)b->replayed,
	    b->created, first != NULL ? first->bytes : NULL,
	    first != NULL ? first->len : 0);
	return account_same_recovery_key(a, b)
		   ? ROLLCODE_OK
		   : pgsql_put_recovery_key(store, a, error);
}

static void
pgsql_update_token(struct store *store, const struct account_token *t,
    const struct account_token *b)
{
	int64_t counter = (int64_t)t->token.counter;
	int64_t old = (int64_t)b->token.counter;
	const struct sealed *seal = &store->seals[b - store->before.tokens];

	if (t->enabled != b->enabled)
		link_change(store->link,
		    "UPDATE rollcode.token SET enabled=$3 WHERE name=$1 AND "
		    "id=$2 AND secret=$4",
		    "titb", store->name, t->id, t->enabled ? "t" : "f",
		    seal->bytes, seal->len);
	if (!t->touched && account_same_position(t, b))
		return;
	link_change(store->link,
	    "UPDATE rollcode.token SET counter=$4,used=$5,"
	    "far_counter=CASE WHEN $6::boolean THEN $7::bigint END,"
	    "far_time=CASE WHEN $6::boolean THEN $8::bigint END "
	    "WHERE name=$1 AND id=$2 AND counter=$3 AND secret=$9",
	    "tiiiitiib", store->name, t->id, old, counter, t->used,
	    t->far_known ? "t" : "f", (int64_t)t->far_counter, t->far_time,
	    seal->bytes, seal->len);
}

static void
pgsql_update_tokens(struct store *store, const struct account *a)
{
	const struct account *b = &store->before;

	for (size_t i = 0; i < b->token_count; i++) {
		const struct account_token *t =
		    account_token_of_id(a, b->tokens[i].id);

		if (t != NULL)
			pgsql_update_token(store, t, &b->tokens[i]);
		else
			link_change(store->link,
			    "DELETE FROM rollcode.token WHERE name=$1 AND "
			    "id=$2 AND secret=$3",
			    "tib", store->name, b->tokens[i].id,
			    store->seals[i].bytes, store->seals[i].len);
	}
}

static void
pgsql_update_recovery(struct store *store, const struct account *a)
{
	const struct account *b = &store->before;

	for (size_t i = 0; i < b->recovery_count; i++) {
		int64_t id = b->recovery[i].id, used = b->recovery[i].used;
		const uint8_t *mac = b->recovery[i].mac;
		const struct account_recovery *r =
		    account_recovery_of_id(a, id);

		if (r == NULL)
			link_change(store->link,
			    "DELETE FROM rollcode.recovery WHERE name=$1 AND "
			    "id=$2 AND mac=$3",
			    "tib", store->name, id, mac,
			    (size_t)ACCOUNT_MAC_LEN);
		else if (r->used != used)
			link_change(store->link,
			    "UPDATE rollcode.recovery SET used=$4 WHERE "
			    "name=$1 AND id=$2 AND used=$3 AND mac=$5",
			    "tiiib", store->name, id, used, r->used, mac,
			    (size_t)ACCOUNT_MAC_LEN);
	}
}

enum rollcode_err
pgsql_update(struct store *store, const struct account *account,
    int64_t sequence, struct error *error)
{
	enum rollcode_err err;

	if ((err = pgsql_update_account(store, account, sequence, error)) !=
	    ROLLCODE_OK)
		return err;
	pgsql_update_tokens(store, account);
	pgsql_update_recovery(store, account);
	return pgsql_insert_new(store, account, error);
}

enum rollcode_err
pgsql_seal_again(
    struct store *store, const struct account *a, struct error *error)
{
	enum rollcode_err err = pgsql_put_recovery_key(store, a, error);

	for (size_t i = 0; i < a->token_count && err == ROLLCODE_OK; i++) {
		const struct account_token *t = &a->tokens[i];
		struct sealed sealed;

		err = store_seal_token(&store->keys, store->user_key, a->user,
		    &t->token, &sealed, error);
		if (err == ROLLCODE_OK)
			link_change(store->link,
			    "UPDATE rollcode.token SET key_id=$4,secret=$5 "
			    "WHERE name=$1 AND id=$2 AND counter=$3",
			    "tiitb", store->name, t->id,
			    (int64_t)t->token.counter, store->user_key->id,
			    sealed.bytes, sealed.len);
	}
	return err;
}

void
pgsql_event(struct store *store, const struct event *e, int64_t sequence)
{
	int64_t kept = restored_kept(store->config, &store->restored);

	/* A login has no right to: nobody reads what lies there. */
	if (store->config->administers)
		link_ask(store->link, NULL,
		    "DELETE FROM rollcode.event WHERE name=$1 AND "
		    "(slot>=$2 OR $2=0)",
		    "ti", store->name, kept);
	if (kept == 0)
		return;
	link_change(store->link,
	    "INSERT INTO rollcode.event(name,slot,sequence,time,service,rhost,"
	    "token,outcome,counter,distance) VALUES($1,$2,$3,$4,$5,$6,$7,$8,"
	    "$9,$10) ON CONFLICT(name,slot) DO UPDATE SET "
	    "sequence=excluded.sequence,time=excluded.time,"
	    "service=excluded.service,rhost=excluded.rhost,"
	    "token=excluded.token,outcome=excluded.outcome,"
	    "counter=excluded.counter,distance=excluded.distance",
	    "tiiibbbtii", store->name, e->aside ? -1 : sequence % kept,
	    sequence, e->time, e->service, strlen(e->service), e->rhost,
	    strlen(e->rhost), e->token, strlen(e->token), e->outcome,
	    e->counter, e->distance);
}
