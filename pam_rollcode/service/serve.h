/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.h - the service, once it is the account.
 */
#ifndef ROLLCODE_SERVICE_SERVE_H
#define ROLLCODE_SERVICE_SERVE_H

#include "service/callers.h"
#include "service/listener.h"

#define SERVE_HEARTBEAT_MS	250	/* between two signs of life, at most */

/*
 * Serve who connects to the listener, until the descriptor stop_pipe is at its
 * end; then answer who is connected, and return.  The sign of life rises with
 * each turn of the loop.  For a process that is the account already and ends
 * after this.  UNAVAIL if too much cannot be closed.
 */
enum rollcode_err	serve(enum socket_of, int listener, int stop_pipe,
			    _Atomic uint64_t *heartbeat, const struct config *,
			    const struct callers *) MUST_USE;

#endif /* ROLLCODE_SERVICE_SERVE_H */
