/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "admin/admin.h"

static enum rollcode_err
remove_token(struct admin *admin, struct error *error)
{
	struct account *account = &admin->account;
	struct account_token *token;
	char label[ROLLCODE_LABEL_MAX + 1];
	enum rollcode_err err;
	size_t at;

	if ((token = admin_token(admin, &err, error)) == NULL)
		return err;
	memcpy(label, token->token.label, sizeof(label));
	at = (size_t)(token - account->tokens);
	account->token_count--;
	memmove(token, token + 1, (account->token_count - at) * sizeof(*token));
	if ((err = admin_commit(admin, ACT_REMOVED, label, error)) ==
	    ROLLCODE_OK)
		plain_line(
		    stdout, "removed token %s of %s", label, account->user);
	return err;
}

enum rollcode_err
admin_remove(void *base, char **argv, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	const struct admin_options *options = base;
	bool token = options->label[0] != '\0';
	char question[ROLLCODE_USER_MAX + ROLLCODE_LABEL_MAX + 128];
	enum rollcode_err err;

	/* Asked before anything is locked. */
	snprintf(question, sizeof(question), "Remove %s%s%.*s for good?",
	    token ? options->label : "", token ? " of " : "", ROLLCODE_USER_MAX,
	    argv[0]);
	if (!options->force && !cli_confirm(question, false))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "not removed: the answer was not yes; --force skips the "
		    "question");
	if ((err = admin_open(&admin, options, token ? argv[0] : NULL,
		 error)) != ROLLCODE_OK)
		return err;
	if (token)
		return remove_token(&admin, error);
	if ((err = admin.ops->remove(admin.store, argv[0], error)) ==
	    ROLLCODE_OK)
		plain_line(stdout, "removed %s", argv[0]);
	return err;
}
