/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_check_env.c - the env file: each mistake in it, and what mends it.
 */
#include <stdio.h>

#include "admin_check.h"
#include "admin_check_run.h"
#include "admin_person.h"
#include "envfile.h"

static void
mend_key(const struct check *check, const char *what, char *mend)
{
	char init[CHECK_TEXT_MAX], word[CHECK_TEXT_MAX / 2];

	check_admin(check, "init", NULL, NULL, mend);
	if (strstr(what, "is missing") != NULL)
		return;
	memcpy(init, mend, sizeof(init));
	check_word(check->options->conf, word, sizeof(word));
	check_command(mend, CHECK_TEXT_MAX,
	    "sed -i 's/^SECRET_KEY=/#&/' %s && %s", word, init);
}

/* What mends one mistake in the env file. */
static void
mend_env(const struct check *check, struct finding *f)
{
	const char *conf = check->options->conf;
	char word[CHECK_TEXT_MAX / 2];

	check_word(conf, word, sizeof(word));
	if (strncmp(f->what, "SECRET_KEY", 10) == 0) {
		f->kind = FOUND_ENV_KEY;
		mend_key(check, f->what, f->mend);
	} else if (strncmp(f->what, "ACCOUNT", 7) == 0) {
		f->kind = FOUND_ACCOUNT;
		check_command(f->mend, sizeof(f->mend),
		    "useradd --system --user-group --no-create-home "
		    "--home-dir " ROLLCODE_STATE
		    " --shell /usr/sbin/nologin %s",
		    check->config.account);
	} else if (f->line != 0) {
		f->kind = FOUND_ENV_LINE;
		check_command(f->mend, sizeof(f->mend), "sed -i '%us/^/#/' %s",
		    f->line, word);
	} else if (f->mend[0] == '\0' &&
		   strstr(f->what, "symbolic link") != NULL) {
		check_word(f->file, word, sizeof(word));
		check_command(f->mend, sizeof(f->mend),
		    "cp --remove-destination \"$(readlink -f %s)\" %s", word,
		    word);
	} else if (strstr(f->what, "rollcode-admin init") != NULL) {
		mend_key(check, "is missing", f->mend);
	} else if (f->mend[0] == '\0') {
		check_command(f->mend, sizeof(f->mend), "edit %s", word);
	}
}

/* The next of the mistakes that stand in one sentence, parted by "; ". */
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
	char mend[CHECK_TEXT_MAX];

	if (!check->config.has_previous)
		return;
	check_admin(check, "rekey", NULL, NULL, mend);
	check_found(check, FOUND_ENV_PREVIOUS, check->options->conf, 0, mend,
	    "SECRET_KEY_PREVIOUS is there: a change of the key has not ended");
}

static void
check_foreign(struct check *check)
{
	char name[PATH_MAX], word[CHECK_TEXT_MAX / 2], mend[CHECK_TEXT_MAX];

	if (!envfile_foreign(check->options->conf, name))
		return;
	check_word(name, word, sizeof(word));
	check_command(mend, sizeof(mend), "rm -r %s", word);
	check_found(
	    check, FOUND_ENV_FILE, name, 0, mend, "%s", ENVFILE_FOREIGN);
}

static void
check_person(struct check *check)
{
	const char *account = check->config.account;
	struct person person;

	if (person_is(account, &person))
		check_found(check, FOUND_ACCOUNT_PERSON, check->options->conf,
		    0, person.remedy,
		    "%s owns the store, and a person can use that account: %s",
		    account, person.why);
}

void
check_env(struct check *check)
{
	const char *conf = check->options->conf;
	size_t len = strlen(conf);
	struct error error = {0};
	struct finding found;
	char *rest = error.text, *mistake;

	check->configured =
	    config_load(conf, true, &check->config, &error) == ROLLCODE_OK;
	check_foreign(check);
	if (check->configured) {
		check_previous(check);
		check_person(check);
		return;
	}
	if (strncmp(rest, conf, len) == 0 && strncmp(rest + len, ": ", 2) == 0)
		rest += len + 2;
	while ((mistake = next_mistake(&rest)) != NULL) {
		check_sentence(&found, FOUND_ENV_FILE, conf, mistake, NULL);
		mend_env(check, &found);
		check_add(check, &found);
	}
}
