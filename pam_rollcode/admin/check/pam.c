/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam.c - the services of this machine, read as PAM reads them.
 *
 * Files, rows, depth and time are bounded: a file that includes itself is a
 * finding, and nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/check/check.h"

#define FILE_MAX (1 << 20)
#define DEPTH_MAX 16
#define READS_MAX 256 /* files of one service, each time they are read */
#define FILES_MAX 64  /* different ones */

/* The administrator's, and the vendor's, for what that one lacks. */
const char *const check_directories[CHECK_DIRECTORIES] = {
    "/etc/pam.d", "/usr/lib/pam.d"};

struct reading {
	struct service *service;
	unsigned int reads;
	size_t chain[DEPTH_MAX]; /* the files that are being read */
	bool services;		 /* of pam.conf */
};

/* --- files -------------------------------------------------------------- */

char *
check_read_text(const char *path, size_t *len)
{
	struct stat st;
	char *text = NULL;
	ssize_t n = 1;
	int fd;

	*len = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		errno = EINVAL;
	else if (st.st_size > FILE_MAX)
		errno = EFBIG;
	else
		text = malloc((size_t)st.st_size + 1);
	while (text != NULL && n > 0 && *len < (size_t)st.st_size) {
		n = read(fd, text + *len, (size_t)st.st_size - *len);
		*len += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	return text;
}

/* Where PAM finds the file of that name. */
static bool
find_file(const char *name, char path[PATH_MAX])
{
	struct stat st;
	int n;

	if (name[0] == '/') {
		n = snprintf(path, PATH_MAX, "%s", name);
		return n < PATH_MAX && stat(path, &st) == 0;
	}
	for (size_t i = 0; i < CHECK_DIRECTORIES; i++) {
		n = snprintf(
		    path, PATH_MAX, "%s/%s", check_directories[i], name);
		if (n < PATH_MAX && stat(path, &st) == 0)
			return true;
	}
	return false;
}

/* Its number, FILES_MAX if there are too many. */
static size_t
number_file(struct service *s, const char *path)
{
	size_t i = 0;

	while (i < s->file_count && strcmp(s->files[i], path) != 0)
		i++;
	if (i == s->file_count && i < FILES_MAX) {
		memcpy(s->files[i], path, strlen(path) + 1);
		s->file_count++;
	}
	return i;
}

/* --- rows --------------------------------------------------------------- */

static struct stack_row *
new_row(struct service *s)
{
	return s->count < STACK_ROWS_MAX ? &s->rows[s->count++] : NULL;
}

/* A file that cannot be included fails in its place. */
static void
cannot_include(struct service *s, const struct stack_row *row, const char *why)
{
	struct stack_row *failed = new_row(s);

	if (failed == NULL)
		return;
	*failed = *row;
	failed->kind = ROW_FAIL;
	failed->fault = why;
	for (size_t i = 0; i < STACK_RESULTS; i++)
		failed->actions[i] = ACTION_BAD;
	if (failed->type == STACK_ANY)
		failed->type = STACK_AUTH;
}

/* Files include files: DEPTH_MAX deep at most. */
/* NOLINTBEGIN(misc-no-recursion) */
static void read_file(struct reading *, const char *path, enum stack_type only,
    unsigned int level, unsigned int depth, const struct stack_row *from);

static void
include(struct reading *r, const struct stack_row *row, enum stack_type only,
    unsigned int depth)
{
	unsigned int level = row->level + (row->kind == ROW_SUBSTACK);
	char path[PATH_MAX];
	struct stack_row *place;

	if (!find_file(stack_word(row, 0), path)) {
		cannot_include(
		    r->service, row, "includes a file that is not there");
		return;
	}
	if (row->kind == ROW_SUBSTACK && (place = new_row(r->service)) != NULL)
		*place = *row;
	read_file(r, path, row->type == STACK_ANY ? only : row->type, level,
	    depth, row);
}

static void
take_row(struct reading *r, const struct stack_row *row, enum stack_type only,
    unsigned int depth)
{
	struct stack_row *place;

	if (row->service != NULL &&
	    strcasecmp(row->service, r->service->name) != 0)
		return;
	if (only != STACK_ANY && row->type != STACK_ANY && row->type != only)
		return;
	if (row->kind == ROW_INCLUDE || row->kind == ROW_SUBSTACK)
		include(r, row, only, depth);
	else if ((place = new_row(r->service)) != NULL)
		*place = *row;
}

static bool
in_chain(const struct reading *r, unsigned int depth, size_t file)
{
	for (unsigned int i = 0; i < depth; i++)
		if (r->chain[i] == file)
			return true;
	return false;
}

static void
read_rows(struct reading *r, size_t file, char *text, size_t len,
    enum stack_type only, unsigned int level, unsigned int depth)
{
	struct stack_reader reader = {
	    .text = text, .len = len, .services = r->services};
	struct stack_row row;

	r->chain[depth] = file;
	while (
	    stack_read(&reader, &row) && r->service->count < STACK_ROWS_MAX) {
		row.file = file;
		row.level = level;
		take_row(r, &row, only, depth + 1);
	}
}

static void
read_file(struct reading *r, const char *path, enum stack_type only,
    unsigned int level, unsigned int depth, const struct stack_row *from)
{
	size_t file = number_file(r->service, path), len;
	const char *why = NULL;
	char *text = NULL;

	if (in_chain(r, depth, file))
		why = "includes itself";
	else if (depth == DEPTH_MAX || file == FILES_MAX ||
		 ++r->reads > READS_MAX)
		why = "includes too much";
	else if ((text = check_read_text(path, &len)) == NULL)
		why = "includes a file that cannot be read";
	if (why != NULL && from != NULL)
		cannot_include(r->service, from, why);
	if (text != NULL)
		read_rows(r, file, text, len, only, level, depth);
	free(text);
}
/* NOLINTEND(misc-no-recursion) */

/* --- a service ---------------------------------------------------------- */

bool
check_has_directory(void)
{
	struct stat st;

	return stat(check_directories[0], &st) == 0 && S_ISDIR(st.st_mode);
}

static void
fill_auth(struct service *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct stack_row *row = &s->rows[i];

		s->uses |= stack_is_ours(row) ||
			   (row->kind == ROW_MODULE &&
			       strstr(stack_module(row), "rollcode") != NULL);
		if (row->type == STACK_AUTH)
			s->auth.rows[s->auth.count++] = row;
	}
}

bool
service_read(struct check *check, const char *name, struct service *s)
{
	struct reading r = {.service = s};
	char path[PATH_MAX] = CHECK_PAM_CONF;

	memset(s, 0, sizeof(*s));
	s->name = name;
	s->rows = calloc(STACK_ROWS_MAX, sizeof(*s->rows));
	s->files = malloc(FILES_MAX * sizeof(*s->files));
	check->lost |= s->rows == NULL || s->files == NULL;
	r.services = !check_has_directory();
	if (s->rows == NULL || s->files == NULL ||
	    (!r.services &&
		(strchr(name, '/') != NULL || !find_file(name, path)))) {
		service_free(s);
		return false;
	}
	read_file(&r, path, STACK_ANY, 0, 0, NULL);
	fill_auth(s);
	return true;
}

void
service_free(struct service *s)
{
	free(s->rows);
	free(s->files);
	memset(s, 0, sizeof(*s));
}
