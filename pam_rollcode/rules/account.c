/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/account.h"

unsigned int
account_recovery_left(const struct account *account)
{
	unsigned int left = 0;

	for (size_t i = 0; i < account->recovery_count; i++)
		left += account->recovery[i].used == 0 &&
			account->recovery[i].expires == 0;
	return left;
}

bool
account_recovery_good(const struct account_recovery *code, int64_t now)
{
	if (code->used != 0)
		return false;
	return code->expires == 0 ||
	       (now >= code->issued && now < code->expires);
}

unsigned int
account_enabled(const struct account *account)
{
	unsigned int enabled = 0;

	for (size_t i = 0; i < account->token_count; i++)
		enabled += account->tokens[i].enabled;
	return enabled;
}

struct account_token *
account_find(struct account *account, const char *label)
{
	for (size_t i = 0; i < account->token_count; i++)
		if (strcmp(account->tokens[i].token.label, label) == 0)
			return &account->tokens[i];
	return NULL;
}

struct account_token *
account_find_secret(struct account *account, const struct secret *secret)
{
	for (size_t i = 0; i < account->token_count; i++) {
		const struct secret *had = &account->tokens[i].token.secret;

		if (had->len == secret->len &&
		    secret_equal(had->bytes, secret->bytes, had->len))
			return &account->tokens[i];
	}
	return NULL;
}

enum rollcode_err
account_add(struct account *account, const struct rollcode_token *token,
    int64_t now, struct error *error)
{
	const char *label = token->label;
	struct account_token *added, *had;

	if (label[0] == '\0')
		label = ACCOUNT_LABEL_DEFAULT;
	if (account_find(account, label) != NULL)
		return error_set(error, ROLLCODE_ERR_EXISTS,
		    "%s already has a token labelled \"%s\"; give this one "
		    "another label with --label",
		    account->user, label);
	if ((had = account_find_secret(account, &token->secret)) != NULL)
		return error_set(error, ROLLCODE_ERR_EXISTS,
		    "%s already has this secret, as \"%s\"", account->user,
		    had->token.label);
	if (account->token_count == ACCOUNT_TOKENS_MAX)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "%s already has %d tokens; remove one", account->user,
		    ACCOUNT_TOKENS_MAX);
	added = &account->tokens[account->token_count++];
	memset(added, 0, sizeof(*added));
	added->token = *token;
	memmove(added->token.label, label, strlen(label) + 1);
	added->enabled = true;
	added->created = now;
	return ROLLCODE_OK;
}

void
account_unlock(struct account *account)
{
	account->failures = 0;
	account->spent = 0;
	account->spent_time = 0;
	for (size_t i = 0; i < account->token_count; i++)
		account->tokens[i].far_known = false;
}
