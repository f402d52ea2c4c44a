/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cli/cli.h"
#include "common/base/rollcode.h"
#include "common/base/utf8.h"
#include "tests/support/cases.h"
#include "tests/support/descriptors.h"
#include "tests/support/folder.h"
#include "tests/support/freed.h"

struct base {
	int64_t count;
	bool flag;
	char file[16];
};

static char said[256];

/* Tells what it was called with, so that a test sees the parsed words. */
static enum rollcode_err
run_words(void *base, char **argv, struct error *error)
{
	const struct base *b = base;

	(void)error;
	printf("%lld %d %s", (long long)b->count, b->flag, b->file);
	for (; *argv != NULL; argv++)
		printf(" <%s>", *argv);
	return ROLLCODE_OK;
}

static enum rollcode_err
run_fail(void *base, char **argv, struct error *error)
{
	(void)base;
	if (*argv != NULL && strcmp(argv[0], "usage") == 0)
		return error_set(error, ROLLCODE_ERR_USAGE, "a wrong call");
	return *argv != NULL
		   ? ROLLCODE_ERR_NOMEM
		   : error_set(error, ROLLCODE_ERR_STORE, "the sentence");
}

/* As much as a stream writes past its buffer. */
static enum rollcode_err
run_long(void *base, char **argv, struct error *error)
{
	static char blank[65536];

	(void)base;
	(void)argv;
	(void)error;
	memset(blank, ' ', sizeof(blank));
	fwrite(blank, 1, sizeof(blank), stdout);
	return ROLLCODE_OK;
}

/* clang-format off */
static const struct keyword global[] = {
	{ "file", KEYWORD_TEXT, offsetof(struct base, file), 1, 15,
	    0, "FILE", "a file" },
	{ .name = NULL },
};

static const struct keyword local[] = {
	{ "count", KEYWORD_NUMBER, offsetof(struct base, count), 1, 9,
	    'n', "COUNT", "how many" },
	{ "flag", KEYWORD_FLAG, offsetof(struct base, flag), 0, 0,
	    'f', NULL, "a flag" },
	{ .name = NULL },
};

static const struct cli_command commands[] = {
	{ "words", run_words, "[ONE [TWO]]", "say the words", 0, 2, local },
	{ "fail", run_fail, "[HOW]", "fail", 0, 1, NULL },
	{ "long", run_long, "", "say much", 0, 0, NULL },
	{ "one", run_words, "ONE", "need a word", 1, 1, NULL },
	{ .name = NULL },
};
/* clang-format on */

static const struct cli_example examples[] = {
    {"", "prog words"},
    {"words", "prog words one"},
    {"words", "prog words -n 3"},
    {NULL, NULL},
};

static const struct cli_program program = {
    .name = "prog",
    .about = "Tests.",
    .commands = commands,
    .options = global,
    .examples = examples,
    .see = "prog(1)",
};

/* Run a line split at spaces; returns the status, output in out and err. */
static char out[8192], err[8192];

static void
slurp(FILE *file, char *text, size_t size)
{
	size_t n;

	rewind(file);
	n = fread(text, 1, size - 1, file);
	text[n] = '\0';
}

static int
run(const char *words)
{
	static struct base base;
	static char copy[512];
	char *argv[16] = {NULL}, *at = copy;
	FILE *o = tmpfile(), *e = tmpfile();
	int argc = 0, status, was[2];

	ck_assert(o != NULL && e != NULL);
	snprintf(copy, sizeof(copy), "%s", words);
	while (argc < 15 && (argv[argc] = strsep(&at, " ")) != NULL)
		argc++;
	memset(&base, 0, sizeof(base));
	fflush(NULL);
	was[0] = dup(1);
	was[1] = dup(2);
	dup2(fileno(o), 1);
	dup2(fileno(e), 2);

	status = cli_main(&program, &base, argc, argv);

	fflush(NULL);
	dup2(was[0], 1);
	dup2(was[1], 2);
	close(was[0]);
	close(was[1]);
	slurp(o, out, sizeof(out));
	slurp(e, err, sizeof(err));
	fclose(o);
	fclose(e);
	return status;
}

