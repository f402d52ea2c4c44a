/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/enroll.h"
#include "admin/handout.h"

struct enrolling {
	struct admin *admin;
	struct progress progress;
	int64_t enrolled, failed;
};

static enum rollcode_err
check_enroll_options(
    const struct admin_options *o, char *const *users, struct error *error)
{
	bool many = o->all_missing || (users[0] != NULL && users[1] != NULL);

	if (users[0] == NULL && !o->all_missing)
		return error_set(
		    error, ROLLCODE_ERR_USAGE, "enroll: USER is missing");
	if (users[0] != NULL && o->all_missing)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--all-missing and USER: give one of them");
	if (o->if_missing && o->replace)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--if-missing and --replace: give one of them");
	if (many && o->out[0] == '\0')
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--out DIR is needed for many users: it gets a file with "
		    "the URI of each");
	if (o->out[0] != '\0' &&
	    (o->qr || o->confirm || o->secret_file[0] != '\0'))
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--out makes new secrets and prints nothing: leave --qr, "
		    "--confirm and --secret-file out");
	return ROLLCODE_OK;
}

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

static enum rollcode_err
enroll_into(struct admin *admin, char **users, struct error *error)
{
	struct enrolling e = {.admin = admin};
	enum rollcode_err err;

	err = enroll_each(&e, users, error);
	plain_line(stderr, "enrolled %" PRId64 " user%s%s%s%s", e.enrolled,
	    PLURAL(e.enrolled),
	    e.enrolled == 0 ? "" : "; the URI of each is a file in ",
	    e.enrolled == 0 ? "" : admin->options->out,
	    e.enrolled == 0 ? "" : ": give each to its owner, and delete it");
	if (err == ROLLCODE_OK && e.failed > 0)
		err = error_set(error, ROLLCODE_ERR_INPUT,
		    "%" PRId64 " user%s not enrolled, for the reasons above",
		    e.failed, e.failed == 1 ? " was" : "s were");
	return err;
}

enum rollcode_err
admin_enroll(void *base, char **argv, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	const struct admin_options *options = base;
	bool skipped = false;
	enum rollcode_err err;
	int handout = 0;

	if ((err = check_enroll_options(options, argv, error)) != ROLLCODE_OK ||
	    (options->out[0] != '\0' && (err = handout_begin(options->out,
					     &handout, error)) != ROLLCODE_OK))
		return err;
	err = admin_open(&admin, options, NULL, error);
	admin.handout = handout; /* closed with it */
	if (err != ROLLCODE_OK)
		return err;
	if (handout != 0)
		return enroll_into(&admin, argv, error);
	if ((err = enroll_user(&admin, argv[0], &skipped, error)) ==
		ROLLCODE_OK &&
	    skipped)
		plain_line(stderr,
		    "%s already has that token; nothing was changed", argv[0]);
	return err;
}
