/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_readers.c - files of other programs, line by line: what becomes a token,
 * and what is refused by which word.
 */
#include <stdio.h>

#include <sqlite3.h>

#include "common/token/codec.h"
#include "pam_rollcode/admin/import/import.h"
#include "tests/support/cases.h"
#include "tests/support/freed.h"
#include "tests/support/stack.h"

#define TEXT "12345678901234567890" /* a secret; and as it is written: */
#define HEX "3132333435363738393031323334353637383930"
#define B32 "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
#define B64 "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA="

static struct error error;
static struct import_list list;

/* --- a container of RFC 6030 -----------------------------------------------
 */

#define NS "urn:ietf:params:xml:ns:keyprov:pskc"
#define XML(device, key, algorithm, format, data, more)                      \
	"<KeyContainer xmlns='" NS "'><KeyPackage><DeviceInfo>" device       \
	"</DeviceInfo><Key Algorithm='" NS ":" algorithm                     \
	"'><AlgorithmParameters>" format "</AlgorithmParameters><Data>" data \
	"</Data>" key "</Key></KeyPackage>" more "</KeyContainer>"
#define EIGHT "<ResponseFormat Length='8' Encoding='DECIMAL'/>"
#define PLAIN(name, value) \
	"<" name "><PlainValue>" value "</PlainValue></" name ">"
#define DATA PLAIN("Secret", B64) PLAIN("Counter", "5")
#define ANN "<UserId>ann</UserId>"
#define KEYS(format, data) XML("", ANN, "hotp", format, data, "")

/* --- what becomes of a text ------------------------------------------------
 */

static void
read_text(
    enum import_format format, const char *user, const char *text, size_t len)
{
	const struct import_source source = {.format = "", .user = user};
	enum rollcode_err err =
	    format == IMPORT_PSKC
		? pskc_read(&list, &source, text, len, &error)
		: import_read(&list, format, user, text, len, &error);

	ck_assert_int_eq(err, ROLLCODE_OK);
}

static bool
has_no_libxml2(void)
{
	return list.count == 1 && list.entries[0].refused != NULL &&
	       strstr(list.entries[0].refused, "libxml2") != NULL;
}

