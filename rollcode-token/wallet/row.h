/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row.h - what the files of the wallet share, and nobody else.
 */
#ifndef ROLLCODE_WALLET_ROW_H
#define ROLLCODE_WALLET_ROW_H

#include "common/sqlite/sqlite.h"
#include "common/token/seal.h"
#include "wallet/wallet.h"

#define WALLET_TEXT_LEN	16	/* of a checksum of a name or bindings */
#define WALLET_MARKS_MAX 1000	/* tokens of a sealed wallet */

/* What is sealed of a token beside its secret, byte for byte. */
struct wallet_mark {
	uint8_t		uid[WALLET_ID_LEN];
	uint64_t	counter;	/* no code below it, big-endian */
	uint8_t		name[WALLET_TEXT_LEN];
	uint8_t		binding[WALLET_TEXT_LEN];
};

_Static_assert(sizeof(struct wallet_mark) == 56, "a mark has padding");

/* What is sealed, up to the last mark. */
struct wallet_state {
	uint8_t			preferred[WALLET_ID_LEN]; /* uid, or zero */
	struct wallet_mark	marks[WALLET_MARKS_MAX];
};

struct wallet_proof {
	size_t	len;
	uint8_t	bytes[sizeof(struct wallet_state) + SEAL_OVERHEAD];
};

/* The single row about the wallet. */
struct wallet_head {
	uint8_t		id[WALLET_ID_LEN];	/* column store */
	int64_t		inode;		/* column place; 0 if new */
	int64_t		log_n;		/* of scrypt; 0 without passphrase */
	uint8_t		salt[SEAL_SALT_LEN];
	struct wallet_proof proof;	/* opens with the right passphrase */
	bool		mixed;		/* plain, with something sealed */
};

struct wallet {
	sqlite3			*db;
	char			 path[PATH_MAX];
	struct wallet_head	 head;
	bool			 unlocked;	/* key is there */
	bool			 copied;
	bool			 clock_back;	/* see wallet_clock_back() */
	struct secret_key	 key;
	bool			 marked;	/* state is there */
	bool			 changed;	/* and is not written yet */
	struct wallet_state	 state;
	size_t			 count;		/* of its marks */
};

/*
 * Begin to write: nobody else writes until wallet_end, which also follows where
 * this fails, and the head is fresh.  UNAVAIL if the passphrase was changed
 * since the wallet was opened.
 */
enum rollcode_err	wallet_begin(struct wallet *, struct error *) MUST_USE;

/*
 * The same, to use codes and change nothing else: the journal stays, as zeros.
 * What else changes a wallet removes it.
 */
enum rollcode_err	wallet_begin_spend(struct wallet *, struct error *)
			    MUST_USE;

/* INPUT if it is locked; STORE if it says that it is not sealed, but is. */
enum rollcode_err	wallet_want_key(const struct wallet *, struct error *)
			    MUST_USE;

/* Commit if err is OK, else roll back what was begun; returns the result. */
enum rollcode_err	wallet_end(struct wallet *, enum rollcode_err err,
			    struct error *) MUST_USE;

/* The row of a name, NULL for the default.  ABSENT with the remedy. */
enum rollcode_err	wallet_row_named(struct wallet *, const char *name,
			    struct wallet_entry *, struct error *) MUST_USE;

/* As wallet_each, with what is stored of the secret. */
bool			wallet_row_each(struct wallet *, struct wallet_entry *,
			    enum rollcode_err *, struct error *) MUST_USE;

/* Fill the secret from stored; it must pass its check.  INPUT if locked. */
enum rollcode_err	wallet_row_open(const struct wallet *,
			    struct wallet_entry *, struct error *) MUST_USE;

/* Fill stored from the secret, sealed if there is a passphrase. */
enum rollcode_err	wallet_row_seal(const struct wallet *,
			    struct wallet_entry *, struct error *) MUST_USE;

/*
 * Write a row back, inside a begin.  What changed of it is noted in the state,
 * as wallet_state_note says, and then INPUT if the wallet is locked.
 */
enum rollcode_err	wallet_row_write(struct wallet *,
			    const struct wallet_entry *, unsigned int what,
			    struct error *) MUST_USE;

/* Move past count codes of a token inside a begin; as wallet_spend. */
enum rollcode_err	wallet_row_spend(struct wallet *, const char *name,
			    int64_t count, struct wallet_entry *,
			    struct error *) MUST_USE;

/*
 * The sealed state.  A wallet without passphrase, a locked one, and one of the
 * earlier format have none (marked is false), and everything passes.
 *
 * Open it with the key: STORE if the passphrase is wrong, or another program
 * wrote it.  Seal it into the head.  Write it, if it was changed.
 */
enum rollcode_err	wallet_state_open(struct wallet *) MUST_USE;
enum rollcode_err	wallet_state_seal(struct wallet *, struct error *)
			    MUST_USE;
enum rollcode_err	wallet_state_write(struct wallet *, struct error *)
			    MUST_USE;

/* STORE with the remedy if the row, or the default, is not what was sealed. */
enum rollcode_err	wallet_state_check(const struct wallet *,
			    const struct wallet_entry *, struct error *)
			    MUST_USE;
enum rollcode_err	wallet_state_check_default(const struct wallet *,
			    const struct wallet_entry *, struct error *)
			    MUST_USE;

/*
 * Note what a row has; wallet_end writes it.  A counter never falls.  With
 * WALLET_ALL the token may be new: INPUT if there are too many.
 */
#define WALLET_NAME	1U
#define WALLET_BINDING	2U
#define WALLET_COUNTER	4U
#define WALLET_ALL	7U
enum rollcode_err	wallet_state_note(struct wallet *,
			    const struct wallet_entry *, unsigned int what,
			    struct error *) MUST_USE;
void			wallet_state_prefer(struct wallet *,
			    const uint8_t uid[WALLET_ID_LEN]);

/*
 * Store a row under its id, a new one if that is 0, inside a begin; the caller
 * knows that no other has its name or secret.  A single token becomes the
 * default.  INPUT if it is not valid or the wallet is locked.
 */
enum rollcode_err	wallet_row_add(struct wallet *, struct wallet_entry *,
			    struct error *) MUST_USE;

/* EXISTS if a token has that name; the remedy ends the sentence. */
enum rollcode_err	wallet_name_free(struct wallet *, const char *name,
			    const char *remedy, struct error *) MUST_USE;

/* The row that has this secret; its id is 0 if there is none. */
enum rollcode_err	wallet_row_of_secret(struct wallet *,
			    const struct secret *, struct wallet_entry *,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_WALLET_ROW_H */
