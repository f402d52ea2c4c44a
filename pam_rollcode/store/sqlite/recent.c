/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recent.c - whose file was written last, without opening any.
 *
 * An event is not younger than the last write of its file or of the log beside
 * it.  A power cut, or a clock that was set back, can leave a time that is
 * older than what was written: then who is not found here is found by each.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/sqlite/parts.h"

#define CLOCK_STEP 1 /* second that a file system may be behind */

struct written {
	int64_t when;
	char *name; /* with its ending */
};

struct written_list {
	struct written *all;
	size_t count, room;
};

static void
written_free(struct written_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->all[i].name);
	free(list->all);
}

static enum rollcode_err
add_written(struct written_list *list, const char *name, int64_t when,
    struct error *error)
{
	size_t room = list->room == 0 ? 1024 : 2 * list->room;
	struct written *more = list->all;
	char *copy = strdup(name);

	if (copy != NULL && list->count == list->room &&
	    (more = reallocarray(list->all, room, sizeof(*more))) != NULL) {
		list->all = more;
		list->room = room;
	}
	if (copy == NULL || more == NULL) {
		free(copy);
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	}
	more[list->count].when = when;
	more[list->count++].name = copy;
	return ROLLCODE_OK;
}

/* Which cannot be looked at may be as young as any. */
static int64_t
when_written(int directory, const char *name)
{
	struct stat st;

	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return st.st_mtime + CLOCK_STEP;
	return errno == ENOENT ? INT64_MIN : INT64_MAX;
}

/* A user's file that was written since then, or its log. */
static enum rollcode_err
look_at_entry(struct written_list *list, int directory, const char *name,
    int64_t since, struct error *error)
{
	char log[NAME_MAX + 8];
	size_t len = strlen(name);
	int64_t file, when;

	if (len <= 3 || strcmp(name + len - 3, ".db") != 0)
		return ROLLCODE_OK;
	snprintf(log, sizeof(log), "%s-wal", name);
	when = when_written(directory, log);
	file = when_written(directory, name);
	if (file > when)
		when = file;
	return when < since ? ROLLCODE_OK
			    : add_written(list, name, when, error);
}

static enum rollcode_err
list_written(const struct store_path *users, int64_t since,
    struct written_list *list, struct error *error)
{
	DIR *directory = opendir(users->text);
	struct dirent *entry = NULL;
	enum rollcode_err err = ROLLCODE_OK;

	if (directory == NULL)
		return error_errno(error, errno, users->text);
	while (err == ROLLCODE_OK &&
	       (errno = 0, entry = readdir(directory)) != NULL)
		err = look_at_entry(
		    list, dirfd(directory), entry->d_name, since, error);
	if (err == ROLLCODE_OK && errno != 0)
		err = error_errno(error, errno, users->text);
	closedir(directory);
	return err;
}

static int
youngest_first(const void *a, const void *b)
{
	const struct written *x = a, *y = b;

	if (x->when != y->when)
		return x->when > y->when ? -1 : 1;
	return strcmp(x->name, y->name);
}

enum rollcode_err
store_sqlite_recent(struct store *store, int64_t since, store_recent_fn *fn,
    void *context, struct error *error)
{
	WIPED(written_free) struct written_list list = {NULL, 0, 0};
	char user[ROLLCODE_USER_MAX + 1];
	enum rollcode_err err;
	bool enough = false;

	if ((err = list_written(&store->users, since, &list, error)) !=
	    ROLLCODE_OK)
		return err;
	if (list.count > 0)
		qsort(list.all, list.count, sizeof(*list.all), youngest_first);
	for (size_t i = 0; i < list.count && err == ROLLCODE_OK && !enough;
	     i++) {
		char *name = list.all[i].name;

		name[strlen(name) - 3] = '\0';
		if (store_name_decode(name, user))
			err =
			    fn(context, user, list.all[i].when, &enough, error);
	}
	return err;
}
