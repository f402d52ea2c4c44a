/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/input.h"

/* A text without spaces and dashes: room for three codes of 64 digits. */
struct squeezed {
	size_t len;
	char text[SUBMISSION_CODES * ROLLCODE_HEX_DIGITS + 1];
};

static void
squeezed_wipe(struct squeezed *squeezed)
{
	explicit_bzero(squeezed, sizeof(*squeezed));
}

static bool
remove_separators(const char *text, struct squeezed *out)
{
	size_t len = strnlen(text, SUBMISSION_MAX + 1);

	if (len > SUBMISSION_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == ' ' || text[i] == '-')
			continue;
		if (out->len == sizeof(out->text) - 1)
			return false;
		out->text[out->len++] = text[i];
	}
	return true;
}

static bool
has_only(const struct squeezed *squeezed, const char *digits)
{
	return squeezed->len > 0 &&
	       strspn(squeezed->text, digits) == squeezed->len;
}

static bool
split_codes(const struct squeezed *from, unsigned int width,
    struct submission *submission)
{
	unsigned int count = (unsigned int)(from->len / width);

	if (from->len % width != 0 || count < 1 || count > SUBMISSION_CODES)
		return false;
	for (unsigned int i = 0; i < count; i++)
		memcpy(submission->codes[i].text,
		    from->text + (size_t)i * width, width);
	submission->kind = SUBMISSION_CODE;
	submission->count = count;
	submission->width = width;
	return true;
}

static bool
parse_recovery(const struct squeezed *from, struct submission *submission)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
				     "abcdefghijklmnopqrstuvwxyz";

	if (from->len != RECOVERY_DIGITS || !has_only(from, digits) ||
	    has_only(from, "0123456789"))
		return false;
	for (size_t i = 0; i < RECOVERY_DIGITS; i++) {
		char c = from->text[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		submission->recovery[i] = c;
	}
	submission->kind = SUBMISSION_RECOVERY;
	return true;
}

enum submission_kind
submission_parse(const char *text, struct submission *submission)
{
	WIPED(squeezed_wipe) struct squeezed from = {0};

	memset(submission, 0, sizeof(*submission));
	if (text == NULL || !remove_separators(text, &from))
		return SUBMISSION_MALFORMED;
	if (from.len >= ROLLCODE_HEX_DIGITS) {
		if (has_only(&from, "0123456789abcdef"))
			(void)split_codes(
			    &from, ROLLCODE_HEX_DIGITS, submission);
	} else if (has_only(&from, "0123456789")) {
		/* No length is a multiple of two widths and at most three. */
		for (unsigned int width = ROLLCODE_DIGITS_MIN;
		     width <= ROLLCODE_DIGITS_MAX; width++)
			if (split_codes(&from, width, submission))
				break;
	} else {
		(void)parse_recovery(&from, submission);
	}
	return submission->kind;
}

bool
submission_ends_with(
    const struct submission *submission, const struct submission *tail)
{
	return submission->kind == SUBMISSION_CODE &&
	       tail->kind == SUBMISSION_CODE && submission->count > 1 &&
	       tail->count == 1 && tail->width == submission->width &&
	       secret_equal(submission->codes[submission->count - 1].text,
		   tail->codes[0].text, tail->width);
}
