/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "admin/admin.h"
#include "login/login.h"
#include "rules/recovery.h"

#define RESYNC_WINDOW_DEFAULT 100000

static enum rollcode_err
remove_token(struct admin *admin, struct error *error)
{
	struct account *account = &admin->account;
	struct account_token *token;
	char label[ROLLCODE_LABEL_MAX + 1];
	enum rollcode_err err;
	size_t at;

	if ((token = admin_token(admin, &err, error)) == NULL)
		return err;
	memcpy(label, token->token.label, sizeof(label));
	at = (size_t)(token - account->tokens);
	account->token_count--;
	memmove(token, token + 1, (account->token_count - at) * sizeof(*token));
	if ((err = admin_commit(admin, ACT_REMOVED, label, error)) ==
	    ROLLCODE_OK)
		plain_line(
		    stdout, "removed token %s of %s", label, account->user);
	return err;
}

enum rollcode_err
admin_remove(void *base, int argc, char **argv, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	const struct admin_options *options = base;
	bool token = options->label[0] != '\0';
	char question[ROLLCODE_USER_MAX + ROLLCODE_LABEL_MAX + 128];
	enum rollcode_err err;

	(void)argc;
	/* Asked before anything is locked. */
	snprintf(question, sizeof(question), "Remove %s%s%.*s for good?",
	    token ? options->label : "", token ? " of " : "", ROLLCODE_USER_MAX,
	    argv[0]);
	if (!options->force && !cli_confirm(question))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "not removed: the answer was not yes; --force skips the "
		    "question");
	if ((err = admin_open(&admin, options, token ? argv[0] : NULL,
		 error)) != ROLLCODE_OK)
		return err;
	if (token)
		return remove_token(&admin, error);
	if ((err = admin.ops->remove(admin.store, argv[0], error)) ==
	    ROLLCODE_OK)
		plain_line(stdout, "removed %s", argv[0]);
	return err;
}

static enum rollcode_err
set_enabled(void *base, const char *user, bool enabled, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	const struct admin_options *options = base;
	enum act done = enabled ? ACT_ENABLED : ACT_DISABLED;
	struct account_token *token;
	enum rollcode_err err;

	if ((err = admin_open(&admin, options, user, error)) != ROLLCODE_OK)
		return err;
	if (options->label[0] != '\0') {
		if ((token = admin_token(&admin, &err, error)) == NULL)
			return err;
		token->enabled = enabled;
	} else {
		for (size_t i = 0; i < admin.account.token_count; i++)
			admin.account.tokens[i].enabled = enabled;
	}
	if (enabled && (err = policy_check(&admin.config.policy, &admin.account,
			    error)) != ROLLCODE_OK)
		return err;
	if ((err = admin_commit(&admin, done, options->label, error)) ==
	    ROLLCODE_OK)
		plain_line(stdout, "%s %s of %s", act_name(done),
		    options->label[0] != '\0' ? options->label : "every token",
		    user);
	return err;
}

enum rollcode_err
admin_disable(void *base, int argc, char **argv, struct error *error)
{
	(void)argc;
	return set_enabled(base, argv[0], false, error);
}

enum rollcode_err
admin_enable(void *base, int argc, char **argv, struct error *error)
{
	(void)argc;
	return set_enabled(base, argv[0], true, error);
}

enum rollcode_err
admin_unlock(void *base, int argc, char **argv, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	enum rollcode_err err;

	(void)argc;
	if ((err = admin_open(&admin, base, argv[0], error)) != ROLLCODE_OK)
		return err;
	account_unlock(&admin.account);
	if ((err = admin_commit(&admin, ACT_UNLOCKED, NULL, error)) ==
	    ROLLCODE_OK)
		plain_line(stdout, "unlocked %s", argv[0]);
	return err;
}

