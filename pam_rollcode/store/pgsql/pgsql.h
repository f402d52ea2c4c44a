/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pgsql.h - what the files of the PostgreSQL store share among
 * themselves.
 *
 * One schema, rollcode, with a row for the store, one for each account, and
 * the rows of their tokens, recovery codes and events.  Names are kept as
 * store_name_encode() writes them, every other text as bytes.
 */
#ifndef ROLLCODE_STORE_PGSQL_PGSQL_H
#define ROLLCODE_STORE_PGSQL_PGSQL_H

#include "store/keys.h"
#include "store/name.h"
#include "store/pgsql/link.h"
#include "store/store.h"

#define PGSQL_VERSION		4	/* of the schema */
#define PGSQL_OLDEST		3	/* that is good enough */
#define PGSQL_WHOLE_MS		4000	/* one login, from open to its end */
#define PGSQL_ROLE_MAX		128
#define PGSQL_TRIES		3	/* after collisions */
#define PGSQL_USER_ASKS		24	/* statements about one user */

struct page;

/* Where a server is in its history. */
struct pgsql_past {
	int64_t	settled;	/* grows when somebody says what it is */
	int64_t	timeline, lsn;
};

/* What this host was told is committed: see past.h. */
struct pgsql_seen {
	bool			is;	/* nothing else counts if not */
	char			store_id[STORE_ID_LEN + 1];
	struct pgsql_past	past;
	/* The user and the token of that commit, as they were then. */
	char			name[STORE_NAME_MAX + 1];
	struct sealed		secret;	/* len 0: none */
	int64_t			sequence, counter;
};

struct store {
	const struct config	*config;
	struct link		*link;
	int64_t			 deadline;	/* 0: none */
	struct store_keys	 keys;
	const struct derived_key *key;		/* for new users' secrets */
	char			 id[STORE_ID_LEN + 1];
	char			 key_id[SEAL_ID_LEN + 1];
	int64_t			 version;	/* of its schema */
	struct restored		 restored;	/* as the store says */
	struct pgsql_past	 past;		/* of its server */
	struct pgsql_seen	 seen;
	bool			 kept;	/* the link was left by another login */
	bool			 locks;	/* the user begun is locked */
	bool			 ahead;	/* ... was read ahead, in ... */
	struct page		*page;	/* ... that of the walk, or NULL */
	char			 name[STORE_NAME_MAX + 1]; /* the user's */
	char			 where[LINK_WHERE_MAX + STORE_NAME_MAX + 3];
	const struct derived_key *user_key;	/* for this user's */
	struct account		 before;	/* as begin read it ... */
	struct sealed		 seals[ACCOUNT_TOKENS_MAX]; /* ... its tokens */
};

/*
 * Connect, and prove nothing yet.  An administrator may have a URI of their
 * own.
 */
enum rollcode_err	pgsql_connect(struct store *, bool administers,
			    struct error *) MUST_USE;

/*
 * Prove that it is the store of this configuration, the same as before, on a
 * server that counts; hold says whether its key stays until the transaction
 * ends, which a login has no right to.
 */
enum rollcode_err	pgsql_prove(struct store *, bool hold, struct error *)
			    MUST_USE;

/* The same in two steps, as a part of a turn. */
struct proof_rows {
	struct rows	store, seen;
};

static inline void
proof_rows_free(struct proof_rows *rows)
{
	rows_free(&rows->store);
	rows_free(&rows->seen);
}

void			pgsql_ask_proof(struct store *, struct proof_rows *,
			    bool hold);
enum rollcode_err	pgsql_check_proof(struct store *, struct proof_rows *,
			    struct error *) MUST_USE;

/*
 * Take the answers to all that was asked, proof included, and check that; if
 * it only reads the transaction ends with it.
 */
enum rollcode_err	pgsql_take_proof(struct store *, bool reads,
			    struct proof_rows *, struct error *) MUST_USE;

/*
 * Ask for a refusal unless it is the same store still: between two turns a
 * pooler may go to another server, or a store may come.
 */
void			pgsql_ask_same(struct store *);

/* A change of the store's own row keeps what shows who wrote it. */
#define PGSQL_WROTE \
	"written=CASE WHEN written%4294967296=xmin::text::bigint " \
	"THEN pg_catalog.txid_current() ELSE written END"

/* Somebody has said what it is: what was seen before counts no more. */
#define PGSQL_SETTLED \
	"settled=greatest(settled+1," \
	"extract(epoch FROM pg_catalog.clock_timestamp())::bigint)"

/* It is right as it is: what it is compared with from now on. */
#define PGSQL_TIMELINE \
	"('x'||pg_catalog.substr(pg_catalog.pg_walfile_name(" \
	"pg_catalog.pg_current_wal_lsn()),1,8))::bit(32)::bigint"
#define PGSQL_LSN \
	"pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn()," \
	"'0/0')::bigint"
#define PGSQL_SYSTEM \
	"(SELECT system_identifier::text FROM pg_catalog.pg_control_system())"
#define PGSQL_DATABASE \
	"(SELECT oid::bigint FROM pg_catalog.pg_database " \
	"WHERE datname=pg_catalog.current_database())"
#define PGSQL_RIGHT \
	"system=" PGSQL_SYSTEM ",database=" PGSQL_DATABASE "," \
	"relation=tableoid::bigint,timeline=" PGSQL_TIMELINE "," \
	"written=pg_catalog.txid_current()"

