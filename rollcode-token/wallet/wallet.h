/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wallet.h - the tokens of a person, in one file.
 *
 *  1. A counter is on disk before its code can be computed.
 *  2. No code is given twice, whatever runs in parallel or is killed.
 *  3. A counter never moves backward.
 *  4. A sealed secret opens only in its own row of its own store.
 *  5. Without the passphrase of a store nobody lowers a counter, moves a name
 *     or a binding, or chooses the default, unless they put a whole file back.
 *
 * Where name is NULL the default token is meant.  Every function that takes a
 * struct error may return UNAVAIL or STORE, with a sentence; only what it
 * returns beyond these is said below.
 */
#ifndef ROLLCODE_WALLET_WALLET_H
#define ROLLCODE_WALLET_WALLET_H

#include <limits.h>

#include "askpass/binding.h"
#include "common/import/import.h"
#include "common/token/provision.h"
#include "common/token/seal.h"

#define WALLET_ID_LEN		16	/* random bytes of a wallet, a token */
#define WALLET_NAME_MAX		ROLLCODE_LABEL_MAX
#define WALLET_PASSPHRASE_MIN	8	/* bytes */
#define WALLET_LOG_N		17	/* scrypt: 128 MiB, under a second */
#define WALLET_LOG_N_MIN	10
#define WALLET_LOG_N_MAX	(WALLET_LOG_N + 1) /* a store may ask for */

struct wallet;

struct wallet_entry {
	int64_t			id;		/* 0 for none */
	uint8_t			uid[WALLET_ID_LEN];
	struct sealed		stored;		/* its secret in the file */
	char			name[WALLET_NAME_MAX + 1];
	char			binding[BINDING_MAX + 1]; /* or "" */
	struct provision	provision;
	int64_t			created, used;	/* used: 0 for never */
	bool			preferred;	/* the default token */
};

static inline void
wallet_entry_wipe(struct wallet_entry *entry)
{
	explicit_bzero(entry, sizeof(*entry));
}

/*
 * Find the wallet: the file given, or if that is "" rollcode/token.db below
 * XDG_DATA_HOME or ~/.local/share.  Its directory is resolved; it and every
 * directory above it must belong to the caller or root and be writable by
 * nobody else (above it, a sticky one such as /tmp may be).  With make it is
 * made first if it is missing, mode 0700.  CONFIG, ABSENT, UNAVAIL; STORE with
 * the directory and the remedy.
 */
enum rollcode_err	wallet_locate(char path[PATH_MAX], const char *given,
			    bool make, struct error *) MUST_USE;

/*
 * Make an empty store if there is none at path; a directory that is there is
 * expected.  A kill leaves either no store or a whole one.
 */
enum rollcode_err	wallet_create(const char *path, struct error *)
			    MUST_USE;

/* Open a store.  ABSENT with the remedy.  The caller closes the wallet. */
enum rollcode_err	wallet_open(struct wallet **, const char *path,
			    struct error *) MUST_USE;

/* Wipe and free; what was not committed is undone.  NULL is allowed. */
void			wallet_close(struct wallet *);

/* For use with WIPED(). */
static inline void
wallet_closep(struct wallet **wallet)
{
	wallet_close(*wallet);
}

/* Is there a passphrase; is it still wanted before secrets can be read. */
bool			wallet_protected(const struct wallet *);
bool			wallet_locked(const struct wallet *);

/* True behind a wallet_spend that found the file to be a copy of another. */
bool			wallet_copied(const struct wallet *);

/* INPUT if the passphrase is wrong.  Brings the earlier format up to this. */
enum rollcode_err	wallet_unlock(struct wallet *, const char *passphrase,
			    struct error *) MUST_USE;

/*
 * Seal every secret anew under a passphrase, with scrypt's N = 2^log_n, or,
 * if it is NULL, store them as they are.  INPUT if the wallet is locked or
 * the passphrase too short.
 */
