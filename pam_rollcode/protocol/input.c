/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/input.h"

/* A text without spaces and dashes: room for three codes of 64 digits. */
struct squeezed {
	size_t len;
	char text[INPUT_CODES * ROLLCODE_HEX_DIGITS + 1];
};
WIPABLE(squeezed);

static bool
remove_separators(const char *text, struct squeezed *out)
{
	size_t len = strnlen(text, INPUT_MAX + 1);

	if (len > INPUT_MAX)
		return false;
	while (len > 0 && strchr(INPUT_ENDS, text[len - 1]) != NULL)
		len--;
	for (size_t i = strspn(text, INPUT_ENDS); i < len; i++) {
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
split_codes(
    const struct squeezed *from, unsigned int width, struct input *input)
{
	unsigned int count = (unsigned int)(from->len / width);

	if (from->len % width != 0 || count < 1 || count > INPUT_CODES)
		return false;
	for (unsigned int i = 0; i < count; i++)
		memcpy(input->codes[i].text, from->text + (size_t)i * width,
		    width);
	input->kind = INPUT_CODE;
	input->count = count;
	input->width = width;
	return true;
}

static bool
parse_recovery(const struct squeezed *from, struct input *input)
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
		input->recovery[i] = c;
	}
	input->kind = INPUT_RECOVERY;
	return true;
}

enum input_kind
input_parse(const char *text, struct input *input)
{
	WIPED(squeezed_wipe) struct squeezed from = {0};

	memset(input, 0, sizeof(*input));
	if (text == NULL || !remove_separators(text, &from))
		return INPUT_MALFORMED;
	if (from.len >= ROLLCODE_HEX_DIGITS) {
		if (has_only(&from, "0123456789abcdef"))
			(void)split_codes(&from, ROLLCODE_HEX_DIGITS, input);
	} else if (has_only(&from, "0123456789")) {
		/* No length is a multiple of two widths and at most three. */
		for (unsigned int width = ROLLCODE_DIGITS_MIN;
		     width <= ROLLCODE_DIGITS_MAX; width++)
			if (split_codes(&from, width, input))
				break;
	} else {
		(void)parse_recovery(&from, input);
	}
	return input->kind;
}

bool
input_ends_with(const struct input *input, const struct input *tail)
{
	return input->kind == INPUT_CODE && tail->kind == INPUT_CODE &&
	       input->count > 1 && tail->count == 1 &&
	       tail->width == input->width &&
	       secret_equal(input->codes[input->count - 1].text,
		   tail->codes[0].text, tail->width);
}
