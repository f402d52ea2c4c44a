/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delay - between clients and a server that is further away than this machine.
 *
 *	delay PORT TO MICROSECONDS
 *
 * Connections to PORT of 127.0.0.1 go on to its port TO, each in a process of
 * its own.  What either side says is passed on, in order, so long after it
 *came: half of what a turn takes there.  Ends by a signal.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/base/env.h"
#include "tests/bench/times.h"

#define LANE_BYTES 65536
#define LANE_PIECES 64

/* One direction. */
struct lane {
	int from, to;
	char bytes[LANE_BYTES];
	size_t held, pieces;
	struct {
		int64_t due;
		size_t len;
	} piece[LANE_PIECES];
	bool over;
};

static int64_t wait_ns;

static struct sockaddr_in
address_of(int64_t port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

static void
take(struct lane *lane)
{
	ssize_t n = recv(lane->from, lane->bytes + lane->held,
	    LANE_BYTES - lane->held, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		lane->over = true;
		return;
	}
	lane->held += (size_t)n;
	lane->piece[lane->pieces].due = times_now() + wait_ns;
	lane->piece[lane->pieces++].len = (size_t)n;
}

static void
pass(struct lane *lane)
{
	while (lane->pieces > 0 && lane->piece[0].due <= times_now()) {
		size_t len = lane->piece[0].len;

		for (size_t sent = 0; sent < len;) {
			ssize_t n = send(lane->to, lane->bytes + sent,
			    len - sent, MSG_NOSIGNAL);

			if (n < 0)
				exit(0);
			sent += (size_t)n;
		}
		lane->held -= len;
		memmove(lane->bytes, lane->bytes + len, lane->held);
		lane->pieces--;
		memmove(&lane->piece[0], &lane->piece[1],
		    lane->pieces * sizeof(lane->piece[0]));
	}
	if (lane->over && lane->pieces == 0)
		shutdown(lane->to, SHUT_WR);
}

static bool
has_room(const struct lane *lane)
{
	return !lane->over && lane->held < LANE_BYTES &&
	       lane->pieces < LANE_PIECES;
}

static _Noreturn void
connected(int client, int64_t to)
{
	static struct lane lanes[2];
	struct sockaddr_in address = address_of(to);
	int server = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (server < 0 || connect(server, (const struct sockaddr *)&address,
			      sizeof(address)) != 0)
		exit(1);
	setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	lanes[0].from = lanes[1].to = client;
	lanes[0].to = lanes[1].from = server;
	while (!lanes[0].over || !lanes[1].over || lanes[0].pieces > 0 ||
	       lanes[1].pieces > 0) {
		struct pollfd ends[2];
		int64_t left = 60 * TIMES_NS;
		struct timespec most;

		for (int i = 0; i < 2; i++) {
			ends[i].fd = has_room(&lanes[i]) ? lanes[i].from : -1;
			ends[i].events = POLLIN;
			if (lanes[i].pieces > 0 &&
			    lanes[i].piece[0].due - times_now() < left)
				left = lanes[i].piece[0].due - times_now();
		}
		left = left < 0 ? 0 : left;
		most.tv_sec = left / TIMES_NS;
		most.tv_nsec = left % TIMES_NS;
		if (ppoll(ends, 2, &most, NULL) < 0)
			exit(1);
		for (int i = 0; i < 2; i++) {
			if (ends[i].fd >= 0 && ends[i].revents != 0)
				take(&lanes[i]);
			pass(&lanes[i]);
		}
	}
	exit(0);
}

static _Noreturn void
serve(int64_t port, int64_t to)
{
	struct sockaddr_in address = address_of(port);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd, on = 1;

	if (listener < 0 ||
	    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) !=
		0 ||
	    bind(listener, (const struct sockaddr *)&address,
		sizeof(address)) != 0 ||
	    listen(listener, SOMAXCONN) != 0)
		err(1, "port %lld", (long long)port);
	for (;;) {
		if ((fd = accept(listener, NULL, NULL)) < 0)
			err(1, "accept");
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(listener);
			connected(fd, to);
		default:
			close(fd);
		}
	}
}

int
main(int argc, char **argv)
{
	int64_t port, to, us;

	if (argc != 4 || !keyword_number(argv[1], 1, 65535, &port) ||
	    !keyword_number(argv[2], 1, 65535, &to) ||
	    !keyword_number(argv[3], 0, 1000000, &us)) {
		fputs("usage: delay PORT TO MICROSECONDS\n", stderr);
		return 2;
	}
	wait_ns = us * 1000;
	signal(SIGCHLD, SIG_IGN);
	serve(port, to);
}
