/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.h - the module's side of a question to rollcode-verify.
 *
 * The process is not ours: no signal handler, signal mask, child, descriptor,
 * limit or variable of it is left changed, and no signal is sent to it.
 */
#ifndef ROLLCODE_ASK_ASK_H
#define ROLLCODE_ASK_ASK_H

#include "protocol/protocol.h"

/* What the arguments say of the program that is asked. */
struct ask_where {
	const char	*service;	/* the socket of it alone, or NULL */
	const char	*conf;		/* "": the default */
	const char	*helper;
	bool		 spawned;	/* one of both was given */
};

/*
 * Ask the service, or where nobody listens spawn one, and wait for at
 * most PROTOCOL_SECONDS; where conf= or helper= was given always spawn.  Magic
 * and nonce of the request are filled in here.  The answer's own error is
 * returned, with its sentence; its verdict is VERDICT_NONE on any error.
 *
 * Root asks at a socket of its own; where it may not connect to that, as root
 * of a user namespace, at everybody's.  PRIVILEGE if one must be spawned and
 * the caller's effective uid is not 0, if it may not connect, or if the
 * service does not answer this caller about this user.  CONFIG
 * if the env file's path can be changed by others.  HELPER if the program is
 * missing, can be changed by others, dies, hangs or talks nonsense, or if
 * somebody else listens.  SYS, NOMEM, UNAVAIL if the kernel refuses a socket
 * or a process, or the service stays too busy.  ABSENT where nobody listens at
 * the one socket that may be asked.
 */
enum rollcode_err	ask_verifier(const struct ask_where *, struct request *,
			    struct answer *, struct error *) MUST_USE;

#endif /* ROLLCODE_ASK_ASK_H */
