/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question, and each way in which a service may answer it badly.
 */
#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pam_rollcode/ask/ask.h"
#include "tests/support/cases.h"
#include "tests/support/folder.h"

#define ACCOUNT 990

/* What the service does with one connection. */
enum manner {
	ANSWERS = 0,
	HANGS_UP,      /* before it is asked */
	READS_NOTHING, /* and hangs up when it was asked */
	SAYS_NOTHING,  /* and ends behind that */
	OTHER_NONCE,
	OTHER_LAST_BYTE,
	OTHER_MAGIC,
	OTHER_ERROR, /* one that there is not */
	SHORT,
	LONG,
};

static struct {
	char directory[64], path[96];
	int listener, taken;
	uid_t uid;		    /* who holds it */
	const enum manner *manners; /* of each connection; then it is gone */
	int left;
	size_t asked; /* bytes of the last request */
	struct answer answer;
} service;

int __real_getsockopt(int, int, int, void *, socklen_t *);
int __wrap_getsockopt(int, int, int, void *, socklen_t *);
int __wrap_getpwnam_r(
    const char *, struct passwd *, char *, size_t, struct passwd **);
int __real_poll(struct pollfd *, nfds_t, int);
int __wrap_poll(struct pollfd *, nfds_t, int);

/* Whoever connects looks who is there; then the service has its turn. */
int
__wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	int result = __real_getsockopt(fd, level, name, value, len);

	if (name != SO_PEERCRED)
		return result;
	((struct ucred *)value)->uid = service.uid;
	if (service.taken >= 0)
		close(service.taken);
	service.taken = accept4(service.listener, NULL, NULL, SOCK_NONBLOCK);
	ck_assert_int_ge(service.taken, 0);
	if (--service.left == 0) {
		close(service.listener);
		service.listener = -1;
	}
	if (*service.manners == SAYS_NOTHING)
		shutdown(service.taken, SHUT_WR);
	if (*service.manners != HANGS_UP)
		return result;
	service.manners++;
	close(service.taken);
	service.taken = -1;
	return result;
}

int
__wrap_getpwnam_r(const char *name, struct passwd *pw, char *buffer,
    size_t size, struct passwd **found)
{
	(void)buffer;
	(void)size;
	*found = strcmp(name, ROLLCODE_ACCOUNT) == 0 ? pw : NULL;
	pw->pw_uid = ACCOUNT;
	return 0;
}

static void
give_answer(enum manner manner)
{
	struct request request;
	struct {
		struct answer answer;
		char more;
	} say = {.answer = service.answer};
	size_t len = sizeof(say.answer);

	service.asked =
	    (size_t)recv(service.taken, &request, sizeof(request), 0);
	ck_assert_uint_eq(service.asked, sizeof(request));
	memcpy(say.answer.nonce, request.nonce, sizeof(request.nonce));
	if (manner == OTHER_NONCE)
		say.answer.nonce[0] ^= 1;
	if (manner == OTHER_LAST_BYTE)
		say.answer.nonce[sizeof(request.nonce) - 1] ^= 1;
	if (manner == OTHER_MAGIC)
		say.answer.magic = PROTOCOL_REQUEST;
	if (manner == OTHER_ERROR)
		say.answer.err = ROLLCODE_ERR_USAGE + 1;
	len += (size_t)(manner == LONG) - (size_t)(manner == SHORT);
	ck_assert_int_eq(send(service.taken, &say, len, 0), (ssize_t)len);
}

/* Whoever waits for an answer has asked. */
int
__wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	enum manner manner = *service.manners++;

	if (manner == READS_NOTHING) {
		close(service.taken);
		service.taken = -1;
	} else if (manner != SAYS_NOTHING) {
		give_answer(manner);
	}
	return __real_poll(fds, count, timeout);
}

static void
set_up(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memset(&service, 0, sizeof(service));
	service.answer.magic = PROTOCOL_ANSWER;
	service.answer.result.verdict = VERDICT_ACCEPTED;
	service.taken = -1;
	ck_assert(folder_make(service.directory));
	snprintf(
	    service.path, sizeof(service.path), "%s/socket", service.directory);
	memcpy(address.sun_path, service.path, sizeof(service.path));
	service.listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	ck_assert_int_eq(
	    bind(service.listener, (const struct sockaddr *)&address,
		sizeof(address)),
	    0);
	ck_assert_int_eq(listen(service.listener, 8), 0);
}

static void
tear_down(void)
{
	folder_remove(service.directory);
}

static struct answer answer;
static struct error error;

static enum rollcode_err
ask(const enum manner *manners, int count)
{
	const struct ask_where where = {.service = service.path};
	struct request request = {.kind = REQUEST_VERIFY, .user = "ann"};

	service.manners = manners;
	service.left = count;
	memset(&error, 0, sizeof(error));
	return ask_verifier(&where, &request, &answer, &error);
}

START_TEST(a_right_answer_of_root_or_the_account_is_believed)
{
	static const enum manner twice[] = {ANSWERS, ANSWERS};

	ck_assert_int_eq(ask(twice, 2), ROLLCODE_OK);
	ck_assert_uint_eq(answer.result.verdict, VERDICT_ACCEPTED);
	service.uid = ACCOUNT;
	ck_assert_int_eq(ask(twice, 1), ROLLCODE_OK);
	ck_assert_uint_eq(answer.result.verdict, VERDICT_ACCEPTED);
}
END_TEST

static const enum manner wrong[] = {
    OTHER_NONCE,
    OTHER_LAST_BYTE,
    OTHER_MAGIC,
    OTHER_ERROR,
    SHORT,
    LONG,
    SAYS_NOTHING,
};