/* Undo, unlock, forget the user begun; the link stays. */
void			pgsql_end(struct store *);

/*
 * The link that this process keeps between logins: take it, give it back (if
 * it is not kept, it stays the caller's), and store_ops.idle.
 */
struct link		*kept_take(const struct config *, int64_t deadline)
			    MUST_USE;
bool			kept_give(const struct config *, struct link *)
			    MUST_USE;
int			kept_idle(void);

/* Connect again if the link broke, and prove what was not proven. */
enum rollcode_err	pgsql_ready(struct store *, struct error *) MUST_USE;

/* Ask for a transaction that changes the store's own row; nobody is begun. */
enum rollcode_err	pgsql_begin_store(struct store *, struct error *)
			    MUST_USE;

/* Lock the user in a new transaction; *there tells whether there is one. */
enum rollcode_err	pgsql_lock(struct store *, bool *there,
			    struct error *) MUST_USE;

/* A collision: undo and do it again, PGSQL_TRIES times in all. */
bool			pgsql_again(struct store *, enum rollcode_err,
			    int *tries);

/* What a turn has of one user. */
struct user_rows {
	struct rows	account, tokens, recovery;
};

static inline void
user_rows_free(struct user_rows *rows)
{
	rows_free(&rows->account);
	rows_free(&rows->tokens);
	rows_free(&rows->recovery);
}

/*
 * Ask for the user begun, or for those of an array of names: each row begins
 * with a number in it, from 1 on.  Read the answer, or rows_part of it; *there:
 * whether there is one.
 */
void			pgsql_ask(struct store *, struct user_rows *);
void			pgsql_ask_many(struct store *, const char *names,
			    bool locks, struct user_rows *);
void			pgsql_ask_events(struct store *, const char *names,
			    int64_t limit, struct rows *);
enum rollcode_err	pgsql_read(struct store *, const char *user,
			    struct user_rows *, struct account *, bool *there,
			    struct error *) MUST_USE;

/*
 * Ask for changes of the user begun, in a transaction.  What is written is
 * sealed with user_key: all that a user has is of one key, which pgsql_read
 * finds.
 */
enum rollcode_err	pgsql_insert(struct store *, const struct account *,
			    struct error *) MUST_USE;
enum rollcode_err	pgsql_update(struct store *, const struct account *,
			    int64_t sequence, struct error *) MUST_USE;
enum rollcode_err	pgsql_seal_again(struct store *,
			    const struct account *, struct error *) MUST_USE;
void			pgsql_event(struct store *, const struct event *,
			    int64_t sequence);

/* What brings the schema from a version to the next; each ends with NULL. */
extern const char *const *const	pgsql_versions[PGSQL_VERSION];

/* The role of a login, "" where the administrator's is the only one. */
enum rollcode_err	pgsql_login_role(const struct config *,
			    char role[PGSQL_ROLE_MAX], struct error *) MUST_USE;

/*
 * Give the role of a login what it needs, and take it from any other that can
 * write.  Makes the role if there is none.  CONFIG if it can do more than that.
 */
enum rollcode_err	pgsql_give_rights(struct store *, const char *role,
			    struct error *) MUST_USE;

/* The events of one who was looked at in a walk, a part of others'. */
enum rollcode_err	pgsql_events_ahead(struct store *, struct rows *,
			    struct error *) MUST_USE;

/* What of a user that was read is told to whom, and the end of begin. */
enum rollcode_err	pgsql_begun(struct store *, const char *user,
			    enum rollcode_err, bool *enrolled, struct error *)
			    MUST_USE;

/* As begin: into store->before, and locked or not. */
enum rollcode_err	pgsql_begin_user(struct store *, const char *user,
			    bool locks, bool *enrolled, struct error *)
			    MUST_USE;

/* Verbs of store_ops. */
enum rollcode_err	pgsql_examine(struct store *, struct error *) MUST_USE;
enum rollcode_err	pgsql_create(struct store *, const struct account *,
			    const struct event *, bool replace,
			    struct error *) MUST_USE;
enum rollcode_err	pgsql_create_all(struct store *,
			    const struct account *, const struct event *,
			    size_t count, struct error *) MUST_USE;
enum rollcode_err	pgsql_remove(struct store *, const char *user,
			    struct error *) MUST_USE;
enum rollcode_err	pgsql_look(struct store *, const char *user,
			    bool *enrolled, struct account *, struct error *)
			    MUST_USE;
enum rollcode_err	pgsql_each(struct store *, store_user_fn *, void *,
			    struct error *) MUST_USE;
enum rollcode_err	pgsql_some(struct store *, const char *const *users,
			    size_t count, store_user_fn *, void *,
			    struct error *) MUST_USE;
enum rollcode_err	pgsql_recent(struct store *, int64_t since,
			    store_recent_fn *, void *, struct error *)
			    MUST_USE;
enum rollcode_err	pgsql_events(struct store *, store_event_fn *,
			    void *, struct error *) MUST_USE;
enum rollcode_err	pgsql_init(const struct config *, bool *made,
			    struct error *) MUST_USE;
enum rollcode_err	pgsql_adopt(struct store *, struct error *) MUST_USE;
enum rollcode_err	pgsql_reseal(struct store *, const char *user,
			    struct error *) MUST_USE;
enum rollcode_err	pgsql_reseal_all(struct store *,
			    const char *const *users, size_t count,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_STORE_PGSQL_PGSQL_H */
