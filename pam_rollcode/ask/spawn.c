/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn.c - start rollcode-verify for one request, and collect it.
 *
 *  1. A person who started the caller cannot reach the child, which keeps
 *     nothing of the caller: spawn_reset.c has the list.
 *  2. The caller gets no SIGCHLD, and keeps no zombie, also where it takes in
 *     the orphans of others.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ask/spawn.h"
#include "common/base/clock.h"
#include "system/fd.h"

#define REAP_SLEEP_NS 100000L
#define REAP_SECONDS 1 /* for a child that was told to end, or killed */
#define CHILD_FAILED 127
#define VERIFIER_STACK 8192 /* for system calls */

/* What the child needs; made before it starts, for it must not allocate. */
struct start {
	int fd; /* its end, 3 or more */
	char *argv[4];
	char *envp[1];
	const char *program;
};

/*
 * The program itself, in the memory of the copy; only calls that a copy of a
 * threaded process may make.
 */
static int
verifier_main(void *arg)
{
	const struct start *start = arg;
	sigset_t none;

	/* The leader of all that it starts. */
	if (setpgid(0, 0) != 0)
		_exit(CHILD_FAILED);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(start->program, start->argv, start->envp);
	_exit(CHILD_FAILED);
}

/*
 * Until the verifier has ended, which the caller hastens by SIGTERM.  Its
 * number stays taken, for what it leaves has it as that of their group.
 */
static void
wait_for_verifier(pid_t verifier)
{
	siginfo_t info = {0};
	sigset_t wanted;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGCHLD);
	sigaddset(&wanted, SIGTERM);
	while (waitid(P_PID, (id_t)verifier, &info,
		   WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0)
		if (sigwaitinfo(&wanted, NULL) == SIGTERM)
			kill(verifier, SIGKILL);
	kill(-verifier, SIGKILL);
}

/*
 * Between caller and verifier, for exec gives a process the exit signal SIGCHLD
 * again: this one never executes anything, and only waits.  Orphans of the
 * verifier are taken in here, and so never by the caller.
 */
static _Noreturn void
child_main(struct start *start)
{
	_Alignas(16) char stack[VERIFIER_STACK];
	int status = -1;
	pid_t verifier;

	if (!reset_all(start->fd) ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		_exit(CHILD_FAILED);
	/* The copy is not copied again: it sleeps until the program runs. */
	verifier = clone(verifier_main, stack + sizeof(stack),
	    CLONE_VM | CLONE_VFORK | SIGCHLD, start);
	fd_close_from(STDIN_FILENO);
	if (verifier < 0)
		_exit(CHILD_FAILED);
	wait_for_verifier(verifier);
	(void)!waitpid(verifier, &status, 0);
	while (waitpid(-verifier, NULL, 0) > 0)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : CHILD_FAILED);
}

static enum rollcode_err
start_child(struct start *start, struct child *child, struct error *error)
{
	sigset_t all, before;
	int e;

	/* No handler of the host's may run in the copy. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	/* Its end is told to nobody: who waits for any child never meets it. */
	child->pid = (pid_t)syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L);
	if (child->pid == 0)
		child_main(start);
	e = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (child->pid > 0)
		return ROLLCODE_OK;
	return error_set(error,
	    e == EAGAIN ? ROLLCODE_ERR_UNAVAIL : error_from_errno(e),
	    "rollcode-verify cannot be started: %s", strerror(e));
}

static enum rollcode_err
make_sockets(int fds[2], struct error *error)
{
	int e;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
		fds[0] = fds[1] = -1;
	fds[0] = fd_move_up(fds[0]);
	fds[1] = fd_move_up(fds[1]);
	e = errno;
	if (fds[0] >= 0 && fds[1] >= 0)
		return ROLLCODE_OK;
	if (fds[0] >= 0)
		close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	return error_set(error, error_from_errno(e),
	    "no socket for rollcode-verify: %s", strerror(e));
}

enum rollcode_err
spawn_verifier(const char *helper, const char *conf, struct child *child,
    struct error *error)
{
	char name[] = "rollcode-verify", mode[] = "request";
	struct start start = {
	    .argv = {name, mode, NULL, NULL},
	    .envp = {NULL},
	    .program = helper,
	};
	enum rollcode_err err;
	int fds[2];

	/* exec only reads it. */
	if (conf[0] != '\0')
		start.argv[2] = (char *)(uintptr_t)conf;
	if ((err = make_sockets(fds, error)) != ROLLCODE_OK)
		return err;
	start.fd = fds[1];
	err = start_child(&start, child, error);
	close(fds[1]);
	if (err == ROLLCODE_OK)
		child->fd = fds[0];
	else
		close(fds[0]);
	return err;
}

/* Until the child may have ended, or at most until the deadline. */
static void
wait_for_end(int pidfd, int64_t deadline)
{
	const struct timespec pause = {.tv_nsec = REAP_SLEEP_NS};
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};
	int64_t left = deadline - clock_ms();

	if (pidfd < 0 || poll(&ended, 1, left > 0 ? (int)left : 0) < 0)
		nanosleep(&pause, NULL);
}

static bool
reap_child(const struct child *child, int pidfd, int64_t deadline)
{
	static const int signals[] = {SIGTERM, SIGKILL};
	size_t sent = 0;
	int status = 0;
	pid_t got;

	for (;;) {
		got = waitpid(child->pid, &status, WNOHANG | __WALL);
		if (got == child->pid)
			return sent == 0 && WIFEXITED(status) &&
			       WEXITSTATUS(status) == 0;
		if (got < 0 && errno != EINTR)
			return false;
		if (clock_ms() >= deadline) {
			if (sent == COUNT(signals))
				return false;
			kill(child->pid, signals[sent++]);
			deadline = clock_ms() + REAP_SECONDS * 1000L;
		}
		wait_for_end(pidfd, deadline);
	}
}

bool
spawn_reap(struct child *child, int64_t deadline)
{
	int pidfd = fd_move_up((int)syscall(SYS_pidfd_open, child->pid, 0));
	bool good = reap_child(child, pidfd, deadline);

	if (pidfd >= 0)
		close(pidfd);
	return good;
}
