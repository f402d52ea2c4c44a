/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "admin/import/import.h"

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
account_merge(struct account *account, struct rollcode_token *token, bool force,
    int64_t now, enum import_merge *merged, struct error *error)
{
	struct account_token *have =
	    account_find_secret(account, &token->secret);
	enum rollcode_err err;

	*merged = MERGE_NONE;
	if (have != NULL && !import_same_kind(&have->token, token))
		return error_set(error, ROLLCODE_ERR_EXISTS,
		    "%s already has this secret, as \"%s\", but with another "
		    "form, algorithm or number of digits",
		    account->user, have->token.label);
	if (have != NULL) {
		merge_counter(have, token->counter, force, merged);
	} else {
		if (token->label[0] == '\0' &&
		    account_find(account, ACCOUNT_LABEL_DEFAULT) != NULL)
			next_label(account, token);
		if ((err = account_add(account, token, now, error)) !=
		    ROLLCODE_OK)
			return err;
		have = &account->tokens[account->token_count - 1];
		*merged = MERGE_ADDED;
	}
	memcpy(token->label, have->token.label, sizeof(token->label));
	return ROLLCODE_OK;
}
