/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuse_hang [-n ROUNDS] [-u USER] KIND SOCKET DIRECTORY - send to a socket what
 * cannot be closed in time, as anybody could.
 *
 * It mounts a file system of its own on DIRECTORY, which takes no privilege but
 * a user namespace.  A file is there that nobody finishes writing: whoever is
 * the last to close it waits in the kernel, where no signal ends it.
 *
 *	hidden		such a file, inside a socket pair
 *	file		the file itself, behind a request
 *	nested		the file, inside a pair inside a pair, 4 of them
 *	many		253 pairs in one message
 *	hasty		like hidden, and left as soon as it is sent
 *	crowd		like hidden, on 64 connections at once
 *	lingering	a TCP socket that takes an hour to close; no file system
 *
 * A message is a request about USER, or one byte.  Prints "connection N" (that
 * of /sys/fs/fuse/connections), how many sends had which result as NAME COUNT
 * lines, and "ready".  Whoever waits does so until standard input ends: then,
 * and when this process is killed, so is the one that has /dev/fuse, and with
 * it ends every wait.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/fuse.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "pam_rollcode/protocol/protocol.h"

#define LIFE_SECONDS 600 /* then whoever waits is let go in any case */
#define STUCK_MS 2000	 /* for a round's sends */
#define PAUSE_MS 50	 /* between two rounds */
#define VERIFIED_MS 200	 /* then a request was verified, and is held back */
#define LEAVE_MS 2000	 /* for an answer, before it is left */
#define HOUR 3600
#define DEPTH 4		/* what the kernel allows */
#define CARRIED_MAX 253 /* in one message */
#define CROWD 64
#define ROUNDS_MAX 1000
#define UNKNOWN (-1)	  /* what came of a send */
#define FIRST_NODE 2	  /* the files behind the root of the file system */
#define MAX_WRITE 4096	  /* the least that there is */
#define DEVICE_BYTES 8192 /* the least that may be read of the device */

enum kind { HIDDEN, FILE_ITSELF, NESTED, MANY, HASTY, CROWDED, LINGERING };

static const struct {
	const char *name;
	int depth;    /* of pairs around the file */
	int carried;  /* in one message */
	int messages; /* on a connection each */
} kinds[] = {
    [HIDDEN] = {"hidden", 1, 1, 1},
    [FILE_ITSELF] = {"file", 0, 1, 1},
    [NESTED] = {"nested", DEPTH, 1, 1},
    [MANY] = {"many", 1, CARRIED_MAX, 1},
    [HASTY] = {"hasty", 1, 1, 1},
    [CROWDED] = {"crowd", 1, 1, CROWD},
    [LINGERING] = {"lingering", 0, 1, 1},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static enum kind kind;
static struct request request = {
    .magic = PROTOCOL_REQUEST, .kind = REQUEST_VERIFY};
static const char *socket_path, *directory;
static pid_t children[ROUNDS_MAX + 1];
static size_t children_count;
static _Atomic int *results; /* of a round's messages, shared with it */

static void
pause_ms(long ms)
{
	const struct timespec time = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&time, NULL);
}

/* A process that ends with this one, and at some time in any case. */
static pid_t
fork_child(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid > 0) {
		children[children_count++] = pid;
		return pid;
	}
	alarm(LIFE_SECONDS);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(1);
	return 0;
}

/* --- the file system ------------------------------------------------------ */

static void
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	close(fd);
}

/* In a namespace where this account is itself, and may mount. */
static void
unshare_user(void)
{
	unsigned int uid = getuid(), gid = getgid();
	char text[64];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		err(1, "a user namespace");
	snprintf(text, sizeof(text), "%u %u 1", uid, uid);
	write_file("/proc/self/uid_map", text);
	write_file("/proc/self/setgroups", "deny");
	snprintf(text, sizeof(text), "%u %u 1", gid, gid);
	write_file("/proc/self/gid_map", text);
}

static int
mount_here(void)
{
	int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char options[128];

	if (device < 0)
		err(1, "/dev/fuse");
	snprintf(options, sizeof(options),
	    "fd=%d,rootmode=40000,user_id=%u,group_id=%u", device, getuid(),
	    getgid());
	if (mount("hang", directory, "fuse", MS_NOSUID | MS_NODEV, options) !=
	    0)
		err(1, "mount on %s", directory);
	return device;
}

/* error: 0 or negative. */
static void
reply(int device, uint64_t unique, int error, const void *body, size_t len)
{
	struct fuse_out_header head = {.unique = unique, .error = error};
	struct iovec parts[] = {{&head, sizeof(head)}, {(void *)body, len}};

	head.len = (uint32_t)(sizeof(head) + len);
	(void)!writev(device, parts, 2);
}

static void
set_attr(struct fuse_attr *attr, uint64_t node)
{
	attr->ino = node;
	attr->mode = node < FIRST_NODE ? S_IFDIR | 0700 : S_IFREG | 0600;
	attr->nlink = 1;
	attr->uid = getuid();
	attr->gid = getgid();
	attr->blksize = MAX_WRITE;
}

