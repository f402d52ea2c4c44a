/* SPDX-License-Identifier: Apache-2.0 */
/*
 * side.c - a process for each socket, that can be replaced.
 *
 *  1. The one that serves is the account for good, and holds nothing of the
 *     other socket.
 *  2. One that is replaced ends by itself, or is killed when its last answer
 *     is due.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "clock.h"
#include "protocol.h"
#include "serve.h"
#include "side.h"

#define END_MS ((PROTOCOL_SECONDS + 2) * 1000L)

static const char *const process_names[SOCKETS] = {
    [SOCKET_OF_ALL] = "verify-all",
    [SOCKET_OF_ROOT] = "verify-root",
};

static _Noreturn void
serving_main(struct side *side, int life, const struct charge *charge)
{
	enum socket_of whose = side->listener.whose;
	struct error error = {0};
	enum rollcode_err err;

	for (int i = 0; i < SOCKETS; i++) {
		struct side *other = &charge->sides[i];

		if (other->life >= 0)
			close(other->life);
		if (other->listener.lock >= 0)
			close(other->listener.lock);
		if (other != side && other->listener.fd >= 0)
			close(other->listener.fd);
	}
	sigprocmask(SIG_UNBLOCK, charge->signals, NULL);
	/* What a terminal sends is for the supervisor. */
	(void)!setsid();
	(void)!prctl(PR_SET_NAME, process_names[whose], 0, 0, 0);
	err = config_drop(charge->config, &error);
	if (err == ROLLCODE_OK)
		err = serve(whose, side->listener.fd, life, charge->config,
		    charge->callers);
	if (err != ROLLCODE_OK) {
		syslog(LOG_ERR, "%s",
		    error.text[0] != '\0' ? error.text
					  : rollcode_strerror(err));
		fprintf(stderr, "rollcode-verify: %s\n",
		    error.text[0] != '\0' ? error.text
					  : rollcode_strerror(err));
	}
	_exit(err == ROLLCODE_OK ? 0 : 1);
}

static struct old *
old_of(struct side *side, pid_t pid)
{
	for (int i = 0; i < SIDE_OLD_MAX; i++)
		if (side->old[i].pid == pid)
			return &side->old[i];
	return NULL;
}

/* It ends what it has begun, until the limit. */
static void
retire(struct side *side, int64_t limit)
{
	struct old *old = old_of(side, 0);

	if (side->life >= 0)
		close(side->life);
	side->life = -1;
	if (side->serving != 0 && old != NULL)
		*old = (struct old){side->serving, limit};
	side->serving = 0;
}

static void
log_start(const struct side *side, const struct charge *charge)
{
	const char *path = listener_path(side->listener.whose);

	if (side->listener.whose == SOCKET_OF_ROOT)
		syslog(LOG_NOTICE, "serving %s as the account %s", path,
		    charge->config->account);
	else
		syslog(LOG_NOTICE,
		    "serving %s as the account %s, %zu callers may ask about "
		    "others",
		    path, charge->config->account, charge->callers->count);
}

enum rollcode_err
side_start(struct side *side, const struct charge *charge, struct error *error)
{
	int life[2];
	pid_t pid;

	if (old_of(side, 0) == NULL)
		return error_set(error, ROLLCODE_ERR_UNAVAIL,
		    "%s: %d serving processes were replaced and have not "
		    "ended, so no other is started",
		    listener_path(side->listener.whose), SIDE_OLD_MAX);
	if (pipe2(life, O_CLOEXEC) != 0)
		return error_set(error, error_from_errno(errno),
		    "no pipe for a serving process: %s", strerror(errno));
	if ((pid = fork()) == 0) {
		close(life[1]);
		serving_main(side, life[0], charge);
	}
	close(life[0]);
	if (pid < 0) {
		close(life[1]);
		return error_set(error, error_from_errno(errno),
		    "no serving process: %s", strerror(errno));
	}
	retire(side, clock_ms() + END_MS);
	side->serving = pid;
	side->life = life[1];
	side->started = clock_ms();
	log_start(side, charge);
	return ROLLCODE_OK;
}

void
side_reap(struct side *side, pid_t pid, int status)
{
	const char *path = listener_path(side->listener.whose);
	struct old *old = old_of(side, pid);

	if (old != NULL)
		*old = (struct old){0};
	if (pid != side->serving)
		return;
	side->serving = 0;
	if (WIFSIGNALED(status))
		syslog(LOG_ERR,
		    "%s: the serving process was ended by signal %d; another "
		    "is started",
		    path, WTERMSIG(status));
	else
		syslog(LOG_ERR,
		    "%s: the serving process ended with status %d; another is "
		    "started",
		    path, WEXITSTATUS(status));
}

void
side_end(struct side *side)
{
	listener_close(&side->listener);
	retire(side, clock_ms() + END_MS);
}

void
side_kill_late(struct side *side, int64_t now)
{
	for (int i = 0; i < SIDE_OLD_MAX; i++)
		if (side->old[i].pid != 0 && now >= side->old[i].limit)
			kill(side->old[i].pid, SIGKILL);
}

bool
side_is_busy(const struct side *side, int64_t now)
{
	for (int i = 0; i < SIDE_OLD_MAX; i++)
		if (side->old[i].pid != 0 && now < side->old[i].limit)
			return true;
	return false;
}
