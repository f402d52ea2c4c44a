/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/env.h"
#include "service/closer.h"
#include "service/listener.h"
#include "system/fd.h"
#include "system/path.h"

#define GIVEN_FD 3  /* the first one handed over */
#define BACKLOG 128 /* connections that wait to be accepted */
#define LOCK_MODE 0600

/* Newer than the C library's headers. */
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif

static const struct {
	const char *name, *path;
	mode_t directory, mode;
} sockets[SOCKETS] = {
    /* Who asks is found out from the kernel. */
    [SOCKET_OF_ALL] = {"verify", ROLLCODE_SOCKET, 0755, 0666},
    [SOCKET_OF_ROOT] = {"verify-root", ROLLCODE_ROOT_SOCKET, 0700, 0600},
};

const char *
listener_path(enum socket_of whose)
{
	return sockets[whose].path;
}

/* Where a unit gives no name the manager gives the unit's. */
static enum socket_of
whose_is(const char *name)
{
	if (name[0] == '\0' || strcmp(name, "rollcode-verify.socket") == 0)
		return SOCKET_OF_ALL;
	for (int i = 0; i < SOCKETS; i++)
		if (strcmp(name, sockets[i].name) == 0)
			return (enum socket_of)i;
	return SOCKETS;
}

void
environment_read(struct environment *environment)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	const char *names = getenv("LISTEN_FDNAMES");
	const char *notify = getenv("NOTIFY_SOCKET");
	char copy[256], *rest = copy;
	int64_t number;

	*environment = (struct environment){.fds = {-1, -1}, .end = GIVEN_FD};
	if (notify != NULL && strlen(notify) < sizeof(environment->notify))
		memcpy(environment->notify, notify, strlen(notify));
	if (pid == NULL || fds == NULL ||
	    !keyword_number(pid, 1, INT32_MAX, &number) || number != getpid() ||
	    !keyword_number(fds, 1, INT16_MAX, &number))
		return;
	snprintf(copy, sizeof(copy), "%s", names != NULL ? names : "");
	for (; number > 0 && environment->odd[0] == '\0'; number--) {
		const char *name = strsep(&rest, ":");
		enum socket_of whose = whose_is(name != NULL ? name : "");

		if (whose == SOCKETS || environment->fds[whose] >= 0)
			snprintf(environment->odd, sizeof(environment->odd),
			    "%s", keyword_shown(name != NULL ? name : ""));
		else
			environment->fds[whose] = environment->end;
		environment->end++;
	}
}

void
environment_notify(const struct environment *environment, const char *state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(environment->notify);
	int fd;

	if (environment->notify[0] != '/' && environment->notify[0] != '@')
		return;
	memcpy(address.sun_path, environment->notify, len);
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (const struct sockaddr *)&address,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

/*
 * Accepted connections inherit it.  That senders' credentials are passed is for
 * closer_look; what else a unit may have set is taken back.
 */
static void
refuse_descriptors(int fd)
{
	static const struct {
		int option, value;
	} options[] = {
	    {SO_PASSRIGHTS, 0},
	    {SO_PASSCRED, 1},
	    {SO_PASSSEC, 0},
	    {SO_PASSPIDFD, 0},
	};

	for (size_t i = 0; i < COUNT(options); i++)
		(void)!setsockopt(fd, SOL_SOCKET, options[i].option,
		    &options[i].value, sizeof(options[i].value));
}

static enum rollcode_err
take_given(struct listener *l, int handed, struct error *error)
{
	if (fd_option(handed, SO_DOMAIN) != AF_UNIX ||
	    fd_option(handed, SO_TYPE) != SOCK_SEQPACKET ||
	    fd_option(handed, SO_ACCEPTCONN) != 1 ||
	    fcntl(handed, F_SETFL, O_NONBLOCK) != 0)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "descriptor %d: is not a listening local socket of "
		    "sequential packets; the unit needs ListenSequentialPacket",
		    handed);
	l->fd = handed;
	refuse_descriptors(l->fd);
	return ROLLCODE_OK;
}

