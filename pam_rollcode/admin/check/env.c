/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env.c - the env file: each mistake in it, and what mends it.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "admin/check/check.h"
#include "admin/check/run.h"
#include "admin/person.h"
#include "config/envfile.h"

static void
mend_key(const struct check *check, const char *what, char *mend)
{
	char init[CHECK_TEXT_MAX];

	check_admin(check, "init", NULL, NULL, mend);
	if (strstr(what, "is missing") != NULL)
		return;
	memcpy(init, mend, sizeof(init));
	check_command(mend, CHECK_TEXT_MAX,
	    "sed -i 's/^SECRET_KEY=/#&/' %s && %s",
	    CHECK_WORD(check->options->conf), init);
}

/* What mends one mistake in the env file. */
static void
mend_env(const struct check *check, struct finding *f)
{
	const char *conf = CHECK_WORD(check->options->conf);
	struct stat st;

	if (strncmp(f->what, "SECRET_KEY", 10) == 0) {
		f->kind = FOUND_ENV_KEY;
		mend_key(check, f->what, f->mend);
	} else if (strncmp(f->what, "ACCOUNT", 7) == 0) {
		f->kind = FOUND_ACCOUNT;
		check_command(f->mend, sizeof(f->mend),
		    "useradd --system --user-group --no-create-home "
		    "--home-dir " ROLLCODE_STATE
		    " --shell /usr/sbin/nologin %s",
		    CHECK_WORD(check->config.account));
	} else if (f->line != 0) {
		f->kind = FOUND_ENV_LINE;
		check_command(f->mend, sizeof(f->mend), "sed -i '%us/^/#/' %s",
		    f->line, conf);
	} else if (f->mend[0] == '\0' && lstat(f->file, &st) != 0) {
		check_admin(check, "init", NULL, NULL, f->mend);
	} else if (f->mend[0] == '\0' && S_ISLNK(st.st_mode)) {
		check_command(f->mend, sizeof(f->mend),
		    "cp --remove-destination \"$(readlink -f %s)\" %s",
		    CHECK_WORD(f->file), CHECK_WORD(f->file));
	} else if (f->mend[0] == '\0') {
		check_command(f->mend, sizeof(f->mend), "edit %s", conf);
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
	const char *conf = check->options->conf;
	struct error error = {0};
	struct finding found;

	if (envfile_foreign(conf, &error) == ROLLCODE_OK)
		return;
	check_error(&found, FOUND_ENV_FILE, conf, &error, NULL);
	check_add(check, &found);
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
	check_error(
	    &found, FOUND_ACCOUNT_PERSON, check->options->conf, &error, NULL);
	check_add(check, &found);
}

/* "line 3: ..." of a mistake. */
static const char *
take_line(const char *text, uint32_t *line)
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
		check_error(&found, FOUND_ENV_FILE, conf, &error, NULL);
		check_cut(found.what, sizeof(found.what), "%s",
		    take_line(mistake, &found.line));
		mend_env(check, &found);
		check_add(check, &found);
	}
}
