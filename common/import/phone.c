/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <strings.h>

#include "common/base/utf8.h"
#include "common/import/phone.h"
#include "common/token/token.h"

enum rollcode_err
phone_begin(struct import_entry *e, const char *account, const char *user,
    const char *type, struct error *why)
{
	enum rollcode_err err;

	if (account != NULL && account[0] != '\0' &&
	    (err = import_owner(e, account, user, why)) != ROLLCODE_OK)
		return err;
	if (type != NULL && strcasecmp(type, "hotp") == 0)
		return ROLLCODE_OK;
	if (type != NULL && strcasecmp(type, "totp") == 0)
		return error_set(
		    why, ROLLCODE_ERR_INPUT, "%s", IMPORT_COUNTS_TIME);
	return error_set(why, ROLLCODE_ERR_INPUT, "the type is not HOTP");
}

enum rollcode_err
phone_take(
    struct import_entry *e, const struct phone_token *phone, struct error *why)
{
	struct provision *p = &e->provision;
	struct rollcode_token *t = &p->token;
	const char *issuer = phone->issuer;

	if (!phone->has_counter)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "it has no counter, so nobody knows which code is next");
	if (phone->counter < 0 || phone->counter == INT64_MAX)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "the counter is not from 0 to 2^63-2");
	if (phone->algorithm == ALGORITHM_NONE)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "the algorithm is not SHA1, SHA256 or SHA512");
	if (phone->digits < ROLLCODE_DIGITS_MIN ||
	    phone->digits > ROLLCODE_DIGITS_MAX)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "the number of digits is not 6, 7 or 8");
	if (issuer != NULL && strlen(issuer) < sizeof(p->issuer) &&
	    utf8_printable(issuer) && strchr(issuer, ':') == NULL)
		memcpy(p->issuer, issuer, strlen(issuer) + 1);
	memcpy(p->account, e->user, sizeof(e->user));
	t->form = FORM_HOTP;
	t->algorithm = phone->algorithm;
	t->digits = (unsigned int)phone->digits;
	t->counter = (uint64_t)phone->counter + 1;
	return token_check(t, why);
}
