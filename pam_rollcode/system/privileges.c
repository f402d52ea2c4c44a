/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/privileges.h"

static bool
become_account(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	return setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 &&
	       setresuid(uid, uid, uid) == 0 && getresuid(&r, &e, &s) == 0 &&
	       getresgid(&gr, &ge, &gs) == 0 && r == uid && e == uid &&
	       s == uid && gr == gid && ge == gid && gs == gid &&
	       getgroups(0, NULL) == 0 && (uid == 0 || setuid(0) != 0);
}

/* Inheritable ones, and those that a securebit may have kept. */
static bool
drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	return syscall(SYS_capset, &header, none) == 0;
}

enum rollcode_err
privileges_drop(uid_t uid, gid_t gid, const char *name, struct error *error)
{
	umask(077);
	errno = 0;
	if (geteuid() == 0 && !become_account(uid, gid))
		return error_set(error, ROLLCODE_ERR_PRIVILEGE,
		    "cannot become the account %s%s", name,
		    errno == EPERM
			? "; give root the capabilities SETUID and SETGID"
			: "");
	if (geteuid() != uid)
		return error_set(error, ROLLCODE_ERR_PRIVILEGE,
		    "only root or the account %s can do this", name);
	if ((uid != 0 && !drop_capabilities()) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || chdir("/") != 0)
		return error_set(error, ROLLCODE_ERR_PRIVILEGE,
		    "cannot give up privileges: %s", strerror(errno));
	return ROLLCODE_OK;
}
