/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inherit - what a process can hand down to what it starts.
 *
 *	odd [WAY...] -- COMMAND...	COMMAND, started by a process that is
 *					odd in these ways; 77 if the kernel
 *					does not let it be
 *	show				what there is to see of this process
 *	request FILE			the same, into FILE.seen: it stands in
 *					for rollcode-verify
 *	ways				their names
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/mempolicy.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pam_rollcode/ask/spawn.h"

#define NOT_HERE 77

/* Younger than some C libraries. */
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#define PR_GET_MEMORY_MERGE 68
#endif
#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#define PR_GET_IO_FLUSHER 58
#endif

/* --- ways ----------------------------------------------------------------- */

static int
file_says(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	return file == NULL || fputs(text, file) == EOF || fclose(file) != 0;
}

static int
odd_ids(void)
{
	const gid_t group = 3;

	return setgroups(1, &group) != 0 || setresgid(1, 0, 2) != 0 ||
	       setresuid(1, 0, 0) != 0;
}

static int
odd_capabilities(void)
{
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, sets) != 0)
		return 1;
	sets[0].inheritable |= 1U << CAP_CHOWN;
	return syscall(SYS_capset, &header, sets) != 0;
}

static int
odd_ambient(void)
{
	return odd_capabilities() || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE,
					 CAP_CHOWN, 0, 0) != 0;
}

static int
odd_securebits(void)
{
	return prctl(PR_SET_SECUREBITS, SECBIT_NO_CAP_AMBIENT_RAISE, 0, 0, 0) !=
	       0;
}

static int
odd_signals(void)
{
	sigset_t all;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	sigfillset(&all);
	return sigprocmask(SIG_SETMASK, &all, NULL);
}

static int
odd_policy(void)
{
	const struct sched_param none = {0};

	return sched_setscheduler(0, SCHED_BATCH, &none);
}

static int
odd_nice(void)
{
	return setpriority(PRIO_PROCESS, 0, 5);
}

static int
odd_slice(void)
{
	const struct scheduling odd = {
	    .size = SCHEDULING_FIRST, .runtime = 50000000};

	return syscall(SYS_sched_setattr, 0, &odd, 0) != 0;
}

static int
odd_clamp(void)
{
	const struct scheduling odd = {
	    .size = sizeof(odd),
	    .flags = SCHEDULING_KEEP | SCHEDULING_CLAMP,
	    .clamp_min = 1,
	    .clamp_max = 99,
	};

	return syscall(SYS_sched_setattr, 0, &odd, 0) != 0;
}

static int
odd_ioprio(void)
{
	return syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 7) != 0;
}

static int
odd_cpus(void)
{
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	return sched_setaffinity(0, sizeof(first), &first);
}

static int
odd_oom(void)
{
	return file_says("/proc/self/oom_score_adj", "321");
}

static int
odd_dump(void)
{
	return file_says("/proc/self/coredump_filter", "0x7f");
}

static int
odd_slack(void)
{
	return prctl(PR_SET_TIMERSLACK, 7654321, 0, 0, 0);
}

static int
odd_keyring(void)
{
	return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "odd") < 0;
}

static int
odd_reqkey(void)
{
	return syscall(SYS_keyctl, KEYCTL_SET_REQKEY_KEYRING,
		   KEY_REQKEY_DEFL_USER_KEYRING) < 0;
}

static int
odd_personality(void)
{
	return personality(ADDR_NO_RANDOMIZE | UNAME26 | STICKY_TIMEOUTS) < 0;
}

static int
odd_memory(void)
{
	const unsigned long node = 1;

	return syscall(SYS_set_mempolicy, MPOL_BIND, &node, 8 * sizeof(node)) !=
	       0;
}

static int
odd_thp(void)
{
	return prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

static int
odd_merge(void)
{
	return prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0);
}

static int
odd_flusher(void)
{
	return prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
}

static int
odd_mce(void)
{
	return prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0);
}

static int
odd_umask(void)
{
	umask(0);
	return 0;
}

static int
odd_directory(void)
{
	return chdir("/usr");
}

static int
odd_environment(void)
{
	return setenv("LD_BIND_NOW", "1", 1) != 0 ||
	       setenv("ODD", "environment", 1) != 0;
}

static int
odd_descriptors(void)
{
	int fd = open("/etc/passwd", O_RDONLY);

	return fd < 0 || dup2(fd, 9) != 9 || dup2(fd, 900) != 900;
}

