/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/asked.h"

#define ASKED_LOOKS 20000 /* until a process that works is given up */

long
asked_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000L + now.tv_nsec;
}

/* A number in [0, below). */
size_t
asked_random(size_t below)
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		err(1, "getrandom");
	return (size_t)(random % below);
}

static long
asked_field(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at != NULL ? strtol(at + strlen(name), NULL, 10) : -1;
}

/* False if it is gone. */
static bool
watched_look(struct watched *w)
{
	char text[4096];
	ssize_t n = pread(w->fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	w->parent = asked_field(text, "\nPPid:");
	w->switches = asked_field(text, "\nvoluntary_ctxt_switches:");
	w->asleep = strstr(text, "\nState:\tS") != NULL;
	return true;
}

static bool
watched_is_ours(const char *pid)
{
	char path[300], name[64] = "";
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0) {
		n = read(fd, name, sizeof(name) - 1);
		close(fd);
	}
	return n > 0 && strstr(name, "verify") != NULL;
}

static bool
watch_has(const struct watch *watch, long pid)
{
	for (size_t i = 0; i < watch->count; i++)
		if (watch->of[i].pid == pid)
			return true;
	return false;
}

/* Take in the verifier's processes that are not watched yet. */
void
watch_find(struct watch *watch)
{
	struct dirent *entry;
	char path[300];
	DIR *dir = opendir("/proc");

	if (dir == NULL)
		err(1, "/proc");
	while ((entry = readdir(dir)) != NULL) {
		struct watched *w = &watch->of[watch->count];
		long pid = strtol(entry->d_name, NULL, 10);

		if (watch->count == ASKED_PROCESSES || pid <= 0 ||
		    watch_has(watch, pid) || !watched_is_ours(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%ld/status", pid);
		memset(w, 0, sizeof(*w));
		w->pid = pid;
		w->fd = open(path, O_RDONLY | O_CLOEXEC);
		if (w->fd >= 0 && watched_look(w))
			watch->count++;
		else if (w->fd >= 0)
			close(w->fd);
	}
	closedir(dir);
}

/* Wait until all of them do; then how often each waited since the last look. */
long
watch_look(struct watch *watch)
{
	long more = 0;

	for (size_t i = 0; i < watch->count; i++) {
		struct watched *w = &watch->of[i];
		long before = w->switches;
		bool there = watched_look(w);

		for (int looks = 0; there && !w->asleep && looks < ASKED_LOOKS;
		     looks++) {
			sched_yield();
			there = watched_look(w);
		}
		if (!there) {
			close(w->fd);
			*w = watch->of[--watch->count];
			i--;
			continue;
		}
		w->more = w->switches - before;
		more += w->more;
	}
	return more;
}

/* How many of its parents are watched too: 2 is a worker. */
static int
watch_depth(const struct watch *watch, const struct watched *w)
{
	int depth = 0;

	for (size_t i = 0; i < watch->count; i++)
		if (watch->of[i].pid == w->parent)
			return watch_depth(watch, &watch->of[i]) + 1;
	return depth;
}

/* How often those of that depth waited. */
long
watch_more(const struct watch *watch, int depth)
{
	long more = 0;

	for (size_t i = 0; i < watch->count; i++)
		if (watch_depth(watch, &watch->of[i]) == depth)
			more += watch->of[i].more;
	return more;
}

void
asked_prepare(struct request *request, const char *user)
{
	memset(request, 0, sizeof(*request));
	request->magic = PROTOCOL_REQUEST;
	request->kind = REQUEST_VERIFY;
	snprintf(request->user, sizeof(request->user), "%s", user);
	snprintf(request->service, sizeof(request->service), "ask");
}

static int
asked_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address,
			  sizeof(address)) != 0)
		err(1, "%s", path);
	return fd;
}

/* False if there was no answer. */
bool
asked_once(const char *path, struct request *request, struct seen *seen)
{
	struct answer *answer = &seen->answer;
	long began = asked_now();
	int fd = asked_connect(path);
	bool good;

	memset(answer, 0, sizeof(*answer));
	good =
	    getrandom(request->nonce, sizeof(request->nonce), 0) ==
		(ssize_t)sizeof(request->nonce) &&
	    send(fd, request, sizeof(*request), MSG_NOSIGNAL) ==
		(ssize_t)sizeof(*request) &&
	    recv(fd, answer, sizeof(*answer), 0) == (ssize_t)sizeof(*answer) &&
	    memcmp(answer->nonce, request->nonce, sizeof(answer->nonce)) == 0;
	seen->ns = asked_now() - began;
	close(fd);
	memset(answer->nonce, 0, sizeof(answer->nonce));
	return good;
}
