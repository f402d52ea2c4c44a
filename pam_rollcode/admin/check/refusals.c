/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refusals.c - what a service does on each result of the module, and who is
 * kept out: people without a token where nobody has one, root, and everybody if
 * a store breaks and no way to root is left.
 */
#include <ctype.h>

#include "admin/check/check.h"

/* Each of them has to refuse the login. */
static const struct {
	int result;
	const char *name, *what;
} refusals[] = {
    {PAM_AUTH_ERR, "stack-refusal", "a refused code"},
    {PAM_MAXTRIES, "stack-refusal", "a guarded account"},
    {PAM_AUTHINFO_UNAVAIL, "stack-error", "a store that is not there"},
    {PAM_SYSTEM_ERR, "stack-error", "a faulty store or verifier"},
    {PAM_SERVICE_ERR, "stack-error", "a bad argument or configuration file"},
    {PAM_CRED_INSUFFICIENT, "stack-error", "a caller without privileges"},
    {PAM_CONV_ERR, "stack-error", "a program that cannot ask"},
    {PAM_BUF_ERR, "stack-error", "a lack of memory"},
    {PAM_MODULE_UNKNOWN, "stack-error", "a missing module"},
};

static void
check_refusals(struct check *check, const struct service *s)
{
	const struct row *row = s->first;
	char line[CHECK_TEXT_MAX];

	for (size_t i = 0; i < COUNT(refusals); i++) {
		if (!s->facts.lenient[refusals[i].result])
			continue;
		check_line(row, "required", line);
		check_found(check, IS_ERROR, refusals[i].name, AT(s, row), line,
		    "%s does not refuse the login: with the control \"%s\" "
		    "the other lines decide alone",
		    refusals[i].what, row_control(row));
		return; /* one line is enough for all */
	}
}

/* How many lines a jump from there may skip to land on the module, or -1. */
static int
lines_between(const struct service *s, size_t from)
{
	int count = 0;

	for (size_t i = from + 1; i < s->count; i++) {
		if (row_asks(&s->rows[i]))
			return count;
		if (row_has_control(&s->rows[i], "substack"))
			return -1;
		count += s->rows[i].type == ROW_AUTH && !s->rows[i].includes;
	}
	return -1;
}

/* A jump ends at the module; else the module comes first. */
static void
fix_bypass(const struct service *s, size_t at, char fix[CHECK_TEXT_MAX])
{
	const struct row *row = &s->rows[at], *ours = s->first;
	const char *jump = strstr(row_control(row), "success=");
	int between = lines_between(s, at);
	char line[CHECK_TEXT_MAX];

	if (jump == NULL || !isdigit((unsigned char)jump[strlen("success=")])) {
		check_line(ours, row_control(ours), line);
		check_cut(fix, CHECK_TEXT_MAX, "put in front of %s: \"%s\"",
		    row->file == ours->file
			? "this line"
			: "the line that includes this file",
		    line);
	} else if (between > 0) {
		check_cut(fix, CHECK_TEXT_MAX,
		    "write success=%d here, to end at the line of " OUR_MODULE,
		    between);
	} else {
		check_cut(fix, CHECK_TEXT_MAX, "write success=%s",
		    between == 0 ? "ok here, so that " OUR_MODULE " follows"
				 : "N here, to end at the line of " OUR_MODULE);
	}
}

static bool
check_bypass(struct check *check, const struct service *s)
{
	char fix[CHECK_TEXT_MAX];
	bool mistake = false;

	for (size_t i = 0; i < s->count; i++) {
		const struct row *row = &s->rows[i];
		int result = s->facts.past[i] - 1;

		if (result < 0)
			continue;
		if (row_class(row) == CLASS_CHOOSES) {
			check_found(check, IS_NOTE, "stack-exempt", AT(s, row),
			    "if that is not meant, put the line of " OUR_MODULE
			    " in front of this one",
			    "a user whom %s lets through needs no code",
			    row_module(row));
			continue;
		}
		mistake = true;
		fix_bypass(s, i, fix);
		check_found(check, IS_ERROR, "stack-bypass", AT(s, row), fix,
		    "if %s returns %s, " OUR_MODULE
		    " is skipped and no code is required",
		    row_module(row),
		    result == PAM_SUCCESS ? "success" : "what it may return");
	}
	return mistake;
}

static void
check_reached(struct check *check, const struct service *s, bool bypassed)
{
	bool any = false;

	for (size_t i = 0; i < s->count; i++) {
		const struct row *row = &s->rows[i];

		if (!row_asks(row))
			continue;
		any |= s->facts.called[i];
		if (s->facts.called[i] || bypassed)
			continue;
		check_found(check, IS_ERROR, "stack-unreached", AT(s, row),
		    "put it in front of the line that ends the stack",
		    "PAM never reaches this line: no code is required");
	}
	if (any && !s->facts.lenient[PAM_SUCCESS])
		check_found(check, IS_ERROR, "stack-closed", AT(s, s->first),
		    "look for a line that always refuses, and take it out",
		    "a valid code lets nobody in through %s", s->name);
}

