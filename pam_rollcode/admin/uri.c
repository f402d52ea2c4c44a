/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "admin/admin.h"
#include "common/token/provision.h"
#include "common/token/token.h"

enum rollcode_err
admin_format_line(const struct admin *admin, const struct rollcode_token *token,
    struct provision_line *line, struct error *error)
{
	WIPED(provision_wipe) struct provision p = {.token = *token};

	/* No app knows label=, and a QR code is the smaller without it. */
	if (token_for_apps(token) ||
	    strcmp(token->label, ACCOUNT_LABEL_DEFAULT) == 0)
		p.token.label[0] = '\0';
	snprintf(p.account, sizeof(p.account), "%s", admin->account.user);
	if (gethostname(p.issuer, sizeof(p.issuer) - 1) != 0 ||
	    p.issuer[0] == '\0')
		snprintf(p.issuer, sizeof(p.issuer), "Rollcode");
	return provision_format(&p, line, error);
}

enum rollcode_err
admin_print_line(const struct admin *admin, const struct rollcode_token *token,
    bool qr, struct error *error)
{
	WIPED(provision_line_wipe) struct provision_line line = {{0}};
	enum rollcode_err err;

	if ((err = admin_format_line(admin, token, &line, error)) !=
	    ROLLCODE_OK)
		return err;
	if (!qr)
		return cli_write_line(line.text, error);
	if ((err = cli_check_apps(token, error)) != ROLLCODE_OK)
		return err;
	return qr_print(line.text, error);
}

static enum rollcode_err
print_again(void *base, const char *user, bool qr, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	const struct account_token *token;
	enum rollcode_err err;

	if ((err = admin_open(&admin, base, user, error)) != ROLLCODE_OK)
		return err;
	admin.ops->end(admin.store);
	if ((token = admin_token(&admin, &err, error)) == NULL)
		return err;
	return admin_print_line(&admin, &token->token, qr, error);
}

enum rollcode_err
admin_uri(void *base, char **argv, struct error *error)
{
	return print_again(base, argv[0], false, error);
}

enum rollcode_err
admin_qr(void *base, char **argv, struct error *error)
{
	return print_again(base, argv[0], true, error);
}
