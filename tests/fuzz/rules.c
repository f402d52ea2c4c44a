/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.c - what people type in the scratch store, and what it deserves.
 */
#include "calls.h"
#include "place.h"
#include "tests/support/model.h"
#include "tests/support/model_code.h"

/* ------------------------------------------------------------ what to type */

/* The model knows a token by its id; here ids are of one file each. */
static void
name_apart(enum who who, struct account *account)
{
	for (size_t i = 0; i < account->token_count; i++)
		account->tokens[i].id += 100 * (1 + (int64_t)who);
}

static void
type_codes(struct bytes *in, enum who who, const struct account *now, char *out)
{
	static const char *const between[] = {"", " ", "-", "  "};
	uint8_t how = take(in), step = take(in);
	struct account_token token;
	struct account copy = *now;
	uint64_t counter;

	if (now->token_count == 0)
		return;
	name_apart(who, &copy);
	token = copy.tokens[how % now->token_count];
	counter = token.token.counter - 16 + take_number(in, 2) % 4096;
	if (counter >= ROLLCODE_COUNTER_END)
		counter = token.token.counter;
	for (unsigned int n = 0; n < 1u + how / 64 % 4; n++) {
		if (n > 0)
			strcat(out, between[how / 16 % 4]);
		strcat(out, model_code(&token, counter, 0));
		counter += step % 8 == 0 ? 1 : step % 8 - 1u;
	}
}

void
place_type(
    struct bytes *in, enum who who, const struct account *now, char out[1024])
{
	uint8_t kind = take(in);
	size_t len;

	if (kind % 8 == 7)
		return;
	out[0] = '\0';
	if (kind >= 128)
		take_text(in, out, 300);
	switch (kind % 8) {
	case 0:
		take_text(in, out, 700);
		break;
	case 1:
		strcat(out, place_recovery[take(in) % PLACE_RECOVERY]);
		break;
	default:
		type_codes(in, who, now, out);
		break;
	}
	len = strlen(out);
	if ((kind & 64) != 0 && len > 0)
		out[take(in) % len] ^= (char)(1 + take(in) % 7);
}

/* -------------------------------------------------------------- the rules */

bool
place_admits(enum who who, const struct account *before, const char *text,
    struct account *after)
{
	struct input typed;
	struct answer said;

	*after = *before;
	if (input_parse(text, &typed) == INPUT_MALFORMED)
		return false;
	name_apart(who, after);
	model_verify(after, &typed, &place.config.policy, calls.now, &said);
	for (size_t i = 0; i < after->token_count; i++)
		after->tokens[i].id = before->tokens[i].id;
	return verdict_admits(said.verdict);
}

bool
place_shown(const char *text, const char *log)
{
	struct input typed;
	const char *at;

	if (input_parse(text, &typed) != INPUT_CODE)
		return false;
	for (unsigned int i = 0; i < typed.count; i++)
		for (at = log; (at = strstr(at, typed.codes[i].text)) != NULL;
		     at++)
			if ((at == log || at[-1] < '0' || at[-1] > '9') &&
			    (at[typed.width] < '0' || at[typed.width] > '9'))
				return true;
	return false;
}
