/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.c - a file must not give somebody else's account a token
 * that its administrator does not know of.
 */
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "admin/import/import.h"

#define SHOWN_MAX (ACCOUNT_TOKENS_MAX * (ROLLCODE_LABEL_MAX + 2))

void
import_labels(const struct import_group *group, char *text, size_t size)
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

bool
import_must_ask(const struct importing *im, const struct import_group *group)
{
	const struct admin_options *o = im->options;
	size_t added = 0;

	for (size_t i = 0; i < group->count; i++)
		added += group->lines[i]->merged == MERGE_ADDED;
	return added > 0 &&
	       ((group->enrolled && !o->add) ||
		   (o->user[0] == '\0' && has_uid_0(group->lines[0]->user)));
}

enum rollcode_err
import_ask(
    struct importing *im, const struct import_group *group, struct error *error)
{
	const char *user = group->lines[0]->user;
	bool root = has_uid_0(user);
	const char *and = root && group->enrolled ? " and" : "";
	const char *enrolled = group->enrolled ? " is already enrolled" : "";
	char question[SHOWN_MAX + ROLLCODE_USER_MAX + 128], labels[SHOWN_MAX];

	import_labels(group, labels, sizeof(labels));
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
