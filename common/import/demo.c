/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common/import/import.h"
#include "common/sqlite/sqlite.h"
#include "common/token/token.h"

#define KEY "SECRET_KEY"
#define SPACE " \t\r"

/* A copy of one line, without the spaces at its ends. */
static enum rollcode_err
copy_line(const char *from, size_t len, struct provision_line *line,
    struct error *why)
{
	if (memchr(from, '\0', len) != NULL)
		return error_set(why, ROLLCODE_ERR_INPUT, "it has a NUL byte");
	while (len > 0 && strchr(SPACE, from[len - 1]) != NULL)
		len--;
	while (len > 0 && strchr(SPACE, *from) != NULL) {
		from++;
		len--;
	}
	if (len >= sizeof(line->text))
		return error_set(why, ROLLCODE_ERR_INPUT, "it is too long");
	provision_line_wipe(line);
	memcpy(line->text, from, len);
	return ROLLCODE_OK;
}

/* The value, as python-dotenv takes it; NULL if the line is of another key. */
static char *
value_of(char *line)
{
	char *value, *end;

	if (strncmp(line, "export ", 7) == 0)
		line += 7 + strspn(line + 7, SPACE);
	if (strncmp(line, KEY, sizeof(KEY) - 1) != 0)
		return NULL;
	value = line + sizeof(KEY) - 1;
	value += strspn(value, SPACE);
	if (*value++ != '=')
		return NULL;
	value += strspn(value, SPACE);
	if ((*value == '"' || *value == '\'') &&
	    (end = strchr(value + 1, *value)) != NULL) {
		*end = '\0';
		return value + 1;
	}
	if ((end = strstr(value, " #")) != NULL)
		*end = '\0';
	value[strcspn(value, "\t")] = '\0';
	for (end = value + strlen(value); end > value && end[-1] == ' ';)
		*--end = '\0';
	return value;
}

static enum rollcode_err
take_demo_secret(struct import_entry *e, unsigned int n, const char *value,
    struct error *why)
{
	struct secret *secret = &e->provision.token.secret;

	if (e->line != 0)
		return error_set(why, ROLLCODE_ERR_INPUT, "a second " KEY);
	e->line = n;
	if (*value == '\0' || strlen(value) > SECRET_MAX)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    KEY " is empty or over %d bytes", SECRET_MAX);
	secret->len = strlen(value);
	memcpy(secret->bytes, value, secret->len);
	return ROLLCODE_OK;
}

static enum rollcode_err
read_env(struct import_entry *e, const char *env, size_t len, struct error *why)
{
	WIPED(provision_line_wipe) struct provision_line line = {""};
	const char *end = env + len;
	enum rollcode_err err = ROLLCODE_OK;
	const char *value;

	for (unsigned int n = 1; env < end && err == ROLLCODE_OK; n++) {
		const char *newline = memchr(env, '\n', (size_t)(end - env));
		const char *stop = newline == NULL ? end : newline;

		err = copy_line(env, (size_t)(stop - env), &line, why);
		if (err == ROLLCODE_OK && (value = value_of(line.text)) != NULL)
			err = take_demo_secret(e, n, value, why);
		if (err != ROLLCODE_OK)
			e->line = n;
		env = newline == NULL ? end : newline + 1;
	}
	if (err == ROLLCODE_OK && e->line == 0)
		err = error_set(
		    why, ROLLCODE_ERR_INPUT, "there is no " KEY "= in it");
	return err;
}

static enum rollcode_err
take_demo_counter(
    struct import_entry *e, const void *image, size_t len, struct error *why)
{
	struct error what = {0};
	int64_t counter = -1;

	if (sqlite_image_counter(image, len, &counter, &what) != ROLLCODE_OK)
		return error_pass(
		    why, ROLLCODE_ERR_INPUT, &what, "the database");
	if (counter < 0 || counter == INT64_MAX)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "the database: the counter is not from 0 to 2^63-2");
	e->provision.token.counter = (uint64_t)counter + 1;
	return ROLLCODE_OK;
}

enum rollcode_err
import_demo(struct import_list *list, const char *user, const char *env,
    size_t env_len, const void *database, size_t database_len,
    struct error *error)
{
	WIPED(import_entry_wipe) struct import_entry e = {.line = 0};
	struct rollcode_token *t = &e.provision.token;
	struct error why = {0};
	enum rollcode_err err;

	snprintf(e.user, sizeof(e.user), "%s", user);
	snprintf(e.provision.account, sizeof(e.provision.account), "%s", user);
	t->form = FORM_HASH;
	t->algorithm = ALGORITHM_SHA256;
	t->digits = ROLLCODE_HEX_DIGITS;
	if ((err = read_env(&e, env, env_len, &why)) == ROLLCODE_OK &&
	    (err = take_demo_counter(&e, database, database_len, &why)) ==
		ROLLCODE_OK)
		err = token_check(t, &why);
	return import_add(list, &e, err == ROLLCODE_OK ? NULL : &why, error);
}
