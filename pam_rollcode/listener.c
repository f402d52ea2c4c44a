/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "env.h"
#include "hurry.h"
#include "listener.h"
#include "path.h"

#define GIVEN_FD 3	 /* the first one handed over */
#define BACKLOG 128	 /* connections that wait to be accepted */
#define SOCKET_MODE 0666 /* who asks is found out from the kernel */
#define LOCK_MODE 0600

int
listener_given(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int64_t number;

	if (pid == NULL || fds == NULL ||
	    !keyword_number(pid, 1, INT32_MAX, &number) || number != getpid() ||
	    !keyword_number(fds, 1, 1, &number))
		return -1;
	return GIVEN_FD;
}

static int
option_of(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 ? value
								     : -1;
}

static enum rollcode_err
take_given(struct listener *l, int given, struct error *error)
{
	if (option_of(given, SO_DOMAIN) != AF_UNIX ||
	    option_of(given, SO_TYPE) != SOCK_SEQPACKET ||
	    option_of(given, SO_ACCEPTCONN) != 1 ||
	    fcntl(given, F_SETFL, O_NONBLOCK) != 0)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "descriptor %d: is not a listening local socket of "
		    "sequential packets; the unit needs ListenSequentialPacket",
		    given);
	l->fd = given;
	return ROLLCODE_OK;
}

static enum rollcode_err
make_directory(const char *path, char directory[PATH_MAX], struct error *error)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	snprintf(directory, PATH_MAX, "%s", dirname(copy));
	/* The umask keeps others out, who must reach the socket. */
	if (mkdir(directory, 0755) == 0 ? chmod(directory, 0755) != 0
					: errno != EEXIST)
		return error_set(error, error_from_errno(errno), "%s: %s",
		    directory, strerror(errno));
	return path_check(directory, 0, error);
}

/* Of a file that only root can open: of the directory anybody could take it. */
static enum rollcode_err
take_lock(struct listener *l, const char *path, struct error *error)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s.lock", path);
	l->lock =
	    open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, LOCK_MODE);
	if (l->lock < 0)
		return error_set(error, error_from_errno(errno), "%s: %s", name,
		    strerror(errno));
	if (flock(l->lock, LOCK_EX | LOCK_NB) == 0)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_EXISTS,
	    "%s: another service is at work there", name);
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
		return error_set(error, ROLLCODE_ERR_EXISTS,
		    "%s: somebody listens there, or it is not a socket; is "
		    "the service running already? see: systemctl status "
		    "rollcode-verify.socket rollcode-verify.service",
		    path);
	if (unlink(path) == 0)
		return ROLLCODE_OK;
	return error_set(
	    error, error_from_errno(errno), "%s: %s", path, strerror(errno));
}

static enum rollcode_err
listen_at(
    struct listener *l, const struct sockaddr_un *address, struct error *error)
{
	l->fd =
	    socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd >= 0 &&
	    bind(l->fd, (const struct sockaddr *)address, sizeof(*address)) ==
		0 &&
	    chmod(address->sun_path, SOCKET_MODE) == 0 &&
	    listen(l->fd, BACKLOG) == 0)
		return ROLLCODE_OK;
	return error_set(error, error_from_errno(errno),
	    "%s: cannot be listened on: %s", address->sun_path,
	    strerror(errno));
}

enum rollcode_err
listener_open(
    struct listener *l, int given, const char *path, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char directory[PATH_MAX];
	enum rollcode_err err;

	*l = (struct listener){.fd = -1, .lock = -1};
	if (given >= 0)
		return take_given(l, given, error);
	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "%s: is too long for a socket", path);
	memcpy(address.sun_path, path, strlen(path));
	if ((err = make_directory(path, directory, error)) == ROLLCODE_OK &&
	    (err = take_lock(l, path, error)) == ROLLCODE_OK &&
	    (err = clear_place(&address, error)) == ROLLCODE_OK)
		err = listen_at(l, &address, error);
	if (err != ROLLCODE_OK) {
		if (l->fd >= 0)
			close(l->fd);
		if (l->lock >= 0)
			close(l->lock);
	}
	return err;
}

void
listener_close(struct listener *l, const char *path)
{
	hurry_begin();
	close(l->fd);
	hurry_end();
	if (l->lock < 0)
		return;
	unlink(path);
	close(l->lock);
}
