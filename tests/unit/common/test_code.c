/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codes against published and recorded vectors.
 */
#include <inttypes.h>
#include <stdio.h>

#include "tests/support/code_once.h"
#include "common/token/codec.h"
#include "common/token/token.h"
#include "tests/support/cases.h"
#include "tests/support/freed.h"
#include "tests/support/stack.h"
#include "tests/support/tokens.h"

static void
assert_code_at(const struct rollcode_token *token, uint64_t counter,
    int64_t now, const char *expected)
{
	struct passcode code;

	ck_assert_int_eq(
	    code_once(token, counter, code_step(now), &code), ROLLCODE_OK);
	ck_assert_str_eq(code.text, expected);
}

static void
assert_code(
    const struct rollcode_token *token, uint64_t counter, const char *expected)
{
	assert_code_at(token, counter, 0, expected);
}

/* Each file of vectors, and the token that made it. */
static const struct {
	const char *file;
	enum rollcode_form form;
	enum rollcode_algorithm algorithm;
	unsigned int digits;
	const char *secret;
	int lines;
} files[] = {
#define BYTES_0_TO_31                          \
	"hex:000102030405060708090a0b0c0d0e0f" \
	"101112131415161718191a1b1c1d1e1f"
    {"tests/vectors/hotp-sha256-8.txt", FORM_HOTP, ALGORITHM_SHA256, 8,
	BYTES_0_TO_31, 26},
    {"tests/vectors/hotp-sha512-8.txt", FORM_HOTP, ALGORITHM_SHA512, 8,
	BYTES_0_TO_31, 26},
    {"tests/vectors/hex.txt", FORM_HEX, ALGORITHM_SHA256, 64, BYTES_0_TO_31,
	26},
    {"tests/vectors/timed-8.txt", FORM_TIMED, ALGORITHM_SHA256, 8,
	BYTES_0_TO_31, 40},
    {"tests/vectors/timed-64.txt", FORM_TIMED, ALGORITHM_SHA256, 64,
	BYTES_0_TO_31, 40},
    {"tests/vectors/hash.txt", FORM_HASH, ALGORITHM_SHA256, 64,
	"text:open-sesame-with-a-long-secret-text", 20},
};

START_TEST(every_recorded_vector_is_met)
{
	struct rollcode_token token = token_of(files[_i].form,
	    files[_i].algorithm, files[_i].digits, files[_i].secret);
	FILE *file = fopen(files[_i].file, "re");
	char line[128], code[ROLLCODE_HEX_DIGITS + 1];
	uint64_t counter;
	int64_t now = 0;
	int lines = 0, at;

	ck_assert_msg(file != NULL, "%s", files[_i].file);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (*line == '#')
			continue;
		ck_assert_int_eq(
		    sscanf(line, "%" SCNu64 " %n", &counter, &at), 1);
		if (token.form == FORM_TIMED)
			ck_assert_int_eq(
			    sscanf(line, "%*u %" SCNd64 " %n", &now, &at), 1);
		ck_assert_int_eq(sscanf(line + at, "%64s", code), 1);
		assert_code_at(&token, counter, now, code);
		lines++;
	}
	fclose(file);

	ck_assert_int_eq(lines, files[_i].lines);
}
END_TEST

START_TEST(the_codes_of_rfc_4226_are_met)
{
	static const char *const codes[] = {"755224", "287082", "359152",
	    "969429", "338314", "254676", "287922", "162583", "399871",
	    "520489"};
	struct rollcode_token token =
	    token_of(FORM_HOTP, ALGORITHM_SHA1, 6, "text:12345678901234567890");

	for (size_t i = 0; i < COUNT(codes); i++)
		assert_code(&token, i, codes[i]);
}
END_TEST

START_TEST(more_digits_are_the_same_number)
{
	/* RFC 4226 appendix D: counter 0 is 1284755224, counter 7 82162583. */
	struct rollcode_token token =
	    token_of(FORM_HOTP, ALGORITHM_SHA1, 7, "text:12345678901234567890");

	assert_code(&token, 0, "4755224");
	token.digits = 8;
	assert_code(&token, 0, "84755224");
	assert_code(&token, 7, "82162583");
}
END_TEST

