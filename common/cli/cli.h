/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - what both commands share: tables of commands, help made from them,
 * exit codes, prompts, JSON, QR codes.
 *
 * Exit codes: 0 done; 1 failed, with a sentence on standard error; 2 called
 * wrongly, with the usage line on standard error.
 */
#ifndef ROLLCODE_CLI_CLI_H
#define ROLLCODE_CLI_CLI_H

#include <stdio.h>

#include "common/base/env.h"
#include "common/base/error.h"
#include "common/base/plain.h"
#include "common/base/rollcode.h"

/*
 * Run one command.  base is the program's struct of options, filled from the
 * table; argv has the words that are left, and NULL after them.
 */
typedef enum rollcode_err	cli_run(void *base, char **argv,
				    struct error *);

struct cli_command {
	const char		*name;
	cli_run			*run;
	const char		*args;		/* "[NAME]" */
	const char		*about;		/* one phrase */
	int			 min_args, max_args;
	const struct keyword	*options;	/* NULL for none */
};

/* A line that somebody may type. */
struct cli_example {
	const char	*command;		/* it is for its help */
	const char	*line;
};

struct cli_program {
	const char			*name;
	const char			*about;		/* one sentence */
	const struct cli_command	*commands;	/* NULL name last */
	const struct keyword		*options;	/* before the command */
	const struct cli_example	*examples;	/* NULL command last */
	const char			*see;		/* the man page */
};

/*
 * Parse, run, report.  `help`, `help COMMAND`, `--help`, `COMMAND --help`, -h
 * for --help, and `--version` print and are 0; no command, an unknown one
 * (whole names only), a bad option or a wrong number of words is 2.  Options
 * are --name VALUE, --name=VALUE, -x VALUE; "--" ends them.  Output that could
 * not be written is a failure.
 */
int	cli_main(const struct cli_program *, void *base, int argc,
	    char **argv);

/*
 * One line on standard error: the program, what it is about unless that is
 * NULL, the error's sentence and its fix, escaped.
 */
void	cli_tell(const char *program, const char *about, enum rollcode_err,
	    const struct error *);

/*
 * The first lines of main(): descriptors 0 to 2 are open (one that was closed
 * still fails when used: output to nowhere must not pass for output), umask
 * 077, no core dump, not dumpable, SIGPIPE ignored (a failed write is reported
 * instead).
 */
void	cli_begin(void);

/*
 * A line without its newline from standard input or, if that is a terminal,
 * from there, after a prompt, which is escaped.  INPUT if there is none or it
 * does not fit; what was read is wiped then.
 */
enum rollcode_err	cli_read_line(const char *prompt, bool echo,
			    char *line, size_t size, struct error *) MUST_USE;

/* The same, always from the terminal.  UNAVAIL if there is none. */
enum rollcode_err	cli_read_terminal(const char *prompt, bool echo,
			    char *line, size_t size, struct error *) MUST_USE;

/*
 * The only line of a file, "-" for standard input, without its newline; empty
 * lines may follow.  INPUT, ABSENT.
 */
enum rollcode_err	cli_read_secret_file(const char *path, char *line,
			    size_t size, struct error *) MUST_USE;

/*
 * The two halves of it: a program opens the file as root, and reads it after it
 * has given that up.  The second takes the path for its sentences alone.  The
 * caller closes fd unless it is standard input.
 */
enum rollcode_err	cli_open_secret(const char *path, int *fd,
			    struct error *) MUST_USE;
enum rollcode_err	cli_read_secret(int fd, const char *path, char *line,
			    size_t size, struct error *) MUST_USE;

/* Bytes, and a NUL after them.  Wiped when they are freed. */
struct cli_bytes {
	char	*text;
	size_t	 len, room;
};

void	cli_bytes_free(struct cli_bytes *);

/* Append; no copy is left elsewhere.  NOMEM. */
enum rollcode_err	cli_bytes_add(struct cli_bytes *, const char *,
			    size_t len, struct error *) MUST_USE;

/*
 * A passphrase from a file or, if that is "", from the terminal, as "WHAT: "; a
 * new one is asked for twice.  INPUT, ABSENT; UNAVAIL if there is no terminal,
 * with the option that names a file.
 */
