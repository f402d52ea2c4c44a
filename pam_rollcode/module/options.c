/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "module/options.h"

#define AT(field) offsetof(struct options, field)
#define NAME_MAX_BYTES 64

/* clang-format off */
const struct keyword options_keywords[] = {
	{ .name = "conf", .kind = KEYWORD_TEXT, .at = AT(conf),
	  .min = 1, .max = PATH_MAX - 1 },
	{ .name = "helper", .kind = KEYWORD_TEXT, .at = AT(helper),
	  .min = 1, .max = PATH_MAX - 1 },
	{ .name = "prompt", .kind = KEYWORD_TEXT, .at = AT(prompt),
	  .min = 1, .max = OPTIONS_PROMPT_MAX },
	{ .name = "digits", .kind = KEYWORD_NUMBER, .at = AT(digits),
	  .min = ROLLCODE_DIGITS_MIN, .max = ROLLCODE_HEX_DIGITS },
	{ .name = "nullok", .kind = KEYWORD_FLAG, .at = AT(nullok) },
	{ .name = "try_first_pass", .kind = KEYWORD_FLAG,
	  .at = AT(try_first_pass) },
	{ .name = "use_first_pass", .kind = KEYWORD_FLAG,
	  .at = AT(use_first_pass) },
	{ .name = "forward_pass", .kind = KEYWORD_FLAG,
	  .at = AT(forward_pass) },
	{ .name = "echo", .kind = KEYWORD_FLAG, .at = AT(echo) },
	{ .name = "nodelay", .kind = KEYWORD_FLAG, .at = AT(nodelay) },
	{ .name = "quiet", .kind = KEYWORD_FLAG, .at = AT(quiet) },
	{ .name = "maxtries", .kind = KEYWORD_FLAG, .at = AT(maxtries) },
	{ .name = "debug", .kind = KEYWORD_FLAG, .at = AT(debug) },
	{ .name = NULL },
};
/* clang-format on */

static enum rollcode_err
load_one(struct options *options, const char *argument, uint64_t *seen,
    struct error *error)
{
	const char *equals = strchr(argument, '=');
	size_t len =
	    equals != NULL ? (size_t)(equals - argument) : strlen(argument);
	char name[NAME_MAX_BYTES + 1];
	struct error detail = {0};

	if (len > NAME_MAX_BYTES)
		return error_add(error, ROLLCODE_ERR_CONFIG,
		    "unknown argument (not shown), too long to be one");
	memcpy(name, argument, len);
	name[len] = '\0';
	if (keyword_set(options_keywords, options, seen, name,
		equals != NULL ? equals + 1 : NULL, &detail) == ROLLCODE_OK)
		return ROLLCODE_OK;
	return error_add(error, ROLLCODE_ERR_CONFIG, "%s", detail.text);
}

static enum rollcode_err
check_arguments_given(const struct options *options, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;

	if (options->digits > ROLLCODE_DIGITS_MAX &&
	    options->digits != ROLLCODE_HEX_DIGITS)
		err = error_add(error, ROLLCODE_ERR_CONFIG,
		    "digits: a code has 6, 7, 8 or 64");
	if (options->conf[0] != '\0' && options->conf[0] != '/')
		err = error_add(error, ROLLCODE_ERR_CONFIG,
		    "conf: is not an absolute path");
	if (options->helper[0] != '/')
		err = error_add(error, ROLLCODE_ERR_CONFIG,
		    "helper: is not an absolute path");
	if (options->try_first_pass && options->use_first_pass)
		err = error_add(error, ROLLCODE_ERR_CONFIG,
		    "try_first_pass and use_first_pass: give one of them");
	return err;
}

enum rollcode_err
options_load(
    struct options *options, int argc, const char **argv, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK, one;
	uint64_t seen = 0;

	memset(options, 0, sizeof(*options));
	options->digits = ROLLCODE_DIGITS_MAX;
	snprintf(
	    options->prompt, sizeof(options->prompt), "%s", ROLLCODE_PROMPT);
	for (int i = 0; i < argc; i++)
		if ((one = load_one(options, argv[i], &seen, error)) !=
		    ROLLCODE_OK)
			err = one;
	options->spawned =
	    options->conf[0] != '\0' || options->helper[0] != '\0';
	if (options->helper[0] == '\0')
		snprintf(options->helper, sizeof(options->helper), "%s",
		    ROLLCODE_HELPER);
	one = check_arguments_given(options, error);
	return err != ROLLCODE_OK ? err : one;
}
