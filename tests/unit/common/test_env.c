/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/env.h"
#include "tests/support/cases.h"

struct place {
	bool flag, other;
	int64_t number;
	char text[8 + 1];
	char hidden[2 + 1];
};

/* clang-format off */
static const struct keyword table[] = {
	{ "FLAG", KEYWORD_FLAG, offsetof(struct place, flag), 0, 0,
	    0, NULL, NULL },
	{ "OTHER", KEYWORD_FLAG, offsetof(struct place, other), 0, 0,
	    0, NULL, NULL },
	{ "NUMBER", KEYWORD_NUMBER, offsetof(struct place, number), -5, 100,
	    0, NULL, NULL },
	{ "TEXT", KEYWORD_TEXT, offsetof(struct place, text), 2, 8,
	    0, NULL, NULL },
	{ "HIDDEN", KEYWORD_SECRET, offsetof(struct place, hidden), 1, 2,
	    0, NULL, NULL },
	{ .name = NULL },
};
/* clang-format on */

static struct place place;
static struct error error;
static uint64_t seen;

static void
fresh(void)
{
	memset(&place, 0, sizeof(place));
	memset(&error, 0, sizeof(error));
	seen = 0;
}

/* From the heap and without a NUL, so that a sanitizer sees an overrun. */
static enum rollcode_err
parse_bytes(const char *text, size_t len)
{
	char *copy = malloc(len == 0 ? 1 : len);
	enum rollcode_err err;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, len);
	err = env_parse(copy, len, table, &place, &seen, MISTAKES(&error));
	free(copy);
	return err;
}

static enum rollcode_err
parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static const struct {
	const char *name, *value, *says;
} bad_words[] = {
    {"NOPE", "1", "unknown keyword NOPE"},
    {"NUM", "1", "unknown keyword NUM"},
    {"NUMBERS", "1", "unknown keyword NUMBERS"},
    {"number", "1", "unknown keyword number"},
    {"", "1", "unknown keyword (not shown)"},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "1", "unknown keyword (not shown)"},
    {"a b", "1", "unknown keyword (not shown)"},
    {"FLAG", "yes", "FLAG takes no value"},
    {"FLAG", "", "FLAG takes no value"},
    {"NUMBER", NULL, "NUMBER needs a value"},
    {"NUMBER", "", "NUMBER has an empty value"},
    {"NUMBER", "101", "NUMBER must be a number from -5 to 100"},
    {"NUMBER", "-6", "NUMBER must be a number from -5 to 100"},
    {"NUMBER", "7x", "NUMBER must be a number from -5 to 100"},
    {"TEXT", NULL, "TEXT needs a value"},
    {"TEXT", "", "TEXT has an empty value"},
    {"TEXT", "x", "TEXT must have 2 to 8 bytes"},
    {"TEXT", "123456789", "TEXT must have 2 to 8 bytes"},
};

START_TEST(what_does_not_fit_the_table_is_refused_by_name)
{
	struct place was;

	fresh();
	was = place;

	ck_assert_int_eq(keyword_set(table, &place, &seen, bad_words[_i].name,
			     bad_words[_i].value, &error),
	    ROLLCODE_ERR_INPUT);

	ck_assert_str_eq(error.text, bad_words[_i].says);
	ck_assert_mem_eq(&place, &was, sizeof(was));
}
END_TEST

START_TEST(each_kind_of_word_sets_its_field)
{
	fresh();

	ck_assert_int_eq(
	    keyword_set(table, &place, &seen, "FLAG", NULL, &error),
	    ROLLCODE_OK);
	ck_assert_int_eq(
	    keyword_set(table, &place, &seen, "NUMBER", "-5", &error),
	    ROLLCODE_OK);
	ck_assert_int_eq(
	    keyword_set(table, &place, &seen, "TEXT", "12345678", &error),
	    ROLLCODE_OK);

	ck_assert(place.flag);
	ck_assert(!place.other);
	ck_assert_int_eq(place.number, -5);
	ck_assert_str_eq(place.text, "12345678");
}
END_TEST

START_TEST(a_word_given_twice_is_refused_and_the_first_value_stays)
{
	fresh();
	ck_assert_int_eq(
	    keyword_set(table, &place, &seen, "NUMBER", "1", &error),
	    ROLLCODE_OK);

	ck_assert_int_eq(
	    keyword_set(table, &place, &seen, "NUMBER", "2", &error),
	    ROLLCODE_ERR_INPUT);

	ck_assert_int_eq(place.number, 1);
	ck_assert_str_eq(error.text, "NUMBER is given twice");
}
END_TEST

