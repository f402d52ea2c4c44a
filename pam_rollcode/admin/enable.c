/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/admin.h"
#include "rules/policy.h"

static enum rollcode_err
set_enabled(void *base, const char *user, bool enabled, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	const struct admin_options *options = base;
	enum act done = enabled ? ACT_ENABLED : ACT_DISABLED;
	struct account_token *token;
	enum rollcode_err err;

	if ((err = admin_open(&admin, options, user, error)) != ROLLCODE_OK)
		return err;
	if (options->label[0] != '\0') {
		if ((token = admin_token(&admin, &err, error)) == NULL)
			return err;
		token->enabled = enabled;
	} else {
		for (size_t i = 0; i < admin.account.token_count; i++)
			admin.account.tokens[i].enabled = enabled;
	}
	if (enabled && (err = policy_check(&admin.config.policy, &admin.account,
			    error)) != ROLLCODE_OK)
		return err;
	if ((err = admin_commit(&admin, done, options->label, error)) ==
	    ROLLCODE_OK)
		plain_line(stdout, "%s %s of %s", act_name(done),
		    options->label[0] != '\0' ? options->label : "every token",
		    user);
	return err;
}

enum rollcode_err
admin_disable(void *base, char **argv, struct error *error)
{
	return set_enabled(base, argv[0], false, error);
}

enum rollcode_err
admin_enable(void *base, char **argv, struct error *error)
{
	return set_enabled(base, argv[0], true, error);
}