static void
check_twice(struct check *check, const struct service *s)
{
	const struct row *before = NULL;

	if (s->facts.asks < 2)
		return;
	for (size_t i = 0; i < s->count; i++) {
		const struct row *row = &s->rows[i];

		if (!row_asks(row) || !s->facts.called[i])
			continue;
		if (before != NULL) {
			check_found(check, IS_WARNING, "line-twice", AT(s, row),
			    "take one of the two lines out",
			    "a login through %s needs two codes: %s:%u asks "
			    "for one too",
			    s->name, s->files[before->file], before->first);
			return;
		}
		before = row;
	}
}

static void
check_nullok(
    struct check *check, const struct service *s, const struct row *row)
{
	bool key =
	    sshd_asks_as(check, s->name) && sshd_lists_have(check, "publickey");

	if (!s->facts.lenient[PAM_IGNORE])
		check_found(check, IS_WARNING, "nullok-closed", AT(s, row),
		    key ? "write after it: auth required pam_permit.so"
			: "take the word nullok out",
		    "nullok: no other module decides, so users without a "
		    "token are refused");
	else if (!key && s->facts.unproven)
		check_found(check, IS_ERROR, "nullok-open", AT(s, row),
		    "take the word nullok out, or write in front of it: auth "
		    "requisite pam_unix.so",
		    "nullok: users without a token get in without a password "
		    "either");
	else
		check_found(check, IS_NOTE, "nullok", AT(s, row),
		    "when all users have a token, take the word nullok out",
		    "nullok: users without a token get in without a code");
}

static bool
asks_for_root(const struct check *check, const char *name)
{
	if (sshd_asks_as(check, name))
		return sshd_is(check, "permitrootlogin", "yes");
	return strcmp(name, "login") == 0 || strcmp(name, "su") == 0 ||
	       strcmp(name, "su-l") == 0;
}

void
check_ways_in(struct check *check, const struct service *s)
{
	int result = s->nullok ? PAM_IGNORE : PAM_AUTH_ERR;

	if (!check->store.known || s->facts.lenient[result])
		return;
	if (check->store.users == 0)
		check_found(check, IS_WARNING, "nobody", AT(s, s->first),
		    "rollcode-admin enroll USER",
		    "nobody has a token: nobody gets in through %s", s->name);
	else if (!check->store.root && asks_for_root(check, s->name))
		check_admin(check,
		    check_found(check, IS_WARNING, "root-way", AT(s, s->first),
			NULL,
			"root has no token and does not get in through %s",
			s->name),
		    "enroll", "root");
}

/* Its facts are known. */
void
check_stack(struct check *check, const struct service *s)
{
	struct options options;

	if (s->facts.unreadable) {
		check_found(check, IS_ERROR, "stack", s->files[0], 0,
		    "look at the lines that are named here too",
		    "PAM cannot read this service: every login is refused");
		return;
	}
	check_refusals(check, s);
	check_reached(check, s, check_bypass(check, s));
	check_twice(check, s);
	for (size_t i = 0; i < s->count; i++)
		if (row_asks(&s->rows[i]) &&
		    check_options(&s->rows[i], &options, NULL) == ROLLCODE_OK &&
		    options.nullok)
			check_nullok(check, s, &s->rows[i]);
	check_ways_in(check, s);
}

/* The ways to root, the one at the console first. */
static const char *const ways[] = {"login", "su", "sudo"};

/* A key alone, because sshd asks PAM nothing about it. */
static bool
sshd_is_free(const struct check *check)
{
	return sshd_is(check, "pubkeyauthentication", "yes") &&
	       !sshd_is(check, "permitrootlogin", "no") &&
	       !sshd_is(check, "permitrootlogin", "forced-commands-only") &&
	       (!sshd_is(check, "usepam", "yes") ||
		   !sshd_lists_have(check, "keyboard-interactive"));
}

void
check_root(struct check *check)
{
	char names[CHECK_TEXT_MAX] = "";
	struct service first = {0}, s;
	bool free_way = false;

	for (size_t i = 0; i < COUNT(ways); i++) {
		size_t len = strlen(names);

		if (!service_read(check, ways[i], &s))
			continue;
		/* Somebody gets in there without a code, as far as known. */
		free_way |=
		    s.first == NULL || !check_try(check, &s) || s.facts.unasked;
		check_cut(names + len, sizeof(names) - len, "%s%s",
		    len == 0 ? "" : ", ", ways[i]);
		if (first.rows == NULL)
			first = s;
		else
			service_free(&s);
	}
	if (first.first != NULL && !free_way) {
		check_sshd_read(check);
		if (!sshd_is_free(check))
			check_found(check, IS_WARNING, "root-way",
			    AT(&first, first.first),
			    "name the module in the services that need it; "
			    "leave one way to root without it, such as the "
			    "console",
			    "every way to root (%s) requires a code: if the "
			    "store breaks, nobody can repair it",
			    names);
	}
	service_free(&first);
}
