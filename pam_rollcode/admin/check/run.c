/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - children of `rollcode-admin check`, and programs.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/check/check.h"
#include "common/base/clock.h"
#include "system/path.h"

#define RUN_MS 10000
#define SILENT_MS 70000 /* longer than a statement of a server takes */
#define LISTEN_MS (60 * 60 * 1000)

static pid_t
child_start(child_fn *fn, void *context, int *fd)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	fflush(stdout);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		fn(context, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	*fd = ends[0];
	if (child < 0)
		close(ends[0]);
	return child;
}

/* Its status, -1 if a signal ended it. */
static int
child_end(pid_t child)
{
	int status = -1;
	pid_t got;

	do
		got = waitpid(child, &status, 0);
	while (got < 0 && errno == EINTR);
	return got == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
check_child(child_fn *fn, void *context, void *out, size_t size, size_t *used)
{
	int64_t deadline = clock_ms() + RUN_MS;
	char rest[4096];
	ssize_t n = -1;
	int fd;
	pid_t child = child_start(fn, context, &fd);

	*used = 0;
	if (child < 0)
		return -1;
	/* What does not fit is lost. */
	while (n != 0 && clock_wait(fd, POLLIN, deadline) != 0) {
		n = *used < size ? read(fd, (char *)out + *used, size - *used)
				 : read(fd, rest, sizeof(rest));
		if (n > 0 && *used < size)
			*used += (size_t)n;
	}
	if (n != 0)
		kill(child, SIGKILL);
	close(fd);
	return child_end(child);
}

/*
 * It is not waited for: one that a dead disk holds does not end, and all that
 * it has to say is in its messages.
 */
void
check_listen(child_fn *fn, void *context, void *message, size_t size,
    bool (*take)(void *context))
{
	int64_t end = clock_ms() + LISTEN_MS;
	int fd;
	pid_t child = child_start(fn, context, &fd);

	if (child < 0)
		return;
	while (clock_ms() < end &&
	       clock_wait(fd, POLLIN, clock_ms() + SILENT_MS) != 0 &&
	       read(fd, message, size) == (ssize_t)size && take(context))
		;
	close(fd);
	kill(child, SIGKILL);
}

/* The folder too: a link in it could lead to another program of root's. */
static bool
is_roots(const char *program, char real[PATH_MAX], struct error *error)
{
	char name[PATH_MAX];

	check_cut(name, sizeof(name), "%s", program);
	return realpath(dirname(name), real) != NULL &&
	       path_check(real, 0, error) == ROLLCODE_OK &&
	       realpath(program, real) != NULL &&
	       path_check(real, 0, error) == ROLLCODE_OK;
}

const char *
check_find(struct check *check, const char *name, char real[PATH_MAX])
{
	static const char *const folders[] = {"/usr/local/sbin",
	    "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"};
	char program[PATH_MAX];

	for (size_t i = 0; i < COUNT(folders); i++) {
		struct error error = {0};

		check_cut(program, sizeof(program), "%s/%s", folders[i], name);
		if (access(program, X_OK) != 0)
			continue;
		if (is_roots(program, real, &error))
			return real;
		if (check != NULL)
			check_found_error(check, IS_WARNING, "program", program,
			    &error, NULL);
	}
	return NULL;
}

static void
run_program(void *context, int fd)
{
	char *const *argv = context;
	char *none[] = {NULL};

	if (dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0 ||
	    chdir("/") != 0)
		_exit(127);
	signal(SIGPIPE, SIG_DFL);
	execve(argv[0], argv, none);
	_exit(127);
}

int
check_run(char **argv, char *out, size_t size)
{
	size_t used;
	int status = check_child(run_program, argv, out, size - 1, &used);

	out[used] = '\0';
	return status;
}
