/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asker.h"

#define STAT_MAX 1024
#define FIELD_START 22 /* of /proc/PID/stat, proc(5) */

static bool
read_stat(int fd, char text[STAT_MAX])
{
	ssize_t n = read(fd, text, STAT_MAX - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return true;
}

/* "PID (NAME) STATE ...": a name may have brackets and spaces itself. */
static bool
parse_stat(char *text, struct asker *asker)
{
	char *name = strchr(text, '('), *end = strrchr(text, ')');
	size_t len;

	if (name == NULL || end == NULL || end <= name)
		return false;
	len = (size_t)(end - ++name);
	if (len > ASKER_NAME_MAX)
		return false;
	memcpy(asker->name, name, len);
	for (int field = 2; field < FIELD_START; field++)
		if ((end = strchr(end + 1, ' ')) == NULL)
			return false;
	asker->start = strtoll(end + 1, NULL, 10);
	return asker->start > 0;
}

bool
asker_find(struct asker *asker)
{
	char path[64], text[STAT_MAX];
	struct stat st;
	bool known;
	int fd;

	memset(asker, 0, sizeof(*asker));
	asker->pid = getppid();
	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)asker->pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	known = fstat(fd, &st) == 0 && read_stat(fd, text) &&
		parse_stat(text, asker) && getppid() == asker->pid;
	asker->root = known && st.st_uid == 0;
	close(fd);
	return known;
}
