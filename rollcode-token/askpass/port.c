/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port.c - the port that a process is connected to.
 *
 * The kernel is asked: which TCP sockets the process has, and where they lead.
 *
 *  1. The standard descriptors belong to the session, whatever they are; the
 *     connection is another one.
 *  2. Each TCP socket must be found in the tables of the process's network.
 *     What cannot be told for certain is unknown.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "askpass/asker.h"
#include "common/base/rollcode.h"

#define SOCKETS_MAX 64
#define STATE_ESTABLISHED 1
#define STATE_LISTEN 10

/* Of /proc/net/tcp, proc(5). */
enum { FIELD_REMOTE = 2, FIELD_STATE = 3, FIELD_INODE = 9, FIELDS };

struct sockets {
	unsigned long long inode[SOCKETS_MAX]; /* 0 once it was found */
	size_t count;
	int port;
};

/* A socket that leads to no port, and is none in disguise. */
static bool
leads_nowhere(const char *protocol)
{
	static const char *const kinds[] = {
	    "UNIX", "UNIX-STREAM", "NETLINK", "UDP", "UDPv6"};

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcmp(protocol, kinds[i]) == 0)
			return true;
	return false;
}

static bool
keep_socket(struct sockets *sockets, unsigned long long inode)
{
	for (size_t i = 0; i < sockets->count; i++)
		if (sockets->inode[i] == inode)
			return true;
	if (inode == 0 || sockets->count == SOCKETS_MAX)
		return false;
	sockets->inode[sockets->count++] = inode;
	return true;
}

/* One descriptor; false if it cannot be told what it is. */
static bool
look_at(struct sockets *sockets, const char *fds, const char *fd)
{
	static const char prefix[] = "socket:[";
	char path[64 + NAME_MAX], target[64], protocol[32];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", fds, fd);
	if ((n = readlink(path, target, sizeof(target) - 1)) < 0)
		return false;
	target[n] = '\0';
	if (strncmp(target, prefix, sizeof(prefix) - 1) != 0)
		return true;
	n = getxattr(
	    path, "system.sockprotoname", protocol, sizeof(protocol) - 1);
	if (n <= 0)
		return false;
	protocol[n] = '\0';
	return leads_nowhere(protocol) ||
	       keep_socket(
		   sockets, strtoull(target + sizeof(prefix) - 1, NULL, 10));
}

static bool
find_sockets(struct sockets *sockets, const char *fds)
{
	struct dirent *entry;
	DIR *directory = opendir(fds);
	bool known = true;

	if (directory == NULL)
		return false;
	while (known && (errno = 0, entry = readdir(directory)) != NULL)
		if (strtol(entry->d_name, NULL, 10) > STDERR_FILENO)
			known = look_at(sockets, fds, entry->d_name);
	known = known && errno == 0;
	closedir(directory);
	return known;
}

static void
note_port(struct sockets *sockets, unsigned long state, unsigned long port)
{
	int found = state == STATE_ESTABLISHED ? (int)port : ASKER_UNKNOWN;

	if (state == STATE_LISTEN)
		return;
	if (sockets->port != ASKER_PROXY && sockets->port != found)
		found = ASKER_UNKNOWN;
	sockets->port = found;
}

static void
note_line(struct sockets *sockets, char *line)
{
	char *field[FIELDS], *rest = line, *port;
	unsigned long long inode;

	for (size_t i = 0; i < FIELDS; i++)
		if ((field[i] = strtok_r(i == 0 ? line : NULL, " ", &rest)) ==
		    NULL)
			return;
	inode = strtoull(field[FIELD_INODE], NULL, 10);
	if (inode == 0 || (port = strchr(field[FIELD_REMOTE], ':')) == NULL)
		return;
	for (size_t i = 0; i < sockets->count; i++)
		if (sockets->inode[i] == inode) {
			sockets->inode[i] = 0;
			note_port(sockets,
			    strtoul(field[FIELD_STATE], NULL, 16),
			    strtoul(port + 1, NULL, 16));
		}
}

/* A table that is not there has none of the sockets. */
static void
read_table(struct sockets *sockets, int64_t pid, const char *table)
{
	char path[64], line[512];
	FILE *file;

	snprintf(
	    path, sizeof(path), "/proc/%lld/net/%s", (long long)pid, table);
	if ((file = fopen(path, "re")) == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL)
		note_line(sockets, line);
	fclose(file);
}

int
asker_port(const struct asker *asker)
{
	struct sockets sockets = {.port = ASKER_PROXY};
	char fds[48];

	snprintf(fds, sizeof(fds), "/proc/%lld/fd", (long long)asker->pid);
	if (!find_sockets(&sockets, fds))
		return ASKER_UNKNOWN;
	read_table(&sockets, asker->pid, "tcp");
	read_table(&sockets, asker->pid, "tcp6");
	for (size_t i = 0; i < sockets.count; i++)
		if (sockets.inode[i] != 0)
			return ASKER_UNKNOWN;
	return getppid() == asker->pid ? sockets.port : ASKER_UNKNOWN;
}
