/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person typed, by its shape alone.
 */

#include "pam_rollcode/protocol/input.h"
#include "tests/support/cases.h"
#include "tests/support/stack.h"

/* 64 hex digits, and 64 others. */
#define HEX_A                              \
	"7d08241bf034fdccd1dc59655a19a04f" \
	"ed6d985d4689ac3541bbfafd001511f5"
#define HEX_B                              \
	"0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef"

static const struct {
	const char *says;
	const char *typed;
	const char *codes[INPUT_CODES]; /* NULL: malformed */
} shapes[] = {
    {"6 digits", "755224", {"755224"}},
    {"7 digits", "7552245", {"7552245"}},
    {"8 digits", "00000000", {"00000000"}},
    {"12 are a pair", "755224287082", {"755224", "287082"}},
    {"14 are a pair", "12345671234568", {"1234567", "1234568"}},
    {"16 are a pair", "1234567812345679", {"12345678", "12345679"}},
    {"18 are three", "755224287082359152", {"755224", "287082", "359152"}},
    {"21 are three", "111111122222223333333",
	{"1111111", "2222222", "3333333"}},
    {"24 are three", "111111112222222233333333",
	{"11111111", "22222222", "33333333"}},
    {"a space", "755224 287082", {"755224", "287082"}},
    {"spaces and dashes", "  75-52 24--28 70-82 ", {"755224", "287082"}},
    {"64 hex digits", HEX_A, {HEX_A}},
    {"128 hex digits", HEX_A " " HEX_B, {HEX_A, HEX_B}},
    {"192 hex digits", HEX_A "-" HEX_B "-" HEX_A, {HEX_A, HEX_B, HEX_A}},
    {"64 decimal digits are hex",
	"1234567890123456789012345678901234567890123456789012345678901234",
	{"1234567890123456789012345678901234567890123456789012345678901234"}},
    {"nothing", "", {NULL}},
    {"spaces only", "  -- ", {NULL}},
    {"1 digit", "1", {NULL}},
    {"5 digits", "12345", {NULL}},
    {"9 digits", "123456789", {NULL}},
    {"10 digits", "1234567890", {NULL}},
    {"11 digits", "12345678901", {NULL}},
    {"13 digits", "1234567890123", {NULL}},
    {"15 digits", "123456789012345", {NULL}},
    {"17 digits", "12345678901234567", {NULL}},
    {"19 digits", "1234567890123456789", {NULL}},
    {"20 digits", "12345678901234567890", {NULL}},
    {"22 digits", "1234567890123456789012", {NULL}},
    {"23 digits", "12345678901234567890123", {NULL}},
    {"25 digits", "1234567890123456789012345", {NULL}},
    {"28 digits", "1234567123456712345671234567", {NULL}},
    {"32 digits", "12345678123456781234567812345678", {NULL}},
    {"a letter", "75522a", {NULL}},
    {"hex of 16 digits", "7d08241bf034fdcc", {NULL}},
    {"a sign", "+755224", {NULL}},
    {"a dot", "755.224", {NULL}},
    {"a tab", "755224\t287082", {NULL}},
    {"a newline at the end", "755224\n", {"755224"}},
    {"a carriage return at the end", "755224 287082\r", {"755224", "287082"}},
    {"both, and a space before them", "755224 \r\n", {"755224"}},
    {"a tab at the end", "755224\t", {"755224"}},
    {"spaces and tabs at the beginning", " \t 755224", {"755224"}},
    {"a newline in between", "755224\n287082", {NULL}},
    {"ends of lines only", "\r\n\r\n", {NULL}},
    {"a form feed at the end", "755224\f", {NULL}},
    {"upper-case hex",
	"7D08241BF034FDCCD1DC59655A19A04FED6D985D4689AC35"
	"41BBFAFD001511F5",
	{NULL}},
    {"63 hex digits",
	"d08241bf034fdccd1dc59655a19a04fed6d985d4689ac3541bbfafd"
	"001511f5",
	{NULL}},
    {"65 hex digits", HEX_A "0", {NULL}},
    {"127 hex digits",
	HEX_A "123456789abcdef0123456789abcdef0123456789abcdef"
	      "0123456789abcdef",
	{NULL}},
    {"256 hex digits", HEX_A HEX_B HEX_A HEX_B, {NULL}},
    {"a g among hex",
	"gd08241bf034fdccd1dc59655a19a04fed6d985d4689ac35"
	"41bbfafd001511f5",
	{NULL}},
    {"Arabic digits", "\331\241\331\242\331\243\331\244\331\245\331\246",
	{NULL}},
    {"fullwidth digits",
	"\357\274\221\357\274\222\357\274\223\357\274\224"
	"\357\274\225\357\274\226",
	{NULL}},
    {"a byte above 127", "75522\264", {NULL}},
    {"a no-break space", "755224\302\240287082", {NULL}},
    {"what sshd sends in place of a password", "\b\n\r\177INCORRECT", {NULL}},
    {"a password", "correct horse battery", {NULL}},
};

START_TEST(a_shape_is_known_by_count_alone)
{
	struct input got;
	unsigned int count = 0;

	memset(&got, 0xff, sizeof(got));
	while (count < INPUT_CODES && shapes[_i].codes[count] != NULL)
		count++;
	ck_assert_msg(input_parse(shapes[_i].typed, &got) ==
			  (count > 0 ? INPUT_CODE : INPUT_MALFORMED),
	    "%s", shapes[_i].says);

	ck_assert_uint_eq(got.count, count);
	for (unsigned int i = 0; i < count; i++) {
		ck_assert_str_eq(got.codes[i].text, shapes[_i].codes[i]);
		ck_assert_uint_eq(got.width, strlen(shapes[_i].codes[i]));
	}
}
END_TEST

