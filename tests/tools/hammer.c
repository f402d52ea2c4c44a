/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hammer COUNT USER CODE... - ask the service COUNT times, or until
 * SIGTERM comes, with one code after the other, over and over.  Every tenth
 * connection says nothing, and every tenth asks whether USER is enrolled.
 *
 * Prints how many answers had which verdict, as NAME COUNT lines, "silent"
 * and "lost" (no answer, or one without the nonce) among them.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pam_rollcode/protocol/protocol.h"

#define KINDS 10

struct tally {
	const char *name;
	unsigned long count;
};

static struct tally tallies[16];
static volatile sig_atomic_t ended;

static void
end(int signal_number)
{
	(void)signal_number;
	ended = 1;
}

static void
count(const char *name)
{
	struct tally *t = tallies;

	while (t->name != NULL && strcmp(t->name, name) != 0)
		t++;
	t->name = name;
	t->count++;
}

static int
connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address,
			  sizeof(address)) != 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static const char *
ask(int fd, struct request *request)
{
	struct answer answer = {0};

	if (getrandom(request->nonce, sizeof(request->nonce), 0) !=
		(ssize_t)sizeof(request->nonce) ||
	    send(fd, request, sizeof(*request), MSG_NOSIGNAL) !=
		(ssize_t)sizeof(*request) ||
	    recv(fd, &answer, sizeof(answer), 0) != (ssize_t)sizeof(answer) ||
	    memcmp(answer.nonce, request->nonce, sizeof(answer.nonce)) != 0)
		return "lost";
	if (answer.err != ROLLCODE_OK)
		return rollcode_strerror(answer.err);
	return verdict_name(answer.result.verdict);
}

int
main(int argc, char **argv)
{
	struct request request = {.magic = PROTOCOL_REQUEST};
	long rounds = argc > 3 ? strtol(argv[1], NULL, 10) : 0;
	int fd;

	if (rounds < 1) {
		fputs("usage: hammer COUNT USER CODE...\n", stderr);
		return 2;
	}
	snprintf(request.user, sizeof(request.user), "%s", argv[2]);
	snprintf(request.service, sizeof(request.service), "hammer");
	signal(SIGTERM, end);
	for (long i = 0; i < rounds && !ended; i++) {
		fd = connect_to(
		    geteuid() == 0 ? ROLLCODE_ROOT_SOCKET : ROLLCODE_SOCKET);
		request.kind =
		    i % KINDS == 1 ? REQUEST_ENROLLED : REQUEST_VERIFY;
		snprintf(request.text.text, sizeof(request.text.text), "%s",
		    argv[3 + i % (argc - 3)]);
		count(i % KINDS == 0 ? "silent" : ask(fd, &request));
		close(fd);
	}
	for (struct tally *t = tallies; t->name != NULL; t++)
		printf("%s %lu\n", t->name, t->count);
	return 0;
}
