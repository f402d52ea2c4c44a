/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.h - the resident judge, once it is the account.
 */
#ifndef ROLLCODE_SERVE_H
#define ROLLCODE_SERVE_H

#include "listener.h"
#include "worker.h"

/*
 * Serve who connects to the listener, until the descriptor life is readable or
 * at its end; then answer who is connected, and return.  Both are closed.  For
 * a process that is the account already.  NOMEM.
 */
enum rollcode_err	serve(enum socket_of, int listener, int life,
			    const struct config *, const struct callers *)
			    MUST_USE;

#endif /* ROLLCODE_SERVE_H */
