/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user.c - the lines of one user become tokens, all or none.
 *
 * A file must not give somebody else's account a token that its administrator
 * does not know of.
 */
#include <pwd.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "admin/import/import.h"
#include "rules/verify.h"

#define SHOWN_MAX (ACCOUNT_TOKENS_MAX * (ROLLCODE_LABEL_MAX + 2))

/* "token-2, web": the labels of the lines that changed something, cut. */
static void
changed_labels(const struct import_group *group, char *text, size_t size)
{
	size_t at = 0;
	int n;

	text[0] = '\0';
	for (size_t i = 0; i < group->count; i++) {
		const struct import_entry *e = group->lines[i];

		if (!import_changes(e->merged))
			continue;
		n = snprintf(text + at, size - at, "%s%s", at > 0 ? ", " : "",
		    e->provision.token.label);
		if (n < 0 || (size_t)n >= size - at) {
			text[at] = '\0';
			return;
		}
		at += (size_t)n;
	}
}

/* A name that cannot be looked up may be one of uid 0. */
static bool
has_uid_0(const char *user)
{
	const struct passwd *pw;

	return !admin_look_up(user, &pw) || strcmp(user, "root") == 0 ||
	       (pw != NULL && pw->pw_uid == 0);
}

/*
 * Whether what the lines add needs a yes: a token for a user who is enrolled
 * already, unless --add is given, or for uid 0, unless --user names it too.
 */
static bool
must_be_asked(const struct importing *im, const struct import_group *group)
{
	const struct admin_options *o = im->options;
	size_t added = 0;

	for (size_t i = 0; i < group->count; i++)
		added += group->lines[i]->merged == MERGE_ADDED;
	return added > 0 &&
	       ((group->enrolled && !o->add) ||
		   (o->user[0] == '\0' && has_uid_0(group->lines[0]->user)));
}

/* At the terminal, with nothing locked.  INPUT with the remedy. */
static enum rollcode_err
ask_for_yes(
    struct importing *im, const struct import_group *group, struct error *error)
{
	const char *user = group->lines[0]->user;
	bool root = has_uid_0(user);
	const char *and = root && group->enrolled ? " and" : "";
	const char *enrolled = group->enrolled ? " is already enrolled" : "";
	char question[SHOWN_MAX + ROLLCODE_USER_MAX + 128], labels[SHOWN_MAX];

	changed_labels(group, labels, sizeof(labels));
	snprintf(question, sizeof(question),
	    "%s%s%s%s. Import %s for this account?", user,
	    root ? " has uid 0" : "", and, enrolled, labels);
	progress_clear(&im->progress);
	/* Standard input may be the file. */
	if (isatty(STDERR_FILENO) && cli_confirm(question, true))
		return ROLLCODE_OK;
	if (root)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "not added: %s has uid 0%s%s; import it alone with --user "
		    "%s%s",
		    user, and, enrolled, user, group->enrolled ? " --add" : "");
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "not added: %s is already enrolled, and --add is not given", user);
}

static enum rollcode_err
merge_lines(struct importing *im, struct import_group *group, bool *changed,
    struct error *error)
{
	struct account *account = &im->admin.account;
	enum rollcode_err err;

	for (size_t i = 0; i < group->count; i++) {
		struct import_entry *e = group->lines[i];

		err = account_merge(account, &e->provision.token,
		    im->options->force, im->admin.now, &e->merged, error);
		if (err == ROLLCODE_ERR_INPUT &&
		    group->count > ACCOUNT_TOKENS_MAX)
			return error_set(error, err,
			    "the files have %zu tokens for %s, and a user has "
			    "%d at most; choose one with --serial, or give "
			    "each a user with --owners",
			    group->count, account->user, ACCOUNT_TOKENS_MAX);
		if (err != ROLLCODE_OK)
			return err;
		if (e->merged == MERGE_ADDED && e->disabled)
			account->tokens[account->token_count - 1].enabled =
			    false;
		*changed = *changed || import_changes(e->merged);
	}
	return policy_check(&im->admin.config.policy, account, error);
}

/*
 * All of the lines, or none of them.  Without a yes that is needed nothing is
 * done, and asks says so: while the user is locked nobody is asked.
 */
static enum rollcode_err
take_over(struct importing *im, struct import_group *group, struct error *error)
{
	struct admin *admin = &im->admin;
	const char *user = group->lines[0]->user;
	char labels[ROLLCODE_LABEL_MAX + 1];
	bool changed = false;
	enum rollcode_err err;

	admin->now = time(NULL);
	if ((err = admin->ops->begin(admin->store, user, &group->enrolled,
		 &admin->account, error)) != ROLLCODE_OK)
		return err;
	if (!group->enrolled)
		admin_new_account(admin, user);
	err = merge_lines(im, group, &changed, error);
	group->asks =
	    err == ROLLCODE_OK && !group->agreed && must_be_asked(im, group);
	changed_labels(group, labels, sizeof(labels));
	if (err == ROLLCODE_OK && changed && group->enrolled && !group->asks)
		err = admin_commit(admin, ACT_IMPORTED, labels, error);
	else
		admin->ops->end(admin->store);
	if (err == ROLLCODE_OK && !group->enrolled && !group->asks)
		err = admin_create(admin, ACT_IMPORTED, labels, false, error);
	account_wipe(&admin->account);
	return err;
}

static enum rollcode_err
take_over_asking(
    struct importing *im, struct import_group *group, struct error *error)
{
	enum rollcode_err err;

