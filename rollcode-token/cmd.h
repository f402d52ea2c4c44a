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
	int64_t	count;				/* 0 if not given */
	bool	json, force, remove, plain;
};

cli_run	cmd_add, cmd_next, cmd_pair, cmd_skip, cmd_list, cmd_show, cmd_rename,
	cmd_remove, cmd_default, cmd_bind, cmd_uri, cmd_qr, cmd_import,
	cmd_export, cmd_passwd, cmd_askpass;

/*
 * The token that the words name, NULL for the default.  USAGE if a word is a
 * token's line, which belongs on standard input.
 */
enum rollcode_err	cmd_name(int argc, char **argv, const char **name,
			    struct error *) MUST_USE;

/* Make the store that the options name unless there is one. */
enum rollcode_err	cmd_create(const struct options *, struct error *)
			    MUST_USE;

/* Open the store that the options name; the caller closes it. */
enum rollcode_err	cmd_open(const struct options *, struct wallet **,
			    struct error *) MUST_USE;

/* The same, for the token that the words name, as cmd_name reads them. */
enum rollcode_err	cmd_open_named(const struct options *, int argc,
			    char **argv, struct wallet **, const char **name,
			    struct error *) MUST_USE;

/* Open it, and ask for its passphrase if it has one. */
enum rollcode_err	cmd_unlock(const struct options *, struct wallet **,
			    struct error *) MUST_USE;

/* The same, for the token that the words name, as cmd_name reads them. */
enum rollcode_err	cmd_unlock_named(const struct options *, int argc,
			    char **argv, struct wallet **, const char **name,
			    struct error *) MUST_USE;

/*
 * As wallet_reveal, for its line: an account without a name is called as the
 * token.
 */
enum rollcode_err	cmd_reveal(struct wallet *, const char *name,
			    struct wallet_entry *, struct error *) MUST_USE;

#endif /* ROLLCODE_CMD_H */
