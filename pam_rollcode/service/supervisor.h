/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor.h - the service as root: the sockets, the env file, and the
 * processes that serve.
 */
#ifndef ROLLCODE_SERVICE_SUPERVISOR_H
#define ROLLCODE_SERVICE_SUPERVISOR_H

#include "service/listener.h"

/*
 * Serve with that env file until told to stop by SIGTERM or SIGINT; SIGHUP
 * reads the env file anew.  0, or 1 with a sentence in the system log and on
 * standard error if it cannot start.
 */
int	supervise(const char *conf, const struct environment *);

#endif /* ROLLCODE_SERVICE_SUPERVISOR_H */
