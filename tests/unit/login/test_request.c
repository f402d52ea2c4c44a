/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is taken for a request, and what an answer has in it.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pam_rollcode/login/request.h"
#include "tests/support/cases.h"
#include "tests/support/code_once.h"
#include "tests/support/site.h"
#include "tests/support/stack.h"

static const struct request good = {
    .magic = PROTOCOL_REQUEST,
    .kind = REQUEST_VERIFY,
    .nonce = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
    .user = "ann",
};

#define TEXT(field)                                      \
	{                                                \
		offsetof(struct request, field),         \
		    sizeof(((struct request *)0)->field) \
	}

/* Every text in it. */
static const struct {
	size_t at, len;
} texts[] = {
    TEXT(user),
    TEXT(service),
    TEXT(rhost),
    TEXT(tty),
    TEXT(text),
    TEXT(fallback),
};

START_TEST(each_text_of_a_request_ends_in_its_own_place)
{
	struct request request = good;
	char *text = (char *)&request + texts[_i].at;

	memset(text, 'x', texts[_i].len - 1);
	ck_assert(request_valid(&request));

	text[texts[_i].len - 1] = 'x';
	ck_assert(!request_valid(&request));
}
END_TEST

START_TEST(what_is_no_request_is_known)
{
	struct request request = good;

	request.magic = PROTOCOL_ANSWER;
	ck_assert(!request_valid(&request));

	request = good;
	request.kind = REQUEST_NONE;
	ck_assert(!request_valid(&request));
	request.kind = REQUEST_VERIFY + 1;
	ck_assert(!request_valid(&request));

	request = good;
	request.logged = 1;
	ck_assert(request_valid(&request));
	request.logged = 2;
	ck_assert(!request_valid(&request));
}
END_TEST

/* Of bytes that are a request, more or fewer. */
static enum rollcode_err
receive(const struct request *sent, size_t len, struct request *received)
{
	char bytes[sizeof(*sent) + 1] = {0};
	enum rollcode_err err;
	struct error error;
	int fds[2];

	memcpy(bytes, sent, sizeof(*sent));
	memset(received, 0xff, sizeof(*received));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	ck_assert_int_eq(send(fds[0], bytes, len, 0), (ssize_t)len);
	err = request_receive(fds[1], 1, received, &error);
	close(fds[0]);
	close(fds[1]);
	return err;
}

START_TEST(a_request_is_whole_and_no_longer)
{
	struct request got;

	ck_assert_int_eq(receive(&good, sizeof(good), &got), ROLLCODE_OK);
	ck_assert_mem_eq(&got, &good, sizeof(good));
	ck_assert_int_eq(
	    receive(&good, sizeof(good) - 1, &got), ROLLCODE_ERR_PRIVILEGE);
	ck_assert_int_eq(
	    receive(&good, sizeof(good) + 1, &got), ROLLCODE_ERR_PRIVILEGE);
}
END_TEST

START_TEST(of_a_refused_request_nothing_is_left)
{
	struct request request = good, got, none = {0};

	request.logged = 2;
	ck_assert_int_eq(
	    receive(&request, sizeof(request), &got), ROLLCODE_ERR_PRIVILEGE);
	ck_assert_mem_eq(&got, &none, sizeof(none));
}
END_TEST

START_TEST(an_answer_that_has_an_error_gets_the_nonce_and_no_decision)
{
	struct verification none = {0};
	struct answer answer = {.err = ROLLCODE_ERR_UNAVAIL};

	request_answer(NULL, &good, &answer);

	ck_assert_uint_eq(answer.magic, PROTOCOL_ANSWER);
	ck_assert_int_eq(answer.err, ROLLCODE_ERR_UNAVAIL);
	ck_assert_mem_eq(answer.nonce, good.nonce, sizeof(good.nonce));
	ck_assert_mem_eq(&answer.result, &none, sizeof(none));
}
END_TEST

/* --- decided in a store --------------------------------------------------- */

static struct request asked;
static struct answer answered;

static void
ask_codes(uint64_t first, uint64_t second)
{
	struct passcode code;

	asked = good;
	strcpy(asked.service, "sshd");
	strcpy(asked.rhost, "192.0.2.1");
	ck_assert_int_eq(code_once(&site.token, first, 0, &code), ROLLCODE_OK);
	strcpy(asked.text.text, code.text);
	if (second == 0)
		return;
	ck_assert_int_eq(code_once(&site.token, second, 0, &code), ROLLCODE_OK);
	strcat(asked.text.text, code.text);
	strcpy(asked.fallback.text, code.text);
}

