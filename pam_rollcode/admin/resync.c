/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/admin.h"
#include "rules/recovery.h"

#define RESYNC_WINDOW_DEFAULT 100000
#define CODES_PROMPT "Two or three consecutive codes: "

/* Only the token meant takes part; its label is for the event. */
static enum rollcode_err
resync_token(struct admin *admin, const struct input *input,
    struct verification *verification, char label[ROLLCODE_LABEL_MAX + 1],
    struct error *error)
{
	int64_t window = admin->options->window;
	struct account_token *token;
	enum rollcode_err err;

	if ((token = admin_token(admin, &err, error)) == NULL)
		return err;
	memcpy(label, token->token.label, sizeof(token->token.label));
	err = admin_try_token(admin, &token->token, input,
	    window != 0 ? window : RESYNC_WINDOW_DEFAULT, verification, error);
	if (err == ROLLCODE_OK && verdict_admits(verification->verdict))
		account_unlock(&admin->account);
	return err;
}

/* In a restored store nobody knows which of them were used since. */
static bool
void_restored(struct admin *admin)
{
	if (!admin->ops->restored(admin->store)->is ||
	    admin->account.recovery_count == 0)
		return false;
	recovery_void(&admin->account);
	return true;
}

/* Of a timed token late codes have an age near the counter alone. */
static enum rollcode_err
refuse_codes(
    struct admin *admin, const struct verification *v, struct error *error)
{
	const struct account_token *token;
	char age[ADMIN_AGE_MAX];
	enum rollcode_err err;

	if (v->verdict == VERDICT_EXPIRED) {
		admin_say_age(v, age);
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "these codes are not fresh: %s", age);
	}
	if (v->verdict == VERDICT_REPLAYED)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "these codes are before the counter, which only moves "
		    "forward");
	if ((token = admin_token(admin, &err, error)) == NULL)
		return err;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "these are not consecutive codes of this token within the "
	    "window; --window searches further%s",
	    token->token.form != FORM_TIMED
		? ""
		: "; its codes expire, so make new ones, by a clock that is "
		  "right");
}

static enum rollcode_err
resync_user(
    const struct admin_options *options, char **argv, struct error *error)
{
	WIPED(input_wipe) struct input input = {0};
	WIPED(admin_close) struct admin admin = {0};
	char label[ROLLCODE_LABEL_MAX + 1];
	struct verification verification = {0};
	enum rollcode_err err;
	bool voided, restored;

	if ((err = admin_open(&admin, options, NULL, error)) != ROLLCODE_OK ||
	    (err = admin_read_code(CODES_PROMPT, false, &input, error)) !=
		ROLLCODE_OK)
		return err;
	if (input.kind != INPUT_CODE || input.count < 2)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    input.kind == INPUT_MALFORMED
			? "the input does not look like a code"
			: "type two or three consecutive codes on one line");
	if ((err = admin_begin(&admin, argv[0], error)) != ROLLCODE_OK ||
	    (err = resync_token(&admin, &input, &verification, label, error)) !=
		ROLLCODE_OK)
		return err;
	if (!verdict_admits(verification.verdict))
		return refuse_codes(&admin, &verification, error);
	voided = void_restored(&admin);
	restored = admin.ops->restored(admin.store)->is;
	if ((err = admin_commit(&admin, ACT_RESYNCED, label, error)) !=
	    ROLLCODE_OK)
		return err;
	plain_line(stdout,
	    "resynced %s: %" PRIu64 " code%s skipped, and the next "
	    "counter is %" PRIu64,
	    argv[0], verification.distance,
	    verification.distance == 1 ? " was" : "s were",
	    verification.counter + 1);
	if (voided)
		plain_line(stdout,
		    "the recovery codes of %s are void; rollcode-admin "
		    "recovery %s issues others",
		    argv[0], argv[0]);
	if (restored)
		printf("the store is restored: once nobody waits for this, "
		       "rollcode-admin restored --end\n");
	return err;
}

enum rollcode_err
admin_resync(void *base, char **argv, struct error *error)
{
	const struct admin_options *o = base;
	bool log = o->log_file[0] != '\0';

	if (log == (argv[0] != NULL))
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "name the user, or the log with --from-log");
	if (log && (o->label[0] != '\0' || o->window != 0))
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--label and --window are for the codes of a user; leave "
		    "them out with --from-log");
	return log ? resync_log(o, error) : resync_user(o, argv, error);
}
