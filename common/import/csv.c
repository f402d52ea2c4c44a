/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv.c - tables of hardware tokens.
 *
 *	SERIAL,HEX[,hotp[,DIGITS[,COUNTER]]]	as privacyIDEA and LinOTP read
 *	OATH-HOTP,TIME,SLOT,ID,,HEX,,,A,B,C,DIGITS,COUNTER,...
 *
 * The second is what Yubico's personalization tool logs; if A, B or C is not 0
 * the token types its ID before each code.
 */
#include <strings.h>

#include "common/import/lines.h"
#include "common/token/token.h"

#define COLUMNS_MAX 24

/* Columns of the two. */
enum { SERIAL, HEX, TYPE, DIGITS, COUNTER, OATH_COLUMNS };
enum {
	YUBICO_ID = 3,
	YUBICO_HEX = 5,
	YUBICO_FIXED = 8, /* and two more */
	YUBICO_DIGITS = 11,
	YUBICO_COUNTER = 12,
	YUBICO_COLUMNS = 18,
};

/* Without spaces and quotation marks around them. */
static size_t
split_columns(char *line, char *column[COLUMNS_MAX])
{
	size_t count = 0, len;
	char *word;

	while ((word = strsep(&line, ",")) != NULL && count < COLUMNS_MAX) {
		word = import_trim(word);
		len = strlen(word);
		if (len > 1 && *word == '"' && word[len - 1] == '"') {
			word[len - 1] = '\0';
			word++;
		}
		column[count++] = word;
	}
	return word == NULL ? count : COLUMNS_MAX + 1;
}

static enum rollcode_err
take_columns(struct reading *r, const char *serial, const char *hex,
    const char *digits, const char *counter)
{
	struct rollcode_token *t = &r->entry.provision.token;
	enum rollcode_err err;

	import_serial(&r->entry, serial);
	t->form = FORM_HOTP;
	t->algorithm = ALGORITHM_SHA1;
	t->digits = PHONE_DIGITS;
	if (digits != NULL && *digits != '\0') {
		if (strlen(digits) != 1 || strchr("678", *digits) == NULL)
			return reading_bad(
			    r, "the number of digits is not 6, 7 or 8");
		t->digits = (unsigned int)(*digits - '0');
	}
	if ((err = reading_hex(r, hex)) != ROLLCODE_OK ||
	    (counter != NULL &&
		(err = reading_counter(r, counter, false)) != ROLLCODE_OK))
		return err;
	memcpy(
	    r->entry.provision.account, r->entry.user, sizeof(r->entry.user));
	return token_check(t, &r->why);
}

static enum rollcode_err
yubico_columns(struct reading *r, char *column[COLUMNS_MAX], size_t count)
{
	if (count != YUBICO_COLUMNS)
		return reading_bad(r,
		    "it does not have the 18 columns of Yubico's traditional "
		    "format");
	for (int i = 0; i < 3; i++)
		if (strcmp(column[YUBICO_FIXED + i], "0") != 0)
			return reading_bad(r,
			    "the token types its ID before each code; program "
			    "it again without a token identifier");
	return take_columns(r, column[YUBICO_ID], column[YUBICO_HEX],
	    column[YUBICO_DIGITS], column[YUBICO_COUNTER]);
}

enum rollcode_err
reading_csv(struct reading *r)
{
	char *column[COLUMNS_MAX] = {r->line.text};
	size_t count = split_columns(r->line.text, column);
	const char *type = count > TYPE ? column[TYPE] : "hotp";

	if (strcasecmp(column[0], "LOGGING START") == 0) {
		r->nothing = true;
		return ROLLCODE_OK;
	}
	if (strcasecmp(column[0], "OATH-HOTP") == 0)
		return yubico_columns(r, column, count);
	if (count > OATH_COLUMNS)
		return reading_bad(r,
		    "it has more than five columns, and is not OATH-HOTP of "
		    "Yubico's traditional format, the only one that has digits "
		    "and counter");
	if (count <= HEX)
		return reading_bad(
		    r, "it has fewer than two columns: serial and secret");
	if (strncasecmp(type, "totp", 4) == 0)
		return reading_bad(r, IMPORT_COUNTS_TIME);
	if (*type != '\0' && strcasecmp(type, "hotp") != 0)
		return reading_bad(r, "the type is not hotp");
	return take_columns(r, column[SERIAL], column[HEX],
	    count > DIGITS ? column[DIGITS] : NULL,
	    count > COUNTER ? column[COUNTER] : NULL);
}
