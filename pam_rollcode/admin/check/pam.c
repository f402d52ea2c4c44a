/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam.c - the services of this machine, read as PAM reads them.
 *
 * Files and rows are bounded, and each file is read once: one that includes
 * itself is a finding, and nothing else.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/check/check.h"

#define FILE_MAX (1 << 20)

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

/* Its number, CHECK_FILES_MAX if there are too many. */
static size_t
file_number(struct service *s, const char *path)
{
	size_t i = 0;

	while (i < s->file_count && strcmp(s->files[i], path) != 0)
		i++;
	if (i == s->file_count && i < CHECK_FILES_MAX) {
		memcpy(s->files[i], path, strlen(path) + 1);
		s->file_count++;
	}
	return i;
}

/* What its rows say of the service, each for itself. */
static void
row_note(struct service *s, const struct row *row)
{
	struct options options;

	s->uses |=
	    !row->includes && strstr(row_module(row), "rollcode") != NULL;
	if (!row_asks(row)) {
		s->proves |= row_runs(row) && row_class(row) == CLASS_PROVES;
		return;
	}
	if (s->first == NULL)
		s->first = row;
	if (check_options(row, &options, NULL) != ROLLCODE_OK)
		return;
	s->nullok |= options.nullok;
	s->hands_on |= options.forward_pass || options.use_first_pass ||
		       options.try_first_pass;
}

/* Files include files, CHECK_FILES_MAX deep at most. */
/* NOLINTBEGIN(misc-no-recursion) */
static void file_read(struct check *, struct service *, size_t file);

static void
row_follow(struct check *check, struct service *s, struct row *row)
{
	char path[PATH_MAX];
	size_t known = s->file_count;

	if (!path_find(row_word(row, 0), path)) {
		row->fault = "includes a file that is not there";
		return;
	}
	if (row->type != ROW_ANY && row->type != ROW_AUTH)
		return;
	row->target = file_number(s, path);
	if (row->target == CHECK_FILES_MAX)
		row->fault = "includes too many files";
	else if (row->target == known)
		file_read(check, s, row->target);
	else if (s->open[row->target])
		row->fault = "includes itself";
}

static void
file_read(struct check *check, struct service *s, size_t file)
{
	FILE *in = check_open(s->files[file]);
	unsigned int line = 0;
	struct row *row = s->rows + s->count;
	struct stat st;

	/* To PAM a folder is an empty file. */
	if (in == NULL && stat(s->files[file], &st) == 0 &&
	    !S_ISDIR(st.st_mode))
		check_found(check, IS_ERROR, "pam-file", s->files[file], 0,
		    "put a regular file of at most 1 MiB in its place",
		    "is too big, or no regular file, and was not looked at: "
		    "who can log in is not known");
	s->open[file] = true;
	for (; in != NULL && s->count < CHECK_ROWS_MAX &&
	       row_read(in, &line, row);
	     row = s->rows + s->count) {
		s->count++;
		row->file = file;
		row->target = CHECK_FILES_MAX;
		row_note(s, row);
		if (row->includes)
			row_follow(check, s, row);
	}
	if (s->count == CHECK_ROWS_MAX)
		s->rows[s->count - 1].fault = "is the last that is looked at";
	s->open[file] = false;
	if (in != NULL)
		fclose(in);
}
/* NOLINTEND(misc-no-recursion) */

bool
service_read(struct check *check, const char *name, struct service *s)
{
	char path[PATH_MAX];

	*s = (struct service){.name = name};
	if (strchr(name, '/') != NULL || !path_find(name, path))
		return false;
	s->rows = calloc(CHECK_ROWS_MAX, sizeof(*s->rows));
	s->files = malloc(CHECK_FILES_MAX * sizeof(*s->files));
	if (s->rows == NULL || s->files == NULL) {
		check->lost = true;
		service_free(s);
		return false;
	}
	file_read(check, s, file_number(s, path));
	return true;
}

void
service_free(struct service *s)
{
	free(s->rows);
	free(s->files);
	memset(s, 0, sizeof(*s));
}
