/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of an env file: the first byte says whether a key is needed.
 *
 *  1. What is accepted lies within the limits of the table of keywords.
 *  2. Written down and read again, it is the same.
 *  3. What is refused has a sentence, which does not show a key.
 */
#include <inttypes.h>

#include "fuzz.h"
#include "pam_rollcode/config/config.h"

static void
check_field(const struct config *config, const struct keyword *word)
{
	const char *field = (const char *)config + word->at;
	int64_t number;

	if (word->kind != KEYWORD_NUMBER) {
		promise(memchr(field, '\0', (size_t)word->max + 1) != NULL,
		    "a text of the env file is no longer than its limit");
	} else {
		memcpy(&number, field, sizeof(number));
		promise(number >= word->min && number <= word->max,
		    "a number of the env file is within its limits");
	}
}

static size_t
write_field(const struct config *config, const struct keyword *word, char *out,
    size_t size)
{
	const char *field = (const char *)config + word->at;
	int64_t number;

	if (word->kind != KEYWORD_NUMBER)
		return field[0] == '\0' ? 0
					: (size_t)snprintf(out, size,
					      "%s=\"%s\"\n", word->name, field);
	memcpy(&number, field, sizeof(number));
	return (size_t)snprintf(
	    out, size, "%s=%" PRId64 "\n", word->name, number);
}

static void
check_accepted(struct config *config, bool need_key)
{
	static char text[ENV_FILE_MAX];
	static struct config again;
	struct error error = {0};
	size_t len = 0;

	promise(config->has_key || !need_key, "a key that is needed is there");
	promise(config->policy.resync_window == 0 ||
		    config->policy.resync_window > config->policy.tolerance,
	    "the far window is off or wider than the near one");
	for (const struct keyword *w = config_keywords; w->name != NULL; w++) {
		check_field(config, w);
		/* a quote inside a value cannot be written down */
		if (w->kind != KEYWORD_NUMBER &&
		    strchr((char *)config + w->at, '"') != NULL)
			return;
		len += write_field(config, w, text + len, sizeof(text) - len);
	}
	promise(config_parse(text, len, need_key, &again, MISTAKES(&error)) ==
		    ROLLCODE_OK,
	    "what was accepted is accepted again");
	promise(memcmp(config, &again, sizeof(again)) == 0,
	    "an env file written down and read again is the same");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	struct error error = {0};
	bool need_key = size > 0 && (data[0] & 1) != 0;
	size_t len = size > 0 ? size - 1 : 0;
	char *text = exact(size > 0 ? data + 1 : data, len);
	enum rollcode_err err;

	err = config_parse(text, len, need_key, &config, MISTAKES(&error));
	promise((err == ROLLCODE_OK) == (error.text[0] == '\0'),
	    "a sentence is there exactly where the file is refused");
	promise(strlen(config.key_text) < 16 ||
		    strstr(error.text, config.key_text) == NULL,
	    "no sentence shows a key");
	if (err == ROLLCODE_OK)
		check_accepted(&config, need_key);
	free(text);
	return 0;
}
