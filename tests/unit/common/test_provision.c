/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common/token/provision.h"
#include "tests/support/cases.h"
#include "tests/support/stack.h"

#define SECRET "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
#define TEXT_SECRET "12345678901234567890"
#define HOTP "otpauth://hotp/Web:ann?secret=" SECRET

static struct provision p;
static struct provision_line line;
static struct error error;

static struct provision
sample(void)
{
	struct provision q = {
	    .token =
		{
		    .form = FORM_HOTP,
		    .algorithm = ALGORITHM_SHA256,
		    .digits = 8,
		    .counter = 7,
		    .secret = {.len = sizeof(TEXT_SECRET) - 1},
		},
	    .issuer = "Web",
	    .account = "ann",
	};

	memcpy(q.token.secret.bytes, TEXT_SECRET, q.token.secret.len);
	return q;
}

START_TEST(a_token_is_written_as_apps_read_it)
{
	p = sample();

	ck_assert_int_eq(provision_format(&p, &line, &error), ROLLCODE_OK);

	ck_assert_str_eq(line.text,
	    "otpauth://hotp/Web:ann?secret=" SECRET
	    "&issuer=Web&algorithm=SHA256&digits=8&counter=7");
}
END_TEST

START_TEST(issuer_algorithm_digits_and_counter_are_always_written)
{
	p = sample();
	p.issuer[0] = '\0';
	p.token.algorithm = ALGORITHM_SHA1;
	p.token.digits = 6;
	p.token.counter = 0;

	ck_assert_int_eq(provision_format(&p, &line, &error), ROLLCODE_OK);

	ck_assert_ptr_nonnull(strstr(
	    line.text, "&issuer=Rollcode&algorithm=SHA1&digits=6&counter=0"));
}
END_TEST

START_TEST(forms_that_apps_do_not_know_say_so)
{
	p = sample();
	p.token.form = FORM_HEX;
	p.token.digits = 64;

	ck_assert_int_eq(provision_format(&p, &line, &error), ROLLCODE_OK);

	ck_assert_ptr_nonnull(strstr(line.text, "&digits=64&counter=7"
						"&form=hex"));
	p.token.form = FORM_TIMED;
	p.token.digits = 8;
	ck_assert_int_eq(provision_format(&p, &line, &error), ROLLCODE_OK);
	ck_assert_ptr_nonnull(strstr(line.text, "&digits=8&counter=7"
						"&form=timed"));
}
END_TEST

static const struct {
	const char *issuer, *account, *label;
} names[] = {
    {"Web", "ann", ""},
    {"Web", "", ""},
    {"ACME & Söhne, 100% + more", "ann b@c.example", "phone 2"},
    {"Web", "x:y", "a=b&c"},
    {"Web", "#?/%41", "%"},
};

START_TEST(what_was_written_is_read_back)
{
	struct provision q = sample();

	memset(q.issuer, 0, sizeof(q.issuer));
	memset(q.account, 0, sizeof(q.account));
	snprintf(q.issuer, sizeof(q.issuer), "%s", names[_i].issuer);
	snprintf(q.account, sizeof(q.account), "%s", names[_i].account);
	snprintf(q.token.label, sizeof(q.token.label), "%s", names[_i].label);

	ck_assert_int_eq(provision_format(&q, &line, &error), ROLLCODE_OK);
	ck_assert_int_eq(provision_parse(line.text, &p, &error), ROLLCODE_OK);

	ck_assert_mem_eq(&p, &q, sizeof(p));
}
END_TEST

