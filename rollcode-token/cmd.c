/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include "cmd.h"

enum rollcode_err
cmd_check_words(char **argv, struct error *error)
{
	for (; *argv != NULL; argv++)
		if (strncasecmp(*argv, "otpauth:", 8) == 0)
			return error_set(error, ROLLCODE_ERR_USAGE,
			    "a provisioning URI was given as an argument, "
			    "which other users of this machine can read; enrol "
			    "a new token and give its URI on standard input or "
			    "at the prompt");
	return ROLLCODE_OK;
}

enum rollcode_err
cmd_create(const struct options *options, struct error *error)
{
	char path[PATH_MAX];
	enum rollcode_err err;

	if ((err = wallet_locate(path, options->store, true, error)) !=
	    ROLLCODE_OK)
		return err;
	return wallet_create(path, error);
}

enum rollcode_err
cmd_open(const struct options *options, char **argv, struct wallet **wallet,
    struct error *error)
{
	char path[PATH_MAX];
	enum rollcode_err err;

	*wallet = NULL;
	if ((err = cmd_check_words(argv, error)) != ROLLCODE_OK ||
	    (err = wallet_locate(path, options->store, false, error)) !=
		ROLLCODE_OK)
		return err;
	return wallet_open(wallet, path, error);
}

enum rollcode_err
cmd_unlock(const struct options *options, char **argv, struct wallet **wallet,
    struct error *error)
{
	WIPED(cli_passphrase_wipe) struct cli_passphrase passphrase = {""};
	enum rollcode_err err;

	if ((err = cmd_open(options, argv, wallet, error)) != ROLLCODE_OK ||
	    !wallet_protected(*wallet))
		return err;
	if ((err = cli_passphrase(options->passphrase_file, "--passphrase-file",
		 "Passphrase of the wallet", false, &passphrase, error)) !=
	    ROLLCODE_OK)
		return err;
	return wallet_unlock(*wallet, passphrase.text, error);
}
