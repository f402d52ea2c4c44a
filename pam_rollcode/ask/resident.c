/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resident.c - connect to the service.
 *
 *  1. Whoever listens is who the kernel says, and else is not asked.
 *  2. No caller is blocked: not by a full queue, and not beyond the deadline.
 */
#include <errno.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ask/resident.h"
#include "common/base/clock.h"
#include "common/base/rollcode.h"
#include "system/fd.h"

#define QUEUE_SLEEP_NS 5000000L
#define PASSWD_MAX 4096 /* bytes of the account's own line */

static bool
is_account(uid_t uid)
{
	char buffer[PASSWD_MAX];
	struct passwd pw, *found = NULL;

	return getpwnam_r(ROLLCODE_ACCOUNT, &pw, buffer, sizeof(buffer),
		   &found) == 0 &&
	       found != NULL && pw.pw_uid == uid;
}

static enum rollcode_err
check_peer(int fd, const char *path, struct error *error)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    len == sizeof(peer) && (peer.uid == 0 || is_account(peer.uid)))
		return ROLLCODE_OK;
	return error_at(error, ROLLCODE_ERR_HELPER, path,
	    "belongs to a process of uid %u, which is neither root nor "
	    "the account " ROLLCODE_ACCOUNT
	    "; end it, remove the socket and start the service again",
	    (unsigned int)peer.uid);
}

/* Try, and again while the queue is full.  0 or an errno. */
static int
join_queue(int fd, const struct sockaddr_un *address, int64_t deadline)
{
	const struct timespec pause = {.tv_nsec = QUEUE_SLEEP_NS};

	for (;;) {
		if (connect(fd, (const struct sockaddr *)address,
			sizeof(*address)) == 0)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return errno;
		if (errno == EAGAIN &&
		    (deadline == 0 || clock_ms() >= deadline))
			return EAGAIN;
		nanosleep(&pause, NULL);
	}
}

static enum rollcode_err
connect_error(int e, const char *path, int64_t deadline, struct error *error)
{
	switch (e) {
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		return error_at(
		    error, ROLLCODE_ERR_ABSENT, path, "nobody listens there");
	case EAGAIN:
		return error_at(error,
		    deadline == 0 ? ROLLCODE_ERR_ABSENT : ROLLCODE_ERR_UNAVAIL,
		    path,
		    "the service has more requests than it can answer; "
		    "try again");
	case EACCES:
		return error_at(error, ROLLCODE_ERR_PRIVILEGE, path,
		    "this process may not connect to it; "
		    "rollcode-admin check tells why");
	default:
		return error_at(error, ROLLCODE_ERR_HELPER, path,
		    "cannot be connected to: %s; remove it and start the "
		    "service again",
		    strerror(e));
	}
}

enum rollcode_err
resident_connect(
    const char *path, int64_t deadline, int *fd, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	enum rollcode_err err;
	int e;

	*fd = -1;
	if (strlen(path) >= sizeof(address.sun_path))
		return error_at(error, ROLLCODE_ERR_HELPER, path,
		    "is too long for a socket");
	memcpy(address.sun_path, path, strlen(path));
	*fd = fd_move_up(
	    socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (*fd < 0)
		return error_set(error, error_from_errno(errno),
		    "no socket for rollcode-verify: %s", strerror(errno));
	err = (e = join_queue(*fd, &address, deadline)) == 0
		  ? check_peer(*fd, path, error)
		  : connect_error(e, path, deadline, error);
	if (err != ROLLCODE_OK) {
		close(*fd);
		*fd = -1;
	}
	return err;
}
