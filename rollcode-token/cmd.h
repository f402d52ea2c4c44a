/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd.h - the commands of rollcode-token.
 */
#ifndef ROLLCODE_CMD_H
#define ROLLCODE_CMD_H

#include <limits.h>

#include "common/cli/cli.h"
#include "wallet/wallet.h"

#define CODES_MAX	100	/* of one command */
#define SKIP_MAX	1000000

struct options {
	char	store[PATH_MAX];		/* "" for the default */
	char	passphrase_file[PATH_MAX];	/* "" for the terminal */
	char	new_file[PATH_MAX];		/* the same, for a new one */
	char	seal_file[PATH_MAX];		/* the same, of an export */
	char	output[PATH_MAX];		/* "" for standard output */
	char	format[16];			/* "" to guess */
	int64_t	count;				/* of codes, 1 or more */
	bool	json, force, remove, plain;
};

cli_run	cmd_add, cmd_next, cmd_pair, cmd_skip, cmd_list, cmd_show, cmd_rename,
	cmd_remove, cmd_default, cmd_bind, cmd_uri, cmd_qr, cmd_import,
	cmd_export, cmd_passwd, cmd_askpass;

/*
 * USAGE if one of the words, which name tokens or files, is a provisioning
 * URI: those are read from standard input.
 */
enum rollcode_err	cmd_check_words(char **argv, struct error *)
			    MUST_USE;

/* Make the wallet that the options name, if there is none. */
enum rollcode_err	cmd_create(const struct options *, struct error *)
			    MUST_USE;

/* Check the words and open the wallet; the caller closes it. */
enum rollcode_err	cmd_open(const struct options *, char **argv,
			    struct wallet **, struct error *) MUST_USE;

/* The same, and ask for its passphrase if it has one. */
enum rollcode_err	cmd_unlock(const struct options *, char **argv,
			    struct wallet **, struct error *) MUST_USE;

/* Say on standard error if the clock was set back since a token's last use. */
void			cmd_warn_clock(const struct wallet *,
			    const struct wallet_entry *);

/* Print count codes of a token, from its counter on, on one line. */
enum rollcode_err	cmd_put_codes(const struct rollcode_token *,
			    int64_t count, struct error *) MUST_USE;

#endif /* ROLLCODE_CMD_H */
