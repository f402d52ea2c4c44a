/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restored.c - a store that went back in time is said to be one, and at the end
 * to be none any more.
 *
 *  1. It ends when no code that was used since can work: each token has moved,
 *     or made codes that expire, also one that is disabled and may be enabled
 *     again; and no recovery code of before is left.
 *  2. It can be killed at any moment, and run again.
 */
#include <stdio.h>

#include "admin/admin.h"
#include "common/token/code.h"
#include "rules/recovery.h"

/* Tokens of admin's account that were resynced since. */
struct settling {
	const struct account *account;
	int64_t since;
	bool done[ACCOUNT_TOKENS_MAX];
};

static enum rollcode_err
settle_token(void *context, const struct event *e, struct error *error)
{
	struct settling *s = context;

	(void)error;
	if (e->time <= s->since || strcmp(e->service, ADMIN_SERVICE) != 0 ||
	    strcmp(e->outcome, act_name(ACT_RESYNCED)) != 0)
		return ROLLCODE_OK;
	for (size_t i = 0; i < s->account->token_count; i++)
		s->done[i] |=
		    strcmp(s->account->tokens[i].token.label, e->token) == 0;
	return ROLLCODE_OK;
}

/* A copy that nobody has marked yet may be in use elsewhere. */
static int64_t
since_when(const struct restored *r)
{
	return r->since != 0 ? r->since : INT64_MAX;
}

enum rollcode_err
restored_waits(const struct store_ops *ops, struct store *store,
    const struct account *account, const struct account_token **waits,
    struct error *error)
{
	struct settling s = {
	    .account = account,
	    .since = since_when(ops->restored(store)),
	};
	enum rollcode_err err;

	*waits = NULL;
	if ((err = ops->events(store, settle_token, &s, error)) != ROLLCODE_OK)
		return err;
	for (size_t i = 0; i < account->token_count && *waits == NULL; i++) {
		const struct account_token *t = &account->tokens[i];

		if (t->token.form != FORM_TIMED && t->created <= s.since &&
		    !s.done[i])
			*waits = t;
	}
	return ROLLCODE_OK;
}

void
restored_past(const struct restored *r, char past[RESTORED_PAST_MAX])
{
	char date[CLI_DATE_MAX];

	past[0] = '\0';
	if (!r->is)
		return;
	cli_date(r->since, date);
	snprintf(past, RESTORED_PAST_MAX, "%s%s%s",
	    r->how != NULL ? r->how
	    : r->copy	   ? "is a copy from another machine"
			   : "was restored",
	    r->since != 0 ? ", marked " : "", r->since != 0 ? date : "");
}

struct ending {
	struct admin *admin;
	int64_t waiting, unusable, timed, voided;
};

/* What of admin's account keeps the store from being right; nothing changes. */
static enum rollcode_err
look_at_waits(
    struct ending *e, const char *user, char *waits, struct error *error)
{
	struct admin *admin = e->admin;
	const struct account_token *token = NULL;
	bool enrolled = false;
	enum rollcode_err err;

	if ((err = admin->ops->begin(admin->store, user, &enrolled,
		 &admin->account, error)) == ROLLCODE_OK &&
	    enrolled)
		err = restored_waits(
		    admin->ops, admin->store, &admin->account, &token, error);
	admin->ops->end(admin->store);
	if (token != NULL)
		memcpy(waits, token->token.label, sizeof(token->token.label));
	for (size_t i = 0; i < admin->account.token_count; i++)
		e->timed += admin->account.tokens[i].enabled &&
			    admin->account.tokens[i].token.form == FORM_TIMED;
	account_wipe(&admin->account);
	return err;
}

static enum rollcode_err
look_at_user(void *context, const char *user, struct error *error)
{
	struct ending *e = context;
	char waits[ROLLCODE_LABEL_MAX + 1] = "";
	struct error why = {0};
	enum rollcode_err err;

	if ((err = look_at_waits(e, user, waits, &why)) == ROLLCODE_ERR_NOMEM)
		return error_pass(error, err, &why, NULL);
	if (err != ROLLCODE_OK) {
		cli_tell(ADMIN_SERVICE, user, err, &why);
		e->unusable++;
	} else if (waits[0] != '\0') {
		plain_line(stderr, "%s: the token \"%s\" was not resynced",
		    user, waits);
		e->waiting++;
	}
	return ROLLCODE_OK;
}

/* Those of a copy may have been used there. */
static enum rollcode_err
void_old_codes(void *context, const char *user, struct error *error)
{
	struct ending *e = context;
	struct admin *admin = e->admin;
	const struct account *account = &admin->account;
	int64_t since = since_when(admin->ops->restored(admin->store));
	struct error why = {0};
	bool enrolled = false, old = false;
	enum rollcode_err err;

	err = admin->ops->begin(
	    admin->store, user, &enrolled, &admin->account, &why);
	for (size_t i = 0; i < account->recovery_count; i++)
		old |= account->recovery[i].used == 0 &&
		       account->recovery[i].issued <= since;
	if (err == ROLLCODE_OK && old) {
		recovery_void(&admin->account);
		err = admin_commit(admin, ACT_RECOVERY_VOIDED, NULL, &why);
		e->voided += err == ROLLCODE_OK;
	}
	admin->ops->end(admin->store);
	account_wipe(&admin->account);
	/* No login can use a file that is of no use here. */
	return err == ROLLCODE_OK || err == ROLLCODE_ERR_STORE
		   ? ROLLCODE_OK
		   : error_pass(error, err, &why, "%s", user);
}

