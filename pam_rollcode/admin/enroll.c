/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "admin/enroll.h"
#include "admin/handout.h"
#include "common/token/provision.h"
#include "common/token/token.h"
#include "rules/verify.h"

#define NEW_BYTES 32 /* of a new secret; a hash token's are hex */
#define NEW_BYTES_HASH 64
#define NEW_BYTES_PHONE 20
#define PHONE_DIGITS 6

/* Of a form that apps do not know, and that has a width of its own. */
static enum rollcode_err
check_timed(const struct admin_options *o, const struct rollcode_token *t,
    struct error *error)
{
	if (o->phone || o->qr)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "no authenticator app makes codes of form timed: leave %s "
		    "out, and give the URI to rollcode-token add",
		    o->phone ? "--phone" : "--qr");
	if (!form_has_digits(t->form, t->digits))
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--digits: a code of form timed has %d digits, or %d for "
		    "programs, because fewer are easier to guess",
		    ROLLCODE_DIGITS_MAX, ROLLCODE_HEX_DIGITS);
	if (t->algorithm != ALGORITHM_SHA256)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--algorithm: a token of form timed has SHA256; leave the "
		    "option out");
	return ROLLCODE_OK;
}

static enum rollcode_err
check_kind(const struct admin_options *o, const struct rollcode_token *t,
    struct error *error)
{
	if (t->form == FORM_NONE)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--form must be hotp, hash, hex or timed");
	if (t->algorithm == ALGORITHM_NONE)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--algorithm must be SHA1, SHA256 or SHA512");
	if (t->form == FORM_TIMED)
		return check_timed(o, t, error);
	if (o->phone &&
	    (o->form[0] != '\0' || o->algorithm[0] != '\0' || o->digits != 0))
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--phone sets form, algorithm and digits; leave those "
		    "options out");
	if (t->form != FORM_HOTP && (o->algorithm[0] != '\0' || o->digits != 0))
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--algorithm and --digits are for hotp and timed tokens");
	if (t->form == FORM_HOTP && !form_has_digits(t->form, t->digits))
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--digits must be %d to %d, or %d for timed tokens",
		    ROLLCODE_DIGITS_MIN, ROLLCODE_DIGITS_MAX,
		    ROLLCODE_HEX_DIGITS);
	return ROLLCODE_OK;
}

static enum rollcode_err
choose_kind(const struct admin_options *o, struct rollcode_token *t,
    struct error *error)
{
	t->form = o->form[0] == '\0' ? FORM_HOTP : form_from_name(o->form);
	t->algorithm = o->phone ? ALGORITHM_SHA1 : ALGORITHM_SHA256;
	if (o->algorithm[0] != '\0')
		t->algorithm = algorithm_from_name(o->algorithm);
	if (o->digits != 0)
		t->digits = (unsigned int)o->digits;
	else if (t->form == FORM_HASH || t->form == FORM_HEX)
		t->digits = ROLLCODE_HEX_DIGITS;
	else
		t->digits = o->phone ? PHONE_DIGITS : ROLLCODE_DIGITS_MAX;
	return check_kind(o, t, error);
}

static enum rollcode_err
choose_secret(
    const struct admin *admin, struct rollcode_token *t, struct error *error)
{
	WIPED(provision_line_wipe) struct provision_line line = {{0}};
	const struct admin_options *o = admin->options;
	size_t len = t->form == FORM_HASH ? NEW_BYTES_HASH : NEW_BYTES;
	enum rollcode_err err;

	if (o->secret_file[0] == '\0')
		return token_new_secret(&t->secret,
		    o->phone ? NEW_BYTES_PHONE : len, t->form, error);
	if ((err = admin_read_secret(
		 admin, line.text, sizeof(line.text), error)) != ROLLCODE_OK)
		return err;
	return token_parse_secret(line.text, &t->secret, error);
}

