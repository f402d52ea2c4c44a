/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove.c - whether it is the store of this configuration, on a server that
 * counts.
 */
#include "store/pgsql/past.h"

/* clang-format off */
#define SELECT_STORE \
	"SELECT s.version,s.store_id,s.key_id,s.backup," \
	"pg_catalog.pg_is_in_recovery()," \
	"pg_catalog.current_setting('synchronous_commit')," \
	"coalesce(pg_catalog.current_setting('fsync',true),'on')," \
	PAST_FIELDS " FROM " PAST_FROM
/* clang-format on */

struct session {
	int64_t version, backup;
	bool replica;
	char commit[24], sync[8];
};

static enum rollcode_err
read_session(struct store *store, struct rows *rows, struct session *s,
    struct error *error)
{
	char id[STORE_ID_LEN + 1];

	if (!rows_next(rows))
		return link_error(store->link, error, ROLLCODE_ERR_UNAVAIL,
		    "the store is incomplete; rollcode-admin init completes "
		    "it");
	s->version = rows_int(rows, 1, 999);
	rows_text(rows, id, sizeof(id));
	rows_text(rows, store->key_id, sizeof(store->key_id));
	s->backup = rows_int(rows, 0, INT64_MAX);
	s->replica = rows_bool(rows);
	rows_text(rows, s->commit, sizeof(s->commit));
	rows_text(rows, s->sync, sizeof(s->sync));
	if (rows->bad || rows_count(rows) != 1)
		return link_error(store->link, error, ROLLCODE_ERR_STORE,
		    "rollcode.store was changed; restore it");
	if (store->id[0] != '\0' && strcmp(id, store->id) != 0)
		return link_error(store->link, error, ROLLCODE_ERR_UNAVAIL,
		    "the store was replaced while it was in use; try again");
	memcpy(store->id, id, sizeof(store->id));
	return ROLLCODE_OK;
}

static enum rollcode_err
check_session(
    const struct link *link, const struct session *s, struct error *error)
{
	if (s->replica)
		return link_error(link, error, ROLLCODE_ERR_UNAVAIL,
		    "is a replica, where used codes may not be marked yet; "
		    "name the primary");
	if (strcmp(s->commit, "on") != 0 &&
	    strcmp(s->commit, "remote_apply") != 0)
		return link_error(link, error, ROLLCODE_ERR_STORE,
		    "synchronous_commit is %s for this session, so used codes "
		    "could work again; no pooler may change it",
		    s->commit);
	if (strcmp(s->sync, "on") != 0)
		return link_error(link, error, ROLLCODE_ERR_STORE,
		    "runs with fsync=%s, so used codes could work again after "
		    "a power cut; set fsync=on",
		    s->sync);
	if (s->version > PGSQL_VERSION)
		return link_error(link, error, ROLLCODE_ERR_STORE,
		    "the store was made by a newer version; install that "
		    "version");
	if (s->version < PGSQL_OLDEST)
		return link_error(link, error, ROLLCODE_ERR_STORE,
		    "the store was made by an older version; rollcode-admin "
		    "init upgrades it");
	return ROLLCODE_OK;
}

void
pgsql_ask_proof(struct store *store, struct proof_rows *rows, bool hold)
{
	link_ask(store->link, &rows->store,
	    hold ? SELECT_STORE " FOR SHARE OF s" : SELECT_STORE, "");
	past_ask(store, &rows->seen);
}

enum rollcode_err
pgsql_check_proof(
    struct store *store, struct proof_rows *rows, struct error *error)
{
	struct session session = {0};
	enum rollcode_err err;

	if ((err = read_session(store, &rows->store, &session, error)) !=
		ROLLCODE_OK ||
	    (err = check_session(store->link, &session, error)) != ROLLCODE_OK)
		return err;
	store->version = session.version;
	store->restored = (struct restored){
	    .is = session.backup != 0,
	    .since = session.backup,
	};
	if ((err = past_read(store, &rows->store, &rows->seen, error)) !=
	    ROLLCODE_OK)
		return err;
	if (rows->store.bad)
		return link_error(store->link, error, ROLLCODE_ERR_STORE,
		    "rollcode.store was changed; restore it");
	return store_keys_choose(&store->keys, link_where(store->link),
	    store->key_id, &store->key, error);
}

enum rollcode_err
pgsql_prove(struct store *store, bool hold, struct error *error)
{
	WIPED(proof_rows_free) struct proof_rows rows = {0};
	enum rollcode_err err;

	pgsql_ask_proof(store, &rows, hold);
	if ((err = link_answers(store->link, error)) != ROLLCODE_OK)
		return err;
	return pgsql_check_proof(store, &rows, error);
}

void
pgsql_ask_same(struct store *store)
{
	link_ask(store->link, NULL,
	    LINK_ONE_ROW
	    "FROM rollcode.store "
	    "WHERE store_id=$1 AND key_id=$2 AND version=$3 AND backup=$4 "
	    "AND NOT pg_catalog.pg_is_in_recovery() "
	    "AND pg_catalog.current_setting('synchronous_commit')='on' "
	    "AND coalesce(pg_catalog.current_setting('fsync',true),'on')='on' "
	    "AND " PGSQL_TIMELINE "=$5",
	    "ttiii", store->id, store->key_id, store->version,
	    store->restored.since, store->past.timeline);
}
