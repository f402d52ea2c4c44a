/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/admin.h"
#include "login/login.h"

static const char *
find_remedy(const struct verification *v, char age[ADMIN_AGE_MAX])
{
	admin_say_age(v, age);
	if (v->verdict == VERDICT_DISABLED)
		return "rollcode-admin enroll --label NAME adds a token, or, "
		       "only if none was lost, rollcode-admin enable";
	if (v->guarded)
		return "three consecutive codes on one line are accepted, "
		       "rollcode-admin unlock ends this";
	if (v->verdict == VERDICT_EXPIRED)
		return age;
	if (v->verdict == VERDICT_RESTORED)
		return "the store was restored, so only fresh codes of timed "
		       "tokens are accepted until rollcode-admin restored "
		       "--end";
	if (v->verdict == VERDICT_FAR)
		return "the code is far ahead; two consecutive codes on one "
		       "line are accepted";
	if (v->verdict == VERDICT_REPLAYED)
		return "the code was used or skipped before; try the next one";
	return "if every code is, try two consecutive codes on one line, then "
	       "rollcode-admin resync, then enrol a new token";
}

enum rollcode_err
admin_verify(void *base, char **argv, struct error *error)
{
	WIPED(input_wipe) struct input input = {0};
	WIPED(admin_close) struct admin admin = {0};
	struct verification result;
	char age[ADMIN_AGE_MAX];
	enum rollcode_err err;

	if ((err = admin_open(&admin, base, NULL, error)) != ROLLCODE_OK ||
	    (err = admin_read_code(ROLLCODE_PROMPT, false, &input, error)) !=
		ROLLCODE_OK)
		return err;
	if (input.kind == INPUT_MALFORMED)
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
		.input = &input,
	    },
	    &result, error);
	if (err != ROLLCODE_OK)
		return err;
	if (!verdict_admits(result.verdict))
		return error_set(error, ROLLCODE_ERR_INPUT, "refused: %s; %s",
		    verdict_name(result.verdict), find_remedy(&result, age));
	if (result.recovery)
		printf("accepted: a recovery code, %u left\n",
		    result.recovery_left);
	else
		plain_line(stdout,
		    "%s: token %s, counter %" PRIu64 ", %u skipped",
		    verdict_name(result.verdict), result.token, result.counter,
		    result.skipped);
	return ROLLCODE_OK;
}
