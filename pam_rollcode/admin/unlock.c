/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/admin.h"

enum rollcode_err
admin_unlock(void *base, char **argv, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	enum rollcode_err err;

	if ((err = admin_open(&admin, base, argv[0], error)) != ROLLCODE_OK)
		return err;
	account_unlock(&admin.account);
	if ((err = admin_commit(&admin, ACT_UNLOCKED, NULL, error)) ==
	    ROLLCODE_OK)
		plain_line(stdout, "unlocked %s", argv[0]);
	return err;
}
