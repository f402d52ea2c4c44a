/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/admin.h"

struct listing {
	struct admin *admin;
	struct json json;
	int64_t names; /* how many there are */
	int width;     /* columns of the widest */
	bool unusable; /* a user's file could not be read */
};

static void
list_user_json(
    struct listing *l, const char *user, const struct error *unusable)
{
	const struct account *a = &l->admin->account;

	json_open(&l->json, NULL, '{');
	json_text(&l->json, "user", user);
	if (unusable != NULL) {
		json_text(&l->json, "state", "unusable");
		json_text(&l->json, "error", unusable->text);
	} else {
		json_text(&l->json, "state", admin_state(l->admin));
		json_number(&l->json, "tokens", (int64_t)a->token_count);
		json_number(&l->json, "failures", a->failures);
		json_time(&l->json, "last_success", a->last_success);
	}
	json_close(&l->json, '}');
}

static void
list_text(struct listing *l, const char *user, const struct error *unusable)
{
	const struct account *a = &l->admin->account;
	char date[CLI_DATE_MAX], said[ERROR_SAID_MAX];

	plain_pad(stdout, user, PLAIN_WORD, l->width);
	if (unusable != NULL) {
		error_say(unusable, ROLLCODE_ERR_STORE, PLAIN_TEXT, said);
		printf(" %-9s %s\n", "unusable", said);
		return;
	}
	cli_date(a->last_success, date);
	printf(" %-9s %6zu  %s\n", admin_state(l->admin), a->token_count, date);
}

static enum rollcode_err
list_one(void *context, const char *user, struct error *error)
{
	struct listing *l = context;
	struct admin *admin = l->admin;
	struct error detail = {0};
	bool enrolled;
	enum rollcode_err err;

	err = admin_look(admin, user, &enrolled, &detail);
	if (err == ROLLCODE_ERR_NOMEM)
		return error_pass(error, err, &detail, NULL);
	if (err == ROLLCODE_OK && !enrolled)
		return ROLLCODE_OK; /* removed meanwhile */
	l->unusable |= err != ROLLCODE_OK;
	if (admin->options->json)
		list_user_json(l, user, err == ROLLCODE_OK ? NULL : &detail);
	else
		list_text(l, user, err == ROLLCODE_OK ? NULL : &detail);
	return ROLLCODE_OK;
}

static enum rollcode_err
measure_name(void *context, const char *user, struct error *error)
{
	struct listing *l = context;
	int width = plain_width(user, PLAIN_WORD);

	(void)error;
	l->names++;
	if (width > l->width)
		l->width = width;
	return ROLLCODE_OK;
}

static void
tell_past(const struct admin *admin)
{
	char past[RESTORED_PAST_MAX];

	restored_past(admin->ops->restored(admin->store), past);
	if (past[0] != '\0')
		fprintf(stderr,
		    "the store %s: only timed tokens can log in; "
		    "rollcode-admin check says who waits\n",
		    past);
}

static enum rollcode_err
list_users(struct listing *l, struct error *error)
{
	struct admin *admin = l->admin;
	enum rollcode_err err;

	tell_past(admin);
	l->width = (int)strlen("USER");
	if ((err = admin->ops->each(admin->store, measure_name, l, error)) !=
	    ROLLCODE_OK)
		return err;
	if (l->names == 0)
		fprintf(stderr, "nobody is enrolled; rollcode-admin enroll "
				"USER adds a token\n");
	else if (!admin->options->json)
		printf("%-*s %-9s %6s  %s\n", l->width, "USER", "STATE",
		    "TOKENS", "LAST LOGIN");
	if ((err = admin->ops->each(admin->store, list_one, l, error)) ==
		ROLLCODE_OK &&
	    l->unusable)
		err = error_set(error, ROLLCODE_ERR_STORE,
		    "the files of some users are unusable; see the list");
	return err;
}

/* Nothing but the name, one on each line. */
static enum rollcode_err
list_name(void *context, const char *user, struct error *error)
{
	struct listing *l = context;

	(void)error;
	l->names++;
	if (l->admin->options->json) {
		json_text(&l->json, NULL, user);
	} else {
		plain_put(stdout, user, PLAIN_WORD);
		putchar('\n');
	}
	return ROLLCODE_OK;
}

static enum rollcode_err
list_names(struct listing *l, bool missing, struct error *error)
{
	enum rollcode_err err;

	err = (missing ? accounts_missing : accounts_stale)(
	    l->admin, list_name, l, error);
	if (err == ROLLCODE_OK && l->names == 0)
		fprintf(stderr, "%s\n",
		    missing ? "everybody who can log in has a token"
			    : "every user with a token has an account");
	return err;
}

enum rollcode_err
admin_list(void *base, char **argv, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	const struct admin_options *options = base;
	struct listing listing = {.admin = &admin, .json.out = stdout};
	enum rollcode_err err;

	(void)argv;
	if (options->missing && options->stale)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--missing and --stale: give one of them");
	if ((err = admin_open(&admin, options, NULL, error)) != ROLLCODE_OK)
		return err;
	if (options->json)
		json_open(&listing.json, NULL, '[');
	err = options->missing || options->stale
		  ? list_names(&listing, options->missing, error)
		  : list_users(&listing, error);
	if (options->json)
		json_close(&listing.json, ']');
	return err;
}
