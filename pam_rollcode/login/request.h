/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - a request in, an answer out, however rollcode-verify was started.
 */
#ifndef ROLLCODE_LOGIN_REQUEST_H
#define ROLLCODE_LOGIN_REQUEST_H

#include "config/config.h"
#include "protocol/protocol.h"

/* Whether it is a request, and every text in it ends within its array. */
bool			request_valid(const struct request *);

/*
 * Receive one request from a socket within seconds.  PRIVILEGE with a
 * sentence if what came is not a request.
 */
enum rollcode_err	request_receive(int fd, int seconds, struct request *,
			    struct error *) MUST_USE;

/*
 * Fill in an answer, which is zero but for an error: where it has one, no
 * decision is made.
 */
void			request_answer(const struct config *,
			    const struct request *, struct answer *);

/* Send an answer.  False if the other side is gone. */
bool			answer_send(int fd, const struct answer *) MUST_USE;

#endif /* ROLLCODE_LOGIN_REQUEST_H */
