/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn_reset.c - the whole list of what a spawned verifier does not keep of
 * its caller, which may have been started by somebody hostile.
 *
 * The list is reset_all() and the tables that it goes through.  Three entries
 * are in spawn.c, next to exec: a process group of its own, no variable, no
 * blocked signal.  What is not listed ends by itself in a copy or at exec:
 * timers, pending signals, the signal stack, locked memory, the parent-death
 * signal, semaphore undo, the keyrings of process and thread.
 *
 * There is no call that takes these back, so they stay as the caller has them:
 * control groups with their cpusets, namespaces, the root directory, seccomp
 * filters, Landlock, security labels (SELinux, AppArmor), no_new_privs, the
 * bounding set of capabilities, PR_SET_MDWE, PR_SET_SPECULATION_CTRL and
 * PR_SCHED_CORE.  The login user id of audit stays because it should.  With
 * PR_SET_TSC no caller gets as far as here, for it cannot read the clock.
 *
 * All of this runs in a copy of a threaded process: only system calls, no
 * allocation, and nothing of glibc that takes a lock or looks for threads.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ask/spawn.h"
#include "protocol/protocol.h"
#include "system/fd.h"
#include "system/limits.h"

/* These are younger than some C libraries. */
#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif

#define IOPRIO_WHO_PROCESS 1 /* no header of glibc has it */
#define TIMER_SLACK_NS 50000 /* the kernel's; 0 would be the caller's */
#define CPUS_MAX 8192	     /* the most that Linux can have */
#define VERIFIER_FILES 64
#define VERIFIER_STACK ((rlim_t)8 << 20)

/* Everything that one call with numbers resets. */
static const struct {
	long call;
	unsigned long arguments[5];
} simple_calls[] = {
    {SYS_ioprio_set, {IOPRIO_WHO_PROCESS, 0, 0}},
    {SYS_personality, {PER_LINUX}},
    {SYS_set_mempolicy, {MPOL_DEFAULT, 0, 0}},
    {SYS_umask, {077}},
    /* A new session keyring without a name, and the usual place for keys. */
    {SYS_keyctl, {KEYCTL_JOIN_SESSION_KEYRING, 0}},
    {SYS_keyctl, {KEYCTL_SET_REQKEY_KEYRING, KEY_REQKEY_DEFL_DEFAULT}},
    {SYS_prctl, {PR_SET_SECUREBITS, 0}},
    {SYS_prctl, {PR_SET_TIMERSLACK, TIMER_SLACK_NS}},
    {SYS_prctl, {PR_SET_THP_DISABLE, 0}},
    {SYS_prctl, {PR_SET_MEMORY_MERGE, 0}},
    {SYS_prctl, {PR_SET_IO_FLUSHER, 0}},
    {SYS_prctl, {PR_MCE_KILL, PR_MCE_KILL_CLEAR}},
};

/* Everything that is reset by a line in a file of the process itself. */
static const struct {
	const char *path, *text;
	size_t len;
} own_files[] = {
    {"/proc/self/oom_score_adj", "0", 1},
    {"/proc/self/coredump_filter", "0x33", 4},
};

/* Every limit that is a number; the others are none. */
static const struct {
	int resource;
	rlim_t limit;
} number_limits[] = {
    {RLIMIT_CORE, 0},
    {RLIMIT_CPU, PROTOCOL_SECONDS},
    {RLIMIT_STACK, VERIFIER_STACK},
    {RLIMIT_NOFILE, VERIFIER_FILES},
    {RLIMIT_NICE, 0},
    {RLIMIT_RTPRIO, 0},
};

/* It is a copy of the host, with all that was typed there. */
static void
forbid_dump(void)
{
	limit_set(RLIMIT_CORE, 0);
	(void)!prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* glibc's own calls would first try to stop threads that are not here. */
static bool
become_root(void)
{
	return syscall(SYS_setgroups, 0, NULL) == 0 &&
	       syscall(SYS_setresgid, 0, 0, 0) == 0 &&
	       syscall(SYS_setresuid, 0, 0, 0) == 0;
}

/* The ambient ones go with them. */
static void
clear_inheritable(void)
{
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, sets) != 0)
		return;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		sets[i].inheritable = 0;
	(void)!syscall(SYS_capset, &header, sets);
}

/* glibc's call takes a lock, which another thread may have had. */
static void
default_signals(void)
{
	/* As large as the kernel's own anywhere; zero is the default. */
	const unsigned long defaults[16] = {0};

	for (int number = 1; number < NSIG; number++)
		(void)!syscall(
		    SYS_rt_sigaction, number, defaults, NULL, (size_t)NSIG / 8);
}

static rlim_t
limit_of(int resource)
{
	for (size_t i = 0; i < COUNT(number_limits); i++)
		if (number_limits[i].resource == resource)
			return number_limits[i].limit;
	return RLIM_INFINITY;
}

/* Limits come after closing, which they may bound, and before opening. */
static bool
only_descriptor(int fd)
{
	if (dup2(fd, STDIN_FILENO) != STDIN_FILENO)
		return false;
	fd_close_from(STDOUT_FILENO);
	for (int resource = 0; resource < RLIM_NLIMITS; resource++)
		limit_set(resource, limit_of(resource));
	return syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR) ==
		   STDOUT_FILENO &&
	       dup(STDOUT_FILENO) == STDERR_FILENO;
}

/*
 * Policy, priority, nice and time slice at once.  A root that may not lower
 * nice can still leave a policy.
 */
static void
usual_scheduling(void)
{
	const struct scheduling usual = {
	    .size = SCHEDULING_FIRST,
	    .policy = SCHED_OTHER,
	};
	const struct scheduling unclamped = {
	    .size = sizeof(unclamped),
	    .flags = SCHEDULING_KEEP | SCHEDULING_CLAMP,
	    .clamp_min = UINT32_MAX,
	    .clamp_max = UINT32_MAX,
	};
	const struct sched_param none = {0};

	if (syscall(SYS_sched_setattr, 0, &usual, 0) != 0)
		(void)!syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &none);
	(void)!syscall(SYS_sched_setattr, 0, &unclamped, 0);
}

/* All that the cpuset allows. */
static void
every_cpu(void)
{
	unsigned long cpus[CPUS_MAX / (8 * sizeof(unsigned long))];

	memset(cpus, 0xff, sizeof(cpus));
	(void)!syscall(SYS_sched_setaffinity, 0, sizeof(cpus), cpus);
}

static void
write_own_files(void)
{
	for (size_t i = 0; i < COUNT(own_files); i++) {
		long fd = syscall(SYS_openat, AT_FDCWD, own_files[i].path,
		    O_WRONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		(void)!syscall(
		    SYS_write, fd, own_files[i].text, own_files[i].len);
		(void)!syscall(SYS_close, fd);
	}
}

static void
make_simple_calls(void)
{
	for (size_t i = 0; i < COUNT(simple_calls); i++) {
		const unsigned long *a = simple_calls[i].arguments;

		(void)!syscall(
		    simple_calls[i].call, a[0], a[1], a[2], a[3], a[4]);
	}
}

bool
reset_all(int fd)
{
	forbid_dump();
	if (!become_root() || syscall(SYS_setsid) < 0)
		return false;
	/* The change of ids has allowed it again. */
	forbid_dump();
	clear_inheritable();
	default_signals();
	if (!only_descriptor(fd))
		return false;
	usual_scheduling();
	every_cpu();
	write_own_files();
	make_simple_calls();
	(void)!syscall(SYS_chdir, "/");
	return true;
}
