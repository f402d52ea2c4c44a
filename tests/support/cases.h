/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cases.h - the frame of a program of tests: its cases, and its end.
 *
 *	TCase *files = test_case("files", 60);
 *
 *	tcase_add_test(files, an_empty_file_is_no_mistake);
 *	return test_run();
 *
 * With ROLLCODE_TEST=NAME in the environment only the test of that name runs.
 */
#ifndef ROLLCODE_TESTS_CASES_H
#define ROLLCODE_TESTS_CASES_H

#include <check.h>

#include "common/base/rollcode.h"

/* Another case; each test of it may take so many seconds, or 4 if that is 0. */
TCase	*test_case(const char *name, int seconds);

/* Run all cases; what main() returns. */
int	 test_run(void);

/* Each test in its own process, even where CK_FORK=no asks for one. */
int	 test_run_apart(void);

#endif /* ROLLCODE_TESTS_CASES_H */
