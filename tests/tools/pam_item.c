/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam_item - PAM_AUTHTOK before and after a module under test.
 *
 *	auth required pam_item.so set=TEXT	puts TEXT there
 *	auth required pam_item.so show		tells "authtok=TEXT"
 */
#include <string.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const void *value = NULL;

	(void)flags;
	if (argc == 1 && strncmp(argv[0], "set=", 4) == 0)
		return pam_set_item(pamh, PAM_AUTHTOK, argv[0] + 4);
	if (pam_get_item(pamh, PAM_AUTHTOK, &value) != PAM_SUCCESS ||
	    value == NULL)
		value = "(none)";
	return pam_info(pamh, "authtok=%s", (const char *)value);
}

int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
