/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"

static enum rollcode_err
read_provision(struct provision *provision, struct error *error)
{
	WIPED(provision_line_wipe) struct provision_line line = {""};
	struct error why = {0};
	enum rollcode_err err;

	err = cli_read_line("Provisioning URI (otpauth://hotp/...): ", false,
	    line.text, sizeof(line.text), &why);
	if (err != ROLLCODE_OK)
		return error_pass(error, err, &why,
		    "no token was read; give its URI on standard input, as in: "
		    "rollcode-admin enroll USER | rollcode-token add");
	return provision_parse(line.text, provision, error);
}

enum rollcode_err
cmd_add(void *base, char **argv, struct error *error)
{
	WIPED(wallet_close) struct wallet *wallet = NULL;
	WIPED(provision_wipe) struct provision provision = {0};
	struct wallet_entry entry = {0};
	const struct options *options = base;
	const char *name = argv[0];
	enum rollcode_err err;

	if ((err = cmd_check_words(argv, error)) != ROLLCODE_OK ||
	    (err = read_provision(&provision, error)) != ROLLCODE_OK)
		return err;
	name = name != NULL ? name : wallet_own_name(&provision);
	if ((err = cmd_create(options, error)) != ROLLCODE_OK ||
	    (err = cmd_unlock(options, argv, &wallet, error)) != ROLLCODE_OK ||
	    (err = wallet_add(wallet, name, &provision, error)) !=
		ROLLCODE_OK ||
	    (err = wallet_find(wallet, name, &entry, error)) != ROLLCODE_OK)
		return err;
	plain_line(stdout, "added %s%s", entry.name,
	    entry.preferred ? ", the default token"
			    : "; it is not the default token");
	return ROLLCODE_OK;
}
