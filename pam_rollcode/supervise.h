/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervise.h - the resident judge as root: the socket, the env file, and the
 * process that serves.
 */
#ifndef ROLLCODE_SUPERVISE_H
#define ROLLCODE_SUPERVISE_H

/* What the environment said before it was cleared; "" and -1 for nothing. */
struct given {
	int	listener;	/* listener_given() */
	char	notify[108];	/* NOTIFY_SOCKET, see sd_notify(3) */
};

/* Read the environment. */
void	given_read(struct given *);

/*
 * Serve with that env file until told to stop by SIGTERM or SIGINT; SIGHUP
 * reads the env file anew.  0, or 1 with a sentence in the system log and on
 * standard error if it cannot start.
 */
int	supervise(const char *conf, const struct given *);

#endif /* ROLLCODE_SUPERVISE_H */