static enum rollcode_err
make_token(
    const struct admin *admin, struct rollcode_token *t, struct error *error)
{
	const struct admin_options *o = admin->options;
	enum rollcode_err err;

	memset(t, 0, sizeof(*t));
	memcpy(t->label, o->label, sizeof(t->label));
	if ((err = choose_kind(o, t, error)) != ROLLCODE_OK ||
	    (err = choose_secret(admin, t, error)) != ROLLCODE_OK)
		return err;
	t->counter = o->counter >= 0 ? (uint64_t)o->counter
				     : form_first_counter(t->form);
	if (t->counter == ROLLCODE_COUNTER_END)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--counter: no code is left after that counter");
	return token_check(t, error);
}

/* The same secret with a lower counter would bring spent codes back. */
static enum rollcode_err
check_replaced(struct account *account, const struct rollcode_token *token,
    struct error *error)
{
	const struct account_token *old =
	    account_find_secret(account, &token->secret);

	if (old == NULL || old->token.counter <= token->counter)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_EXISTS,
	    "%s already has this secret, with the counter %" PRIu64
	    ", and lower codes are used; give --counter %" PRIu64,
	    account->user, old->token.counter, old->token.counter);
}

/*
 * Make the account ready in memory.  Its user is locked then, to commit it, or
 * nobody is, to create it.
 */
static enum rollcode_err
prepare_account(struct admin *admin, const char *user,
    const struct rollcode_token *token, bool *locked, struct error *error)
{
	bool replace = admin->options->replace, enrolled = false;
	struct account *account = &admin->account;
	enum rollcode_err err;

	err = admin->ops->begin(admin->store, user, &enrolled, account, error);
	/* What no login can use may be replaced all the same. */
	if (err == ROLLCODE_ERR_STORE && replace)
		err = ROLLCODE_OK;
	if (err == ROLLCODE_OK && enrolled && replace)
		err = check_replaced(account, token, error);
	if (err != ROLLCODE_OK)
		return err;
	*locked = enrolled && !replace;
	if (!*locked) {
		admin->ops->end(admin->store);
		admin_new_account(admin, user);
	} else if (token->label[0] == '\0' && account->token_count > 0) {
		return error_set(error, ROLLCODE_ERR_EXISTS,
		    "%s is already enrolled; rollcode-admin uri prints the URI "
		    "again, --label adds another token, --replace removes the "
		    "old ones",
		    user);
	}
	if ((err = account_add(account, token, admin->now, error)) !=
	    ROLLCODE_OK)
		return err;
	return policy_check(&admin->config.policy, account, error);
}

/* Whether --if-missing has nothing to do; and what --replace takes away. */
static enum rollcode_err
look_before(
    struct admin *admin, const char *user, bool *skipped, struct error *error)
{
	const struct admin_options *o = admin->options;
	struct account *account = &admin->account;
	enum rollcode_err err;
	bool enrolled;
	size_t count;

	if (!o->replace && !o->if_missing)
		return ROLLCODE_OK;
	err = admin_look(admin, user, &enrolled, error);
	count = account->token_count;
	*skipped =
	    o->if_missing &&
	    (o->label[0] == '\0' ? count > 0
				 : account_find(account, o->label) != NULL);
	account_wipe(account);
	if (err != ROLLCODE_OK && (err != ROLLCODE_ERR_STORE || o->if_missing))
		return err;
	if (o->if_missing || (err == ROLLCODE_OK && !enrolled))
		return ROLLCODE_OK;
	if (err == ROLLCODE_ERR_STORE)
		return admin_ask(o, false, error,
		    "the tokens of %s cannot be read, and will be removed for "
		    "good with all recovery codes and events.  Replace?",
		    user);
	return admin_ask(o, false, error,
	    "%s has %zu token%s, which will be removed for good with all "
	    "recovery codes and events.  Replace?",
	    user, count, PLURAL(count));
}