static const struct {
	const char *words, *out;
} good[] = {
    {"prog words", "0 0 "},
    {"prog words a b", "0 0  <a> <b>"},
    {"prog words -n 3 a", "3 0  <a>"},
    {"prog words a -n 3", "3 0  <a>"},
    {"prog words -n3 a", "3 0  <a>"},
    {"prog words --count 3 -f a", "3 1  <a>"},
    {"prog words --count=3 --flag", "3 1 "},
    {"prog words -- -n a", "0 0  <-n> <a>"},
    {"prog words a -- --help", "0 0  <a> <--help>"},
    {"prog words -", "0 0  <->"},
    {"prog --file x words a", "0 0 x <a>"},
    {"prog --file=a=b words", "0 0 a=b"},
    {"prog --file x words -n 3", "3 0 x"},
    {"prog words -n 9", "9 0 "},
    {"prog words -n 1", "1 0 "},
    {"prog -- words a", "0 0  <a>"},
    {"prog one two", "0 0  <two>"},
};

START_TEST(words_and_options_reach_the_command)
{
	ck_assert_int_eq(run(good[_i].words), 0);

	ck_assert_str_eq(out, good[_i].out);
	ck_assert_str_eq(err, "");
}
END_TEST

static const struct {
	const char *words, *says;
} bad[] = {
    {"prog", "a command is missing"},
    {"prog --file x", "a command is missing"},
    {"prog nope", "unknown command nope; `prog help`"},
    {"prog word", "unknown command word; did you mean words?"},
    {"prog Words", "unknown command Words; did you mean words?"},
    {"prog wrods", "unknown command wrods; did you mean words?"},
    {"prog fa", "unknown command fa; did you mean fail?"},
    {"prog w", "unknown command w; `prog help`"},
    {"prog words-and-words-and-words", "(not shown); `prog help`"},
    {"prog --nope words", "unknown option --nope\n"},
    {"prog --fil x words", "unknown option --fil; did you mean --file?"},
    {"prog words --cuont 3", "unknown option --cuont; did you mean --count?"},
    {"prog -x words", "unknown option -x"},
    {"prog -help", "unknown option; a name of an option begins with two"},
    {"prog words -version", "unknown option; a name of an option begins"},
    {"prog --file", "--file needs a value"},
    {"prog --file= words", "--file has an empty value"},
    {"prog --file 1234567890123456 words", "--file must have 1 to 15"},
    {"prog --file a --file b words", "--file is given twice"},
    {"prog words a b c", "words: too many arguments; it takes [ONE [TWO]]"},
    {"prog one", "one: ONE is missing"},
    {"prog words -n", "--count needs a value"},
    {"prog words -n 0", "--count must be a number from 1 to 9"},
    {"prog words -n 10", "--count must be a number from 1 to 9"},
    {"prog words -n x", "--count must be a number from 1 to 9"},
    {"prog words -n 3x", "--count must be a number from 1 to 9"},
    {"prog words -n", "--count needs a value"},
    {"prog words --coun 3", "unknown option --coun"},
    {"prog words --counts 3", "unknown option --counts"},
    {"prog words --version", "unknown option --version"},
    {"prog --help=yes", "unknown option --help"},
    {"prog words -n 1 --count 1", "--count is given twice"},
    {"prog words --flag=1", "--flag takes no value"},
    {"prog words -f1", "--flag takes no value"},
    {"prog words --file x", "--file is given before the command"},
    {"prog help nope", "unknown command nope"},
    {"prog help words fail", "help takes the name of one command"},
    {"prog fail usage", "a wrong call"},
};

START_TEST(a_wrong_call_is_2_with_a_sentence_and_the_usage)
{
	ck_assert_int_eq(run(bad[_i].words), 2);

	ck_assert_str_eq(out, "");
	ck_assert_msg(strstr(err, bad[_i].says) != NULL,
	    "\"%s\" does not say \"%s\"", err, bad[_i].says);
	ck_assert_ptr_nonnull(strstr(err, "\nusage: prog [--file FILE]"));
}
END_TEST

static const char *const secrets[] = {
    "prog GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    "prog otpauth://hotp/a?secret=GEZDGNBVGY3TQOJQ",
    "prog --GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ words",
    "prog --secret=GEZDGNBVGY3TQOJQ words",
    "prog -GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ words",
    "prog words -n GEZDGNBVGY3TQOJQ",
    "prog words a b GEZDGNBVGY3TQOJQ",
    "prog help GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
};

