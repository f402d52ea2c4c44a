/* SPDX-License-Identifier: Apache-2.0 */
/*
 * privileges.h - root's rights, given up for good.
 */
#ifndef ROLLCODE_SYSTEM_PRIVILEGES_H
#define ROLLCODE_SYSTEM_PRIVILEGES_H

#include <sys/types.h>

#include "common/base/error.h"

/*
 * Become an account, called name in a sentence: no supplementary groups, all
 * gids and uids, read back; no new privileges, not dumpable, umask 077, working
 * directory /.  Nothing to do for uids where the account is root.  PRIVILEGE.
 */
enum rollcode_err	privileges_drop(uid_t, gid_t, const char *name,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_SYSTEM_PRIVILEGES_H */
