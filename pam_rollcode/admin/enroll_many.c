/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/enroll.h"
#include "common/token/token.h"

struct enrolling {
	struct admin *admin;
	struct progress progress;
	int64_t enrolled, failed;
};

/* What is wrong with one of them does not concern the others. */
static enum rollcode_err
enroll_next(void *context, const char *user, struct error *error)
{
	struct enrolling *e = context;
	struct error why = {0};
	bool skipped = false;
	enum rollcode_err err;

	err = enroll_user(e->admin, user, &skipped, &why);
	progress_step(&e->progress);
	e->enrolled += err == ROLLCODE_OK && !skipped;
	if (err == ROLLCODE_OK)
		return err;
	if (err != ROLLCODE_ERR_INPUT && err != ROLLCODE_ERR_ABSENT &&
	    err != ROLLCODE_ERR_EXISTS && err != ROLLCODE_ERR_STORE)
		return error_pass(error, err, &why, "%s", user);
	progress_clear(&e->progress);
	cli_tell(ADMIN_SERVICE, user, err, &why);
	e->failed++;
	return ROLLCODE_OK;
}

static enum rollcode_err
enroll_each(struct enrolling *e, char **users, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;
	int64_t total = 0;

	if (e->admin->options->all_missing &&
	    (err = accounts_missing(
		 e->admin, admin_count_user, &total, error)) != ROLLCODE_OK)
		return err;
	for (char **user = users; *user != NULL; user++)
		total++;
	progress_begin(&e->progress, "enrolling", total);
	if (e->admin->options->all_missing)
		err = accounts_missing(e->admin, enroll_next, e, error);
	for (; *users != NULL && err == ROLLCODE_OK; users++)
		err = enroll_next(e, *users, error);
	progress_clear(&e->progress);
	return err;
}

enum rollcode_err
enroll_many(struct admin *admin, char **users, struct error *error)
{
	struct enrolling e = {.admin = admin};
	enum rollcode_err err;

	err = enroll_each(&e, users, error);
	plain_line(stderr, "enrolled %" PRId64 " user%s%s%s%s", e.enrolled,
	    PLURAL(e.enrolled),
	    e.enrolled == 0 ? "" : "; the URI of each is a file in ",
	    e.enrolled == 0 ? "" : admin->options->out,
	    e.enrolled == 0 ? "" : ": give each to its owner, and delete it");
	if (e.enrolled > 0 &&
	    form_from_name(admin->options->form) == FORM_TIMED)
		plain_line(stderr,
		    "authenticator apps cannot use them: they are for "
		    "rollcode-token add, and their codes " CLI_TIMED_CODES);
	if (err == ROLLCODE_OK && e.failed > 0)
		err = error_set(error, ROLLCODE_ERR_INPUT,
		    "%" PRId64 " user%s %s not enrolled, for the reasons above",
		    e.failed, PLURAL(e.failed), e.failed == 1 ? "was" : "were");
	return err;
}