START_TEST(a_wrong_call_never_repeats_what_may_be_a_secret)
{
	ck_assert_int_eq(run(secrets[_i]), 2);

	ck_assert_ptr_null(strstr(err, "GEZDGNBV"));
}
END_TEST

START_TEST(a_failure_is_1_with_its_sentence_once)
{
	ck_assert_int_eq(run("prog fail"), 1);

	ck_assert_str_eq(out, "");
	ck_assert_str_eq(err, "prog: the sentence\n");
}
END_TEST

START_TEST(a_failure_without_a_sentence_is_named)
{
	ck_assert_int_eq(run("prog fail plainly"), 1);

	ck_assert_str_eq(err, "prog: out of memory\n");
}
END_TEST

static const struct {
	const char *words, *says;
} helps[] = {
    {"prog help", "words [ONE [TWO]]"},
    {"prog --help", "words [ONE [TWO]]"},
    {"prog --help words", "fail [HOW]"},
    {"prog help words", "-n, --count COUNT"},
    {"prog words --help", "usage: prog [--file FILE] words [ONE [TWO]] "
			  "[-n COUNT] [-f]"},
    {"prog one --help", "need a word"},
    {"prog -h", "words [ONE [TWO]]"},
    {"prog help --help", "words [ONE [TWO]]"},
    {"prog help -h", "words [ONE [TWO]]"},
    {"prog words -h", "-n, --count COUNT"},
    {"prog help words", "\nExamples:\n    prog words one\n"
			"    prog words -n 3\n"},
    {"prog --help", "\nExamples:\n    prog words\n\n"},
    {"prog --version", "prog " ROLLCODE_VERSION "\n"},
};

START_TEST(help_goes_to_standard_output_with_0)
{
	ck_assert_int_eq(run(helps[_i].words), 0);

	ck_assert_str_eq(err, "");
	ck_assert_msg(strstr(out, helps[_i].says) != NULL,
	    "\"%s\" does not say \"%s\"", out, helps[_i].says);
}
END_TEST

/* A child with a standard output of our choice; its exit status. */
static int
status_with(const char *stdout_path, const char *words)
{
	int status, fd;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct base base = {.count = 0};
		char *argv[] = {NULL, NULL, NULL};
		char copy[64], *at = copy;

		snprintf(copy, sizeof(copy), "%s", words);
		argv[0] = strsep(&at, " ");
		argv[1] = at;
		close(1);
		if (stdout_path != NULL &&
		    (fd = open(stdout_path, O_WRONLY)) != 1)
			_exit(99);
		cli_begin();
		_exit(cli_main(&program, &base, 2, argv));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(output_that_cannot_be_written_is_a_failure)
{
	ck_assert_int_eq(status_with("/dev/null", "prog words"), 0);
	ck_assert_int_eq(status_with("/dev/full", "prog words"), 1);
	ck_assert_int_eq(status_with(NULL, "prog words"), 1);
	ck_assert_int_eq(status_with("/dev/null", "prog long"), 0);
	ck_assert_int_eq(status_with("/dev/full", "prog long"), 1);
	ck_assert_int_eq(status_with("/dev/full", "prog --help"), 1);
	ck_assert_int_eq(status_with("/dev/full", "prog --version"), 1);
}
END_TEST

START_TEST(a_program_begins_without_dumps_and_with_three_descriptors)
{
	struct rlimit core;
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(0);
		close(1);
		close(2);
		umask(0);
		cli_begin();
		if (fcntl(0, F_GETFD) < 0 || fcntl(1, F_GETFD) < 0 ||
		    fcntl(2, F_GETFD) < 0)
			_exit(1);
		if (read(0, &status, 1) >= 0 || write(1, "", 1) >= 0 ||
		    write(2, "", 1) >= 0)
			_exit(2);
		if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 ||
		    prctl(PR_GET_DUMPABLE) != 0)
			_exit(3);
		_exit(umask(0) == 077 ? 0 : 4);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);

	ck_assert_int_eq(status, 0);
}
END_TEST

static bool
has_action(int number, void (*action)(int))
{
	struct sigaction now;

	return sigaction(number, NULL, &now) == 0 && now.sa_handler == action;
}

