/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "askpass/asker.h"

#define TEXT_MAX 1024
#define FIELD_START 22 /* of /proc/PID/stat, proc(5) */

/* The beginning of a file that /proc has about a process. */
static bool
read_about(int64_t pid, const char *file, char text[TEXT_MAX])
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%lld/%s", (long long)pid, file);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	n = read(fd, text, TEXT_MAX - 1);
	close(fd);
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

/*
 * "Uid:", the real uid, the effective one.  The owner of a file in /proc says
 * nothing: root owns those of every process that is not dumpable.
 */
static bool
parse_uid(const char *text, struct asker *asker)
{
	const char *line = strstr(text, "\nUid:\t");
	char *end;

	if (line == NULL || (line = strchr(line + 6, '\t')) == NULL)
		return false;
	asker->root = strtoull(line, &end, 10) == 0 && end != line;
	return end != line && *end == '\t';
}

bool
asker_find(struct asker *asker)
{
	char text[TEXT_MAX];

	memset(asker, 0, sizeof(*asker));
	asker->pid = getppid();
	return read_about(asker->pid, "stat", text) &&
	       parse_stat(text, asker) &&
	       read_about(asker->pid, "status", text) &&
	       parse_uid(text, asker) && getppid() == asker->pid;
}
