/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wallet_row.h - what the files of the wallet share, and nobody else.
 */
#ifndef ROLLCODE_WALLET_ROW_H
#define ROLLCODE_WALLET_ROW_H

#include <limits.h>

#include "seal.h"
#include "sqlite.h"
#include "wallet.h"

#define WALLET_ID_LEN	16	/* random bytes that name a store, a token */

/* The single row about the store. */
struct wallet_head {
	uint8_t		store[WALLET_ID_LEN];
	int64_t		place;		/* inode of the file, 0 if new */
	int64_t		log_n;		/* of scrypt; 0 without passphrase */
	uint8_t		salt[SEAL_SALT_LEN];
	struct sealed	proof;		/* opens with the right passphrase */
	bool		mixed;		/* says plain, but something is sealed */
};

struct wallet {
	sqlite3			*db;
	char			 path[PATH_MAX];
	struct wallet_head	 head;
	bool			 unlocked;	/* key is there */
	bool			 copied;
	struct secret_key	 key;
};

struct wallet_row {
	struct wallet_entry	entry;
	uint8_t			uid[WALLET_ID_LEN];
	struct sealed		stored;		/* sealed, or as it is */
};

static inline void
wallet_row_wipe(struct wallet_row *row)
{
	explicit_bzero(row, sizeof(*row));
}

/*
 * Begin to write: nobody else writes from here on, and the head is fresh.
 * UNAVAIL if the passphrase was changed since the wallet was opened.
 */
enum rollcode_err	wallet_begin(struct wallet *, struct error *) MUST_USE;

/* INPUT if the wallet is locked, STORE if it is sealed and says it is not. */
enum rollcode_err	wallet_want_key(const struct wallet *, struct error *)
			    MUST_USE;

/* Commit if err is OK, else roll back; returns what came of it. */
enum rollcode_err	wallet_end(struct wallet *, enum rollcode_err err,
			    struct error *) MUST_USE;

/* The row of a name, NULL for the default.  ABSENT with the remedy. */
enum rollcode_err	wallet_row_named(struct wallet *, const char *name,
			    struct wallet_row *, struct error *) MUST_USE;

/* The first row with a greater id; entry.id is 0 behind the last. */
enum rollcode_err	wallet_row_after(struct wallet *, int64_t id,
			    struct wallet_row *, struct error *) MUST_USE;

/* Fill the entry's secret, which must pass its check.  INPUT if locked. */
enum rollcode_err	wallet_row_open(const struct wallet *,
			    struct wallet_row *, struct error *) MUST_USE;

/* Fill stored from the entry's secret, sealed if there is a passphrase. */
enum rollcode_err	wallet_row_seal(const struct wallet *,
			    struct wallet_row *, struct error *) MUST_USE;

/* Move past count codes of a token inside a begin; as wallet_spend. */
enum rollcode_err	wallet_row_spend(struct wallet *, const char *name,
			    int64_t count, struct wallet_row *, struct error *)
			    MUST_USE;
/* Store a new row, behind wallet_begin.  EXISTS for a name or a secret. */
enum rollcode_err	wallet_row_add(struct wallet *, struct wallet_row *,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_WALLET_ROW_H */
