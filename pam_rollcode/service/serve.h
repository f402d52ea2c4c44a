/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.h - the resident judge, once it is the account.
 */
#ifndef ROLLCODE_SERVICE_SERVE_H
#define ROLLCODE_SERVICE_SERVE_H

#include "service/listener.h"
#include "service/worker.h"

#define SERVE_SIGN_MS	250	/* between two signs of life, at most */

/* What a serving process is given by its supervisor. */
struct post {
	enum socket_of		 whose;
	int			 listener;
	int			 life;
	_Atomic uint64_t	*turns;	/* in memory of both */
};

/*
 * Serve who connects to the listener, until the descriptor life is readable or
 * at its end; then answer who is connected, and return.  Both are closed.  The
 * sign of life is a number of turns that rises.  For a process that is the
 * account already.  NOMEM.
 */
enum rollcode_err	serve(const struct post *, const struct config *,
			    const struct callers *) MUST_USE;

#endif /* ROLLCODE_SERVICE_SERVE_H */
