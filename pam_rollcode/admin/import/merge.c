/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "admin/import/merge.h"

static struct account_token *
find_token_by_secret(struct account *account, const struct secret *secret)
{
	for (size_t i = 0; i < account->token_count; i++)
		if (account_same_secret(
			&account->tokens[i].token.secret, secret))
			return &account->tokens[i];
	return NULL;
}

/* A counter that is lowered needs a new row: no row's counter ever falls. */
static void
merge_counter(struct account_token *have, uint64_t counter, bool force,
    enum import_merge *merged)
{
	*merged = import_meet(have->token.counter, counter, force);
	if (*merged == MERGE_SAME || *merged == MERGE_KEPT)
		return;
	if (*merged == MERGE_LOWERED)
		have->id = 0;
	have->token.counter = counter;
	have->far_known = false;
}

/* The first of "token-2", "token-3" ... that is free. */
static void
next_label(struct account *account, struct rollcode_token *token)
{
	int n = 2;

	do
		snprintf(token->label, sizeof(token->label), "%s-%d",
		    ACCOUNT_LABEL_DEFAULT, n++);
	while (account_find(account, token->label) != NULL);
}

enum rollcode_err
account_merge(struct account *account, const struct rollcode_token *token,
    bool force, int64_t now, enum import_merge *merged, struct error *error)
{
	WIPED(rollcode_token_wipe) struct rollcode_token added = *token;
	struct account_token *have =
	    find_token_by_secret(account, &token->secret);
	enum rollcode_err err;

	*merged = MERGE_NONE;
	if (have != NULL && !import_same_kind(&have->token, token))
		return error_set(error, ROLLCODE_ERR_EXISTS,
		    "%s already has this secret, as \"%s\", but with another "
		    "form, algorithm or number of digits",
		    account->user, have->token.label);
	if (have != NULL) {
		merge_counter(have, token->counter, force, merged);
		return ROLLCODE_OK;
	}
	if (added.label[0] == '\0' &&
	    account_find(account, ACCOUNT_LABEL_DEFAULT) != NULL)
		next_label(account, &added);
	if ((err = account_add(account, &added, now, error)) == ROLLCODE_OK)
		*merged = MERGE_ADDED;
	return err;
}
