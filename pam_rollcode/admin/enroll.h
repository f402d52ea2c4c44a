/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enroll.h - what enrols one user, and many.
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

/*
 * The users, or with --all-missing the accounts without a token: what is wrong
 * with one of them is printed, and does not concern the others.  INPUT if one
 * was not enrolled.
 */
enum rollcode_err	enroll_many(struct admin *, char **users,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_ADMIN_ENROLL_H */
