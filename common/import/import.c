/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "common/base/utf8.h"
#include "common/import/import.h"
#include "common/token/token.h"

#define ROOM 64	   /* entries at first */
#define HEX_MIN 20 /* digits of a secret */

/* The first whose sign a line has tells what the text is. */
static const struct {
	const char *name;
	enum import_format format;
	const char *sign; /* what a line begins with, in any case ... */
	bool anywhere;	  /* ... or has somewhere */
} formats[] = {
    {"sealed", IMPORT_SEALED, "rollcode-export ", false},
    {"pskc", IMPORT_PSKC, "<", false},
    {"json", IMPORT_JSON, "{", false},
    {"json", IMPORT_JSON, "[", false},
    {"migration", IMPORT_MIGRATION, "otpauth-migration://", true},
    {"otpauth", IMPORT_OTPAUTH, "otpauth://", true},
    {"csv", IMPORT_CSV, "LOGGING START,", false},
    {"csv", IMPORT_CSV, "OATH-HOTP,", false},
    {"oath", IMPORT_OATH, "HOTP", false},
    {"demo", IMPORT_DEMO, "SECRET_KEY", false},
    {"demo", IMPORT_DEMO, "export SECRET_KEY", false},
    {"google", IMPORT_GOOGLE, "\" ", false},
};

enum import_format
import_format_from_name(const char *name)
{
	for (size_t i = 0; i < COUNT(formats); i++)
		if (strcmp(formats[i].name, name) == 0)
			return formats[i].format;
	return IMPORT_NONE;
}

enum import_merge
import_meet(uint64_t here, uint64_t given, bool force)
{
	if (here == given)
		return MERGE_SAME;
	if (here < given)
		return MERGE_RAISED;
	return force ? MERGE_LOWERED : MERGE_KEPT;
}

bool
import_same_kind(const struct rollcode_token *a, const struct rollcode_token *b)
{
	return a->form == b->form && a->algorithm == b->algorithm &&
	       a->digits == b->digits;
}

bool
import_next_line(struct import_text *text, const char **line, size_t *len)
{
	const char *newline;

	if (text->at == text->end)
		return false;
	*line = text->at;
	newline = memchr(*line, '\n', (size_t)(text->end - *line));
	text->at = newline == NULL ? text->end : newline + 1;
	*len = (size_t)((newline == NULL ? text->end : newline) - *line);
	return true;
}

char *
import_trim(char *text)
{
	static const char space[] = " \t\r";
	size_t len;

	text += strspn(text, space);
	len = strlen(text);
	while (len > 0 && strchr(space, text[len - 1]) != NULL)
		text[--len] = '\0';
	return text;
}

/* A column of so many hexadecimal digits, and one before it. */
static bool
has_hex_column(const char *line, size_t len)
{
	size_t digits = 0, columns = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i == len || line[i] == ',') {
			if (columns++ > 0 && digits >= HEX_MIN)
				return true;
			digits = 0;
		} else if (isxdigit((unsigned char)line[i])) {
			digits++;
		} else if (line[i] != ' ' && line[i] != '"') {
			digits = 0;
		}
	}
	return false;
}

static enum import_format
guess_line(const char *line, size_t len)
{
	for (size_t i = 0; i < COUNT(formats); i++) {
		const char *sign = formats[i].sign;
		size_t n = strlen(sign);

		for (size_t at = 0; at + n <= len; at++) {
			if (strncasecmp(line + at, sign, n) == 0)
				return formats[i].format;
			if (!formats[i].anywhere)
				break;
		}
	}
	return has_hex_column(line, len) ? IMPORT_CSV : IMPORT_NONE;
}

enum import_format
import_guess(const char *bytes, size_t size)
{
	struct import_text text = {bytes, bytes + size};
	enum import_format format = IMPORT_NONE;
	const char *line;
	size_t len;

	while (format == IMPORT_NONE && import_next_line(&text, &line, &len)) {
		for (; len > 0 && isspace((unsigned char)*line); len--)
			line++;
		if (len > 0 && *line != '#')
			format = guess_line(line, len);
	}
	return format;
}

/* Secrets are in the entries, so that realloc would leave a copy. */
static enum rollcode_err
grow_entries(struct import_list *list, struct error *error)
{
	size_t room = list->room == 0 ? ROOM : 2 * list->room;
	struct import_entry *entries;

	if ((entries = calloc(room, sizeof(*entries))) == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM,
		    "out of memory for %zu tokens", room);
	if (list->count > 0) {
		memcpy(entries, list->entries, list->count * sizeof(*entries));
		explicit_bzero(list->entries, list->count * sizeof(*entries));
	}
	free(list->entries);
	list->entries = entries;
	list->room = room;
	return ROLLCODE_OK;
}

enum rollcode_err
import_entry_refuse(struct import_list *list, struct import_entry *entry,
    const char *why, struct error *error)
{
	list->refused++;
	provision_wipe(&entry->provision);
	if ((entry->refused = strdup(why)) != NULL)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
}

/* It is its owner's, once, whatever else says whose it is.  INPUT. */
static enum rollcode_err
give_owner(struct import_entry *entry, struct owner *owner, bool again,
    struct error *why)
{
	if (again)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "another token has the serial number %s", owner->serial);
	if (owner->user[0] == '\0')
		return ROLLCODE_OK;
	if (entry->user[0] != '\0' && strcmp(entry->user, owner->user) != 0)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "the list of owners says that it is %s's; correct the list "
		    "or the file",
		    owner->user);
	return import_owner(entry, owner->user, "", why);
}

