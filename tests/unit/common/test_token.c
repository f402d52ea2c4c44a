/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets as people and files write them, and what makes a token.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/token/codec.h"
#include "common/token/token.h"
#include "tests/support/cases.h"
#include "tests/support/tokens.h"

/* Secrets as people write them; NULL is refused. */
static const struct {
	const char *text;
	const char *hex;
} secrets[] = {
    {"MFRGGZDFMZTWQ2LK", "6162636465666768696a"},
    {"mfrggzdfmztwq2lk", "6162636465666768696a"},
    {"mfrg gzdf-mztw q2lk", "6162636465666768696a"},
    {"MFRGGZDFMZTWQ2LKNM======", "6162636465666768696a6b"},
    {"MFRGGZDFMZTWQ2LKNM = = =", "6162636465666768696a6b"},
    {"hex:00ffA5", "00ffa5"},
    {"hex:0", NULL},
    {"hex:0g", NULL},
    {"hex:00 ff", NULL},
    {"text:my secret ", "6d792073656372657420"},
    {"text:hex:00", "6865783a3030"},
    {"", NULL},
    {"====", NULL},
    {"MFRG0ZDF", NULL},
    {"MFRG1ZDF", NULL},
    {"MFRG8ZDF", NULL},
    {"MFRG=GZDF", NULL},
    {"MFRG\tGZDF", NULL},
    {"MFRG\303\244GZDF", NULL},
    {"HEX:00", NULL},
};

START_TEST(a_secret_is_read_as_people_write_it)
{
	struct secret secret;
	struct error error = {0};
	char hex[2 * SECRET_MAX + 1];
	enum rollcode_err err =
	    token_parse_secret(secrets[_i].text, &secret, &error);

	hex_encode(secret.bytes, secret.len, hex);

	if (secrets[_i].hex == NULL) {
		ck_assert_int_eq(err, ROLLCODE_ERR_INPUT);
		ck_assert_uint_gt(strlen(error.text), 0);
		ck_assert_str_eq(hex, "");
	} else {
		ck_assert_msg(err == ROLLCODE_OK, "%s", secrets[_i].text);
		ck_assert_str_eq(hex, secrets[_i].hex);
	}
}
END_TEST

START_TEST(a_secret_may_have_128_bytes_and_no_more)
{
	static const struct {
		const char *prefix;
		char fill;
		size_t fits; /* characters for 128 bytes */
		size_t over; /* characters for 129 bytes */
	} rows[] = {
	    {"text:", 'a', 128, 129},
	    {"hex:", 'a', 256, 258},
	    {"", 'A', 205, 207},
	};
	char text[300];
	struct secret secret;

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t at = strlen(rows[i].prefix);

		memset(text, rows[i].fill, sizeof(text));
		memcpy(text, rows[i].prefix, at);
		text[at + rows[i].fits] = '\0';
		ck_assert_int_eq(
		    token_parse_secret(text, &secret, NULL), ROLLCODE_OK);
		ck_assert_uint_eq(secret.len, 128);
		text[at + rows[i].fits] = rows[i].fill;
		text[at + rows[i].over] = '\0';
		ck_assert_int_eq(token_parse_secret(text, &secret, NULL),
		    ROLLCODE_ERR_INPUT);
		ck_assert_uint_eq(secret.len, 0);
	}
}
END_TEST

START_TEST(a_refused_secret_is_not_repeated)
{
	static const char *const bad[] = {
	    "hex:c0ffeeX", "SEKRIT0SEKRIT0", "hex:c0ffee0"};
	struct secret secret;
	struct error error;

	for (size_t i = 0; i < COUNT(bad); i++) {
		memset(&error, 0, sizeof(error));
		ck_assert_int_eq(token_parse_secret(bad[i], &secret, &error),
		    ROLLCODE_ERR_INPUT);
		ck_assert_ptr_null(strstr(error.text, "c0ffee"));
		ck_assert_ptr_null(strstr(error.text, "SEKRIT"));
	}
}
END_TEST

