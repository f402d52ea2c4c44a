/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failing.h - the n-th use of the crypto library fails, in a program that is
 * linked with --wrap for code_open, code_at and seal_mac (tests/rules.mk).
 */
#ifndef ROLLCODE_TESTS_FAILING_H
#define ROLLCODE_TESTS_FAILING_H

extern unsigned int	failing_in;	/* 1 is the next use, 0 for never */

#endif /* ROLLCODE_TESTS_FAILING_H */
