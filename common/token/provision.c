/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <strings.h>

#include "common/base/env.h"
#include "common/base/utf8.h"
#include "common/token/codec.h"
#include "common/token/provision.h"
#include "common/token/token.h"

#define SCHEME "otpauth://"
#define SPACE " \t\r\n"
#define DEFAULT_ISSUER "Rollcode"

static void
add_plain(struct provision_line *line, const char *text)
{
	size_t at = strlen(line->text), len = strlen(text);

	if (len < sizeof(line->text) - at)
		memcpy(line->text + at, text, len + 1);
}

/* Everything but RFC 3986's unreserved characters and @ becomes %XX. */
static void
add_escaped(struct provision_line *line, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-._~@";
	char one[4];

	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			snprintf(one, sizeof(one), "%c", *text);
		else
			snprintf(one, sizeof(one), "%%%02X", (uint8_t)*text);
		add_plain(line, one);
	}
}

static void
add_parameter(struct provision_line *line, const char *name, const char *value)
{
	add_plain(line, name);
	add_escaped(line, value);
}

static enum rollcode_err
check_names(const struct provision *p, struct error *error)
{
	if (!utf8_printable(p->issuer) || strchr(p->issuer, ':') != NULL)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "an issuer is text without colons and control "
		    "characters");
	if (!utf8_printable(p->account))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "an account is text without control characters");
	return ROLLCODE_OK;
}

enum rollcode_err
provision_format(
    const struct provision *p, struct provision_line *line, struct error *error)
{
	const struct rollcode_token *t = &p->token;
	const char *issuer = p->issuer[0] == '\0' ? DEFAULT_ISSUER : p->issuer;
	WIPED(provision_line_wipe) struct provision_line base32 = {""};
	char numbers[80];
	enum rollcode_err err;

	provision_line_wipe(line);
	if ((err = token_check(t, error)) != ROLLCODE_OK ||
	    (err = check_names(p, error)) != ROLLCODE_OK)
		return err;
	base32_encode(t->secret.bytes, t->secret.len, base32.text);
	add_plain(line, SCHEME "hotp/");
	add_escaped(line, issuer);
	add_plain(line, ":");
	add_escaped(line, p->account);
	add_parameter(line, "?secret=", base32.text);
	add_parameter(line, "&issuer=", issuer);
	snprintf(numbers, sizeof(numbers),
	    "&algorithm=%s&digits=%u&counter=%llu",
	    algorithm_name(t->algorithm), t->digits,
	    (unsigned long long)t->counter);
	add_plain(line, numbers);
	if (t->form != FORM_HOTP)
		add_parameter(line, "&form=", form_name(t->form));
	if (t->label[0] != '\0')
		add_parameter(line, "&label=", t->label);
	if (p->name[0] != '\0')
		add_parameter(line, "&name=", p->name);
	return ROLLCODE_OK;
}

/* What a line may say once. */
enum parameter {
	SECRET,
	ISSUER,
	ALGORITHM,
	DIGITS,
	COUNTER,
	FORM,
	LABEL,
	NAME,
	PARAMETERS,
};

/* In this order. */
static const char *const names[PARAMETERS] = {"secret", "issuer", "algorithm",
    "digits", "counter", "form", "label", "name"};

struct fields {
	char text[PROVISION_LINE_MAX]; /* cut into the values */
	char *value[PARAMETERS];       /* NULL if not given */
	char *issuer, *account;	       /* of the label */
};

WIPABLE(fields);

static enum rollcode_err
bad_line(struct error *error, const char *what)
{
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "this is not a provisioning URI (otpauth://hotp/...): %s", what);
}

static enum rollcode_err
unescape_value(char *text, struct error *error)
{
	return percent_decode(text)
		   ? ROLLCODE_OK
		   : bad_line(error, "a % is not followed by two digits");
}

size_t
provision_begin(const char *line)
{
	static const char *const before[] = {"\xef\xbb\xbf", "QR-Code:"};
	size_t at = strspn(line, SPACE);

	for (size_t i = 0; i < COUNT(before); i++) {
		if (strncmp(line + at, before[i], strlen(before[i])) == 0)
			at += strlen(before[i]);
		at += strspn(line + at, SPACE);
	}
	return at;
}

