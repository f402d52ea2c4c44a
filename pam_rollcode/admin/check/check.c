/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - the doctor: what is wrong here, and what to do about it.
 *
 * It changes nothing: no code is asked for, none is spent, nothing is counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/check/check.h"

static void
check_wipe(struct check *check)
{
	free(check->list);
	config_wipe(&check->config);
	explicit_bzero(check, sizeof(*check));
}

static void
check_all(struct check *check)
{
	bool one = check->options->service[0] != '\0';

	check_env(check);
	check_store(check);
	if (!one)
		check_verifier(check);
	check_services(check);
	if (!one)
		check_root(check);
}

enum rollcode_err
admin_check(void *base, int argc, char **argv, struct error *error)
{
	WIPED(check_wipe) struct check check = {.options = base};
	unsigned int counts[IS_ERROR + 1] = {0};

	check.user = argc > 0 ? argv[0] : NULL;
	if (geteuid() != 0)
		return error_set(error, ROLLCODE_ERR_PRIVILEGE,
		    "only root can look at all of this");
	if (check.options->service[0] != '\0' && !check_dry_run(&check))
		return error_set(error, ROLLCODE_ERR_ABSENT,
		    "there is no PAM service of that name in %s",
		    check_directories[0]);
	check_all(&check);
	if (check.lost)
		return error_set(error, ROLLCODE_ERR_NOMEM,
		    "out of memory, or too much is wrong");
	for (size_t i = 0; i < check.count; i++)
		counts[check.list[i].severity]++;
	if (check.options->json)
		check_json(&check, counts);
	else
		check_text(&check, counts);
	if (counts[IS_ERROR] + counts[IS_WARNING] == 0)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "%u error%s and %u warning%s", counts[IS_ERROR],
	    counts[IS_ERROR] == 1 ? "" : "s", counts[IS_WARNING],
	    counts[IS_WARNING] == 1 ? "" : "s");
}