static const struct {
	enum import_format format;
	const char *text, *user;
	int64_t counter; /* and what a token has */
	unsigned int digits;
	const char *refused; /* or a part of why it is none */
} cases[] = {
    {IMPORT_OATH, "HOTP ann - " HEX, "ann", 0, 6, NULL},
    {IMPORT_OATH, "HOTP/E ann + " HEX " 5", "ann", 5, 6, NULL},
    {IMPORT_OATH, "HOTP/E/7 ann - " HEX " 5 123456", "ann", 6, 7, NULL},
    {IMPORT_OATH, "HOTP/E/8 ann - " HEX " 5 123456 now", "ann", 6, 8, NULL},
    {IMPORT_OATH, "HOTP ann - " HEX " 9223372036854775806", "ann",
	INT64_MAX - 1, 6, NULL},
    {IMPORT_OATH, "HOTP ann - " HEX " 9223372036854775805 1", "ann",
	INT64_MAX - 1, 6, NULL},
    {IMPORT_OATH, "HOTP ann - " HEX " 9223372036854775806 1", "ann", 0, 0,
	"exhausted"},
    {IMPORT_OATH, "HOTP ann - " HEX " 9223372036854775807 1", "ann", 0, 0,
	"counter"},
    {IMPORT_OATH, "HOTP/E/88 ann - " HEX, "ann", 0, 0, "type"},
    {IMPORT_OATH, "HOTP/T30/6 ann - " HEX, "ann", 0, 0, "counts time"},
    {IMPORT_OATH, "HOTP ann -+ " HEX, "ann", 0, 0, "PIN"},
    {IMPORT_OATH, "HOTP ann - " HEX " 5 12345x", "ann", 0, 0, "last code"},
    {IMPORT_OATH, "HOTP ann - " HEX " 5 1 now more", "", 0, 0,
	"more than seven"},
    {IMPORT_OATH, "HOTP an\1n - " HEX, "", 0, 0, "control character"},
    {IMPORT_OATH, "HOTP an\x1fn - " HEX, "", 0, 0, "control character"},
    {IMPORT_GOOGLE, B32 "\n\" HOTP_COUNTER 5\n12345678\n", "", 5, 6, NULL},
    {IMPORT_GOOGLE, B32 "\n\" HOTP_COUNTER 5\n1234567\n", "", 0, 0, "scratch"},
    {IMPORT_GOOGLE, B32 "\n\" HOTP_COUNTER 5\n123456789\n", "", 0, 0,
	"scratch"},
    {IMPORT_GOOGLE, B32 "\n\" HOTP_COUNTER 5\n\" HOTP_COUNTER 4\n", "", 0, 0,
	"a second"},
    {IMPORT_GOOGLE, B32 "\n\" RATE_LIMIT 3 30\n", "", 0, 0, "counts time"},
    {IMPORT_GOOGLE, B32 "\n\" HOTP_COUNTER 5\n\" TOTP_AUTH\n", "", 0, 0,
	"counts time"},
    {IMPORT_OTPAUTH, "an%6E otpauth://hotp/x?counter=5&secret=" B32, "ann", 5,
	6, NULL},
    {IMPORT_OTPAUTH, "an%n otpauth://hotp/x?counter=5&secret=" B32, "", 0, 0,
	"not a line"},
    {IMPORT_PSKC, KEYS(EIGHT, DATA), "ann", 5, 8, NULL},
    {IMPORT_PSKC, KEYS("", DATA), "ann", 5, 6, NULL},
    {IMPORT_PSKC,
	XML("<UserId>uid=ann,dc=x</UserId>", "", "hotp", EIGHT, DATA, ""),
	"ann", 5, 8, NULL},
    {IMPORT_PSKC, XML("<UserId>bob</UserId>", ANN, "hotp", EIGHT, DATA, ""),
	"ann", 5, 8, NULL},
    {IMPORT_PSKC, XML("", ANN, "hotp:x", EIGHT, DATA, ""), "ann", 0, 0,
	"HOTP profile"},
    {IMPORT_PSKC, XML("", ANN, "totp", EIGHT, DATA, ""), "ann", 0, 0,
	"HOTP profile"},
    {IMPORT_PSKC, KEYS(EIGHT, PLAIN("Secret", B64) PLAIN("Counter", "5x")),
	"ann", 0, 0, "Counter"},
    {IMPORT_PSKC,
	KEYS(EIGHT,
	    PLAIN("Secret", B64) PLAIN("Counter", "18446744073709551621")),
	"ann", 0, 0, "Counter"},
    {IMPORT_PSKC, KEYS(EIGHT, DATA PLAIN("Counter", "4")), "ann", 0, 0,
	"Counter"},
    {IMPORT_PSKC,
	KEYS(EIGHT, PLAIN("Secret", B64) PLAIN("Counter", "5<!-- -->0")), "ann",
	0, 0, "Counter"},
    {IMPORT_PSKC, KEYS(EIGHT, PLAIN("Secret", B64)), "ann", 0, 0, "no counter"},
    {IMPORT_PSKC, KEYS("<ResponseFormat Length='4294967302'/>", DATA), "ann", 0,
	0, "Length"},
    {IMPORT_PSKC, KEYS("<ResponseFormat Encoding='HEXADECIMAL'/>", DATA), "ann",
	0, 0, "Encoding"},
    {IMPORT_PSKC, KEYS("<ResponseFormat CheckDigits='1'/>", DATA), "ann", 0, 0,
	"CheckDigits"},
    {IMPORT_PSKC, KEYS("<Suite>SHA3</Suite>" EIGHT, DATA), "ann", 0, 0,
	"Suite"},
    {IMPORT_PSKC,
	XML("", ANN "<Policy><PINPolicy/></Policy>", "hotp", EIGHT, DATA, ""),
	"ann", 0, 0, "/PINPolicy"},
    {IMPORT_PSKC, XML("", ANN "<Use/>", "hotp", EIGHT, DATA, ""), "ann", 0, 0,
	"/Use,"},
    {IMPORT_PSKC, KEYS(EIGHT, DATA PLAIN("Time", "1")), "ann", 0, 0,
	"PlainValue,"},
    {IMPORT_PSKC, XML("", ANN, "hotp", EIGHT, DATA, "<Other/>"), "", 0, 0,
	"/Other"},
    {IMPORT_PSKC, "<KeyContainer xmlns='" NS "'></KeyContainer>", "", 0, 0,
	"no key"},
    {IMPORT_PSKC, "<x:a xmlns:x='urn:x'/>", "", 0, 0, "not a key container"},
    {IMPORT_MIGRATION, "otpauth-migration://offline?data=CiAKAmFi", "", 0, 0,
	"damaged"},
    {IMPORT_MIGRATION, "otpauth-migration://offline?data=gA==", "", 0, 0,
	"damaged"},
};

