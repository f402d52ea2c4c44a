/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.h - what a process is, as lines of text: two of them are equal if
 * nothing of it was changed in between.
 */
#ifndef ROLLCODE_TESTS_SNAPSHOT_H
#define ROLLCODE_TESTS_SNAPSHOT_H

#include <stddef.h>

#define SNAPSHOT_BYTES	(1 << 15)

struct snapshot {
	char	text[SNAPSHOT_BYTES];
	size_t	len;
};

/* Of the process that calls it. */
void		 snapshot_take(struct snapshot *);

/* The first line in which they differ, or NULL.  It takes both apart. */
const char	*snapshot_differs(struct snapshot *before,
		    struct snapshot *after);

#endif /* ROLLCODE_TESTS_SNAPSHOT_H */
