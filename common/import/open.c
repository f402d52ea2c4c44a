/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open.c - files that somebody else may have made, opened by root.
 *
 * A path is walked name by name, and no name leads elsewhere but a link that
 * nobody else can change: a link in somebody's home would make root read any
 * file of the system.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/import/files.h"

#define LINKS_MAX 40	/* as the kernel */
#define PATH_SHOWN 200	/* of a path in a sentence */
#define OTHER_FILES 128 /* descriptors that a store may need */

struct path_walk {
	int dir;	     /* where rest begins */
	char rest[PATH_MAX]; /* what is left to walk */
	char name[NAME_MAX + 1];
	unsigned int links;
};

/* Whether nobody but root and the caller can change an entry of it. */
static bool
own_directory(int dir)
{
	struct stat st;

	return fstat(dir, &st) == 0 &&
	       (st.st_uid == 0 || st.st_uid == geteuid()) &&
	       ((st.st_mode & (S_IWGRP | S_IWOTH)) == 0 ||
		   (st.st_mode & S_ISVTX) != 0);
}

static enum rollcode_err
refuse_kind(mode_t mode, struct error *error)
{
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "is a %s, not a regular file; name a file, or give - and the data "
	    "on standard input",
	    S_ISDIR(mode)    ? "directory"
	    : S_ISFIFO(mode) ? "FIFO"
	    : S_ISSOCK(mode) ? "socket"
			     : "device");
}

static enum rollcode_err
walk_failed(int e, struct error *error)
{
	if (e == EMFILE || e == ENFILE)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "%s; import fewer files at once", strerror(e));
	return error_set(error,
	    e == ENOENT ? ROLLCODE_ERR_ABSENT : ROLLCODE_ERR_INPUT, "%s",
	    strerror(e));
}

/* "." or "/" to begin with, or a directory below. */
static enum rollcode_err
walk_into(struct path_walk *w, const char *name, struct error *error)
{
	int next =
	    openat(w->dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (next < 0)
		return walk_failed(errno, error);
	if (w->dir >= 0)
		close(w->dir);
	w->dir = next;
	return ROLLCODE_OK;
}

/* Cut the next name off the rest; "." where there is none. */
static enum rollcode_err
next_name(struct path_walk *w, struct error *error)
{
	char *begin = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(begin, "/");

	if (len > NAME_MAX)
		return walk_failed(ENAMETOOLONG, error);
	snprintf(w->name, sizeof(w->name), "%.*s", len == 0 ? 1 : (int)len,
	    len == 0 ? "." : begin);
	begin += len;
	begin += strspn(begin, "/");
	memmove(w->rest, begin, strlen(begin) + 1);
	return ROLLCODE_OK;
}

/* What the link says takes its place before the rest. */
static enum rollcode_err
follow_link(struct path_walk *w, uid_t owner, struct error *error)
{
	char target[PATH_MAX], rest[PATH_MAX];
	struct stat st;
	ssize_t len;
	int n;

	if ((owner != 0 && owner != geteuid()) || !own_directory(w->dir))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "goes through the symbolic link \"%s\", which others can "
		    "change; name the file that it points to",
		    w->name);
	if (fstatat(w->dir, w->name, &st, 0) != 0)
		return walk_failed(errno, error);
	/* Links to what has no path, as /dev/stdin often is, say no path. */
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return refuse_kind(st.st_mode, error);
	len = readlinkat(w->dir, w->name, target, sizeof(target) - 1);
	if (len < 0 || ++w->links > LINKS_MAX)
		return walk_failed(len < 0 ? errno : ELOOP, error);
	target[len] = '\0';
	n = snprintf(rest, sizeof(rest), "%s/%s", target, w->rest);
	if (n < 0 || (size_t)n >= sizeof(rest))
		return walk_failed(ENAMETOOLONG, error);
	memcpy(w->rest, rest, (size_t)n + 1);
	return target[0] == '/' ? walk_into(w, "/", error) : ROLLCODE_OK;
}

