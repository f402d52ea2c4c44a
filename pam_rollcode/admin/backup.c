/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "admin/admin.h"

struct copying {
	struct progress progress;
	int64_t users, unusable;
};

static void
count_copied(void *context, const char *user, const struct error *unusable)
{
	struct copying *copying = context;

	copying->users++;
	if (unusable != NULL) {
		progress_clear(&copying->progress);
		cli_tell(ADMIN_SERVICE, user, ROLLCODE_ERR_STORE, unusable);
		copying->unusable++;
	}
	progress_step(&copying->progress);
}

/* Before the account is taken, which begins in another directory. */
static enum rollcode_err
make_absolute(const char *name, char path[PATH_MAX], struct error *error)
{
	char here[PATH_MAX] = "";
	size_t len = strlen(name);
	int n;

	if (name[0] != '/' && getcwd(here, sizeof(here) - 1) == NULL)
		return error_set(error, error_from_errno(errno),
		    "the working directory is not known: %s; give an absolute "
		    "path",
		    strerror(errno));
	while (len > 1 && name[len - 1] == '/')
		len--;
	n = snprintf(path, PATH_MAX, "%s%s%.*s", here,
	    name[0] == '/' ? "" : "/", (int)len, name);
	if (len == 0 || n < 0 || n >= PATH_MAX)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the directory's name is empty or too long");
	return ROLLCODE_OK;
}

enum rollcode_err
admin_backup(void *base, char **argv, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	struct copying copying = {.users = 0};
	char path[PATH_MAX];
	int64_t users = 0;
	enum rollcode_err err;

	if ((err = make_absolute(argv[0], path, error)) != ROLLCODE_OK ||
	    (err = admin_open(&admin, base, NULL, error)) != ROLLCODE_OK)
		return err;
	if (admin.ops->backup == NULL)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a database is copied by its own tools: pg_dump "
		    "--schema=rollcode, or pg_basebackup; rollcode-admin(8) "
		    "says what a restored one needs before anybody logs in");
	if ((err = admin.ops->each(
		 admin.store, admin_count_user, &users, error)) != ROLLCODE_OK)
		return err;
	progress_begin(&copying.progress, "copying", users);
	err = admin.ops->backup(
	    admin.store, path, admin.now, count_copied, &copying, error);
	progress_clear(&copying.progress);
	if (err != ROLLCODE_OK)
		return err;
	plain_line(stdout, "copied %" PRId64 " user%s to %s", copying.users,
	    PLURAL(copying.users), path);
	printf("keep %s in another place: without %s nothing in the copy can "
	       "be read\n",
	    admin.config.has_previous ? "SECRET_KEY and SECRET_KEY_PREVIOUS"
				      : "SECRET_KEY",
	    admin.config.has_previous ? "them" : "it");
	if (copying.unusable > 0)
		return error_set(error, ROLLCODE_ERR_STORE,
		    "the files of %" PRId64
		    " of these users are unusable, and empty in the copy; "
		    "repair them, or remove or re-enrol the users",
		    copying.unusable);
	return ROLLCODE_OK;
}
