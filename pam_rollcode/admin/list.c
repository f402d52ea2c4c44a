/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/admin.h"

#define USER_COLUMNS 24

struct listing {
	struct admin *admin;
	struct json json;
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

	plain_pad(stdout, user, PLAIN_WORD, USER_COLUMNS);
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
	bool enrolled = false;
	enum rollcode_err err;

	err = admin->ops->begin(
	    admin->store, user, &enrolled, &admin->account, &detail);
	admin->ops->end(admin->store);
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

enum rollcode_err
admin_list(void *base, char **argv, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	const struct admin_options *options = base;
	struct listing listing = {.admin = &admin, .json.out = stdout};
	enum rollcode_err err;

	(void)argv;
	if ((err = admin_open(&admin, options, NULL, error)) != ROLLCODE_OK)
		return err;
	if (options->json) {
		json_open(&listing.json, NULL, '[');
	} else {
		printf("%-*s %-9s %6s  %s\n", USER_COLUMNS, "USER", "STATE",
		    "TOKENS", "LAST LOGIN");
	}
	err = admin.ops->each(admin.store, list_one, &listing, error);
	if (options->json)
		json_close(&listing.json, ']');
	if (err == ROLLCODE_OK && listing.unusable)
		err = error_set(error, ROLLCODE_ERR_STORE,
		    "the files of some users are unusable; see the list");
	return err;
}
