/* SPDX-License-Identifier: Apache-2.0 */
/*
 * freed.h - whether a secret is in memory that is freed, in a program that is
 * linked with --wrap for free (tests/rules.mk).
 */
#ifndef ROLLCODE_TESTS_FREED_H
#define ROLLCODE_TESTS_FREED_H

#include <stddef.h>

/* Look for these bytes from now on; they stay the caller's. */
void		freed_watch(const void *secret, size_t len);

/* End that: in how many pieces of memory they stood when those were freed. */
unsigned int	freed_with(void);

#endif /* ROLLCODE_TESTS_FREED_H */
