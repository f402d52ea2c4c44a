/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/env.h"

#define NAME_MAX_BYTES 64 /* no keyword is longer */
#define NAME_SHOWN 20	  /* bytes; no secret is shorter than 26 */

const char *
keyword_shown(const char *name)
{
	static const char plain[] = "0123456789_-abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t len = strspn(name, plain);

	if (len == 0 || len > NAME_SHOWN || name[len] != '\0' ||
	    (name[0] >= '0' && name[0] <= '9'))
		return "(not shown)";
	return name;
}

bool
keyword_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
	bool negative = *text == '-';
	int64_t n = 0;

	if (negative)
		text++;
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' ||
		    __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_sub_overflow(n, *text - '0', &n))
			return false;
	}
	if (!negative && __builtin_sub_overflow(0, n, &n))
		return false;
	if (n < min || n > max)
		return false;
	*number = n;
	return true;
}

static enum rollcode_err
set_number(const struct keyword *word, void *field, const char *value,
    struct error *error)
{
	int64_t number;

	if (!keyword_number(value, word->min, word->max, &number))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "%s must be a number from %lld to %lld", word->name,
		    (long long)word->min, (long long)word->max);
	memcpy(field, &number, sizeof(number));
	return ROLLCODE_OK;
}

static enum rollcode_err
set_text(const struct keyword *word, char *field, const char *value,
    struct error *error)
{
	size_t len = strlen(value), max = (size_t)word->max;

	if (len < (size_t)word->min || len > max)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "%s must have %lld to %lld bytes", word->name,
		    (long long)word->min, (long long)word->max);
	memcpy(field, value, len + 1);
	return ROLLCODE_OK;
}

static enum rollcode_err
set_field(const struct keyword *word, char *field, const char *value,
    struct error *error)
{
	bool yes = true;

	if (word->kind == KEYWORD_FLAG && value != NULL)
		return error_set(
		    error, ROLLCODE_ERR_INPUT, "%s takes no value", word->name);
	if (word->kind != KEYWORD_FLAG && value == NULL)
		return error_set(
		    error, ROLLCODE_ERR_INPUT, "%s needs a value", word->name);
	if (value != NULL && *value == '\0')
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "%s has an empty value", word->name);
	switch (word->kind) {
	case KEYWORD_FLAG:
		memcpy(field, &yes, sizeof(yes));
		return ROLLCODE_OK;
	case KEYWORD_NUMBER:
		return set_number(word, field, value, error);
	case KEYWORD_TEXT:
	case KEYWORD_SECRET:
		return set_text(word, field, value, error);
	}
	return error_set(error, ROLLCODE_ERR_SYS, "%s has no kind", word->name);
}

enum rollcode_err
keyword_set(const struct keyword *table, void *base, uint64_t *seen,
    const char *name, const char *value, struct error *error)
{
	enum rollcode_err err;
	unsigned int i = 0;

	while (i < ENV_KEYWORDS_MAX && table[i].name != NULL &&
	       strcmp(table[i].name, name) != 0)
		i++;
	if (i == ENV_KEYWORDS_MAX || table[i].name == NULL)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "unknown keyword %s", keyword_shown(name));
	if ((*seen >> i & 1) != 0)
		err = error_set(
		    error, ROLLCODE_ERR_INPUT, "%s is given twice", name);
	else
		err = set_field(
		    &table[i], (char *)base + table[i].at, value, error);
	*seen |= UINT64_C(1) << i;
	if (err != ROLLCODE_OK && table[i].kind == KEYWORD_SECRET)
		error_because(error, err, REASON_SECRET);
	return err;
}

struct parser {
	const struct keyword *table;
	void *base;
	uint64_t *seen;
	struct mistakes *mistakes;
	size_t line;
};

static void
add_mistake(struct parser *parser, const char *what)
{
	mistake_tell(parser->mistakes, REASON_NONE, parser->line, "%s", what);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* Cut the spaces, then the quotes; NULL with a complaint if they are odd. */
static char *
trim_value(struct parser *parser, char *value, size_t *len)
{
	while (*len > 0 && is_space(value[*len - 1]))
		--*len;
	for (; *len > 0 && is_space(*value); --*len)
		value++;
	if (*len == 0 || *value != '"')
		return value;
	if (*len < 2 || memchr(value + 1, '"', *len - 1) != value + *len - 1) {
		add_mistake(parser,
		    "a quoted value needs one double quote at each end");
		return NULL;
	}
	*len -= 2;
	return value + 1;
}

/* The value moves onto the equals sign, which makes room for its NUL. */
static void
parse_assignment(struct parser *parser, char *line, char *equals, size_t len)
{
	struct error phrase = {0};
	char name[NAME_MAX_BYTES + 1], *value = equals + 1;
	size_t n = (size_t)(equals - line), rest = len - n - 1;

	if (n > 0 && (is_space(line[0]) || is_space(equals[-1]))) {
		add_mistake(parser, "a space beside the name");
		return;
	}
	if (n > NAME_MAX_BYTES) {
		add_mistake(parser, "unknown keyword (not shown)");
		return;
	}
	memcpy(name, line, n);
	name[n] = '\0';
	if ((value = trim_value(parser, value, &rest)) == NULL)
		return;
	memmove(equals, value, rest);
	equals[rest] = '\0';
	if (keyword_set(parser->table, parser->base, parser->seen, name, equals,
		&phrase) != ROLLCODE_OK)
		mistake_tell(parser->mistakes, (enum error_reason)phrase.reason,
		    parser->line, "%s", phrase.text);
}

static void
parse_line(struct parser *parser, char *line, size_t len)
{
	size_t blank = 0;
	char *equals;

	if (memchr(line, '\0', len) != NULL) {
		add_mistake(parser, "a NUL byte; this is not a text file");
		return;
	}
	if (memchr(line, '\r', len) != NULL) {
		add_mistake(parser,
		    "a carriage return; save the file with Unix line ends");
		return;
	}
	while (blank < len && is_space(line[blank]))
		blank++;
	if (blank == len || line[0] == '#')
		return;
	if ((equals = memchr(line, '=', len)) == NULL)
		add_mistake(parser, "no equals sign; a line is KEY=VALUE");
	else
		parse_assignment(parser, line, equals, len);
}

enum rollcode_err
env_parse(char *text, size_t len, const struct keyword *table, void *base,
    uint64_t *seen, struct mistakes *mistakes)
{
	struct parser parser = {table, base, seen, mistakes, 1};
	char *end = text + len, *newline;

	if (len > ENV_FILE_MAX) {
		mistake_tell(mistakes, REASON_NONE, 0,
		    "the file is longer than %d bytes", ENV_FILE_MAX);
		return mistakes->err;
	}
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		add_mistake(&parser,
		    "a byte order mark; save the file as UTF-8 without one");
		text += 3;
	}
	for (; text < end; parser.line++) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (newline == NULL)
			newline = end;
		parse_line(&parser, text, (size_t)(newline - text));
		text = newline < end ? newline + 1 : end;
	}
	return mistakes->err;
}
