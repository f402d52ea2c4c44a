/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/rollcode.h"
#include "common/cli/cli.h"

struct walk {
	const struct cli_program *program;
	const struct cli_command *command; /* NULL until it is known */
	void *base;
	char **argv;
	int argc, at; /* at: the next to look at */
	int words;    /* argv[1..words] are words */
	bool help, version;
	uint64_t seen; /* of the table in use */
};

void
cli_begin(void)
{
	const struct rlimit none = {0, 0};

	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			_exit(1);
	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	/* Ignored by who started this, it would hide how children end. */
	signal(SIGCHLD, SIG_DFL);
}

void
cli_date(int64_t when, char date[CLI_DATE_MAX])
{
	struct tm tm;
	time_t t = (time_t)when;
	size_t n = 0;

	if (when != 0 && localtime_r(&t, &tm) != NULL)
		n = strftime(date, CLI_DATE_MAX - 1, "%FT%T%z", &tm);
	if (when == 0) {
		snprintf(date, CLI_DATE_MAX, "never");
	} else if (n == 0) {
		snprintf(date, CLI_DATE_MAX, "%lld", (long long)when);
	} else {
		/* "+0100" becomes "+01:00" */
		memmove(date + n - 1, date + n - 2, sizeof("00"));
		date[n - 2] = ':';
	}
}

static void
put_options(FILE *out, const struct keyword *options)
{
	for (; options != NULL && options->name != NULL; options++) {
		fputs(" [", out);
		if (options->letter != '\0')
			fprintf(out, "-%c", options->letter);
		else
			fprintf(out, "--%s", options->name);
		if (options->kind != KEYWORD_FLAG)
			fprintf(out, " %s", options->hint);
		putc(']', out);
	}
}

static void
put_usage(FILE *out, const struct cli_program *program,
    const struct cli_command *command)
{
	fprintf(out, "usage: %s", program->name);
	put_options(out, program->options);
	if (command == NULL) {
		fprintf(out, " COMMAND ...\n");
		return;
	}
	fprintf(out, " %s%s%s", command->name,
	    command->args[0] == '\0' ? "" : " ", command->args);
	put_options(out, command->options);
	putc('\n', out);
}

static void
put_option_lines(FILE *out, const struct keyword *options)
{
	char left[64];

	for (; options != NULL && options->name != NULL; options++) {
		const char letter[] = {'-', options->letter, ',', '\0'};

		snprintf(left, sizeof(left), "%s --%s %s",
		    options->letter == '\0' ? "   " : letter, options->name,
		    options->kind == KEYWORD_FLAG ? "" : options->hint);
		fprintf(out, "  %-28s  %s\n", left, options->about);
	}
}

static void
put_examples(FILE *out, const struct walk *walk)
{
	const struct cli_example *e = walk->program->examples;
	const struct cli_command *c = walk->command;
	bool any = false;

	for (; e != NULL && e->command != NULL; e++) {
		if (strcmp(e->command, c != NULL ? c->name : "") != 0)
			continue;
		fprintf(out, "%s    %s\n", any ? "" : "\nExamples:\n", e->line);
		any = true;
	}
}

static void
put_help(FILE *out, const struct walk *walk)
{
	const struct cli_program *program = walk->program;
	const struct cli_command *c = walk->command;
	char left[64];

	put_usage(out, program, c);
	fprintf(out, "\n%s\n\n", c == NULL ? program->about : c->about);
	if (c != NULL) {
		put_option_lines(out, c->options);
		put_examples(out, walk);
		return;
	}
	for (c = program->commands; c->name != NULL; c++) {
		snprintf(left, sizeof(left), "%s %s", c->name, c->args);
		fprintf(out, "  %-28s  %s\n", left, c->about);
	}
	fprintf(out, "\n");
	put_option_lines(out, program->options);
	fprintf(out, "  %-28s  %s\n", "-h, --help", "print this");
	fprintf(out, "  %-28s  %s\n", "    --version", "print the version");
	put_examples(out, walk);
	fprintf(out, "\n`%s help COMMAND` describes a command.  See %s.\n",
	    program->name, program->see);
}