static const struct {
	const char *text;
	bool good;
	int64_t number;
} numbers[] = {
    {"0", true, 0},
    {"007", true, 7},
    {"9223372036854775807", true, INT64_MAX},
    {"-9223372036854775808", true, INT64_MIN},
    {"9223372036854775808", false, 0},
    {"-9223372036854775809", false, 0},
    {"99999999999999999999999", false, 0},
    {"", false, 0},
    {"-", false, 0},
    {"+1", false, 0},
    {" 1", false, 0},
    {"1 ", false, 0},
    {"1\n", false, 0},
    {"0x10", false, 0},
    {"1e3", false, 0},
    {"1.0", false, 0},
    {"--1", false, 0},
    {"\xd9\xa1", false, 0},
};

START_TEST(a_number_is_decimal_digits_and_nothing_else)
{
	int64_t number = 42;

	ck_assert_int_eq(
	    keyword_number(numbers[_i].text, INT64_MIN, INT64_MAX, &number),
	    numbers[_i].good);

	ck_assert_int_eq(number, numbers[_i].good ? numbers[_i].number : 42);
}
END_TEST

START_TEST(no_byte_but_a_digit_is_one)
{
	char text[4] = "1x1";
	int64_t number;

	for (int byte = 1; byte < 256; byte++) {
		text[1] = (char)byte;
		ck_assert_msg(keyword_number(text, INT64_MIN, INT64_MAX,
				  &number) == (byte >= '0' && byte <= '9'),
		    "%d", byte);
	}
}
END_TEST

static const struct {
	const char *text, *value;
} good_texts[] = {
    {"TEXT=abc\n", "abc"},
    {"TEXT=abc", "abc"},
    {"TEXT=12345678", "12345678"},
    {"TEXT=\"12345678\"", "12345678"},
    {"TEXT= \t a b \t\n", "a b"},
    {"TEXT=\" a b \"\n", " a b "},
    {"TEXT=a=b\n", "a=b"},
    {"TEXT=a#b\n", "a#b"},
    {"TEXT=a\"b\n", "a\"b"},
    {"# TEXT=no\n\n  \t\nTEXT=yes\n#TEXT=no", "yes"},
};

START_TEST(a_line_is_a_name_an_equals_sign_and_a_value)
{
	fresh();

	ck_assert_int_eq(parse(good_texts[_i].text), ROLLCODE_OK);

	ck_assert_str_eq(error.text, "");
	ck_assert_str_eq(place.text, good_texts[_i].value);
}
END_TEST

static const struct {
	const char *text, *says;
} bad_texts[] = {
    {"TEXT\n", "line 1: no equals sign; a line is KEY=VALUE"},
    {"\n\nNOPE=1\n", "line 3: unknown keyword NOPE"},
    {"TEXT=\n", "line 1: TEXT has an empty value"},
    {"TEXT=\"\"\n", "line 1: TEXT has an empty value"},
    {"TEXT=  \n", "line 1: TEXT has an empty value"},
    {"=abc\n", "line 1: unknown keyword (not shown)"},
    {"TEXT =abc\n", "line 1: a space beside the name"},
    {" TEXT=abc\n", "line 1: a space beside the name"},
    {"  # abc\n", "line 1: no equals sign; a line is KEY=VALUE"},
    {"export TEXT=abc\n", "line 1: unknown keyword (not shown)"},
    {"TEXT=\"abc\n",
	"line 1: a quoted value needs one double quote at each end"},
    {"TEXT=\"\n", "line 1: a quoted value needs one double quote at each end"},
    {"TEXT=\"ab\" #c\n",
	"line 1: a quoted value needs one double quote at each end"},
    {"TEXT=\"a\"b\"\n",
	"line 1: a quoted value needs one double quote at each end"},
    {"NUMBER=5 # five\n", "line 1: NUMBER must be a number from -5 to 100"},
    {"TEXT=abc\r\n",
	"line 1: a carriage return; save the file with Unix line ends"},
    {"# a\r\n", "line 1: a carriage return; save the file with Unix line ends"},
    {"\xef\xbb\xbfTEXT=abc\n",
	"line 1: a byte order mark; save the file as UTF-8 without one"},
    {"NUMBER=1\nNUMBER=2\n", "line 2: NUMBER is given twice"},
    {"FLAG=1\n", "line 1: FLAG takes no value"},
};

START_TEST(a_mistake_in_a_file_is_named_with_its_line)
{
	fresh();

	ck_assert_int_eq(parse(bad_texts[_i].text), ROLLCODE_ERR_CONFIG);

	ck_assert_str_eq(error.text, bad_texts[_i].says);
}
END_TEST

