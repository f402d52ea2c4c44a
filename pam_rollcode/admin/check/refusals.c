/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refusals.c - what a service does on each result of the module.
 */
#include <stdio.h>

#include "admin/check/lines.h"
#include "admin/check/run.h"

/* Every one of them has to deny. */
static const struct {
	enum stack_result result;
	enum finding_kind kind;
	const char *what;
} refusals[] = {
    {RESULT_AUTH_ERR, FOUND_STACK_REFUSAL, "a refused code"},
    {RESULT_USER_UNKNOWN, FOUND_STACK_REFUSAL, "a request without a user"},
    {RESULT_MAXTRIES, FOUND_STACK_REFUSAL, "a guarded account"},
    {RESULT_AUTHINFO_UNAVAIL, FOUND_STACK_ERROR, "a store that is not there"},
    {RESULT_SYSTEM_ERR, FOUND_STACK_ERROR,
	"a store or judge that is not right"},
    {RESULT_SERVICE_ERR, FOUND_STACK_ERROR, "a bad argument or env file"},
    {RESULT_CRED_INSUFFICIENT, FOUND_STACK_ERROR, "a caller who may not ask"},
    {RESULT_CONV_ERR, FOUND_STACK_ERROR, "a person who cannot be asked"},
    {RESULT_BUF_ERR, FOUND_STACK_ERROR, "a lack of memory"},
    {RESULT_MODULE_UNKNOWN, FOUND_STACK_ERROR, "a module that is missing"},
};

const struct stack_row *
check_first(const struct service *s)
{
	for (size_t i = 0; i < s->auth.count; i++)
		if (stack_is_ours(s->auth.rows[i]))
			return s->auth.rows[i];
	return NULL;
}

/* --- refusals ----------------------------------------------------------- */

/* The row of ours that lets this result pass; the first one if none does. */
static const struct stack_row *
lenient(const struct service *s, enum stack_result result)
{
	for (size_t i = 0; i < s->auth.count; i++)
		if (stack_is_ours(s->auth.rows[i]) &&
		    !stack_denies(s->auth.rows[i], result))
			return s->auth.rows[i];
	return check_first(s);
}

static void
check_refusals(struct check *check, const struct service *s)
{
	const struct stack_row *row;
	char mend[CHECK_TEXT_MAX];

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (!stack_admits(&s->auth, refusals[i].result, false))
			continue;
		row = lenient(s, refusals[i].result);
		check_replace(s, row, "required", mend);
		check_found(check, refusals[i].kind, s->files[row->file],
		    row->first, mend,
		    "%s does not deny: with \"%s\" the rest of the stack "
		    "decides alone",
		    refusals[i].what, stack_control(row));
		return; /* one mends them all */
	}
}

/* --- ways past the module ----------------------------------------------- */

/* How many rows a jump may skip, so that it lands on the module. */
static int
rows_between(const struct service *s, size_t from)
{
	unsigned int level = s->auth.rows[from]->level;
	int count = 0;

	for (size_t i = from + 1; i < s->auth.count; i++) {
		if (stack_is_ours(s->auth.rows[i]))
			return s->auth.rows[i]->level == level ? count : -1;
		count += s->auth.rows[i]->level == level;
	}
	return -1;
}

/* result=action becomes another, in the line itself. */
static void
mend_action(const struct service *s, const struct stack_row *row,
    enum stack_result result, int jump, char *mend)
{
	const char *name = stack_result_name(result);
	int action = row->actions[result];
	char was[64], becomes[64];

	if (action > 0)
		check_cut(was, sizeof(was), "%s=%d", name, action);
	else
		check_cut(was, sizeof(was), "%s=done", name);
	if (action > 0 && jump > 0)
		check_cut(becomes, sizeof(becomes), "%s=%d", name, jump);
	else
		check_cut(becomes, sizeof(becomes), "%s=ok", name);
	if (strstr(stack_control(row), was) != NULL)
		check_substitute(s, row, was, becomes, mend);
	else
		check_command(mend, CHECK_TEXT_MAX,
		    "edit %s: put the line of " STACK_MODULE " before this one",
		    CHECK_WORD(s->files[row->file]));
}

static void
mend_bypass(
    const struct service *s, size_t at, enum stack_result result, char *mend)
{
	const struct stack_row *row = s->auth.rows[at];
	const struct stack_row *ours = check_first(s);
	int between = rows_between(s, at);

	if (row->file != ours->file || between < 0)
		check_command(mend, CHECK_TEXT_MAX,
		    "edit %s: name %s by substack in place of include, or put "
		    "the line of " STACK_MODULE " before it",
		    CHECK_WORD(s->files[ours->file]),
		    CHECK_WORD(s->files[row->file]));
	else if (stack_class(row) == CLASS_PERMITS)
		check_comment_out(s, row, mend);
	else if (strcasecmp(stack_control(row), "sufficient") == 0)
		check_replace(s, row, "requisite", mend);
	else
		mend_action(s, row, result, between, mend);
}

