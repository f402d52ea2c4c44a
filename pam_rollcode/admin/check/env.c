/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env.c - rollcode.env: each mistake in it, and how to fix it.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "admin/check/check.h"
#include "admin/check/run.h"
#include "admin/person.h"
#include "config/envfile.h"

/* One mistake in the file.  The error's own fix goes before these. */
static void
found_mistake(void *context, const struct error *error)
{
	struct check *check = context;
	const char *conf = check->options->conf, *name = "env-file";
	const char *fix =
	    "write the line as rollcode.env(5) says, or take it out";
	unsigned int severity = IS_ERROR;
	char command[CHECK_TEXT_MAX];
	struct stat st;

	if (error->fix[0] != '\0') {
		fix = NULL;
	} else if (error->reason == REASON_SECRET) {
		name = "env-key";
		fix = "put the key back from a copy of the file; only where "
		      "there is no store yet: rollcode-admin init";
	} else if (error->reason == REASON_ACCOUNT) {
		name = "account";
		severity |= HAS_COMMAND;
		fix = command;
		check_command(command, sizeof(command),
		    "useradd --system --user-group --no-create-home "
		    "--home-dir " ROLLCODE_STATE
		    " --shell /usr/sbin/nologin %s",
		    CHECK_WORD(check->config.account));
	} else if (error->line != 0) {
		name = "env-line";
	} else if (lstat(conf, &st) != 0) {
		fix = "put the file back from a copy; only where there is no "
		      "store yet: rollcode-admin init";
	} else if (S_ISLNK(st.st_mode)) {
		fix = "put the file itself in the place of the link";
	}
	check_found_error(check, severity, name, conf, error, fix);
}

static void
check_previous(struct check *check)
{
	char command[CHECK_TEXT_MAX];

	if (!check->config.has_previous)
		return;
	check_admin(check, "rekey", NULL, command);
	check_found(check, IS_WARNING | HAS_COMMAND, "env-previous",
	    check->options->conf, 0, command,
	    "SECRET_KEY_PREVIOUS is there: a change of the key has not ended");
}

static void
check_foreign(struct check *check)
{
	const char *conf = check->options->conf;
	struct error error = {0};

	if (envfile_foreign(conf, &error) != ROLLCODE_OK)
		check_found_error(
		    check, IS_ERROR, "env-file", conf, &error, NULL);
}

static void
check_person(struct check *check)
{
	const char *account = check->config.account;
	struct error why = {0}, error = {0};
	struct finding found;

	if (!person_is(account, &why))
		return;
	error_pass(&error, ROLLCODE_ERR_CONFIG, &why,
	    "%s owns the store, and a person can use that account", account);
	check_error(&found, IS_WARNING, "account-person", check->options->conf,
	    &error, NULL);
	found.runs = false; /* it would lock that person out */
	check_add(check, &found);
}

void
check_env(struct check *check)
{
	check->configured =
	    config_read(check->options->conf, true, &check->config,
		found_mistake, check) == ROLLCODE_OK;
	check_foreign(check);
	if (check->configured) {
		check_previous(check);
		check_person(check);
	}
}
