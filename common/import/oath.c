/* SPDX-License-Identifier: Apache-2.0 */
#include "common/import/lines.h"
#include "common/token/codec.h"
#include "common/token/token.h"

enum rollcode_err
reading_hex(struct reading *r, const char *hex)
{
	struct secret *secret = &r->entry.provision.token.secret;
	size_t len = strlen(hex);

	if (len == 0 || len % 2 != 0 || len > 2 * (size_t)SECRET_MAX ||
	    !hex_decode(hex, secret->bytes, len / 2))
		return reading_bad(r, "the secret is not an even number of "
				      "hexadecimal digits, 256 at most");
	secret->len = len / 2;
	return ROLLCODE_OK;
}

/* As liboath's parse_type; 0 for others, among them those that count time. */
static unsigned int
oath_digits(const char *type)
{
	static const char with_digits[] = "HOTP/E/";
	const char *digit = type + sizeof(with_digits) - 1;

	if (strcmp(type, "HOTP") == 0 || strcmp(type, "HOTP/E") == 0)
		return PHONE_DIGITS;
	if (strncmp(type, with_digits, sizeof(with_digits) - 1) != 0 ||
	    strlen(digit) != 1 || strchr("678", *digit) == NULL)
		return 0;
	return (unsigned int)(*digit - '0');
}

enum { TYPE, USER, PIN, SECRET, COUNTER, LAST, TIME, OATH_FIELDS };

static enum rollcode_err
oath_fields(struct reading *r, char *field[OATH_FIELDS], size_t count)
{
	struct rollcode_token *t = &r->entry.provision.token;
	const char *last = count > LAST ? field[LAST] : NULL;
	enum rollcode_err err;

	if ((t->digits = oath_digits(field[TYPE])) == 0)
		return reading_bad(
		    r, strncmp(field[TYPE], "HOTP/T", 6) == 0
			   ? IMPORT_COUNTS_TIME
			   : "the type is not HOTP, HOTP/E, HOTP/E/6, "
			     "HOTP/E/7 or HOTP/E/8");
	if (strcmp(field[PIN], "-") != 0 && strcmp(field[PIN], "+") != 0)
		return reading_bad(r,
		    "it has a PIN, which is not imported; replace it by -, "
		    "and keep a password in the stack");
	t->form = FORM_HOTP;
	t->algorithm = ALGORITHM_SHA1;
	if (last != NULL && last[strspn(last, DECIMAL)] != '\0')
		return reading_bad(r, "the last code is not digits");
	if ((err = reading_hex(r, field[SECRET])) != ROLLCODE_OK ||
	    (count > COUNTER && (err = reading_counter(r, field[COUNTER],
				     last != NULL)) != ROLLCODE_OK))
		return err;
	return token_check(t, &r->why);
}

enum rollcode_err
reading_oath(struct reading *r)
{
	char *field[OATH_FIELDS], *rest = r->line.text, *word;
	size_t count = 0;
	enum rollcode_err err;

	while ((word = strsep(&rest, SPACE)) != NULL) {
		if (*word == '\0')
			continue;
		if (count == OATH_FIELDS)
			return reading_bad(r, "it has more than seven fields");
		field[count++] = word;
	}
	if (count > USER && (err = import_owner(&r->entry, field[USER], r->user,
				 &r->why)) != ROLLCODE_OK)
		return err;
	if (count <= SECRET)
		return reading_bad(r,
		    "it has fewer than four fields: type, user, PIN "
		    "and secret");
	memcpy(
	    r->entry.provision.account, r->entry.user, sizeof(r->entry.user));
	return oath_fields(r, field, count);
}
