/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handout.c - a file for each user who was enrolled, to be handed to them; and
 * one that is exported.
 *
 *  1. The files are root's.  The process that has given root's rights up hands
 *     what is in them to one that has not, which only puts it into one
 *     directory, or into one file.
 *  2. Of a file nothing is there, or all of it, on disk.  What a kill left is
 *     removed when one is written to that directory again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin/handout.h"
#include "common/base/replace.h"
#include "store/name.h"
#include "system/path.h"

#define SENT_MAX ((size_t)1024 << 20) /* bytes of an exported file */
#define SHARE_TRIES 200		      /* a hundredth of a second apart */

struct handed {
	char user[ROLLCODE_USER_MAX + 1];
	char label[ROLLCODE_LABEL_MAX + 1]; /* "" for the default one */
	struct provision_line line;
};

struct receipt {
	enum rollcode_err err;
	struct error error;
};

WIPABLE(handed);

/* The absolute path, and without slashes at its end. */
static bool
whole_path(const char *dir, char path[PATH_MAX])
{
	char here[PATH_MAX] = "";
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (dir[0] != '/' && getcwd(here, sizeof(here)) == NULL)
		return false;
	errno = ENAMETOOLONG;
	return (size_t)snprintf(path, PATH_MAX, "%s%s%.*s", here,
		   dir[0] != '/' ? "/" : "", (int)len, dir) < PATH_MAX;
}

/* What is somebody else's stays theirs: root would lock them out of it. */
static enum rollcode_err
check_handout(const char *path, struct error *error)
{
	enum rollcode_err err = path_check(path, 0, error);

	if (err != ROLLCODE_ERR_STORE)
		return err;
	error->fix[0] = '\0';
	return error_add(error, err, "name a directory of root's");
}

/* Nobody else may have a say in where it is: no link leads there. */
static enum rollcode_err
make_place(const char *path, struct error *error)
{
	char above[PATH_MAX];
	size_t len = (size_t)(strrchr(path, '/') - path);
	enum rollcode_err err;

	snprintf(above, sizeof(above), "%.*s", len == 0 ? 1 : (int)len, path);
	if ((err = check_handout(above, error)) != ROLLCODE_OK)
		return err;
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return error_errno(error, errno, path);
	return check_handout(path, error);
}

/* One that is made here is root's; in another only root may change a name. */
static enum rollcode_err
prepare_place(const char *dir, char path[PATH_MAX], struct error *error)
{
	enum rollcode_err err;
	struct stat st;

	if (!whole_path(dir, path))
		return error_errno(error, errno, dir);
	if ((err = make_place(path, error)) != ROLLCODE_OK)
		return err;
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return error_errno(error, ENOTDIR, path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return ROLLCODE_OK;
	return error_at(error, ROLLCODE_ERR_STORE, path,
	    "others can write to it (mode %04o); name a directory of root's",
	    (unsigned int)(st.st_mode & 07777));
}

/* What comes from the other process is bytes and two names, whatever it is. */
static enum rollcode_err
write_handed(const char *place, struct handed *h, struct error *error)
{
	char user[STORE_NAME_MAX + 1], label[STORE_NAME_MAX + 1] = "";
	char path[PATH_MAX];
	size_t len;
	int e;

	h->user[sizeof(h->user) - 1] = h->label[sizeof(h->label) - 1] = '\0';
	len = strnlen(h->line.text, sizeof(h->line.text) - 1);
	h->line.text[len] = '\n';
	if (!store_name_encode(h->user, user) ||
	    (h->label[0] != '\0' && !store_name_encode(h->label, label)) ||
	    (size_t)snprintf(path, sizeof(path), "%s/%s%s%s.uri", place, user,
		label[0] != '\0' ? "." : "", label) >= sizeof(path))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "%s: the name is too long for a file", h->user);
	if ((e = replace_file(path, h->line.text, len + 1, true)) != 0)
		return error_errno(error, e, path);
	return replace_sync_directory(path, error);
}

static bool
is_half_written(const char *name)
{
	static const char end[] = ".uri.new";
	size_t len = strlen(name);

	return len >= sizeof(end) &&
	       strcmp(name + len - sizeof(end) + 1, end) == 0;
}

static enum rollcode_err
sweep_names(DIR *dir, const char *place, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;
	struct dirent *entry;

	while ((entry = readdir(dir)) != NULL)
		if (is_half_written(entry->d_name) &&
		    unlinkat(dirfd(dir), entry->d_name, 0) != 0)
			err = error_errno(error, errno, place);
	return err;
}

/* Who else looks through it is soon done; anybody may lock what is open to all.
 */
static enum rollcode_err
share_place(int lock, const char *place, struct error *error)
{
	const struct timespec step = {.tv_nsec = 10 * 1000000L};

	for (int tries = 0; flock(lock, LOCK_SH | LOCK_NB) != 0; tries++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_errno(error, errno, place);
		if (tries == SHARE_TRIES)
			return error_at(error, ROLLCODE_ERR_UNAVAIL, place,
			    "another program has locked it; try again, or name "
			    "a directory that only you can enter");
		nanosleep(&step, NULL);
	}
	return ROLLCODE_OK;
}

