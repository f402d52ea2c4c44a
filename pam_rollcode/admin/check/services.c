/* SPDX-License-Identifier: Apache-2.0 */
/*
 * services.c - every PAM service that names the module.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/check/run.h"
#include "admin/check/trial.h"
#include "system/path.h"

#define SERVICES_MAX 1024

/* --- all of them -------------------------------------------------------- */

struct names {
	char name[SERVICES_MAX][NAME_MAX + 1];
	bool included[SERVICES_MAX]; /* by another one */
	size_t count;
};

/* What editors and package managers leave beside a file is no service. */
static bool
is_left_over(const char *name)
{
	static const char *const endings[] = {"~", ".dpkg-old", ".dpkg-new",
	    ".dpkg-dist", ".rpmsave", ".rpmnew", ".rpmorig", ".pam-old", ".bak",
	    ".orig", ".swp"};
	size_t len = strlen(name), end;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		end = strlen(endings[i]);
		if (len > end && strcmp(name + len - end, endings[i]) == 0)
			return true;
	}
	return name[0] == '.';
}

static size_t
add_name(struct names *names, const char *name)
{
	size_t i = 0;

	while (i < names->count && strcmp(names->name[i], name) != 0)
		i++;
	if (i == names->count && i < SERVICES_MAX && strlen(name) <= NAME_MAX) {
		memcpy(names->name[i], name, strlen(name) + 1);
		names->count++;
	}
	return i;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
list_directory(struct names *names, const char *path)
{
	const struct dirent *entry;
	DIR *dir = opendir(path);

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (!is_left_over(entry->d_name))
			add_name(names, entry->d_name);
	if (dir != NULL)
		closedir(dir);
}

/* A file that others include is looked at as a part of them. */
static void
mark_included(struct names *names, const struct service *s)
{
	const char *base;
	size_t at;

	for (size_t i = 1; i < s->file_count; i++) {
		base = strrchr(s->files[i], '/') + 1;
		if (strcmp(base, s->name) != 0 &&
		    (at = add_name(names, base)) < SERVICES_MAX)
			names->included[at] = true;
	}
}

/* Whether root gets in there depends on a token of root. */
static bool
is_way_in(const char *name)
{
	static const char *const ways[] = {
	    "login", "su", "su-l", "sudo", "sudo-i", "sshd"};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(name, ways[i]) == 0)
			return true;
	return false;
}

static void
check_file(struct check *check, const char *path)
{
	struct error error = {0};
	char real[PATH_MAX];

	if (realpath(path, real) != NULL &&
	    path_check(real, 0, &error) != ROLLCODE_OK)
		check_found_error(
		    check, IS_ERROR, "pam-file", path, &error, NULL);
}

/* Newer versions of sshd can have a service of any name. */
static bool
may_be_sshd(const char *name)
{
	return strcmp(name, "sshd") == 0 || !is_way_in(name);
}

static void
check_asking(struct check *check, struct service *s)
{
	size_t len = strlen(check->services);

	check_cut(check->services + len, sizeof(check->services) - len, " %s",
	    s->name);
	for (size_t i = 0; i < s->file_count; i++)
		check_file(check, s->files[i]);
	if (may_be_sshd(s->name))
		check_sshd_read(check);
	if (check_try(check, s))
		check_stack(check, s);
	check_lines(check, s);
	if (sshd_asks_as(check, s->name))
		check_sshd(check, s);
}

static void
check_one(struct check *check, const char *name)
{
	struct service s;

	if (!service_read(check, name, &s))
		return;
	check_missing(check, &s);
	if (s.uses)
		check_asking(check, &s);
	service_free(&s);
}

/* Beside a directory, PAM does not read this file; without one we do not. */
static void
check_conf(struct check *check)
{
	static const char conf[] = "/etc/pam.conf";
	struct row_reader r = {0};
	struct row row;
	char *text = check_read_text(conf, &r.len);

	r.text = text;
	while (text != NULL && row_read(&r, &row))
		if (strstr(row.line, OUR_MODULE) != NULL)
			check_found(check, IS_WARNING, "pam-conf", conf,
			    row.first, "put the line into /etc/pam.d/SERVICE",
			    "this file is not read where there is /etc/pam.d");
	free(text);
}

/* Those that others include are looked at as parts of them. */
static void
names_read(struct check *check, struct names *names)
{
	struct service s;

	for (size_t i = 0; i < 2; i++)
		list_directory(names, check_directories[i]);
	qsort(names->name, names->count, sizeof(names->name[0]), by_name);
	for (size_t i = 0; i < names->count; i++) {
		if (!service_read(check, names->name[i], &s))
			continue;
		mark_included(names, &s);
		service_free(&s);
	}
}

void
check_services(struct check *check)
{
	struct names *names = calloc(1, sizeof(*names));

	check->lost |= names == NULL;
	if (names == NULL)
		return;
	names_read(check, names);
	check_conf(check);
	for (size_t i = 0; i < names->count; i++)
		if (check->options->service[0] != '\0'
			? strcmp(names->name[i], check->options->service) == 0
			: !names->included[i] || is_way_in(names->name[i]))
			check_one(check, names->name[i]);
	free(names);
	if (check->services[0] == '\0')
		check_found(check, IS_NOTE, "pam-unused", check_directories[0],
		    0,
		    "write in the file of a service: auth required " OUR_MODULE,
		    "no service that was looked at names the module");
}

/* --- the dry run -------------------------------------------------------- */

static const struct {
	const char *when, *name;
	int result;
	bool ignored; /* with nullok */
} outcomes[CHECK_OUTCOMES] = {
    {"a valid code", "accepted", PAM_SUCCESS, false},
    {"a wrong code", "refused", PAM_AUTH_ERR, false},
    {"no token", "unenrolled", PAM_AUTH_ERR, true},
    {"no store", "unavailable", PAM_AUTHINFO_UNAVAIL, false},
    {"a faulty store or verifier", "unusable", PAM_SYSTEM_ERR, false},
    {"a bad argument or file", "misconfigured", PAM_SERVICE_ERR, false},
    {"no module", "missing", PAM_MODULE_UNKNOWN, false},
};

const char *
check_outcome(size_t i, const char **when)
{
	*when = outcomes[i].when;
	return outcomes[i].name;
}

bool
check_dry_run(struct check *check)
{
	struct service s;

	if (!service_read(check, check->options->service, &s))
		return false;
	check->dry = check_try(check, &s);
	for (size_t i = 0; i < CHECK_OUTCOMES && check->dry; i++)
		check->admits[i] =
		    s.facts.admits[outcomes[i].ignored && check_has_nullok(&s)
				       ? PAM_IGNORE
				       : outcomes[i].result];
	service_free(&s);
	return true;
}