START_TEST(another_answer_is_not_believed)
{
	ck_assert_int_eq(ask(&wrong[_i], 1), ROLLCODE_ERR_HELPER);
	ck_assert_uint_eq(answer.result.verdict, VERDICT_NONE);
}
END_TEST

static const uid_t others[] = {ACCOUNT + 1, 4242, (uid_t)-1};

START_TEST(a_socket_that_somebody_else_holds_is_sent_nothing)
{
	static const enum manner end[] = {SAYS_NOTHING};
	char byte;

	service.uid = others[_i];
	ck_assert_int_eq(ask(end, 1), ROLLCODE_ERR_HELPER);
	ck_assert_ptr_nonnull(strstr(error.text, "neither root nor"));
	ck_assert_int_eq(recv(service.taken, &byte, 1, 0), 0);
}
END_TEST

START_TEST(one_that_hangs_up_before_it_is_asked_sends_no_signal)
{
	static const enum manner hangs_up[] = {HANGS_UP};

	signal(SIGPIPE, SIG_DFL);
	ck_assert_int_eq(ask(hangs_up, 1), ROLLCODE_ERR_ABSENT);
	ck_assert_uint_eq(answer.result.verdict, VERDICT_NONE);
}
END_TEST

START_TEST(one_that_took_no_request_is_asked_again)
{
	static const enum manner third[] = {HANGS_UP, READS_NOTHING, ANSWERS};

	ck_assert_int_eq(ask(third, 3), ROLLCODE_OK);
	ck_assert_uint_eq(answer.result.verdict, VERDICT_ACCEPTED);
}
END_TEST

START_TEST(one_that_read_the_request_is_not_asked_again)
{
	static const enum manner second[] = {SAYS_NOTHING, ANSWERS};

	ck_assert_int_eq(ask(second, 2), ROLLCODE_ERR_HELPER);
	ck_assert_int_eq(service.left, 1);
}
END_TEST

START_TEST(a_verdict_beside_an_error_is_none)
{
	static const enum manner once[] = {ANSWERS};

	service.answer.err = ROLLCODE_ERR_STORE;
	snprintf(service.answer.error.text, sizeof(error.text), "it is broken");
	ck_assert_int_eq(ask(once, 1), ROLLCODE_ERR_STORE);
	ck_assert_uint_eq(answer.result.verdict, VERDICT_NONE);
	ck_assert_str_eq(error.text, "it is broken");
}
END_TEST

START_TEST(a_text_without_an_end_gets_one)
{
	static const enum manner once[] = {ANSWERS};

	memset(service.answer.result.token, 'x',
	    sizeof(service.answer.result.token));
	memset(
	    service.answer.error.text, 'x', sizeof(service.answer.error.text));
	ck_assert_int_eq(ask(once, 1), ROLLCODE_OK);
	ck_assert_uint_eq(
	    strnlen(answer.result.token, sizeof(answer.result.token)),
	    sizeof(answer.result.token) - 1);
	ck_assert_uint_lt(strnlen(answer.error.text, sizeof(answer.error.text)),
	    sizeof(answer.error.text));
}
END_TEST

/* Whatever comes of it: the next descriptor has the number of the last one. */
START_TEST(no_descriptor_is_left)
{
	static const enum manner ends[] = {ANSWERS, OTHER_NONCE, SAYS_NOTHING,
	    HANGS_UP, READS_NOTHING, ANSWERS};
	int before = dup(0), after;

	close(before);
	for (size_t i = 0; i < 4; i++) {
		(void)!ask(&ends[i], 8);
		close(service.taken);
		service.taken = -1;
		service.uid = 4242;
		(void)!ask(ends, 8);
		close(service.taken);
		service.taken = -1;
		service.uid = 0;
	}
	after = dup(0);
	ck_assert_int_eq(after, before);
	close(after);
}
END_TEST

START_TEST(a_socket_of_another_kind_is_named)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	ck_assert_int_eq(unlink(service.path), 0);
	service.listener = socket(AF_UNIX, SOCK_STREAM, 0);
	memcpy(address.sun_path, service.path, sizeof(service.path));
	ck_assert_int_eq(
	    bind(service.listener, (const struct sockaddr *)&address,
		sizeof(address)),
	    0);
	ck_assert_int_eq(listen(service.listener, 8), 0);
	ck_assert_int_eq(ask(wrong, 1), ROLLCODE_ERR_HELPER);
	ck_assert_ptr_nonnull(strstr(error.text, "cannot be connected to"));
	close(service.listener);
	ck_assert_int_eq(ask(wrong, 1), ROLLCODE_ERR_ABSENT);
	ck_assert_int_eq(unlink(service.path), 0);
	ck_assert_int_eq(ask(wrong, 1), ROLLCODE_ERR_ABSENT);
}
END_TEST

int
main(void)
{
	TCase *tc = test_case("ask", 0);

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_right_answer_of_root_or_the_account_is_believed);
	tcase_add_loop_test(
	    tc, another_answer_is_not_believed, 0, COUNT(wrong));
	tcase_add_loop_test(tc,
	    a_socket_that_somebody_else_holds_is_sent_nothing, 0,
	    COUNT(others));
	tcase_add_test(
	    tc, one_that_hangs_up_before_it_is_asked_sends_no_signal);
	tcase_add_test(tc, one_that_took_no_request_is_asked_again);
	tcase_add_test(tc, one_that_read_the_request_is_not_asked_again);
	tcase_add_test(tc, a_verdict_beside_an_error_is_none);
	tcase_add_test(tc, a_text_without_an_end_gets_one);
	tcase_add_test(tc, no_descriptor_is_left);
	tcase_add_test(tc, a_socket_of_another_kind_is_named);
	return test_run_apart();
}