START_TEST(a_program_begins_with_the_signals_that_it_needs)
{
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	signal(SIGCHLD, SIG_IGN);

	cli_begin();

	ck_assert(has_action(SIGPIPE, SIG_IGN));
	ck_assert(has_action(SIGXFSZ, SIG_IGN));
	ck_assert(has_action(SIGCHLD, SIG_DFL));
}
END_TEST

/* Feed bytes to standard input. */
static void
feed(const char *bytes, size_t len)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], bytes, len), (ssize_t)len);
	close(fds[1]);
	dup2(fds[0], 0);
	close(fds[0]);
}

START_TEST(lines_of_standard_input_are_read_one_by_one)
{
	char line[8];

	feed("one\n\nthree", 10);

	ck_assert_int_eq(
	    cli_read_line("?", false, line, sizeof(line), NULL), ROLLCODE_OK);
	ck_assert_str_eq(line, "one");
	ck_assert_int_eq(
	    cli_read_line("?", false, line, sizeof(line), NULL), ROLLCODE_OK);
	ck_assert_str_eq(line, "");
	ck_assert_int_eq(
	    cli_read_line("?", false, line, sizeof(line), NULL), ROLLCODE_OK);
	ck_assert_str_eq(line, "three");
	ck_assert_int_eq(cli_read_line("?", false, line, sizeof(line), NULL),
	    ROLLCODE_ERR_INPUT);
}
END_TEST

static const struct {
	const char *bytes;
	size_t len;
	bool good;
} lines[] = {
    {"1234567\n", 8, true},
    {"1234567", 7, true},
    {"12345678\n", 9, false},
    {"12\0"
     "34\n",
	6, false},
    {"", 0, false},
};

START_TEST(a_line_that_does_not_fit_is_refused_and_wiped)
{
	static const char zero[8];
	char line[8] = "wipe me";

	feed(lines[_i].bytes, lines[_i].len);

	ck_assert_int_eq(cli_read_line("?", false, line, sizeof(line), NULL),
	    lines[_i].good ? ROLLCODE_OK : ROLLCODE_ERR_INPUT);

	if (lines[_i].good)
		ck_assert_str_eq(line, "1234567");
	else
		ck_assert_mem_eq(line, zero, sizeof(line));
}
END_TEST

static const struct {
	const char *text;
	enum rollcode_err err;
} files[] = {
    {"secret\n", ROLLCODE_OK},
    {"secret", ROLLCODE_OK},
    {"secret\n\n\n", ROLLCODE_OK},
    {"secret\nmore\n", ROLLCODE_ERR_INPUT},
    {"secretsecretsecret\n", ROLLCODE_ERR_INPUT},
    {"", ROLLCODE_ERR_INPUT},
};

START_TEST(a_secret_file_has_one_line)
{
	struct error error = {0};
	char path[] = "/tmp/test_cli.XXXXXX", line[16] = "wipe me";
	int fd = mkstemp(path);
	size_t len = strlen(files[_i].text);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, files[_i].text, len), (ssize_t)len);
	close(fd);

	ck_assert_int_eq(cli_read_secret_file(path, line, sizeof(line), &error),
	    files[_i].err);
	unlink(path);

	ck_assert_str_eq(line, files[_i].err == ROLLCODE_OK ? "secret" : "");
	ck_assert_ptr_null(strstr(error.text, "secret"));
}
END_TEST

START_TEST(a_secret_file_that_was_read_is_closed)
{
	int next = next_descriptor();
	char line[16];

	ck_assert_int_eq(
	    cli_read_secret_file("/dev/null", line, sizeof(line), NULL),
	    ROLLCODE_ERR_INPUT);

	ck_assert_int_eq(next_descriptor(), next);
}
END_TEST

START_TEST(a_secret_file_that_is_not_there_is_named)
{
	struct error error = {0};
	char line[16];

	ck_assert_int_eq(
	    cli_read_secret_file("/nonexistent/f", line, sizeof(line), &error),
	    ROLLCODE_ERR_ABSENT);

	ck_assert_ptr_nonnull(strstr(error.text, "/nonexistent/f: "));
}
END_TEST

START_TEST(a_dash_is_standard_input)
{
	char line[16];

	feed("secret\n", 7);

	ck_assert_int_eq(
	    cli_read_secret_file("-", line, sizeof(line), NULL), ROLLCODE_OK);

	ck_assert_str_eq(line, "secret");
}
END_TEST

