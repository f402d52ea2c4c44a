/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/admin.h"
#include "rules/recovery.h"

#define RESYNC_WINDOW_DEFAULT 100000

/* Only the token meant takes part. */
static enum rollcode_err
resync_token(struct admin *admin, const struct input *input,
    struct verification *verification, struct error *error)
{
	int64_t window = admin->options->window;
	struct account_token *token;
	enum rollcode_err err;

	if ((token = admin_token(admin, &err, error)) == NULL)
		return err;
	err = admin_try_token(admin, &token->token, input,
	    window != 0 ? window : RESYNC_WINDOW_DEFAULT, verification, error);
	if (err == ROLLCODE_OK && verdict_admits(verification->verdict))
		account_unlock(&admin->account);
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

enum rollcode_err
admin_resync(void *base, char **argv, struct error *error)
{
	WIPED(input_wipe) struct input input = {0};
	WIPED(admin_close) struct admin admin = {0};
	struct verification verification = {0};
	enum rollcode_err err;
	bool voided;

	if ((err = admin_open(&admin, base, NULL, error)) != ROLLCODE_OK ||
	    (err = admin_read_code(ROLLCODE_PROMPT, false, &input, error)) !=
		ROLLCODE_OK)
		return err;
	if (input.kind != INPUT_CODE || input.count < 2)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    input.kind == INPUT_MALFORMED
			? "the input does not look like a code"
			: "type two or three consecutive codes on one line");
	if ((err = admin_begin(&admin, argv[0], error)) != ROLLCODE_OK ||
	    (err = resync_token(&admin, &input, &verification, error)) !=
		ROLLCODE_OK)
		return err;
	if (!verdict_admits(verification.verdict))
		return refuse_codes(&admin, &verification, error);
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
