/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include "common/base/env.h"
#include "common/import/lines.h"
#include "common/import/phone.h"
#include "common/token/codec.h"

WIPABLE(reading);

enum rollcode_err
reading_bad(struct reading *r, const char *what)
{
	return error_set(&r->why, ROLLCODE_ERR_INPUT, "%s", what);
}

enum rollcode_err
reading_counter(struct reading *r, const char *text, bool used)
{
	int64_t number, max = (int64_t)ROLLCODE_COUNTER_END - (used ? 1 : 0);

	if (!keyword_number(text, 0, max, &number))
		return reading_bad(
		    r, "the counter is not a number up to 2^63-1");
	r->entry.provision.token.counter = (uint64_t)number + (used ? 1 : 0);
	return ROLLCODE_OK;
}

/* Where the URI starts, NULL if there is none; a name is cut off before. */
static char *
find_uri(char *line, char **user)
{
	char *uri;

	*user = NULL;
	line += provision_begin(line);
	uri = line + strcspn(line, SPACE);
	if (strncasecmp(line, "otpauth://", 10) == 0)
		return line;
	if (*uri == '\0')
		return NULL;
	*uri++ = '\0';
	*user = line;
	uri += strspn(uri, SPACE);
	return strncasecmp(uri, "otpauth://", 10) == 0 ? uri : NULL;
}

static bool
cut_disabled(char *uri)
{
	char *space = strpbrk(uri, SPACE), *last = space;

	for (; space != NULL; space = strpbrk(space + 1, SPACE))
		last = space;
	if (last == NULL || strcmp(last + 1, "disabled") != 0)
		return false;
	*last = '\0';
	return true;
}

static enum rollcode_err
otpauth_line(struct reading *r)
{
	struct provision *p = &r->entry.provision;
	char *named, *uri = find_uri(r->line.text, &named);
	enum rollcode_err err;

	if (uri == NULL || (named != NULL && !percent_decode(named)))
		return reading_bad(
		    r, "it is not a line [USER] otpauth://hotp/...");
	r->entry.named = named != NULL;
	r->entry.disabled = cut_disabled(uri);
	if ((named != NULL && (err = import_owner(&r->entry, named, r->user,
				   &r->why)) != ROLLCODE_OK) ||
	    (err = provision_parse(uri, p, &r->why)) != ROLLCODE_OK ||
	    named != NULL || p->account[0] == '\0')
		return err;
	return import_owner(&r->entry, p->account, r->user, &r->why);
}

/* Cut out one line without its end; INPUT with why. */
static enum rollcode_err
cut_line(struct reading *r, const char *text, size_t len)
{
	char *out = r->line.text;

	explicit_bzero(out, sizeof(r->line.text));
	if (len > 0 && text[len - 1] == '\r')
		len--;
	if (len >= sizeof(r->line.text))
		return reading_bad(r, "it is too long");
	memcpy(out, text, len);
	while (len > 0 && strchr(SPACE, out[len - 1]) != NULL)
		out[--len] = '\0';
	if (strlen(out) != len)
		return reading_bad(r, "it has a NUL byte");
	for (size_t i = 0; i < len; i++)
		if (out[i] != '\t' && ((unsigned char)out[i] < ' '))
			return reading_bad(r, "it has a control character");
	memmove(out, out + strspn(out, SPACE),
	    strlen(out + strspn(out, SPACE)) + 1);
	return ROLLCODE_OK;
}

/* How the lines of a format are read. */
struct line_format {
	read_line *line;
	read_line *end; /* NULL: each line is an entry */
};

static const struct line_format line_formats[] = {
    [IMPORT_OTPAUTH] = {otpauth_line, NULL},
    [IMPORT_OATH] = {reading_oath, NULL},
    [IMPORT_GOOGLE] = {reading_google, reading_google_end},
    [IMPORT_DEMO] = {reading_demo, reading_demo_end},
    [IMPORT_CSV] = {reading_csv, NULL},
};

static enum rollcode_err
add_read(struct reading *r, enum rollcode_err read, struct error *error)
{
	return import_add(
	    r->list, &r->entry, read == ROLLCODE_OK ? NULL : &r->why, error);
}

static enum rollcode_err
each_line(struct reading *r, const struct line_format *format,
    const char *bytes, size_t size, struct error *error)
{
	struct import_text text = {bytes, bytes + size};
	enum rollcode_err err = ROLLCODE_OK, read;
	const char *line;
	size_t len;

	import_entry_begin(&r->entry, r->user);
	for (unsigned int n = 1;
	     err == ROLLCODE_OK && import_next_line(&text, &line, &len); n++) {
		if (format->end == NULL)
			import_entry_begin(&r->entry, r->user);
		r->entry.line = n;
		read = cut_line(r, line, len);
		if (read == ROLLCODE_OK &&
		    (r->line.text[0] == '\0' || r->line.text[0] == '#'))
			continue;
		r->nothing = false;
		if (read == ROLLCODE_OK)
			read = format->line(r);
		if (read == ROLLCODE_OK && (format->end != NULL || r->nothing))
			continue;
		err = add_read(r, read, error);
		if (format->end != NULL)
			return err;
		if (!import_full(r->list))
			continue;
		while (import_next_line(&text, &line, &len))
			r->list->unread++;
	}
	if (err != ROLLCODE_OK || format->end == NULL)
		return err;
	return add_read(r, format->end(r), error);
}

enum rollcode_err
import_read(struct import_list *list, enum import_format format,
    const char *user, const char *text, size_t len, struct error *error)
{
	WIPED(reading_wipe) struct reading r = {.list = list, .user = user};

	if (format == IMPORT_MIGRATION)
		return migration_read(list, user, text, len, error);
	if (format == IMPORT_JSON)
		return apps_read(list, user, text, len, error);
	if (format != IMPORT_OTPAUTH && format != IMPORT_OATH &&
	    format != IMPORT_GOOGLE && format != IMPORT_CSV)
		return import_refuse(list,
		    "the format is not known; name it with --format", error);
	return each_line(&r, &line_formats[format], text, len, error);
}

enum rollcode_err
import_demo(struct import_list *list, const char *user, const char *env,
    size_t env_len, const void *database, size_t database_len,
    struct error *error)
{
	WIPED(reading_wipe)
	struct reading r = {
	    .list = list,
	    .user = user,
	    .database = database,
	    .database_len = database_len,
	};

	return each_line(&r, &line_formats[IMPORT_DEMO], env, env_len, error);
}
