/* SPDX-License-Identifier: Apache-2.0 */
#include "common/import/lines.h"
#include "common/sqlite/sqlite.h"
#include "common/token/token.h"

#define KEY "SECRET_KEY"

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

enum rollcode_err
reading_demo(struct reading *r)
{
	struct secret *secret = &r->entry.provision.token.secret;
	const char *value = value_of(r->line.text);

	if (value == NULL)
		return ROLLCODE_OK;
	if (r->secret_line != 0)
		return reading_bad(r, "a second " KEY);
	r->secret_line = r->entry.line;
	secret->len = strlen(value);
	if (secret->len == 0 || secret->len > SECRET_MAX)
		return error_set(&r->why, ROLLCODE_ERR_INPUT,
		    KEY " is empty or over %d bytes", SECRET_MAX);
	memcpy(secret->bytes, value, secret->len);
	return ROLLCODE_OK;
}

enum rollcode_err
reading_demo_end(struct reading *r)
{
	struct import_entry *e = &r->entry;
	struct rollcode_token *t = &e->provision.token;
	struct error what = {0};
	int64_t counter = -1;

	e->line = r->secret_line;
	if (e->line == 0)
		return reading_bad(r, "there is no " KEY "= in it");
	if (sqlite_image_counter(
		r->database, r->database_len, &counter, &what) != ROLLCODE_OK)
		return error_pass(
		    &r->why, ROLLCODE_ERR_INPUT, &what, "the database");
	if (counter < 0 || counter == INT64_MAX)
		return reading_bad(
		    r, "the database: the counter is not from 0 to 2^63-2");
	memcpy(e->provision.account, e->user, sizeof(e->user));
	t->form = FORM_HASH;
	t->algorithm = ALGORITHM_SHA256;
	t->digits = ROLLCODE_HEX_DIGITS;
	t->counter = (uint64_t)counter + 1;
	return token_check(t, &r->why);
}
