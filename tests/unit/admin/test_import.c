/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "pam_rollcode/admin/import/import.h"
#include "tests/support/cases.h"

#define LOG_N 10 /* of scrypt: quick */
#define PASSPHRASE "a passphrase"

static struct error error;

/* --- exports -------------------------------------------------------------- */

static struct cli_bytes sealed, opened;

static void
seal(const char *text)
{
	ck_assert_int_eq(
	    export_seal(PASSPHRASE, LOG_N, text, strlen(text), &sealed, &error),
	    ROLLCODE_OK);
}

START_TEST(an_export_opens_with_its_passphrase)
{
	static char text[5000];

	for (size_t len = 0; len < sizeof(text); len += 499) {
		memset(text, 'x', len);
		text[len] = '\0';
		seal(text);

		ck_assert_int_eq(export_open(PASSPHRASE, sealed.text,
				     sealed.len, &opened, &error),
		    ROLLCODE_OK);

		ck_assert_uint_eq(opened.len, len);
		ck_assert_mem_eq(opened.text, text, len);
		cli_bytes_free(&opened);
		cli_bytes_free(&sealed);
	}
}
END_TEST

START_TEST(an_export_opens_with_no_other_passphrase)
{
	seal("some text");

	ck_assert_int_eq(export_open("a passphrasf", sealed.text, sealed.len,
			     &opened, &error),
	    ROLLCODE_ERR_INPUT);

	ck_assert_ptr_null(opened.text);
	cli_bytes_free(&sealed);
}
END_TEST

START_TEST(an_export_that_was_changed_does_not_open)
{
	seal("some text");

	for (size_t i = 0; i + 1 < sealed.len; i++) {
		char was = sealed.text[i];

		if (was == '\n')
			continue;
		sealed.text[i] = was == '0' ? '1' : '0';
		ck_assert_int_eq(export_open(PASSPHRASE, sealed.text,
				     sealed.len, &opened, &error),
		    ROLLCODE_ERR_INPUT);
		sealed.text[i] = was;
	}
	cli_bytes_free(&sealed);
}
END_TEST

START_TEST(an_export_that_ends_early_does_not_open)
{
	seal("some text");

	for (size_t len = 0; len + 1 < sealed.len; len++)
		ck_assert_int_eq(
		    export_open(PASSPHRASE, sealed.text, len, &opened, &error),
		    ROLLCODE_ERR_INPUT);
	cli_bytes_free(&sealed);
}
END_TEST

/* Somebody else may have written how much work its key is. */
START_TEST(an_export_whose_key_costs_too_much_is_none)
{
	static const char *const heads[] = {"9", "21", "30", "010", "+10"};
	char text[256];

	for (size_t i = 0; i < COUNT(heads); i++) {
		snprintf(text, sizeof(text),
		    "rollcode-export 1\nscrypt %s "
		    "00112233445566778899aabbccddeeff\n%080d\n",
		    heads[i], 0);
		ck_assert_int_eq(export_open(PASSPHRASE, text, strlen(text),
				     &opened, &error),
		    ROLLCODE_ERR_INPUT);
		ck_assert_ptr_nonnull(
		    strstr(error.text, "does not start like an export"));
	}
}
END_TEST

START_TEST(a_short_passphrase_seals_nothing)
{
	ck_assert_int_eq(
	    export_seal("12345678", LOG_N, "text", 4, &sealed, &error),
	    ROLLCODE_OK);
	cli_bytes_free(&sealed);
	ck_assert_int_eq(
	    export_seal("1234567", LOG_N, "text", 4, &sealed, &error),
	    ROLLCODE_ERR_INPUT);
	ck_assert_ptr_null(sealed.text);
}
END_TEST

/* --- formats -------------------------------------------------------------- */

static const struct {
	const char *text;
	enum import_format format;
} guesses[] = {
    {"", IMPORT_NONE},
    {"# otpauth://\n\nHOTP ann - 00", IMPORT_OATH},
    {"ann otpauth://hotp/x", IMPORT_OTPAUTH},
    {"GEZDGNBV\n\" RATE_LIMIT 3 30\n", IMPORT_GOOGLE},
    {"PORT=1\nSECRET_KEY=x\n", IMPORT_DEMO},
    {"  <?xml version=\"1.0\"?>", IMPORT_PSKC},
    {"rollcode-export 1\n", IMPORT_SEALED},
    {"something else\n", IMPORT_NONE},
};

START_TEST(a_format_is_known_by_its_text)
{
	ck_assert_int_eq(
	    import_guess(guesses[_i].text, strlen(guesses[_i].text)),
	    guesses[_i].format);
}
END_TEST

/* --- whose a token is ----------------------------------------------------- */

#define URI "otpauth://hotp/Server:%s?secret=" B32 "&counter=5"
#define B32 "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
#define HEX "3132333435363738393031323334353637383930"

