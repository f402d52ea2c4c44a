/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor - what the parts of a login cost by themselves.
 *
 *	floor overwrite|append|hmac|keyed COUNT DIRECTORY
 *	floor spawn COUNT STATUS PROGRAM [ARGUMENT...]
 *
 *	overwrite	4 KiB over the same ones, and fdatasync
 *	append		4 KiB behind the others, and fdatasync
 *	hmac, keyed	one HMAC-SHA-256, by HMAC(); by a context that has the
 *			key already
 *	spawn		a program started and waited for, which must end with
 *			STATUS
 *
 * Prints median, 95th and 99th percentile in nanoseconds.  What fails ends
 * it with 1 and a sentence.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/base/env.h"
#include "tests/bench/times.h"

#define COUNT_MAX 1000000
#define BLOCK 4096
#define BATCH 200 /* hashes between two looks at the clock */

extern char **environ;

static _Noreturn void
fail(const char *where, const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", where, what);
	exit(1);
}

static void
file_in(const char *directory, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/floor.%s", directory, name);
}

/* --- one sync ------------------------------------------------------------ */

static void
synced(const char *directory, bool append, int64_t *took, int64_t count)
{
	static const char block[BLOCK];
	char path[BLOCK];
	int64_t start;
	int fd;

	file_in(directory, append ? "append" : "overwrite", path, sizeof(path));
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || pwrite(fd, block, BLOCK, 0) != BLOCK || fsync(fd) != 0)
		fail(path, strerror(errno));
	for (int64_t i = 0; i < count; i++) {
		start = times_now();
		if (pwrite(fd, block, BLOCK, append ? (i + 1) * BLOCK : 0) !=
			BLOCK ||
		    fdatasync(fd) != 0)
			fail(path, strerror(errno));
		took[i] = times_now() - start;
	}
	close(fd);
}

/* --- one hash ------------------------------------------------------------ */

static EVP_MAC_CTX *
keyed_context(const unsigned char *key, size_t len)
{
	OSSL_PARAM params[2] = {0};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	char digest[] = "SHA256";

	params[0] =
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (ctx == NULL || EVP_MAC_init(ctx, key, len, params) != 1)
		fail("EVP_MAC", "no context");
	EVP_MAC_free(mac);
	return ctx;
}

static void
hashed(bool keyed, int64_t *took, int64_t count)
{
	static const unsigned char key[32] = "a key of thirty-two bytes.";
	EVP_MAC_CTX *ctx = keyed_context(key, sizeof(key));
	unsigned char message[8] = {0}, out[64];
	unsigned int n;
	size_t len;

	for (int64_t i = 0; i < count; i++) {
		int64_t start = times_now();

		for (int j = 0; j < BATCH; j++) {
			message[7] = (unsigned char)j;
			if (!keyed &&
			    HMAC(EVP_sha256(), key, sizeof(key), message,
				sizeof(message), out, &n) == NULL)
				fail("HMAC", "failed");
			if (keyed && (EVP_MAC_init(ctx, NULL, 0, NULL) != 1 ||
					 EVP_MAC_update(ctx, message,
					     sizeof(message)) != 1 ||
					 EVP_MAC_final(
					     ctx, out, &len, sizeof(out)) != 1))
				fail("EVP_MAC", "failed");
		}
		took[i] = (times_now() - start) / BATCH;
	}
	EVP_MAC_CTX_free(ctx);
}

/* --- one process --------------------------------------------------------- */

static void
spawned(char **argv, int64_t wanted, int64_t *took, int64_t count)
{
	posix_spawn_file_actions_t actions;
	int status = -1;
	int64_t start;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	for (int fd = 1; fd <= 2; fd++)
		posix_spawn_file_actions_addopen(
		    &actions, fd, "/dev/null", O_WRONLY, 0);
	for (int64_t i = 0; i < count; i++) {
		start = times_now();
		if (posix_spawnp(
			&pid, argv[0], &actions, NULL, argv, environ) != 0 ||
		    waitpid(pid, &status, 0) != pid)
			fail(argv[0], "cannot be started");
		took[i] = times_now() - start;
		if (!WIFEXITED(status) || WEXITSTATUS(status) != wanted)
			fail(argv[0], "ended otherwise than it should");
	}
	posix_spawn_file_actions_destroy(&actions);
}

static bool
measure(int argc, char **argv, int64_t *took, int64_t count)
{
	const char *what = argv[1];
	int64_t status;

	if (argc > 4 && strcmp(what, "spawn") == 0 &&
	    keyword_number(argv[3], 0, 255, &status))
		spawned(argv + 4, status, took, count);
	else if (argc != 4)
		return false;
	else if (strcmp(what, "overwrite") == 0 || strcmp(what, "append") == 0)
		synced(argv[3], *what == 'a', took, count);
	else if (strcmp(what, "hmac") == 0 || strcmp(what, "keyed") == 0)
		hashed(*what == 'k', took, count);
	else
		return false;
	return true;
}

int
main(int argc, char **argv)
{
	int64_t count, *took = NULL;

	if (argc < 4 || !keyword_number(argv[2], 1, COUNT_MAX, &count) ||
	    (took = calloc((size_t)count, sizeof(*took))) == NULL ||
	    !measure(argc, argv, took, count)) {
		fputs("usage: floor overwrite|append|hmac|keyed COUNT "
		      "DIRECTORY\n"
		      "       floor spawn COUNT STATUS PROGRAM [ARGUMENT...]\n",
		    stderr);
		free(took);
		return 2;
	}
	times_print(took, count, "\n");
	free(took);
	return 0;
}
