/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stack_text.c - a file of pam.d(5) into rows.
 *
 * Whatever the bytes, each line is one row or none, and one that PAM cannot
 * read is a row that fails, as it is for PAM.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "admin/check/stack.h"

#define BLANK " \t\n"

static const char *const result_names[STACK_RESULTS + 1] = {"success",
    "open_err", "symbol_err", "service_err", "system_err", "buf_err",
    "perm_denied", "auth_err", "cred_insufficient", "authinfo_unavail",
    "user_unknown", "maxtries", "new_authtok_reqd", "acct_expired",
    "session_err", "cred_unavail", "cred_expired", "cred_err", "no_module_data",
    "conv_err", "authtok_err", "authtok_recover_err", "authtok_lock_busy",
    "authtok_disable_aging", "try_again", "ignore", "abort", "authtok_expired",
    "module_unknown", "bad_item", "conv_again", "incomplete", "default"};

/* By what they are, negated. */
static const char *const action_names[] = {
    "ignore", "ok", "done", "bad", "die", "reset"};

#define ACTIONS (sizeof(action_names) / sizeof(action_names[0]))
#define NEW_AUTHTOK_REQD 12

static const struct {
	const char *word;
	int good, other;
} controls[] = {
    {"required", ACTION_OK, ACTION_BAD},
    {"requisite", ACTION_OK, ACTION_DIE},
    {"optional", ACTION_OK, ACTION_IGNORE},
    {"sufficient", ACTION_DONE, ACTION_IGNORE},
};

/* --- lines -------------------------------------------------------------- */

/* One physical line, without what stands behind a NUL; false at the end. */
static bool
next_piece(struct stack_reader *r, const char **piece, size_t *len)
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
is_blank(const char *piece, size_t len)
{
	size_t i = 0;

	while (i < len && strchr(BLANK, piece[i]) != NULL)
		i++;
	return i == len || piece[i] == '#';
}

/* Where the text ends, before a comment and spaces; *more: goes on below. */
static size_t
content(const char *piece, size_t len, bool *more)
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
assemble(struct stack_reader *r, struct stack_row *row)
{
	bool more = true, begun = false;
	const char *piece;
	size_t len, used = 0;

	while (more && next_piece(r, &piece, &len)) {
		if (is_blank(piece, len))
			continue;
		if (!begun)
			row->first = r->line;
		begun = true;
		row->last = r->line;
		len = content(piece, len, &more);
		if (len + 2 > sizeof(row->text) - used) {
			row->fault = "is too long";
			len = 0;
		}
		memcpy(row->text + used, piece, len);
		used += len;
		row->text[used++] = ' ';
		if (row->fault != NULL)
			used = 0;
	}
	row->text[used] = '\0';
	if (begun && more)
		row->fault = "ends in a backslash at the end of the file";
	return begun;
}

/* --- words -------------------------------------------------------------- */

/*
 * The next word; [...] is one, without its brackets, where \] is a bracket.
 * NULL if there is none.
 */
static char *
next_word(char **next)
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
set_others(int *actions, int action)
{
	for (size_t i = 0; i < STACK_RESULTS; i++)
		if (actions[i] == ACTION_UNDEFINED)
			actions[i] = action;
}

static bool
take_action(const char **at, int *action)
{
	size_t len, i = 0;

	while (i < ACTIONS &&
	       strncmp(*at, action_names[i], strlen(action_names[i])) != 0)
		i++;
	if (i < ACTIONS) {
		*at += strlen(action_names[i]);
		*action = -(int)i;
		return true;
	}
	*action = 0;
	for (len = 0; isdigit((unsigned char)(*at)[len]); len++)
		if (*action < STACK_ROWS_MAX)
			*action = *action * 10 + ((*at)[len] - '0');
	*at += len;
	return *action != 0;
}