static enum rollcode_err
enroll_token(struct admin *admin, const char *user,
    const struct rollcode_token *token, struct error *error)
{
	const struct account *account = &admin->account;
	const char *label;
	enum rollcode_err err;
	bool locked;

	if ((err = prepare_account(admin, user, token, &locked, error)) !=
	    ROLLCODE_OK)
		return err;
	label = account->tokens[account->token_count - 1].token.label;
	if (locked)
		return admin_commit(admin, ACT_ENROLLED, label, error);
	return admin_create(
	    admin, ACT_ENROLLED, label, admin->options->replace, error);
}

/* Before the secret is shown: whether it could be enrolled at all. */
static enum rollcode_err
confirm_token(struct admin *admin, const char *user,
    struct rollcode_token *token, struct error *error)
{
	enum rollcode_err err;
	bool locked;

	err = prepare_account(admin, user, token, &locked, error);
	/* Nothing is locked while a human is typing. */
	admin->ops->end(admin->store);
	if (err != ROLLCODE_OK ||
	    (err = admin_print_line(admin, token, admin->options->qr, error)) !=
		ROLLCODE_OK)
		return err;
	return admin_confirm(admin, token, error);
}

static void
tell_enrolled(const struct admin *admin, const struct rollcode_token *token)
{
	const char *user = admin->account.user;
	bool confirmed = admin->options->confirm;

	plain_line(stderr, "enrolled %s: %s, %s, %u digits%s%s%s", user,
	    form_name(token->form), algorithm_name(token->algorithm),
	    token->digits,
	    confirmed ? "" : "; give the URI to rollcode-token add",
	    confirmed || !token_for_apps(token) ? ""
						: " or an authenticator app",
	    confirmed ? "" : ", and to nobody else");
	if (token->form == FORM_TIMED)
		plain_line(stderr, "its codes " CLI_TIMED_CODES);
	if (account_recovery_left(&admin->account) == 0)
		plain_line(stderr,
		    "next: rollcode-admin recovery %s prints codes for the day "
		    "when the token is lost",
		    user);
}

/* To the terminal or a pipe, or into a file. */
static enum rollcode_err
hand_out(const struct admin *admin, const struct rollcode_token *token,
    struct error *error)
{
	WIPED(provision_line_wipe) struct provision_line line = {{0}};
	enum rollcode_err err;

	if (admin->handout == 0) {
		tell_enrolled(admin, token);
		return admin->options->confirm ? ROLLCODE_OK
					       : admin_print_line(admin, token,
						     admin->options->qr, error);
	}
	if ((err = admin_format_line(admin, token, &line, error)) !=
	    ROLLCODE_OK)
		return err;
	return handout_write(
	    admin->handout, admin->account.user, token->label, &line, error);
}

enum rollcode_err
enroll_user(
    struct admin *admin, const char *user, bool *skipped, struct error *error)
{
	WIPED(rollcode_token_wipe) struct rollcode_token token = {0};
	enum rollcode_err err;

	if ((err = admin_check_user(admin->options, user, error)) !=
		ROLLCODE_OK ||
	    (err = make_token(admin, &token, error)) != ROLLCODE_OK ||
	    (err = look_before(admin, user, skipped, error)) != ROLLCODE_OK ||
	    *skipped ||
	    (admin->options->confirm && (err = confirm_token(admin, user,
					     &token, error)) != ROLLCODE_OK))
		return err;
	err = enroll_token(admin, user, &token, error);
	admin->ops->end(admin->store);
	if (err == ROLLCODE_OK &&
	    (err = hand_out(admin, &token, error)) != ROLLCODE_OK)
		error_add(error, err,
		    "the token is enrolled nevertheless; rollcode-admin uri "
		    "prints its URI");
	return err;
}

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
		return enroll_many(&admin, argv, error);
	if ((err = enroll_user(&admin, argv[0], &skipped, error)) ==
		ROLLCODE_OK &&
	    skipped)
		plain_line(stderr,
		    "%s already has that token; nothing was changed", argv[0]);
	return err;
}
