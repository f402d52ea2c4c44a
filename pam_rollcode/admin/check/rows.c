/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.c - a file of pam.d(5) into rows.
 *
 * Whatever the bytes, each line is one row or none.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/check/rows.h"
#include "common/base/rollcode.h"

#define BLANK " \t\n"

/* What counts of a piece of a line; *more: it goes on in the next. */
static size_t
piece_len(char *text, bool *more)
{
	size_t len = strcspn(text, "#");

	*more = false;
	if (text[len] == '#')
		return len;
	while (len > 0 && strchr(BLANK, text[len - 1]) != NULL)
		len--;
	*more = len > 0 && text[len - 1] == '\\';
	return len - *more;
}

static void
piece_add(struct row *row, size_t *used, const char *text, size_t len)
{
	if (len + 2 > sizeof(row->line) - *used)
		row->fault = "is too long";
	if (row->fault != NULL)
		*used = len = 0;
	memcpy(row->line + *used, text, len);
	*used += len;
	row->line[(*used)++] = ' ';
}

/* A line with its continuations.  False at the end of the file. */
static bool
line_read(FILE *in, unsigned int *number, struct row *row)
{
	char *piece = NULL, *text;
	size_t size = 0, used = 0, len;
	bool more = true;

	while (more && getline(&piece, &size, in) > 0) {
		++*number;
		text = piece + strspn(piece, BLANK);
		if (*text == '\0' || *text == '#')
			continue;
		if (row->first == 0)
			row->first = *number;
		len = piece_len(text, &more);
		piece_add(row, &used, text, len);
	}
	free(piece);
	row->unfinished = row->first > 0 && more;
	if (row->unfinished)
		row->fault = "ends in a backslash at the end of the file";
	return row->first > 0;
}

/*
 * The next word; [...] is one, without its brackets, where \] is a bracket.
 * NULL if there is none.
 */
static char *
word_next(char **next)
{
	char *word = *next + strspn(*next, BLANK), *to, *end;

	if (*word == '\0')
		return NULL;
	if (*word != '[') {
		end = word + strcspn(word, BLANK);
	} else {
		for (to = end = ++word; *end != '\0' && *end != ']'; end++) {
			if (end[0] == '\\' && end[1] == ']')
				end++;
			*to++ = *end;
		}
		if (to != end)
			*to = '\0';
	}
	if (*end != '\0')
		*end++ = '\0';
	*next = end;
	return word;
}

static void
type_read(struct row *row, const char *word)
{
	static const char *const names[] = {
	    "@include", "auth", "account", "session", "password"};
	size_t i = 0;

	row->dash = *word == '-';
	word += row->dash;
	while (i < ROW_UNKNOWN && strcasecmp(word, names[i]) != 0)
		i++;
	row->type = (enum row_type)i;
	if (row->type == ROW_UNKNOWN)
		row->fault = "begins with a type that PAM does not know";
}

/* A control in brackets is for PAM to read. */
static void
control_read(struct row *row, const char *word)
{
	static const char *const names[] = {"required", "requisite",
	    "sufficient", "optional", "include", "substack"};
	bool known = false;

	row->control = (uint16_t)(word - row->text);
	for (size_t i = 0; i < COUNT(names); i++)
		known |= strcasecmp(word, names[i]) == 0;
	if (!known && row->line[row->control - 1] != '[' && row->fault == NULL)
		row->fault = "has a control that PAM does not know";
}

static void
words_read(struct row *row, char *next)
{
	char *word;

	row->head = (uint16_t)(next + strspn(next, BLANK) - row->text);
	while ((word = word_next(&next)) != NULL && row->count < ROW_WORDS_MAX)
		row->words[row->count++] = (uint16_t)(word - row->text);
	if (word != NULL)
		row->fault = "has too many words";
	if (row->count == 0 && row->fault == NULL)
		row->fault = "names no module";
}

bool
row_read(FILE *in, unsigned int *line, struct row *row)
{
	char *next, *word = NULL;

	memset(row, 0, sizeof(*row));
	if (!line_read(in, line, row))
		return false;
	memcpy(row->text, row->line, sizeof(row->text));
	next = row->text;
	word = word_next(&next);
	type_read(row, word == NULL ? "" : word);
	if (row->type != ROW_ANY && (word = word_next(&next)) != NULL)
		control_read(row, word);
	else if (row->type != ROW_ANY && row->fault == NULL)
		row->fault = "has no control";
	words_read(row, next);
	row->includes = row->count > 0 && (row->type == ROW_ANY ||
					      row_has_control(row, "include") ||
					      row_has_control(row, "substack"));
	return true;
}

const char *
row_control(const struct row *row)
{
	return row->control == 0 ? "" : row->text + row->control;
}

bool
row_has_control(const struct row *row, const char *control)
{
	return strcasecmp(row_control(row), control) == 0;
}

const char *
row_word(const struct row *row, size_t i)
{
	return i < row->count ? row->text + row->words[i] : "";
}

const char *
row_module(const struct row *row)
{
	const char *path = row_word(row, 0), *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

bool
row_is_ours(const struct row *row)
{
	return !row->includes && row->type != ROW_UNKNOWN &&
	       strcmp(row_module(row), OUR_MODULE) == 0;
}

bool
row_runs(const struct row *row)
{
	return row->type == ROW_AUTH && !row->includes && row->count > 0;
}

bool
row_asks(const struct row *row)
{
	return row->type == ROW_AUTH && row_is_ours(row);
}
