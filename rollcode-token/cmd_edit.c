/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"

enum rollcode_err
cmd_rename(void *base, char **argv, struct error *error)
{
	WIPED(wallet_close) struct wallet *wallet = NULL;
	enum rollcode_err err;

	if ((err = cmd_unlock(base, argv, &wallet, error)) != ROLLCODE_OK)
		return err;
	return wallet_rename(wallet, argv[0], argv[1], error);
}

enum rollcode_err
cmd_remove(void *base, char **argv, struct error *error)
{
	WIPED(wallet_close) struct wallet *wallet = NULL;
	struct wallet_entry entry = {0};
	const struct options *options = base;
	char question[256];
	enum rollcode_err err;

	if ((err = cmd_open(options, argv, &wallet, error)) != ROLLCODE_OK ||
	    (err = wallet_find(wallet, argv[0], &entry, error)) != ROLLCODE_OK)
		return err;
	snprintf(question, sizeof(question),
	    "Remove the token %s?  It cannot be brought back.", entry.name);
	if (!options->force && !cli_confirm(question, false))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "not removed: the answer was not yes; --force skips the "
		    "question");
	if ((err = wallet_remove(wallet, argv[0], error)) == ROLLCODE_OK)
		plain_line(stdout, "removed %s", entry.name);
	return err;
}

enum rollcode_err
cmd_default(void *base, char **argv, struct error *error)
{
	WIPED(wallet_close) struct wallet *wallet = NULL;
	enum rollcode_err err;

	if ((err = cmd_unlock(base, argv, &wallet, error)) != ROLLCODE_OK)
		return err;
	return wallet_prefer(wallet, argv[0], error);
}

enum rollcode_err
cmd_bind(void *base, char **argv, struct error *error)
{
	WIPED(wallet_close) struct wallet *wallet = NULL;
	enum rollcode_err err;

	if ((err = cmd_unlock(base, argv, &wallet, error)) != ROLLCODE_OK)
		return err;
	return wallet_bind(wallet, argv[0], argv + 1, error);
}

enum rollcode_err
cmd_passwd(void *base, char **argv, struct error *error)
{
	WIPED(wallet_close) struct wallet *wallet = NULL;
	WIPED(cli_passphrase_wipe) struct cli_passphrase passphrase = {""};
	const struct options *options = base;
	enum rollcode_err err;

	if (options->remove && options->new_file[0] != '\0')
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--remove and --new-passphrase-file: give one of them");
	if ((err = cmd_unlock(options, argv, &wallet, error)) != ROLLCODE_OK)
		return err;
	if (!options->remove &&
	    (err = cli_passphrase(options->new_file, "--new-passphrase-file",
		 "New passphrase", true, &passphrase, error)) != ROLLCODE_OK)
		return err;
	if ((err = wallet_protect(wallet,
		 options->remove ? NULL : passphrase.text, WALLET_LOG_N,
		 error)) == ROLLCODE_OK)
		printf("the wallet has %s passphrase now\n",
		    options->remove ? "no" : "a new");
	return err;
}
