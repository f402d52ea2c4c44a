/* SPDX-License-Identifier: Apache-2.0 */
/*
 * services.c - every PAM service that names the module.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/check/check.h"

#define PAM_READS 1023 /* bytes */

/* What editors and package managers leave beside a file is no service. */
static int
is_service(const struct dirent *entry)
{
	static const char *const endings[] = {"~", ".dpkg-old", ".dpkg-new",
	    ".dpkg-dist", ".rpmsave", ".rpmnew", ".rpmorig", ".pam-old", ".bak",
	    ".orig", ".swp"};
	const char *name = entry->d_name;
	size_t len = strlen(name), end;

	for (size_t i = 0; i < COUNT(endings); i++) {
		end = strlen(endings[i]);
		if (len > end && strcmp(name + len - end, endings[i]) == 0)
			return 0;
	}
	return name[0] != '.';
}

/* Of the vendor's those that the administrator has not. */
static void
each_name(struct check *check, void (*fn)(struct check *, const char *))
{
	char path[PATH_MAX];
	struct dirent **list;
	int count;

	for (size_t d = 0; d < COUNT(check_directories); d++) {
		count =
		    scandir(check_directories[d], &list, is_service, alphasort);
		for (int i = 0; i < count; i++) {
			check_cut(path, sizeof(path), "%s/%s",
			    check_directories[0], list[i]->d_name);
			if (d == 0 || access(path, F_OK) != 0)
				fn(check, list[i]->d_name);
			free(list[i]);
		}
		if (count >= 0)
			free(list);
	}
}

static void
note_included(struct check *check, const char *name)
{
	struct service s;
	size_t used;

	if (!service_read(check, name, &s))
		return;
	for (size_t i = 1; i < s.file_count; i++) {
		used = strlen(check->included);
		if (strcmp(s.files[0], s.files[i]) != 0)
			check_cut(check->included + used,
			    sizeof(check->included) - used, "%s\n", s.files[i]);
	}
	service_free(&s);
}

/*
 * A file that others include is looked at as a part of them, unless programs
 * ask PAM by that name: su may be a part of su-l, and is a service itself.
 */
static bool
is_part(const struct check *check, const char *name)
{
	char line[NAME_MAX + 3], program[PATH_MAX];

	check_cut(line, sizeof(line), "/%s\n", name);
	return strstr(check->included, line) != NULL &&
	       strcmp(name, "su-l") != 0 && strcmp(name, "sudo-i") != 0 &&
	       check_find(NULL, name, program) == NULL;
}

/*
 * Versions of PAM before 1.6 read so much at once, and take the rest of a line,
 * or of a comment, for another line.
 */
static void
check_length(struct check *check, const char *path)
{
	FILE *in = check_open(path);
	char *text = NULL;
	size_t size = 0, used = 0;
	unsigned int line = 0;
	ssize_t len;

	while (in != NULL && (len = getline(&text, &size, in)) > 0) {
		line++;
		used += (size_t)len;
		if (used > PAM_READS)
			check_found(check, IS_ERROR, "pam-line", path, line,
			    "make it shorter than 1 KiB",
			    "is too long: some versions of PAM take its end "
			    "for another line");
		while (len > 0 && strchr(" \t\n", text[len - 1]) != NULL)
			len--;
		if (len == 0 || text[len - 1] != '\\')
			used = 0;
	}
	free(text);
	if (in != NULL)
		fclose(in);
}

const struct outcome check_outcomes[CHECK_OUTCOMES] = {
    {"a valid code", "accepted", PAM_SUCCESS, false},
    {"a wrong code", "refused", PAM_AUTH_ERR, false},
    {"no token", "unenrolled", PAM_AUTH_ERR, true},
    {"no store", "unavailable", PAM_AUTHINFO_UNAVAIL, false},
    {"a faulty store or verifier", "unusable", PAM_SYSTEM_ERR, false},
    {"a bad argument or file", "misconfigured", PAM_SERVICE_ERR, false},
    {"no module", "missing", PAM_MODULE_UNKNOWN, false},
};

static void
check_asking(struct check *check, struct service *s)
{
	size_t len = strlen(check->services);
	const struct outcome *o;
	char real[PATH_MAX];

	check_cut(check->services + len, sizeof(check->services) - len, " %s",
	    s->name);
	for (size_t i = 0; i < s->file_count; i++) {
		if (realpath(s->files[i], real) != NULL)
			check_trusted(check, "pam-file", real, NULL);
		check_length(check, s->files[i]);
	}
	check_sshd_read(check);
	if (check_try(check, s)) {
		check_stack(check, s);
		check->dry = check->options->service[0] != '\0';
		for (size_t i = 0; i < CHECK_OUTCOMES; i++) {
			o = &check_outcomes[i];
			check->admits[i] =
			    s->facts
				.admits[o->ignored && s->nullok ? PAM_IGNORE
								: o->result];
		}
	}
	check_lines(check, s);
	if (sshd_asks_as(check, s->name))
		check_sshd(check, s);
}

/* Is sshd ready for a line of ours, which has an effect at once? */
static void
check_before(struct check *check, const struct service *s)
{
	check_sshd_read(check);
	if (sshd_asks_as(check, s->name))
		check_sshd(check, s);
}

static void
check_one(struct check *check, const char *name)
{
	struct service s;

	if (is_part(check, name) || !service_read(check, name, &s))
		return;
	check_missing(check, &s);
	if (s.uses)
		check_asking(check, &s);
	else if (check->options->service[0] != '\0')
		check_before(check, &s);
	service_free(&s);
}

/* Beside a directory, PAM does not read this file; without one we do not. */
static void
check_conf(struct check *check)
{
	static const char conf[] = "/etc/pam.conf";
	FILE *in = check_open(conf);
	unsigned int line = 0;
	struct row row;

	while (in != NULL && row_read(in, &line, &row))
		if (strstr(row.line, OUR_MODULE) != NULL)
			check_found(check, IS_WARNING, "pam-conf", conf,
			    row.first, "put the line into /etc/pam.d/SERVICE",
			    "this file is not read where there is /etc/pam.d");
	if (in != NULL)
		fclose(in);
}

void
check_services(struct check *check)
{
	check_conf(check);
	if (check->options->service[0] != '\0') {
		check_one(check, check->options->service);
	} else {
		each_name(check, note_included);
		each_name(check, check_one);
	}
	if (check->services[0] == '\0')
		check_found(check, IS_NOTE, "pam-unused", check_directories[0],
		    0,
		    "write in the file of a service: auth required " OUR_MODULE,
		    "no service that was looked at names the module");
}
