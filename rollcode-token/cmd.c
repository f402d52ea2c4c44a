/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include "cmd.h"
#include "wallet/place.h"

enum rollcode_err
cmd_name(int argc, char **argv, const char **name, struct error *error)
{
	for (int i = 0; i < argc; i++)
		if (strncasecmp(argv[i], "otpauth:", 8) == 0)
			return error_set(error, ROLLCODE_ERR_USAGE,
			    "a provisioning URI was given as an argument, "
			    "which other users of this machine can read; enrol "
			    "a new token and give its URI on standard input or "
			    "at the prompt");
	*name = argc > 0 ? argv[0] : NULL;
	return ROLLCODE_OK;
}

enum rollcode_err
cmd_create(const struct options *options, struct error *error)
{
	struct place place;
	enum rollcode_err err;

	if ((err = place_find(&place, options->store, true, error)) !=
	    ROLLCODE_OK)
		return err;
	return wallet_create(place.path, error);
}

enum rollcode_err
cmd_open(
    const struct options *options, struct wallet **wallet, struct error *error)
{
	struct place place;
	enum rollcode_err err;

	*wallet = NULL;
	if ((err = place_find(&place, options->store, false, error)) !=
	    ROLLCODE_OK)
		return err;
	return wallet_open(wallet, place.path, error);
}

enum rollcode_err
cmd_open_named(const struct options *options, int argc, char **argv,
    struct wallet **wallet, const char **name, struct error *error)
{
	enum rollcode_err err;

	*wallet = NULL;
	if ((err = cmd_name(argc, argv, name, error)) != ROLLCODE_OK)
		return err;
	return cmd_open(options, wallet, error);
}

enum rollcode_err
cmd_unlock(
    const struct options *options, struct wallet **wallet, struct error *error)
{
	WIPED(cli_passphrase_wipe) struct cli_passphrase passphrase = {""};
	enum rollcode_err err;

	if ((err = cmd_open(options, wallet, error)) != ROLLCODE_OK ||
	    !wallet_protected(*wallet))
		return err;
	err = cli_passphrase(options->passphrase_file,
	    "Passphrase of the wallet: ", false, &passphrase, error);
	if (err == ROLLCODE_ERR_UNAVAIL)
		return error_set(error, err,
		    "the wallet has a passphrase, and there is no terminal to "
		    "ask for it; give --passphrase-file FILE");
	if (err != ROLLCODE_OK)
		return err;
	return wallet_unlock(*wallet, passphrase.text, error);
}

enum rollcode_err
cmd_unlock_named(const struct options *options, int argc, char **argv,
    struct wallet **wallet, const char **name, struct error *error)
{
	enum rollcode_err err;

	*wallet = NULL;
	if ((err = cmd_name(argc, argv, name, error)) != ROLLCODE_OK)
		return err;
	return cmd_unlock(options, wallet, error);
}

enum rollcode_err
cmd_reveal(struct wallet *wallet, const char *name, struct wallet_entry *entry,
    struct error *error)
{
	struct provision *p = &entry->provision;
	enum rollcode_err err;

	if ((err = wallet_reveal(wallet, name, entry, error)) != ROLLCODE_OK)
		return err;
	if (p->account[0] == '\0')
		memcpy(p->account, entry->name, sizeof(entry->name));
	return ROLLCODE_OK;
}
