/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"

/* The URI of the token that the words name; its account is never empty. */
static enum rollcode_err
print_uri(
    const struct options *options, char **argv, bool qr, struct error *error)
{
	WIPED(wallet_close) struct wallet *wallet = NULL;
	WIPED(wallet_entry_wipe) struct wallet_entry entry = {0};
	WIPED(provision_line_wipe) struct provision_line line = {""};
	struct provision *p = &entry.provision;
	enum rollcode_err err;

	if ((err = cmd_unlock(options, argv, &wallet, error)) != ROLLCODE_OK ||
	    (err = wallet_reveal(wallet, argv[0], &entry, error)) !=
		ROLLCODE_OK)
		return err;
	if (p->account[0] == '\0')
		memcpy(p->account, entry.name, sizeof(entry.name));
	if ((err = provision_format(p, &line, error)) != ROLLCODE_OK)
		return err;
	if (!qr)
		return cli_write_line(line.text, error);
	if ((err = cli_check_apps(&p->token, error)) != ROLLCODE_OK)
		return err;
	return qr_print(line.text, error);
}

enum rollcode_err
cmd_uri(void *base, char **argv, struct error *error)
{
	return print_uri(base, argv, false, error);
}

enum rollcode_err
cmd_qr(void *base, char **argv, struct error *error)
{
	return print_uri(base, argv, true, error);
}
