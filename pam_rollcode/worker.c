/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.c - judge one task after the other.
 *
 *  1. Who asks may ask about this user, or nothing is looked at; and who is
 *     not root hears yes or no.  Whether one may ask can take long to find
 *     out, so it can be a task by itself.
 *  2. Between two tasks no user is locked, and no request is left in memory;
 *     once there is nothing to do no store is open.
 */
#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "judge.h"
#include "outsider.h"
#include "store.h"
#include "worker.h"

static const char separators[] = ", \t";

static enum rollcode_err
add_caller(struct callers *callers, const char *name, struct error *missing,
    struct error *error)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(name);
	if (pw == NULL && errno != 0 && errno != ENOENT && errno != ESRCH)
		return error_add(error, ROLLCODE_ERR_UNAVAIL,
		    "CALLERS: the account %s cannot be looked up: %s; reload "
		    "when the directory service is there",
		    name, strerror(errno));
	if (pw == NULL) {
		error_add(missing, ROLLCODE_ERR_CONFIG,
		    "CALLERS: there is no account %s, so nobody asks as it",
		    name);
		return ROLLCODE_OK;
	}
	if (callers->count == WORKER_CALLERS_MAX)
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "CALLERS: has more than %d accounts", WORKER_CALLERS_MAX);
	callers->uids[callers->count++] = pw->pw_uid;
	return ROLLCODE_OK;
}

enum rollcode_err
callers_find(const struct config *config, struct callers *callers,
    struct error *missing, struct error *error)
{
	char names[CONFIG_CALLERS_MAX + 1], *rest = names, *name;
	enum rollcode_err err = ROLLCODE_OK, one;

	memset(callers, 0, sizeof(*callers));
	missing->text[0] = '\0';
	memcpy(names, config->callers, sizeof(names));
	while (err != ROLLCODE_ERR_CONFIG &&
	       (name = strsep(&rest, separators)) != NULL)
		if (*name != '\0' && (one = add_caller(callers, name, missing,
					  error)) != ROLLCODE_OK)
			err = one;
	return err;
}

bool
callers_include(const struct callers *callers, uid_t uid)
{
	for (size_t i = 0; i < callers->count; i++)
		if (callers->uids[i] == uid)
			return true;
	return uid == 0;
}

/* Everybody may ask about the account of their own uid. */
static enum rollcode_err
check_caller(
    const struct task *task, const struct callers *callers, struct error *error)
{
	char name[PLAIN_MAX(CONFIG_NAME_MAX)];
	const struct passwd *pw;

	if (callers_include(callers, task->uid))
		return ROLLCODE_OK;
	errno = 0;
	pw = getpwuid(task->uid);
	if (pw != NULL && strcmp(pw->pw_name, task->request.user) == 0)
		return ROLLCODE_OK;
	if (pw == NULL && errno != 0 && errno != ENOENT && errno != ESRCH)
		return error_set(error, ROLLCODE_ERR_UNAVAIL,
		    "the account of uid %u cannot be looked up: %s; is the "
		    "directory service there?",
		    (unsigned int)task->uid, strerror(errno));
	plain_copy(pw != NULL ? pw->pw_name : "no account", PLAIN_LOG, name,
	    sizeof(name));
	if (outsider_may_write(task->uid))
		syslog(LOG_WARNING,
		    "uid %u (%s) asked about an account that is not its own, "
		    "and was "
		    "refused; CALLERS in the env file names who may",
		    (unsigned int)task->uid, name);
	return error_set(error, ROLLCODE_ERR_PRIVILEGE,
	    "this program runs as uid %u, which may ask about its own account "
	    "only; CALLERS in the env file names who may ask about others",
	    (unsigned int)task->uid);
}

/* Wait for a task, or for the end; if it is long, without an open file. */
static void
await(int fd, const struct config *config)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	const struct store_ops *ops;
	struct error ignored;

	if (poll(&readable, 1, STORE_IDLE_MS) != 0)
		return;
	outsider_flush();
	if (store_find(config, &ops, &ignored) != ROLLCODE_OK ||
	    ops->idle == NULL)
		return;
	ops->idle();
}

static void
answer_task(const struct config *config, const struct task *task,
    enum rollcode_err refused, const struct error *error, struct answer *answer)
{
	judge_answer(config, &task->request, refused, error, answer);
	if (task->uid != 0 || task->request.logged == 1)
		outsider_log(task->uid, &task->request, answer);
	if (task->uid != 0)
		outsider_answer(&task->request, answer);
}

_Noreturn void
worker_main(int fd, const struct config *config, const struct callers *callers)
{
	for (;;) {
		WIPED(task_wipe) struct task task = {0};
		struct answer answer;
		struct error error = {0};
		enum rollcode_err err;

		await(fd, config);
		if (recv(fd, &task, sizeof(task), 0) != (ssize_t)sizeof(task))
			break;
		err = task.part == TASK_CHECKED
			  ? ROLLCODE_OK
			  : check_caller(&task, callers, &error);
		if (task.part == TASK_CHECK && err == ROLLCODE_OK)
			answer = (struct answer){.magic = PROTOCOL_ANSWER};
		else
			answer_task(config, &task, err, &error, &answer);
		if (!judge_send(fd, &answer))
			break;
	}
	outsider_flush();
	_exit(0);
}
