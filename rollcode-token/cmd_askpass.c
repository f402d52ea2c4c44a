/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_askpass.c - answer ssh and sudo where a token is bound to the place.
 *
 * A prompt is text that the other side chose.
 *
 *  1. A code is given for one prompt alone, which names the binding: ssh puts
 *     the user and the host before what the server says, and the kernel knows
 *     the port.
 *  2. A process gets one code at most, and the default token is never meant.
 *  3. Every other prompt goes to the person.
 */
#include <stdio.h>

#include "askpass/asker.h"
#include "askpass/person.h"
#include "cmd.h"

/* The binding that a prompt of this process names; false if it names none. */
static bool
binding_of(
    const char *prompt, const struct asker *asker, struct binding *binding)
{
	size_t len = strcspn(prompt, ")");

	memset(binding, 0, sizeof(*binding));
	if (strcmp(prompt, ROLLCODE_PROMPT) == 0) {
		memcpy(binding->shown, BINDING_LOCAL, sizeof(BINDING_LOCAL));
		return strcmp(asker->name, "sudo") == 0 && asker->root;
	}
	if (prompt[0] != '(' || len < 2 || len - 1 > BINDING_MAX ||
	    strcmp(prompt + len, ") " ROLLCODE_PROMPT) != 0 ||
	    strcmp(asker->name, "ssh") != 0)
		return false;
	memcpy(binding->shown, prompt + 1, len - 1);
	binding->port = asker_port(asker);
	return strcmp(binding->shown, BINDING_LOCAL) != 0;
}

static enum rollcode_err
unlock_wallet(const struct options *options, struct wallet *wallet,
    const struct wallet_entry *entry, struct error *error)
{
	WIPED(cli_passphrase_wipe) struct cli_passphrase passphrase = {""};
	char prompt[WALLET_NAME_MAX + 64];
	enum rollcode_err err;

	if (!wallet_locked(wallet))
		return ROLLCODE_OK;
	snprintf(prompt, sizeof(prompt),
	    "Passphrase of the wallet, for %s: ", entry->name);
	err = options->passphrase_file[0] != '\0'
		  ? cli_passphrase(options->passphrase_file, "", "", false,
			&passphrase, error)
		  : person_ask(prompt, passphrase.text, sizeof(passphrase.text),
			error);
	return err == ROLLCODE_OK
		   ? wallet_unlock(wallet, passphrase.text, error)
		   : err;
}

enum rollcode_err
cmd_askpass(void *base, char **argv, struct error *error)
{
	WIPED(wallet_close) struct wallet *wallet = NULL;
	WIPED(wallet_entry_wipe) struct wallet_entry entry = {0};
	const char *prompt = argv[0];
	struct binding binding;
	struct asker asker;
	enum rollcode_err err;

	if (!asker_find(&asker) || !binding_of(prompt, &asker, &binding))
		return person_answer(prompt, error);
	err = cmd_open(base, argv + 1, &wallet, error);
	if (err == ROLLCODE_OK)
		err = wallet_bound(wallet, &binding, &asker, &entry, error);
	if (err == ROLLCODE_ERR_ABSENT && entry.id != 0)
		cli_tell("rollcode-token", NULL, err, error);
	if (err == ROLLCODE_ERR_ABSENT || err == ROLLCODE_ERR_EXISTS)
		return person_answer(prompt, error);
	if (err != ROLLCODE_OK ||
	    (err = unlock_wallet(base, wallet, &entry, error)) != ROLLCODE_OK ||
	    (err = wallet_answer(wallet, &binding, &asker, &entry, error)) !=
		ROLLCODE_OK)
		return err;
	cmd_warn_clock(wallet, &entry);
	return cmd_put_codes(&entry.provision.token, 1, error);
}