START_TEST(the_original_demo_is_met_byte_for_byte)
{
	struct rollcode_token token =
	    token_of(FORM_HASH, ALGORITHM_SHA256, 64, "text:my_secret");

	assert_code(&token, 1,
	    "7d08241bf034fdccd1dc59655a19a04fed6d985d4689ac3541bbfafd001511f5");
}
END_TEST

START_TEST(known_collisions_are_met)
{
	struct rollcode_token a = token_of(FORM_HOTP, ALGORITHM_SHA1, 6,
	    "hex:24734d46d5ffa7bcd377a71419482ba20ba04f5f");
	struct rollcode_token b = token_of(FORM_HOTP, ALGORITHM_SHA256, 6,
	    "hex:e8d7b59215e0a22bec4b57edcab89ee6"
	    "44cf411d81984c6cce18f95dc0177e68");

	assert_code(&a, 1, "893178");
	assert_code(&a, 3, "893178");
	assert_code(&b, 1, "509005");
	assert_code(&b, 3, "509005");
}
END_TEST

START_TEST(a_step_is_two_minutes_and_none_begins_before_1970)
{
	static const struct {
		int64_t now, step;
	} rows[] = {{0, 0}, {119, 0}, {120, 1}, {239, 1}, {-1, CODE_NO_STEP},
	    {-120, CODE_NO_STEP}, {INT64_MIN, CODE_NO_STEP},
	    {INT64_MAX, INT64_MAX / 120}};

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_int_eq(code_step(rows[i].now), rows[i].step);
}
END_TEST

START_TEST(a_code_that_expires_has_a_step_and_no_other_needs_one)
{
	static const char secret[] = "text:12345678901234567890";
	struct passcode code, none = {""};

	for (int form = FORM_HOTP; form <= FORM_TIMED; form++) {
		struct rollcode_token token = token_of((enum rollcode_form)form,
		    ALGORITHM_SHA256, form == FORM_HOTP ? 8 : 64, secret);

		memset(&code, 0xff, sizeof(code));
		ck_assert_int_eq(code_once(&token, 1, CODE_NO_STEP, &code),
		    form == FORM_TIMED ? ROLLCODE_ERR_INPUT : ROLLCODE_OK);
		ck_assert_int_eq(memcmp(&code, &none, sizeof(code)) == 0,
		    form == FORM_TIMED);
	}
}
END_TEST

/* Of one secret, whole digests: of 16 bytes, and of 8 of them. */
START_TEST(a_secret_has_no_code_in_common_with_and_without_time)
{
	struct rollcode_token timed =
	    token_of(FORM_TIMED, ALGORITHM_SHA256, 64, BYTES_0_TO_31);
	struct rollcode_token hex =
	    token_of(FORM_HEX, ALGORITHM_SHA256, 64, BYTES_0_TO_31);
	WIPED(code_close) struct code_maker *with = NULL;
	WIPED(code_close) struct code_maker *without = NULL;
	static struct passcode plain[1000];
	struct passcode code;

	ck_assert_int_eq(code_open(&with, &timed), ROLLCODE_OK);
	ck_assert_int_eq(code_open(&without, &hex), ROLLCODE_OK);
	for (uint64_t c = 0; c < COUNT(plain); c++)
		ck_assert_int_eq(
		    code_at(without, c, 0, &plain[c]), ROLLCODE_OK);

	for (uint64_t c = 0; c < COUNT(plain); c++)
		for (int64_t step = (int64_t)c % 10; step < 100; step += 10) {
			ck_assert_int_eq(
			    code_at(with, c, step, &code), ROLLCODE_OK);
			ck_assert_str_ne(code.text, plain[c].text);
			ck_assert_str_ne(code.text, plain[step].text);
		}
}
END_TEST

