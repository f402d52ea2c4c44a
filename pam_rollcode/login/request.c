/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "login/request.h"
#include "login/login.h"

static bool
is_terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

bool
request_valid(const struct request *r)
{
	return r->magic == PROTOCOL_REQUEST &&
	       (r->kind == REQUEST_ENROLLED || r->kind == REQUEST_VERIFY) &&
	       is_terminated(r->user, sizeof(r->user)) &&
	       is_terminated(r->service, sizeof(r->service)) &&
	       is_terminated(r->rhost, sizeof(r->rhost)) &&
	       is_terminated(r->tty, sizeof(r->tty)) &&
	       is_terminated(r->text.text, sizeof(r->text.text)) &&
	       is_terminated(r->otherwise.text, sizeof(r->otherwise.text)) &&
	       r->logged <= 1;
}

enum rollcode_err
request_receive(
    int fd, int seconds, struct request *request, struct error *error)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	ssize_t n;
	int ready;

	request_wipe(request);
	do {
		ready = poll(&readable, 1, seconds * 1000);
	} while (ready < 0 && errno == EINTR);
	n = ready > 0
		? recv(fd, request, sizeof(*request), MSG_DONTWAIT | MSG_TRUNC)
		: -1;
	if (n == (ssize_t)sizeof(*request) && request_valid(request))
		return ROLLCODE_OK;
	request_wipe(request);
	return error_set(error, ROLLCODE_ERR_PRIVILEGE,
	    "the data received is not a request of pam_rollcode");
}

static void
verify_request(const struct login *login, const struct request *request,
    struct answer *answer)
{
	WIPED(input_wipe) struct input input = {0};
	WIPED(input_wipe) struct input otherwise = {0};
	struct login_result result;
	const struct verification *v = &result.verification;

	input_parse(request->text.text, &input);
	input_parse(request->otherwise.text, &otherwise);
	answer->err = (int32_t)login_decide(
	    login, &input, &otherwise, &result, &answer->error);
	answer->verdict = (uint32_t)v->verdict;
	answer->otherwise = result.otherwise;
	answer->guarded = v->guarded;
	answer->recovery = v->recovery;
	answer->skipped = v->skipped;
	answer->failed = v->failed;
	answer->replayed = v->replayed;
	answer->recovery_left = v->recovery_left;
	answer->counter = v->matched ? (int64_t)v->counter : -1;
	answer->distance = v->matched ? (int64_t)v->distance : -1;
	memcpy(answer->token, result.token, sizeof(answer->token));
}

void
request_answer(const struct config *config, const struct request *request,
    enum rollcode_err refused, const struct error *error, struct answer *answer)
{
	struct login login = {
	    .config = config,
	    .now = time(NULL),
	    .user = request->user,
	    .service = request->service,
	    .rhost = request->rhost,
	};
	struct error unusable = {0};
	enum verdict verdict = VERDICT_NONE;

	if (refused == ROLLCODE_OK)
		refused = store_find(config, &login.ops, &unusable);
	else
		unusable = *error;
	memset(answer, 0, sizeof(*answer));
	answer->magic = PROTOCOL_ANSWER;
	memcpy(answer->nonce, request->nonce, sizeof(answer->nonce));
	answer->err = (int32_t)refused;
	answer->counter = -1;
	answer->distance = -1;
	if (refused != ROLLCODE_OK) {
		answer->error = unusable;
	} else if (request->kind == REQUEST_ENROLLED) {
		answer->err =
		    (int32_t)login_enrolled(&login, &verdict, &answer->error);
		answer->verdict = (uint32_t)verdict;
	} else {
		verify_request(&login, request, answer);
	}
}

bool
answer_send(int fd, const struct answer *answer)
{
	return send(fd, answer, sizeof(*answer), MSG_NOSIGNAL) ==
	       (ssize_t)sizeof(*answer);
}
