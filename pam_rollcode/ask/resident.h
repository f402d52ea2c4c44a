/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resident.h - the way to the service, from the module's side.
 */
#ifndef ROLLCODE_ASK_RESIDENT_H
#define ROLLCODE_ASK_RESIDENT_H

#include "common/base/error.h"

/*
 * Connect to the socket at path, which must be listened on by root or by the
 * account ROLLCODE_ACCOUNT.  Where its queue is full, wait until the deadline
 * (milliseconds of CLOCK_MONOTONIC); with a deadline of 0 a full queue is as
 * good as no service.
 *
 * The caller closes *fd, which is none of 0 to 2; -1 on error.  ABSENT if
 * nobody listens there; PRIVILEGE if this process may not reach it; HELPER if
 * the wrong one listens; UNAVAIL, NOMEM or SYS if the queue stays full or the
 * kernel refuses a socket.
 */
enum rollcode_err	resident_connect(const char *path, int64_t deadline,
			    int *fd, struct error *) MUST_USE;

#endif /* ROLLCODE_ASK_RESIDENT_H */
