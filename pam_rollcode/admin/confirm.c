/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "admin/admin.h"

#define TRIES 3
#define QUESTION_MAX (ROLLCODE_USER_MAX + ROLLCODE_LABEL_MAX + 160)

enum rollcode_err
admin_ask(const struct admin_options *options, bool always, struct error *error,
    const char *fmt, ...)
{
	char question[QUESTION_MAX];
	va_list args;

	if (options->force || (!always && !isatty(STDIN_FILENO)))
		return ROLLCODE_OK;
	va_start(args, fmt);
	vsnprintf(question, sizeof(question), fmt, args);
	va_end(args);
	if (cli_confirm(question, false))
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "nothing was changed: the answer was not yes; --force skips the "
	    "question");
}

enum rollcode_err
admin_read_code(
    const char *prompt, bool terminal, struct input *input, struct error *error)
{
	WIPED(input_text_wipe) struct input_text text = {{0}};
	enum rollcode_err err;

	err = (terminal ? cli_read_terminal : cli_read_line)(
	    prompt, false, text.text, sizeof(text.text), error);
	if (err == ROLLCODE_OK)
		(void)input_parse(text.text, input);
	return err;
}

enum rollcode_err
admin_try_token(const struct admin *admin, struct rollcode_token *token,
    const struct input *input, int64_t window,
    struct verification *verification, struct error *error)
{
	WIPED(account_wipe) struct account one = {0};
	struct policy policy = admin->config.policy;
	int64_t now = time(NULL); /* somebody has typed meanwhile */
	enum rollcode_err err;

	policy.resync_window = window;
	if ((err = account_add(&one, token, now, error)) != ROLLCODE_OK ||
	    (err = verify_input(&one, input, &policy, now, verification)) !=
		ROLLCODE_OK)
		return err;
	token->counter = one.tokens[0].token.counter;
	return ROLLCODE_OK;
}

void
admin_say_age(const struct verification *v, char said[ADMIN_AGE_MAX])
{
	said[0] = '\0';
	if (v->verdict == VERDICT_EXPIRED)
		snprintf(said, ADMIN_AGE_MAX,
		    "by the clock here it was made %" PRId64 " seconds %s: "
		    "check the clock of the device, and make a new one",
		    v->age < 0 ? -v->age : v->age,
		    v->age < 0 ? "ahead" : "ago");
}

enum rollcode_err
admin_confirm(const struct admin *admin, struct rollcode_token *token,
    struct error *error)
{
	WIPED(input_wipe) struct input input = {0};
	char prompt[ROLLCODE_USER_MAX + 64];
	struct verification verification = {0};
	struct error why = {0};
	char said[ADMIN_AGE_MAX];
	enum rollcode_err err;

	snprintf(prompt, sizeof(prompt),
	    "A code of the new token of %s: ", admin->account.user);
	for (int i = 0; i < TRIES; i++) {
		/* Standard input may have been the secret's. */
		if ((err = admin_read_code(prompt,
			 strcmp(admin->options->secret_file, "-") == 0, &input,
			 &why)) != ROLLCODE_OK)
			return error_pass(
			    error, err, &why, "nothing was enrolled");
		/* Near the counter only. */
		if ((err = admin_try_token(admin, token, &input, 0,
			 &verification, error)) != ROLLCODE_OK ||
		    verdict_admits(verification.verdict))
			return err;
		admin_say_age(&verification, said);
		fprintf(stderr, "that is not one of its next codes%s%s\n",
		    said[0] == '\0' ? "" : ": ", said);
	}
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "nothing was enrolled: no valid code was entered; delete the entry "
	    "in the app, and run the command again");
}
