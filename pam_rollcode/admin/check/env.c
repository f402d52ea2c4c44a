/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env.c - rollcode.env: each mistake in it, and how to fix it.
 */
#include <sys/stat.h>

#include "admin/check/check.h"
#include "config/envfile.h"

/* What to do about the file, where the error does not say it. */
static const char *
fix_file(const char *conf)
{
	struct stat st;

	if (lstat(conf, &st) != 0)
		return "put the file back from a copy; only where there is no "
		       "store yet: rollcode-admin init";
	if (S_ISLNK(st.st_mode))
		return "put the file itself in the place of the link";
	return "write the line as rollcode.env(5) says, or take it out";
}

static void
found_mistake(void *context, const struct error *error)
{
	struct check *check = context;
	const char *conf = check->options->conf;
	struct finding *f;

	if (error->reason == REASON_SECRET) {
		check_found_error(check, IS_ERROR, "env-key", conf, error,
		    "put the key back from a copy of the file; only where "
		    "there is no store yet: rollcode-admin init");
	} else if (error->reason == REASON_ACCOUNT) {
		f = check_found_error(
		    check, IS_ERROR, "account", conf, error, NULL);
		check_command(f, "useradd", "--system", "--user-group",
		    "--no-create-home", "--home-dir", ROLLCODE_STATE, "--shell",
		    "/usr/sbin/nologin", check->config.account, NULL);
	} else {
		check_found_error(check, IS_ERROR,
		    error->line != 0 ? "env-line" : "env-file", conf, error,
		    fix_file(conf));
	}
}

void
check_env(struct check *check)
{
	const char *conf = check->options->conf;
	const char *account = check->config.account;
	struct mistakes mistakes = {found_mistake, check, ROLLCODE_OK};
	struct error error = {0}, why = {0};

	check->configured =
	    config_read(conf, true, &check->config, &mistakes) == ROLLCODE_OK;
	if (envfile_foreign(conf, &error) != ROLLCODE_OK)
		check_found_error(
		    check, IS_ERROR, "env-file", conf, &error, NULL);
	if (!check->configured)
		return;
	if (check->config.has_previous)
		check_admin(check,
		    check_found(check, IS_WARNING, "env-previous", conf, 0,
			NULL,
			"SECRET_KEY_PREVIOUS is there: a change of the key has "
			"not ended"),
		    "rekey", NULL);
	if (!person_is(account, &why))
		return;
	error_pass(&error, ROLLCODE_ERR_CONFIG, &why,
	    "%s owns the store, and a person can use that account", account);
	/* It would lock that person out. */
	check_found_error(
	    check, IS_WARNING, "account-person", conf, &error, NULL)
	    ->runs = false;
}
