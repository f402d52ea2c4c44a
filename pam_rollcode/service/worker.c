/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.c - verify one task after the other.
 *
 *  1. Who asks may ask about this user, or nothing is looked at; and who is
 *     not root hears yes or no.  Whether one may ask can take long to find
 *     out, so it can be a task by itself.
 *  2. Between two tasks no user is locked, and no request is left in memory;
 *     once there is nothing to do no store is open.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "login/request.h"
#include "service/outsider.h"
#include "service/worker.h"
#include "store/store.h"

/* Wait for a task, or for the end; if it is long, without an open file. */
static void
wait_for_task(int fd, const struct config *config)
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
	request_answer(config, &task->request, refused, error, answer);
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

		wait_for_task(fd, config);
		if (recv(fd, &task, sizeof(task), 0) != (ssize_t)sizeof(task))
			break;
		err = task.part == TASK_CHECKED
			  ? ROLLCODE_OK
			  : callers_check(
				callers, task.uid, task.request.user, &error);
		if (task.part == TASK_CHECK && err == ROLLCODE_OK)
			answer = (struct answer){.magic = PROTOCOL_ANSWER};
		else
			answer_task(config, &task, err, &error, &answer);
		if (!answer_send(fd, &answer))
			break;
	}
	outsider_flush();
	_exit(0);
}