#define CLI_PASSPHRASE_MIN	8	/* bytes of a new one */
#define CLI_PASSPHRASE_MAX	255	/* bytes */
struct cli_passphrase {
	char	text[CLI_PASSPHRASE_MAX + 1];
};

WIPABLE(cli_passphrase);

enum rollcode_err	cli_passphrase(const char *file, const char *option,
			    const char *what, bool new, struct cli_passphrase *,
			    struct error *) MUST_USE;

/*
 * All that comes from a descriptor, max bytes at most, which are whole MiB.
 * The caller frees them, also on error.  INPUT, NOMEM.
 */
enum rollcode_err	cli_read_all(int fd, size_t max, struct cli_bytes *,
			    struct error *) MUST_USE;

/*
 * Write all of it to standard output, past stdio, which would keep a copy.
 * SYS with what went wrong.
 */
enum rollcode_err	cli_write(const char *, size_t len, struct error *)
			    MUST_USE;

/* A text and a newline, in the same way. */
enum rollcode_err	cli_write_line(const char *, struct error *) MUST_USE;

/*
 * Draw a text on standard output as a QR code, the smallest that holds it.  If
 * that is a terminal which has no room for it and for a line below, standard
 * error says so, and the text itself is printed in its place.  NOMEM, SYS.
 *
 * What was drawn is wiped; what the library itself puts into memory is freed
 * unwiped, so this is for programs that end behind it.
 */
enum rollcode_err	qr_print(const char *, struct error *) MUST_USE;

/*
 * Before a QR code: INPUT if no app can use the token, and all that read the
 * code would make wrong ones; a line on standard error if many cannot.
 */
enum rollcode_err	cli_check_apps(const struct rollcode_token *,
			    struct error *) MUST_USE;

/* What is said of the codes of a timed token. */
#define CLI_TIMED_CODES	"expire two to four minutes after they were made"

/*
 * As cli_write, to a new file, which only its owner can read.  Its content is
 * durable, its name is not yet.  EXISTS if that name is taken; on any other
 * error nothing is left.
 */
enum rollcode_err	cli_write_new(const char *path, const char *,
			    size_t len, struct error *) MUST_USE;

/*
 * A question that must be answered by the whole word yes, as cli_read_terminal
 * or cli_read_line reads it; false if not.
 */
bool	cli_confirm(const char *question, bool terminal);

/*
 * The name that may have been meant by one that nobody knows: begin, try each
 * that there is, and name is the nearest, NULL if none is near.
 */
struct nearest {
	const char	*typed, *name;
	unsigned int	 edits;
};

void	nearest_begin(struct nearest *, const char *typed);
void	nearest_try(struct nearest *, const char *name);

/* What a noun ends with behind that number. */
#define PLURAL(n)	((n) == 1 ? "" : "s")

/* "2026-11-23T14:05:31+01:00", local time as in RFC 3339; "never" for 0. */
#define CLI_DATE_MAX	32
void	cli_date(int64_t when, char date[CLI_DATE_MAX]);

/*
 * How far a loop has come, on standard error if that is a terminal, once it
 * takes over a second; elsewhere nothing.
 */
#define PROGRESS_MAX	96
struct progress {
	const char	*what;		/* "copying" */
	int64_t		 total, done;
	int64_t		 due;		/* when it is drawn next */
	bool		 terminal, shown;
};

void	progress_begin(struct progress *, const char *what, int64_t total);
void	progress_step(struct progress *);

/* At the end, and before another line on standard error. */
void	progress_clear(struct progress *);

/* The line that is drawn, by itself. */
void	progress_line(const struct progress *, char line[PROGRESS_MAX]);

/*
 * JSON on a stream.  key is NULL inside an array.  Bytes that are not UTF-8
 * become U+FFFD.
 */
struct json {
	FILE		*out;		/* the rest is zero at first */
	unsigned int	 depth;
	bool		 more;		/* a comma goes before the next */
};

void	json_text(struct json *, const char *key, const char *value);
void	json_number(struct json *, const char *key, int64_t);
void	json_time(struct json *, const char *key, int64_t); /* 0 is null */
void	json_bool(struct json *, const char *key, bool);
void	json_null(struct json *, const char *key);

/* An object or an array, by its brackets. */
void	json_open(struct json *, const char *key, char bracket);
void	json_close(struct json *, char bracket);

#endif /* ROLLCODE_CLI_CLI_H */