/* RFC 4648 section 10, without padding. */
static const struct {
	const char *plain;
	const char *base32;
	const char *hex;
} encodings[] = {
    {"f", "MY", "66"},
    {"fo", "MZXQ", "666f"},
    {"foo", "MZXW6", "666f6f"},
    {"foob", "MZXW6YQ", "666f6f62"},
    {"fooba", "MZXW6YTB", "666f6f6261"},
    {"foobar", "MZXW6YTBOI", "666f6f626172"},
};

START_TEST(base32_and_hex_are_those_of_rfc_4648)
{
	const uint8_t *plain = (const uint8_t *)encodings[_i].plain;
	size_t plain_len = strlen(encodings[_i].plain), len = 0;
	uint8_t out[16];
	char text[32];

	base32_encode(plain, plain_len, text);
	ck_assert_str_eq(text, encodings[_i].base32);
	ck_assert(base32_decode(text, out, plain_len, &len));
	ck_assert_uint_eq(len, plain_len);
	ck_assert_mem_eq(out, plain, plain_len);
	ck_assert(!base32_decode(text, out, plain_len - 1, &len));

	hex_encode(plain, plain_len, text);
	ck_assert_str_eq(text, encodings[_i].hex);
	ck_assert(hex_decode(text, out, plain_len));
	ck_assert_mem_eq(out, plain, plain_len);
	ck_assert(!hex_decode(text, out, plain_len - 1));
	ck_assert(!hex_decode(text, out, plain_len + 1));
}
END_TEST

/* A text that lost a digit is not a shorter secret. */
START_TEST(base32_of_an_impossible_length_is_refused)
{
	const char whole[] = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
	char text[sizeof(whole)];
	uint8_t out[20];
	size_t len;

	for (size_t n = 1; n < sizeof(whole); n++) {
		snprintf(text, sizeof(text), "%.*s", (int)n, whole);
		ck_assert_msg(base32_decode(text, out, sizeof(out), &len) ==
				  (n % 8 != 1 && n % 8 != 3 && n % 8 != 6),
		    "%zu digits", n);
	}
}
END_TEST

START_TEST(every_length_of_base32_comes_back)
{
	uint8_t plain[SECRET_MAX], out[SECRET_MAX];
	char text[(SECRET_MAX * 8 + 4) / 5 + 1];
	size_t len = 0;

	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 167 + 13);
	for (size_t n = 1; n <= sizeof(plain); n++) {
		base32_encode(plain, n, text);
		ck_assert_uint_eq(strlen(text), (n * 8 + 4) / 5);
		ck_assert(base32_decode(text, out, sizeof(out), &len));
		ck_assert_uint_eq(len, n);
		ck_assert_mem_eq(out, plain, n);
	}
}
END_TEST

/* RFC 4648 section 10, and what is none. */
static const struct {
	const char *base64, *plain;
} blocks[] = {
    {"Zg==", "f"}, {"Zm8=", "fo"}, {"Zm9v", "foo"}, {"Zm9vYg==", "foob"},
    {"Zm9vYmE=", "fooba"}, {"Zm9vYmFy", "foobar"},
    {"\n Zm9v\tYm\r\n Fy ", "foobar"}, {"", NULL}, {" ", NULL}, {"Zm9", NULL},
    {"Zm9vY", NULL}, {"Zm9vYg=", NULL}, {"Zg===", NULL}, {"Z===", NULL},
    {"====", NULL}, {"Zg=g", NULL}, {"Zg==Zg==", NULL}, {"Zm9-", NULL},
    {"Zm_v", NULL}, {"Zm9vYmFyYg==", NULL},
    {"Zm9vYmFyYmF6", NULL}, /* more than there is room for */
};

START_TEST(base64_is_that_of_rfc_4648)
{
	const char *plain = blocks[_i].plain;
	uint8_t out[8] = {0};
	size_t len = 0;
	bool good;

	good = base64_decode(blocks[_i].base64, out, 6, &len);
	ck_assert_int_eq(good, plain != NULL);
	ck_assert_uint_eq(out[6], 0);
	if (plain == NULL)
		return;
	ck_assert_uint_eq(len, strlen(plain));
	ck_assert_mem_eq(out, plain, len);
}
END_TEST