START_TEST(nothing_at_all_is_malformed)
{
	struct input got, zero;

	memset(&got, 0xff, sizeof(got));
	memset(&zero, 0, sizeof(zero));

	ck_assert_int_eq(input_parse(NULL, &got), INPUT_MALFORMED);
	ck_assert_mem_eq(&got, &zero, sizeof(got));
}
END_TEST

START_TEST(a_refused_text_leaves_nothing)
{
	struct input got, zero;

	memset(&got, 0xff, sizeof(got));
	memset(&zero, 0, sizeof(zero));

	ck_assert_int_eq(input_parse("123456 12345", &got), INPUT_MALFORMED);
	ck_assert_mem_eq(&got, &zero, sizeof(got));
}
END_TEST

START_TEST(of_512_bytes_all_are_read_and_of_513_none)
{
	char text[INPUT_MAX + 2];
	struct input got;

	memset(text, ' ', sizeof(text));
	memcpy(text + INPUT_MAX - 6, "755224", 6);
	text[INPUT_MAX] = '\0';
	ck_assert_int_eq(input_parse(text, &got), INPUT_CODE);
	ck_assert_str_eq(got.codes[0].text, "755224");

	memset(text, ' ', sizeof(text));
	memcpy(text, "755224", 6);
	text[INPUT_MAX + 1] = '\0';
	ck_assert_int_eq(input_parse(text, &got), INPUT_MALFORMED);
}
END_TEST

/* No byte but these, anywhere in a code. */
START_TEST(every_other_byte_is_malformed)
{
	char text[8];
	struct input got;

	for (int byte = 1; byte < 256; byte++)
		for (size_t at = 0; at < 7; at++) {
			bool end = at == 0 || at == 6;
			bool skipped = byte == ' ' || byte == '-' ||
				       (end && byte < ' ' &&
					   strchr("\t\r\n", byte) != NULL);
			bool digit = byte >= '0' && byte <= '9';

			memcpy(text, "7552241", 8);
			text[at] = (char)byte;
			ck_assert_int_eq(input_parse(text, &got),
			    skipped || digit ? INPUT_CODE : INPUT_MALFORMED);
		}
}
END_TEST

static const struct {
	const char *typed;
	const char *recovery; /* NULL: malformed */
} recoveries[] = {
    {"ABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNOP"},
    {"abcdefghijklmnop", "ABCDEFGHIJKLMNOP"},
    {"abcd-EFGH ijkl-2345", "ABCDEFGHIJKL2345"},
    {"222222222222222A", "222222222222222A"},
    {"z777777777777777", "Z777777777777777"},
    {"ABCDEFGHIJKLMNO", NULL},
    {"ABCDEFGHIJKLMNOPQ", NULL},
    {"ABCDEFGHIJKLMNO0", NULL},
    {"ABCDEFGHIJKLMNO1", NULL},
    {"ABCDEFGHIJKLMNO8", NULL},
    {"ABCDEFGHIJKLMNO9", NULL},
    {"ABCDEFGHIJKLMNO_", NULL},
    {"ABCDEFGHIJKLMNO\303\204", NULL},
};

START_TEST(a_recovery_code_has_a_shape_of_its_own)
{
	struct input got;

	ck_assert_msg(input_parse(recoveries[_i].typed, &got) ==
			  (recoveries[_i].recovery != NULL ? INPUT_RECOVERY
							   : INPUT_MALFORMED),
	    "%s", recoveries[_i].typed);

	if (recoveries[_i].recovery != NULL)
		ck_assert_str_eq(got.recovery, recoveries[_i].recovery);
	ck_assert_uint_eq(got.count, 0);
}
END_TEST

START_TEST(sixteen_digits_are_a_pair_and_no_recovery_code)
{
	struct input got;

	ck_assert_int_eq(input_parse("2345672345672345", &got), INPUT_CODE);
	ck_assert_uint_eq(got.count, 2);
	ck_assert_uint_eq(got.width, 8);
}
END_TEST

/* A last code that begins like the code of a shorter token is not it. */
START_TEST(a_line_ends_with_a_whole_code)
{
	struct input line, tail;

	input_parse("1234567834567812", &line);
	input_parse("34567812", &tail);
	ck_assert(input_ends_with(&line, &tail));
	input_parse("345678", &tail);
	ck_assert(!input_ends_with(&line, &tail));
	input_parse("12345678", &tail);
	ck_assert(!input_ends_with(&line, &tail));
	ck_assert(!input_ends_with(&tail, &tail));
}
END_TEST

static struct input parsed;

static void
parse_typed(void)
{
	(void)input_parse("7552 2428-7082", &parsed);
}

START_TEST(what_was_typed_does_not_stay_on_the_stack)
{
	ck_assert(!stays_on_stack(parse_typed, "755224287082", 12));
	ck_assert_uint_eq(parsed.count, 2);
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("shapes", 0);

	tcase_add_loop_test(
	    tcase, a_shape_is_known_by_count_alone, 0, COUNT(shapes));
	tcase_add_test(tcase, nothing_at_all_is_malformed);
	tcase_add_test(tcase, a_refused_text_leaves_nothing);
	tcase_add_test(tcase, of_512_bytes_all_are_read_and_of_513_none);
	tcase_add_test(tcase, every_other_byte_is_malformed);
	tcase_add_loop_test(tcase, a_recovery_code_has_a_shape_of_its_own, 0,
	    COUNT(recoveries));
	tcase_add_test(tcase, sixteen_digits_are_a_pair_and_no_recovery_code);
	tcase_add_test(tcase, a_line_ends_with_a_whole_code);
	tcase_add_test(tcase, what_was_typed_does_not_stay_on_the_stack);
	return test_run();
}
