/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rollcode-verify.c - the verifier: started by pam_rollcode for one request, or
 * resident.
 *
 *  1. The env file is read as root; a request is read, and a store opened,
 *     only as the account, for good.
 *  2. Who asks is what the kernel says.
 *  3. Neither argv nor the environment holds anything secret, and of the
 *     environment only what a service manager hands over is used.
 *  4. Started for one request it ends by itself, also if nobody talks to it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "common/token/code.h"
#include "login/request.h"
#include "service/workers.h"
#include "service/callers.h"
#include "service/supervisor.h"
#include "system/fd.h"

#define SOCKET_FD 0 /* where the module puts it */
#define RECEIVE_SECONDS 5
#define LIFE_SECONDS (PROTOCOL_SECONDS - 1)
#define NOBODY 65534 /* where no account could be read */

enum {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,
	EXIT_CALLED_WRONGLY = 2,
};

static const char usage[] =
    "usage: rollcode-verify request [ENVFILE]\n"
    "       rollcode-verify serve [ENVFILE]\n"
    "With request it is started by pam_rollcode(8), with a socket as standard "
    "input; with serve it answers on " ROLLCODE_SOCKET ".\n";

/* Nothing of the process that started us is trusted but the socket. */
static bool
reset_process(void)
{
	const struct sigaction defaults = {.sa_handler = SIG_DFL};
	const struct rlimit no_core = {0, 0};
	sigset_t none;
	struct stat st;
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fstat(fd, &st) != 0 && open("/dev/null", O_RDWR) != fd)
			return false;
	for (int number = 1; number < NSIG; number++)
		(void)!sigaction(number, &defaults, NULL);
	/* A limit on the size of files is an error of writing. */
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(077);
	return clearenv() == 0 && setrlimit(RLIMIT_CORE, &no_core) == 0 &&
	       prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && chdir("/") == 0;
}

static int
verify_one(const char *conf)
{
	WIPED(config_wipe) struct config config = {0};
	WIPED(request_wipe) struct request request = {0};
	struct answer answer = {0};
	struct error fatal = {0};
	char said[ERROR_SAID_MAX];

	alarm(LIFE_SECONDS);
	/* The other end was made by a process of root's. */
	if (fd_peer(SOCKET_FD) != 0) {
		fputs(usage, stderr);
		return EXIT_CALLED_WRONGLY;
	}
	answer.err = config_load(conf, true, &config, &answer.error);
	if (answer.err == ROLLCODE_OK)
		answer.err = config_drop(&config, &answer.error);
	/* The reason reaches the log only in an answer, from anybody. */
	if (answer.err != ROLLCODE_OK) {
		config.uid = NOBODY;
		config.gid = NOBODY;
	}
	if ((answer.err != ROLLCODE_OK &&
		config_drop(&config, &fatal) != ROLLCODE_OK) ||
	    request_receive(SOCKET_FD, RECEIVE_SECONDS, &request, &fatal) !=
		ROLLCODE_OK) {
		error_say(&fatal, ROLLCODE_ERR_SYS, PLAIN_LOG, said);
		fprintf(stderr, "rollcode-verify: %s\n", said);
		return EXIT_REFUSED;
	}
	/* A server is talked to by a library that may bring others. */
	if (!config_is_pgsql(&config))
		code_alone();
	request_answer(&config, &request, &answer);
	if (request.logged == 1) {
		openlog(WORKERS_LOG_NAME, LOG_PID, LOG_AUTHPRIV);
		outsider_log(0, &request, &answer);
	}
	return answer_send(SOCKET_FD, &answer) ? EXIT_DONE : EXIT_REFUSED;
}

int
main(int argc, char **argv)
{
	const char *mode = argc == 2 || argc == 3 ? argv[1] : "";
	const char *conf = argc == 3 ? argv[2] : ROLLCODE_CONF;
	struct environment environment;

	environment_read(&environment);
	if (!reset_process())
		return EXIT_REFUSED;
	if (strcmp(mode, "request") == 0)
		return verify_one(conf);
	if (strcmp(mode, "serve") == 0)
		return supervise(conf, &environment);
	fputs(usage, stderr);
	return EXIT_CALLED_WRONGLY;
}
