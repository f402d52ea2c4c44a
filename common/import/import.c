/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "common/base/utf8.h"
#include "common/import/import.h"
#include "common/token/token.h"

#define ROOM 64 /* entries at first */

static const struct {
	const char *name;
	enum import_format format;
} formats[] = {
    {"otpauth", IMPORT_OTPAUTH},
    {"oath", IMPORT_OATH},
    {"google", IMPORT_GOOGLE},
    {"demo", IMPORT_DEMO},
    {"pskc", IMPORT_PSKC},
    {"sealed", IMPORT_SEALED},
};

enum import_format
import_format_from_name(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
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

/* Whether a line of the text begins so, in any case. */
static bool
begins_with(const char *text, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && strncasecmp(text, word, n) == 0;
}

static bool
contains_text(const char *text, size_t len, const char *word)
{
	return memmem(text, len, word, strlen(word)) != NULL;
}

static enum import_format
guess_line(const char *line, size_t len)
{
	if (begins_with(line, len, "rollcode-export "))
		return IMPORT_SEALED;
	if (begins_with(line, len, "<"))
		return IMPORT_PSKC;
	if (contains_text(line, len, "otpauth://"))
		return IMPORT_OTPAUTH;
	if (begins_with(line, len, "HOTP"))
		return IMPORT_OATH;
	if (begins_with(line, len, "SECRET_KEY") ||
	    begins_with(line, len, "export SECRET_KEY"))
		return IMPORT_DEMO;
	if (begins_with(line, len, "\" "))
		return IMPORT_GOOGLE;
	return IMPORT_NONE;
}

enum import_format
import_guess(const char *text, size_t len)
{
	const char *end = text + len;
	enum import_format format = IMPORT_NONE;

	while (text < end && format == IMPORT_NONE) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *next = newline == NULL ? end : newline + 1;

		while (text < next && isspace((unsigned char)*text))
			text++;
		if (text < next && *text != '#')
			format = guess_line(text, (size_t)(next - text));
		text = next;
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
import_add(struct import_list *list, const struct import_entry *entry,
    const struct error *why, struct error *error)
{
	struct import_entry *added;
	struct error spent;
	enum rollcode_err err;

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
	if (why != NULL) {
		provision_wipe(&added->provision);
		list->refused++;
		added->refused = strdup(why->text);
		if (added->refused == NULL)
			return error_set(
			    error, ROLLCODE_ERR_NOMEM, "out of memory");
	}
	list->count++;
	return ROLLCODE_OK;
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

size_t
import_refused(const struct import_list *list)
{
	size_t refused = 0;

	for (size_t i = 0; i < list->count; i++)
		refused += list->entries[i].refused != NULL;
	return refused;
}

void
import_place(const struct import_entry *entry, char place[IMPORT_PLACE_MAX])
{
	const char *file = entry->file == NULL ? "" : entry->file;
	char line[24] = "";

	if (entry->line > 0)
		snprintf(line, sizeof(line), ": %s %u",
		    entry->is_key ? "key" : "line", entry->line);
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