START_TEST(every_form_and_length_is_read_back)
{
	struct provision q = sample();

	q.token.form = _i > FORM_TIMED ? FORM_TIMED : (enum rollcode_form)_i;
	q.token.digits = _i == FORM_HOTP ? 7 : _i > FORM_TIMED ? 8 : 64;
	q.token.counter = ROLLCODE_COUNTER_END;
	q.token.secret.len = SECRET_MAX;
	memset(q.token.secret.bytes, 'x', SECRET_MAX);
	memset(q.issuer, '%', sizeof(q.issuer) - 1);
	memset(q.account, '%', sizeof(q.account) - 1);
	memset(q.token.label, '%', sizeof(q.token.label) - 1);
	memset(q.name, '%', sizeof(q.name) - 1);

	ck_assert_int_eq(provision_format(&q, &line, &error), ROLLCODE_OK);
	ck_assert_int_eq(provision_parse(line.text, &p, &error), ROLLCODE_OK);

	ck_assert_mem_eq(&p, &q, sizeof(p));
}
END_TEST

START_TEST(what_is_missing_means_what_apps_take_it_for)
{
	ck_assert_int_eq(
	    provision_parse(HOTP "&counter=3", &p, &error), ROLLCODE_OK);

	ck_assert_int_eq(p.token.form, FORM_HOTP);
	ck_assert_int_eq(p.token.algorithm, ALGORITHM_SHA1);
	ck_assert_uint_eq(p.token.digits, 6);
	ck_assert_uint_eq(p.token.counter, 3);
	ck_assert_str_eq(p.token.label, "");
	ck_assert_mem_eq(p.token.secret.bytes, TEXT_SECRET, 20);
}
END_TEST

static const struct {
	const char *line, *issuer, *account;
} good[] = {
    {" \t" HOTP "&counter=0\r\n", "Web", "ann"},
    {"OTPAUTH://HOTP/ann?secret=" SECRET "&counter=0", "", "ann"},
    {"otpauth://hotp/Web%3Aann?secret=" SECRET "&counter=0", "Web", "ann"},
    {"otpauth://hotp/Web%3A%20%2541?counter=0&secret=" SECRET, "Web", "%41"},
    {"otpauth://hotp/?counter=0&secret=" SECRET, "", ""},
    {HOTP "&counter=0&issuer=Other+one", "Other one", "ann"},
    {HOTP "&counter=0&period=30&image=x&image=y&flag", "Web", "ann"},
    {"QR-Code:" HOTP "&counter=0", "Web", "ann"},
    {"\xef\xbb\xbf" HOTP "&counter=0", "Web", "ann"},
    {HOTP "&counter=0&issuer=a:b", "a-b", "ann"},
    {"otpauth://hotp/web.example:80:ann?counter=0&issuer=web.example%3A80"
     "&secret=" SECRET,
	"web.example-80", "ann"},
    {"otpauth://hotp/Web:80:ann?counter=0&secret=" SECRET, "Web", "80:ann"},
    {"otpauth://hotp/Web:ann?counter=0&secret=gezdgnbvgy3tqojqge"
     "zdgnbvgy3tqojq%3D%3D",
	"Web", "ann"},
    {"otpauth://hotp/My web:ann?counter=0&secret=GEZD%20GNBV+GY3T-QOJQ"
     "GEZDGNBVGY3TQOJQ+",
	"My web", "ann"},
};

START_TEST(lines_of_other_makers_are_read)
{
	ck_assert_int_eq(
	    provision_parse(good[_i].line, &p, &error), ROLLCODE_OK);

	ck_assert_str_eq(p.issuer, good[_i].issuer);
	ck_assert_str_eq(p.account, good[_i].account);
	ck_assert_uint_eq(p.token.secret.len, 20);
	ck_assert_mem_eq(p.token.secret.bytes, TEXT_SECRET, 20);
}
END_TEST