START_TEST(a_text_becomes_a_token_or_is_refused_by_name)
{
	const struct import_entry *e;

	read_text(cases[_i].format, "", cases[_i].text, strlen(cases[_i].text));

	ck_assert_uint_eq(list.count, 1);
	e = &list.entries[0];
	if (cases[_i].format == IMPORT_PSKC && has_no_libxml2())
		return;
	if (cases[_i].refused == NULL) {
		ck_assert_ptr_null(e->refused);
		ck_assert_str_eq(e->user, cases[_i].user);
		ck_assert_uint_eq(
		    e->provision.token.counter, (uint64_t)cases[_i].counter);
		ck_assert_uint_eq(e->provision.token.digits, cases[_i].digits);
		ck_assert_int_eq(e->provision.token.form, FORM_HOTP);
		ck_assert_int_eq(e->provision.token.algorithm, ALGORITHM_SHA1);
		ck_assert_mem_eq(e->provision.token.secret.bytes, TEXT, 20);
	} else {
		ck_assert_ptr_nonnull(e->refused);
		ck_assert_msg(strstr(e->refused, cases[_i].refused) != NULL,
		    "%s: %s", cases[_i].refused, e->refused);
		ck_assert_uint_eq(e->provision.token.secret.len, 0);
	}
	import_free(&list);
}
END_TEST

START_TEST(a_nul_in_a_line_is_refused)
{
	static const char text[] = "HOTP ann - " HEX "\0 5\n";

	read_text(IMPORT_OATH, "", text, sizeof(text) - 1);

	ck_assert_uint_eq(list.count, 1);
	ck_assert_ptr_nonnull(strstr(list.entries[0].refused, "NUL"));
	import_free(&list);
}
END_TEST

START_TEST(a_line_has_room_for_as_much_as_a_token_needs)
{
	static char text[PROVISION_LINE_MAX + 1];

	memset(text, '#', sizeof(text));
	read_text(IMPORT_OATH, "", text, PROVISION_LINE_MAX - 1);
	ck_assert_uint_eq(list.count, 0);

	read_text(IMPORT_OATH, "", text, PROVISION_LINE_MAX);

	ck_assert_uint_eq(list.count, 1);
	ck_assert_ptr_nonnull(strstr(list.entries[0].refused, "too long"));
	import_free(&list);
}
END_TEST

START_TEST(what_is_disabled_stays_so)
{
	static const char text[] =
	    "a otpauth://hotp/x?counter=5&secret=" B32 " disabled\n"
	    "b otpauth://hotp/x?counter=5&secret=" B32 "\n";

	read_text(IMPORT_OTPAUTH, "", text, sizeof(text) - 1);

	ck_assert_uint_eq(list.count, 2);
	ck_assert(list.entries[0].disabled);
	ck_assert(!list.entries[1].disabled);
	import_free(&list);
}
END_TEST

/* --- how long a secret is --------------------------------------------------
 */

static sqlite3 *demo;