START_TEST(all_mistakes_of_a_file_are_listed)
{
	fresh();

	ck_assert_int_eq(
	    parse("NOPE=1\nTEXT=abc\nNUMBER=x\nFLAG\n"), ROLLCODE_ERR_CONFIG);

	ck_assert_str_eq(error.text,
	    "line 1: unknown keyword NOPE; "
	    "line 3: NUMBER must be a number from -5 to 100; "
	    "line 4: no equals sign; a line is KEY=VALUE");
	ck_assert_str_eq(place.text, "abc");
}
END_TEST

struct told {
	int count;
	struct error last;
};

static void
note_mistake(void *context, const struct error *mistake)
{
	struct told *told = context;

	told->count++;
	told->last = *mistake;
}

START_TEST(each_mistake_is_an_error_with_its_line)
{
	char text[] = "NOPE=1\nTEXT=abc\nHIDDEN=xyz\n";
	struct told told = {0};
	struct mistakes mistakes = {note_mistake, &told, ROLLCODE_OK};

	fresh();
	ck_assert_int_eq(
	    env_parse(text, sizeof(text) - 1, table, &place, &seen, &mistakes),
	    ROLLCODE_ERR_CONFIG);

	ck_assert_int_eq(told.count, 2);
	ck_assert_uint_eq(told.last.line, 3);
	ck_assert_uint_eq(told.last.reason, REASON_SECRET);
	ck_assert_str_eq(
	    told.last.text + told.last.what, "HIDDEN must have 1 to 2 bytes");
}
END_TEST

START_TEST(a_nul_byte_in_a_file_is_refused)
{
	static const char text[] = "NUMBER=1\0junk\nTEXT=abc";

	fresh();

	ck_assert_int_eq(
	    parse_bytes(text, sizeof(text) - 1), ROLLCODE_ERR_CONFIG);

	ck_assert_str_eq(
	    error.text, "line 1: a NUL byte; this is not a text file");
	ck_assert_int_eq(place.number, 0);
}
END_TEST

START_TEST(an_empty_file_is_no_mistake)
{
	fresh();

	ck_assert_int_eq(parse(""), ROLLCODE_OK);
	ck_assert_int_eq(parse("\n"), ROLLCODE_OK);
}
END_TEST

START_TEST(a_file_that_is_too_long_is_refused)
{
	char *text = malloc(ENV_FILE_MAX + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, '\n', ENV_FILE_MAX + 1);
	fresh();

	ck_assert_int_eq(parse_bytes(text, ENV_FILE_MAX), ROLLCODE_OK);
	ck_assert_int_eq(
	    parse_bytes(text, ENV_FILE_MAX + 1), ROLLCODE_ERR_CONFIG);

	free(text);
}
END_TEST

START_TEST(no_value_is_repeated_in_a_sentence)
{
	fresh();

	ck_assert_int_eq(parse("TEXT=hunter2hunter2\nNUMBER=hunter2\n"
			       "FLAG=hunter2\nhunter2hunter2hunter2\n"
			       "hunter2hunter2hunter2=1\nTEXT=\"hunter2\n"),
	    ROLLCODE_ERR_CONFIG);

	ck_assert_ptr_null(strstr(error.text, "hunter2"));
}
END_TEST

int
main(void)
{
	TCase *words = test_case("words", 0), *files = test_case("files", 0);

	tcase_add_loop_test(words,
	    what_does_not_fit_the_table_is_refused_by_name, 0,
	    COUNT(bad_words));
	tcase_add_test(words, each_kind_of_word_sets_its_field);
	tcase_add_test(
	    words, a_word_given_twice_is_refused_and_the_first_value_stays);
	tcase_add_loop_test(words, a_number_is_decimal_digits_and_nothing_else,
	    0, COUNT(numbers));
	tcase_add_test(words, no_byte_but_a_digit_is_one);
	tcase_add_loop_test(files, a_line_is_a_name_an_equals_sign_and_a_value,
	    0, COUNT(good_texts));
	tcase_add_loop_test(files, a_mistake_in_a_file_is_named_with_its_line,
	    0, COUNT(bad_texts));
	tcase_add_test(files, all_mistakes_of_a_file_are_listed);
	tcase_add_test(files, each_mistake_is_an_error_with_its_line);
	tcase_add_test(files, a_nul_byte_in_a_file_is_refused);
	tcase_add_test(files, an_empty_file_is_no_mistake);
	tcase_add_test(files, a_file_that_is_too_long_is_refused);
	tcase_add_test(files, no_value_is_repeated_in_a_sentence);
	return test_run();
}