START_TEST(one_maker_makes_the_codes_in_any_order)
{
	static const struct {
		uint64_t counter;
		const char *code;
	} rows[] = {{7, "162583"}, {0, "755224"}, {7, "162583"}, {9, "520489"},
	    {1, "287082"}};
	struct rollcode_token token =
	    token_of(FORM_HOTP, ALGORITHM_SHA1, 6, "text:12345678901234567890");
	WIPED(code_close) struct code_maker *maker = NULL;
	struct passcode code;

	ck_assert_int_eq(code_open(&maker, &token), ROLLCODE_OK);
	rollcode_token_wipe(&token);

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_int_eq(
		    code_at(maker, rows[i].counter, 0, &code), ROLLCODE_OK);
		ck_assert_str_eq(code.text, rows[i].code);
	}
}
END_TEST

START_TEST(a_code_leaves_nothing_behind_its_digits)
{
	struct rollcode_token token =
	    token_of(FORM_HOTP, ALGORITHM_SHA1, 6, "text:12345678901234567890");
	struct passcode code, expected = {"755224"};

	memset(&code, 0xff, sizeof(code));
	ck_assert_int_eq(code_once(&token, 0, 0, &code), ROLLCODE_OK);

	ck_assert_mem_eq(&code, &expected, sizeof(code));
}
END_TEST

static struct code_maker *hex_maker;
static struct passcode hex_code;

static void
make_code(void)
{
	(void)!code_at(hex_maker, 7, 0, &hex_code);
}

/* A code of 64 digits is its digest. */
START_TEST(a_code_leaves_no_digest_on_the_stack)
{
	struct rollcode_token token = token_of(FORM_HEX, ALGORITHM_SHA256,
	    ROLLCODE_HEX_DIGITS, "text:12345678901234567890");
	uint8_t digest[ROLLCODE_HEX_DIGITS / 2];

	ck_assert_int_eq(code_open(&hex_maker, &token), ROLLCODE_OK);
	ck_assert_int_eq(code_at(hex_maker, 7, 0, &hex_code), ROLLCODE_OK);
	ck_assert(hex_decode(hex_code.text, digest, sizeof(digest)));

	ck_assert(!stays_on_stack(make_code, digest, sizeof(digest)));

	code_close(&hex_maker);
}
END_TEST

/* The form whose secret is used as it is. */
START_TEST(a_closed_maker_leaves_no_secret_in_freed_memory)
{
	static const char secret[] = "open-sesame-with-a-long-secret";
	struct rollcode_token token = token_of(FORM_HASH, ALGORITHM_SHA256,
	    ROLLCODE_HEX_DIGITS, "text:open-sesame-with-a-long-secret");
	struct code_maker *maker;
	struct passcode code;

	ck_assert_int_eq(code_open(&maker, &token), ROLLCODE_OK);
	ck_assert_int_eq(code_at(maker, 7, 0, &code), ROLLCODE_OK);

	freed_watch(secret, sizeof(secret) - 1);
	code_close(&maker);

	ck_assert_uint_eq(freed_with(), 0);
	ck_assert_ptr_null(maker);
}
END_TEST

int
main(void)
{
	TCase *codes = test_case("codes", 0);

	tcase_add_loop_test(
	    codes, every_recorded_vector_is_met, 0, COUNT(files));
	tcase_add_test(codes, the_codes_of_rfc_4226_are_met);
	tcase_add_test(codes, more_digits_are_the_same_number);
	tcase_add_test(codes, the_original_demo_is_met_byte_for_byte);
	tcase_add_test(codes, known_collisions_are_met);
	tcase_add_test(
	    codes, a_step_is_two_minutes_and_none_begins_before_1970);
	tcase_add_test(
	    codes, a_code_that_expires_has_a_step_and_no_other_needs_one);
	tcase_add_test(
	    codes, a_secret_has_no_code_in_common_with_and_without_time);
	tcase_add_test(codes, one_maker_makes_the_codes_in_any_order);
	tcase_add_test(codes, a_code_leaves_nothing_behind_its_digits);
	tcase_add_test(codes, a_code_leaves_no_digest_on_the_stack);
	tcase_add_test(codes, a_closed_maker_leaves_no_secret_in_freed_memory);
	return test_run();
}