static const struct {
	const char *answer;
	bool yes;
} answers[] = {
    {"yes\n", true},
    {"yes", true},
    {"y\n", false},
    {"YES\n", false},
    {"yes \n", false},
    {"yesyesyesyesyesyesyes\n", false},
    {"\n", false},
    {"", false},
};

START_TEST(only_the_whole_word_yes_confirms)
{
	feed(answers[_i].answer, strlen(answers[_i].answer));

	ck_assert_int_eq(cli_confirm("Sure?", false), answers[_i].yes);
}
END_TEST

/* --- bytes ---------------------------------------------------------------- */

START_TEST(bytes_have_room_for_the_nul_behind_them)
{
	static const char piece[4096];
	struct cli_bytes bytes = {.text = NULL};

	for (int i = 0; i < 40; i++) {
		ck_assert_int_eq(
		    cli_bytes_add(&bytes, piece, sizeof(piece), NULL),
		    ROLLCODE_OK);
		ck_assert_uint_lt(bytes.len, bytes.room);
		ck_assert_int_eq(bytes.text[bytes.len], '\0');
	}
	cli_bytes_free(&bytes);
}
END_TEST

START_TEST(bytes_that_are_freed_or_outgrown_are_wiped)
{
	static const char piece[4096] = "a secret of many bytes";
	struct cli_bytes bytes = {.text = NULL};

	freed_watch(piece, strlen(piece));
	for (int i = 0; i < 40; i++)
		ck_assert_int_eq(
		    cli_bytes_add(&bytes, piece, sizeof(piece), NULL),
		    ROLLCODE_OK);
	cli_bytes_free(&bytes);

	ck_assert_uint_eq(freed_with(), 0);
	ck_assert_ptr_null(bytes.text);
}
END_TEST

/* That many bytes in a file, to be read. */
static int
file_of(size_t len)
{
	char name[] = "/tmp/test_cli.XXXXXX";
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	unlink(name);
	ck_assert_int_eq(ftruncate(fd, (off_t)len), 0);
	return fd;
}

static const struct {
	size_t len;
	enum rollcode_err err;
} sizes[] = {
    {0, ROLLCODE_OK},
    {65535, ROLLCODE_OK},
    {65536, ROLLCODE_OK},
    {1 << 20, ROLLCODE_OK},
    {(1 << 20) + 1, ROLLCODE_ERR_INPUT},
    {1 << 23, ROLLCODE_ERR_INPUT},
};

START_TEST(all_is_read_up_to_the_most)
{
	struct cli_bytes bytes;
	struct error error = {0};
	int fd = file_of(sizes[_i].len);

	ck_assert_int_eq(
	    cli_read_all(fd, 1 << 20, &bytes, &error), sizes[_i].err);

	if (sizes[_i].err == ROLLCODE_OK)
		ck_assert_uint_eq(bytes.len, sizes[_i].len);
	else
		ck_assert_str_eq(error.text, "is larger than 1 MiB; split it");
	ck_assert_uint_lt(bytes.len, bytes.room);
	cli_bytes_free(&bytes);
	close(fd);
}
END_TEST

/* --- writing -------------------------------------------------------------- */

/* In place of the C library's: three bytes at a time, or interrupted. */
static bool in_pieces;

ssize_t
write(int fd, const void *bytes, size_t len)
{
	static unsigned int calls;

	if (in_pieces && ++calls % 2 == 0) {
		errno = EINTR;
		return -1;
	}
	return syscall(SYS_write, fd, bytes, in_pieces && len > 3 ? 3 : len);
}

/* The same, which may fail. */
static struct {
	bool fails;
	unsigned int files;
	off_t size;
} synced;

int
fsync(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	synced.files++;
	synced.size = st.st_size;
	errno = EIO;
	return synced.fails ? -1 : 0;
}

/* What a function writes to standard output. */
static void
written_by(void (*put)(void), char *text, size_t size)
{
	FILE *file = tmpfile();
	int was = dup(1);

	ck_assert_ptr_nonnull(file);
	fflush(stdout);
	dup2(fileno(file), 1);

	put();

	in_pieces = false;
	fflush(stdout);
	dup2(was, 1);
	close(was);
	slurp(file, text, size);
	fclose(file);
}

static void
put_pieces(void)
{
	in_pieces = true;
	ck_assert_int_eq(cli_write_line("0123456789", NULL), ROLLCODE_OK);
}

