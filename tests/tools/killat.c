/* SPDX-License-Identifier: Apache-2.0 */
/*
 * killat REPORT PROCESS CALL COMMAND... - run a command and kill one of its
 * processes at one of its system calls, before the kernel does it.
 *
 * PROCESS 1 is the command itself, 2 the first child that it starts, and so
 * on.  With CALL 0 nobody is killed, and REPORT gets a line "PROCESS CALL" for
 * each call that others can see the effect of: killed at any other one, a
 * process leaves what it leaves if killed at the next of these.  Otherwise
 * REPORT gets the line "killed" if that happened.  Ends with the status of the
 * command, 128 and the signal if one ended it, or 125.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 8
#define OPTIONS                                                             \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | \
	    PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)
#define SYSTEM_CALL (SIGTRAP | 0x80)

struct process {
	pid_t pid;
	long calls;
	int inside; /* of a call */
};

static struct process processes[PROCESSES];
static int count;

static struct process *
process_of(pid_t pid)
{
	for (int i = 0; i < count; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	if (count == PROCESSES)
		exit(125);
	processes[count].pid = pid;
	return &processes[count++];
}

/* clang-format off */
static const long effects[] = {
	SYS_pwrite64, SYS_ftruncate, SYS_renameat2, SYS_linkat, SYS_unlinkat,
	SYS_mkdirat, SYS_flock, SYS_clone, SYS_exit_group,
#ifdef SYS_rename
	SYS_rename, SYS_link, SYS_unlink, SYS_mkdir, SYS_rmdir,
#endif
};
/* clang-format on */

static int
has_effect(pid_t pid)
{
	struct __ptrace_syscall_info info = {0};

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) <=
	    0)
		exit(125);
	if (info.entry.nr == SYS_write)
		return info.entry.args[0] > 2;
	if (info.entry.nr == SYS_openat)
		return (info.entry.args[2] & O_CREAT) != 0;
	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
		if (info.entry.nr == (unsigned long)effects[i])
			return 1;
	return 0;
}

/* True if it was killed. */
static int
at_call(struct process *p, int which, long call, FILE *report)
{
	p->inside = !p->inside;
	if (!p->inside)
		return 0;
	p->calls++;
	if (call == 0 && has_effect(p->pid))
		fprintf(report, "%d %ld\n", (int)(p - processes) + 1, p->calls);
	if (p->calls != call || p != &processes[which - 1])
		return 0;
	kill(p->pid, SIGKILL);
	return 1;
}

static pid_t
begin(char **argv)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, OPTIONS) != 0)
		exit(125);
	process_of(pid);
	ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	return pid;
}

int
main(int argc, char **argv)
{
	int status, end = 125, killed = 0, which, number;
	long call;
	FILE *report;
	pid_t first, pid;

	if (argc < 5 || (report = fopen(argv[1], "w")) == NULL)
		return 125;
	which = atoi(argv[2]);
	call = atol(argv[3]);
	first = begin(argv + 4);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid < 0)
			continue;
		if (!WIFSTOPPED(status)) {
			if (pid == first)
				end = WIFSIGNALED(status)
					  ? 128 + WTERMSIG(status)
					  : WEXITSTATUS(status);
			continue;
		}
		number = WSTOPSIG(status);
		if (number == SYSTEM_CALL)
			killed |= at_call(process_of(pid), which, call, report);
		/* Events, and the first stop of a child, are no signals. */
		if (number == SYSTEM_CALL || number == SIGTRAP ||
		    number == SIGSTOP)
			number = 0;
		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)number);
	}
	if (killed)
		fprintf(report, "killed\n");
	return fclose(report) == 0 ? end : 125;
}