/* Copy the line without the spaces at its ends. */
static enum rollcode_err
copy_trimmed(const char *line, struct fields *f, struct error *error)
{
	size_t len;

	line += provision_begin(line);
	len = strnlen(line, sizeof(f->text));
	if (len == sizeof(f->text))
		return bad_line(error, "it is too long");
	memcpy(f->text, line, len + 1);
	while (len > 0 && strchr(SPACE, f->text[len - 1]) != NULL)
		f->text[--len] = '\0';
	return utf8_printable(f->text)
		   ? ROLLCODE_OK
		   : bad_line(
			 error, "it has control characters or is not UTF-8");
}

/*
 * ISSUER:ACCOUNT or ACCOUNT; the colon may be escaped.  An issuer that has
 * colons itself is known by the parameter.
 */
static enum rollcode_err
split_label(char *label, struct fields *f, struct error *error)
{
	const char *issuer = f->value[ISSUER];
	char *colon;
	size_t len = issuer == NULL ? 0 : strlen(issuer);
	enum rollcode_err err;

	if ((err = unescape_value(label, error)) != ROLLCODE_OK)
		return err;
	f->account = label;
	if (strncmp(label, len > 0 ? issuer : "", len) != 0)
		len = 0;
	if ((colon = label[len] == ':' ? label + len : strchr(label, ':')) !=
	    NULL) {
		*colon = '\0';
		f->issuer = label;
		f->account = colon + 1;
	}
	f->account += strspn(f->account, " ");
	return ROLLCODE_OK;
}

static enum rollcode_err
split_query(char *query, struct fields *f, struct error *error)
{
	char *word, *value;
	enum rollcode_err err;
	int i;

	while ((word = strsep(&query, "&")) != NULL) {
		if (strncmp(word, "amp;", 4) == 0)
			return bad_line(error,
			    "it was copied from HTML, with &amp; instead of &; "
			    "replace each by &");
		if ((value = strchr(word, '=')) == NULL)
			continue;
		*value++ = '\0';
		for (i = 0; i < PARAMETERS; i++)
			if (strcmp(word, names[i]) == 0)
				break;
		if (i == PARAMETERS)
			continue;
		if (f->value[i] != NULL)
			return error_set(error, ROLLCODE_ERR_INPUT,
			    "the provisioning URI has %s twice", names[i]);
		/* Base32 would take most words for more of the secret. */
		if (i == SECRET && strchr(value, ' ') != NULL)
			return bad_line(error,
			    "a space, or a space and a word, follow the "
			    "secret; remove it, or write %20 for a space");
		f->value[i] = value;
		while ((value = strchr(value, '+')) != NULL)
			*value++ = ' ';
		if ((err = unescape_value(f->value[i], error)) != ROLLCODE_OK)
			return err;
	}
	return ROLLCODE_OK;
}

static enum rollcode_err
split_uri(struct fields *f, struct error *error)
{
	char *label = f->text + strlen(SCHEME), *query;
	enum rollcode_err err;

	if (strncasecmp(f->text, SCHEME, strlen(SCHEME)) != 0)
		return bad_line(error, "it starts otherwise");
	if (strncasecmp(label, "totp/", 5) == 0)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the URI is for a totp token, which counts time; a rolling "
		    "code needs a counter: enrol a hotp token");
	if (strncasecmp(label, "hotp/", 5) != 0)
		return bad_line(error, "it starts otherwise");
	label += 5;
	if ((query = strchr(label, '?')) == NULL)
		return bad_line(error, "there is no secret in it");
	*query++ = '\0';
	if ((err = split_query(query, f, error)) != ROLLCODE_OK)
		return err;
	return split_label(label, f, error);
}

