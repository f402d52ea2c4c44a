/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yes - a service that verifies nothing, keeps nothing, and says yes.
 *
 * A login that it answers is what no verifier beside its caller's process can
 * undercut: libpam, the module, and one message there and back.  A process for
 * each processor answers, until SIGTERM, which takes the socket away.
 */
#include <err.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "pam_rollcode/protocol/protocol.h"

static _Noreturn void
say_yes(int listener)
{
	struct request request;
	struct answer answer = {
	    .magic = PROTOCOL_ANSWER, .result.verdict = VERDICT_ACCEPTED};
	int fd;

	for (;;) {
		if ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
			err(1, "accept");
		if (recv(fd, &request, sizeof(request), 0) ==
		    (ssize_t)sizeof(request)) {
			memcpy(
			    answer.nonce, request.nonce, sizeof(answer.nonce));
			(void)!send(fd, &answer, sizeof(answer), MSG_NOSIGNAL);
		}
		close(fd);
	}
}

int
main(void)
{
	struct sockaddr_un address = {
	    .sun_family = AF_UNIX, .sun_path = ROLLCODE_ROOT_SOCKET};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), got;
	long count = sysconf(_SC_NPROCESSORS_ONLN);
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	(void)mkdir("/run/rollcode", 0755);
	(void)mkdir("/run/rollcode/root", 0700);
	if (sigprocmask(SIG_BLOCK, &term, NULL) != 0 || fd < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(fd, SOMAXCONN) != 0)
		err(1, "%s", ROLLCODE_ROOT_SOCKET);
	while (count-- > 0) {
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
				err(1, "prctl");
			say_yes(fd);
		}
	}
	(void)sigwait(&term, &got);
	return unlink(ROLLCODE_ROOT_SOCKET) == 0 ? 0 : 1;
}
