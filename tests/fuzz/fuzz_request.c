/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a request, as one message of the verifier's socket.
 *
 *  1. What is not a whole request is refused, and leaves nothing behind.
 *  2. An answer carries the nonce of its request, and nothing in it is
 *     without its end.
 *  3. It admits only what the rules admit, and the code is spent then.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "calls.h"
#include "pam_rollcode/login/request.h"
#include "place.h"

static bool
ends(const uint8_t *data, size_t at, size_t size)
{
	return memchr(data + at, '\0', size) != NULL;
}

#define ENDS(field)                                 \
	ends(data, offsetof(struct request, field), \
	    sizeof(((struct request *)0)->field))

static bool
is_request(const uint8_t *data, size_t size)
{
	uint32_t magic, kind, logged;

	if (size != sizeof(struct request))
		return false;
	memcpy(&magic, data, sizeof(magic));
	memcpy(&kind, data + sizeof(magic), sizeof(kind));
	memcpy(
	    &logged, data + offsetof(struct request, logged), sizeof(logged));
	return magic == PROTOCOL_REQUEST && (kind == 1 || kind == 2) &&
	       logged <= 1 && ENDS(user) && ENDS(service) && ENDS(rhost) &&
	       ENDS(tty) && ENDS(text) && ENDS(fallback);
}

static enum who
who_is(const char *user)
{
	enum who who = ANN;

	while (who < PEOPLE && strcmp(place_names[who], user) != 0)
		who++;
	return who;
}

static void
check_admitted(const struct request *request, const struct answer *answer,
    enum who who, const struct account *before)
{
	struct account want, now;

	promise(who < EVE && answer->err == ROLLCODE_OK &&
		    request->kind == REQUEST_VERIFY,
	    "somebody enrolled is admitted, without an error");
	promise(place_admits(who, before,
		    answer->result.fallback == 1 ? request->fallback.text
						 : request->text.text,
		    &want),
	    "what is admitted is what the rules admit");
	promise(place_read(who, &now), "and still enrolled");
	for (size_t i = 0; i < now.token_count; i++)
		promise(
		    now.tokens[i].token.counter == want.tokens[i].token.counter,
		    "the counters are where the rules move them");
	for (size_t i = 0; i < now.recovery_count; i++)
		promise(now.recovery[i].used == want.recovery[i].used,
		    "a recovery code is used up");
}

static void
check_answer(const struct request *request, const struct answer *answer,
    enum who who, const struct account *before)
{
	promise(answer->magic == PROTOCOL_ANSWER &&
		    memcmp(answer->nonce, request->nonce,
			sizeof(answer->nonce)) == 0,
	    "an answer carries the nonce of its request");
	promise(answer->err <= ROLLCODE_ERR_USAGE &&
		    ends((const uint8_t *)answer->result.token, 0,
			sizeof(answer->result.token)) &&
		    ends((const uint8_t *)answer->error.text, 0,
			sizeof(answer->error.text)),
	    "an answer is well formed");
	promise((answer->err == ROLLCODE_OK) == (answer->result.verdict != 0),
	    "a verdict or an error, never both");
	promise(answer->result.verdict != VERDICT_UNENROLLED || who >= EVE,
	    "nobody's enrolment is denied");
	if (verdict_admits(answer->result.verdict))
		check_admitted(request, answer, who, before);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct request nothing;
	struct account before;
	struct request request;
	struct answer answer = {0};
	struct error error = {0};
	enum who who;
	int fds[2];
	bool is;

	place_open();
	calls_reset();
	place_policy(size > 8 ? data[8] : 0); /* the nonce's first byte */
	promise(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0 &&
		    send(fds[0], data, size, 0) == (ssize_t)size,
	    "bytes can be sent");
	is = request_receive(fds[1], 1, &request, &error) == ROLLCODE_OK;
	promise(is == is_request(data, size), "a request is known as one");
	if (is) {
		who = who_is(request.user);
		before = *place_reset(who);
		request_answer(&place.config, &request, &answer);
		check_answer(&request, &answer, who, &before);
	} else {
		promise(memcmp(&request, &nothing, sizeof(request)) == 0,
		    "what is no request leaves nothing behind");
	}
	close(fds[0]);
	close(fds[1]);
	return 0;
}
