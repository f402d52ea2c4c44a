/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may ask the service about whom, as the accounts of a table say.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "pam_rollcode/service/callers.h"
#include "tests/support/cases.h"

static const struct {
	const char *name;
	uid_t uid;
	int e; /* the directory is down: so it says */
} accounts[] = {
    {"root", 0, 0},
    {"ann", 4001, 0},
    {"an", 4002, 0},
    {"anna", 4003, 0},
    {"Ann", 4004, 0},
    {"ann", 4005, 0}, /* a second uid of that name */
    {"nginx", 33, 0},
    {"radius", 34, 0},
    {"far", 4999, EIO},
};

static struct passwd *
account_of(size_t i)
{
	static struct passwd pw;

	if (i == COUNT(accounts))
		return NULL;
	errno = accounts[i].e;
	if (errno != 0)
		return NULL;
	pw.pw_name = (char *)(uintptr_t)accounts[i].name;
	pw.pw_uid = accounts[i].uid;
	return &pw;
}

/* In place of the C library's. */
struct passwd *
getpwuid(uid_t uid)
{
	size_t i = 0;

	while (i < COUNT(accounts) && accounts[i].uid != uid)
		i++;
	return account_of(i);
}

struct passwd *
getpwnam(const char *name)
{
	size_t i = 0;

	while (i < COUNT(accounts) && strcmp(accounts[i].name, name) != 0)
		i++;
	return account_of(i);
}

static const struct {
	uid_t uid;
	const char *user;
	enum rollcode_err err;
} questions[] = {
    {0, "ann", ROLLCODE_OK},
    {33, "ann", ROLLCODE_OK},
    {34, "ann", ROLLCODE_ERR_PRIVILEGE}, /* not one of CALLERS */
    {4001, "ann", ROLLCODE_OK},
    {4005, "ann", ROLLCODE_OK},
    {4002, "ann", ROLLCODE_ERR_PRIVILEGE}, /* her name begins with "an" */
    {4001, "an", ROLLCODE_ERR_PRIVILEGE},
    {4003, "ann", ROLLCODE_ERR_PRIVILEGE},
    {4001, "anna", ROLLCODE_ERR_PRIVILEGE},
    {4004, "ann", ROLLCODE_ERR_PRIVILEGE},
    {4001, "root", ROLLCODE_ERR_PRIVILEGE},
    {4001, "", ROLLCODE_ERR_PRIVILEGE},
    {4242, "ann", ROLLCODE_ERR_PRIVILEGE}, /* no account */
    {4242, "", ROLLCODE_ERR_PRIVILEGE},
    {(uid_t)-1, "ann", ROLLCODE_ERR_PRIVILEGE},
    {4999, "far", ROLLCODE_ERR_UNAVAIL},
};

START_TEST(who_may_ask_about_whom)
{
	const struct callers callers = {.count = 1, .uids = {33, 34}};
	struct error error = {0};

	errno = EIO; /* of some call before */
	ck_assert_msg(callers_check(&callers, questions[_i].uid,
			  questions[_i].user, &error) == questions[_i].err,
	    "uid %u about '%s'", (unsigned int)questions[_i].uid,
	    questions[_i].user);
	ck_assert(questions[_i].err != ROLLCODE_ERR_PRIVILEGE ||
		  strstr(error.text, "ann") == NULL);
	ck_assert_int_eq(
	    error.text[0] != '\0', questions[_i].err != ROLLCODE_OK);
}
END_TEST

/* The names, and which uids of them may ask. */
static const struct {
	const char *names;
	size_t count;
	uid_t last;
	enum rollcode_err err;
} lists[] = {
    {"nginx", 1, 33, ROLLCODE_OK},
    {"nginx,radius", 2, 34, ROLLCODE_OK},
    {"\tnginx\t, radius ,,", 2, 34, ROLLCODE_OK},
    {"far,nginx", 1, 33, ROLLCODE_ERR_UNAVAIL},
    {"nginx far radius", 2, 34, ROLLCODE_ERR_UNAVAIL},
};

START_TEST(callers_are_those_that_are_named)
{
	struct config config = {0};
	struct callers callers = {.count = 7};
	struct error missing, error = {0};

	snprintf(config.callers, sizeof(config.callers), "%s", lists[_i].names);
	errno = EIO;
	ck_assert_int_eq(
	    callers_find(&config, &callers, &missing, &error), lists[_i].err);
	ck_assert_uint_eq(callers.count, lists[_i].count);
	ck_assert(callers_include(&callers, lists[_i].last));
	ck_assert(!callers_include(&callers, 4001));
	ck_assert_str_eq(missing.text, "");
}
END_TEST

START_TEST(as_many_callers_as_there_is_room_for)
{
	struct config config = {0};
	struct callers callers;
	struct error missing, error = {0};

	for (int i = 0; i < CALLERS_MAX; i++)
		strcat(config.callers, "nginx ");
	ck_assert_int_eq(
	    callers_find(&config, &callers, &missing, &error), ROLLCODE_OK);
	ck_assert_uint_eq(callers.count, CALLERS_MAX);
}
END_TEST

int
main(void)
{
	TCase *tc = test_case("callers", 0);

	tcase_add_loop_test(tc, who_may_ask_about_whom, 0, COUNT(questions));
	tcase_add_loop_test(
	    tc, callers_are_those_that_are_named, 0, COUNT(lists));
	tcase_add_test(tc, as_many_callers_as_there_is_room_for);
	return test_run();
}
