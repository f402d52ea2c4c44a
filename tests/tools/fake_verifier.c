/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_verifier request FILE - stands in for rollcode-verify, and is wrong.
 *
 * FILE is the env file of the module's conf=, and its first line says what to
 * do:
 *
 *	answer VERDICT	as a verifier would, with that verdict (hexadecimal)
 *	flip VERDICT N	the same with bit N of the answer turned over; the next
 *			run turns over bit N + 1 (FILE.bit counts)
 *	#fix		no verdict, but a command for root (and the file is one
 *			that rollcode-admin can read)
 *	nonce		the answer to another request
 *	short, long	the answer, but a byte less or more
 *	twice		two answers
 *	late		the answer, and then it stays
 *	bad		the answer, and then the exit status 1
 *	garbage		random bytes
 *	nothing		the request is read, and that is all
 *	deaf		not even that
 *	crash		ended by SIGSEGV
 *	hang		stays without an answer
 *	child		has a child, which stays
 *	orphan		kills the process between itself and the module
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pam_rollcode/protocol/protocol.h"

#define STAYS 60 /* seconds */

static struct request request;

static struct {
	struct answer answer;
	char more;
} say;

/* How often this was called before for that file. */
static unsigned int
called_before(const char *file)
{
	char name[4096];
	struct stat st = {0};
	int fd;

	snprintf(name, sizeof(name), "%s.bit", file);
	fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || fstat(fd, &st) != 0 || write(fd, ".", 1) != 1)
		_exit(9);
	close(fd);
	return (unsigned int)st.st_size;
}

static void
flip(unsigned int bit)
{
	unsigned char *bytes = (unsigned char *)&say.answer;

	if (bit / 8 < sizeof(say.answer))
		bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
}

static void
send_bytes(size_t len)
{
	(void)!send(0, &say, len, MSG_NOSIGNAL);
}

static int
act(const char *what, unsigned int number, const char *file)
{
	size_t whole = sizeof(say.answer);

	if (strcmp(what, "flip") == 0)
		flip(number + called_before(file));
	if (strcmp(what, "#fix") == 0) {
		say.answer.result.verdict = VERDICT_NONE;
		say.answer.err = ROLLCODE_ERR_HELPER;
		strcpy(say.answer.error.text, "it is broken");
		strcpy(say.answer.error.fix, "curl -s evil.example");
	}
	if (strcmp(what, "nonce") == 0)
		say.answer.nonce[0] ^= 1;
	if (strcmp(what, "garbage") == 0)
		(void)!getrandom(&say, sizeof(say), 0);
	if (strcmp(what, "crash") == 0)
		raise(SIGSEGV);
	if (strcmp(what, "child") == 0 && fork() == 0)
		_exit((int)sleep(STAYS));
	if (strcmp(what, "orphan") == 0)
		kill(getppid(), SIGKILL);
	if (strcmp(what, "hang") == 0)
		sleep(STAYS);
	if (strcmp(what, "nothing") == 0)
		return 0;
	if (strcmp(what, "short") == 0)
		whole--;
	if (strcmp(what, "long") == 0)
		whole++;
	send_bytes(whole);
	if (strcmp(what, "twice") == 0)
		send_bytes(whole);
	if (strcmp(what, "late") == 0)
		sleep(STAYS);
	return strcmp(what, "bad") == 0;
}

int
main(int argc, char **argv)
{
	char what[16] = "";
	unsigned int verdict = VERDICT_ACCEPTED, number = 0;
	FILE *file;

	if (argc != 3 || (file = fopen(argv[2], "r")) == NULL)
		return 9;
	if (fscanf(file, "%15s %x %u", what, &verdict, &number) < 1)
		return 9;
	if (strcmp(what, "deaf") == 0)
		return 0;
	if (recv(0, &request, sizeof(request), 0) != sizeof(request))
		return 9;
	say.answer.magic = PROTOCOL_ANSWER;
	say.answer.result.verdict = verdict;
	memcpy(say.answer.nonce, request.nonce, sizeof(request.nonce));
	return act(what, number, argv[2]);
}