static enum rollcode_err
take_uri_secret(
    const struct fields *f, struct rollcode_token *t, struct error *error)
{
	if (f->value[SECRET] == NULL)
		return bad_line(error, "there is no secret in it");
	if (base32_decode(
		f->value[SECRET], t->secret.bytes, SECRET_MAX, &t->secret.len))
		return ROLLCODE_OK;
	return bad_line(
	    error, "the secret is not base32 of 128 bytes or fewer");
}

/* What is missing means what authenticator apps take it for. */
static enum rollcode_err
take_code_form(
    const struct fields *f, struct rollcode_token *t, struct error *error)
{
	const char *form = f->value[FORM], *digits = f->value[DIGITS];
	const char *algorithm = f->value[ALGORITHM];
	int64_t number;

	t->form = form == NULL ? FORM_HOTP : form_from_name(form);
	if (t->form == FORM_NONE)
		return bad_line(
		    error, "the form must be hotp, hash, hex or timed");
	t->algorithm = t->form == FORM_HOTP ? ALGORITHM_SHA1 : ALGORITHM_SHA256;
	if (algorithm != NULL)
		t->algorithm = algorithm_from_name(algorithm);
	t->digits = t->form == FORM_HOTP ? 6 : ROLLCODE_HEX_DIGITS;
	if (digits == NULL)
		return ROLLCODE_OK;
	if (!keyword_number(digits, 1, ROLLCODE_HEX_DIGITS, &number))
		return bad_line(error, "digits is not a number");
	t->digits = (unsigned int)number;
	return ROLLCODE_OK;
}

static enum rollcode_err
take_counter(
    const struct fields *f, struct rollcode_token *t, struct error *error)
{
	int64_t number;

	if (f->value[COUNTER] == NULL)
		return bad_line(error,
		    "it has no counter=, so nobody knows which "
		    "code is next");
	if (!keyword_number(
		f->value[COUNTER], 0, (int64_t)ROLLCODE_COUNTER_END, &number))
		return bad_line(error, "counter is not a number up to 2^63-1");
	t->counter = (uint64_t)number;
	return ROLLCODE_OK;
}

/* None is empty. */
static bool
copy_text(char *out, size_t size, const char *text)
{
	return snprintf(out, size, "%s", text == NULL ? "" : text) < (int)size;
}

static enum rollcode_err
take_names(const struct fields *f, struct provision *p, struct error *error)
{
	const char *issuer = f->value[ISSUER];

	if (issuer == NULL || *issuer == '\0')
		issuer = f->issuer;
	if (!copy_text(p->issuer, sizeof(p->issuer), issuer) ||
	    !copy_text(p->account, sizeof(p->account), f->account))
		return bad_line(error, "issuer or account is over 255 bytes");
	for (char *colon = p->issuer; (colon = strchr(colon, ':')) != NULL;)
		*colon = '-';
	if (!copy_text(
		p->token.label, sizeof(p->token.label), f->value[LABEL]) ||
	    !utf8_printable(p->token.label))
		return bad_line(error, "label is not text of at most 64 bytes");
	if (f->value[NAME] != NULL &&
	    token_check_label(f->value[NAME], NULL) == ROLLCODE_OK)
		memcpy(p->name, f->value[NAME], strlen(f->value[NAME]) + 1);
	return check_names(p, error);
}

enum rollcode_err
provision_parse(const char *line, struct provision *p, struct error *error)
{
	WIPED(fields_wipe) struct fields f = {.issuer = NULL};
	enum rollcode_err err;

	provision_wipe(p);
	if ((err = copy_trimmed(line, &f, error)) != ROLLCODE_OK ||
	    (err = split_uri(&f, error)) != ROLLCODE_OK ||
	    (err = take_uri_secret(&f, &p->token, error)) != ROLLCODE_OK ||
	    (err = take_code_form(&f, &p->token, error)) != ROLLCODE_OK ||
	    (err = take_counter(&f, &p->token, error)) != ROLLCODE_OK ||
	    (err = take_names(&f, p, error)) != ROLLCODE_OK ||
	    (err = token_check(&p->token, error)) != ROLLCODE_OK)
		provision_wipe(p);
	return err;
}
