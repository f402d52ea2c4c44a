/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login - how long logins take, through libpam and any module.
 *
 *	login [-6crw] [-n COUNT] [-p PROCESSES] [-u COUNT]
 *	    CONFDIR SERVICE USER SECRET COUNTERS
 *
 * Each of PROCESSES processes logs COUNT times in (pam_start,
 * pam_authenticate, pam_end), all of them at once, the first as USER0, the
 * next as USER1...; before that -u times (3) untimed.  Codes are those of
 * SECRET, in base32: 8 digits of SHA-256, with -6 six of SHA-1.  The next
 * counter of USER0 is kept in the file COUNTERS.USER0.
 *
 *	-c	each login in a process of its own, started anew
 *	-r	a right code that is refused is tried again, and that counted
 *	-w	each code is wrong, and must be refused
 *
 * Prints, in nanoseconds: median, 95th and 99th percentile of a login; the
 * same of the whole process it ran in, with -c; CPU time for each login of
 * what the module started and waited for; the logins a second of all
 * processes together; how many were refused, with -r.  A login that ends
 * otherwise than it should ends the program with 1 and a sentence.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "common/token/code.h"
#include "common/base/env.h"
#include "tests/bench/times.h"
#include "common/token/token.h"

#define COUNT_MAX 1000000
#define PROCESSES_MAX 64
#define REFUSALS_MAX 1000 /* in a row, with -r */

struct plan {
	int64_t count, processes, untimed;
	bool cold, again, wrong;
	const char *confdir, *service, *user, *counters;
	struct rollcode_token token;
	struct code_maker *maker;
};

/* One process; shared with the one that sums up. */
struct lane {
	char user[64];
	int64_t start, end, cpu, refused;
	int64_t *login, *whole; /* of each */
};

extern char **environ;

static _Noreturn void
fail(const char *service, const char *user, const char *what)
{
	fprintf(stderr, "login: %s as %s: %s\n", service, user, what);
	exit(1);
}

/* --- one login ----------------------------------------------------------- */

static int
answer(int count, const struct pam_message **messages,
    struct pam_response **replies, void *context)
{
	const struct passcode *code = context;

	*replies = calloc((size_t)count, sizeof(**replies));
	if (*replies == NULL)
		return PAM_CONV_ERR;
	for (int i = 0; i < count; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF ||
		    messages[i]->msg_style == PAM_PROMPT_ECHO_ON)
			(*replies)[i].resp = strdup(code->text);
	return PAM_SUCCESS;
}

/* What a module asks for after a refusal is not what is measured. */
static void
no_delay(int result, unsigned int us, void *context)
{
	(void)result;
	(void)us;
	(void)context;
}

/* The time it took, 0 if it was refused and may be. */
static int64_t
login(const struct plan *plan, const char *user, struct passcode *code)
{
	const struct pam_conv conv = {answer, code};
	int result, wanted = plan->wrong ? PAM_AUTH_ERR : PAM_SUCCESS;
	const union {
		void (*function)(int, unsigned int, void *);
		const void *item;
	} delay = {.function = no_delay};
	pam_handle_t *pamh = NULL;
	int64_t start = times_now(), took;
	char what[160];

	result =
	    pam_start_confdir(plan->service, user, &conv, plan->confdir, &pamh);
	if (result == PAM_SUCCESS)
		result = pam_set_item(pamh, PAM_FAIL_DELAY, delay.item);
	if (result == PAM_SUCCESS)
		result = pam_authenticate(pamh, 0);
	snprintf(what, sizeof(what), "\"%s\" instead of \"%s\"",
	    pam_strerror(pamh, result), pam_strerror(pamh, wanted));
	pam_end(pamh, result);
	took = times_now() - start;
	if (plan->again && result == PAM_AUTH_ERR)
		return 0;
	if (result != wanted)
		fail(plan->service, user, what);
	return took;
}

/* The other process: code on standard input, the time on standard output. */
static int
login_once(char **argv)
{
	struct plan plan = {.confdir = argv[2],
	    .service = argv[3],
	    .wrong = strcmp(argv[5], "wrong") == 0};
	struct passcode code = {0};
	int64_t took;

	if (read(STDIN_FILENO, code.text, sizeof(code.text) - 1) <= 0)
		fail(argv[3], argv[4], "no code came");
	took = login(&plan, argv[4], &code);
	return write(STDOUT_FILENO, &took, sizeof(took)) == sizeof(took) ? 0
									 : 1;
}

