/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recovery.c - codes for somebody who has lost a token.
 *
 *  1. A code is shown once, when it is on disk, and never again.
 *  2. No token is touched.
 */
#include <stdio.h>

#include "admin/admin.h"
#include "rules/recovery.h"

#define EXPIRES_DEFAULT (60 * 60)
#define EXPIRES_MAX (30 * 24 * 60 * 60)

static enum rollcode_err
read_expires(const char *text, int64_t *seconds, struct error *error)
{
	*seconds = EXPIRES_DEFAULT;
	if (text[0] == '\0' ||
	    (when_duration(text, seconds) && *seconds <= EXPIRES_MAX))
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_USAGE,
	    "--expires must be minutes, hours or days as in 15m, 2h or 1d, at "
	    "most 30d");
}

static enum rollcode_err
check_recovery_options(const struct admin_options *o, struct error *error)
{
	if (o->expires[0] != '\0' && !o->once)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--expires is for --once; the codes of a sheet do not "
		    "expire");
	if (o->once && o->take_back)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--once issues a code and --void makes all of them void; "
		    "leave one out");
	return ROLLCODE_OK;
}

/* If the printed codes are lost, only new ones can be issued. */
static enum rollcode_err
issue_codes(struct admin *admin, int64_t seconds, struct error *error)
{
	WIPED(recovery_sheet_wipe) struct recovery_sheet sheet = {0};
	struct account *account = &admin->account;
	bool once = admin->options->once;
	size_t count = once ? 1 : ACCOUNT_RECOVERY_CODES;
	char date[CLI_DATE_MAX];
	enum rollcode_err err;

	err = once ? recovery_issue_once(
			 account, admin->now, seconds, &sheet.codes[0], error)
		   : recovery_issue(account, admin->now, &sheet, error);
	if (err != ROLLCODE_OK ||
	    (err = admin_commit(admin,
		 once ? ACT_ONCE_ISSUED : ACT_RECOVERY_ISSUED, NULL, error)) !=
		ROLLCODE_OK)
		return err;
	cli_date(admin->now + seconds, date);
	if (once)
		plain_line(stderr,
		    "a code for %s, accepted once and until %s; read it to "
		    "nobody else",
		    account->user, date);
	else
		plain_line(stderr,
		    "%zu recovery codes for %s, each accepted once instead of "
		    "a code; earlier ones are void, and these are not shown "
		    "again",
		    count, account->user);
	for (size_t i = 0; i < count && err == ROLLCODE_OK; i++)
		err = cli_write_line(sheet.codes[i].text, error);
	if (err != ROLLCODE_OK)
		error_add(error, err,
		    "codes that were not printed are issued nevertheless; run "
		    "the command again for other codes");
	return err;
}

static enum rollcode_err
take_back(struct admin *admin, struct error *error)
{
	enum rollcode_err err;

	recovery_void(&admin->account);
	if ((err = admin_commit(admin, ACT_RECOVERY_VOIDED, NULL, error)) ==
	    ROLLCODE_OK)
		plain_line(stdout, "every recovery code of %s is void",
		    admin->account.user);
	return err;
}

/* Somebody may only want to see the codes again. */
static enum rollcode_err
ask_about_codes(struct admin *admin, const char *user, struct error *error)
{
	const struct admin_options *o = admin->options;
	unsigned int left = account_recovery_left(&admin->account);
	enum rollcode_err err;

	if (o->once || left == 0)
		return ROLLCODE_OK;
	admin->ops->end(admin->store);
	err = admin_ask(o, false, error,
	    "%s has %u unused recovery code%s, which cannot be shown again and "
	    "will be void.  %s?",
	    user, left, PLURAL(left),
	    o->take_back ? "Make them void" : "Issue new ones");
	return err != ROLLCODE_OK ? err : admin_begin(admin, user, error);
}

enum rollcode_err
admin_recovery(void *base, char **argv, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	const struct admin_options *options = base;
	enum rollcode_err err;
	int64_t seconds;

	if ((err = check_recovery_options(options, error)) != ROLLCODE_OK ||
	    (err = read_expires(options->expires, &seconds, error)) !=
		ROLLCODE_OK ||
	    (err = admin_open(&admin, options, argv[0], error)) != ROLLCODE_OK)
		return err;
	if (!options->take_back && account_enabled(&admin.account) == 0)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "no token of %s is enabled, so no code is accepted; first "
		    "run rollcode-admin enroll %s --label NAME, or, only if no "
		    "token was lost, rollcode-admin enable %s",
		    argv[0], argv[0], argv[0]);
	if ((err = ask_about_codes(&admin, argv[0], error)) != ROLLCODE_OK)
		return err;
	return options->take_back ? take_back(&admin, error)
				  : issue_codes(&admin, seconds, error);
}
