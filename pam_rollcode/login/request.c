/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/socket.h>
#include <time.h>

#include "common/base/clock.h"
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
	       is_terminated(r->fallback.text, sizeof(r->fallback.text)) &&
	       r->logged <= 1;
}

enum rollcode_err
request_receive(
    int fd, int seconds, struct request *request, struct error *error)
{
	request_wipe(request);
	if (clock_wait(fd, POLLIN, clock_ms() + seconds * 1000L) != 0 &&
	    recv(fd, request, sizeof(*request), MSG_DONTWAIT | MSG_TRUNC) ==
		(ssize_t)sizeof(*request) &&
	    request_valid(request))
		return ROLLCODE_OK;
	request_wipe(request);
	return error_set(error, ROLLCODE_ERR_PRIVILEGE,
	    "the data received is not a request of pam_rollcode");
}

static enum rollcode_err
decide_request(const struct config *config, const struct request *request,
    struct verification *result, struct error *error)
{
	WIPED(input_wipe) struct input input = {0};
	WIPED(input_wipe) struct input fallback = {0};
	struct login login = {
	    .config = config,
	    .now = time(NULL),
	    .user = request->user,
	    .service = request->service,
	    .rhost = request->rhost,
	};
	enum rollcode_err err;

	if ((err = store_find(config, &login.ops, error)) != ROLLCODE_OK)
		return err;
	if (request->kind == REQUEST_VERIFY) {
		input_parse(request->text.text, &input);
		input_parse(request->fallback.text, &fallback);
		login.input = &input;
		login.fallback = &fallback;
	}
	return login_decide(&login, result, error);
}

void
request_answer(const struct config *config, const struct request *request,
    struct answer *answer)
{
	answer->magic = PROTOCOL_ANSWER;
	memcpy(answer->nonce, request->nonce, sizeof(answer->nonce));
	if (answer->err == ROLLCODE_OK)
		answer->err = decide_request(
		    config, request, &answer->result, &answer->error);
}

bool
answer_send(int fd, const struct answer *answer)
{
	return send(fd, answer, sizeof(*answer), MSG_NOSIGNAL) ==
	       (ssize_t)sizeof(*answer);
}
