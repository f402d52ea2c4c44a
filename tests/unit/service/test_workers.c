/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which worker gets a task, what becomes of one, and what a worker does.  Those
 * of most tests are the other ends of sockets.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "pam_rollcode/service/workers.h"
#include "tests/support/cases.h"
#include "tests/support/site.h"

#define SOMEBODY 4242 /* a uid without an account */

static struct workers w;
static struct callers nobody;
static int ends[WORKERS_MAX];

static void
set_up(void)
{
	workers_open(&w, &site.config, &nobody);
}

/* A worker that verified this user last. */
static void
stand(int member, const char *user)
{
	struct worker *m = &w.members[member];
	int fds[2];

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	m->pid = getpid();
	m->fd = fds[0];
	m->since = clock_ms();
	snprintf(m->user, sizeof(m->user), "%s", user);
	ends[member] = fds[1];
}

static struct task
task_of(enum task_part part, uid_t uid, const char *user)
{
	struct task task = {
	    .part = part,
	    .uid = uid,
	    .request = {.magic = PROTOCOL_REQUEST, .kind = REQUEST_ENROLLED},
	};

	snprintf(task.request.user, sizeof(task.request.user), "%s", user);
	return task;
}

static int
give(enum task_part part, const char *user)
{
	const struct task task = task_of(part, 0, user);

	return workers_give(&w, &task);
}

/* The user of the task that came to a worker, or "". */
static const char *
came_to(int member)
{
	static struct task task;

	memset(&task, 0, sizeof(task));
	(void)!recv(ends[member], &task, sizeof(task), 0);
	return task.request.user;
}

START_TEST(a_task_goes_to_whom_verified_that_user_last)
{
	stand(0, "an");
	stand(1, "ann");
	stand(2, "anna");
	stand(3, "");

	ck_assert_int_eq(give(TASK_WHOLE, "ann"), 1);
	ck_assert_str_eq(came_to(1), "ann");
	/* That one is busy now. */
	ck_assert_int_ne(give(TASK_CHECKED, "ann"), 1);
	ck_assert_str_eq(came_to(1), "");
	ck_assert_int_eq(give(TASK_WHOLE, "anna"), 2);
}
END_TEST

START_TEST(a_checker_verifies_nothing_and_a_verifier_checks_nothing)
{
	stand(VERIFIERS_MAX - 1, "bob");
	stand(VERIFIERS_MAX, "ann");

	ck_assert_int_eq(give(TASK_CHECKED, "ann"), VERIFIERS_MAX - 1);
	ck_assert_int_eq(give(TASK_CHECK, "bob"), VERIFIERS_MAX);
}
END_TEST

START_TEST(where_all_are_busy_a_task_waits)
{
	for (int i = 0; i < VERIFIERS_MAX; i++) {
		stand(i, "");
		w.members[i].busy = true;
	}
	stand(VERIFIERS_MAX, "");
	ck_assert_int_eq(give(TASK_WHOLE, "ann"), WORKERS_NONE);
	w.members[VERIFIERS_MAX - 1].busy = false;
	ck_assert_int_eq(give(TASK_WHOLE, "ann"), VERIFIERS_MAX - 1);
}
END_TEST

START_TEST(one_that_is_gone_is_let_go_and_another_one_is_given_the_task)
{
	stand(0, "bob");
	stand(1, "ann");
	close(ends[1]);

	ck_assert_int_eq(give(TASK_WHOLE, "ann"), 0);
	ck_assert_str_eq(came_to(0), "ann");
	ck_assert_int_eq(w.members[1].pid, 0);
	ck_assert_int_eq(w.members[1].fd, -1);
}
END_TEST

static enum reply
reply_of(const void *bytes, size_t len)
{
	struct answer answer;

	ck_assert_int_eq(send(ends[0], bytes, len, 0), (ssize_t)len);
	return workers_take(&w, 0, &answer);
}

START_TEST(a_worker_that_is_apart_says_so_once)
{
	stand(0, "");
	ck_assert(!workers_are_apart(&w));
	ck_assert_int_eq(reply_of("", 1), REPLY_NONE);
	ck_assert(workers_are_apart(&w));
	stand(1, "");
	ck_assert(!workers_are_apart(&w));
	ck_assert_int_eq(reply_of("", 1), REPLY_GONE);
	ck_assert_int_eq(w.members[0].pid, 0);
}
END_TEST