/* With a clock that has not passed them, codes of before would be good. */
static enum rollcode_err
check_steps(const struct ending *e, struct error *error)
{
	const struct admin *admin = e->admin;
	int64_t step = restored_step(admin->ops->restored(admin->store)) + 1;
	char date[CLI_DATE_MAX];

	if (e->timed == 0 || code_step(admin->now) >= step)
		return ROLLCODE_OK;
	cli_date(step * ROLLCODE_STEP, date);
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "timed codes that were used before it was restored would be "
	    "accepted until %s; run the command again then",
	    date);
}

/* Why a resync may be of no use yet, and who needs none. */
static const char *
words_of_force(const struct restored *r)
{
	if (since_when(r) != INT64_MAX)
		return "; --force ends it all the same";
	return r->how != NULL
		   ? ", but only after rollcode-admin restored; if no login "
		     "was lost, --force ends it"
		   : ", but only after rollcode-admin restored; if only this "
		     "machine's id changed, --force ends it";
}

static enum rollcode_err
check_waiting(struct ending *e, struct error *error)
{
	struct admin *admin = e->admin;
	enum rollcode_err err;

	if ((err = admin->ops->each(admin->store, look_at_user, e, error)) !=
	    ROLLCODE_OK)
		return err;
	if (e->waiting > 0)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "%" PRId64 " user%s would have used codes accepted again: "
		    "rollcode-admin resync or enroll --replace%s",
		    e->waiting, PLURAL(e->waiting),
		    words_of_force(admin->ops->restored(admin->store)));
	if (e->unusable > 0)
		return error_set(error, ROLLCODE_ERR_STORE,
		    "the files of %" PRId64 " user%s are unusable; repair "
		    "them, or remove the users; --force ends it all the same",
		    e->unusable, PLURAL(e->unusable));
	return check_steps(e, error);
}

static enum rollcode_err
end_restored(struct admin *admin, struct error *error)
{
	struct ending e = {.admin = admin};
	bool was = admin->ops->restored(admin->store)->is;
	enum rollcode_err err;

	if (was && !admin->options->force &&
	    (err = check_waiting(&e, error)) != ROLLCODE_OK)
		return err;
	if (was && (err = admin->ops->each(admin->store, void_old_codes, &e,
			error)) != ROLLCODE_OK)
		return err;
	if ((err = admin->ops->mark(admin->store, 0, error)) != ROLLCODE_OK)
		return err;
	puts(was ? "the store is not restored any more: every token that is "
		   "enabled can log in"
		 : "the store was not restored");
	if (e.voided > 0)
		printf("the recovery codes of %" PRId64
		       " user%s are void; rollcode-admin recovery issues "
		       "others\n",
		    e.voided, PLURAL(e.voided));
	return ROLLCODE_OK;
}

static enum rollcode_err
begin_restored(struct admin *admin, struct error *error)
{
	char date[CLI_DATE_MAX];
	int64_t step;
	enum rollcode_err err;

	if (admin->now < RESTORED_EARLIEST)
		return error_set(error, ROLLCODE_ERR_SYS,
		    "the clock is before 2001, and the mark is a time: set the "
		    "clock first");
	if ((err = admin_ask(admin->options, false, error,
		 "Only timed tokens will log in until rollcode-admin restored "
		 "--end.  Mark the store as restored?")) != ROLLCODE_OK ||
	    (err = admin->ops->mark(admin->store, admin->now, error)) !=
		ROLLCODE_OK)
		return err;
	step = restored_step(admin->ops->restored(admin->store));
	cli_date(step * ROLLCODE_STEP, date);
	printf("the store is marked as restored: timed tokens can log in with "
	       "codes made after %s, all others cannot\n"
	       "next: rollcode-admin resync each of them, then rollcode-admin "
	       "restored --end\n",
	    date);
	return ROLLCODE_OK;
}

static enum rollcode_err
set_promotions(struct admin *admin, struct error *error)
{
	const char *word = admin->options->promotions;
	bool follow = strcmp(word, "follow") == 0;
	enum rollcode_err err;

	if (!follow && strcmp(word, "ask") != 0)
		return error_set(
		    error, ROLLCODE_ERR_USAGE, "--promotions is ask or follow");
	if (admin->options->end || admin->options->force)
		return error_set(
		    error, ROLLCODE_ERR_USAGE, "--promotions stands alone");
	if (admin->ops->follow == NULL)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "nothing is promoted in a store of files");
	if ((err = admin->ops->follow(admin->store, follow, error)) !=
	    ROLLCODE_OK)
		return err;
	puts(follow ? "after a promotion logins go on: a standby that is "
		      "promoted must have all that was accepted"
		    : "after a promotion logins wait for rollcode-admin "
		      "restored");
	return ROLLCODE_OK;
}

enum rollcode_err
admin_restored(void *base, char **argv, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	const struct admin_options *options = base;
	enum rollcode_err err;

	(void)argv;
	if ((err = admin_open(&admin, options, NULL, error)) != ROLLCODE_OK)
		return err;
	if (options->promotions[0] != '\0')
		return set_promotions(&admin, error);
	return options->end ? end_restored(&admin, error)
			    : begin_restored(&admin, error);
}
