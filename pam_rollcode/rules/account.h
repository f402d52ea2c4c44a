/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account.h - everything the server knows of one user.
 *
 * A store reads it under its lock, verify and the administrator change it in
 * memory, and the store writes the difference in one transaction.
 */
#ifndef ROLLCODE_RULES_ACCOUNT_H
#define ROLLCODE_RULES_ACCOUNT_H

#include "common/base/error.h"
#include "common/base/rollcode.h"

#define ACCOUNT_TOKENS_MAX	8
#define ACCOUNT_RECOVERY_CODES	10	/* issued together, for paper */
#define ACCOUNT_RECOVERY_MAX	(ACCOUNT_RECOVERY_CODES + 1) /* one-time code */
#define ACCOUNT_LABEL_DEFAULT	"token"
#define ACCOUNT_MAC_LEN		32	/* of a recovery code */

/* Times are Unix seconds; 0 where something never happened. */
struct account_token {
	int64_t			id;		/* the store's; 0 is new */
	struct rollcode_token	token;
	bool			enabled;
	int64_t			created;
	int64_t			used;
	bool			far_known;	/* one far position ... */
	uint64_t		far_counter;	/* ... that matched ... */
	int64_t			far_time;	/* ... then */
	bool			touched;	/* write it, changed or not */
};

/* A one-time code, which an administrator reads to somebody, expires. */
struct account_recovery {
	int64_t	id;
	uint8_t	mac[ACCOUNT_MAC_LEN];
	int64_t	issued;
	int64_t	expires;		/* 0: never */
	int64_t	used;			/* or found expired; 0: neither */
};

struct account {
	char			user[ROLLCODE_USER_MAX + 1];
	uint32_t		failures;	/* since the last success */
	uint32_t		spent;		/* guesses ever used ... */
	int64_t			spent_time;	/* ... refunded from here on */
	uint32_t		failed;		/* told to the owner ... */
	uint32_t		replayed;	/* ... at the next success */
	uint32_t		late;		/* so is this: came too late */
	int64_t			created;
	int64_t			last_success;
	int64_t			last_failure;
	int64_t			sequence;	/* of the last event */
	/* Put back: timed codes from that step on, and no others; 0: not. */
	int64_t			from_step;
	/* Changes that its store had lost, and its witness had; 0: none. */
	int64_t			behind;
	bool			recovery_key_set;
	struct secret_key	recovery_key;
	size_t			recovery_count;
	struct account_recovery	recovery[ACCOUNT_RECOVERY_MAX];
	size_t			token_count;
	struct account_token	tokens[ACCOUNT_TOKENS_MAX];
};
WIPABLE(account);

/* What the store knows by that id, NULL if the account has it no more. */
static inline const struct account_token *
account_token_of_id(const struct account *account, int64_t id)
{
	for (size_t i = 0; i < account->token_count; i++)
		if (account->tokens[i].id == id)
			return &account->tokens[i];
	return NULL;
}

static inline const struct account_recovery *
account_recovery_of_id(const struct account *account, int64_t id)
{
	for (size_t i = 0; i < account->recovery_count; i++)
		if (account->recovery[i].id == id)
			return &account->recovery[i];
	return NULL;
}

/* Whether the recovery key is the same, or neither has one. */
static inline bool
account_same_recovery_key(const struct account *a, const struct account *b)
{
	return a->recovery_key_set == b->recovery_key_set &&
	       secret_equal(a->recovery_key.bytes, b->recovery_key.bytes,
		   SECRET_KEY_LEN);
}

/* Whether all that a login moves in a token is the same. */
static inline bool
account_same_position(
    const struct account_token *a, const struct account_token *b)
{
	return a->token.counter == b->token.counter &&
	       a->far_known == b->far_known &&
	       a->far_counter == b->far_counter && a->far_time == b->far_time &&
	       a->used == b->used;
}

/* One more, but never beyond the most. */
static inline void
account_count(uint32_t *tally)
{
	if (*tally < UINT32_MAX)
		++*tally;
}

/* How many recovery codes are still good, one-time codes aside. */
unsigned int		 account_recovery_left(const struct account *);

/*
 * Whether a code would let in now: an expiring one from when it was issued,
 * so that a clock set back makes none good for longer.
 */
bool			 account_recovery_good(const struct account_recovery *,
			    int64_t now);

/* How many tokens are enabled. */
unsigned int		 account_enabled(const struct account *);

/* The token of that label, NULL if there is none. */
struct account_token	*account_find(struct account *, const char *label);

/* The one of that secret; each is compared in constant time. */
struct account_token	*account_find_secret(struct account *,
			    const struct secret *);

/*
 * Add a token, enabled.  Its label, ACCOUNT_LABEL_DEFAULT if empty, must be
 * new (EXISTS), so must its secret (EXISTS), and there must be room (INPUT).
 */
enum rollcode_err	 account_add(struct account *,
			    const struct rollcode_token *, int64_t now,
			    struct error *) MUST_USE;

/* Forget failures, spent guesses and remembered positions. */
void			 account_unlock(struct account *);

#endif /* ROLLCODE_RULES_ACCOUNT_H */
