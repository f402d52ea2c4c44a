/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <unistd.h>

#include "cmd.h"
#include "common/token/code.h"

/* All codes of one command, on one line. */
struct codes {
	size_t len;
	char text[CODES_MAX * (ROLLCODE_HEX_DIGITS + 1)];
};

static void
codes_wipe(struct codes *codes)
{
	explicit_bzero(codes, sizeof(*codes));
}

static enum rollcode_err
make_codes(const struct rollcode_token *token, int64_t count,
    struct codes *codes, struct error *error)
{
	WIPED(code_closep) struct code_maker *maker = NULL;
	WIPED(passcode_wipe) struct passcode code = {""};
	enum rollcode_err err;
	size_t len;

	if ((err = code_open(&maker, token)) != ROLLCODE_OK)
		return error_set(error, err, "no code can be made: %s",
		    rollcode_strerror(err));
	for (int64_t i = 0; i < count; i++) {
		err = code_at(maker, token->counter + (uint64_t)i, &code);
		if (err != ROLLCODE_OK)
			return error_set(error, err, "no code can be made: %s",
			    rollcode_strerror(err));
		len = strlen(code.text);
		memcpy(codes->text + codes->len, code.text, len);
		codes->len += len;
		codes->text[codes->len++] = i + 1 < count ? ' ' : '\n';
	}
	return ROLLCODE_OK;
}

static enum rollcode_err
put_codes(const struct codes *codes, struct error *error)
{
	enum rollcode_err err;

	if ((err = cli_write(codes->text, codes->len, error)) != ROLLCODE_OK)
		error_add(error, err,
		    "codes that were not printed are used up; ask for the next "
		    "code");
	return err;
}

static enum rollcode_err
print_codes(const struct options *options, const char *name, int64_t count,
    struct error *error)
{
	WIPED(wallet_closep) struct wallet *wallet = NULL;
	WIPED(wallet_entry_wipe) struct wallet_entry entry = {0};
	WIPED(codes_wipe) struct codes codes = {0};
	enum rollcode_err err;

	if ((err = cmd_unlock(options, &wallet, error)) != ROLLCODE_OK ||
	    (err = wallet_spend(wallet, name, count, &entry, error)) !=
		ROLLCODE_OK ||
	    (err = make_codes(&entry.provision.token, count, &codes, error)) !=
		ROLLCODE_OK ||
	    (err = put_codes(&codes, error)) != ROLLCODE_OK)
		return err;
	if (wallet_copied(wallet))
		fprintf(stderr,
		    "rollcode-token: this wallet is a copy; use one copy only, "
		    "because a code that the other one printed is refused\n");
	return ROLLCODE_OK;
}

enum rollcode_err
cmd_next(void *base, int argc, char **argv, struct error *error)
{
	const struct options *options = base;
	const char *name;
	enum rollcode_err err;

	if ((err = cmd_name(argc, argv, &name, error)) != ROLLCODE_OK)
		return err;
	return print_codes(
	    options, name, options->count == 0 ? 1 : options->count, error);
}

enum rollcode_err
cmd_pair(void *base, int argc, char **argv, struct error *error)
{
	const char *name;
	enum rollcode_err err;

	if ((err = cmd_name(argc, argv, &name, error)) != ROLLCODE_OK)
		return err;
	return print_codes(base, name, 2, error);
}

enum rollcode_err
cmd_skip(void *base, int argc, char **argv, struct error *error)
{
	WIPED(wallet_closep) struct wallet *wallet = NULL;
	WIPED(wallet_entry_wipe) struct wallet_entry entry = {0};
	const struct options *options = base;
	const char *name;
	enum rollcode_err err;

	if ((err = cmd_open_named(
		 options, argc, argv, &wallet, &name, error)) != ROLLCODE_OK ||
	    (err = wallet_skip(wallet, name,
		 options->count == 0 ? 1 : options->count, &entry, error)) !=
		ROLLCODE_OK)
		return err;
	plain_line(stdout, "%s: the next counter is %llu", entry.name,
	    (unsigned long long)entry.provision.token.counter);
	return ROLLCODE_OK;
}
