/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protocol.h - one request to rollcode-verify, one answer.
 *
 * Both are structs of fixed size, sent whole as one message of a
 * SOCK_SEQPACKET socket between two processes of one machine.  Every text ends
 * with a NUL inside its array.
 */
#ifndef ROLLCODE_PROTOCOL_PROTOCOL_H
#define ROLLCODE_PROTOCOL_PROTOCOL_H

#include "common/base/error.h"
#include "common/base/rollcode.h"
#include "protocol/input.h"
#include "protocol/verdict.h"

#define PROTOCOL_REQUEST	0x52635133u	/* "RcQ3" */
#define PROTOCOL_ANSWER		0x52634133u	/* "RcA3" */
#define PROTOCOL_NONCE_LEN	16
#define PROTOCOL_SECONDS	10	/* silence after that is a refusal */

enum request_kind {
	REQUEST_NONE = 0,
	REQUEST_ENROLLED,	/* is this user enrolled? */
	REQUEST_VERIFY,		/* verify the input */
};

struct request {
	uint32_t		magic;
	uint32_t		kind;
	uint8_t			nonce[PROTOCOL_NONCE_LEN];
	char			user[256];
	char			service[64];
	char			rhost[256];
	char			tty[64];
	struct input_text	text;
	struct input_text	fallback;	/* verified if text admits */
						/* nobody; "" for none */
	/* 1: by the verifier, because the host's log is its user's to read. */
	uint32_t		logged;
};
WIPABLE(request);

struct answer {
	uint32_t		magic;
	enum rollcode_err	err;
	uint8_t			nonce[PROTOCOL_NONCE_LEN];
	struct verification	result;
	struct error		error;		/* where err is not OK */
};

_Static_assert(sizeof(struct request) <= 4096, "a request fits one write");
_Static_assert(sizeof(struct answer) <= 4096, "an answer fits one write");

#endif /* ROLLCODE_PROTOCOL_PROTOCOL_H */