/* The umask keeps others out, who must reach everybody's socket. */
static enum rollcode_err
make_directory(const struct listener *l, struct error *error)
{
	mode_t mode = sockets[l->whose].directory;
	char path[PATH_MAX], octal[16], *directory;
	enum rollcode_err err;
	struct stat st = {0};

	snprintf(path, sizeof(path), "%s", sockets[l->whose].path);
	directory = dirname(path);
	if (mkdir(directory, mode) == 0 ? chmod(directory, mode) != 0
					: errno != EEXIST)
		return error_errno(error, errno, directory);
	if ((err = path_check(directory, 0, error)) != ROLLCODE_OK)
		return err;
	if (stat(directory, &st) == 0 && (st.st_mode & 0077 & ~mode) == 0)
		return ROLLCODE_OK;
	snprintf(octal, sizeof(octal), "%04o", (unsigned int)mode);
	return error_fix(error,
	    error_at(error, ROLLCODE_ERR_STORE, directory,
		"is open to others (mode %04o)",
		(unsigned int)(st.st_mode & 07777)),
	    "chmod", octal, directory, NULL);
}

/* Of a file that only root can open: of the directory anybody could take it. */
static enum rollcode_err
take_lock(struct listener *l, struct error *error)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s.lock", sockets[l->whose].path);
	l->lock =
	    open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, LOCK_MODE);
	if (l->lock < 0)
		return error_errno(error, errno, name);
	if (flock(l->lock, LOCK_EX | LOCK_NB) == 0)
		return ROLLCODE_OK;
	return error_at(error, ROLLCODE_ERR_EXISTS, name,
	    "another service is running there");
}

/* A socket that nobody listens on any more makes way. */
static enum rollcode_err
clear_place(const struct sockaddr_un *address, struct error *error)
{
	const char *path = address->sun_path;
	struct stat st;
	int fd, e;

	if (lstat(path, &st) != 0)
		return ROLLCODE_OK;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	e = fd >= 0 && connect(fd, (const struct sockaddr *)address,
			   sizeof(*address)) != 0
		? errno
		: 0;
	if (fd >= 0)
		close(fd);
	if (!S_ISSOCK(st.st_mode) || e != ECONNREFUSED)
		return error_at(error, ROLLCODE_ERR_EXISTS, path,
		    "another process listens there, or it is not a socket; is "
		    "the service already running? see: systemctl status "
		    "rollcode-verify.socket rollcode-verify.service");
	return unlink(path) == 0 ? ROLLCODE_OK
				 : error_errno(error, errno, path);
}

static enum rollcode_err
listen_at(
    struct listener *l, const struct sockaddr_un *address, struct error *error)
{
	l->fd =
	    socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd >= 0)
		refuse_descriptors(l->fd);
	if (l->fd >= 0 &&
	    bind(l->fd, (const struct sockaddr *)address, sizeof(*address)) ==
		0 &&
	    chmod(address->sun_path, sockets[l->whose].mode) == 0 &&
	    listen(l->fd, BACKLOG) == 0)
		return ROLLCODE_OK;
	return error_at(error, error_from_errno(errno), address->sun_path,
	    "cannot be listened on: %s", strerror(errno));
}

/*
 * To drop the last reference drops what waits in its queue, with all that was
 * attached: that is another process's to wait for.
 */
static void
drop_listener(const struct listener *l)
{
	pid_t holder = -1;

	if (l->whose == SOCKET_OF_ALL && (holder = closer_fork()) < 0)
		return;
	close(l->fd);
	if (holder > 0)
		kill(holder, SIGKILL);
}

static enum rollcode_err
open_place(struct listener *l, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	enum rollcode_err err;

	_Static_assert(sizeof(ROLLCODE_ROOT_SOCKET) <= sizeof(address.sun_path),
	    "the path of a socket fits");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
	    sockets[l->whose].path);
	if ((err = make_directory(l, error)) == ROLLCODE_OK &&
	    (err = take_lock(l, error)) == ROLLCODE_OK &&
	    (err = clear_place(&address, error)) == ROLLCODE_OK)
		err = listen_at(l, &address, error);
	if (err == ROLLCODE_OK)
		return err;
	if (l->fd >= 0)
		close(l->fd);
	if (l->lock >= 0)
		close(l->lock);
	l->fd = l->lock = -1;
	return err;
}

enum rollcode_err
listener_open(struct listener *l, const struct environment *environment,
    struct error *error)
{
	int handed = environment->fds[l->whose];

	if (environment->odd[0] != '\0')
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "systemd passed a socket named %s; the units need "
		    "FileDescriptorName=%s and FileDescriptorName=%s, one each",
		    environment->odd, sockets[SOCKET_OF_ALL].name,
		    sockets[SOCKET_OF_ROOT].name);
	return handed >= 0 ? take_given(l, handed, error)
			   : open_place(l, error);
}

void
listener_close(struct listener *l)
{
	if (l->fd >= 0)
		drop_listener(l);
	if (l->lock < 0)
		return;
	unlink(sockets[l->whose].path);
	close(l->lock);
}