static void
reply_init(int device, uint64_t unique, const struct fuse_init_in *in)
{
	struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION,
	    .minor = FUSE_KERNEL_MINOR_VERSION,
	    .flags = in->flags & FUSE_WRITEBACK_CACHE,
	    .max_write = MAX_WRITE};

	if (in->minor < out.minor)
		out.minor = in->minor;
	reply(device, unique, 0, &out, sizeof(out));
}

/* A file's name is its number, and each number a file that is there. */
static void
reply_lookup(int device, uint64_t unique, const char *name)
{
	struct fuse_entry_out out = {.entry_valid = HOUR, .attr_valid = HOUR};

	out.nodeid = FIRST_NODE + strtoul(name, NULL, 10);
	set_attr(&out.attr, out.nodeid);
	reply(device, unique, 0, &out, sizeof(out));
}

static void
reply_attr(int device, uint64_t unique, uint64_t node)
{
	struct fuse_attr_out out = {.attr_valid = HOUR};

	set_attr(&out.attr, node);
	reply(device, unique, 0, &out, sizeof(out));
}

static void
serve_one(int device, const struct fuse_in_header *in)
{
	const struct fuse_open_out opened = {0};

	switch (in->opcode) {
	case FUSE_INIT:
		reply_init(device, in->unique, (const void *)(in + 1));
		break;
	case FUSE_LOOKUP:
		reply_lookup(device, in->unique, (const char *)(in + 1));
		break;
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		reply_attr(device, in->unique, in->nodeid);
		break;
	case FUSE_OPEN:
		reply(device, in->unique, 0, &opened, sizeof(opened));
		break;
	case FUSE_READ:
	case FUSE_RELEASE:
		reply(device, in->unique, 0, NULL, 0);
		break;
	case FUSE_WRITE:
	case FUSE_FORGET: /* these want no answer */
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		reply(device, in->unique, -ENOSYS, NULL, 0);
	}
}

static _Noreturn void
serve_device(int device)
{
	static _Alignas(8) char in[DEVICE_BYTES];

	for (;;) {
		if (read(device, in, sizeof(in)) >= 0)
			serve_one(device, (const void *)in);
		else if (errno != EINTR && errno != ENOENT && errno != EAGAIN)
			_exit(0);
	}
}

/* This process keeps nothing that the file system's end would have to pass. */
static void
start_serving(void)
{
	struct stat st;
	int device;

	unshare_user();
	device = mount_here();
	if (fork_child() == 0)
		serve_device(device);
	close(device);
	if (stat(directory, &st) != 0)
		err(1, "%s", directory);
	printf("connection %u\n", minor(st.st_dev));
}

/* --- what is sent --------------------------------------------------------- */

static int
open_file(int round)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%d", directory, round);
	if ((fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
		err(1, "%s", path);
	return fd;
}

/* One message; 0, or what the kernel said. */
static int
send_carrying(int s, const void *text, size_t len, const int *fds, int count)
{
	struct iovec part = {(void *)text, len};
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(CARRIED_MAX * sizeof(int))];
	} control = {0};
	size_t carried = sizeof(int) * (size_t)count;
	struct msghdr message = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = CMSG_SPACE(carried)};

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(carried);
	memcpy(CMSG_DATA(&control.head), fds, carried);
	return sendmsg(s, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? errno
								     : 0;
}

/* Nothing of this round was sent. */
static _Noreturn void
give_up(int error)
{
	for (int i = 0; i < kinds[kind].messages; i++)
		results[i] = error;
	_exit(1);
}

