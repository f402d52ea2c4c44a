/* SPDX-License-Identifier: Apache-2.0 */
/*
 * descriptors.h - whether something that was opened is closed.
 */
#ifndef ROLLCODE_TESTS_DESCRIPTORS_H
#define ROLLCODE_TESTS_DESCRIPTORS_H

/* The number that the next one gets: the same again, if none was left open. */
int	next_descriptor(void);

#endif /* ROLLCODE_TESTS_DESCRIPTORS_H */
