/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of an answer, from a verifier that may be anything, through the
 * module's own exchange.  The first byte says how that verifier behaves, the
 * rest is sent.
 *
 *  1. A verdict is believed only in one whole answer of this request, from a
 *     verifier that then ended well; then it is the verdict that was sent.
 *  2. Nobody waits past the deadline.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "calls.h"
#include "pam_rollcode/ask/ask.h"

enum behaviour {
	GIVES_NONCE = 1, /* the request's own is put in its place */
	SAYS_MORE = 2,
	STAYS = 4,
	ENDS_BADLY = 8,
	SAYS_NOTHING = 16,
	TAKES_NOTHING = 32, /* and closes at once */
	GIVES_MOST = 64,    /* of the nonce: one bit is wrong */
};

static struct {
	uint8_t how;
	uint8_t bytes[8192];
	size_t len;
	struct request request; /* as it came */
} said;

static void
speak(int fd)
{
	const size_t at = offsetof(struct answer, nonce);
	uint8_t wrong;

	if ((said.how & TAKES_NOTHING) != 0)
		return;
	promise(recv(fd, &said.request, sizeof(said.request), 0) ==
		    sizeof(said.request),
	    "a whole request comes");
	if (said.len >= at + PROTOCOL_NONCE_LEN) {
		wrong = said.bytes[at];
		if ((said.how & (GIVES_NONCE | GIVES_MOST)) != 0)
			memcpy(said.bytes + at, said.request.nonce,
			    PROTOCOL_NONCE_LEN);
		if ((said.how & GIVES_MOST) != 0)
			said.bytes[at + wrong / 8 % PROTOCOL_NONCE_LEN] ^=
			    (uint8_t)(1 << wrong % 8);
	}
	if ((said.how & SAYS_NOTHING) == 0)
		(void)!send(fd, said.bytes, said.len, MSG_NOSIGNAL);
	if ((said.how & SAYS_MORE) != 0)
		(void)!send(fd, "x", 1, MSG_NOSIGNAL);
}

static bool
believable(struct answer *sent)
{
	if (said.len != sizeof(*sent) || (said.how & ~GIVES_NONCE) != 0)
		return false;
	memcpy(sent, said.bytes, sizeof(*sent));
	return sent->magic == PROTOCOL_ANSWER && sent->err == ROLLCODE_OK &&
	       memcmp(sent->nonce, said.request.nonce, sizeof(sent->nonce)) ==
		   0;
}

static void
check(enum rollcode_err err, const struct answer *answer,
    const struct error *error, bool failed)
{
	struct answer sent;

	promise(calls.ms < 1000000 + (PROTOCOL_SECONDS + 1) * 1000,
	    "nobody waits past the deadline");
	if (!believable(&sent)) {
		promise(err != ROLLCODE_OK &&
			    answer->result.verdict == VERDICT_NONE,
		    "only a whole answer of this request is believed");
		promise(
		    memchr(error->text, '\0', sizeof(error->text)) != NULL &&
			memchr(error->fix, '\0', sizeof(error->fix)) != NULL &&
			error->file <= error->what &&
			error->what <= strlen(error->text),
		    "an error's sentence ends, and so does its fix");
		return;
	}
	promise(err == ROLLCODE_OK || failed, "a good answer is taken");
	promise(err != ROLLCODE_OK ||
		    (answer->result.verdict == sent.result.verdict &&
			strlen(answer->result.token) <= ROLLCODE_LABEL_MAX),
	    "the verdict is the one that was sent");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, data + size};
	static const struct ask_where where = {NULL, "", "/usr/bin/env", false};
	struct request request = {.kind = REQUEST_VERIFY};
	struct answer answer;
	struct error error = {0};
	enum rollcode_err err;

	calls_reset();
	said.how = take(&in) & 127;
	said.len = (size_t)(in.end - in.at);
	if (said.len > sizeof(said.bytes))
		said.len = sizeof(said.bytes);
	memcpy(said.bytes, in.at, said.len);
	memset(&said.request, 0, sizeof(said.request));
	verifier.answer = speak;
	verifier.stays = (said.how & STAYS) != 0;
	verifier.ended_well = (said.how & ENDS_BADLY) == 0;
	calls.random = said.len;
	calls.armed = true;
	err = ask_verifier(&where, &request, &answer, &error);
	calls_disarm();
	check(err, &answer, &error, calls.failed > 0);
	return 0;
}
