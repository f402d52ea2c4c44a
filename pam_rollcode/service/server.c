/* SPDX-License-Identifier: Apache-2.0 */
/*
 * side.c - a process for each socket, that can be replaced.
 *
 *  1. The one that serves is the account for good, and holds nothing of the
 *     other socket.
 *  2. One that is replaced ends by itself, or is killed when its last answer
 *     is due; one that shows no life is replaced and killed at once.  Workers
 *     end by themselves what they have begun.
 *  3. Nobody waits here for one that was killed: it may be deep in the kernel,
 *     for ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "protocol/protocol.h"
#include "service/serve.h"
#include "service/server.h"

#define END_MS ((PROTOCOL_SECONDS + 2) * 1000L)
#define LOOKS 4	       /* without a sign of life: a second */
#define FIRST_LOOKS 40 /* before it has shown any */

static const char *const process_names[SOCKETS] = {
    [SOCKET_OF_ALL] = "verify-all",
    [SOCKET_OF_ROOT] = "verify-root",
};

void
side_tell(int priority, enum rollcode_err err, const struct error *error)
{
	char said[ERROR_SAID_MAX];

	error_say(error, err, PLAIN_LOG, said);
	syslog(priority, "%s", said);
	fprintf(stderr, "rollcode-verify: %s\n", said);
}

/* A page that no worker gets: none shows life in the place of its parent. */
static _Atomic uint64_t *
new_sign(void)
{
	void *page = mmap(NULL, sizeof(_Atomic uint64_t),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return page != MAP_FAILED ? page : NULL;
}

static void
drop_sign(_Atomic uint64_t *turns)
{
	if (turns != NULL)
		munmap((void *)turns, sizeof(*turns));
}

static _Noreturn void
serving_main(struct side *side, int life, _Atomic uint64_t *turns,
    const struct charge *charge)
{
	const struct post post = {
	    side->listener.whose, side->listener.fd, life, turns};
	struct error error = {0};
	enum rollcode_err err;

	for (int i = 0; i < SOCKETS; i++) {
		struct side *other = &charge->sides[i];

		drop_sign(other->turns);
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
	(void)!prctl(PR_SET_NAME, process_names[post.whose], 0, 0, 0);
	(void)!madvise((void *)turns, sizeof(*turns), MADV_DONTFORK);
	err = config_drop(charge->config, &error);
	if (err == ROLLCODE_OK)
		err = serve(&post, charge->config, charge->callers);
	if (err != ROLLCODE_OK)
		side_tell(LOG_ERR, err, &error);
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
retire_serving(struct side *side, int64_t limit)
{
	struct old *old = old_of(side, 0);

	if (side->life >= 0)
		close(side->life);
	side->life = -1;
	if (side->serving != 0 && old != NULL)
		*old = (struct old){side->serving, limit};
	side->serving = 0;
	drop_sign(side->turns);
	side->turns = NULL;
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

bool
side_has_place(const struct side *side)
{
	int free = 0;

	for (int i = 0; i < SIDE_OLD_MAX; i++)
		free += side->old[i].pid == 0;
	return free > (side->serving != 0);
}

/* The child, and the end that keeps it alive; -1 with errno. */
static pid_t
fork_serving(struct side *side, const struct charge *charge, int *life,
    _Atomic uint64_t *turns)
{
	int ends[2], e;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	if ((pid = fork()) == 0) {
		close(ends[1]);
		serving_main(side, ends[0], turns, charge);
	}
	e = errno;
	close(ends[0]);
	if (pid < 0)
		close(ends[1]);
	*life = ends[1];
	errno = e;
	return pid;
}

enum rollcode_err
side_start(struct side *side, const struct charge *charge, struct error *error)
{
	const char *path = listener_path(side->listener.whose);
	_Atomic uint64_t *turns;
	int64_t now;
	pid_t pid;
	int life;

	if (!side_has_place(side))
		return error_set(error, ROLLCODE_ERR_UNAVAIL,
		    "%s: %d earlier serving processes have not ended, so no "
		    "other is started; if they are in state D (ps -C "
		    "verify-all,verify-root -o pid,stat,wchan) abort the "
		    "operation they wait for, as by "
		    "/sys/fs/fuse/connections/*/abort",
		    path, SIDE_OLD_MAX);
	if ((turns = new_sign()) == NULL ||
	    (pid = fork_serving(side, charge, &life, turns)) < 0) {
		drop_sign(turns);
		return error_set(error, error_from_errno(errno),
		    "%s: no serving process: %s", path, strerror(errno));
	}
	now = clock_ms();
	retire_serving(side, now + END_MS);
	side->serving = pid;
	side->life = life;
	side->started = side->looked = now;
	side->turns = turns;
	side->seen = 0;
	side->still = 0;
	log_start(side, charge);
	return ROLLCODE_OK;
}

/*
 * Looks are counted, and not the time between them: one that was stopped
 * together with this process has had no time either.
 */
bool
side_look(struct side *side, int64_t now)
{
	uint64_t turns;

	if (side->serving == 0 || now - side->looked < SIDE_LOOK_MS)
		return true;
	side->looked = now;
	turns = atomic_load(side->turns);
	side->still = turns == side->seen ? side->still + 1 : 0;
	side->seen = turns;
	if (side->still < (turns == 0 ? FIRST_LOOKS : LOOKS))
		return true;
	syslog(LOG_ERR,
	    "%s: the serving process %d has not responded for %d ms: it is "
	    "killed, and another is started; if it stays in state D, abort the "
	    "operation it waits for, as by /sys/fs/fuse/connections/*/abort",
	    listener_path(side->listener.whose), (int)side->serving,
	    side->still * SIDE_LOOK_MS);
	retire_serving(side, now);
	return false;
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
	retire_serving(side, clock_ms() + END_MS);
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
