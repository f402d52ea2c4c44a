/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.c - a file of pam.d(5) into rows.
 *
 * Whatever the bytes, each line is one row or none.
 */
#include <string.h>
#include <strings.h>

#include "admin/check/rows.h"

#define BLANK " \t\n"

/* --- lines -------------------------------------------------------------- */

/* One physical line, without what stands behind a NUL; false at the end. */
static bool
piece_next(struct row_reader *r, const char **piece, size_t *len)
{
	const char *newline;
	size_t left = r->len - r->at;

	if (left == 0)
		return false;
	*piece = r->text + r->at;
	newline = memchr(*piece, '\n', left);
	*len = newline != NULL ? (size_t)(newline - *piece) : left;
	r->at += newline != NULL ? *len + 1 : left;
	r->line++;
	*len = strnlen(*piece, *len);
	return true;
}

static bool
piece_is_blank(const char *piece, size_t len)
{
	size_t i = 0;

	while (i < len && strchr(BLANK, piece[i]) != NULL)
		i++;
	return i == len || piece[i] == '#';
}

/* Where the text ends, before a comment and spaces; *more: goes on below. */
static size_t
piece_content(const char *piece, size_t len, bool *more)
{
	const char *comment = memchr(piece, '#', len);

	*more = false;
	if (comment != NULL)
		return (size_t)(comment - piece);
	while (len > 0 && strchr(BLANK, piece[len - 1]) != NULL)
		len--;
	if (len > 0 && piece[len - 1] == '\\') {
		*more = true;
		len--;
	}
	return len;
}

/* A line with its continuations.  False at the end of the text. */
static bool
line_assemble(struct row_reader *r, struct row *row)
{
	bool more = true, begun = false;
	const char *piece;
	size_t len, used = 0;

	while (more && piece_next(r, &piece, &len)) {
		if (piece_is_blank(piece, len))
			continue;
		if (!begun)
			row->first = r->line;
		begun = true;
		len = piece_content(piece, len, &more);
		if (len + 2 > sizeof(row->text) - used) {
			row->fault = "is too long for PAM";
			len = 0;
		}
		memcpy(row->text + used, piece, len);
		used += len;
		row->text[used++] = ' ';
		if (row->fault != NULL)
			used = 0;
	}
	row->text[used] = '\0';
	row->unfinished = begun && more;
	if (row->unfinished)
		row->fault = "ends in a backslash at the end of the file";
	return begun;
}

/* --- words -------------------------------------------------------------- */

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

/* --- rows --------------------------------------------------------------- */

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
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
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
row_read(struct row_reader *r, struct row *row)
{
	char *next, *word = NULL;

	memset(row, 0, sizeof(*row));
	if (!line_assemble(r, row))
		return false;
	memcpy(row->line, row->text, sizeof(row->line));
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

/* --- what a row is ------------------------------------------------------ */

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