static const struct {
	enum import_format format;
	const char *text;	 /* %s is the user */
	const char *with_nobody; /* the same, or NULL */
} owned[] = {
    {IMPORT_OTPAUTH, URI, "otpauth://hotp/?secret=" B32 "&counter=5"},
    {IMPORT_OTPAUTH, "%s otpauth://hotp/web?secret=" B32 "&counter=5", NULL},
    {IMPORT_OATH, "HOTP %s - " HEX, NULL},
    {IMPORT_GOOGLE, NULL, B32 "\n\" HOTP_COUNTER 5\n"},
};

/* Whether it is taken over, and whose it is. */
static bool
taken(enum import_format format, const char *fmt, const char *named,
    const char *user, char owner[ROLLCODE_USER_MAX + 1])
{
	WIPED(import_free) struct import_list list = {.file = "file"};
	char text[256];
	bool refused;

	snprintf(text, sizeof(text), "%.*s%s%s", (int)strcspn(fmt, "%"), fmt,
	    named, strchr(fmt, '%') == NULL ? "" : strchr(fmt, '%') + 2);
	ck_assert_int_eq(
	    import_read(&list, format, user, text, strlen(text), &error),
	    ROLLCODE_OK);
	ck_assert_uint_eq(list.count, 1);
	refused = list.entries[0].refused != NULL;
	strcpy(owner, list.entries[0].user);
	if (refused)
		ck_assert_ptr_null(strstr(list.entries[0].refused, HEX));
	return !refused;
}

START_TEST(where_an_owner_is_given_other_names_are_refused)
{
	enum import_format format = owned[_i].format;
	const char *text = owned[_i].text, *nobody = owned[_i].with_nobody;
	char owner[ROLLCODE_USER_MAX + 1];

	if (text != NULL) {
		ck_assert(taken(format, text, "ann", "", owner));
		ck_assert_str_eq(owner, "ann");
		ck_assert(taken(format, text, "ann", "ann", owner));
		ck_assert_str_eq(owner, "ann");
		ck_assert(!taken(format, text, "root", "ann", owner));
		ck_assert_str_eq(owner, "root");
		ck_assert(!taken(format, text, "Ann", "ann", owner));
		ck_assert(!taken(format, text, "annn", "ann", owner));
		ck_assert(!taken(format, text, "an", "ann", owner));
	}
	if (nobody != NULL) {
		ck_assert(taken(format, nobody, "", "ann", owner));
		ck_assert_str_eq(owner, "ann");
		ck_assert(taken(format, nobody, "", "", owner));
		ck_assert_str_eq(owner, "");
	}
}
END_TEST

/* --- limits --------------------------------------------------------------- */

START_TEST(reading_stops_after_a_hundred_refusals)
{
	WIPED(import_free) struct import_list list = {.file = "file"};
	static char text[2 * 1000 + 1];

	for (size_t i = 0; i < 1000; i++)
		memcpy(text + 2 * i, "x\n", 3);

	ck_assert_int_eq(import_read(&list, IMPORT_OATH, "", text,
			     2 * IMPORT_REFUSED_MAX, &error),
	    ROLLCODE_OK);
	ck_assert_int_eq(import_all_read(&list, &error), ROLLCODE_OK);
	import_free(&list);
	ck_assert_int_eq(
	    import_read(&list, IMPORT_OATH, "", text, 2 * 1000, &error),
	    ROLLCODE_OK);
	ck_assert_uint_eq(list.count, IMPORT_REFUSED_MAX);
	ck_assert_uint_eq(list.unread, 1000 - IMPORT_REFUSED_MAX);
	ck_assert_int_eq(import_all_read(&list, &error), ROLLCODE_ERR_INPUT);
}
END_TEST

START_TEST(a_list_has_an_end)
{
	WIPED(import_free) struct import_list list = {.file = "file"};
	struct import_entry entry = {.line = 1};
	enum rollcode_err err = ROLLCODE_OK;

	for (size_t i = 0; i < IMPORT_TOKENS_MAX && err == ROLLCODE_OK; i++)
		err = import_add(&list, &entry, NULL, &error);
	ck_assert_int_eq(err, ROLLCODE_OK);

	ck_assert_int_eq(
	    import_add(&list, &entry, NULL, &error), ROLLCODE_ERR_INPUT);
}
END_TEST

/* More often than its length, and in a moment. */
START_TEST(a_long_list_of_owners_is_searched_often)
{
	WIPED(owners_free) struct import_owners owners = {0};
	char serial[16];

	for (int i = 0; i < OWNERS_MAX; i++) {
		snprintf(serial, sizeof(serial), "S%d", i);
		ck_assert_int_eq(
		    owners_add(&owners, serial, "ann", &error), ROLLCODE_OK);
	}
	ck_assert_int_eq(
	    owners_add(&owners, "S7", "ann", &error), ROLLCODE_ERR_INPUT);
	ck_assert_int_eq(
	    owners_add(&owners, "T", "ann", &error), ROLLCODE_ERR_INPUT);

	for (int i = 0; i < 4 * OWNERS_MAX; i += 5) {
		snprintf(serial, sizeof(serial), "S%d", i);
		ck_assert_int_eq(
		    owners_find(&owners, serial) != NULL, i < OWNERS_MAX);
	}
}
END_TEST