	if ((err = admin_check_user(
		 im->options, group->lines[0]->user, error)) != ROLLCODE_OK ||
	    (err = take_over(im, group, error)) != ROLLCODE_OK || !group->asks)
		return err;
	if ((err = ask_for_yes(im, group, error)) != ROLLCODE_OK)
		return err;
	group->agreed = true;
	return take_over(im, group, error);
}

static void
tell_outcome(struct importing *im, const struct import_group *group)
{
	static const char *const became[MERGE_KINDS] = {
	    [MERGE_ADDED] = "added",
	    [MERGE_RAISED] = "moved forward",
	    [MERGE_LOWERED] = "moved back by force",
	};
	char what[160];

	im->users++;
	for (size_t i = 0; i < group->count; i++) {
		const struct import_entry *e = group->lines[i];

		im->merged[e->merged]++;
		if (e->merged != MERGE_SAME)
			progress_clear(&im->progress);
		if (became[e->merged] != NULL)
			plain_line(stdout, "%s: %s %s", e->user,
			    e->provision.token.label, became[e->merged]);
		if (e->merged == MERGE_KEPT)
			import_tell(e, ADMIN_SERVICE,
			    "the counter here is higher, and stays; "
			    "--force would lower it");
		if (e->merged != MERGE_ADDED || e->scratch == 0)
			continue;
		snprintf(what, sizeof(what),
		    "%u scratch codes of 8 digits are too short and were not "
		    "imported; issue recovery codes",
		    e->scratch);
		import_tell(e, ADMIN_SERVICE, what);
	}
}

/* What is one user's own fault does not hold up the others. */
static bool
fault_of_user(enum rollcode_err err)
{
	return err == ROLLCODE_ERR_INPUT || err == ROLLCODE_ERR_EXISTS ||
	       err == ROLLCODE_ERR_ABSENT || err == ROLLCODE_ERR_STORE ||
	       err == ROLLCODE_ERR_CONFIG;
}

static enum rollcode_err
refuse_all(struct importing *im, const struct import_group *group,
    const char *why, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;

	for (size_t i = 0; i < group->count && err == ROLLCODE_OK; i++) {
		struct import_entry *e = group->lines[i];

		if (e->refused == NULL)
			err = import_entry_refuse(&im->list, e, why, error);
		if (err == ROLLCODE_OK && i < IMPORT_REFUSED_MAX)
			import_tell(e, ADMIN_SERVICE, e->refused);
	}
	if (err == ROLLCODE_OK && group->count > IMPORT_REFUSED_MAX)
		plain_line(stderr,
		    "rollcode-admin: %s: %zu more of this user are refused",
		    group->lines[0]->user, group->count - IMPORT_REFUSED_MAX);
	return err;
}

static const struct import_entry *
refused_among(const struct import_group *group)
{
	for (size_t i = 0; i < group->count; i++)
		if (group->lines[i]->refused != NULL)
			return group->lines[i];
	return NULL;
}

bool
import_foresee(struct importing *im, struct import_group *group,
    struct account *account, struct event *event)
{
	struct admin *admin = &im->admin;
	const char *user = group->lines[0]->user;
	char labels[ROLLCODE_LABEL_MAX + 1];
	bool changed = false, clear;

	admin->now = time(NULL);
	clear = refused_among(group) == NULL &&
		admin_check_user(im->options, user, NULL) == ROLLCODE_OK &&
		admin_look(admin, user, &group->enrolled, NULL) == ROLLCODE_OK;
	if (clear && !group->enrolled)
		admin_new_account(admin, user);
	clear = clear &&
		merge_lines(im, group, &changed, NULL) == ROLLCODE_OK &&
		!must_be_asked(im, group);
	group->done = clear && !changed;
	clear = clear && changed && !group->enrolled;
	if (clear) {
		changed_labels(group, labels, sizeof(labels));
		admin_event(admin, ACT_IMPORTED, labels, event);
		*account = admin->account;
	}
	account_wipe(&admin->account);
	return clear;
}

enum rollcode_err
import_user(
    struct importing *im, struct import_group *group, struct error *error)
{
	const struct import_entry *refused = refused_among(group);
	const char *user = group->lines[0]->user;
	struct error why = {0};
	enum rollcode_err err = ROLLCODE_ERR_INPUT;

	if (group->done)
		err = ROLLCODE_OK;
	else if (refused != NULL)
		error_set(&why, err,
		    "not imported, because %s %u of the same user was refused",
		    import_unit(refused), refused->line);
	else if (user[0] == '\0')
		error_set(&why, err,
		    group->lines[0]->serial[0] == '\0'
			? "the entry names no user; give --user USER, or write "
			  "the name and a space before an otpauth URI"
			: "the entry names no user; give --user USER with "
			  "--serial %s, or --owners FILE with lines SERIAL "
			  "USER",
		    group->lines[0]->serial);
	else
		err = take_over_asking(im, group, &why);
	if (err == ROLLCODE_OK) {
		tell_outcome(im, group);
		return ROLLCODE_OK;
	}
	if (fault_of_user(err)) {
		progress_clear(&im->progress);
		/* A line keeps the sentence alone. */
		if (why.fix[0] != '\0')
			cli_tell(ADMIN_SERVICE, user, err, &why);
		return refuse_all(im, group, why.text, error);
	}
	error_pass(error, err, &why, NULL);
	return error_add(error, err,
	    "users imported before %s stay imported; run the command again",
	    user);
}