/* A journal beside a database has a part of it. */
static bool
has_journal(const struct path_walk *w)
{
	static const char *const endings[] = {"-journal", "-wal"};
	char beside[NAME_MAX + 16];
	struct stat st;

	for (size_t i = 0; i < 2; i++) {
		snprintf(beside, sizeof(beside), "%s%s", w->name, endings[i]);
		if (fstatat(w->dir, beside, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_size > 0)
			return true;
	}
	return false;
}

/* Opening anything but a regular file may wait, or do something. */
static enum rollcode_err
open_last(struct path_walk *w, struct import_file *file, struct error *error)
{
	struct stat st;

	file->journal = has_journal(w);
	file->fd = openat(w->dir, w->name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file->fd < 0 || fstat(file->fd, &st) != 0)
		return walk_failed(errno, error);
	return S_ISREG(st.st_mode) ? ROLLCODE_OK
				   : refuse_kind(st.st_mode, error);
}

static enum rollcode_err
walk_path(struct path_walk *w, struct import_file *file, struct error *error)
{
	enum rollcode_err err;
	struct stat st;

	if ((err = walk_into(w, w->rest[0] == '/' ? "/" : ".", error)) !=
	    ROLLCODE_OK)
		return err;
	for (;;) {
		if ((err = next_name(w, error)) != ROLLCODE_OK)
			return err;
		if (fstatat(w->dir, w->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			return walk_failed(errno, error);
		if (S_ISLNK(st.st_mode))
			err = follow_link(w, st.st_uid, error);
		else if (w->rest[0] != '\0')
			err = walk_into(w, w->name, error);
		else if (S_ISREG(st.st_mode))
			return open_last(w, file, error);
		else
			return refuse_kind(st.st_mode, error);
		if (err != ROLLCODE_OK)
			return err;
	}
}

static enum rollcode_err
open_file(const char *path, struct import_file *file, struct error *error)
{
	struct path_walk w = {.dir = AT_FDCWD};
	struct error what = {0};
	size_t len = strlen(path);
	enum rollcode_err err;

	*file = (struct import_file){.name = path, .fd = -1};
	if (strcmp(path, "-") == 0) {
		file->name = "standard input";
		file->fd = STDIN_FILENO;
		return ROLLCODE_OK;
	}
	if (len == 0 || len >= sizeof(w.rest)) {
		err = walk_failed(len == 0 ? ENOENT : ENAMETOOLONG, &what);
	} else {
		memcpy(w.rest, path, len + 1);
		err = walk_path(&w, file, &what);
	}
	if (w.dir >= 0)
		close(w.dir);
	if (err == ROLLCODE_OK)
		return ROLLCODE_OK;
	return error_pass(error, err, &what, "%.*s", PATH_SHOWN, path);
}

/* All of them are open at once: behind the last, root's rights are gone. */
static void
allow_files(size_t count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    limit.rlim_cur >= count + OTHER_FILES)
		return;
	limit.rlim_cur = limit.rlim_max < count + OTHER_FILES
			     ? limit.rlim_max
			     : count + OTHER_FILES;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

enum rollcode_err
import_open(struct import_opened *opened, char **argv, struct error *error)
{
	size_t count = 1;
	enum rollcode_err err = ROLLCODE_OK;

	while (argv[0] != NULL && argv[count] != NULL)
		count++;
	memset(opened, 0, sizeof(*opened));
	if ((opened->files = calloc(count, sizeof(*opened->files))) == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	allow_files(count);
	for (size_t i = 0; i < count && err == ROLLCODE_OK; i++) {
		opened->count++;
		err = open_file(
		    argv[0] == NULL ? "-" : argv[i], &opened->files[i], error);
	}
	return err;
}

void
import_close(struct import_opened *opened)
{
	for (size_t i = 0; i < opened->count; i++)
		if (opened->files[i].fd > STDIN_FILENO)
			close(opened->files[i].fd);
	free(opened->files);
	memset(opened, 0, sizeof(*opened));
}
