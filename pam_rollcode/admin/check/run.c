/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - children of `rollcode-admin check`, and words for a shell.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/check/run.h"
#include "common/base/clock.h"
#include "system/path.h"

#define RUN_MS 10000

struct message {
	bool facts;
	struct finding finding;
	struct store_facts store;
};

_Static_assert(sizeof(struct message) <= PIPE_BUF, "it is written at once");

/* --- children ----------------------------------------------------------- */

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

static void
message_send(int fd, const struct message *message)
{
	if (write(fd, message, sizeof(*message)) != (ssize_t)sizeof(*message))
		_exit(1);
}

void
report_finding(int fd, const struct finding *finding)
{
	struct message message = {.finding = *finding};

	message_send(fd, &message);
}

void
report_facts(int fd, const struct store_facts *facts)
{
	struct message message = {.facts = true, .store = *facts};

	message_send(fd, &message);
}

/* It comes from an account with fewer privileges than ours. */
static void
message_take(struct check *check, struct message *message)
{
	struct finding *f = &message->finding;

	f->file[sizeof(f->file) - 1] = '\0';
	f->what[sizeof(f->what) - 1] = '\0';
	f->fix[sizeof(f->fix) - 1] = '\0';
	f->name[sizeof(f->name) - 1] = '\0';
	if (message->facts)
		check->store = message->store;
	else if (f->severity >= IS_NOTE && f->severity <= IS_ERROR)
		check_add(check, f);
}

bool
report_from(struct check *check, child_fn *fn, void *context)
{
	struct message message;
	FILE *in;
	int fd;
	pid_t child = child_start(fn, context, &fd);

	if (child < 0)
		return false;
	if ((in = fdopen(fd, "r")) == NULL)
		close(fd);
	while (in != NULL && fread(&message, sizeof(message), 1, in) == 1)
		message_take(check, &message);
	if (in != NULL)
		fclose(in);
	return child_end(child) == 0;
}

/* All that comes, until its end or the deadline.  What does not fit is lost. */
static bool
read_all(int fd, char *out, size_t size, size_t *used)
{
	int64_t deadline = clock_ms() + RUN_MS, left;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char rest[4096];
	ssize_t n = 1;

	while (n > 0 && (left = deadline - clock_ms()) > 0) {
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = *used < size ? read(fd, out + *used, size - *used)
				 : read(fd, rest, sizeof(rest));
		if (n > 0 && *used < size)
			*used += (size_t)n;
	}
	return n == 0;
}

int
check_child(child_fn *fn, void *context, void *out, size_t size, size_t *used)
{
	int fd;
	pid_t child = child_start(fn, context, &fd);

	*used = 0;
	if (child < 0)
		return -1;
	if (!read_all(fd, out, size, used))
		kill(child, SIGKILL);
	close(fd);
	return child_end(child);
}

/* --- programs ----------------------------------------------------------- */

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

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		struct error error = {0};

		check_cut(program, sizeof(program), "%s/%s", folders[i], name);
		if (access(program, X_OK) != 0)
			continue;
		if (is_roots(program, real, &error))
			return real;
		check_found_error(
		    check, IS_WARNING, "program", program, &error, NULL);
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

/* --- words -------------------------------------------------------------- */

void
check_cut(char *out, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(out, size, fmt, args);
	va_end(args);
}

void
check_command(char *out, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(out, size, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= size)
		out[0] = '\0';
}

const char *
check_word(struct check_word *word, const char *text)
{
	plain_shell(text, word->text, sizeof(word->text));
	return word->text;
}

void
check_admin(const struct check *check, const char *verb, const char *user,
    char command[CHECK_TEXT_MAX])
{
	const char *conf = check->options->conf;
	bool usual = strcmp(conf, ROLLCODE_CONF) == 0;

	check_command(command, CHECK_TEXT_MAX, "rollcode-admin %s%s%s%s%s%s",
	    usual ? "" : "--conf ", usual ? "" : CHECK_WORD(conf),
	    usual ? "" : " ", verb, user == NULL ? "" : " ",
	    user == NULL ? "" : CHECK_WORD(user));
}
