/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "common/base/rollcode.h"
#include "common/cli/cli.h"

#define PROMPT_SHOWN 2048 /* bytes of a prompt, with a NUL */
#define QUESTION_MAX 1024 /* the same of a question, and of its end */
#define PATH_SHOWN 128	  /* bytes of a path in a sentence */

struct terminal {
	int fd;	     /* standard input, or one to close */
	int signals; /* readable while a signal waits */
	bool quiet;
	struct termios was;
	sigset_t mask; /* before the prompt */
};

/*
 * A line from a descriptor, byte by byte, so that what follows stays for the
 * next reader.  INPUT if there is none, it has a NUL, or does not fit.
 */
static enum rollcode_err
read_line(int fd, char *line, size_t size, struct error *error)
{
	size_t len = 0;
	ssize_t n;
	char c = '\n';

	while ((n = read(fd, &c, 1)) > 0 || (n < 0 && errno == EINTR)) {
		if (n < 0)
			continue;
		if (c == '\n' || c == '\0' || len + 1 == size)
			break;
		line[len++] = c;
	}
	line[len] = '\0';
	if ((n > 0 && c == '\n') || (n == 0 && len > 0)) {
		explicit_bzero(&c, sizeof(c));
		return ROLLCODE_OK;
	}
	explicit_bzero(line, size);
	if (n < 0)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "cannot read a line: %s", strerror(errno));
	if (n == 0)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a line is expected, and there is none");
	return error_set(error, ROLLCODE_ERR_INPUT,
	    c == '\0' ? "the line has a NUL byte" : "the line is too long");
}

/*
 * Every signal that ends the process by default, and a stop by the keyboard.
 * Not one that is ignored: once blocked it would wait all the same.  Nor those
 * that stop a process in the background, which must not reach the terminal.
 */
static void
signals_that_act(sigset_t *set)
{
	static const int alone[] = {
	    SIGCHLD, SIGCONT, SIGURG, SIGWINCH, SIGTTIN, SIGTTOU};
	struct sigaction action;

	sigfillset(set);
	for (size_t i = 0; i < COUNT(alone); i++)
		sigdelset(set, alone[i]);
	for (int n = 1; n <= SIGRTMAX; n++)
		if (sigismember(set, n) == 1 &&
		    sigaction(n, NULL, &action) == 0 &&
		    action.sa_handler == SIG_IGN)
			sigdelset(set, n);
}

static enum rollcode_err
terminal_open(struct terminal *t, struct error *error)
{
	sigset_t set;

	t->fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->fd < 0 && isatty(STDIN_FILENO))
		t->fd = STDIN_FILENO;
	if (t->fd < 0)
		return error_set(error, ROLLCODE_ERR_UNAVAIL,
		    "there is no terminal for the question");
	signals_that_act(&set);
	sigprocmask(SIG_BLOCK, &set, &t->mask);
	t->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return t->signals >= 0
		   ? ROLLCODE_OK
		   : error_set(error, ROLLCODE_ERR_SYS,
			 "cannot watch for signals: %s", strerror(errno));
}

static enum rollcode_err
terminal_prompt(
    struct terminal *t, const char *prompt, bool echo, struct error *error)
{
	char shown[PROMPT_SHOWN];
	struct termios now;

	if (!echo && tcgetattr(t->fd, &t->was) == 0) {
		now = t->was;
		now.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
		now.c_lflag |= ICANON | ISIG;
		t->quiet = tcsetattr(t->fd, TCSAFLUSH, &now) == 0;
	}
	if (!echo && !t->quiet)
		return error_set(error, ROLLCODE_ERR_UNAVAIL,
		    "the echo of the terminal cannot be switched off: %s",
		    strerror(errno));
	plain_copy(prompt, PLAIN_TEXT, shown, sizeof(shown));
	if (write(t->fd, shown, strlen(shown)) < 0)
		return error_set(error, ROLLCODE_ERR_UNAVAIL,
		    "cannot write to the terminal: %s", strerror(errno));
	return ROLLCODE_OK;
}

/* A signal waits, and acts only when the terminal is as it was. */
static bool
terminal_interrupted(struct terminal *t)
{
	struct pollfd fds[] = {
	    {.fd = t->signals, .events = POLLIN},
	    {.fd = t->fd, .events = POLLIN},
	};
	int ready;

	do {
		ready = poll(fds, 2, -1);
	} while (ready < 0 && errno == EINTR);
	return (fds[0].revents & POLLIN) != 0;
}

static void
terminal_close(struct terminal *t)
{
	if (t->quiet) {
		tcsetattr(t->fd, TCSAFLUSH, &t->was);
		(void)!write(t->fd, "\n", 1);
	}
	if (t->signals >= 0)
		close(t->signals);
	if (t->fd > STDIN_FILENO)
		close(t->fd);
	sigprocmask(SIG_SETMASK, &t->mask, NULL);
}

enum rollcode_err
cli_read_terminal(
    const char *prompt, bool echo, char *line, size_t size, struct error *error)
{
	struct terminal t;
	enum rollcode_err err;
	bool again;

	do {
		t = (struct terminal){.fd = -1, .signals = -1};
		sigprocmask(SIG_SETMASK, NULL, &t.mask);
		if ((err = terminal_open(&t, error)) == ROLLCODE_OK)
			err = terminal_prompt(&t, prompt, echo, error);
		again = err == ROLLCODE_OK && terminal_interrupted(&t);
		if (err == ROLLCODE_OK && !again)
			err = read_line(t.fd, line, size, error);
		terminal_close(&t);
	} while (again);
	return err;
}