/* result=action pairs.  False if there is anything else. */
static bool
take_pairs(const char *at, int *actions)
{
	size_t i;
	int action;

	for (at += strspn(at, BLANK); *at != '\0'; at += strspn(at, BLANK)) {
		for (i = 0; i <= STACK_RESULTS; i++)
			if (strncmp(at, result_names[i],
				strlen(result_names[i])) == 0)
				break;
		if (i > STACK_RESULTS)
			return false;
		at += strlen(result_names[i]);
		at += strspn(at, BLANK);
		if (*at++ != '=')
			return false;
		at += strspn(at, BLANK);
		if (!take_action(&at, &action))
			return false;
		if (i == STACK_RESULTS)
			set_others(actions, action);
		else
			actions[i] = action;
	}
	return true;
}

static void
set_all(int *actions, int action)
{
	for (size_t i = 0; i < STACK_RESULTS; i++)
		actions[i] = action;
}

/* The first fault is told. */
static void
fail(struct stack_row *row, const char *fault)
{
	row->kind = ROW_FAIL;
	if (row->fault == NULL)
		row->fault = fault;
}

static void
read_control(struct stack_row *row, const char *word)
{
	set_all(row->actions, ACTION_UNDEFINED);
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		if (strcasecmp(word, controls[i].word) != 0)
			continue;
		row->actions[RESULT_SUCCESS] = controls[i].good;
		row->actions[NEW_AUTHTOK_REQD] = controls[i].good;
		row->actions[RESULT_IGNORE] = ACTION_IGNORE;
		set_others(row->actions, controls[i].other);
		return;
	}
	if (strcasecmp(word, "include") == 0) {
		row->kind = ROW_INCLUDE;
	} else if (strcasecmp(word, "substack") == 0) {
		row->kind = ROW_SUBSTACK;
	} else if (!take_pairs(word, row->actions)) {
		row->fault = "has a control that PAM does not know";
		set_all(row->actions, ACTION_BAD);
	}
}

static void
read_type(struct stack_row *row, const char *word)
{
	static const char *const names[] = {
	    "@include", "auth", "account", "session", "password"};

	row->dash = *word == '-';
	word += row->dash;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(word, names[i]) == 0) {
			row->type = (enum stack_type)i;
			return;
		}
	row->type = STACK_AUTH;
	fail(row, "begins with a type that PAM does not know");
}

static void
read_words(struct stack_row *row, char *next)
{
	char *word;

	while (
	    (word = next_word(&next)) != NULL && row->count < STACK_WORDS_MAX)
		row->words[row->count++] = (uint16_t)(word - row->text);
	if (word != NULL)
		row->fault = "has too many words";
	if (row->count == 0)
		fail(row, "names no module");
}

/* What stands behind the type. */
static void
read_rest(struct stack_row *row, char *next)
{
	enum stack_kind kind = row->kind;
	char *word;

	if ((word = next_word(&next)) == NULL) {
		set_all(row->actions, ACTION_BAD);
		fail(row, "has no control");
		return;
	}
	row->control = (uint16_t)(word - row->text);
	read_control(row, word);
	if (kind == ROW_FAIL)
		row->kind = kind;
	read_words(row, next);
}

bool
stack_read(struct stack_reader *r, struct stack_row *row)
{
	char *next, *word;
	bool broken;

	memset(row, 0, sizeof(*row));
	row->kind = ROW_MODULE;
	if (!assemble(r, row))
		return false;
	broken = row->fault != NULL;
	next = row->text;
	if (r->services)
		row->service = next_word(&next);
	word = next_word(&next);
	read_type(row, word == NULL ? "" : word);
	if (row->type == STACK_ANY) {
		row->kind = ROW_INCLUDE;
		read_words(row, next);
	} else {
		read_rest(row, next);
	}
	if (broken)
		row->kind = ROW_FAIL;
	return true;
}

const char *
stack_result_name(enum stack_result result)
{
	return result_names[result];
}