enum rollcode_err	wallet_protect(struct wallet *, const char *passphrase,
			    unsigned int log_n, struct error *) MUST_USE;

/* What a token's line calls itself, and can be the name of a token. */
const char		*wallet_own_name(const struct provision *);

/*
 * Add a token; the first becomes the default.  EXISTS if the name or the
 * secret is there already, INPUT if the wallet is locked or the name odd.
 */
enum rollcode_err	wallet_add(struct wallet *, const char *name,
			    const struct provision *, struct error *)
			    MUST_USE;

/*
 * Take the entries of a list over, all in one durable step or none.  Where a
 * secret is here already, only its counter can change: forward, or by force
 * back.  A name that another token has gets "-2" and so on.  merged counts
 * what became of them.  INPUT if one is refused, or the wallet is locked;
 * EXISTS if a secret is here as another kind of token.
 */
enum rollcode_err	wallet_import(struct wallet *,
			    const struct import_list *, bool force,
			    size_t merged[MERGE_KINDS], struct error *)
			    MUST_USE;

/* Look at one token; the secret stays empty.  ABSENT. */
enum rollcode_err	wallet_find(struct wallet *, const char *name,
			    struct wallet_entry *, struct error *) MUST_USE;

/* The same, with the secret.  ABSENT, INPUT if the wallet is locked. */
enum rollcode_err	wallet_reveal(struct wallet *, const char *name,
			    struct wallet_entry *, struct error *) MUST_USE;

/*
 * Step to the token after this one, without its secret; before the first the
 * entry is all zero.  Tokens come as they were added.  False at the end and at
 * an error.
 */
bool			wallet_each(struct wallet *, struct wallet_entry *,
			    enum rollcode_err *, struct error *) MUST_USE;

/*
 * Spend count codes: the counter behind the last is durable when this
 * returns OK, and the entry has the secret and the counter of the first.
 * ABSENT; INPUT if the wallet is locked or the token has not so many left.
 */
enum rollcode_err	wallet_spend(struct wallet *, const char *name,
			    int64_t count, struct wallet_entry *,
			    struct error *) MUST_USE;

/* Move on without giving codes; the entry has the new counter. */
enum rollcode_err	wallet_skip(struct wallet *, const char *name,
			    int64_t count, struct wallet_entry *,
			    struct error *) MUST_USE;

/* EXISTS, ABSENT, INPUT if the new name is odd or the wallet is locked. */
enum rollcode_err	wallet_rename(struct wallet *, const char *from,
			    const char *to, struct error *) MUST_USE;

/* Remove for good.  A single token that is left becomes the default. */
enum rollcode_err	wallet_remove(struct wallet *, const char *name,
			    struct error *) MUST_USE;

/* Make a token the default.  ABSENT, INPUT if the wallet is locked. */
enum rollcode_err	wallet_prefer(struct wallet *, const char *name,
			    struct error *) MUST_USE;

/*
 * Replace the bindings of a token; port 22 is meant if none is given.
 * ABSENT, INPUT, also if the wallet is locked; EXISTS if another token answers
 * at one of them.
 */
enum rollcode_err	wallet_bind(struct wallet *, const char *name,
			    char *const *bindings, size_t count,
			    struct error *) MUST_USE;

/*
 * Look at the token of a binding, without its secret.  ABSENT: then the entry
 * is a token that is bound to that user and host at another port, and the
 * sentence says so; its id is 0 if there is none.  EXISTS if this process was
 * given a code before, of whatever token.
 */
enum rollcode_err	wallet_bound(struct wallet *, const struct binding *,
			    const struct asker *, struct wallet_entry *,
			    struct error *) MUST_USE;

/* wallet_spend of one code for a process, noted with it; as wallet_bound. */
enum rollcode_err	wallet_answer(struct wallet *, const struct binding *,
			    const struct asker *, struct wallet_entry *,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_WALLET_WALLET_H */
