/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pwd.h>
#include <syslog.h>

#include "service/callers.h"
#include "service/outsider.h"

static const char separators[] = ", \t";

static enum rollcode_err
add_caller(struct callers *callers, const char *name, struct error *missing,
    struct error *error)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(name);
	if (pw == NULL && errno != 0 && errno != ENOENT && errno != ESRCH)
		return error_add(error, ROLLCODE_ERR_UNAVAIL,
		    "CALLERS: the account %s cannot be looked up: %s; reload "
		    "when the directory service answers",
		    name, strerror(errno));
	if (pw == NULL) {
		error_add(missing, ROLLCODE_ERR_CONFIG,
		    "CALLERS: account %s does not exist; ignored", name);
		return ROLLCODE_OK;
	}
	if (callers->count == CALLERS_MAX)
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "CALLERS: has more than %d accounts", CALLERS_MAX);
	callers->uids[callers->count++] = pw->pw_uid;
	return ROLLCODE_OK;
}

enum rollcode_err
callers_find(const struct config *config, struct callers *callers,
    struct error *missing, struct error *error)
{
	char names[CONFIG_CALLERS_MAX + 1], *rest = names, *name;
	enum rollcode_err err = ROLLCODE_OK, one;

	memset(callers, 0, sizeof(*callers));
	missing->text[0] = '\0';
	memcpy(names, config->callers, sizeof(names));
	while (err != ROLLCODE_ERR_CONFIG &&
	       (name = strsep(&rest, separators)) != NULL)
		if (*name != '\0' && (one = add_caller(callers, name, missing,
					  error)) != ROLLCODE_OK)
			err = one;
	return err;
}

bool
callers_include(const struct callers *callers, uid_t uid)
{
	for (size_t i = 0; i < callers->count; i++)
		if (callers->uids[i] == uid)
			return true;
	return uid == 0;
}

enum rollcode_err
callers_check(const struct callers *callers, uid_t uid, const char *user,
    struct error *error)
{
	char name[PLAIN_MAX(CONFIG_NAME_MAX)];
	const struct passwd *pw;

	if (callers_include(callers, uid))
		return ROLLCODE_OK;
	errno = 0;
	pw = getpwuid(uid);
	if (pw != NULL && strcmp(pw->pw_name, user) == 0)
		return ROLLCODE_OK;
	if (pw == NULL && errno != 0 && errno != ENOENT && errno != ESRCH)
		return error_set(error, ROLLCODE_ERR_UNAVAIL,
		    "the account of uid %u cannot be looked up: %s; does the "
		    "directory service run?",
		    (unsigned int)uid, strerror(errno));
	plain_copy(pw != NULL ? pw->pw_name : "no account", PLAIN_LOG, name,
	    sizeof(name));
	if (outsider_may_write(uid))
		syslog(LOG_WARNING,
		    "uid %u (%s) asked about another account, and was refused; "
		    "CALLERS in the configuration file lists the accounts that "
		    "may",
		    (unsigned int)uid, name);
	return error_set(error, ROLLCODE_ERR_PRIVILEGE,
	    "this program runs as uid %u, which may ask only about its own "
	    "account; CALLERS in the configuration file lists the accounts "
	    "that may ask about others",
	    (unsigned int)uid);
}
