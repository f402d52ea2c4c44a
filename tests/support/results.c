/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <security/_pam_types.h>

#include "tests/support/results.h"

const char *
result_name(int code)
{
	static const struct {
		int code;
		const char *name;
	} names[] = {
	    {PAM_SUCCESS, "SUCCESS"},
	    {PAM_AUTH_ERR, "AUTH_ERR"},
	    {PAM_USER_UNKNOWN, "USER_UNKNOWN"},
	    {PAM_IGNORE, "IGNORE"},
	    {PAM_MAXTRIES, "MAXTRIES"},
	    {PAM_AUTHINFO_UNAVAIL, "AUTHINFO_UNAVAIL"},
	    {PAM_SYSTEM_ERR, "SYSTEM_ERR"},
	    {PAM_SERVICE_ERR, "SERVICE_ERR"},
	    {PAM_BUF_ERR, "BUF_ERR"},
	    {PAM_CRED_INSUFFICIENT, "CRED_INSUFFICIENT"},
	    {PAM_CONV_ERR, "CONV_ERR"},
	    {PAM_INCOMPLETE, "INCOMPLETE"},
	    {PAM_PERM_DENIED, "PERM_DENIED"},
	    {PAM_ABORT, "ABORT"},
	    {PAM_MODULE_UNKNOWN, "MODULE_UNKNOWN"},
	};
	static char number[16];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].code == code)
			return names[i].name;
	snprintf(number, sizeof(number), "PAM_%d", code);
	return number;
}