enum rollcode_err
cli_read_line(
    const char *prompt, bool echo, char *line, size_t size, struct error *error)
{
	if (isatty(STDIN_FILENO))
		return cli_read_terminal(prompt, echo, line, size, error);
	return read_line(STDIN_FILENO, line, size, error);
}

static enum rollcode_err
nothing_follows(int fd, struct error *error)
{
	ssize_t n;
	char c;

	do
		n = read(fd, &c, 1);
	while ((n < 0 && errno == EINTR) || (n == 1 && c == '\n'));
	explicit_bzero(&c, sizeof(c));
	if (n == 0)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    n < 0 ? "cannot be read" : "one line is expected, there are more");
}

enum rollcode_err
cli_open_secret(const char *path, int *fd, struct error *error)
{
	*fd = STDIN_FILENO;
	if (strcmp(path, "-") == 0 ||
	    (*fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0)
		return ROLLCODE_OK;
	return error_set(error,
	    errno == ENOENT ? ROLLCODE_ERR_ABSENT : ROLLCODE_ERR_INPUT,
	    "%.*s: %s", PATH_SHOWN, path, strerror(errno));
}

enum rollcode_err
cli_read_secret(
    int fd, const char *path, char *line, size_t size, struct error *error)
{
	struct error what = {0};
	enum rollcode_err err;
	bool standard = fd == STDIN_FILENO;

	if (standard && isatty(fd))
		return cli_read_terminal("Secret: ", false, line, size, error);
	if ((err = read_line(fd, line, size, &what)) == ROLLCODE_OK &&
	    (err = nothing_follows(fd, &what)) == ROLLCODE_OK)
		return ROLLCODE_OK;
	explicit_bzero(line, size);
	return error_pass(error, err, &what, "%.*s", PATH_SHOWN,
	    standard ? "standard input" : path);
}

enum rollcode_err
cli_read_secret_file(
    const char *path, char *line, size_t size, struct error *error)
{
	enum rollcode_err err;
	int fd; /* standard input, or one to close */

	if ((err = cli_open_secret(path, &fd, error)) != ROLLCODE_OK)
		return err;
	err = cli_read_secret(fd, path, line, size, error);
	if (fd != STDIN_FILENO)
		close(fd);
	return err;
}

bool
cli_confirm(const char *question, bool terminal)
{
	char prompt[QUESTION_MAX], answer[16] = "";
	int n;

	n = snprintf(prompt, sizeof(prompt), "%s Type yes: ", question);
	return n > 0 && (size_t)n < sizeof(prompt) &&
	       (terminal ? cli_read_terminal : cli_read_line)(
		   prompt, true, answer, sizeof(answer), NULL) == ROLLCODE_OK &&
	       strcmp(answer, "yes") == 0;
}

static enum rollcode_err
write_whole(int fd, const char *where, const char *text, size_t len,
    struct error *error)
{
	ssize_t n;

	for (size_t at = 0; at < len; at += (size_t)n) {
		n = write(fd, text + at, len - at);
		if (n < 0 && errno != EINTR)
			return error_set(error, ROLLCODE_ERR_SYS,
			    "cannot write to %.*s: %s", PATH_SHOWN, where,
			    strerror(errno));
		if (n < 0)
			n = 0;
	}
	return ROLLCODE_OK;
}

enum rollcode_err
cli_write(const char *text, size_t len, struct error *error)
{
	if (fflush(stdout) != 0)
		return error_set(error, ROLLCODE_ERR_SYS,
		    "cannot write to standard output: %s", strerror(errno));
	return write_whole(STDOUT_FILENO, "standard output", text, len, error);
}

enum rollcode_err
cli_write_new(
    const char *path, const char *text, size_t len, struct error *error)
{
	enum rollcode_err err;
	int fd; /* standard input, or one to close */

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    S_IRUSR | S_IWUSR);
	if (fd < 0 && errno == EEXIST)
		return error_set(error, ROLLCODE_ERR_EXISTS,
		    "%.*s: exists already, and was not changed; remove it or "
		    "name another file",
		    PATH_SHOWN, path);
	if (fd < 0)
		return error_set(error, error_from_errno(errno),
		    "%.*s: cannot be created: %s", PATH_SHOWN, path,
		    strerror(errno));
	err = write_whole(fd, path, text, len, error);
	if (err == ROLLCODE_OK && fsync(fd) != 0)
		err = error_set(error, ROLLCODE_ERR_SYS,
		    "%.*s: cannot be synced: %s", PATH_SHOWN, path,
		    strerror(errno));
	if (err != ROLLCODE_OK)
		unlink(path);
	close(fd);
	return err;
}

enum rollcode_err
cli_write_line(const char *line, struct error *error)
{
	enum rollcode_err err;

	if ((err = cli_write(line, strlen(line), error)) != ROLLCODE_OK)
		return err;
	return cli_write("\n", 1, error);
}
