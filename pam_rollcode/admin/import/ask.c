/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.c - a file must not give somebody else's account a token
 * that its administrator does not know of.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "admin/import/import.h"

#define SHOWN_MAX (ACCOUNT_TOKENS_MAX * (ROLLCODE_LABEL_MAX + 2))

void
import_labels(const struct importing *im, size_t count, char *text, size_t size)
{
	size_t at = 0;
	int n;

	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		const struct import_outcome *o = &im->group[i];

		if (o->merged == MERGE_SAME || o->merged == MERGE_KEPT)
			continue;
		n = snprintf(
		    text + at, size - at, "%s%s", at > 0 ? ", " : "", o->label);
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

	errno = 0;
	pw = getpwnam(user);
	if (pw != NULL)
		return pw->pw_uid == 0;
	return strcmp(user, "root") == 0 ||
	       (errno != 0 && errno != ENOENT && errno != ESRCH);
}

bool
import_must_ask(
    const struct importing *im, const char *user, bool enrolled, size_t count)
{
	const struct admin_options *o = im->options;
	size_t added = 0;

	for (size_t i = 0; i < count; i++)
		added += im->group[i].merged == MERGE_ADDED;
	if (added == 0)
		return false;
	return (enrolled && !o->add) || (o->user[0] == '\0' && has_uid_0(user));
}

/* Standard input may be the file. */
static bool
answered_yes(const char *question)
{
	char answer[16];

	return isatty(STDERR_FILENO) &&
	       cli_read_terminal(question, true, answer, sizeof(answer),
		   NULL) == ROLLCODE_OK &&
	       strcmp(answer, "yes") == 0;
}

enum rollcode_err
import_ask(struct importing *im, const char *user, bool enrolled, size_t count,
    struct error *error)
{
	bool root = has_uid_0(user);
	char question[SHOWN_MAX + ROLLCODE_USER_MAX + 128], labels[SHOWN_MAX];

	import_labels(im, count, labels, sizeof(labels));
	snprintf(question, sizeof(question),
	    "%s%s%s. Import %s for this account? Type yes: ", user,
	    root ? " has uid 0" : "",
	    !enrolled ? ""
	    : root    ? " and is already enrolled"
		      : " is already enrolled",
	    labels);
	progress_clear(&im->progress);
	if (answered_yes(question))
		return ROLLCODE_OK;
	if (root)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "not added: %s has uid 0%s; import it alone with --user "
		    "%s%s",
		    user, enrolled ? " and is already enrolled" : "", user,
		    enrolled ? " --add" : "");
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "not added: %s is already enrolled, and --add is not given", user);
}