static int64_t
login_cold(const struct plan *plan, const char *user,
    const struct passcode *code, int64_t *whole)
{
	const char *argv[] = {"login", "once", plan->confdir, plan->service,
	    user, plan->wrong ? "wrong" : "right", NULL};
	posix_spawn_file_actions_t actions;
	int in[2], out[2], status = -1;
	int64_t start, took = 0;
	pid_t pid;

	if (pipe(in) != 0 || pipe(out) != 0 ||
	    write(in[1], code->text, strlen(code->text)) < 0)
		fail(plan->service, user, strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	start = times_now();
	if (posix_spawn(&pid, "/proc/self/exe", &actions, NULL,
		(char **)(uintptr_t)argv, environ) != 0)
		fail(plan->service, user, "no process could be started");
	waitpid(pid, &status, 0);
	*whole = times_now() - start;
	posix_spawn_file_actions_destroy(&actions);
	if (status != 0 || read(out[0], &took, sizeof(took)) != sizeof(took))
		exit(1);
	for (int i = 0; i < 2; i++) {
		close(in[i]);
		close(out[i]);
	}
	return took;
}

/* --- one process --------------------------------------------------------- */

static void
counter_file(const struct plan *plan, const char *user, char *path, size_t size)
{
	snprintf(path, size, "%s.%s", plan->counters, user);
}

static int64_t
counter_read(const struct plan *plan, const char *user)
{
	char path[4096], text[32] = "";
	int64_t counter = 0;
	FILE *file;

	counter_file(plan, user, path, sizeof(path));
	if ((file = fopen(path, "r")) == NULL)
		return 0;
	if (fgets(text, sizeof(text), file) == NULL ||
	    !keyword_number(text, 0, INT64_MAX, &counter))
		fail(plan->service, user, "its file of counters is damaged");
	fclose(file);
	return counter;
}

static void
counter_write(const struct plan *plan, const char *user, int64_t counter)
{
	char path[4096];
	FILE *file;

	counter_file(plan, user, path, sizeof(path));
	if ((file = fopen(path, "w")) == NULL ||
	    fprintf(file, "%lld", (long long)counter) < 0 || fclose(file) != 0)
		fail(plan->service, user, strerror(errno));
}

static void
next_code(const struct plan *plan, const char *user, int64_t *counter,
    struct passcode *code)
{
	if (code_at(plan->maker, (uint64_t)*counter, 0, code) != ROLLCODE_OK)
		fail(plan->service, user, "a code cannot be computed");
	if (!plan->wrong)
		++*counter;
	for (char *c = code->text; plan->wrong && *c != '\0'; c++)
		*c = *c == '9' ? '0' : (char)(*c + 1);
}

static int64_t
children_cpu(void)
{
	struct rusage r;

	getrusage(RUSAGE_CHILDREN, &r);
	return ((int64_t)r.ru_utime.tv_sec + r.ru_stime.tv_sec) * TIMES_NS +
	       ((int64_t)r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1000;
}

static void
one(const struct plan *plan, struct lane *lane, int64_t i, int64_t *counter)
{
	int64_t took = 0, whole = 0;
	struct passcode code;

	next_code(plan, lane->user, counter, &code);
	for (int tries = 0; took == 0; tries++) {
		if (tries == REFUSALS_MAX)
			fail(plan->service, lane->user, "refused ever again");
		lane->refused += tries > 0 && i >= 0;
		if (plan->cold)
			took = login_cold(plan, lane->user, &code, &whole);
		else
			whole = took = login(plan, lane->user, &code);
	}
	if (i >= 0) {
		lane->login[i] = took;
		lane->whole[i] = whole;
	}
}

/* Untimed logins; then told that it is ready; then, when all are, the rest. */
static _Noreturn void
run(const struct plan *plan, struct lane *lane, int ready, int go)
{
	int64_t counter = counter_read(plan, lane->user), cpu;
	char byte = 0;

	for (int64_t i = 0; i < plan->untimed; i++)
		one(plan, lane, -1, &counter);
	if (write(ready, &byte, 1) != 1 || close(ready) != 0 ||
	    read(go, &byte, 1) != 0)
		fail(plan->service, lane->user, "it was not started");
	cpu = children_cpu();
	lane->start = times_now();
	for (int64_t i = 0; i < plan->count; i++)
		one(plan, lane, i, &counter);
	lane->end = times_now();
	lane->cpu = children_cpu() - cpu;
	counter_write(plan, lane->user, counter);
	exit(0);
}

/* --- all of them --------------------------------------------------------- */

static struct lane *
lanes_make(const struct plan *plan)
{
	size_t each = (size_t)plan->count * sizeof(int64_t);
	size_t processes = (size_t)plan->processes;
	struct lane *lanes;
	char *times;

	lanes = mmap(NULL, processes * (sizeof(*lanes) + 2 * each),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (lanes == MAP_FAILED)
		fail(plan->service, plan->user, "out of memory");
	/* Beside each other, so that they can be sorted as one. */
	times = (char *)(lanes + processes);
	for (size_t i = 0; i < processes; i++) {
		lanes[i].login = (int64_t *)(void *)(times + i * each);
		lanes[i].whole =
		    (int64_t *)(void *)(times + (processes + i) * each);
		snprintf(lanes[i].user, sizeof(lanes[i].user), "%s%zu",
		    plan->user, i);
	}
	return lanes;
}

static void
run_all(const struct plan *plan, struct lane *lanes)
{
	int ready[2], go[2], status, bad = 0;
	char byte;

	if (pipe(ready) != 0 || pipe(go) != 0)
		fail(plan->service, plan->user, strerror(errno));
	for (int64_t i = 0; i < plan->processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail(plan->service, plan->user, strerror(errno));
		if (pid != 0)
			continue;
		close(go[1]);
		close(ready[0]);
		run(plan, &lanes[i], ready[1], go[0]);
	}
	close(ready[1]);
	for (int64_t i = 0; i < plan->processes; i++)
		if (read(ready[0], &byte, 1) != 1)
			bad = 1;
	close(go[1]);
	for (int64_t i = 0; i < plan->processes; i++)
		if (wait(&status) < 0 || status != 0)
			bad = 1;
	if (bad)
		exit(1);
}

static void
sum_up(const struct plan *plan, struct lane *lanes)
{
	int64_t n = plan->count * plan->processes, cpu = 0, refused = 0;
	int64_t start = lanes[0].start, end = lanes[0].end;

	for (int64_t i = 0; i < plan->processes; i++) {
		start = lanes[i].start < start ? lanes[i].start : start;
		end = lanes[i].end > end ? lanes[i].end : end;
		cpu += lanes[i].cpu;
		refused += lanes[i].refused;
	}
	times_print(lanes[0].login, n, " ");
	times_print(lanes[0].whole, n, " ");
	printf("%lld %lld %lld\n", (long long)(cpu / n),
	    (long long)(n * TIMES_NS / (end - start)), (long long)refused);
}

static bool
options(int argc, char **argv, struct plan *plan)
{
	int c;

	while ((c = getopt(argc, argv, "+6cn:p:ru:w")) != -1) {
		if (c == '6') {
			plan->token.algorithm = ALGORITHM_SHA1;
			plan->token.digits = 6;
		} else if (c == 'c') {
			plan->cold = true;
		} else if (c == 'r') {
			plan->again = true;
		} else if (c == 'w') {
			plan->wrong = true;
		} else if ((c != 'n' || !keyword_number(optarg, 1, COUNT_MAX,
					    &plan->count)) &&
			   (c != 'p' || !keyword_number(optarg, 1,
					    PROCESSES_MAX, &plan->processes)) &&
			   (c != 'u' || !keyword_number(optarg, 0, COUNT_MAX,
					    &plan->untimed))) {
			return false;
		}
	}
	if (argc - optind != 5)
		return false;
	plan->confdir = argv[optind];
	plan->service = argv[optind + 1];
	plan->user = argv[optind + 2];
	plan->counters = argv[optind + 4];
	return token_parse_secret(
		   argv[optind + 3], &plan->token.secret, NULL) == ROLLCODE_OK;
}

int
main(int argc, char **argv)
{
	struct plan plan = {
	    .count = 100,
	    .processes = 1,
	    .untimed = 3,
	    .token = {.form = FORM_HOTP,
		.algorithm = ALGORITHM_SHA256,
		.digits = 8},
	};
	struct lane *lanes;

	if (argc == 6 && strcmp(argv[1], "once") == 0)
		return login_once(argv);
	if (!options(argc, argv, &plan) ||
	    code_open(&plan.maker, &plan.token) != ROLLCODE_OK) {
		fputs("usage: login [-6crw] [-n COUNT] [-p PROCESSES] "
		      "[-u COUNT] CONFDIR SERVICE USER SECRET COUNTERS\n",
		    stderr);
		return 2;
	}
	lanes = lanes_make(&plan);
	run_all(&plan, lanes);
	sum_up(&plan, lanes);
	return 0;
}
