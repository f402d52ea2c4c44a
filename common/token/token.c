/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "common/base/utf8.h"
#include "common/token/codec.h"
#include "common/token/token.h"

static const char *const forms[] = {
    [FORM_HOTP] = "hotp",
    [FORM_HASH] = "hash",
    [FORM_HEX] = "hex",
    [FORM_TIMED] = "timed",
};

static const char *const algorithms[] = {
    [ALGORITHM_SHA1] = "SHA1",
    [ALGORITHM_SHA256] = "SHA256",
    [ALGORITHM_SHA512] = "SHA512",
};

const char *
form_name(enum rollcode_form form)
{
	return (size_t)form < COUNT(forms) ? forms[form] : NULL;
}

enum rollcode_form
form_from_name(const char *name)
{
	for (size_t i = 1; i < COUNT(forms); i++)
		if (strcmp(name, forms[i]) == 0)
			return (enum rollcode_form)i;
	return FORM_NONE;
}

const char *
algorithm_name(enum rollcode_algorithm algorithm)
{
	return (size_t)algorithm < COUNT(algorithms) ? algorithms[algorithm]
						     : NULL;
}

enum rollcode_algorithm
algorithm_from_name(const char *name)
{
	const char *number = name;

	if (strncasecmp(name, "sha", 3) != 0)
		return ALGORITHM_NONE;
	number += name[3] == '-' ? 4 : 3;
	for (size_t i = 1; i < COUNT(algorithms); i++)
		if (strcmp(number, algorithms[i] + 3) == 0)
			return (enum rollcode_algorithm)i;
	return ALGORITHM_NONE;
}

uint64_t
form_first_counter(enum rollcode_form form)
{
	return form == FORM_HASH ? 1 : 0;
}

enum rollcode_err
token_check_label(const char *label, struct error *error)
{
	size_t len = strnlen(label, ROLLCODE_LABEL_MAX + 1);

	if (len == 0 || len > ROLLCODE_LABEL_MAX)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a label has 1 to %d bytes", ROLLCODE_LABEL_MAX);
	if (label[0] == '-' || !utf8_printable(label))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a label has no control characters and does not start "
		    "with a dash");
	return ROLLCODE_OK;
}

bool
form_has_digits(enum rollcode_form form, unsigned int digits)
{
	if (form == FORM_HOTP)
		return digits >= ROLLCODE_DIGITS_MIN &&
		       digits <= ROLLCODE_DIGITS_MAX;
	return digits == ROLLCODE_HEX_DIGITS ||
	       (form == FORM_TIMED && digits == ROLLCODE_DIGITS_MAX);
}

static enum rollcode_err
check_digits(const struct rollcode_token *token, struct error *error)
{
	bool fits = form_has_digits(token->form, token->digits);

	if (fits &&
	    (token->form == FORM_HOTP || token->algorithm == ALGORITHM_SHA256))
		return ROLLCODE_OK;
	if (token->form == FORM_HOTP)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a hotp token has %d to %d digits", ROLLCODE_DIGITS_MIN,
		    ROLLCODE_DIGITS_MAX);
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "a %s token has %s%d digits and algorithm SHA256",
	    form_name(token->form), token->form == FORM_TIMED ? "8 or " : "",
	    ROLLCODE_HEX_DIGITS);
}

static bool
is_text(const struct secret *secret)
{
	for (size_t i = 0; i < secret->len; i++)
		if (secret->bytes[i] < 0x20 || secret->bytes[i] == 0x7f)
			return false;
	return true;
}

static enum rollcode_err
check_secret(const struct rollcode_token *token, struct error *error)
{
	const struct secret *secret = &token->secret;

	if (secret->len < ROLLCODE_SECRET_MIN)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the secret has %zu bytes; %d bytes (128 bits) is the "
		    "least that is safe",
		    secret->len, ROLLCODE_SECRET_MIN);
	if (secret->len > SECRET_MAX)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the secret is longer than %d bytes", SECRET_MAX);
	if (token->form == FORM_HASH && !is_text(secret))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the secret of a hash token is printable text");
	return ROLLCODE_OK;
}

enum rollcode_err
token_check(const struct rollcode_token *token, struct error *error)
{
	if (form_name(token->form) == NULL)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a token's form is hotp, hash, hex or timed");
	if (algorithm_name(token->algorithm) == NULL)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a token's algorithm is SHA1, SHA256 or SHA512");
	if (check_digits(token, error) != ROLLCODE_OK)
		return ROLLCODE_ERR_INPUT;
	if (token->counter > ROLLCODE_COUNTER_END)
		return error_set(
		    error, ROLLCODE_ERR_INPUT, "a counter is at most 2^63-1");
	if (token->counter < form_first_counter(token->form))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the first code of a hash token has counter 1");
	if (token->label[0] != '\0' &&
	    token_check_label(token->label, error) != ROLLCODE_OK)
		return ROLLCODE_ERR_INPUT;
	return check_secret(token, error);
}

bool
token_for_apps(const struct rollcode_token *token)
{
	return token->form == FORM_HOTP && token->algorithm == ALGORITHM_SHA1 &&
	       token->digits == ROLLCODE_DIGITS_MIN;
}

enum rollcode_err
token_check_left(const struct rollcode_token *token, struct error *error)
{
	if (token->counter < ROLLCODE_COUNTER_END)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "the token is exhausted: its counter is 2^63-1, the end, so it has "
	    "no code left; enrol a new one");
}

enum rollcode_err
token_new_secret(struct secret *secret, size_t len, enum rollcode_form form,
    struct error *error)
{
	WIPED(secret_wipe) struct secret raw = {0};
	size_t want = form == FORM_HASH ? len / 2 : len;

	secret_wipe(secret);
	if (want > SECRET_MAX || (form == FORM_HASH && len >= SECRET_MAX) ||
	    getrandom(raw.bytes, want, 0) != (ssize_t)want)
		return error_set(error, ROLLCODE_ERR_SYS,
		    "the kernel gave no random bytes for a secret");
	if (form == FORM_HASH)
		hex_encode(raw.bytes, want, (char *)secret->bytes);
	else
		memcpy(secret->bytes, raw.bytes, want);
	secret->len = len;
	return ROLLCODE_OK;
}

enum rollcode_err
token_parse_secret(const char *text, struct secret *secret, struct error *error)
{
	size_t len = strlen(text);
	bool good;

	secret_wipe(secret);
	if (strncmp(text, "text:", 5) == 0) {
		secret->len = len - 5;
		good = secret->len <= SECRET_MAX;
		memcpy(secret->bytes, text + 5, good ? secret->len : 0);
	} else if (strncmp(text, "hex:", 4) == 0) {
		secret->len = (len - 4) / 2;
		good = len % 2 == 0 && secret->len <= SECRET_MAX &&
		       hex_decode(text + 4, secret->bytes, secret->len);
	} else {
		good = base32_decode(
		    text, secret->bytes, SECRET_MAX, &secret->len);
	}
	if (good)
		return ROLLCODE_OK;
	secret_wipe(secret);
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "a secret is base32, \"hex:\" and hex digits or \"text:\" and "
	    "text, of at most %d bytes",
	    SECRET_MAX);
}
