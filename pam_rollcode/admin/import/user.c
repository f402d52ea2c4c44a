/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "admin/import/import.h"
#include "admin/import/merge.h"
#include "rules/policy.h"

static void
tell_of_entry(
    struct importing *im, const struct import_entry *entry, const char *what)
{
	char place[IMPORT_PLACE_MAX];

	progress_clear(&im->progress);
	import_place(entry, place);
	plain_line(stderr, "rollcode-admin: %s: %s", place, what);
}

/* Why a line that is right is not taken over. */
static enum rollcode_err
mark_refused(struct import_entry *entry, const char *why, struct error *error)
{
	if ((entry->refused = strdup(why)) == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	provision_wipe(&entry->provision);
	return ROLLCODE_OK;
}

/* The label that the account has for the secret of a line. */
static void
take_label(struct import_outcome *outcome, const struct account *account,
    const struct secret *secret)
{
	outcome->label[0] = '\0';
	for (size_t i = 0; i < account->token_count; i++)
		if (account_same_secret(
			&account->tokens[i].token.secret, secret))
			memcpy(outcome->label, account->tokens[i].token.label,
			    sizeof(outcome->label));
}

static enum rollcode_err
merge_lines(struct importing *im, struct import_entry **lines, size_t count,
    bool *changed, struct error *error)
{
	struct account *account = &im->admin.account;
	enum rollcode_err err = ROLLCODE_OK;

	*changed = false;
	for (size_t i = 0; i < count && err == ROLLCODE_OK; i++) {
		struct import_outcome *o = &im->group[i];
		const struct import_entry *e = lines[i];

		err = account_merge(account, &e->provision.token,
		    im->options->force, im->admin.now, &o->merged, error);
		if (err != ROLLCODE_OK)
			return err;
		take_label(o, account, &e->provision.token.secret);
		if (o->merged == MERGE_ADDED && e->disabled)
			account->tokens[account->token_count - 1].enabled =
			    false;
		*changed = *changed ||
			   (o->merged != MERGE_SAME && o->merged != MERGE_KEPT);
	}
	return policy_check(&im->admin.config.policy, account, error);
}

static enum rollcode_err
create_imported(struct importing *im, const char *labels, struct error *error)
{
	struct admin *admin = &im->admin;
	struct event event;

	event_fill(
	    &event, admin->now, ADMIN_SERVICE, NULL, act_name(ACT_IMPORTED));
	snprintf(event.token, sizeof(event.token), "%s", labels);
	return admin->ops->create(
	    admin->store, &admin->account, &event, false, error);
}

static enum rollcode_err
begin_user(
    struct importing *im, const char *user, bool *enrolled, struct error *error)
{
	struct admin *admin = &im->admin;
	struct account *account = &admin->account;
	enum rollcode_err err;

	if ((err = admin->ops->begin(admin->store, user, enrolled, account,
		 error)) != ROLLCODE_OK ||
	    *enrolled)
		return err;
	account_wipe(account);
	memcpy(account->user, user, strlen(user) + 1);
	account->created = admin->now;
	return ROLLCODE_OK;
}

/*
 * All of the lines, or none of them.  Without a yes that is needed nothing is
 * done, and asks says so: while the user is locked nobody is asked.
 */
static enum rollcode_err
take_over(struct importing *im, struct import_entry **lines, size_t count,
    bool agreed, bool *asks, bool *enrolled, struct error *error)
{
	struct admin *admin = &im->admin;
	char labels[ROLLCODE_LABEL_MAX + 1];
	bool changed = false;
	enum rollcode_err err;

	if ((err = begin_user(im, lines[0]->user, enrolled, error)) !=
	    ROLLCODE_OK)
		return err;
	err = merge_lines(im, lines, count, &changed, error);
	*asks = err == ROLLCODE_OK && !agreed &&
		import_must_ask(im, lines[0]->user, *enrolled, count);
	import_labels(im, count, labels, sizeof(labels));
	if (err == ROLLCODE_OK && changed && *enrolled && !*asks)
		err = admin_commit(admin, ACT_IMPORTED, labels, error);
	else
		admin->ops->end(admin->store);
	if (err == ROLLCODE_OK && !*enrolled && !*asks)
		err = create_imported(im, labels, error);
	account_wipe(&admin->account);
	return err;
}

static enum rollcode_err
take_over_asking(struct importing *im, struct import_entry **lines,
    size_t count, struct error *error)
{
	const char *user = lines[0]->user;
	bool asks = false, enrolled = false;
	enum rollcode_err err;

	if ((err = admin_check_user(im->options, user, error)) != ROLLCODE_OK ||
	    (err = take_over(im, lines, count, false, &asks, &enrolled,
		 error)) != ROLLCODE_OK ||
	    !asks)
		return err;
	if ((err = import_ask(im, user, enrolled, count, error)) != ROLLCODE_OK)
		return err;
	return take_over(im, lines, count, true, &asks, &enrolled, error);
}

static void
tell_taken(struct importing *im, const char *user,
    const struct import_outcome *outcome)
{
	static const char *const became[MERGE_KINDS] = {
	    [MERGE_ADDED] = "added",
	    [MERGE_RAISED] = "moved forward",
	    [MERGE_LOWERED] = "moved back by force",
	};

	if (became[outcome->merged] == NULL)
		return;
	progress_clear(&im->progress);
	plain_line(
	    stdout, "%s: %s %s", user, outcome->label, became[outcome->merged]);
}

static void
tell_outcome(struct importing *im, struct import_entry **lines, size_t count)
{
	char what[160];

	im->users++;
	for (size_t i = 0; i < count; i++) {
		const struct import_outcome *o = &im->group[i];
		const struct import_entry *e = lines[i];

		im->merged[o->merged]++;
		tell_taken(im, e->user, o);
		if (o->merged == MERGE_KEPT)
			tell_of_entry(im, e,
			    "the counter here is higher, and stays; "
			    "--force would lower it");
		if (o->merged != MERGE_ADDED || e->scratch == 0)
			continue;
		snprintf(what, sizeof(what),
		    "%u scratch codes of 8 digits are too short and were not "
		    "imported; issue recovery codes",
		    e->scratch);
		tell_of_entry(im, e, what);
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

/* A line keeps the sentence alone. */
static void
tell_fix(struct importing *im, const char *user, enum rollcode_err err,
    const struct error *why)
{
	if (why->fix[0] == '\0')
		return;
	progress_clear(&im->progress);
	cli_tell(ADMIN_SERVICE, user, err, why);
}

static enum rollcode_err
refuse_all(struct importing *im, struct import_entry **lines, size_t count,
    const char *why, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;

	for (size_t i = 0; i < count && err == ROLLCODE_OK; i++) {
		if (lines[i]->refused == NULL)
			err = mark_refused(lines[i], why, error);
		if (err == ROLLCODE_OK && i < IMPORT_REFUSED_MAX)
			tell_of_entry(im, lines[i], lines[i]->refused);
	}
	if (err == ROLLCODE_OK && count > IMPORT_REFUSED_MAX)
		plain_line(stderr,
		    "rollcode-admin: %s: %zu more of this user are refused",
		    lines[0]->user, count - IMPORT_REFUSED_MAX);
	return err;
}

static const struct import_entry *
refused_among(struct import_entry **lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (lines[i]->refused != NULL)
			return lines[i];
	return NULL;
}

enum rollcode_err
import_user(struct importing *im, struct import_entry **lines, size_t count,
    struct error *error)
{
	const struct import_entry *refused = refused_among(lines, count);
	const char *user = lines[0]->user;
	struct error why = {0};
	enum rollcode_err err = ROLLCODE_ERR_INPUT;

	if (refused != NULL)
		error_set(&why, err,
		    "not imported, because entry %u of the same user was "
		    "refused",
		    refused->line);
	else if (user[0] == '\0')
		error_set(&why, err,
		    "the entry names no user; give --user USER, or write the "
		    "name and a space before an otpauth URI");
	else
		err = take_over_asking(im, lines, count, &why);
	if (err == ROLLCODE_OK) {
		tell_outcome(im, lines, count);
		return ROLLCODE_OK;
	}
	if (fault_of_user(err)) {
		tell_fix(im, user, err, &why);
		return refuse_all(im, lines, count, why.text, error);
	}
	error_pass(error, err, &why, NULL);
	return error_add(error, err,
	    "users imported before %s stay imported; run the command again",
	    user);
}