enum rollcode_err
admin_verify(void *base, int argc, char **argv, struct error *error)
{
	WIPED(submission_wipe) struct submission submission = {0};
	WIPED(admin_close) struct admin admin = {0};
	const struct submission none = {0};
	struct login_result result;
	const struct verification *v = &result.verification;
	enum rollcode_err err;

	(void)argc;
	if ((err = admin_open(&admin, base, NULL, error)) != ROLLCODE_OK ||
	    (err = admin_read_code(
		 ROLLCODE_PROMPT, false, &submission, error)) != ROLLCODE_OK)
		return err;
	if (submission.kind == SUBMISSION_MALFORMED)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the input does not look like a code");
	if ((err = admin_begin(&admin, argv[0], error)) != ROLLCODE_OK)
		return err;
	/* The login locks the user itself, and takes no backup for a store. */
	admin.ops->end(admin.store);
	admin.config.administers = false;
	err = login_decide(
	    &(struct login){
		.config = &admin.config,
		.ops = admin.ops,
		.now = admin.now,
		.user = argv[0],
		.service = ADMIN_SERVICE,
	    },
	    &submission, &none, &result, error);
	if (err != ROLLCODE_OK)
		return err;
	if (!verdict_admits(v->verdict))
		return error_set(error, ROLLCODE_ERR_INPUT, "refused: %s%s",
		    verdict_name(v->verdict),
		    v->guarded ? "; three consecutive codes on one line are "
				 "accepted, rollcode-admin unlock ends this"
			       : "");
	if (v->recovery)
		printf(
		    "accepted: a recovery code, %u left\n", v->recovery_left);
	else
		plain_line(stdout,
		    "%s: token %s, counter %" PRIu64 ", %u skipped",
		    verdict_name(v->verdict), result.token, v->counter,
		    v->skipped);
	return ROLLCODE_OK;
}

/* Only the token meant takes part. */
static enum rollcode_err
resync_token(struct admin *admin, const struct submission *submission,
    struct verification *verification, struct error *error)
{
	struct account *account = &admin->account;
	struct policy policy = admin->config.policy;
	WIPED(account_wipe) struct account one = *account;
	struct account_token *token;
	enum rollcode_err err;

	if ((token = admin_token(admin, &err, error)) == NULL)
		return err;
	one.tokens[0] = *token;
	one.tokens[0].enabled = true;
	one.token_count = 1;
	account_unlock(&one);
	policy.resync_window = admin->options->window != 0
				   ? admin->options->window
				   : RESYNC_WINDOW_DEFAULT;
	err = verify_submission(
	    &one, submission, &policy, admin->now, verification);
	if (err == ROLLCODE_OK && verdict_admits(verification->verdict)) {
		account_unlock(account);
		token->token.counter = one.tokens[0].token.counter;
	}
	return err;
}

/* In a backup nobody knows which of them were used since. */
static bool
void_restored(struct admin *admin)
{
	if (!admin->ops->is_backup(admin->store) ||
	    admin->account.recovery_count == 0)
		return false;
	recovery_void(&admin->account);
	return true;
}

enum rollcode_err
admin_resync(void *base, int argc, char **argv, struct error *error)
{
	WIPED(submission_wipe) struct submission submission = {0};
	WIPED(admin_close) struct admin admin = {0};
	struct verification verification = {0};
	enum rollcode_err err;
	bool voided;

	(void)argc;
	if ((err = admin_open(&admin, base, NULL, error)) != ROLLCODE_OK ||
	    (err = admin_read_code(
		 ROLLCODE_PROMPT, false, &submission, error)) != ROLLCODE_OK)
		return err;
	if (submission.kind != SUBMISSION_CODE || submission.count < 2)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    submission.kind == SUBMISSION_MALFORMED
			? "the input does not look like a code"
			: "type two or three consecutive codes on one line");
	if ((err = admin_begin(&admin, argv[0], error)) != ROLLCODE_OK ||
	    (err = resync_token(&admin, &submission, &verification, error)) !=
		ROLLCODE_OK)
		return err;
	if (!verdict_admits(verification.verdict))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    verification.verdict == VERDICT_REPLAYED
			? "these codes are before the counter, which only "
			  "moves forward"
			: "these are not consecutive codes of this token "
			  "within the window; --window searches further");
	voided = void_restored(&admin);
	if ((err = admin_commit(&admin, ACT_RESYNCED, admin.options->label,
		 error)) != ROLLCODE_OK)
		return err;
	plain_line(stdout,
	    "resynced %s: the counter moved by %" PRIu64 " to %" PRIu64,
	    argv[0], verification.distance, verification.counter + 1);
	if (voided)
		plain_line(stdout,
		    "the recovery codes of %s are void; rollcode-admin "
		    "recovery %s issues others",
		    argv[0], argv[0]);
	return err;
}