START_TEST(an_answer_is_whole_and_to_a_task)
{
	static const struct {
		struct answer answer;
		char more;
	} say;
	const size_t whole = sizeof(say.answer);

	stand(0, "");
	ck_assert_int_eq(reply_of(&say, whole), REPLY_GONE);
	stand(0, "");
	w.members[0].busy = true;
	ck_assert_int_eq(reply_of(&say, whole), REPLY_ANSWER);
	ck_assert(!w.members[0].busy);
	w.members[0].busy = true;
	ck_assert_int_eq(reply_of(&say, whole + 1), REPLY_GONE);
	stand(0, "");
	w.members[0].busy = true;
	ck_assert_int_eq(reply_of(&say, whole - 1), REPLY_GONE);
}
END_TEST

START_TEST(of_those_that_are_idle_for_long_two_stay)
{
	for (int i = 0; i < 4; i++) {
		stand(i, "");
		stand(VERIFIERS_MAX + i, "");
		w.members[i].since -= 10500;
		w.members[VERIFIERS_MAX + i].since -= 9500;
	}
	w.members[0].busy = true;
	workers_end_idle(&w);
	ck_assert_int_ne(w.members[0].pid, 0);
	ck_assert_int_ne(w.members[1].pid, 0);
	ck_assert_int_ne(w.members[2].pid, 0);
	ck_assert_int_eq(w.members[3].pid, 0);
	ck_assert_int_eq(recv(ends[3], NULL, 0, 0), 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_ne(w.members[VERIFIERS_MAX + i].pid, 0);
}
END_TEST

START_TEST(of_those_with_links_to_a_server_the_same_works_and_one_stays)
{
	char files[sizeof(site.config.database)];

	memcpy(files, site.config.database, sizeof(files));
	snprintf(site.config.database, sizeof(site.config.database), "%s",
	    "postgresql://host/rollcode");
	for (int i = 0; i < 4; i++) {
		stand(i, "");
		stand(VERIFIERS_MAX + i, "");
		w.members[i].since -= 10500;
		w.members[VERIFIERS_MAX + i].since -= 10500;
	}
	snprintf(w.members[3].user, sizeof(w.members[3].user), "ann");
	ck_assert_int_eq(give(TASK_WHOLE, "ann"), 0);
	ck_assert_int_eq(give(TASK_WHOLE, "bob"), 1);
	w.members[0].busy = false;
	ck_assert_int_eq(give(TASK_WHOLE, "eve"), 0);
	workers_end_idle(&w);
	ck_assert_int_ne(w.members[2].pid, 0);
	ck_assert_int_eq(w.members[3].pid, 0);
	ck_assert_int_ne(w.members[VERIFIERS_MAX + 1].pid, 0);
	memcpy(site.config.database, files, sizeof(files));
}
END_TEST

/* --- real ones ------------------------------------------------------------ */

/* What a worker that is started for it answers. */
static struct answer
answer_to(const struct task *task)
{
	struct answer answer = {0};
	struct pollfd readable = {.events = POLLIN};
	enum reply reply = REPLY_NONE;
	int member = workers_give(&w, task);

	ck_assert_int_ne(member, WORKERS_NONE);
	readable.fd = w.members[member].fd;
	while (reply == REPLY_NONE) {
		ck_assert_int_eq(poll(&readable, 1, 3000), 1);
		reply = workers_take(&w, member, &answer);
	}
	ck_assert_int_eq(reply, REPLY_ANSWER);
	return answer;
}

static const struct {
	enum task_part part;
	uid_t uid;
	const char *user;
	enum rollcode_err err;
	enum verdict verdict;
} tasks[] = {
    {TASK_WHOLE, 0, "ann", ROLLCODE_OK, VERDICT_ENROLLED},
    {TASK_WHOLE, 0, "bob", ROLLCODE_OK, VERDICT_UNENROLLED},
    {TASK_WHOLE, SOMEBODY, "ann", ROLLCODE_ERR_PRIVILEGE, VERDICT_NONE},
    {TASK_CHECK, SOMEBODY, "ann", ROLLCODE_ERR_PRIVILEGE, VERDICT_NONE},
    /* To check opens no store. */
    {TASK_CHECK, 0, "ann", ROLLCODE_OK, VERDICT_NONE},
    {TASK_CHECKED, SOMEBODY, "ann", ROLLCODE_OK, VERDICT_ENROLLED},
};

START_TEST(a_worker_answers_what_its_part_is)
{
	const struct task task =
	    task_of(tasks[_i].part, tasks[_i].uid, tasks[_i].user);
	struct answer answer = answer_to(&task);

	ck_assert_int_eq(answer.err, tasks[_i].err);
	ck_assert_uint_eq(answer.result.verdict, tasks[_i].verdict);
	ck_assert_uint_eq(answer.magic, PROTOCOL_ANSWER);
	workers_close(&w);
}
END_TEST

START_TEST(nobody_but_root_hears_more_than_yes_or_no)
{
	struct task task = task_of(TASK_CHECKED, SOMEBODY, "ann");
	struct answer answer;

	task.request.kind = REQUEST_VERIFY;
	strcpy(task.request.text.text, "00000000");
	answer = answer_to(&task);
	ck_assert_uint_eq(answer.result.verdict, VERDICT_REFUSED);
	task.uid = 0;
	answer = answer_to(&task);
	ck_assert_uint_eq(answer.result.verdict, VERDICT_WRONG);
	workers_close(&w);
}
END_TEST

static int
open_files(pid_t pid)
{
	char path[32];
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	ck_assert_ptr_nonnull(dir = opendir(path));
	for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

START_TEST(a_worker_has_nothing_of_what_its_parent_has_open)
{
	const struct task task = task_of(TASK_CHECK, 0, "ann");
	int files[8], kept = 0;

	for (size_t i = 0; i < COUNT(files); i++)
		ck_assert_int_ge(files[i] = dup(STDIN_FILENO), 0);
	for (int fd = 0; fd <= 2; fd++)
		kept += fcntl(fd, F_GETFD) >= 0;
	(void)answer_to(&task);
	ck_assert_int_eq(open_files(w.members[VERIFIERS_MAX].pid), kept + 1);
	workers_close(&w);
}
END_TEST

START_TEST(a_worker_that_is_ended_is_gone_whatever_it_does)
{
	const struct task task = task_of(TASK_CHECK, 0, "ann");
	struct pollfd end = {.events = POLLIN};
	struct worker *m = &w.members[VERIFIERS_MAX];

	(void)answer_to(&task);
	ck_assert_int_ge(end.fd = dup(m->fd), 0);
	ck_assert_int_eq(kill(m->pid, SIGSTOP), 0);
	workers_end(&w, VERIFIERS_MAX);
	ck_assert_int_eq(m->pid, 0);
	/* Its end of the socket is closed. */
	ck_assert_int_eq(poll(&end, 1, 3000), 1);
	close(end.fd);
}
END_TEST

int
main(void)
{
	TCase *ends_of = test_case("workers", 0), *real = test_case("real", 0);

	tcase_add_checked_fixture(ends_of, set_up, NULL);
	tcase_add_test(ends_of, a_task_goes_to_whom_verified_that_user_last);
	tcase_add_test(
	    ends_of, a_checker_verifies_nothing_and_a_verifier_checks_nothing);
	tcase_add_test(ends_of, where_all_are_busy_a_task_waits);
	tcase_add_test(ends_of,
	    one_that_is_gone_is_let_go_and_another_one_is_given_the_task);
	tcase_add_test(ends_of, a_worker_that_is_apart_says_so_once);
	tcase_add_test(ends_of, an_answer_is_whole_and_to_a_task);
	tcase_add_test(ends_of, of_those_that_are_idle_for_long_two_stay);
	tcase_add_test(ends_of,
	    of_those_with_links_to_a_server_the_same_works_and_one_stays);
	tcase_add_checked_fixture(real, site_make, site_unmake);
	tcase_add_checked_fixture(real, set_up, NULL);
	tcase_add_loop_test(
	    real, a_worker_answers_what_its_part_is, 0, COUNT(tasks));
	tcase_add_test(real, nobody_but_root_hears_more_than_yes_or_no);
	tcase_add_test(real, a_worker_has_nothing_of_what_its_parent_has_open);
	tcase_add_test(real, a_worker_that_is_ended_is_gone_whatever_it_does);
	return test_run();
}