/* The demo's database, where its counter is 4. */
static void
read_demo(const char *text)
{
	sqlite3_int64 size = 0;
	unsigned char *image;

	ck_assert_int_eq(sqlite3_open(":memory:", &demo), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(demo,
			     "CREATE TABLE t(counter); INSERT INTO t VALUES(4)",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	image = sqlite3_serialize(demo, "main", &size, 0);
	ck_assert_ptr_nonnull(image);
	ck_assert_int_eq(import_demo(&list, "ann", text, strlen(text), image,
			     (size_t)size, &error),
	    ROLLCODE_OK);
	sqlite3_free(image);
	sqlite3_close(demo);
}

/* So many times the byte 'x', as each format writes it. */
static void
write_secret(enum import_format format, size_t len, char *out)
{
	uint8_t bytes[SECRET_MAX + 1];

	memset(bytes, 'x', sizeof(bytes));
	if (format == IMPORT_OATH) {
		hex_encode(bytes, len, out);
	} else if (format == IMPORT_DEMO) {
		memcpy(out, bytes, len);
		out[len] = '\0';
	} else if (format == IMPORT_PSKC) {
		*out = '\0';
		for (size_t i = 0; i < len / 3; i++)
			strcat(out, "eHh4");
		strcat(out, len % 3 == 0 ? "" : len % 3 == 1 ? "eA==" : "eHg=");
	} else {
		base32_encode(bytes, len, out);
	}
}

static const struct {
	enum import_format format;
	const char *before, *behind, *too_long;
} readers[] = {
    {IMPORT_OATH, "HOTP ann - ", " 5", "256 at most"},
    {IMPORT_GOOGLE, "", "\n\" HOTP_COUNTER 5\n", "base32"},
    {IMPORT_OTPAUTH, "otpauth://hotp/ann?counter=5&secret=", "", "secret"},
    {IMPORT_PSKC,
	"<KeyContainer xmlns='" NS "'><KeyPackage><Key Algorithm='" NS
	":hotp'><Data>" PLAIN("Counter", "5") "<Secret><PlainValue>",
	"</PlainValue></Secret></Data></Key></KeyPackage></KeyContainer>",
	"no secret of 128 bytes"},
    {IMPORT_DEMO, "SECRET_KEY=", "\n", "is empty or over"},
};

START_TEST(a_secret_has_16_to_128_bytes)
{
	static const size_t lens[] = {15, 16, 128, 129};
	char text[2 * PROVISION_LINE_MAX], secret[1024];

	for (size_t i = 0; i < COUNT(lens); i++) {
		write_secret(readers[_i].format, lens[i], secret);
		snprintf(text, sizeof(text), "%s%s%s", readers[_i].before,
		    secret, readers[_i].behind);
		if (readers[_i].format == IMPORT_DEMO)
			read_demo(text);
		else
			read_text(readers[_i].format, "", text, strlen(text));
		ck_assert_uint_eq(list.count, 1);
		if (has_no_libxml2())
			return;
		if (i == 0 || i == 3) {
			ck_assert_ptr_nonnull(list.entries[0].refused);
			ck_assert_ptr_nonnull(strstr(list.entries[0].refused,
			    i == 0 ? "16" : readers[_i].too_long));
		} else {
			const struct secret *s =
			    &list.entries[0].provision.token.secret;

			ck_assert_ptr_null(list.entries[0].refused);
			ck_assert_uint_eq(s->len, lens[i]);
			ck_assert_int_eq(s->bytes[lens[i] - 1], 'x');
			ck_assert_uint_eq(
			    list.entries[0].provision.token.counter, 5);
		}
		import_free(&list);
	}
}
END_TEST

static const struct {
	const char *text, *refused;
} demos[] = {
    {"A=1\nexport SECRET_KEY = '" TEXT "' # x\n", NULL},
    {"SECRET_KEY=" TEXT " # x\n", NULL},
    {"SECRET_KEY=" TEXT "\nSECRET_KEY=other\n", "a second"},
    {"SECRET_KEYS=" TEXT "\n", "no SECRET_KEY"},
    {"SECRET_KEY=\n", "empty"},
};

START_TEST(the_demos_key_is_read_as_it_reads_it)
{
	read_demo(demos[_i].text);

	ck_assert_uint_eq(list.count, 1);
	if (demos[_i].refused == NULL) {
		ck_assert_ptr_null(list.entries[0].refused);
		ck_assert_uint_eq(
		    list.entries[0].provision.token.secret.len, strlen(TEXT));
	} else {
		ck_assert_ptr_nonnull(
		    strstr(list.entries[0].refused, demos[_i].refused));
	}
	import_free(&list);
}
END_TEST

/* --- what is left ----------------------------------------------------------
 */

static bool
has_secret(const void *bytes, size_t len)
{
	return memmem(bytes, len, TEXT, strlen(TEXT)) != NULL ||
	       memmem(bytes, len, HEX, strlen(HEX)) != NULL ||
	       memmem(bytes, len, B32, strlen(B32)) != NULL;
}

/* More than a list has room for at first, and one of them refused. */
static char lines[70 * (sizeof("HOTP ann - " HEX "\n") - 1) + 1];

static void
make_lines(void)
{
	lines[0] = '\0';
	for (int i = 0; i < 70; i++)
		strcat(lines, "HOTP ann - " HEX "\n");
}

START_TEST(no_list_that_is_freed_has_a_secret)
{
	make_lines();
	freed_watch(TEXT, strlen(TEXT));

	read_text(IMPORT_OATH, "", lines, strlen(lines));
	ck_assert_uint_eq(list.count, 70);
	ck_assert_int_eq(
	    import_entry_refuse(&list, &list.entries[3], "why", &error),
	    ROLLCODE_OK);
	ck_assert(!has_secret(&list.entries[3], sizeof(list.entries[3])));
	import_free(&list);

	ck_assert_uint_eq(freed_with(), 0);
}
END_TEST

static struct provision
secret_provision(void)
{
	struct provision p = {
	    .token = {.form = FORM_HOTP,
		.algorithm = ALGORITHM_SHA1,
		.digits = 8,
		.secret = {.len = 20}},
	    .account = "ann",
	};

	memcpy(p.token.secret.bytes, TEXT, 20);
	return p;
}

START_TEST(no_export_that_is_freed_has_a_secret)
{
	struct cli_bytes text = {NULL, 0, 0}, sealed, opened;
	struct provision p = secret_provision();

	freed_watch(B32, strlen(B32));
	for (int i = 0; i < 200; i++)
		ck_assert_int_eq(
		    export_line(&text, &p, false, &error), ROLLCODE_OK);
	ck_assert(has_secret(text.text, text.len));
	ck_assert_int_eq(export_seal("a passphrase", 10, text.text, text.len,
			     &sealed, &error),
	    ROLLCODE_OK);
	cli_bytes_free(&text);
	ck_assert_int_eq(export_open("a passphrase", sealed.text, sealed.len,
			     &opened, &error),
	    ROLLCODE_OK);
	ck_assert(has_secret(opened.text, opened.len));
	cli_bytes_free(&opened);
	cli_bytes_free(&sealed);

	ck_assert_uint_eq(freed_with(), 0);
}
END_TEST

static const struct {
	enum import_format format;
	const char *text, *stays;
} stacks[] = {
    {IMPORT_OATH, "HOTP ann - " HEX, TEXT},
    {IMPORT_OATH, "HOTP ann - " HEX, HEX},
    {IMPORT_GOOGLE, B32 "\n\" HOTP_COUNTER 5\n", B32},
    {IMPORT_OTPAUTH, "otpauth://hotp/ann?counter=5&secret=" B32, TEXT},
    {IMPORT_OTPAUTH, "otpauth://hotp/ann?counter=5&secret=" B32, B32},
};
static size_t on_stack;

static void
read_on_stack(void)
{
	(void)!import_read(&list, stacks[on_stack].format, "ann",
	    stacks[on_stack].text, strlen(stacks[on_stack].text), &error);
}

START_TEST(no_reader_leaves_a_secret_on_the_stack)
{
	on_stack = (size_t)_i;
	ck_assert(!stays_on_stack(
	    read_on_stack, stacks[_i].stays, strlen(stacks[_i].stays)));
	ck_assert_uint_eq(list.count, 1);
	ck_assert_ptr_null(list.entries[0].refused);
	import_free(&list);
}
END_TEST

static struct cli_bytes exported;
static const struct provision *exports;

static void
export_on_stack(void)
{
	(void)!export_line(&exported, exports, false, &error);
}

START_TEST(no_line_of_an_export_stays_on_the_stack)
{
	struct provision p = secret_provision();

	exports = &p;
	ck_assert(!stays_on_stack(export_on_stack, B32, strlen(B32)));
	ck_assert(has_secret(exported.text, exported.len));
	cli_bytes_free(&exported);
}
END_TEST

int
main(void)
{
	TCase *t = test_case("readers", 0);

	tcase_add_loop_test(
	    t, a_text_becomes_a_token_or_is_refused_by_name, 0, COUNT(cases));
	tcase_add_test(t, a_nul_in_a_line_is_refused);
	tcase_add_test(t, a_line_has_room_for_as_much_as_a_token_needs);
	tcase_add_test(t, what_is_disabled_stays_so);
	tcase_add_loop_test(t, a_secret_has_16_to_128_bytes, 0, COUNT(readers));
	tcase_add_loop_test(
	    t, the_demos_key_is_read_as_it_reads_it, 0, COUNT(demos));
	tcase_add_test(t, no_list_that_is_freed_has_a_secret);
	tcase_add_test(t, no_export_that_is_freed_has_a_secret);
	tcase_add_loop_test(
	    t, no_reader_leaves_a_secret_on_the_stack, 0, COUNT(stacks));
	tcase_add_test(t, no_line_of_an_export_stays_on_the_stack);
	return test_run();
}
