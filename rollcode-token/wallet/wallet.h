/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wallet.h - the tokens of a person, in one file.
 *
 *  1. A counter is on disk before its code can be computed.
 *  2. No code is given twice, whatever runs in parallel or is killed.
 *  3. A counter never moves backward.
 *  4. A sealed secret opens only in its own row of its own wallet.
 *  5. Without the passphrase nobody lowers a counter, moves a name or binding,
 *     or chooses the default, unless they put a whole file back.
 *
 * A name that is NULL means the default token.  Every function that takes a
 * struct error may return UNAVAIL or STORE; only other codes are named below.
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
#define WALLET_LOG_N		17	/* scrypt: 128 MiB, under a second */
#define WALLET_LOG_N_MIN	10
#define WALLET_LOG_N_MAX	(WALLET_LOG_N + 1) /* a wallet may ask for */

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

WIPABLE(wallet_entry);

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
 * Make an empty wallet if there is none at path, whose directory exists.  A
 * kill leaves either no wallet or a whole one.
 */
enum rollcode_err	wallet_create(const char *path, struct error *)
			    MUST_USE;

/* Open it; the caller closes it.  ABSENT with the remedy. */
enum rollcode_err	wallet_open(struct wallet **, const char *path,
			    struct error *) MUST_USE;

/* The same as code_close; what was not committed is undone. */
void			wallet_close(struct wallet **);

/* Whether it has a passphrase; whether that is still needed for secrets. */
bool			wallet_protected(const struct wallet *);
bool			wallet_locked(const struct wallet *);

/* True after a wallet_spend that found the file to be a copy of another. */
bool			wallet_copied(const struct wallet *);

/*
 * True after a use of a timed token that stands over a step before its last
 * one: then the clock of this machine is wrong, or was.
 */
bool			wallet_clock_back(const struct wallet *);

/* INPUT if the passphrase is wrong.  Converts the earlier format to this. */
enum rollcode_err	wallet_unlock(struct wallet *, const char *passphrase,
			    struct error *) MUST_USE;

/*
 * Seal every secret under a new passphrase, with scrypt's N = 2^log_n, or, if
 * it is NULL, store them as they are.  INPUT if the wallet is locked or the
 * passphrase too short.
 */
enum rollcode_err	wallet_protect(struct wallet *, const char *passphrase,
			    unsigned int log_n, struct error *) MUST_USE;

/* What a URI calls its token, if that can be a name here; or "token". */
const char		*wallet_own_name(const struct provision *);

/*
 * Add a token; the first becomes the default.  EXISTS if the name or the secret
 * is taken, INPUT if the wallet is locked or the name is not valid.
 */
enum rollcode_err	wallet_add(struct wallet *, const char *name,
			    const struct provision *, struct error *)
			    MUST_USE;

/*
 * Import the entries of a list, none of which is refused, in one durable step
 * or not at all.  Of a secret that exists here only the counter can change:
 * forward, or by force back.  A name that is taken gets "-2" and so on.  merged
 * counts what became of them.  INPUT if the wallet is locked; EXISTS if a
 * secret exists as another kind of token.
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
 * Use count codes: when this returns OK the counter after the last is durable,
 * and the entry has the secret and the counter of the first.  ABSENT; INPUT if
 * the wallet is locked or the token has not so many left.
 */
enum rollcode_err	wallet_spend(struct wallet *, const char *name,
			    int64_t count, struct wallet_entry *,
			    struct error *) MUST_USE;

/* Move on without giving codes; the entry has the new counter. */
enum rollcode_err	wallet_skip(struct wallet *, const char *name,
			    int64_t count, struct wallet_entry *,
			    struct error *) MUST_USE;

/* EXISTS, ABSENT, INPUT if the name is not valid or the wallet is locked. */
enum rollcode_err	wallet_rename(struct wallet *, const char *from,
			    const char *to, struct error *) MUST_USE;

/* Remove for good.  A single token that is left becomes the default. */
enum rollcode_err	wallet_remove(struct wallet *, const char *name,
			    struct error *) MUST_USE;

/* Make a token the default.  ABSENT, INPUT if the wallet is locked. */
enum rollcode_err	wallet_prefer(struct wallet *, const char *name,
			    struct error *) MUST_USE;

/*
 * Replace the bindings of a token by those before NULL; one without a port is
 * for port 22.  ABSENT, INPUT, also if the wallet is locked; EXISTS if another
 * token has one of them.
 */
enum rollcode_err	wallet_bind(struct wallet *, const char *name,
			    char *const *bindings, struct error *) MUST_USE;

/*
 * Look at the token of a binding, without its secret.  ABSENT: then the entry
 * is a token that is bound to that user and host at another port, as the
 * sentence says, or its id is 0.  EXISTS if the process got a code before, of
 * any token.
 */
enum rollcode_err	wallet_bound(struct wallet *, const struct binding *,
			    const struct asker *, struct wallet_entry *,
			    struct error *) MUST_USE;

/* wallet_spend of one code for a process, noted with it; as wallet_bound. */
enum rollcode_err	wallet_answer(struct wallet *, const struct binding *,
			    const struct asker *, struct wallet_entry *,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_WALLET_WALLET_H */
