/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syslog_catch SOCKET FILE - what is sent to a syslog socket, as lines.
 *
 * Each datagram becomes one line "facility.level text"; control characters in
 * it are written as \xNN, so that a line in FILE is always one message.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYSLOG_NAMES
#include <syslog.h>

static const char *
name_of(const CODE *table, int value)
{
	for (; table->c_name != NULL; table++) {
		if (table->c_val == value)
			return table->c_name;
	}
	return "unknown";
}

/* The level by the name syslog.conf has for it, not a deprecated one. */
static const char *
level_name(int level)
{
	static const char *const names[] = {"emerg", "alert", "crit", "err",
	    "warning", "notice", "info", "debug"};

	return names[level & 7];
}

static void
write_line(FILE *out, const char *text, size_t len)
{
	char *end;
	int priority;

	if (len > 0 && text[0] == '<') {
		priority = (int)strtol(text + 1, &end, 10);
		if (*end == '>') {
			fprintf(out, "%s.%s ",
			    name_of(facilitynames, LOG_FAC(priority) << 3),
			    level_name(LOG_PRI(priority)));
			len -= (size_t)(end + 1 - text);
			text = end + 1;
		}
	}
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 32 || c == 127)
			fprintf(out, "\\x%02x", c);
		else
			putc(c, out);
	}
	putc('\n', out);
	if (fflush(out) != 0)
		err(1, "write");
}

int
main(int argc, char **argv)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	static char text[65536];
	FILE *out;
	ssize_t n;
	int fd;

	if (argc != 3 || strlen(argv[1]) >= sizeof(addr.sun_path))
		errx(2, "usage: syslog_catch SOCKET FILE");
	memcpy(addr.sun_path, argv[1], strlen(argv[1]) + 1);
	if ((out = fopen(argv[2], "ae")) == NULL)
		err(1, "%s", argv[2]);
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1 ||
	    chmod(argv[1], 0666) == -1)
		err(1, "%s", argv[1]);
	while ((n = recv(fd, text, sizeof(text) - 1, 0)) >= 0) {
		text[n] = '\0';
		write_line(out, text, (size_t)n);
	}
	err(1, "recv");
}
