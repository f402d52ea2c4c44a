/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "cmd.h"
#include "common/token/code.h"

enum rollcode_err
cmd_put_codes(
    const struct rollcode_token *token, int64_t count, struct error *error)
{
	WIPED(code_close) struct code_maker *maker = NULL;
	WIPED(passcode_wipe) struct passcode code = {""};
	WIPED(cli_bytes_free) struct cli_bytes line = {NULL, 0, 0};
	int64_t step = code_step(time(NULL));
	enum rollcode_err err;
	size_t len;

	err = code_open(&maker, token);
	for (int64_t i = 0; err == ROLLCODE_OK && i < count; i++) {
		err = code_at(maker, token->counter + (uint64_t)i, step, &code);
		len = strlen(code.text);
		code.text[len++] = i + 1 < count ? ' ' : '\n';
		if (err == ROLLCODE_OK)
			err = cli_bytes_add(&line, code.text, len, NULL);
	}
	if (err != ROLLCODE_OK)
		return error_named(error, err, "no code can be made");
	return cli_write(line.text, line.len, error);
}

void
cmd_warn_clock(const struct wallet *wallet, const struct wallet_entry *entry)
{
	if (wallet_clock_back(wallet))
		plain_line(stderr,
		    "rollcode-token: the clock of this machine stands before "
		    "the last use of %s: if it is wrong now, set it, because "
		    "codes of another time are refused",
		    entry->name);
}

static enum rollcode_err
print_next(const struct options *options, char **argv, int64_t count,
    struct error *error)
{
	WIPED(wallet_close) struct wallet *wallet = NULL;
	WIPED(wallet_entry_wipe) struct wallet_entry entry = {0};
	enum rollcode_err err;

	if ((err = cmd_unlock(options, argv, &wallet, error)) != ROLLCODE_OK ||
	    (err = wallet_spend(wallet, argv[0], count, &entry, error)) !=
		ROLLCODE_OK)
		return err;
	if ((err = cmd_put_codes(&entry.provision.token, count, error)) !=
	    ROLLCODE_OK)
		return error_add(error, err,
		    "codes that were not printed are used up; ask for the next "
		    "code");
	cmd_warn_clock(wallet, &entry);
	if (wallet_copied(wallet))
		fprintf(stderr,
		    "rollcode-token: this wallet is a copy; use one copy only, "
		    "because a code that the other one printed is refused\n");
	return ROLLCODE_OK;
}

enum rollcode_err
cmd_next(void *base, char **argv, struct error *error)
{
	const struct options *options = base;

	return print_next(options, argv, options->count, error);
}

enum rollcode_err
cmd_pair(void *base, char **argv, struct error *error)
{
	return print_next(base, argv, 2, error);
}

enum rollcode_err
cmd_skip(void *base, char **argv, struct error *error)
{
	WIPED(wallet_close) struct wallet *wallet = NULL;
	WIPED(wallet_entry_wipe) struct wallet_entry entry = {0};
	const struct options *options = base;
	enum rollcode_err err;

	if ((err = cmd_open(options, argv, &wallet, error)) != ROLLCODE_OK ||
	    (err = wallet_skip(wallet, argv[0], options->count, &entry,
		 error)) != ROLLCODE_OK)
		return err;
	plain_line(stdout, "%s: the next counter is %llu", entry.name,
	    (unsigned long long)entry.provision.token.counter);
	return ROLLCODE_OK;
}
