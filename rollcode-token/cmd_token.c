/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"
#include "common/cli/qr.h"
#include "wallet/place.h"

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
cmd_add(void *base, int argc, char **argv, struct error *error)
{
	WIPED(wallet_closep) struct wallet *wallet = NULL;
	WIPED(provision_wipe) struct provision provision = {0};
	struct wallet_entry entry = {0};
	const struct options *options = base;
	const char *name;
	enum rollcode_err err;

	if ((err = cmd_name(argc, argv, &name, error)) != ROLLCODE_OK ||
	    (err = read_provision(&provision, error)) != ROLLCODE_OK)
		return err;
	name = name != NULL ? name : wallet_own_name(&provision);
	if ((err = cmd_create(options, error)) != ROLLCODE_OK ||
	    (err = cmd_unlock(options, &wallet, error)) != ROLLCODE_OK ||
	    (err = wallet_add(wallet, name, &provision, error)) !=
		ROLLCODE_OK ||
	    (err = wallet_find(wallet, name, &entry, error)) != ROLLCODE_OK)
		return err;
	plain_line(stdout, "added %s%s", entry.name,
	    entry.preferred ? ", the default token" : "");
	return ROLLCODE_OK;
}

enum rollcode_err
cmd_rename(void *base, int argc, char **argv, struct error *error)
{
	WIPED(wallet_closep) struct wallet *wallet = NULL;
	const char *name;
	enum rollcode_err err;

	if ((err = cmd_unlock_named(base, argc, argv, &wallet, &name, error)) !=
	    ROLLCODE_OK)
		return err;
	return wallet_rename(wallet, name, argv[1], error);
}

enum rollcode_err
cmd_remove(void *base, int argc, char **argv, struct error *error)
{
	WIPED(wallet_closep) struct wallet *wallet = NULL;
	struct wallet_entry entry = {0};
	const struct options *options = base;
	char question[256];
	const char *name;
	enum rollcode_err err;

	if ((err = cmd_open_named(
		 options, argc, argv, &wallet, &name, error)) != ROLLCODE_OK ||
	    (err = wallet_find(wallet, name, &entry, error)) != ROLLCODE_OK)
		return err;
	snprintf(question, sizeof(question),
	    "Remove the token %s?  It cannot be brought back.", entry.name);
	if (!options->force && !cli_confirm(question))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "not removed: the answer was not yes; --force skips the "
		    "question");
	return wallet_remove(wallet, name, error);
}

enum rollcode_err
cmd_default(void *base, int argc, char **argv, struct error *error)
{
	WIPED(wallet_closep) struct wallet *wallet = NULL;
	const char *name;
	enum rollcode_err err;

	if ((err = cmd_unlock_named(base, argc, argv, &wallet, &name, error)) !=
	    ROLLCODE_OK)
		return err;
	return wallet_prefer(wallet, name, error);
}

/* The line of the token that the words name. */
static enum rollcode_err
make_line(const struct options *options, int argc, char **argv,
    struct provision_line *line, struct error *error)
{
	WIPED(wallet_closep) struct wallet *wallet = NULL;
	WIPED(wallet_entry_wipe) struct wallet_entry entry = {0};
	const char *name;
	enum rollcode_err err;

	if ((err = cmd_name(argc, argv, &name, error)) != ROLLCODE_OK ||
	    (err = cmd_unlock(options, &wallet, error)) != ROLLCODE_OK ||
	    (err = cmd_reveal(wallet, name, &entry, error)) != ROLLCODE_OK)
		return err;
	return provision_format(&entry.provision, line, error);
}

enum rollcode_err
cmd_uri(void *base, int argc, char **argv, struct error *error)
{
	WIPED(provision_line_wipe) struct provision_line line = {""};
	enum rollcode_err err;

	if ((err = make_line(base, argc, argv, &line, error)) != ROLLCODE_OK)
		return err;
	return cli_write_line(line.text, error);
}

enum rollcode_err
cmd_qr(void *base, int argc, char **argv, struct error *error)
{
	WIPED(provision_line_wipe) struct provision_line line = {""};
	enum rollcode_err err;

	if ((err = make_line(base, argc, argv, &line, error)) != ROLLCODE_OK)
		return err;
	return qr_print(line.text, error);
}

enum rollcode_err
cmd_passwd(void *base, int argc, char **argv, struct error *error)
{
	WIPED(wallet_closep) struct wallet *wallet = NULL;
	WIPED(cli_passphrase_wipe) struct cli_passphrase passphrase = {""};
	const struct options *options = base;
	enum rollcode_err err;

	(void)argc;
	(void)argv;
	if (options->remove && options->new_file[0] != '\0')
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--remove and --new-passphrase-file: give one of them");
	if ((err = cmd_unlock(options, &wallet, error)) != ROLLCODE_OK)
		return err;
	if (options->remove)
		return wallet_protect(wallet, NULL, 0, error);
	if ((err = cli_passphrase(options->new_file, "New passphrase: ", true,
		 &passphrase, error)) != ROLLCODE_OK)
		return err;
	return wallet_protect(wallet, passphrase.text, WALLET_LOG_N, error);
}
