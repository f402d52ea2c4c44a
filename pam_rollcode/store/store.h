/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - where accounts are kept: one table of functions for each kind of
 * store, and what all of them promise.
 *
 *  1. Of two that begin one user at once, the second waits, or the commit of
 *     the slower one fails: what a commit overwrites is what its begin has
 *     read, and never what an enrolment has put in its place.
 *  2. What commit has acknowledged survives a kill and a power cut.
 *  3. A counter never falls, whatever a caller asks for.
 *  4. Who begins a user waits for that user alone, at most STORE_BUSY_MS.
 *  5. A kill at any moment leaves nothing to clean up.
 *  6. "Not enrolled" is said on proof; every doubt is an error.
 *
 * Four verbs carry every login: open, begin, commit, close.  close is also
 * the rollback, so forgetting is safe.
 */
#ifndef ROLLCODE_STORE_STORE_H
#define ROLLCODE_STORE_STORE_H

#include "config/config.h"
#include "rules/account.h"
#include "store/restored.h"

#define STORE_SERVICE_MAX	64	/* bytes of a service in an event */
#define STORE_RHOST_MAX		255
#define STORE_OUTCOME_MAX	24
#define STORE_BUSY_MS		2000	/* deadline for a user's lock */
#define STORE_IDLE_MS		2000	/* what is not used is closed then */
#define STORE_AT_ONCE		100	/* users of one commit */

struct store;

/* One row about what happened.  Empty texts and counter -1: nothing to say. */
struct event {
	int64_t	sequence;	/* set by the store; grows for one user */
	int64_t	time;
	char	service[STORE_SERVICE_MAX + 1];
	char	rhost[STORE_RHOST_MAX + 1];
	char	token[ROLLCODE_LABEL_MAX + 1];
	char	outcome[STORE_OUTCOME_MAX + 1];	/* a verdict's name, or an */
						/* administrator's command */
	int64_t	counter;
	int64_t	distance;
	bool	aside;			/* for commit: it takes the place of */
					/* the last such one alone, and the */
					/* account's sequence stays */
};

typedef enum rollcode_err	store_user_fn(void *, const char *user,
				    struct error *);
/* unusable says what is wrong with the user's data, NULL if nothing is. */
typedef void			store_told_fn(void *, const char *user,
				    const struct error *unusable);
typedef enum rollcode_err	store_event_fn(void *, const struct event *,
				    struct error *);
/* No event of the user is younger; with *enough set nobody else is wanted. */
typedef enum rollcode_err	store_recent_fn(void *, const char *user,
				    int64_t youngest, bool *enough,
				    struct error *);

struct store_ops {
	/*
	 * Reach the store and prove that it is the one of this configuration:
	 * owner, modes, marker, key.  UNAVAIL if it is missing or cannot be
	 * reached, STORE if it is the wrong one; *store is NULL then.  For a
	 * login begin may be what proves it, and says so.
	 */
	enum rollcode_err (*open)(struct store **store, const struct config *,
	    struct error *) MUST_USE;

	/*
	 * Read one user's account, and lock it until close, or let commit
	 * compare.  *enrolled is false only on positive proof, and then the
	 * account is empty.  UNAVAIL if somebody holds the lock for longer
	 * than STORE_BUSY_MS.  One that was put back is given as it was
	 * committed last, where that is known, and its `behind` says so; what
	 * of that is not in the store, commit writes along with anything else.
	 * In a restored store, unless the configuration administers, as
	 * restored_account says.
	 */
	enum rollcode_err (*begin)(struct store *, const char *user,
	    bool *enrolled, struct account *, struct error *) MUST_USE;

	/*
	 * Write what differs from the account that begin read, and the event
	 * (NULL for none), in one transaction; durable when it returns OK.
	 * A token of id 0 is new, a missing one is removed.  Ends the begin.
	 * On any error the caller must take it that nothing was written,
	 * and deny; with REASON_FASTER nothing was, and another begin reads
	 * what somebody else has written since.
	 */
	enum rollcode_err (*commit)(struct store *, const struct account *,
	    const struct event *, struct error *) MUST_USE;

	/*
	 * As begin, to look and not to commit, so that nobody is locked where
	 * that can be.  Of who is walked over by each, some or recent it may
	 * be read some time before, together with others.
	 */
	enum rollcode_err (*look)(struct store *, const char *user,
	    bool *enrolled, struct account *, struct error *) MUST_USE;

	/*
	 * Unlock the user begun, if any, and stay open: the end of a begin
	 * that only wanted to read, and of a look.
	 */
	void (*end)(struct store *);

	/* Undo what was not committed, unlock, wipe, free.  NULL is allowed. */
	void (*close)(struct store *);

	/*
	 * Close what logins of this process have left open, where the
	 * configuration pools, and nobody has used for its time.  In how many
	 * milliseconds there is more to close, -1 if nothing is open.  NULL if
	 * they leave nothing.
	 */
	int (*idle)(void);

	/*
	 * Enrol a user, all or nothing and durable, with an event.  EXISTS if
	 * there is one, unless replace is set.
	 */
	enum rollcode_err (*create)(struct store *, const struct account *,
	    const struct event *, bool replace, struct error *) MUST_USE;