/* A text at the end of the memory that may be read. */
static char *
text_at_the_end(const char *text)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), len = strlen(text) + 1;
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(pages, MAP_FAILED);
	ck_assert_int_eq(mprotect(pages + page, page, PROT_NONE), 0);
	return memcpy(pages + page - len, text, len);
}

static const struct {
	const char *text, *plain;
} escapes[] = {
    {"a%41b", "aAb"},
    {"%2541", "%41"},
    {"%c3%A4", "\xc3\xa4"},
    {"", ""},
    {"%", NULL},
    {"a%4", NULL},
    {"%4%41", NULL},
    {"%00", NULL},
    {"%zz", NULL},
};

START_TEST(an_escape_has_two_digits_and_nothing_behind_the_text_is_read)
{
	char *text = text_at_the_end(escapes[_i].text);

	ck_assert_int_eq(percent_decode(text), escapes[_i].plain != NULL);
	if (escapes[_i].plain != NULL)
		ck_assert_str_eq(text, escapes[_i].plain);
}
END_TEST

START_TEST(hex_is_read_to_the_end_of_its_text_and_no_further)
{
	uint8_t out[4] = {9, 9, 9, 9};

	ck_assert(!hex_decode(text_at_the_end("0"), out, 2));
	ck_assert(!hex_decode(text_at_the_end("00a"), out, 2));
	ck_assert(!hex_decode(text_at_the_end(""), out, 2));
	ck_assert(hex_decode(text_at_the_end("0aFF"), out, 2));
	ck_assert_mem_eq(out, "\x0a\xff\x09\x09", 4);
}
END_TEST

START_TEST(nothing_is_written_behind_the_room_that_there_is)
{
	static const uint8_t bytes[3] = {0xff, 0xff, 0xff};
	char text[9];
	uint8_t out[4] = {9, 9, 9, 9};
	size_t len;

	memset(text, 'g', sizeof(text));
	hex_encode(bytes, 3, text);
	ck_assert_mem_eq(text, "ffffff\0gg", 9);
	memset(text, 'g', sizeof(text));
	base32_encode(bytes, 3, text);
	ck_assert_mem_eq(text, "77776\0ggg", 9);
	ck_assert(!base32_decode("AAAAAAA", out, 3, &len));
	ck_assert_uint_eq(out[3], 9);
}
END_TEST

START_TEST(an_algorithm_is_known_by_its_whole_name)
{
	static const char *const none[] = {
	    "", "sha", "SHA2", "SHA10", "SHA2560", "SHA-5123", "MD5", "-1"};

	ck_assert_int_eq(algorithm_from_name("sha-1"), ALGORITHM_SHA1);
	ck_assert_int_eq(algorithm_from_name("SHA256"), ALGORITHM_SHA256);
	ck_assert_int_eq(algorithm_from_name("Sha512"), ALGORITHM_SHA512);
	for (size_t i = 0; i < COUNT(none); i++)
		ck_assert_int_eq(algorithm_from_name(none[i]), ALGORITHM_NONE);
}
END_TEST

