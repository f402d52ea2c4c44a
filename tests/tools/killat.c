/* SPDX-License-Identifier: Apache-2.0 */
/*
 * killat REPORT PROCESS CALL COMMAND... - run a command and kill one of its
 * processes at one of its system calls, before the kernel does it.
 *
 * PROCESS 1 is the command itself, 2 the first child that it starts, and so
 * on; with CALL 0 nobody is killed.  REPORT gets the number of calls of each
 * process, a line each, and behind them "killed" if that happened.  Ends with
 * the status of the command, 128 and the signal if one ended it, or 125.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
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

/* True if it was killed. */
static int
at_call(struct process *p, int which, long call)
{
	p->inside = !p->inside;
	if (!p->inside || ++p->calls != call || p != &processes[which - 1])
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
			killed |= at_call(process_of(pid), which, call);
		/* Events, and the first stop of a child, are no signals. */
		if (number == SYSTEM_CALL || number == SIGTRAP ||
		    number == SIGSTOP)
			number = 0;
		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)number);
	}
	for (int i = 0; i < count; i++)
		fprintf(report, "%ld\n", processes[i].calls);
	if (killed)
		fprintf(report, "killed\n");
	return fclose(report) == 0 ? end : 125;
}
