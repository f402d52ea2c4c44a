/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "module/converse.h"

#define RECOVERY_FEW 3 /* then each login says so */

/* The codes at the end of a line. */
struct tail {
	size_t at;
	bool parted;
};

static const char advice[] =
    "If codes fail, type the next three on one line, and check your device's "
    "clock.";

/* A text that does not fit is malformed, and stays "". */
static void
copy_input(struct input_text *out, const char *text, size_t len)
{
	if (len > INPUT_MAX)
		return;
	memcpy(out->text, text, len);
	out->text[len] = '\0';
}

static bool
has_shape(const struct input_text *text)
{
	WIPED(input_wipe) struct input shape = {0};

	return input_parse(text->text, &shape) != INPUT_MALFORMED;
}

/*
 * Where the last count codes of a line begin, one space or dash allowed
 * between two of them; parted if there was one everywhere.  False if the line
 * does not end in so many codes.
 */
static bool
find_tail(const char *line, size_t end, size_t digits, unsigned int count,
    struct tail *tail)
{
	const char *set =
	    digits == ROLLCODE_HEX_DIGITS ? "0123456789abcdef" : "0123456789";

	tail->parted = true;
	for (unsigned int i = 0; i < count; i++) {
		if (i > 0 && end > 0 && strchr(" -", line[end - 1]) != NULL)
			end--;
		else if (i > 0)
			tail->parted = false;
		if (end < digits || strspn(line + end - digits, set) < digits)
			return false;
		end -= digits;
	}
	tail->at = end;
	return true;
}

static void
read_from(struct reading *reading, const char *line, size_t at, size_t len)
{
	copy_input(&reading->code, line + at, len - at);
	copy_input(&reading->rest, line, at);
}

/*
 * forward_pass: three codes at the end where they are written apart, a pair
 * where it can be one, else a code; that too if the longer one is refused, for
 * a password may end in digits.
 */
static void
split_password(const struct options *options, const char *line, size_t len,
    struct typed *typed)
{
	size_t digits = (size_t)options->digits;
	struct tail one, more;

	if (!find_tail(line, len, digits, 1, &one))
		return;
	if ((find_tail(line, len, digits, 3, &more) && more.parted) ||
	    find_tail(line, len, digits, 2, &more)) {
		read_from(&typed->first, line, more.at, len);
		read_from(&typed->fallback, line, one.at, len);
	} else {
		read_from(&typed->first, line, one.at, len);
	}
}

static void
take_input(const struct options *options, const char *line, struct typed *typed)
{
	size_t len = strnlen(line, INPUT_MAX + 1);

	typed_wipe(typed);
	if (len > INPUT_MAX)
		return;
	while (len > 0 && strchr(INPUT_ENDS, line[len - 1]) != NULL)
		len--;
	if (options->forward_pass)
		split_password(options, line, len, typed);
	else
		copy_input(&typed->first.code, line, len);
	if (!has_shape(&typed->first.code))
		typed_wipe(typed);
}

static int
prompt_for(
    pam_handle_t *pamh, const struct options *options, struct typed *typed)
{
	char *reply = NULL;
	int result;

	result = pam_prompt(pamh,
	    options->echo ? PAM_PROMPT_ECHO_ON : PAM_PROMPT_ECHO_OFF, &reply,
	    "%s", options->prompt);
	if (result == PAM_SUCCESS && reply != NULL)
		take_input(options, reply, typed);
	if (reply != NULL) {
		explicit_bzero(reply, strlen(reply));
		free(reply);
	}
	switch (result) {
	case PAM_SUCCESS:
	case PAM_BUF_ERR:
		return result;
	case PAM_CONV_AGAIN:
		return PAM_INCOMPLETE;
	default:
		return PAM_CONV_ERR;
	}
}

int
converse_code(
    pam_handle_t *pamh, const struct options *options, struct typed *typed)
{
	const void *earlier = NULL;

	typed_wipe(typed);
	if ((options->try_first_pass || options->use_first_pass) &&
	    pam_get_item(pamh, PAM_AUTHTOK, &earlier) == PAM_SUCCESS &&
	    earlier != NULL)
		take_input(options, earlier, typed);
	if (options->use_first_pass || typed->first.code.text[0] != '\0')
		return PAM_SUCCESS;
	return prompt_for(pamh, options, typed);
}

int
converse_forward(pam_handle_t *pamh, const struct options *options,
    const struct typed *typed, const struct verification *result)
{
	const struct reading *reading =
	    result->fallback == 1 ? &typed->fallback : &typed->first;

	if (!options->forward_pass || reading->rest.text[0] == '\0')
		return PAM_SUCCESS;
	return pam_set_item(pamh, PAM_AUTHTOK, reading->rest.text);
}

/*
 * sshd that has something to tell after a failure does not log the failure,
 * and a program that counts its lines, as fail2ban does, would count none.
 */
static bool
asked_by_sshd(pam_handle_t *pamh)
{
	const void *tty = NULL;

	return pam_get_item(pamh, PAM_TTY, &tty) == PAM_SUCCESS &&
	       tty != NULL && strcmp(tty, "ssh") == 0;
}

static void
tell_count(
    pam_handle_t *pamh, uint32_t count, const char *one, const char *many)
{
	if (count == 1)
		(void)!pam_info(pamh, "1 %s", one);
	else if (count > 1)
		(void)!pam_info(pamh, "%u %s", count, many);
}

void
converse_tell(pam_handle_t *pamh, const struct options *options, int flags,
    const struct verification *v, int result)
{
	if (options->quiet || (flags & (int)PAM_SILENT) != 0)
		return;
	if (result != PAM_SUCCESS) {
		if (!asked_by_sshd(pamh))
			(void)!pam_info(pamh, "%s", advice);
		return;
	}
	tell_count(
	    pamh, v->skipped, "code was skipped.", "codes were skipped.");
	tell_count(pamh, v->failed,
	    "wrong code was tried since the last login.",
	    "wrong codes were tried since the last login.");
	tell_count(pamh, v->replayed,
	    "used code was tried again since the last login: if that was "
	    "not you, somebody has seen your codes or copied your token.",
	    "used codes were tried again since the last login: if that was "
	    "not you, somebody has seen your codes or copied your token.");
	tell_count(pamh, v->late,
	    "code came too late since the last login: if that was you, check "
	    "the clock of your device; if not, somebody had it.",
	    "codes came too late since the last login: if that was you, check "
	    "the clock of your device; if not, somebody had them.");
	if (v->recovery == 1 ||
	    (v->recovery_left > 0 && v->recovery_left <= RECOVERY_FEW))
		(void)!pam_info(
		    pamh, "Recovery codes left: %u.", v->recovery_left);
}
