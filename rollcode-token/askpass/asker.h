/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asker.h - which process asks for a code.
 */
#ifndef ROLLCODE_ASKPASS_ASKER_H
#define ROLLCODE_ASKPASS_ASKER_H

#include <stdbool.h>
#include <stdint.h>

#define ASKER_NAME_MAX	15	/* as the kernel cuts it */
#define ASKER_PROXY	0	/* no port: there is no TCP connection */
#define ASKER_UNKNOWN	(-1)	/* no port that is certain */

/* A process and when it began, which no other process of this boot shares. */
struct asker {
	int64_t	pid, start;
	char	name[ASKER_NAME_MAX + 1];
	bool	root;			/* its effective uid is 0 */
};

/* The parent of this process; false where it cannot be known. */
bool	asker_find(struct asker *);

/*
 * The port that the process is connected to by TCP; ASKER_PROXY if it has no
 * such connection, and reaches the other side through another program;
 * ASKER_UNKNOWN if there are several, or /proc does not tell.
 */
int	asker_port(const struct asker *);

#endif /* ROLLCODE_ASKPASS_ASKER_H */
