/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "tests/support/cases.h"

static Suite *suite;

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
