/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam.c - the services of this machine, read as PAM reads them.
 *
 * Files and rows are bounded, and each file is read once: one that includes
 * itself is a finding, and nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/check/check.h"

#define FILE_MAX (1 << 20)
#define FILES_MAX 64 /* of one service */

/* The administrator's, and the vendor's, for what that one lacks. */
const char *const check_directories[2] = {"/etc/pam.d", "/usr/lib/pam.d"};

FILE *
check_open(const char *path)
{
	struct stat st;
	FILE *in = NULL;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size <= FILE_MAX)
		in = fdopen(fd, "r");
	if (in == NULL && fd >= 0)
		close(fd);
	return in;
}

/* Where PAM finds the file of that name. */
static bool
path_find(const char *name, char path[PATH_MAX])
{
	bool absolute = name[0] == '/';
	struct stat st;
	int n;

	for (size_t i = 0; i < (absolute ? 1 : COUNT(check_directories)); i++) {
		n = snprintf(path, PATH_MAX, "%s%s%s",
		    absolute ? "" : check_directories[i], absolute ? "" : "/",
		    name);
		if (n < PATH_MAX && stat(path, &st) == 0)
			return true;
	}
	return false;
}

struct reading {
	struct check *check;
	struct service *service;
	bool open[FILES_MAX]; /* the files that are being read */
};

/* Its number, FILES_MAX if there are too many. */
static size_t
file_number(struct service *s, const char *path, bool *is_new)
{
	size_t i = 0;

	while (i < s->file_count && strcmp(s->files[i], path) != 0)
		i++;
	*is_new = i == s->file_count && i < FILES_MAX;
	if (*is_new) {
		memcpy(s->files[i], path, strlen(path) + 1);
		s->file_count++;
	}
	return i;
}

/* Files include files, FILES_MAX deep at most. */
/* NOLINTBEGIN(misc-no-recursion) */
static void file_read(struct reading *, size_t file);

static void
row_follow(struct reading *r, struct row *row)
{
	char path[PATH_MAX];
	bool is_new;

	if (!path_find(row_word(row, 0), path)) {
		row->fault = "includes a file that is not there";
		return;
	}
	if (row->type != ROW_ANY && row->type != ROW_AUTH)
		return;
	row->target = file_number(r->service, path, &is_new);
	if (row->target == FILES_MAX)
		row->fault = "includes too many files";
	else if (is_new)
		file_read(r, row->target);
	else if (r->open[row->target])
		row->fault = "includes itself";
}

static void
file_read(struct reading *r, size_t file)
{
	struct service *s = r->service;
	FILE *in = check_open(s->files[file]);
	unsigned int line = 0;
	struct row *row = s->rows + s->count;
	struct stat st;

	/* To PAM a folder is an empty file. */
	if (in == NULL && stat(s->files[file], &st) == 0 &&
	    !S_ISDIR(st.st_mode))
		check_found(r->check, IS_ERROR, "pam-file", s->files[file], 0,
		    "put a regular file of at most 1 MiB in its place",
		    "is too big, or no regular file, and was not looked at: "
		    "who can log in is not known");
	r->open[file] = true;
	for (; in != NULL && s->count < CHECK_ROWS_MAX &&
	       row_read(in, &line, row);
	     row = s->rows + s->count) {
		s->count++;
		row->file = file;
		row->target = FILES_MAX;
		s->uses |= !row->includes &&
			   strstr(row_module(row), "rollcode") != NULL;
		if (s->first == NULL && row_asks(row))
			s->first = row;
		if (row->includes)
			row_follow(r, row);
	}
	if (s->count == CHECK_ROWS_MAX)
		s->rows[s->count - 1].fault = "is the last that is looked at";
	r->open[file] = false;
	if (in != NULL)
		fclose(in);
}
/* NOLINTEND(misc-no-recursion) */

bool
service_read(struct check *check, const char *name, struct service *s)
{
	struct reading r = {.check = check, .service = s};
	char path[PATH_MAX];
	bool is_new;

	*s = (struct service){.name = name};
	if (strchr(name, '/') != NULL || !path_find(name, path))
		return false;
	s->rows = calloc(CHECK_ROWS_MAX, sizeof(*s->rows));
	s->files = malloc(FILES_MAX * sizeof(*s->files));
	check->lost |= s->rows == NULL || s->files == NULL;
	if (s->rows == NULL || s->files == NULL) {
		service_free(s);
		return false;
	}
	file_read(&r, file_number(s, path, &is_new));
	return true;
}

void
service_free(struct service *s)
{
	free(s->rows);
	free(s->files);
	memset(s, 0, sizeof(*s));
}