static const struct {
	const char *line, *says;
} bad[] = {
    {"", "it starts otherwise"},
    {"http://hotp/ann?secret=" SECRET "&counter=0", "starts otherwise"},
    {"otpauth://steam/a?secret=" SECRET "&counter=0", "starts otherwise"},
    {"otpauth://totp/ann?secret=" SECRET, "totp"},
    {"otpauth://hotp/ann", "no secret"},
    {"otpauth://hotp/ann?counter=1", "no secret"},
    {HOTP, "counter="},
    {HOTP "&counter=", "counter"},
    {HOTP "&counter=-1", "counter"},
    {HOTP "&counter=1x", "counter"},
    {HOTP "&counter=9223372036854775808", "counter"},
    {HOTP "&counter=1&counter=1", "counter twice"},
    {HOTP "&counter=1&secret=" SECRET, "secret twice"},
    {HOTP "&counter=1&digits=5", "digits"},
    {HOTP "&counter=1&digits=9", "digits"},
    {HOTP "&counter=1&digits=64", "digits"},
    {HOTP "&counter=1&digits=six", "digits"},
    {HOTP "&counter=1&algorithm=MD5", "algorithm"},
    {HOTP "&counter=1&form=totp", "form"},
    {HOTP "&counter=1&form=hex&digits=8", "64 digits"},
    {HOTP "&counter=1&form=timed&digits=6", "8 or 64 digits"},
    {HOTP "&counter=1&form=timed&algorithm=SHA1&digits=8", "SHA256"},
    {HOTP "&counter=0&form=hash", "counter 1"},
    {HOTP "&counter=1&issuer=%1b[31m", "issuer"},
    {HOTP "&counter=1&issuer=%c2%9b31m", "issuer"},
    {HOTP "&counter=1&issuer=%ff", "issuer"},
    {"otpauth://hotp/ann?secret=" SECRET "&amp;counter=1", "&amp;"},
    {HOTP "&counter=1&label=%0a", "label"},
    {HOTP "&counter=1&issuer=%", "%"},
    {HOTP "&counter=1&issuer=%4", "%"},
    {HOTP "&counter=1&issuer=%zz", "%"},
    {HOTP "&counter=1&issuer=a%00b", "%"},
    {"otpauth://hotp/a%?counter=1&secret=" SECRET, "%"},
    {HOTP "\x1b&counter=1", "control"},
    {"otpauth://hotp/a?counter=1&secret=GEZDGNBVGY3TQOJQ", "10 bytes"},
    {"otpauth://hotp/a?counter=1&secret=", "base32"},
    {"otpauth://hotp/a?counter=1&secret=" SECRET "1", "base32"},
    {"otpauth://hotp/a?counter=1&secret=" SECRET " enabled", "%20"},
    {"otpauth://hotp/a?counter=1&secret=" SECRET " disabled", "%20"},
    {"otpauth://hotp/a?secret=GEZD GNBV" SECRET "&counter=1", "%20"},
};

START_TEST(a_line_that_is_no_token_is_refused_with_a_reason)
{
	const struct provision none = {0};

	p = sample();

	ck_assert_int_eq(
	    provision_parse(bad[_i].line, &p, &error), ROLLCODE_ERR_INPUT);

	ck_assert_msg(strstr(error.text, bad[_i].says) != NULL,
	    "\"%s\" does not say \"%s\"", error.text, bad[_i].says);
	ck_assert_mem_eq(&p, &none, sizeof(p));
}
END_TEST

START_TEST(no_sentence_repeats_the_secret)
{
	provision_line_wipe(&line);
	ck_assert_int_eq(
	    provision_parse(bad[_i].line, &p, &error), ROLLCODE_ERR_INPUT);

	ck_assert_ptr_null(strstr(error.text, "GEZDGNBV"));
	ck_assert_ptr_null(strstr(error.text, "otpauth://hotp/a"));
}
END_TEST

START_TEST(a_line_that_is_too_long_is_refused)
{
	static char text[PROVISION_LINE_MAX + 64];

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, HOTP "&counter=1&x=", sizeof(HOTP "&counter=1&x=") - 1);

	ck_assert_int_eq(provision_parse(text, &p, &error), ROLLCODE_ERR_INPUT);

	ck_assert_ptr_nonnull(strstr(error.text, "too long"));
}
END_TEST

/* A parameter with so many characters, and whether it is read. */
static const struct {
	const char *name;
	int len;
	bool good;
} lengths[] = {
    {"issuer", PROVISION_NAME_MAX, true},
    {"issuer", PROVISION_NAME_MAX + 1, false},
    {"label", ROLLCODE_LABEL_MAX, true},
    {"label", ROLLCODE_LABEL_MAX + 1, false},
};