	/*
	 * The same for new users, STORE_AT_ONCE at most, all of them in one
	 * commit; an error of one is that of all.  NULL where that is no faster
	 * than one by one.
	 */
	enum rollcode_err (*create_all)(struct store *, const struct account *,
	    const struct event *, size_t count, struct error *) MUST_USE;

	/*
	 * Remove a user for good, also one whose data no login could use.
	 * ABSENT if nobody of that name is enrolled.  Waits for a login of
	 * the user as begin does.
	 */
	enum rollcode_err (*remove)(struct store *, const char *user,
	    struct error *) MUST_USE;

	/*
	 * Call back for each user, sorted by name; stops at the first error.
	 * What is no name that can be shown was not put there by Rollcode,
	 * and is passed over.
	 */
	enum rollcode_err (*each)(struct store *, store_user_fn *, void *,
	    struct error *) MUST_USE;

	/* The same for these users, enrolled or not.  NULL as create_all. */
	enum rollcode_err (*some)(struct store *, const char *const *users,
	    size_t count, store_user_fn *, void *, struct error *) MUST_USE;

	/*
	 * Call back for each user who may have an event of that time or
	 * later, the one first who may have the youngest.
	 */
	enum rollcode_err (*recent)(struct store *, int64_t since,
	    store_recent_fn *, void *, struct error *) MUST_USE;

	/*
	 * Call back for the events of the user begun, the oldest first.  STORE
	 * at one whose outcome is none of ours, see outcome.h; of all other
	 * texts in an event nothing is known.
	 */
	enum rollcode_err (*events)(struct store *, store_event_fn *, void *,
	    struct error *) MUST_USE;

	/* Whether it was restored: what was used since is not spent in it. */
	const struct restored *(*restored)(const struct store *);

	/*
	 * Say that it was restored then; with since 0, that it is right as it
	 * is, and on this machine.  Durable.
	 */
	enum rollcode_err (*mark)(struct store *, int64_t since,
	    struct error *) MUST_USE;

	/*
	 * Whether logins go on by themselves after a standby was promoted.
	 * Durable.  CONFIG if one may lack what was accepted last.  NULL
	 * where nothing is promoted.
	 */
	enum rollcode_err (*follow)(struct store *, bool follow,
	    struct error *) MUST_USE;

	/*
	 * Make an empty store with its marker.  OK if there is one already
	 * of the same key: then nothing is changed and *made is false.
	 */
	enum rollcode_err (*init)(const struct config *, bool *made,
	    struct error *) MUST_USE;

	/*
	 * Whether a login can do more in the store than it needs: CONFIG with
	 * a sentence.  Of a store opened for a login.  NULL where no rights
	 * could be too many.
	 */
	enum rollcode_err (*examine)(struct store *, struct error *) MUST_USE;

	/*
	 * A change of key, once nobody uses the store with SECRET_KEY_PREVIOUS
	 * alone: adopt_key makes the store one of SECRET_KEY, reseal seals what
	 * a user has with it (nothing else changes, no trace of the old is
	 * left), reseal_all the same for several in one commit (NULL as
	 * create_all), clean removes what killed commands may have left (NULL
	 * if they leave nothing).  All of them can be repeated.  reseal of who
	 * is not enrolled is OK.
	 */
	enum rollcode_err (*adopt_key)(struct store *, struct error *) MUST_USE;
	enum rollcode_err (*reseal)(struct store *, const char *user,
	    struct error *) MUST_USE;
	enum rollcode_err (*reseal_all)(struct store *,
	    const char *const *users, size_t count, struct error *) MUST_USE;
	enum rollcode_err (*clean)(struct store *, struct error *) MUST_USE;

	/*
	 * Copy the store into a new directory, whole or not at all and durable,
	 * each user as between two logins; tell is called for each.  A user
	 * whose data is unusable is unusable in the copy too.  It is restored
	 * since the copy was whole, began at the earliest.  EXISTS if there is
	 * something of that name.  NULL where other tools do that.
	 */
	enum rollcode_err (*backup)(struct store *, const char *path,
	    int64_t began, store_told_fn *tell, void *, struct error *)
	    MUST_USE;

	/*
	 * What is wrong with that by which it would be seen that the user begun
	 * was put back: STORE if it cannot be used, ABSENT if it lacks changes.
	 * NULL where there is no such thing.
	 */
	enum rollcode_err (*witness)(struct store *, struct error *) MUST_USE;
};

/* The store of files, one for each user: DATABASE=sqlite:/DIRECTORY. */
extern const struct store_ops	store_sqlite;

/*
 * The kind of store of this configuration's DATABASE.  For PostgreSQL its
 * plug-in is loaded, which root must not do: see plugin.h.
 */
enum rollcode_err	store_find(const struct config *,
			    const struct store_ops **, struct error *)
			    MUST_USE;

/*
 * Whether there is a store of any key, as far as can be seen by a name; false
 * if it must be asked.
 */
bool			store_present(const struct config *);

/* An event now, with texts cut to their sizes.  Any text may be NULL. */
void	event_fill(struct event *, int64_t now, const char *service,
	    const char *rhost, const char *outcome);

#endif /* ROLLCODE_STORE_STORE_H */