/* By its name, or if that is NULL by its letter. */
static const struct keyword *
find_option(const struct keyword *table, const char *name, char letter)
{
	for (; table != NULL && table->name != NULL; table++)
		if (name != NULL ? strcmp(table->name, name) == 0
				 : table->letter == letter)
			return table;
	return NULL;
}

static enum rollcode_err
unknown_option(const struct walk *walk, const struct keyword *table,
    const char *name, struct error *error)
{
	struct nearest nearest;

	if (walk->command != NULL &&
	    find_option(walk->program->options, name, '\0') != NULL)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--%s is given before the command", name);
	error_set(error, ROLLCODE_ERR_USAGE, "unknown option --%s",
	    keyword_shown(name));
	nearest_begin(&nearest, name);
	for (; table != NULL && table->name != NULL; table++)
		nearest_try(&nearest, table->name);
	return nearest.name == NULL ? ROLLCODE_ERR_USAGE
				    : error_add(error, ROLLCODE_ERR_USAGE,
					  "did you mean --%s?", nearest.name);
}

static enum rollcode_err
set_option(struct walk *walk, const struct keyword *table,
    const struct keyword *option, char *value, struct error *error)
{
	struct error phrase = {0};

	if (option->kind != KEYWORD_FLAG && value == NULL &&
	    walk->at < walk->argc)
		value = walk->argv[walk->at++];
	if (keyword_set(table, walk->base, &walk->seen, option->name, value,
		&phrase) != ROLLCODE_OK)
		return error_set(
		    error, ROLLCODE_ERR_USAGE, "--%s", phrase.text);
	return ROLLCODE_OK;
}

static enum rollcode_err
long_option(struct walk *walk, const struct keyword *table, char *name,
    struct error *error)
{
	const struct keyword *option;
	char *equals = strchr(name, '=');

	if (equals != NULL)
		*equals++ = '\0';
	if (equals == NULL && strcmp(name, "help") == 0) {
		walk->help = true;
		return ROLLCODE_OK;
	}
	if (equals == NULL && walk->command == NULL &&
	    strcmp(name, "version") == 0) {
		walk->version = true;
		return ROLLCODE_OK;
	}
	if ((option = find_option(table, name, '\0')) == NULL)
		return unknown_option(walk, table, name, error);
	return set_option(walk, table, option, equals, error);
}

static enum rollcode_err
short_option(struct walk *walk, const struct keyword *table, char *text,
    struct error *error)
{
	const struct keyword *option = find_option(table, NULL, text[0]);

	if (option == NULL && strcmp(text, "h") == 0) {
		walk->help = true;
		return ROLLCODE_OK;
	}
	if (option == NULL && text[1] == '\0')
		return error_set(
		    error, ROLLCODE_ERR_USAGE, "unknown option -%s", text);
	if (option == NULL) /* it may be a secret, and is not repeated */
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "unknown option; a name of an option begins with two "
		    "dashes, as in --help");
	return set_option(
	    walk, table, option, text[1] == '\0' ? NULL : text + 1, error);
}

/*
 * Take the options of a table.  Before the command they end at the first
 * word; behind it words and options may be mixed, and the words are gathered.
 */
static enum rollcode_err
take_options(
    struct walk *walk, const struct keyword *table, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;
	bool ended = false;
	char *arg;

	walk->seen = 0;
	while (err == ROLLCODE_OK && walk->at < walk->argc) {
		arg = walk->argv[walk->at];
		if (ended || arg[0] != '-' || arg[1] == '\0') {
			if (walk->command == NULL)
				break;
			walk->argv[++walk->words] = arg;
			walk->at++;
			continue;
		}
		walk->at++;
		if (strcmp(arg, "--") == 0)
			ended = true;
		else if (arg[1] == '-')
			err = long_option(walk, table, arg + 2, error);
		else
			err = short_option(walk, table, arg + 1, error);
	}
	return err;
}

