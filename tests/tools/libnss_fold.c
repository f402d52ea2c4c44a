/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnss_fold - a directory of accounts that folds case, and fails to order.
 *
 * It finds a name of /etc/passwd.fold in any spelling and answers with the
 * file's own.  A line "NAME STATUS ERRNO" in /etc/passwd.fail (STATUS is
 * UNAVAIL, TRYAGAIN or NOTFOUND, ERRNO a number) is its answer for that name.
 * It knows no uid, and takes as many seconds to say so as /etc/passwd.slow
 * says.
 */
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define ACCOUNTS "/etc/passwd.fold"
#define FAILURES "/etc/passwd.fail"
#define SLOW "/etc/passwd.slow"

enum nss_status _nss_fold_getpwnam_r(const char *name, struct passwd *out,
    char *buffer, size_t size, int *errnop);
enum nss_status _nss_fold_getpwuid_r(
    uid_t uid, struct passwd *out, char *buffer, size_t size, int *errnop);

/* clang-format off */
static const struct {
	const char	*name;
	enum nss_status	 status;
} statuses[] = {
	{ "UNAVAIL", NSS_STATUS_UNAVAIL },
	{ "TRYAGAIN", NSS_STATUS_TRYAGAIN },
	{ "NOTFOUND", NSS_STATUS_NOTFOUND },
};
/* clang-format on */

static enum nss_status
failure_of(const char *name, int *errnop)
{
	enum nss_status found = NSS_STATUS_SUCCESS;
	char line[128], *who, *how, *number, *rest;
	FILE *file;

	if ((file = fopen(FAILURES, "re")) == NULL)
		return found;
	while (found == NSS_STATUS_SUCCESS &&
	       fgets(line, sizeof(line), file) != NULL) {
		who = strtok_r(line, " \n", &rest);
		how = strtok_r(NULL, " \n", &rest);
		number = strtok_r(NULL, " \n", &rest);
		if (number == NULL)
			continue;
		for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]);
		     i++) {
			if (strcasecmp(who, name) != 0 ||
			    strcmp(how, statuses[i].name) != 0)
				continue;
			found = statuses[i].status;
			*errnop = (int)strtol(number, NULL, 10);
		}
	}
	fclose(file);
	return found;
}

enum nss_status
_nss_fold_getpwnam_r(const char *name, struct passwd *out, char *buffer,
    size_t size, int *errnop)
{
	enum nss_status status = failure_of(name, errnop);
	struct passwd *pw = NULL;
	FILE *file;
	int e;

	if (status != NSS_STATUS_SUCCESS)
		return status;
	if ((file = fopen(ACCOUNTS, "re")) == NULL) {
		*errnop = errno;
		return NSS_STATUS_UNAVAIL;
	}
	while ((e = fgetpwent_r(file, out, buffer, size, &pw)) == 0)
		if (strcasecmp(pw->pw_name, name) == 0)
			break;
	fclose(file);
	if (e == 0)
		return NSS_STATUS_SUCCESS;
	*errnop = e;
	return e == ERANGE ? NSS_STATUS_TRYAGAIN : NSS_STATUS_NOTFOUND;
}

enum nss_status
_nss_fold_getpwuid_r(
    uid_t uid, struct passwd *out, char *buffer, size_t size, int *errnop)
{
	unsigned int seconds = 0;
	FILE *file;

	(void)uid;
	(void)out;
	(void)buffer;
	(void)size;
	if ((file = fopen(SLOW, "re")) != NULL) {
		if (fscanf(file, "%u", &seconds) == 1)
			sleep(seconds);
		fclose(file);
	}
	*errnop = ENOENT;
	return NSS_STATUS_NOTFOUND;
}
