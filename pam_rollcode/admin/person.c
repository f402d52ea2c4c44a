/* SPDX-License-Identifier: Apache-2.0 */
/*
 * person.c - is the account that owns the store a person's?
 *
 * Anybody who logs in as it can read and change every token.
 */
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/admin.h"

#define LOGIN_DEFS "/etc/login.defs"
#define UID_MIN_DEFAULT 1000
#define UID_NOBODY 65534
#define UID_MIN "UID_MIN" /* its name there */

/* The first uid of a person. */
static unsigned long
first_person(void)
{
	unsigned long uid, min = UID_MIN_DEFAULT;
	char line[256], *at, *end;
	FILE *file;

	if ((file = fopen(LOGIN_DEFS, "re")) == NULL)
		return min;
	while (fgets(line, sizeof(line), file) != NULL) {
		at = line + strspn(line, " \t");
		if (strncmp(at, UID_MIN, strlen(UID_MIN)) != 0 ||
		    strchr(" \t", at[strlen(UID_MIN)]) == NULL)
			continue;
		at += strlen(UID_MIN);
		uid = strtoul(at, &end, 10);
		if (end != at)
			min = uid;
	}
	fclose(file);
	return min;
}

static bool
has_login_shell(const struct passwd *pw)
{
	const char *name = strrchr(pw->pw_shell, '/');

	name = name != NULL ? name + 1 : pw->pw_shell;
	return strcmp(name, "nologin") != 0 && strcmp(name, "false") != 0;
}

/* Of an empty one nothing has to be known. */
static bool
has_password(const struct passwd *pw)
{
	const struct spwd *shadow = getspnam(pw->pw_name);
	const char *text = shadow != NULL ? shadow->sp_pwdp : pw->pw_passwd;

	if (shadow == NULL && strcmp(text, "x") == 0)
		return false;
	return text[0] != '!' && text[0] != '*';
}

/* Only what we make ourselves has a home that we know. */
static bool
lives_elsewhere(const struct passwd *pw)
{
	struct stat st;

	return strcmp(pw->pw_name, ROLLCODE_ACCOUNT) == 0 &&
	       strcmp(pw->pw_dir, ROLLCODE_STATE) != 0 &&
	       strcmp(pw->pw_dir, "/") != 0 && stat(pw->pw_dir, &st) == 0 &&
	       S_ISDIR(st.st_mode);
}

bool
person_logs_in(const struct passwd *pw)
{
	return pw->pw_uid < UID_NOBODY && has_login_shell(pw) &&
	       pw->pw_uid >= first_person();
}

bool
person_is(const char *account, struct error *why)
{
	enum rollcode_err is = ROLLCODE_ERR_CONFIG;
	unsigned long min = first_person();
	const struct passwd *pw;

	if (strcmp(account, "root") == 0 || (pw = getpwnam(account)) == NULL)
		return false;
	if (pw->pw_uid >= min)
		error_fix(why,
		    error_set(why, is,
			"uid %u is in the range for people, from %lu on",
			(unsigned int)pw->pw_uid, min),
		    "usermod", "--login", "NEWNAME", account, NULL);
	else if (lives_elsewhere(pw))
		error_fix(why,
		    error_set(why, is, "its home directory is %s", pw->pw_dir),
		    "usermod", "--login", "NEWNAME", account, NULL);
	else if (has_login_shell(pw))
		error_fix(why,
		    error_set(why, is, "its shell is %s",
			pw->pw_shell[0] != '\0' ? pw->pw_shell : "/bin/sh"),
		    "usermod", "--shell", "/usr/sbin/nologin", account, NULL);
	else if (has_password(pw))
		error_fix(why, error_set(why, is, "it has a password"),
		    "usermod", "--lock", account, NULL);
	else
		is = ROLLCODE_OK;
	return is != ROLLCODE_OK;
}

enum rollcode_err
person_refuse(const char *account, struct error *error)
{
	struct error why = {0};

	/* Who is not root keeps a store of their own. */
	if (geteuid() != 0 || !person_is(account, &why))
		return ROLLCODE_OK;
	error_pass(error, ROLLCODE_ERR_CONFIG, &why,
	    "ACCOUNT: %s is an account that a person can use", account);
	return error_add(error, ROLLCODE_ERR_CONFIG,
	    "name a system account in ACCOUNT, or change this one");
}
