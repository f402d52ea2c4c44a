/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enroll.h - one user, of one or of many.
 */
#ifndef ROLLCODE_ADMIN_ENROLL_H
#define ROLLCODE_ADMIN_ENROLL_H

#include "admin/admin.h"

/*
 * Enrol a token as the options say, and hand its URI out: on standard output,
 * or to the process of --out.  *skipped is set if --if-missing found one.
 * Nothing stays locked.
 */
enum rollcode_err	enroll_user(struct admin *, const char *user,
			    bool *skipped, struct error *) MUST_USE;

#endif /* ROLLCODE_ADMIN_ENROLL_H */