static void
put_behind(void)
{
	printf("first ");
	ck_assert_int_eq(cli_write("second", 6, NULL), ROLLCODE_OK);
}

START_TEST(what_is_written_is_whole_and_in_order)
{
	written_by(put_pieces, said, sizeof(said));
	ck_assert_str_eq(said, "0123456789\n");
	written_by(put_behind, said, sizeof(said));
	ck_assert_str_eq(said, "first second");
}
END_TEST

static char folder[64], made[96];

static void
folder_setup(void)
{
	ck_assert(folder_make(folder));
	snprintf(made, sizeof(made), "%s/made", folder);
}

static void
folder_teardown(void)
{
	folder_remove(folder);
}

START_TEST(a_new_file_is_ones_own_and_on_disk)
{
	int next = next_descriptor();
	struct stat st;

	umask(0);
	in_pieces = true;
	ck_assert_int_eq(
	    cli_write_new(made, "0123456789", 10, NULL), ROLLCODE_OK);
	in_pieces = false;

	ck_assert_int_eq(stat(made, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(st.st_size, 10);
	ck_assert_uint_eq(synced.files, 1);
	ck_assert_int_eq(synced.size, 10);
	ck_assert_int_eq(next_descriptor(), next);
}
END_TEST

START_TEST(a_file_that_is_there_is_not_written_over)
{
	char other[96];
	struct error error = {0};
	struct stat st;

	ck_assert_int_eq(cli_write_new(made, "old", 3, NULL), ROLLCODE_OK);
	ck_assert_int_eq(
	    cli_write_new(made, "newer", 5, &error), ROLLCODE_ERR_EXISTS);
	ck_assert_ptr_nonnull(strstr(error.text, made));
	ck_assert_int_eq(stat(made, &st), 0);
	ck_assert_int_eq(st.st_size, 3);

	ck_assert_int_eq(unlink(made), 0);
	snprintf(other, sizeof(other), "%s/other", folder);
	ck_assert_int_eq(symlink(other, made), 0);
	ck_assert_int_ne(cli_write_new(made, "new", 3, NULL), ROLLCODE_OK);
	ck_assert_int_eq(access(other, F_OK), -1);
}
END_TEST

START_TEST(of_a_file_that_cannot_be_written_nothing_is_left)
{
	int next = next_descriptor();

	synced.fails = true;

	ck_assert_int_eq(cli_write_new(made, "new", 3, NULL), ROLLCODE_ERR_SYS);

	ck_assert_int_eq(access(made, F_OK), -1);
	ck_assert_int_eq(next_descriptor(), next);
}
END_TEST

/* --- progress ------------------------------------------------------------- */

static const struct {
	struct progress progress;
	const char *line;
} bars[] = {
    {{.what = "copying", .total = 0},
	"copying [................................] 0/0"},
    {{.what = "copying", .total = 64, .done = 32},
	"copying [################................] 32/64"},
    {{.what = "copying", .total = 3, .done = 3},
	"copying [################################] 3/3"},
    {{.what = "copying", .total = 100, .done = 3},
	"copying [................................] 3/100"},
    {{.what = "a name that is far too long", .total = 1},
	"a name that is [................................] 0/1"},
};

START_TEST(a_bar_is_as_full_as_the_work_is_done)
{
	struct {
		char line[PROGRESS_MAX], guard;
	} shown = {.guard = 'g'};

	progress_line(&bars[_i].progress, shown.line);

	ck_assert_str_eq(shown.line, bars[_i].line);
	ck_assert_int_eq(shown.guard, 'g');
}
END_TEST

START_TEST(a_bar_ends_where_the_work_does)
{
	struct progress progress;

	progress_begin(&progress, "copying", 1);
	progress_step(&progress);
	ck_assert_int_eq(progress.total, 1);
	progress_step(&progress);
	ck_assert_int_eq(progress.total, 2);
	ck_assert_int_eq(progress.done, 2);
}
END_TEST

static void
step_at_terminal(void)
{
	struct progress progress;
	int was = dup(2);

	dup2(1, 2);
	progress_begin(&progress, "copying", 4);
	progress.terminal = true;
	progress_step(&progress);
	progress_clear(&progress);
	progress.due = 0;
	progress_step(&progress);
	progress_step(&progress);
	progress_clear(&progress);
	progress_clear(&progress);
	dup2(was, 2);
	close(was);
}

START_TEST(a_bar_is_drawn_once_it_is_due_and_cleared_once)
{
	written_by(step_at_terminal, said, sizeof(said));

	ck_assert_str_eq(said,
	    "\rcopying [################................] 2/4\033[K"
	    "\r\033[K");
}
END_TEST

START_TEST(a_date_is_local_and_0_is_never)
{
	char date[CLI_DATE_MAX];

	setenv("TZ", "UTC-2", 1);
	tzset();

	cli_date(0, date);
	ck_assert_str_eq(date, "never");
	cli_date(1795442700, date);
	ck_assert_str_eq(date, "2026-11-23T16:05:00+02:00");
	setenv("TZ", "UTC3:30", 1);
	tzset();
	cli_date(1795442701, date);
	ck_assert_str_eq(date, "2026-11-23T10:35:01-03:30");
	cli_date(INT64_MAX, date);
	ck_assert_str_eq(date, "9223372036854775807");
}
END_TEST

static void
in_json(void (*write_json)(struct json *), char *text, size_t size)
{
	FILE *file = tmpfile();
	struct json json = {.out = file};

	ck_assert_ptr_nonnull(file);
	write_json(&json);
	slurp(file, text, size);
	fclose(file);
}

static void
a_bit_of_all(struct json *json)
{
	json_open(json, NULL, '{');
	json_text(json, "a", "b");
	json_open(json, "list", '[');
	json_number(json, NULL, INT64_MIN);
	json_bool(json, NULL, true);
	json_null(json, NULL);
	json_open(json, NULL, '{');
	json_close(json, '}');
	json_close(json, ']');
	json_bool(json, "no", false);
	json_close(json, '}');
}

START_TEST(json_has_commas_between_and_brackets_around)
{
	in_json(a_bit_of_all, said, sizeof(said));

	ck_assert_str_eq(said, "{\n"
			       "  \"a\": \"b\",\n"
			       "  \"list\": [\n"
			       "    -9223372036854775808,\n"
			       "    true,\n"
			       "    null,\n"
			       "    {}\n"
			       "  ],\n"
			       "  \"no\": false\n"
			       "}\n");
}
END_TEST

static void
two_times(struct json *json)
{
	json_open(json, NULL, '{');
	json_time(json, "never", 0);
	json_time(json, "once", 1795442700);
	json_close(json, '}');
}

START_TEST(json_has_null_for_what_never_was)
{
	in_json(two_times, said, sizeof(said));

	ck_assert_str_eq(
	    said, "{\n  \"never\": null,\n  \"once\": 1795442700\n}\n");
}
END_TEST

static const struct {
	const char *text, *json;
} texts[] = {
    {"plain", "\"plain\"\n"},
    {"\"\\/", "\"\\\"\\\\/\"\n"},
    {"a\n\t\x1b\x7f", "\"a\\u000a\\u0009\\u001b\\u007f\"\n"},
    {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91",
	"\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91\"\n"},
    {"\xc2\x9b", "\"\\u009b\"\n"},
    {"a\xff"
     "b",
	"\"a\xef\xbf\xbd"
	"b\"\n"},
    {"\xc3", "\"\xef\xbf\xbd\"\n"},
    {"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"\n"},
    {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\n"},
};

static int which;

static void
one_text(struct json *json)
{
	json_text(json, NULL, texts[which].text);
	fputc('\n', json->out);
}

START_TEST(json_text_is_utf8_without_control_characters)
{
	which = _i;
	in_json(one_text, said, sizeof(said));

	ck_assert_str_eq(said, texts[_i].json);
}
END_TEST

static const struct {
	const char *text;
	bool good;
} prints[] = {
    {"", true}, {"plain ~", true}, {"\xc3\xa4\xf4\x8f\xbf\xbf", true},
    {"\xf4\x90\x80\x80", false}, {"\xe0\x80\x80", false},
    {"\xf0\x80\x80\x80", false}, {"\xed\xbf\xbf", false}, {"\x80", false},
    {"\xf8\x88\x80\x80\x80", false}, {"\xc2\x80", false}, {"\xc2\xa0", true},
    {"a\n", false}, {"\x7f", false}, {"\xd8\x9c", false}, /* U+061C */
    {"a\xe2\x80\x8f", false},				  /* U+200F */
    {"\xe2\x80\xa8", false},   /* U+2028, a line's end */
    {"x\xe2\x80\xaey", false}, /* U+202E */
    {"\xe2\x81\xa6", false},   /* U+2066 */
    {"\xe2\x81\xa9", false},   /* U+2069 */
    {"\xe2\x80\x8d", true},    /* U+200D joins */
};

START_TEST(printable_text_is_utf8_without_control_characters)
{
	ck_assert_int_eq(utf8_printable(prints[_i].text), prints[_i].good);
}
END_TEST

static void
add_calls(void)
{
	TCase *tc = test_case("calls", 0);

	tcase_add_loop_test(
	    tc, words_and_options_reach_the_command, 0, COUNT(good));
	tcase_add_loop_test(
	    tc, a_wrong_call_is_2_with_a_sentence_and_the_usage, 0, COUNT(bad));
	tcase_add_loop_test(tc, a_wrong_call_never_repeats_what_may_be_a_secret,
	    0, COUNT(secrets));
	tcase_add_test(tc, a_failure_is_1_with_its_sentence_once);
	tcase_add_test(tc, a_failure_without_a_sentence_is_named);
	tcase_add_loop_test(
	    tc, help_goes_to_standard_output_with_0, 0, COUNT(helps));
	tcase_add_test(tc, output_that_cannot_be_written_is_a_failure);
	tcase_add_test(
	    tc, a_program_begins_without_dumps_and_with_three_descriptors);
	tcase_add_test(tc, a_program_begins_with_the_signals_that_it_needs);
}

static void
add_input(void)
{
	TCase *tc = test_case("input", 0);

	tcase_add_test(tc, lines_of_standard_input_are_read_one_by_one);
	tcase_add_loop_test(
	    tc, a_line_that_does_not_fit_is_refused_and_wiped, 0, COUNT(lines));
	tcase_add_loop_test(tc, a_secret_file_has_one_line, 0, COUNT(files));
	tcase_add_test(tc, a_secret_file_that_was_read_is_closed);
	tcase_add_test(tc, a_secret_file_that_is_not_there_is_named);
	tcase_add_test(tc, a_dash_is_standard_input);
	tcase_add_loop_test(
	    tc, only_the_whole_word_yes_confirms, 0, COUNT(answers));
}

static void
add_bytes(void)
{
	TCase *tc = test_case("bytes", 0);

	tcase_add_test(tc, bytes_have_room_for_the_nul_behind_them);
	tcase_add_test(tc, bytes_that_are_freed_or_outgrown_are_wiped);
	tcase_add_loop_test(tc, all_is_read_up_to_the_most, 0, COUNT(sizes));
}

static void
add_writing(void)
{
	TCase *tc = test_case("writing", 0);

	tcase_add_checked_fixture(tc, folder_setup, folder_teardown);
	tcase_add_test(tc, what_is_written_is_whole_and_in_order);
	tcase_add_test(tc, a_new_file_is_ones_own_and_on_disk);
	tcase_add_test(tc, a_file_that_is_there_is_not_written_over);
	tcase_add_test(tc, of_a_file_that_cannot_be_written_nothing_is_left);
}

static void
add_progress(void)
{
	TCase *tc = test_case("progress", 0);

	tcase_add_loop_test(
	    tc, a_bar_is_as_full_as_the_work_is_done, 0, COUNT(bars));
	tcase_add_test(tc, a_bar_ends_where_the_work_does);
	tcase_add_test(tc, a_bar_is_drawn_once_it_is_due_and_cleared_once);
}

static void
add_output(void)
{
	TCase *tc = test_case("output", 0);

	tcase_add_test(tc, a_date_is_local_and_0_is_never);
	tcase_add_test(tc, json_has_null_for_what_never_was);
	tcase_add_test(tc, json_has_commas_between_and_brackets_around);
	tcase_add_loop_test(
	    tc, json_text_is_utf8_without_control_characters, 0, COUNT(texts));
	tcase_add_loop_test(tc,
	    printable_text_is_utf8_without_control_characters, 0,
	    COUNT(prints));
}

int
main(void)
{
	add_calls();
	add_input();
	add_bytes();
	add_writing();
	add_progress();
	add_output();
	return test_run();
}
