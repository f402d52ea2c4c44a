/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include "service/closer.h"
#include "system/fd.h"

#define SAY_MS 1000 /* between two lines in the log */
#define TRIES 4	    /* an error that waits is told first, once */
#define LOOKS 8	    /* at messages of one connection */
#define PARTS 64    /* of 4096 bytes: a long message at one look */

void
closer_open(struct closer *b)
{
	*b = (struct closer){.pidfd = -1};
}

/*
 * There is room for the sender's credentials and for nothing else.  They tell
 * an empty message from none, for the listener has SO_PASSCRED; and whatever
 * else came is cut, which the kernel tells.  It closes only the copies that it
 * made for this look.
 */
static enum carried
look_once(int fd, struct iovec *parts, size_t count, int *e)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
	struct msghdr message = {
	    .msg_iov = parts,
	    .msg_iovlen = count,
	    .msg_control = control,
	    .msg_controllen = sizeof(control),
	};
	ssize_t n;

	n = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT);
	*e = n < 0 ? errno : 0;
	if (n < 0)
		return CARRIED_NOTHING;
	if ((message.msg_flags & MSG_CTRUNC) != 0)
		return CARRIED_FILES;
	return n > 0 || message.msg_controllen > 0 ? CARRIED_BYTES
						   : CARRIED_END;
}

static enum carried
find_carried(int fd, struct iovec *parts, size_t count)
{
	enum carried carried = CARRIED_NOTHING;
	int e = EINTR;

	for (int i = 0; i < TRIES && e != 0 && e != EAGAIN; i++)
		carried = look_once(fd, parts, count, &e);
	return e == 0 || e == EAGAIN ? carried : CARRIED_FILES;
}

enum carried
closer_look(int fd)
{
	char byte;
	struct iovec part = {.iov_base = &byte, .iov_len = 1};

	return find_carried(fd, &part, 1);
}

/*
 * Look at all messages, one after the other, and leave them there: the kernel
 * tells the sender of a request that nobody has read it.
 */
static enum carried
look_through(int fd)
{
	static const int start = 0;
	char bytes[4096] = {0};
	struct iovec parts[PARTS];
	enum carried carried = CARRIED_BYTES;

	if (setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &start, sizeof(start)) != 0)
		return CARRIED_FILES;
	for (int i = 0; i < PARTS; i++)
		parts[i] = (struct iovec){bytes, sizeof(bytes)};
	for (int i = 0; i < LOOKS && carried == CARRIED_BYTES; i++)
		carried = find_carried(fd, parts, PARTS);
	explicit_bzero(bytes, sizeof(bytes));
	/* Of more than that another process waits for the end. */
	return carried == CARRIED_BYTES ? CARRIED_FILES : carried;
}

bool
closer_is_full(const struct closer *b)
{
	return b->count == CLOSER_MAX;
}

/* Without room it stays open, and the service is told by closer_is_full. */
void
closer_add(struct closer *b, int fd)
{
	if (b->count < CLOSER_MAX)
		b->fds[b->count++] = fd;
}

static void
log_refusal(struct closer *b, uid_t uid, int64_t now)
{
	if (b->said != 0 && now - b->said < SAY_MS)
		return;
	b->said = now;
	syslog(LOG_WARNING,
	    "uid %u attaches descriptors to its messages, and was refused; if "
	    "a process of the service stays in state D, end that user's "
	    "processes and write 1 to /sys/fs/fuse/connections/*/abort",
	    (unsigned int)uid);
}

/* Once nobody can send any more, what waits is all that ever will. */
void
closer_close(struct closer *b, int fd, uid_t uid, int64_t now)
{
	enum carried carried;

	/* The kernel has kept descriptors out of whatever waits there. */
	if (fd_option(fd, SO_PASSRIGHTS) == 0) {
		close(fd);
		return;
	}
	(void)!shutdown(fd, SHUT_RD);
	if ((carried = closer_look(fd)) == CARRIED_BYTES)
		carried = look_through(fd);
	if (carried == CARRIED_NOTHING || carried == CARRIED_END) {
		close(fd);
		return;
	}
	log_refusal(b, uid, now);
	closer_add(b, fd);
}

pid_t
closer_fork(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(0);
	for (;;)
		pause();
}

/* It ends in the kernel, as late as what it closes wishes. */
static bool
is_gone(const struct closer *b)
{
	struct pollfd gone = {.fd = b->pidfd, .events = POLLIN};

	if (b->process == 0)
		return true;
	if (b->pidfd >= 0)
		return poll(&gone, 1, 0) > 0;
	return kill(b->process, 0) != 0;
}

void
closer_run(struct closer *b)
{
	pid_t pid;

	if (!is_gone(b))
		return;
	if (b->pidfd >= 0)
		close(b->pidfd);
	b->pidfd = -1;
	b->process = 0;
	if (b->count == 0 || (pid = closer_fork()) < 0)
		return;
	b->process = pid;
	/* While it lives; before Linux 5.3 its number alone is looked at. */
	b->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	for (size_t i = 0; i < b->count; i++)
		close(b->fds[i]);
	b->count = 0;
	kill(pid, SIGKILL);
}