static void
answer_asked(void)
{
	memset(&answered, 0, sizeof(answered));
	request_answer(&site.config, &asked, &answered);
}

static enum rollcode_err
see_event(void *context, const struct event *event, struct error *unused)
{
	(void)unused;
	*(struct event *)context = *event;
	return ROLLCODE_OK;
}

START_TEST(an_event_has_the_service_and_the_host_of_the_request)
{
	struct event last = {0};
	struct account account;
	struct store *store;
	bool is;

	ask_codes(0, 0);
	answer_asked();
	ck_assert_int_eq(answered.result.verdict, VERDICT_ACCEPTED);
	ck_assert_int_eq(
	    store_sqlite.open(&store, &site.config, &site.error), ROLLCODE_OK);
	ck_assert_int_eq(
	    store_sqlite.begin(store, "ann", &is, &account, &site.error),
	    ROLLCODE_OK);
	ck_assert_int_eq(
	    store_sqlite.events(store, see_event, &last, &site.error),
	    ROLLCODE_OK);
	store_sqlite.close(store);

	ck_assert_str_eq(last.service, "sshd");
	ck_assert_str_eq(last.rhost, "192.0.2.1");
}
END_TEST

/* The first text is no pair, and the second ends it. */
START_TEST(each_text_of_a_request_is_read_by_itself)
{
	ask_codes(4000, 3);
	answer_asked();

	ck_assert_int_eq(answered.err, ROLLCODE_OK);
	ck_assert_int_eq(answered.result.verdict, VERDICT_ACCEPTED);
	ck_assert_uint_eq(answered.result.fallback, 1);
	ck_assert_uint_eq(answered.result.counter, 3);
}
END_TEST

START_TEST(to_ask_who_is_enrolled_spends_no_code)
{
	ask_codes(0, 0);
	asked.kind = REQUEST_ENROLLED;
	answer_asked();
	ck_assert_int_eq(answered.result.verdict, VERDICT_ENROLLED);
	asked.kind = REQUEST_VERIFY;
	answer_asked();
	ck_assert_int_eq(answered.result.verdict, VERDICT_ACCEPTED);
}
END_TEST

START_TEST(of_what_was_typed_nothing_stays_on_the_stack)
{
	ask_codes(1, 2);

	ck_assert(!stays_on_stack(answer_asked, asked.fallback.text, 8));
	ck_assert_int_eq(answered.result.verdict, VERDICT_ACCEPTED);
}
END_TEST

/* --- sent ----------------------------------------------------------------- */

START_TEST(an_answer_is_sent_whole_and_to_nobody_without_harm)
{
	struct answer got[2];
	int fds[2];

	memset(&answered, 0x5a, sizeof(answered));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	ck_assert(answer_send(fds[0], &answered));
	ck_assert_int_eq(
	    recv(fds[1], got, sizeof(got), 0), (ssize_t)sizeof(answered));
	ck_assert_mem_eq(got, &answered, sizeof(answered));
	close(fds[1]);
	ck_assert(!answer_send(fds[0], &answered));
	close(fds[0]);
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("requests", 0), *in = test_case("a store", 0);

	tcase_add_loop_test(tcase, each_text_of_a_request_ends_in_its_own_place,
	    0, COUNT(texts));
	tcase_add_test(tcase, what_is_no_request_is_known);
	tcase_add_test(tcase, a_request_is_whole_and_no_longer);
	tcase_add_test(tcase, of_a_refused_request_nothing_is_left);
	tcase_add_test(
	    tcase, an_answer_that_has_an_error_gets_the_nonce_and_no_decision);
	tcase_add_test(
	    tcase, an_answer_is_sent_whole_and_to_nobody_without_harm);
	tcase_add_checked_fixture(in, site_make, site_unmake);
	tcase_add_test(
	    in, an_event_has_the_service_and_the_host_of_the_request);
	tcase_add_test(in, each_text_of_a_request_is_read_by_itself);
	tcase_add_test(in, to_ask_who_is_enrolled_spends_no_code);
	tcase_add_test(in, of_what_was_typed_nothing_stays_on_the_stack);
	return test_run_apart();
}