static enum rollcode_err
find_command(struct walk *walk, const char *name, struct error *error)
{
	const struct cli_command *c = walk->program->commands;
	struct nearest nearest;

	nearest_begin(&nearest, name);
	for (; c->name != NULL && strcmp(c->name, name) != 0; c++)
		nearest_try(&nearest, c->name);
	if (c->name == NULL)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "unknown command %s; %s%s%s`%s help` lists the commands",
		    keyword_shown(name),
		    nearest.name == NULL ? "" : "did you mean ",
		    nearest.name == NULL ? "" : nearest.name,
		    nearest.name == NULL ? "" : "? ", walk->program->name);
	walk->command = c;
	return ROLLCODE_OK;
}

/* Whether it has as many words as it takes. */
static enum rollcode_err
check_words(const struct walk *walk, struct error *error)
{
	const struct cli_command *c = walk->command;
	const char *missing = c->args;

	/* Which one it is may be a secret. */
	if (walk->words > c->max_args)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "%s: too many arguments; it takes %s", c->name,
		    c->args[0] == '\0' ? "none" : c->args);
	if (walk->words >= c->min_args)
		return ROLLCODE_OK;
	for (int i = 0; i < walk->words; i++)
		missing += strcspn(missing, " ") + 1;
	return error_set(error, ROLLCODE_ERR_USAGE, "%s: %.*s is missing",
	    c->name, (int)strcspn(missing, " "), missing);
}

static enum rollcode_err
take_command(struct walk *walk, struct error *error)
{
	const char *name;
	enum rollcode_err err;

	if (walk->help || walk->version)
		return ROLLCODE_OK;
	if (walk->at == walk->argc)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "a command is missing; `%s help` lists the commands",
		    walk->program->name);
	name = walk->argv[walk->at++];
	if (strcmp(name, "help") == 0) {
		walk->help = true;
		if (walk->at == walk->argc ||
		    strcmp(walk->argv[walk->at], "--help") == 0 ||
		    strcmp(walk->argv[walk->at], "-h") == 0)
			return ROLLCODE_OK;
		if (walk->argc - walk->at > 1)
			return error_set(error, ROLLCODE_ERR_USAGE,
			    "help takes the name of one command");
		return find_command(walk, walk->argv[walk->at], error);
	}
	if ((err = find_command(walk, name, error)) != ROLLCODE_OK ||
	    walk->command == NULL ||
	    (err = take_options(walk, walk->command->options, error)) !=
		ROLLCODE_OK ||
	    walk->help)
		return err;
	return check_words(walk, error);
}

static enum rollcode_err
run_command(struct walk *walk, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;

	if (walk->version)
		printf("%s %s\n", walk->program->name, ROLLCODE_VERSION);
	else if (walk->help)
		put_help(stdout, walk);
	else if (walk->command != NULL) {
		walk->argv[walk->words + 1] = NULL;
		err = walk->command->run(walk->base, walk->argv + 1, error);
	}
	if ((fflush(stdout) != 0 || ferror(stdout)) && err == ROLLCODE_OK)
		err = error_set(error, ROLLCODE_ERR_SYS,
		    "cannot write to standard output: %s", strerror(errno));
	return err;
}

void
cli_tell(const char *program, const char *about, enum rollcode_err err,
    const struct error *error)
{
	char said[ERROR_SAID_MAX];

	error_say(error, err, PLAIN_TEXT, said);
	fprintf(stderr, "%s: ", program);
	if (about != NULL) {
		plain_put(stderr, about, PLAIN_TEXT);
		fputs(": ", stderr);
	}
	fprintf(stderr, "%s\n", said);
}

int
cli_main(const struct cli_program *program, void *base, int argc, char **argv)
{
	struct walk walk = {
	    .program = program,
	    .base = base,
	    .argv = argv,
	    .argc = argc,
	    .at = argc > 0 ? 1 : 0,
	};
	struct error error = {0};
	enum rollcode_err err;

	if ((err = take_options(&walk, program->options, &error)) ==
		ROLLCODE_OK &&
	    (err = take_command(&walk, &error)) == ROLLCODE_OK)
		err = run_command(&walk, &error);
	if (err == ROLLCODE_OK)
		return 0;
	cli_tell(program->name, NULL, err, &error);
	if (err != ROLLCODE_ERR_USAGE)
		return 1;
	put_usage(stderr, program, walk.command);
	return 2;
}
