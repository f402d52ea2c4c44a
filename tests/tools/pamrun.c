/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pamrun [-sv] [-t] [-n TIMES] [-p PASSWORD] [-r RHOST] DIRECTORY SERVICE -
 * log in, many at once.
 *
 * Each line of standard input is a round: USER TAB CODE, and more such pairs
 * behind further tabs.  All attempts of a round, TIMES for each pair, start
 * at the same moment, each in a process of its own (-t: in a thread); a single
 * one is made in this process.  \xNN in a field is that byte.  The service
 * comes from DIRECTORY, so nothing in /etc takes part.
 *
 * For each attempt a line: ROUND RESULT MILLISECONDS USER.  -v shows what the
 * module tells the person, -p answers prompts for a password, -s stops this
 * process after each round, when it holds no code any more.
 */
#include <err.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "tests/support/results.h"

#define ATTEMPTS_MAX 1024
#define LINE_BYTES 262144

struct attempt {
	const char *user;
	const char *code;
	int result; /* -1: none was reached */
	int ms;
};

/* Shared with the processes of a round. */
struct shared {
	pthread_barrier_t start;
	struct attempt attempts[ATTEMPTS_MAX];
};

static struct {
	const char *directory, *service, *rhost, *password;
	unsigned int times;
	int stop, verbose, threads;
} run = {.times = 1, .service = "", .directory = ""};

static struct shared *shared;

static char input[LINE_BYTES], line[LINE_BYTES];
static size_t input_len;

static int
answer(int count, const struct pam_message **messages,
    struct pam_response **out, void *appdata)
{
	const struct attempt *attempt = appdata;
	struct pam_response *replies = calloc((size_t)count, sizeof(*replies));

	if (replies == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++) {
		const char *text = attempt->code;

		if (run.password != NULL &&
		    strstr(messages[i]->msg, "assword") != NULL)
			text = run.password;
		switch (messages[i]->msg_style) {
		case PAM_PROMPT_ECHO_OFF:
		case PAM_PROMPT_ECHO_ON:
			replies[i].resp = strdup(text);
			break;
		default:
			if (run.verbose)
				fprintf(stderr, "%s\n", messages[i]->msg);
		}
	}
	*out = replies;
	return PAM_SUCCESS;
}

static int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
attempt_make(struct attempt *attempt, pthread_barrier_t *barrier)
{
	const struct pam_conv conv = {answer, attempt};
	pam_handle_t *pamh = NULL;
	int64_t start;
	int result;

	result = pam_start_confdir(
	    run.service, attempt->user, &conv, run.directory, &pamh);
	if (result == PAM_SUCCESS && run.rhost != NULL)
		result = pam_set_item(pamh, PAM_RHOST, run.rhost);
	if (barrier != NULL)
		pthread_barrier_wait(barrier);
	start = clock_ms();
	if (result == PAM_SUCCESS)
		result = pam_authenticate(pamh, 0);
	attempt->ms = (int)(clock_ms() - start);
	if (pamh != NULL)
		pam_end(pamh, result);
	attempt->result = result;
}

static void *
in_thread(void *attempt)
{
	attempt_make(attempt, &shared->start);
	return NULL;
}

static void
run_threads(size_t count)
{
	pthread_t threads[ATTEMPTS_MAX];

	for (size_t i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, in_thread,
			&shared->attempts[i]) != 0)
			errx(1, "no thread");
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

static void
run_processes(size_t count)
{
	pid_t pid;

	for (size_t i = 0; i < count; i++) {
		if ((pid = fork()) == 0) {
			attempt_make(&shared->attempts[i], &shared->start);
			_exit(0);
		}
		if (pid < 0)
			err(1, "fork");
	}
	while (wait(NULL) > 0)
		;
}

static void
run_round(unsigned long round, size_t count)
{
	pthread_barrierattr_t attr;

	fflush(stdout);
	if (count == 1) {
		attempt_make(&shared->attempts[0], NULL);
	} else {
		pthread_barrierattr_init(&attr);
		pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
		pthread_barrier_init(
		    &shared->start, &attr, (unsigned int)count);
		if (run.threads)
			run_threads(count);
		else
			run_processes(count);
		pthread_barrier_destroy(&shared->start);
	}
	for (size_t i = 0; i < count; i++) {
		const struct attempt *a = &shared->attempts[i];

		printf("%lu %s %d %s\n", round,
		    a->result < 0 ? "LOST" : result_name(a->result), a->ms,
		    a->user);
	}
}

/* The next line of standard input in line[], nowhere else any more. */
static int
next_line(void)
{
	size_t len;
	char *end;
	ssize_t n;

	while ((end = memchr(input, '\n', input_len)) == NULL) {
		if (input_len == sizeof(input))
			errx(2, "a line is too long");
		n = read(0, input + input_len, sizeof(input) - input_len);
		if (n <= 0)
			return 0;
		input_len += (size_t)n;
	}
	len = (size_t)(end - input);
	memcpy(line, input, len);
	line[len] = '\0';
	input_len -= len + 1;
	memmove(input, end + 1, input_len);
	explicit_bzero(input + input_len, sizeof(input) - input_len);
	return 1;
}

static char *
unescape(char *field)
{
	char *out = field, hex[3] = {0};

	for (const char *p = field; *p != '\0'; p++) {
		if (strncmp(p, "\\x", 2) == 0 && p[2] != '\0' && p[3] != '\0') {
			memcpy(hex, p + 2, 2);
			*out++ = (char)strtol(hex, NULL, 16);
			p += 3;
		} else {
			*out++ = *p;
		}
	}
	*out = '\0';
	return field;
}

static size_t
fill_round(void)
{
	char *at = line, *user, *code;
	size_t count = 0;

	while ((user = strsep(&at, "\t")) != NULL) {
		if ((code = strsep(&at, "\t")) == NULL)
			errx(2, "a user without a code");
		unescape(user);
		unescape(code);
		for (unsigned int i = 0; i < run.times; i++) {
			if (count == ATTEMPTS_MAX)
				errx(2, "too many attempts in a round");
			shared->attempts[count++] =
			    (struct attempt){user, code, -1, 0};
		}
	}
	return count;
}

static void
options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:p:r:stv")) != -1) {
		switch (c) {
		case 'n':
			run.times = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'p':
			run.password = optarg;
			break;
		case 'r':
			run.rhost = optarg;
			break;
		case 's':
			run.stop = 1;
			break;
		case 't':
			run.threads = 1;
			break;
		case 'v':
			run.verbose = 1;
			break;
		default:
			optind = argc;
		}
	}
	if (argc - optind != 2 || run.times == 0)
		errx(2, "usage: pamrun [-stv] [-n TIMES] [-p PASSWORD] "
			"[-r RHOST] DIRECTORY SERVICE");
	run.directory = argv[optind];
	run.service = argv[optind + 1];
}

int
main(int argc, char **argv)
{
	options(argc, argv);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "mmap");
	for (unsigned long round = 1; next_line(); round++) {
		run_round(round, fill_round());
		explicit_bzero(line, sizeof(line));
		fflush(stdout);
		if (run.stop)
			raise(SIGSTOP);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