/* Hard limits too, where they can be raised again. */
static int
odd_limits(void)
{
	static const rlim_t odd[RLIM_NLIMITS] = {
	    [RLIMIT_CPU] = 77,
	    [RLIMIT_FSIZE] = 1 << 20,
	    [RLIMIT_DATA] = 1 << 30,
	    [RLIMIT_STACK] = 1 << 20,
	    [RLIMIT_CORE] = 1 << 20,
	    [RLIMIT_RSS] = 1 << 30,
	    [RLIMIT_NPROC] = 4321,
	    [RLIMIT_NOFILE] = 33,
	    [RLIMIT_MEMLOCK] = 4096,
	    [RLIMIT_AS] = 1 << 30,
	    [RLIMIT_LOCKS] = 10,
	    [RLIMIT_SIGPENDING] = 20,
	    [RLIMIT_MSGQUEUE] = 30,
	    [RLIMIT_NICE] = 25,
	    [RLIMIT_RTPRIO] = 5,
	    [RLIMIT_RTTIME] = 1000000,
	};
	struct rlimit now;
	int raises;

	if (getrlimit(RLIMIT_NOFILE, &now) != 0)
		return 1;
	now.rlim_max++;
	raises = setrlimit(RLIMIT_NOFILE, &now) == 0;
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		if (getrlimit((__rlimit_resource_t)i, &now) != 0)
			return 1;
		if (raises)
			now.rlim_max = odd[i];
		now.rlim_cur = odd[i] < now.rlim_max ? odd[i] : now.rlim_max;
		if (setrlimit((__rlimit_resource_t)i, &now) != 0)
			return 1;
	}
	return 0;
}

static const struct {
	const char *name;
	int (*become)(void);
} ways[] = {
    {"affinity", odd_cpus},
    {"ambient_capabilities", odd_ambient},
    {"core_filter", odd_dump},
    {"descriptors", odd_descriptors},
    {"environment", odd_environment},
    {"huge_pages", odd_thp},
    {"ids", odd_ids},
    {"inheritable_capabilities", odd_capabilities},
    {"io_flusher", odd_flusher},
    {"ioprio", odd_ioprio},
    {"key_destination", odd_reqkey},
    {"keyring", odd_keyring},
    {"limits", odd_limits},
    {"memory_failure", odd_mce},
    {"memory_merge", odd_merge},
    {"memory_policy", odd_memory},
    {"nice", odd_nice},
    {"oom_score_adj", odd_oom},
    {"personality", odd_personality},
    {"policy", odd_policy},
    {"securebits", odd_securebits},
    {"signals", odd_signals},
    {"time_slice", odd_slice},
    {"timer_slack", odd_slack},
    {"umask", odd_umask},
    {"utilization", odd_clamp},
    {"working_directory", odd_directory},
};

static int
start_odd(char **argv)
{
	size_t i;

	for (; *argv != NULL && strcmp(*argv, "--") != 0; argv++) {
		for (i = 0; i < COUNT(ways); i++)
			if (strcmp(*argv, ways[i].name) == 0)
				break;
		if (i == COUNT(ways))
			errx(2, "no such way: %s", *argv);
		if (ways[i].become() != 0) {
			warn("%s", *argv);
			return NOT_HERE;
		}
	}
	if (*argv == NULL || *++argv == NULL)
		errx(2, "no command");
	execvp(*argv, argv);
	err(2, "%s", *argv);
}

/* --- what is seen --------------------------------------------------------- */

/* Kept until the end, for the descriptors are to be seen as they were. */
static FILE *out;

/* Lines of /proc/self/status that differ between any two processes. */
static int
is_its_own(const char *line)
{
	static const char *const own[] = {"Pid:", "PPid:", "Tgid:", "Ngid:",
	    "NStgid:", "NSpid:", "NSpgid:", "NSsid:", "FDSize:", "SigQ:", "Vm",
	    "Rss", "Hugetlb", "voluntary_", "nonvoluntary_", "x86_Thread"};

	for (size_t i = 0; i < COUNT(own); i++)
		if (strncmp(line, own[i], strlen(own[i])) == 0)
			return 1;
	return 0;
}

static void
show_file(const char *path)
{
	char line[4096];
	FILE *file = fopen(path, "r");

	if (file == NULL) {
		fprintf(out, "%s: %s\n", path, strerror(errno));
		return;
	}
	while (fgets(line, sizeof(line), file) != NULL)
		if (!is_its_own(line))
			fprintf(out, "%s: %s", path, line);
	fclose(file);
}

