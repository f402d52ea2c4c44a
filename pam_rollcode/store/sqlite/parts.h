/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts.h - what the files of the SQLite store share among themselves.
 *
 * DIRECTORY/users/NAME.db, one file for each user, and beside it its log,
 * NAME.db-wal.  DIRECTORY/users/marker says that the directory is a store, and
 * whose.  Enrolment builds NAME.new and moves it into place.
 */
#ifndef ROLLCODE_STORE_SQLITE_PARTS_H
#define ROLLCODE_STORE_SQLITE_PARTS_H

#include <limits.h>

#include "common/sqlite/sqlite.h"
#include "store/keys.h"
#include "store/name.h"
#include "store/store.h"

#define MACHINE_NAME_LEN	32	/* hex digits */

struct store_path {
	char	text[PATH_MAX];
};

struct marker {
	int64_t	format;
	char	store_id[STORE_ID_LEN + 1];
	char	key_id[SEAL_ID_LEN + 1];	/* what new secrets get */
	int64_t	backup;		/* when it was restored, or copied to be */
	char	machine[MACHINE_NAME_LEN + 1];	/* where it was made, or "" */
};

struct store {
	const struct config	*config;
	struct store_path	 users;		/* the directory */
	struct marker		 marker;
	struct store_path	 witness;	/* their directory, */
	bool			 witnessed;	/* if it can be used */
	struct restored		 restored;	/* as the marker was read */
	struct store_keys	 keys;
	const struct derived_key *key;		/* for new users' secrets */
	const struct derived_key *user_key;	/* for this user's */
	bool			 stale;		/* one is not of SECRET_KEY */
	sqlite3			*db;		/* of the user begun, or NULL */
	struct sqlite_parked	*parked;	/* that has it, if any has */
	bool			 sound;		/* no error since begin */
	bool			 raised;	/* by a witness, not yet */
						/* written */
	struct store_path	 file;
	struct account		 before;	/* as begin read it ... */
	struct sealed		 seals[ACCOUNT_TOKENS_MAX]; /* ... its tokens */
};

extern const struct sqlite_kind	store_sqlite_kind;

/* DIRECTORY/users, and a name in such a directory followed by an ending. */
enum rollcode_err	store_users_path(const struct config *,
			    struct store_path *, struct error *) MUST_USE;
enum rollcode_err	store_path_join(struct store_path *,
			    const char *directory, const char *name,
			    const char *ending, struct error *) MUST_USE;

/* Remove that path followed by an ending, if it is there. */
enum rollcode_err	store_remove_file(const struct store_path *,
			    const char *ending, struct error *) MUST_USE;

/* Check the directory's path, owner and mode. */
enum rollcode_err	store_check_directory(const struct config *,
			    const struct store_path *users, struct error *)
			    MUST_USE;

/*
 * Read and check the marker, and what it says of the store's past.  UNAVAIL if
 * there is none.
 */
enum rollcode_err	marker_read(const struct config *,
			    const struct store_path *users, struct marker *,
			    struct restored *, struct error *) MUST_USE;

/* Write one, durable.  Unless replace is set, EXISTS if there is one. */
enum rollcode_err	marker_write(const struct store_path *users,
			    const struct marker *, bool replace,
			    struct error *) MUST_USE;

/*
 * What this machine is called in the marker of that store, "" where it has no
 * id.
 */
enum rollcode_err	machine_name(const char *store_id,
			    char name[MACHINE_NAME_LEN + 1], struct error *)
			    MUST_USE;

/*
 * Read the marker anew: it must be that of the store that was opened, and of
 * one of its keys.
 */
enum rollcode_err	store_look_again(struct store *, struct error *)
			    MUST_USE;

/*
 * A user's file that stays open between logins of this process while its lock
 * is let go, so that everybody else can use it; few do, and each for
 * STORE_IDLE_MS at most.  take is as sqlite_open, and opens one that is not
 * there, or was changed by somebody else; it is locked until put, which leaves
 * it or closes it, or close, which rolls back what was not committed.  Both
 * have the connection then.
 */
enum rollcode_err	sqlite_parked_take(const char *path,
			    struct sqlite_parked **, sqlite3 **,
			    struct error *) MUST_USE;
void			sqlite_parked_put(struct sqlite_parked *);
void			sqlite_parked_close(struct sqlite_parked *);
int			sqlite_parked_empty(void);

/* As sqlite_check_unmoved, which cannot tell it of these. */
enum rollcode_err	sqlite_parked_check(const struct sqlite_parked *,
			    struct error *) MUST_USE;

/*
 * Fold a kept log back and cut it off, so that nothing of what was overwritten
 * is left in it; outside a transaction, upgrade apart; durable.
 */
enum rollcode_err	sqlite_empty_log(sqlite3 *, struct error *) MUST_USE;

/*
 * Rows and accounts, in the open database.  What is written is sealed with
 * user_key: all that a user has is of one key, which rows_read finds.
 */
enum rollcode_err	rows_read(struct store *, const char *user,
			    struct account *, struct error *) MUST_USE;
enum rollcode_err	rows_insert(struct store *, const struct account *,
			    int64_t sequence, struct error *) MUST_USE;
enum rollcode_err	rows_update(struct store *, const struct account *,
			    int64_t sequence, struct error *) MUST_USE;
enum rollcode_err	rows_event(struct store *, const struct event *,
			    int64_t sequence, struct error *) MUST_USE;
enum rollcode_err	rows_events(struct store *, store_event_fn *, void *,
			    struct error *) MUST_USE;

/* Seal what rows_read has read anew, in place, and change nothing else. */
enum rollcode_err	rows_reseal(struct store *, const struct account *,
			    struct error *) MUST_USE;

/* The administrator's verbs of store_ops. */
enum rollcode_err	store_sqlite_create(struct store *,
			    const struct account *, const struct event *,
			    bool replace, struct error *) MUST_USE;
enum rollcode_err	store_sqlite_remove(struct store *,
			    const char *user, struct error *) MUST_USE;
enum rollcode_err	store_sqlite_each(struct store *, store_user_fn *,
			    void *, struct error *) MUST_USE;
enum rollcode_err	store_sqlite_recent(struct store *, int64_t since,
			    store_recent_fn *, void *, struct error *)
			    MUST_USE;
enum rollcode_err	store_sqlite_init(const struct config *, bool *made,
			    struct error *) MUST_USE;
enum rollcode_err	store_sqlite_mark(struct store *, int64_t since,
			    struct error *) MUST_USE;
enum rollcode_err	store_sqlite_adopt(struct store *, struct error *)
			    MUST_USE;
enum rollcode_err	store_sqlite_reseal(struct store *, const char *user,
			    struct error *) MUST_USE;
enum rollcode_err	store_sqlite_clean(struct store *, struct error *)
			    MUST_USE;
enum rollcode_err	store_sqlite_backup(struct store *, const char *path,
			    int64_t began, store_told_fn *, void *,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_STORE_SQLITE_PARTS_H */
