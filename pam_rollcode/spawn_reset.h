/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn_reset.h - a process that keeps nothing of the one it was copied from.
 */
#ifndef ROLLCODE_SPAWN_RESET_H
#define ROLLCODE_SPAWN_RESET_H

#include <stdbool.h>

#include "rollcode.h"

/*
 * Give up everything that a process inherits, and keep one descriptor, 3 or
 * more, as standard input.  For a copy of a threaded process whose signals are
 * blocked; they stay blocked.  False if it is not user id 0 alone, in a session
 * of its own, with no other descriptor: then it must end.  What else the
 * kernel refuses, as in a container, stays as it was.
 */
bool	reset_all(int fd) MUST_USE;

#endif /* ROLLCODE_SPAWN_RESET_H */
