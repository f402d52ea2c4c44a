/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_login - how long one login takes, through libpam.
 *
 *	bench_login CONFDIR SERVICE USER SECRET COUNTER COUNT
 *
 * COUNT times pam_start, pam_authenticate, pam_end with the next code of an
 * 8-digit SHA256 token of that base32 secret; prints median, 95th and 99th
 * percentile in microseconds.  A login that fails ends it with 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <security/pam_appl.h>

#include "code.h"
#include "env.h"
#include "token.h"

#define COUNT_MAX 1000000

static int
answer(int count, const struct pam_message **messages,
    struct pam_response **replies, void *context)
{
	const struct passcode *code = context;

	if (count != 1 || (*replies = calloc(1, sizeof(**replies))) == NULL)
		return PAM_CONV_ERR;
	if (messages[0]->msg_style == PAM_PROMPT_ECHO_OFF)
		(*replies)->resp = strdup(code->text);
	return PAM_SUCCESS;
}

static int64_t
clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int
ascending(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool
login(char **argv, struct passcode *code, int64_t *took)
{
	const struct pam_conv conv = {answer, code};
	pam_handle_t *pamh = NULL;
	int64_t start = clock_us();
	int result;

	result = pam_start_confdir(argv[2], argv[3], &conv, argv[1], &pamh);
	if (result == PAM_SUCCESS)
		result = pam_authenticate(pamh, 0);
	pam_end(pamh, result);
	*took = clock_us() - start;
	return result == PAM_SUCCESS;
}

int
main(int argc, char **argv)
{
	struct rollcode_token token = {
	    .form = FORM_HOTP, .algorithm = ALGORITHM_SHA256, .digits = 8};
	int64_t counter, count, *took = NULL;
	struct passcode code;

	if (argc != 7 ||
	    token_parse_secret(argv[4], &token.secret, NULL) != ROLLCODE_OK ||
	    !keyword_number(argv[5], 0, INT64_MAX, &counter) ||
	    !keyword_number(argv[6], 1, COUNT_MAX, &count) ||
	    (took = calloc((size_t)count, sizeof(*took))) == NULL) {
		fprintf(stderr, "usage: bench_login CONFDIR SERVICE USER "
				"SECRET COUNTER COUNT\n");
		return 2;
	}
	for (int64_t i = 0; i < count; i++) {
		if (code_once(&token, (uint64_t)(counter + i), &code) !=
			ROLLCODE_OK ||
		    !login(argv, &code, &took[i])) {
			fprintf(stderr, "bench_login: login %lld failed\n",
			    (long long)i);
			free(took);
			return 1;
		}
	}
	qsort(took, (size_t)count, sizeof(*took), ascending);
	printf("%lld %lld %lld\n", (long long)took[count / 2],
	    (long long)took[count * 95 / 100],
	    (long long)took[count * 99 / 100]);
	free(took);
	return 0;
}
