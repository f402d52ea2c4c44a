/* SPDX-License-Identifier: Apache-2.0 */
/*
 * standin.c - the PAM module that stands in for every module of a
 * service that `rollcode-admin check` has copied.
 *
 *  1. It gives the result that check wants, and does nothing else.
 *  2. In any other program it refuses.
 */
#include <stdlib.h>

#include <security/pam_modules.h>

#include "admin/check/standin.h"

static int
standin_result(const struct pam_conv *conv, const char *row)
{
	const struct pam_message message = {PAM_BINARY_PROMPT, row};
	const struct pam_message *messages = &message;
	struct pam_response *reply = NULL;
	int result = PAM_SYSTEM_ERR;

	if (conv->conv(1, &messages, &reply, conv->appdata_ptr) !=
		PAM_SUCCESS ||
	    reply == NULL)
		return PAM_SYSTEM_ERR;
	if (reply->resp_retcode >= STANDIN_RESULT &&
	    reply->resp_retcode < STANDIN_RESULT + _PAM_RETURN_VALUES)
		result = reply->resp_retcode - STANDIN_RESULT;
	free(reply->resp);
	free(reply);
	return result;
}

int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const void *conv = NULL;

	(void)flags;
	if (argc < 1 || pam_get_item(pamh, PAM_CONV, &conv) != PAM_SUCCESS ||
	    conv == NULL)
		return PAM_SYSTEM_ERR;
	return standin_result(conv, argv[0]);
}

int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_IGNORE;
}
