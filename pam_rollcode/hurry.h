/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hurry.h - calls that must not wait for what somebody else has sent.
 *
 * A message can carry descriptors, and whoever drops the last reference to one
 * closes it.  To close a TCP socket takes as long as its owner wished
 * (SO_LINGER), which can be for ever, but a signal ends that wait.
 */
#ifndef ROLLCODE_HURRY_H
#define ROLLCODE_HURRY_H

/*
 * From here on, until hurry_end, signals end every wait of a system call.  For
 * a process that is ours and uses SIGALRM for nothing else.
 */
void	hurry_begin(void);
void	hurry_end(void);

#endif /* ROLLCODE_HURRY_H */