/* --- tokens that meet ----------------------------------------------------- */

static struct account account;

static struct rollcode_token
token(uint8_t secret, uint64_t counter)
{
	struct rollcode_token t = {
	    .form = FORM_HOTP,
	    .algorithm = ALGORITHM_SHA1,
	    .digits = 8,
	    .counter = counter,
	    .secret = {.len = 20},
	};

	memset(t.secret.bytes, secret, t.secret.len);
	return t;
}

static enum import_merge
merge(struct rollcode_token t, bool force)
{
	enum import_merge merged = MERGE_NONE;

	if (account_merge(&account, &t, force, 0, &merged, &error) !=
	    ROLLCODE_OK)
		return MERGE_NONE;
	return merged;
}

static void
begin(void)
{
	memset(&account, 0, sizeof(account));
	ck_assert_int_eq(merge(token(1, 20), false), MERGE_ADDED);
	account.tokens[0].id = 7;
}

START_TEST(a_counter_moves_forward_only)
{
	begin();

	ck_assert_int_eq(merge(token(1, 20), false), MERGE_SAME);
	ck_assert_int_eq(merge(token(1, 19), false), MERGE_KEPT);
	ck_assert_uint_eq(account.tokens[0].token.counter, 20);
	ck_assert_int_eq(merge(token(1, 21), false), MERGE_RAISED);
	ck_assert_uint_eq(account.tokens[0].token.counter, 21);
	ck_assert_uint_eq(account.token_count, 1);
	ck_assert_int_eq(account.tokens[0].id, 7);
}
END_TEST

START_TEST(a_counter_that_moves_forgets_what_was_far)
{
	begin();
	account.tokens[0].far_known = true;

	ck_assert_int_eq(merge(token(1, 20), false), MERGE_SAME);
	ck_assert(account.tokens[0].far_known);
	ck_assert_int_eq(merge(token(1, 21), false), MERGE_RAISED);
	ck_assert(!account.tokens[0].far_known);
}
END_TEST

START_TEST(a_token_has_the_label_that_the_account_gives_it)
{
	enum import_merge merged;
	struct rollcode_token t = token(1, 21);

	begin();
	strcpy(t.label, "other");
	ck_assert_int_eq(account_merge(&account, &t, false, 0, &merged, &error),
	    ROLLCODE_OK);
	ck_assert_str_eq(t.label, "token");
	ck_assert_uint_eq(account.token_count, 1);
}
END_TEST

START_TEST(by_force_a_new_row_has_the_lower_counter)
{
	begin();

	ck_assert_int_eq(merge(token(1, 19), true), MERGE_LOWERED);

	ck_assert_uint_eq(account.tokens[0].token.counter, 19);
	ck_assert_int_eq(account.tokens[0].id, 0);
	ck_assert_uint_eq(account.token_count, 1);
}
END_TEST

START_TEST(a_secret_does_not_become_another_kind_of_token)
{
	struct rollcode_token t = token(1, 30);

	begin();
	t.digits = 6;

	ck_assert_int_eq(merge(t, true), MERGE_NONE);
	ck_assert_uint_eq(account.tokens[0].token.counter, 20);
}
END_TEST

START_TEST(tokens_without_labels_get_some)
{
	begin();

	ck_assert_int_eq(merge(token(2, 0), false), MERGE_ADDED);
	ck_assert_int_eq(merge(token(3, 0), false), MERGE_ADDED);

	ck_assert_str_eq(account.tokens[0].token.label, "token");
	ck_assert_str_eq(account.tokens[1].token.label, "token-2");
	ck_assert_str_eq(account.tokens[2].token.label, "token-3");
}
END_TEST

int
main(void)
{
	TCase *tc = test_case("import", 60);

	tcase_add_test(tc, an_export_opens_with_its_passphrase);
	tcase_add_test(tc, an_export_opens_with_no_other_passphrase);
	tcase_add_test(tc, an_export_that_was_changed_does_not_open);
	tcase_add_test(tc, an_export_that_ends_early_does_not_open);
	tcase_add_test(tc, an_export_whose_key_costs_too_much_is_none);
	tcase_add_test(tc, a_short_passphrase_seals_nothing);
	tcase_add_loop_test(
	    tc, a_format_is_known_by_its_text, 0, COUNT(guesses));
	tcase_add_loop_test(tc, where_an_owner_is_given_other_names_are_refused,
	    0, COUNT(owned));
	tcase_add_test(tc, reading_stops_after_a_hundred_refusals);
	tcase_add_test(tc, a_list_has_an_end);
	tcase_add_test(tc, a_long_list_of_owners_is_searched_often);
	tcase_add_test(tc, a_counter_moves_forward_only);
	tcase_add_test(tc, a_counter_that_moves_forgets_what_was_far);
	tcase_add_test(tc, a_token_has_the_label_that_the_account_gives_it);
	tcase_add_test(tc, by_force_a_new_row_has_the_lower_counter);
	tcase_add_test(tc, a_secret_does_not_become_another_kind_of_token);
	tcase_add_test(tc, tokens_without_labels_get_some);
	return test_run();
}
