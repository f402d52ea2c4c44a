/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cli/cli.h"
#include "common/base/rollcode.h"
#include "common/base/utf8.h"
#include "tests/support/cases.h"

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
	{ "one", run_words, "ONE", "need a word", 1, 1, NULL },
	{ .name = NULL },
};
/* clang-format on */

static const struct cli_program program = {
    .name = "prog",
    .about = "Tests.",
    .commands = commands,
    .options = global,
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
    {"prog nope", "unknown command nope"},
    {"prog word", "unknown command word"},
    {"prog Words", "unknown command Words"},
    {"prog --nope words", "unknown option --nope"},
    {"prog --fil x words", "unknown option --fil"},
    {"prog -x words", "unknown option -x"},
    {"prog --file", "--file needs a value"},
    {"prog --file= words", "--file has an empty value"},
    {"prog --file 1234567890123456 words", "--file must have 1 to 15"},
    {"prog --file a --file b words", "--file is given twice"},
    {"prog words a b c", "too many arguments"},
    {"prog one", "an argument is missing"},
    {"prog words -n", "--count needs a value"},
    {"prog words -n 0", "--count must be a number from 1 to 9"},
    {"prog words -n 10", "--count must be a number from 1 to 9"},
    {"prog words -n x", "--count must be a number from 1 to 9"},
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

START_TEST(a_date_is_local_and_0_is_never)
{
	char date[CLI_DATE_MAX];

	setenv("TZ", "UTC-2", 1);
	tzset();

	cli_date(0, date);
	ck_assert_str_eq(date, "never");
	cli_date(1795442700, date);
	ck_assert_str_eq(date, "2026-11-23 16:05");
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
}

static void
add_input(void)
{
	TCase *tc = test_case("input", 0);

	tcase_add_test(tc, lines_of_standard_input_are_read_one_by_one);
	tcase_add_loop_test(
	    tc, a_line_that_does_not_fit_is_refused_and_wiped, 0, COUNT(lines));
	tcase_add_loop_test(tc, a_secret_file_has_one_line, 0, COUNT(files));
	tcase_add_test(tc, a_secret_file_that_is_not_there_is_named);
	tcase_add_test(tc, a_dash_is_standard_input);
	tcase_add_loop_test(
	    tc, only_the_whole_word_yes_confirms, 0, COUNT(answers));
}

static void
add_output(void)
{
	TCase *tc = test_case("output", 0);

	tcase_add_test(tc, a_date_is_local_and_0_is_never);
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
	add_output();
	return test_run();
}