START_TEST(a_name_that_does_not_fit_is_refused_and_never_cut)
{
	char name[PROVISION_NAME_MAX + 2];

	memset(name, 'x', sizeof(name));
	snprintf(line.text, sizeof(line.text), HOTP "&counter=1&%s=%.*s",
	    lengths[_i].name, lengths[_i].len, name);

	ck_assert_int_eq(provision_parse(line.text, &p, &error),
	    lengths[_i].good ? ROLLCODE_OK : ROLLCODE_ERR_INPUT);
}
END_TEST

START_TEST(a_line_may_be_as_long_as_there_is_room)
{
	static char text[PROVISION_LINE_MAX + 1];
	static const char start[] = HOTP "&counter=1&x=";

	memset(text, 'x', PROVISION_LINE_MAX - 1);
	memcpy(text, start, sizeof(start) - 1);
	ck_assert_int_eq(provision_parse(text, &p, &error), ROLLCODE_OK);

	text[PROVISION_LINE_MAX - 1] = 'x';
	ck_assert_int_eq(provision_parse(text, &p, &error), ROLLCODE_ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(error.text, "too long"));
}
END_TEST

static void
read_line(void)
{
	(void)!provision_parse(HOTP "&counter=3", &p, &error);
}

static void
refuse_line(void)
{
	(void)!provision_parse(HOTP "&counter=x", &p, &error);
}

static void
write_line(void)
{
	(void)!provision_format(&p, &line, &error);
}

START_TEST(no_secret_stays_on_the_stack)
{
	ck_assert(!stays_on_stack(read_line, SECRET, sizeof(SECRET) - 1));
	ck_assert_uint_eq(p.token.counter, 3);
	ck_assert(!stays_on_stack(write_line, SECRET, sizeof(SECRET) - 1));
	ck_assert_ptr_nonnull(strstr(line.text, SECRET));
	ck_assert(!stays_on_stack(refuse_line, SECRET, sizeof(SECRET) - 1));
}
END_TEST

START_TEST(a_name_that_would_change_the_line_is_not_written)
{
	p = sample();
	snprintf(p.issuer, sizeof(p.issuer), "%s", _i == 0 ? "a:b" : "a\nb");

	ck_assert_int_eq(
	    provision_format(&p, &line, &error), ROLLCODE_ERR_INPUT);

	ck_assert_str_eq(line.text, "");
}
END_TEST

int
main(void)
{
	TCase *writing = test_case("writing", 0);
	TCase *reading = test_case("reading", 0);

	tcase_add_test(writing, a_token_is_written_as_apps_read_it);
	tcase_add_test(
	    writing, issuer_algorithm_digits_and_counter_are_always_written);
	tcase_add_test(writing, forms_that_apps_do_not_know_say_so);
	tcase_add_loop_test(
	    writing, a_name_that_would_change_the_line_is_not_written, 0, 2);
	tcase_add_loop_test(
	    reading, what_was_written_is_read_back, 0, COUNT(names));
	tcase_add_loop_test(reading, every_form_and_length_is_read_back,
	    FORM_HOTP, FORM_TIMED + 2);
	tcase_add_test(reading, what_is_missing_means_what_apps_take_it_for);
	tcase_add_loop_test(
	    reading, lines_of_other_makers_are_read, 0, COUNT(good));
	tcase_add_loop_test(reading,
	    a_line_that_is_no_token_is_refused_with_a_reason, 0, COUNT(bad));
	tcase_add_loop_test(
	    reading, no_sentence_repeats_the_secret, 0, COUNT(bad));
	tcase_add_test(reading, a_line_that_is_too_long_is_refused);
	tcase_add_test(reading, a_line_may_be_as_long_as_there_is_room);
	tcase_add_loop_test(reading,
	    a_name_that_does_not_fit_is_refused_and_never_cut, 0,
	    COUNT(lengths));
	tcase_add_test(reading, no_secret_stays_on_the_stack);
	return test_run();
}
