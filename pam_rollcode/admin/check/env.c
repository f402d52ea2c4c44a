/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env.c - rollcode.env: each mistake in it, and how to fix it.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "admin/check/check.h"
#include "admin/check/run.h"
#include "admin/person.h"
#include "config/envfile.h"

/* What to do about one mistake in the file. */
static void
fix_env(const struct check *check, struct finding *f)
{
	const char *fix =
	    "write the line as rollcode.env(5) says, or take it out";
	const char *name = "env-file";
	char command[CHECK_TEXT_MAX];
	struct stat st;

	if (f->runs)
		return;
	if (strncmp(f->what, "SECRET_KEY", 10) == 0) {
		name = "env-key";
		fix = "put the key back from a copy of the file; only where "
		      "there is no store yet: rollcode-admin init";
	} else if (strncmp(f->what, "ACCOUNT", 7) == 0) {
		name = "account";
		fix = command;
		f->runs = true;
		check_command(command, sizeof(command),
		    "useradd --system --user-group --no-create-home "
		    "--home-dir " ROLLCODE_STATE
		    " --shell /usr/sbin/nologin %s",
		    CHECK_WORD(check->config.account));
	} else if (f->line != 0) {
		name = "env-line";
	} else if (lstat(f->file, &st) != 0) {
		fix = "put the file back from a copy; only where there is no "
		      "store yet: rollcode-admin init";
	} else if (S_ISLNK(st.st_mode)) {
		fix = "put the file itself in the place of the link";
	}
	check_cut(f->name, sizeof(f->name), "%s", name);
	check_cut(f->fix, sizeof(f->fix), "%s", fix);
}

/* The next of the mistakes in one sentence, which "; " separates. */
static char *
next_mistake(char **rest)
{
	char *at = *rest, *end = at;
	size_t capitals;

	if (at == NULL)
		return NULL;
	while ((end = strstr(end, "; ")) != NULL) {
		*rest = end + 2;
		capitals = strspn(*rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
		if (strncmp(*rest, "line ", 5) == 0 ||
		    (capitals > 0 && (*rest)[capitals] == ':')) {
			*end = '\0';
			return at;
		}
		end++;
	}
	*rest = NULL;
	return at;
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

/* "line 3: ..." of a mistake. */
static const char *
line_take(const char *text, uint32_t *line)
{
	char *end;
	unsigned long number;

	if (strncmp(text, "line ", 5) != 0 || !isdigit((unsigned char)text[5]))
		return text;
	number = strtoul(text + 5, &end, 10);
	if (strncmp(end, ": ", 2) != 0 || number > UINT32_MAX)
		return text;
	*line = (uint32_t)number;
	return end + 2;
}

/*
 * All mistakes stand in one sentence.  Nothing of others is in it: of the env
 * file it has names alone, of those only what keyword_shown lets pass.
 */
void
check_env(struct check *check)
{
	const char *conf = check->options->conf;
	struct error error = {0};
	struct finding found;
	char *rest, *mistake;

	check->configured =
	    config_load(conf, true, &check->config, &error) == ROLLCODE_OK;
	check_foreign(check);
	if (check->configured) {
		check_previous(check);
		check_person(check);
		return;
	}
	rest = error.text + (error.file == 0 ? 0 : error.file + 2);
	while ((mistake = next_mistake(&rest)) != NULL) {
		check_error(&found, IS_ERROR, "env-file", conf, &error, NULL);
		check_cut(found.what, sizeof(found.what), "%s",
		    line_take(mistake, &found.line));
		fix_env(check, &found);
		check_add(check, &found);
	}
}