/* False if the owners do not want it. */
static bool
apply_owners(struct import_list *list, struct import_entry *entry,
    const struct error **why, struct error *said)
{
	struct owner *owner;
	bool again;

	/* A refusal of all of a file is about every token. */
	if (list->owners == NULL || (entry->line == 0 && *why != NULL))
		return true;
	if ((owner = owners_find(list->owners, entry->serial)) == NULL)
		return false;
	again = owner->seen;
	owner->seen = true;
	if (*why == NULL &&
	    give_owner(entry, owner, again, said) != ROLLCODE_OK)
		*why = said;
	return true;
}

enum rollcode_err
import_unseen(struct import_list *list, struct error *error)
{
	const struct import_owners *owners = list->owners;
	struct error why = {0};
	enum rollcode_err err = ROLLCODE_OK;

	/* Nobody knows what is in that which was not read. */
	if (owners == NULL || import_full(list))
		return ROLLCODE_OK;
	list->file = "the files";
	for (size_t i = 0; i < owners->count && err == ROLLCODE_OK; i++) {
		if (owners->rows[i]->seen)
			continue;
		error_set(&why, ROLLCODE_ERR_INPUT,
		    "no token has the serial number %s",
		    owners->rows[i]->serial);
		err = import_refuse(list, why.text, error);
	}
	return err;
}

enum rollcode_err
import_add(struct import_list *list, const struct import_entry *given,
    const struct error *why, struct error *error)
{
	WIPED(import_entry_wipe) struct import_entry copy = *given;
	const struct import_entry *entry = &copy;
	struct import_entry *added;
	struct error spent;
	enum rollcode_err err;

	if (!apply_owners(list, &copy, &why, &spent))
		return ROLLCODE_OK;
	if (why == NULL &&
	    token_check_left(&entry->provision.token, &spent) != ROLLCODE_OK)
		why = &spent;
	if (list->count == IMPORT_TOKENS_MAX)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "%.200s: there are more than %d tokens; split the files",
		    list->file == NULL ? "" : list->file, IMPORT_TOKENS_MAX);
	if (list->count == list->room &&
	    (err = grow_entries(list, error)) != ROLLCODE_OK)
		return err;
	added = &list->entries[list->count];
	*added = *entry;
	added->file = list->file;
	added->refused = NULL;
	list->count++;
	return why == NULL ? ROLLCODE_OK
			   : import_entry_refuse(list, added, why->text, error);
}

enum rollcode_err
import_refuse(struct import_list *list, const char *why, struct error *error)
{
	struct import_entry entry = {.line = 0};
	struct error said;

	error_set(&said, ROLLCODE_ERR_INPUT, "%s", why);
	return import_add(list, &entry, &said, error);
}

void
import_entry_begin(struct import_entry *entry, const char *user)
{
	import_entry_wipe(entry);
	snprintf(entry->user, sizeof(entry->user), "%s", user);
}

enum rollcode_err
import_owner(struct import_entry *entry, const char *name, const char *user,
    struct error *why)
{
	size_t len = strlen(name);

	if (len == 0 || len > ROLLCODE_USER_MAX || !utf8_printable(name))
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "the user's name is empty, over %d bytes, or not printable "
		    "text",
		    ROLLCODE_USER_MAX);
	memcpy(entry->user, name, len + 1);
	if (user[0] == '\0' || strcmp(user, name) == 0)
		return ROLLCODE_OK;
	return error_set(why, ROLLCODE_ERR_INPUT,
	    "it is not %s's, as --user says; leave --user out, or correct the "
	    "file",
	    user);
}

void
import_serial(struct import_entry *entry, const char *serial)
{
	if (token_check_label(serial, NULL) != ROLLCODE_OK)
		return;
	memcpy(entry->serial, serial, strlen(serial) + 1);
	memcpy(entry->provision.token.label, serial, strlen(serial) + 1);
}

enum rollcode_err
import_all_read(const struct import_list *list, struct error *error)
{
	if (list->unread == 0 && list->unread_files == 0)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "reading stopped after %d refused entries: %zu more lines or keys "
	    "and %zu more files were not read, and nothing was imported; "
	    "correct the file, or name its format with --format",
	    IMPORT_REFUSED_MAX, list->unread, list->unread_files);
}

const char *
import_unit(const struct import_entry *entry)
{
	return entry->unit == NULL ? "line" : entry->unit;
}

void
import_place(const struct import_entry *entry, char place[IMPORT_PLACE_MAX])
{
	const char *file = entry->file == NULL ? "" : entry->file;
	char line[24] = "";

	if (entry->line > 0)
		snprintf(line, sizeof(line), ": %s %u", import_unit(entry),
		    entry->line);
	snprintf(place, IMPORT_PLACE_MAX, "%.200s%s%s%s", file, line,
	    entry->user[0] == '\0' ? "" : ": ", entry->user);
}

void
import_free(struct import_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->entries[i].refused);
	if (list->entries != NULL)
		explicit_bzero(
		    list->entries, list->room * sizeof(*list->entries));
	free(list->entries);
	memset(list, 0, sizeof(*list));
}
