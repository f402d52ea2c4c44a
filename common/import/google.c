/* SPDX-License-Identifier: Apache-2.0 */
#include "common/import/lines.h"
#include "common/token/codec.h"
#include "common/token/token.h"

#define SCRATCH_DIGITS 8

static enum rollcode_err
google_secret(struct reading *r)
{
	struct rollcode_token *t = &r->entry.provision.token;

	if (!base32_decode(
		r->line.text, t->secret.bytes, SECRET_MAX, &t->secret.len))
		return reading_bad(
		    r, "the first line is not a secret in base32");
	t->form = FORM_HOTP;
	t->algorithm = ALGORITHM_SHA1;
	t->digits = PHONE_DIGITS;
	t->counter = ROLLCODE_COUNTER_END; /* until it is known */
	return ROLLCODE_OK;
}

static enum rollcode_err
google_option(struct reading *r)
{
	static const char counter[] = "\" HOTP_COUNTER ";
	struct rollcode_token *t = &r->entry.provision.token;
	enum rollcode_err err;

	if (strncmp(r->line.text, "\" TOTP_AUTH", 11) == 0)
		return reading_bad(r, IMPORT_COUNTS_TIME);
	if (strncmp(r->line.text, counter, sizeof(counter) - 1) != 0)
		return ROLLCODE_OK;
	if (t->counter != ROLLCODE_COUNTER_END)
		return reading_bad(r, "a second HOTP_COUNTER");
	if ((err = reading_counter(r, r->line.text + sizeof(counter) - 1,
		 false)) == ROLLCODE_OK &&
	    t->counter == ROLLCODE_COUNTER_END)
		err = reading_bad(r, "the token is exhausted");
	return err;
}

enum rollcode_err
reading_google(struct reading *r)
{
	struct rollcode_token *t = &r->entry.provision.token;

	if (t->form == FORM_NONE)
		return google_secret(r);
	if (strncmp(r->line.text, "\" ", 2) == 0)
		return google_option(r);
	if (strspn(r->line.text, DECIMAL) != SCRATCH_DIGITS ||
	    strlen(r->line.text) != SCRATCH_DIGITS)
		return reading_bad(r,
		    "it is neither an option after a quotation mark nor a "
		    "scratch code of 8 digits");
	r->entry.scratch++;
	return ROLLCODE_OK;
}

enum rollcode_err
reading_google_end(struct reading *r)
{
	struct import_entry *e = &r->entry;

	e->line = 0;
	if (e->provision.token.form == FORM_NONE)
		return reading_bad(r, "there is no secret in it");
	if (e->provision.token.counter == ROLLCODE_COUNTER_END)
		return reading_bad(r,
		    "there is no HOTP_COUNTER in it, so the token "
		    "counts time; enrol a hotp token");
	memcpy(e->provision.account, e->user, sizeof(e->user));
	return token_check(&e->provision.token, &r->why);
}