static void
show_link(const char *path)
{
	char target[4096];
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	target[len < 0 ? 0 : len] = '\0';
	target[strcspn(target, "[")] = '\0';
	fprintf(out, "%s -> %s\n", path, target);
}

static void
show_descriptors(void)
{
	char path[300];
	struct dirent *entry;
	DIR *dir = opendir("/proc/self/fd");

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "/proc/self/fd/%s", entry->d_name);
		if (entry->d_name[0] != '.' &&
		    atoi(entry->d_name) != dirfd(dir))
			show_link(path);
	}
}

static void
show_scheduling(void)
{
	struct scheduling s = {.size = sizeof(s)};

	if (syscall(SYS_sched_getattr, 0, &s, sizeof(s), 0) != 0)
		warn("sched_getattr");
	fprintf(out,
	    "policy %u flags %ju nice %d priority %u slice %ju clamp %u %u\n",
	    s.policy, (uintmax_t)s.flags, s.nice, s.priority,
	    (uintmax_t)s.runtime, s.clamp_min, s.clamp_max);
	fprintf(out, "ioprio %ld\n", syscall(SYS_ioprio_get, 1, 0));
}

static void
show_keyrings(void)
{
	char text[256] = "";
	long id = syscall(
	    SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);

	if (id >= 0)
		syscall(
		    SYS_keyctl, KEYCTL_DESCRIBE, id, text, sizeof(text) - 1);
	fprintf(out, "session keyring %s\n", text);
	fprintf(out, "keys go to %ld\n",
	    syscall(SYS_keyctl, KEYCTL_SET_REQKEY_KEYRING,
		KEY_REQKEY_DEFL_NO_CHANGE));
}

static void
show_switches(void)
{
	static const int gets[] = {PR_GET_SECUREBITS, PR_GET_TIMERSLACK,
	    PR_GET_THP_DISABLE, PR_GET_MEMORY_MERGE, PR_GET_IO_FLUSHER,
	    PR_MCE_KILL_GET, PR_GET_KEEPCAPS, PR_GET_DUMPABLE};
	int mode = -1, value;

	for (size_t i = 0; i < COUNT(gets); i++)
		fprintf(
		    out, "prctl %d: %d\n", gets[i], prctl(gets[i], 0, 0, 0, 0));
	if (prctl(PR_GET_PDEATHSIG, &value, 0, 0, 0) == 0)
		fprintf(out, "pdeathsig %d\n", value);
	syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0);
	fprintf(out, "memory policy %d\n", mode);
}

static int
show(const char *file)
{
	static const char *const files[] = {"status", "limits", "oom_score_adj",
	    "coredump_filter", "timerslack_ns", "personality"};
	char path[4096], *text = NULL;
	size_t len = 0;

	if ((out = open_memstream(&text, &len)) == NULL)
		return 1;
	show_descriptors();
	for (size_t i = 0; i < COUNT(files); i++) {
		snprintf(path, sizeof(path), "/proc/self/%s", files[i]);
		show_file(path);
	}
	for (char **variable = environ; *variable != NULL; variable++)
		fprintf(out, "variable %s\n", *variable);
	show_link("/proc/self/cwd");
	show_link("/proc/self/root");
	fprintf(out, "leads its group %d, its parent the session %d\n",
	    getpgrp() == getpid(), getsid(0) == getppid());
	show_scheduling();
	show_keyrings();
	show_switches();
	if (fclose(out) != 0 || (out = fopen(file, "w")) == NULL)
		return 1;
	return fwrite(text, 1, len, out) != len || fclose(out) != 0;
}

int
main(int argc, char **argv)
{
	char seen[4096];

	if (argc > 1 && strcmp(argv[1], "odd") == 0)
		return start_odd(argv + 2);
	if (argc == 2 && strcmp(argv[1], "show") == 0)
		return show("/dev/stdout");
	if (argc == 3 && strcmp(argv[1], "request") == 0) {
		snprintf(seen, sizeof(seen), "%s.seen", argv[2]);
		return show(seen);
	}
	if (argc != 2 || strcmp(argv[1], "ways") != 0)
		errx(2, "usage: inherit odd [WAY...] -- COMMAND, show, ways");
	for (size_t i = 0; i < COUNT(ways); i++)
		puts(ways[i].name);
	return 0;
}
