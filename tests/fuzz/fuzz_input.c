/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person typed, against the rule once more: a table of lengths.
 */
#include "fuzz.h"
#include "pam_rollcode/protocol/input.h"

static const struct shape {
	size_t len;
	unsigned int width, count;
} shapes[] = {
    {6, 6, 1},
    {7, 7, 1},
    {8, 8, 1},
    {12, 6, 2},
    {14, 7, 2},
    {16, 8, 2},
    {18, 6, 3},
    {21, 7, 3},
    {24, 8, 3},
    {64, 64, 1},
    {128, 64, 2},
    {192, 64, 3},
};

static const char decimal[] = "0123456789";
static const char hex[] = "0123456789abcdef";
static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* The text without what may be pasted too, and its kind by the book. */
static const struct shape *
classify(const char *text, char *plain, bool *recovery)
{
	const struct shape *found = NULL;
	size_t n = 0, letters = 0;

	*recovery = false;
	if (strlen(text) > INPUT_MAX)
		return NULL;
	text += strspn(text, " \t\r\n");
	for (size_t i = 0; text[i] != '\0'; i++)
		if (text[i] != ' ' && text[i] != '-' &&
		    text[i + strspn(text + i, " \t\r\n")] != '\0')
			plain[n++] = text[i];
	plain[n] = '\0';
	for (size_t i = 0; i < COUNT(shapes); i++)
		if (shapes[i].len == n &&
		    strspn(plain, n >= 64 ? hex : decimal) == n)
			found = &shapes[i];
	if (found != NULL || n != RECOVERY_DIGITS)
		return found;
	for (size_t i = 0; i < n; i++) {
		if (plain[i] >= 'a' && plain[i] <= 'z')
			plain[i] = (char)(plain[i] - 32);
		letters += strchr(base32, plain[i]) != NULL;
	}
	*recovery =
	    letters == n && strcspn(plain, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") < n;
	return NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = exact_text(data, size), *plain = malloc(size + 1);
	struct input got;
	const struct shape *want;
	bool recovery;

	plain[0] = '\0';
	want = classify(text, plain, &recovery);
	promise(input_parse(text, &got) == got.kind, "the kind returned");
	if (want != NULL) {
		promise(got.kind == INPUT_CODE && got.count == want->count &&
			    got.width == want->width,
		    "codes have the shape that the table says");
		for (unsigned int i = 0; i < want->count; i++)
			promise(
			    strlen(got.codes[i].text) == want->width &&
				strncmp(got.codes[i].text,
				    plain + i * want->width, want->width) == 0,
			    "each code is a part of what was typed, in order");
	} else if (recovery) {
		promise(got.kind == INPUT_RECOVERY &&
			    strcmp(got.recovery, plain) == 0,
		    "a recovery code is taken in upper case");
	} else {
		promise(got.kind == INPUT_MALFORMED,
		    "everything else is malformed");
	}
	free(plain);
	free(text);
	return 0;
}