/* Unless another command writes there; who has *lock open is such a one. */
static enum rollcode_err
sweep_place(const char *place, int *lock, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;
	DIR *dir = NULL;

	*lock = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*lock < 0 || (dir = opendir(place)) == NULL)
		err = error_errno(error, errno, place);
	else if (flock(*lock, LOCK_EX | LOCK_NB) == 0)
		err = sweep_names(dir, place, error);
	if (err == ROLLCODE_OK)
		err = share_place(*lock, place, error);
	if (dir != NULL)
		closedir(dir);
	return err;
}

/* Until the other process has ended. */
static void
write_all_handed(const char *place, int fd)
{
	WIPED(handed_wipe) struct handed handed;
	struct receipt receipt;

	while (
	    recv(fd, &handed, sizeof(handed), 0) == (ssize_t)sizeof(handed)) {
		memset(&receipt, 0, sizeof(receipt));
		receipt.err = write_handed(place, &handed, &receipt.error);
		if (send(fd, &receipt, sizeof(receipt), MSG_NOSIGNAL) < 0)
			break;
	}
}

/* All of it, or nothing: who sends may end before it has sent all. */
static void
write_sent(const char *path, int fd)
{
	WIPED(cli_bytes_free) struct cli_bytes bytes = {NULL, 0, 0};
	struct receipt receipt = {0};
	size_t len;

	if (recv(fd, &len, sizeof(len), MSG_WAITALL) != (ssize_t)sizeof(len))
		return;
	receipt.err = cli_read_all(fd, SENT_MAX, &bytes, &receipt.error);
	if (receipt.err == ROLLCODE_OK && bytes.len != len)
		return;
	if (receipt.err == ROLLCODE_OK &&
	    (receipt.err = cli_write_new(
		 path, bytes.text, len, &receipt.error)) == ROLLCODE_OK)
		receipt.err = replace_sync_directory(path, &receipt.error);
	(void)!send(fd, &receipt, sizeof(receipt), MSG_NOSIGNAL);
}

static enum rollcode_err
start_writer(void (*serve)(const char *, int), const char *path, int type,
    int *fd, struct error *error)
{
	enum rollcode_err err;
	int ends[2];
	pid_t child;

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0)
		return error_errno(error, errno, path);
	if ((child = fork()) < 0) {
		err = error_errno(error, errno, path);
		close(ends[0]);
		close(ends[1]);
		return err;
	}
	if (child == 0) {
		/* A key at the terminal ends the other one, and then this. */
		signal(SIGINT, SIG_IGN);
		signal(SIGQUIT, SIG_IGN);
		close(ends[0]);
		serve(path, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	*fd = ends[0];
	return ROLLCODE_OK;
}

enum rollcode_err
handout_begin(const char *dir, int *fd, struct error *error)
{
	char place[PATH_MAX];
	enum rollcode_err err;
	int lock = -1;

	if ((err = prepare_place(dir, place, error)) == ROLLCODE_OK &&
	    (err = sweep_place(place, &lock, error)) == ROLLCODE_OK)
		err = start_writer(
		    write_all_handed, place, SOCK_SEQPACKET, fd, error);
	if (lock >= 0)
		close(lock); /* the writer has it open until it ends */
	return err;
}

enum rollcode_err
handout_file(const char *path, int *fd, struct error *error)
{
	return start_writer(write_sent, path, SOCK_STREAM, fd, error);
}

static enum rollcode_err
take_receipt(int fd, struct error *error)
{
	struct receipt receipt;

	if (recv(fd, &receipt, sizeof(receipt), MSG_WAITALL) !=
	    (ssize_t)sizeof(receipt))
		return error_set(error, ROLLCODE_ERR_SYS,
		    "the process that writes the files has ended");
	if (receipt.err == ROLLCODE_OK)
		return ROLLCODE_OK;
	error_bound(&receipt.error);
	return error_pass(error, receipt.err, &receipt.error, NULL);
}

enum rollcode_err
handout_write(int fd, const char *user, const char *label,
    const struct provision_line *line, struct error *error)
{
	WIPED(handed_wipe) struct handed handed = {.line = *line};

	snprintf(handed.user, sizeof(handed.user), "%s", user);
	snprintf(handed.label, sizeof(handed.label), "%s", label);
	if (send(fd, &handed, sizeof(handed), MSG_NOSIGNAL) < 0)
		shutdown(fd, SHUT_WR); /* so that it ends */
	return take_receipt(fd, error);
}

enum rollcode_err
handout_send(int fd, const struct cli_bytes *bytes, struct error *error)
{
	ssize_t n = send(fd, &bytes->len, sizeof(bytes->len), MSG_NOSIGNAL);

	for (size_t at = 0; n >= 0 && at < bytes->len; at += (size_t)n)
		if ((n = send(fd, bytes->text + at, bytes->len - at,
			 MSG_NOSIGNAL)) < 0 &&
		    errno == EINTR)
			n = 0;
	shutdown(fd, SHUT_WR);
	return take_receipt(fd, error);
}