/* Which parts of a token fit each other. */
static const struct {
	const char *says;
	enum rollcode_form form;
	enum rollcode_algorithm algorithm;
	unsigned int digits;
	const char *secret;
	uint64_t counter;
	bool good;
} tokens[] = {
#define S16 "text:0123456789abcdef"
    {"6 digits", FORM_HOTP, ALGORITHM_SHA1, 6, S16, 0, true},
    {"8 digits", FORM_HOTP, ALGORITHM_SHA512, 8, S16, 0, true},
    {"5 digits", FORM_HOTP, ALGORITHM_SHA1, 5, S16, 0, false},
    {"9 digits", FORM_HOTP, ALGORITHM_SHA1, 9, S16, 0, false},
    {"no form", FORM_NONE, ALGORITHM_SHA1, 6, S16, 0, false},
    {"another form", (enum rollcode_form)9, ALGORITHM_SHA1, 6, S16, 0, false},
    {"no algorithm", FORM_HOTP, ALGORITHM_NONE, 6, S16, 0, false},
    {"another algorithm", FORM_HOTP, (enum rollcode_algorithm)9, 6, S16, 0,
	false},
    {"15 bytes", FORM_HOTP, ALGORITHM_SHA1, 6, "text:0123456789abcde", 0,
	false},
    {"the last counter", FORM_HOTP, ALGORITHM_SHA1, 6, S16,
	ROLLCODE_COUNTER_END - 1, true},
    {"exhausted", FORM_HOTP, ALGORITHM_SHA1, 6, S16, ROLLCODE_COUNTER_END,
	true},
    {"beyond the end", FORM_HOTP, ALGORITHM_SHA1, 6, S16,
	ROLLCODE_COUNTER_END + 1, false},
    {"hex", FORM_HEX, ALGORITHM_SHA256, 64, S16, 0, true},
    {"hex of SHA-512", FORM_HEX, ALGORITHM_SHA512, 64, S16, 0, false},
    {"hex of 8 digits", FORM_HEX, ALGORITHM_SHA256, 8, S16, 0, false},
    {"hash", FORM_HASH, ALGORITHM_SHA256, 64, S16, 1, true},
    {"timed", FORM_TIMED, ALGORITHM_SHA256, 8, S16, 0, true},
    {"timed of 64 digits", FORM_TIMED, ALGORITHM_SHA256, 64, S16, 0, true},
    {"timed of 6 digits", FORM_TIMED, ALGORITHM_SHA256, 6, S16, 0, false},
    {"timed of 7 digits", FORM_TIMED, ALGORITHM_SHA256, 7, S16, 0, false},
    {"timed of 9 digits", FORM_TIMED, ALGORITHM_SHA256, 9, S16, 0, false},
    {"timed of SHA-1", FORM_TIMED, ALGORITHM_SHA1, 8, S16, 0, false},
    {"timed of SHA-512", FORM_TIMED, ALGORITHM_SHA512, 64, S16, 0, false},
    {"hash from 0", FORM_HASH, ALGORITHM_SHA256, 64, S16, 0, false},
    {"hash of bytes", FORM_HASH, ALGORITHM_SHA256, 64,
	"hex:00112233445566778899aabbccddeeff", 1, false},
};

START_TEST(the_parts_of_a_token_fit_each_other)
{
	struct rollcode_token token = token_of(tokens[_i].form,
	    tokens[_i].algorithm, tokens[_i].digits, tokens[_i].secret);
	struct error error = {0};
	enum rollcode_err err;

	token.counter = tokens[_i].counter;
	err = token_check(&token, &error);

	ck_assert_msg(
	    (err == ROLLCODE_OK) == tokens[_i].good, "%s", tokens[_i].says);
	ck_assert_int_eq(error.text[0] == '\0', tokens[_i].good);
}
END_TEST

int
main(void)
{
	TCase *texts = test_case("secrets", 0);

	tcase_add_loop_test(
	    texts, a_secret_is_read_as_people_write_it, 0, COUNT(secrets));
	tcase_add_test(texts, a_secret_may_have_128_bytes_and_no_more);
	tcase_add_test(texts, a_refused_secret_is_not_repeated);
	tcase_add_loop_test(
	    texts, base32_and_hex_are_those_of_rfc_4648, 0, COUNT(encodings));
	tcase_add_test(texts, every_length_of_base32_comes_back);
	tcase_add_test(texts, an_algorithm_is_known_by_its_whole_name);
	tcase_add_loop_test(texts,
	    an_escape_has_two_digits_and_nothing_behind_the_text_is_read, 0,
	    COUNT(escapes));
	tcase_add_test(
	    texts, hex_is_read_to_the_end_of_its_text_and_no_further);
	tcase_add_test(texts, nothing_is_written_behind_the_room_that_there_is);
	tcase_add_loop_test(
	    texts, base64_is_that_of_rfc_4648, 0, COUNT(blocks));
	tcase_add_test(texts, base32_of_an_impossible_length_is_refused);
	tcase_add_loop_test(
	    texts, the_parts_of_a_token_fit_each_other, 0, COUNT(tokens));
	return test_run();
}