/* A socket whose unread message is the only one that still has fd. */
static int
hide(int fd)
{
	int ends[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		give_up(errno);
	error = send_carrying(ends[0], "x", 1, &fd, 1);
	if (error != 0)
		give_up(error);
	close(fd);
	close(ends[0]);
	return ends[1];
}

/* A socket with bytes on the way to somebody who does not read. */
static int
open_lingering(void)
{
	struct sockaddr_in here = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct linger hour = {1, HOUR};
	static const char bytes[65536];
	socklen_t len = sizeof(here);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(listener, (struct sockaddr *)&here, len) != 0 ||
	    listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&here, &len) != 0 ||
	    connect(s, (struct sockaddr *)&here, len) != 0 ||
	    accept(listener, NULL, NULL) < 0)
		err(1, "a connection to itself");
	while (send(s, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	if (setsockopt(s, SOL_SOCKET, SO_LINGER, &hour, sizeof(hour)) != 0)
		err(1, "SO_LINGER");
	return s;
}

static int
carried_new(int round)
{
	int fd;

	if (kind == LINGERING)
		return open_lingering();
	fd = open_file(round);
	for (int i = 0; i < kinds[kind].depth; i++)
		fd = hide(fd);
	return fd;
}

/* From now on no other descriptor of it may be closed here. */
static void
dirty(int round)
{
	int fd = open_file(round);

	if (write(fd, "x", 1) != 1)
		err(1, "a page of %s/%d", directory, round);
}

/* --- a round -------------------------------------------------------------- */

/* A connection, or what the kernel said, negative. */
static int
connect_now(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int s =
	    socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	if (s < 0 ||
	    connect(s, (struct sockaddr *)&address, sizeof(address)) != 0)
		return -errno;
	return s;
}

/* Behind a request it is read only once that was answered. */
static int
send_message(int s, const int *fds, int count)
{
	bool asks = request.user[0] != '\0';

	if (kind == FILE_ITSELF) {
		if (send(s, &request, sizeof(request), MSG_NOSIGNAL) < 0)
			return errno;
		pause_ms(VERIFIED_MS);
		asks = false;
	}
	return send_carrying(s, asks ? (const void *)&request : "x",
	    asks ? sizeof(request) : 1, fds, count);
}

/*
 * What was taken is closed at once, so that it is the other side's to close it
 * last.  What was not stays open: its last close would be waited for here.
 */
static int
attack_once(const int *fds, int count, _Atomic int *result)
{
	int s = connect_now(), error = s < 0 ? -s : 0;

	if (error == 0)
		error = send_message(s, fds, count);
	*result = error;
	for (int i = 0; i < count && error == 0; i++)
		close(fds[i]);
	if (error == 0 && kind == HASTY) {
		close(s);
		s = -1;
	}
	return s;
}

static _Noreturn void
round_main(int round)
{
	int count = kinds[kind].carried, messages = kinds[kind].messages;
	int carried[CARRIED_MAX], connections[CROWD];
	struct pollfd heard = {.events = POLLIN};

	for (int i = 0; i < count * messages; i++)
		carried[i] = carried_new(round);
	if (kind != LINGERING && kind != FILE_ITSELF)
		dirty(round);
	for (int i = 0; i < messages; i++)
		connections[i] = attack_once(
		    carried + (ptrdiff_t)i * count, count, &results[i]);
	if (kind == FILE_ITSELF)
		dirty(round);
	heard.fd = connections[0];
	poll(&heard, 1, LEAVE_MS);
	for (int i = 0; i < messages; i++)
		if (connections[i] >= 0)
			close(connections[i]);
	for (;;)
		pause();
}

/* --- all of them ---------------------------------------------------------- */

static struct {
	int error;
	unsigned int count;
} tallies[32];
#define TALLIES (sizeof(tallies) / sizeof(tallies[0]))

static const char *
result_name(int error)
{
	if (error == UNKNOWN)
		return "unknown";
	return error == 0 ? "sent" : strerror(error);
}

static void
count_result(int error)
{
	size_t i = 0;

	while (i < TALLIES - 1 && tallies[i].count > 0 &&
	       tallies[i].error != error)
		i++;
	tallies[i].error = error;
	tallies[i].count++;
}

/* A round of which nothing is heard waits for its own file. */
static void
run_round(int round)
{
	int patience = STUCK_MS;

	for (int i = 0; i < kinds[kind].messages; i++)
		results[i] = UNKNOWN;
	if (fork_child() == 0)
		round_main(round);
	for (int i = 0; i < kinds[kind].messages; i++) {
		while (results[i] == UNKNOWN && patience-- > 0)
			pause_ms(1);
		count_result(results[i]);
	}
}

/* The process that has /dev/fuse is the first: then nothing waits any more. */
static void
end_children(void)
{
	for (size_t i = 0; i < children_count; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
}

static _Noreturn void
usage(void)
{
	errx(2, "usage: fuse_hang [-n ROUNDS] [-u USER] KIND SOCKET DIRECTORY");
}

static int
options(int argc, char **argv)
{
	int c, rounds = 20;

	while ((c = getopt(argc, argv, "n:u:")) != -1) {
		if (c == 'n')
			rounds = atoi(optarg);
		else if (c == 'u')
			snprintf(
			    request.user, sizeof(request.user), "%s", optarg);
		else
			usage();
	}
	if (argc - optind != 3 || rounds < 1 || rounds > ROUNDS_MAX)
		usage();
	while (strcmp(kinds[kind].name, argv[optind]) != 0)
		if (++kind == KINDS)
			usage();
	snprintf(request.text.text, sizeof(request.text.text), "00000000");
	socket_path = argv[optind + 1];
	directory = argv[optind + 2];
	return rounds;
}

int
main(int argc, char **argv)
{
	int rounds = options(argc, argv);
	char rest[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	results = mmap(NULL, CROWD * sizeof(*results), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (results == MAP_FAILED)
		err(1, "memory");
	if (kind != LINGERING)
		start_serving();
	for (int i = 0; i < rounds; i++) {
		run_round(i);
		pause_ms(PAUSE_MS);
	}
	for (size_t i = 0; tallies[i].count > 0; i++)
		printf(
		    "%s %u\n", result_name(tallies[i].error), tallies[i].count);
	puts("ready");
	while (read(STDIN_FILENO, rest, sizeof(rest)) > 0)
		;
	end_children();
	return 0;
}
