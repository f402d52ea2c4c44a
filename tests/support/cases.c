/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "tests/support/cases.h"

static Suite *suite;

void __real__tcase_add_test(
    TCase *, const TTest *, int signal, int status, int start, int end);
void __wrap__tcase_add_test(
    TCase *, const TTest *, int signal, int status, int start, int end);

/* What each macro of libcheck that adds a test calls. */
void
__wrap__tcase_add_test(
    TCase *tcase, const TTest *test, int signal, int status, int start, int end)
{
	const char *wanted = getenv("ROLLCODE_TEST");

	if (wanted == NULL || strcmp(wanted, test->name) == 0)
		__real__tcase_add_test(tcase, test, signal, status, start, end);
}

TCase *
test_case(const char *name, int seconds)
{
	TCase *tcase = tcase_create(name);

	if (suite == NULL)
		suite = suite_create(name);
	if (seconds > 0)
		tcase_set_timeout(tcase, seconds);
	suite_add_tcase(suite, tcase);
	return tcase;
}

static int
run_all(SRunner *runner)
{
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
test_run(void)
{
	return run_all(srunner_create(suite));
}

int
test_run_apart(void)
{
	SRunner *runner = srunner_create(suite);

	srunner_set_fork_status(runner, CK_FORK);
	return run_all(runner);
}
