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

/* What cannot be used can be removed all the same. */
static enum rollcode_err
look_first(struct admin *admin, const struct admin_options *options,
    const char *user, struct error *error)
{
	enum rollcode_err err;

	if ((err = admin_open(admin, options, user, error)) != ROLLCODE_OK &&
	    (err != ROLLCODE_ERR_STORE || admin->store == NULL))
		return err;
	if (options->label[0] != '\0' &&
	    (err != ROLLCODE_OK || admin_token(admin, &err, error) == NULL))
		return err;
	/* Nothing is locked while somebody thinks about it. */
	admin->ops->end(admin->store);
	return ROLLCODE_OK;
}

enum rollcode_err
admin_remove(void *base, char **argv, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	const struct admin_options *options = base;
	bool token = options->label[0] != '\0';
	enum rollcode_err err;

	if ((err = look_first(&admin, options, argv[0], error)) !=
		ROLLCODE_OK ||
	    (err = admin_ask(options, true, error, "Remove %s%s%s for good?",
		 token ? options->label : "", token ? " of " : "", argv[0])) !=
		ROLLCODE_OK)
		return err;
	if (token)
		return (err = admin_begin(&admin, argv[0], error)) ==
			       ROLLCODE_OK
			   ? remove_token(&admin, error)
			   : err;
	if ((err = admin.ops->remove(admin.store, argv[0], error)) ==
	    ROLLCODE_OK)
		plain_line(stdout, "removed %s", argv[0]);
	return err;
}
