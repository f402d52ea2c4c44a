/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flat one|each COUNT DIRECTORY SERVICE USER - so many logins in one process.
 *
 * "one": pam_authenticate COUNT times on one handle; "each": a handle for each,
 * so that the module is loaded and unloaded as often.  What is typed are the
 * lines of standard input in turn, evenly spread, and between two of them a
 * text that makes no code.
 *
 * Prints "after LOGINS: descriptors N maps N kB N" once a tenth of them is
 * over and at the end, the results as "RESULT TIMES", and "loaded" if the
 * module is still in memory.
 */
#include <err.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "tests/support/results.h"

#define TYPED_BYTES (1 << 18)
#define CODES_MAX 16384
#define RESULTS 64

static char typed[TYPED_BYTES];
static const char *codes[CODES_MAX], *line;
static unsigned long count, ncodes, times[RESULTS];

static int
answer(int messages_len, const struct pam_message **messages,
    struct pam_response **replies, void *appdata)
{
	(void)appdata;
	*replies = calloc((size_t)messages_len, sizeof(**replies));
	if (*replies == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < messages_len; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			(*replies)[i].resp = strdup(line);
	return PAM_SUCCESS;
}

static unsigned long
lines_of(const char *path, const char *wanted, unsigned long *number)
{
	unsigned long n = 0;
	char text[4096];
	FILE *file = fopen(path, "re");

	if (file == NULL)
		err(1, "%s", path);
	while (fgets(text, sizeof(text), file) != NULL)
		if (strstr(text, wanted) != NULL) {
			n++;
			if (number != NULL)
				sscanf(text, "%*[^0-9]%lu", number);
		}
	fclose(file);
	return n;
}

static void
measure(unsigned long after)
{
	unsigned long kb = 0, fds = 0;

	malloc_trim(0);
	for (int fd = 0; fd < 1024; fd++)
		fds += fcntl(fd, F_GETFD) >= 0;
	lines_of("/proc/self/status", "RssAnon", &kb);
	printf("after %lu: descriptors %lu maps %lu kB %lu\n", after, fds,
	    lines_of("/proc/self/maps", "-", NULL), kb);
}

static void
read_codes(void)
{
	char *at = typed, *text;
	size_t len = 0;
	ssize_t n;

	while ((n = read(0, typed + len, sizeof(typed) - 1 - len)) > 0)
		len += (size_t)n;
	while ((text = strsep(&at, "\n")) != NULL && at != NULL)
		if (ncodes < CODES_MAX)
			codes[ncodes++] = text;
}

/* The code due at this login, evenly spread. */
static void
choose(unsigned long i)
{
	unsigned long due = ncodes * i / count;

	line = ncodes * (i + 1) / count > due ? codes[due] : "no code";
}

static void
attempt(pam_handle_t *pamh, unsigned long i)
{
	int result;

	choose(i);
	result = pam_authenticate(pamh, 0);
	if (result >= 0 && result < RESULTS)
		times[result]++;
	if (i + 1 == count / 10 || i + 1 == count)
		measure(i + 1);
}

int
main(int argc, char **argv)
{
	const struct pam_conv conv = {answer, NULL};
	pam_handle_t *pamh = NULL;
	int each;

	if (argc != 6 || (count = strtoul(argv[2], NULL, 10)) < 10)
		errx(2, "usage: flat one|each COUNT DIRECTORY SERVICE USER");
	each = strcmp(argv[1], "each") == 0;
	read_codes();
	for (unsigned long i = 0; i < count; i++) {
		if ((each || i == 0) &&
		    pam_start_confdir(
			argv[4], argv[5], &conv, argv[3], &pamh) != PAM_SUCCESS)
			errx(1, "pam_start");
		attempt(pamh, i);
		if (each)
			pam_end(pamh, PAM_SUCCESS);
	}
	if (!each)
		pam_end(pamh, PAM_SUCCESS);
	for (int i = 0; i < RESULTS; i++)
		if (times[i] > 0)
			printf("%s %lu\n", result_name(i), times[i]);
	if (lines_of("/proc/self/maps", "pam_rollcode", NULL) > 0)
		printf("loaded\n");
	return fflush(stdout) == 0 ? 0 : 1;
}
