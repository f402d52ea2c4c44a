/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "askpass/person.h"
#include "common/cli/cli.h"

#define LINE_MAX_ASKED 1024

struct line {
	char text[LINE_MAX_ASKED];
};

WIPABLE(line);

static const char *
own_program(void)
{
	const char *program = getenv(PERSON_ASKPASS);

	return program == NULL || *program == '\0' ? NULL : program;
}

/* As a program expects to begin, and never this one again and again. */
static void
exec_program(const char *program, const char *prompt)
{
	signal(SIGPIPE, SIG_DFL);
	unsetenv(PERSON_ASKPASS);
	execlp(program, program, prompt, (char *)NULL);
}

static enum rollcode_err
cannot_run(const char *program, struct error *error)
{
	return error_set(error, ROLLCODE_ERR_UNAVAIL,
	    PERSON_ASKPASS " names %.128s, which cannot be run: %s", program,
	    strerror(errno));
}

static enum rollcode_err
ask_terminal(
    const char *prompt, bool echo, char *line, size_t size, struct error *error)
{
	enum rollcode_err err;

	err = cli_read_terminal(prompt, echo, line, size, error);
	if (err == ROLLCODE_ERR_UNAVAIL)
		error_set(error, err,
		    "a user has to answer this prompt, and there is no "
		    "terminal; let " PERSON_ASKPASS
		    " name a program that asks");
	return err;
}

static enum rollcode_err
read_answer(int fd, char *line, size_t size, struct error *error)
{
	size_t len = 0;
	ssize_t n;

	while (
	    len + 1 < size && ((n = read(fd, line + len, size - 1 - len)) > 0 ||
				  (n < 0 && errno == EINTR)))
		len += n > 0 ? (size_t)n : 0;
	line[len] = '\0';
	if (len + 1 == size || memchr(line, '\n', len) == NULL)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the program that " PERSON_ASKPASS
		    " names gave no line, or too long a one");
	*strchr(line, '\n') = '\0';
	return ROLLCODE_OK;
}

static enum rollcode_err
ask_program(const char *program, const char *prompt, char *line, size_t size,
    struct error *error)
{
	enum rollcode_err err;
	int ends[2], status = 0;
	pid_t child, waited;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return cannot_run(program, error);
	if ((child = fork()) == 0) {
		if (dup2(ends[1], STDOUT_FILENO) >= 0)
			exec_program(program, prompt);
		_exit(127);
	}
	err = child < 0 ? cannot_run(program, error) : ROLLCODE_OK;
	close(ends[1]);
	if (err == ROLLCODE_OK)
		err = read_answer(ends[0], line, size, error);
	close(ends[0]);
	if (child < 0)
		return err;
	do
		waited = waitpid(child, &status, 0);
	while (waited < 0 && errno == EINTR);
	if (waited < 0 || status != 0)
		err = error_set(error, ROLLCODE_ERR_INPUT,
		    "the program that " PERSON_ASKPASS
		    " names gave no answer, or cannot be run");
	if (err != ROLLCODE_OK)
		explicit_bzero(line, size);
	return err;
}

enum rollcode_err
person_ask(const char *prompt, char *line, size_t size, struct error *error)
{
	const char *program = own_program();

	return program != NULL ? ask_program(program, prompt, line, size, error)
			       : ask_terminal(prompt, false, line, size, error);
}

enum rollcode_err
person_answer(const char *prompt, struct error *error)
{
	WIPED(line_wipe) struct line line = {""};
	const char *program = own_program();
	const char *hint = getenv("SSH_ASKPASS_PROMPT");
	bool confirm = hint != NULL && strcmp(hint, "confirm") == 0;
	enum rollcode_err err;

	if (program != NULL) {
		exec_program(program, prompt);
		return cannot_run(program, error);
	}
	if (hint != NULL && strcmp(hint, "none") == 0)
		return ROLLCODE_OK;
	if ((err = ask_terminal(prompt, confirm, line.text, sizeof(line.text),
		 error)) != ROLLCODE_OK)
		return err;
	if (!confirm)
		return cli_write_line(line.text, error);
	return strcmp(line.text, "yes") == 0
		   ? ROLLCODE_OK
		   : error_set(error, ROLLCODE_ERR_INPUT, "not confirmed");
}