/* True if one was found that is a mistake. */
static bool
check_bypass(struct check *check, const struct service *s)
{
	enum stack_result result;
	char mend[CHECK_TEXT_MAX];
	bool mistake = false;

	for (size_t at = 0; stack_bypass(&s->auth, &at, &result); at++) {
		const struct stack_row *row = s->auth.rows[at];
		const char *file = s->files[row->file];

		switch (stack_class(row)) {
		case CLASS_ROOT:
			break;
		case CLASS_CHOOSES:
			check_found(check, FOUND_STACK_EXEMPT, file, row->first,
			    "put the module's line before it if that is not "
			    "meant",
			    "whomever %s lets through is asked for no code",
			    stack_module(row));
			break;
		case CLASS_PROVES:
		case CLASS_SILENT:
		case CLASS_NEUTRAL:
		case CLASS_KEEPS:
		case CLASS_PERMITS:
		case CLASS_DENIES:
			mistake = true;
			mend_bypass(s, at, result, mend);
			check_found(check, FOUND_STACK_BYPASS, file, row->first,
			    mend,
			    "where %s gives %s, the module is passed over and "
			    "no code is asked for",
			    stack_module(row), stack_result_name(result));
		}
	}
	return mistake;
}

static void
check_reached(struct check *check, const struct service *s, bool bypassed)
{
	const struct stack_row *first = check_first(s);
	char mend[CHECK_TEXT_MAX];
	bool any = false;

	for (size_t i = 0; i < s->auth.count; i++) {
		const struct stack_row *row = s->auth.rows[i];
		bool reached = stack_is_ours(row) && stack_reaches(&s->auth, i);

		any |= reached;
		if (!stack_is_ours(row) || reached || bypassed)
			continue;
		check_command(mend, sizeof(mend),
		    "edit %s: put the line before the one that ends the stack",
		    CHECK_WORD(s->files[row->file]));
		check_found(check, FOUND_STACK_UNREACHED, s->files[row->file],
		    row->first, mend, "is never reached");
	}
	if (!any || stack_admits(&s->auth, RESULT_SUCCESS, false))
		return;
	check_command(mend, sizeof(mend),
	    "edit %s: look at what stands behind the line",
	    CHECK_WORD(s->files[first->file]));
	check_found(check, FOUND_STACK_CLOSED, s->files[first->file],
	    first->first, mend, "a right code lets nobody in through %s",
	    s->name);
}

/* --- people without a token --------------------------------------------- */

static void
append_permit(const struct service *s, const struct stack_row *row, char *mend)
{
	check_command(mend, CHECK_TEXT_MAX,
	    "sed -i '%ua auth required pam_permit.so' %s", row->last,
	    CHECK_WORD(s->files[row->file]));
}

static void
check_nullok(
    struct check *check, const struct service *s, const struct stack_row *row)
{
	bool key = strcmp(s->name, check->sshd.service) == 0 &&
		   check->sshd.known &&
		   check_lists_have(check->sshd.methods, "publickey");
	const char *file = s->files[row->file];
	char mend[CHECK_TEXT_MAX];

	check_substitute(s, row, "[[:space:]]nullok", "", mend);
	if (!stack_admits(&s->auth, RESULT_IGNORE, false)) {
		if (key) /* that proves who it is */
			append_permit(s, row, mend);
		check_found(check, FOUND_NULLOK_CLOSED, file, row->first, mend,
		    "nullok: no other module decides, so who has no token is "
		    "denied");
		return;
	}
	if (!key && stack_admits(&s->auth, RESULT_IGNORE, true))
		check_found(check, FOUND_NULLOK_OPEN, file, row->first, mend,
		    "nullok: who has no token is let in without a password "
		    "either");
	else
		check_found(check, FOUND_NULLOK, file, row->first, mend,
		    "nullok: who has no token is asked for none; take it away "
		    "when all have one");
}

void
check_stack(struct check *check, const struct service *s)
{
	struct options options;

	if (check_first(s) == NULL)
		return;
	check_refusals(check, s);
	check_reached(check, s, check_bypass(check, s));
	for (size_t i = 0; i < s->auth.count; i++)
		if (check_own_options(s->auth.rows[i], &options) &&
		    options.nullok)
			check_nullok(check, s, s->auth.rows[i]);
	check_ways_in(check, s);
}
