/* SPDX-License-Identifier: Apache-2.0 */
/*
 * services.c - every PAM service that names the module.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/check/run.h"
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

static void
list_conf(struct names *names)
{
	struct stack_reader r = {.services = true};
	struct stack_row row;
	char *text = check_read_text(CHECK_PAM_CONF, &r.len);

	r.text = text;
	while (text != NULL && stack_read(&r, &row))
		if (row.service != NULL)
			add_name(names, row.service);
	free(text);
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
	struct finding found;
	char real[PATH_MAX];

	if (realpath(path, real) == NULL ||
	    path_check(real, 0, &error) == ROLLCODE_OK)
		return;
	check_error(&found, FOUND_PAM_FILE, path, &error, NULL);
	check_add(check, &found);
}

/* Newer versions of sshd can have a service of any name. */
static bool
may_be_sshd(const char *name)
{
	return strcmp(name, "sshd") == 0 || !is_way_in(name);
}

static void
check_one(struct check *check, const char *name)
{
	struct service s;
	size_t len = strlen(check->services);

	if (!service_read(check, name, &s))
		return;
	if (s.uses) {
		check_cut(check->services + len, sizeof(check->services) - len,
		    " %s", name);
		for (size_t i = 0; i < s.file_count; i++)
			check_file(check, s.files[i]);
		if (may_be_sshd(name))
			check_sshd_read(check);
		check_lines(check, &s);
		check_stack(check, &s);
		if (strcmp(name, check->sshd.service) == 0)
			check_sshd(check, &s);
	}
	service_free(&s);
}

/* Beside a directory, pam.conf is not read by anybody. */
static void
check_conf(struct check *check)
{
	struct stack_reader r = {.services = true};
	struct stack_row row;
	char mend[CHECK_TEXT_MAX];
	char *text = check_read_text(CHECK_PAM_CONF, &r.len);

	r.text = text;
	while (text != NULL && stack_read(&r, &row)) {
		if (!stack_is_ours(&row))
			continue;
		check_command(mend, sizeof(mend), "sed -i '%u,%us/^/#/' %s",
		    row.first, row.last, CHECK_PAM_CONF);
		check_found(check, FOUND_PAM_CONF, CHECK_PAM_CONF, row.first,
		    mend,
		    "names the module, but PAM does not read this file "
		    "where there is /etc/pam.d");
	}
	free(text);
}

void
check_services(struct check *check)
{
	struct names *names = calloc(1, sizeof(*names));
	struct service s;

	check->lost |= names == NULL;
	if (names == NULL)
		return;
	if (check_has_directory()) {
		for (size_t i = 0; i < CHECK_DIRECTORIES; i++)
			list_directory(names, check_directories[i]);
		check_conf(check);
	} else {
		list_conf(names);
	}
	qsort(names->name, names->count, sizeof(names->name[0]), by_name);
	for (size_t i = 0; i < names->count; i++) {
		if (!service_read(check, names->name[i], &s))
			continue;
		mark_included(names, &s);
		service_free(&s);
	}
	for (size_t i = 0; i < names->count; i++)
		if (check->options->service[0] != '\0'
			? strcmp(names->name[i], check->options->service) == 0
			: !names->included[i] || is_way_in(names->name[i]))
			check_one(check, names->name[i]);
	free(names);
	if (check->services[0] == '\0')
		check_found(check, FOUND_PAM_UNUSED, check_directories[0], 0,
		    "add to a service: auth required " STACK_MODULE,
		    "no service that was looked at names the module");
}

/* --- the dry run -------------------------------------------------------- */

static const struct {
	const char *when, *name;
	enum stack_result result;
	bool ignored; /* with nullok */
} outcomes[CHECK_OUTCOMES] = {
    {"a right code", "accepted", RESULT_SUCCESS, false},
    {"a wrong code", "refused", RESULT_AUTH_ERR, false},
    {"no token", "unenrolled", RESULT_AUTH_ERR, true},
    {"no store", "unavailable", RESULT_AUTHINFO_UNAVAIL, false},
    {"a wrong store or judge", "unusable", RESULT_SYSTEM_ERR, false},
    {"a bad argument or env file", "misconfigured", RESULT_SERVICE_ERR, false},
    {"no module", "missing", RESULT_MODULE_UNKNOWN, false},
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
	enum stack_result result;
	struct service s;

	if (!service_read(check, check->options->service, &s))
		return false;
	for (size_t i = 0; i < CHECK_OUTCOMES; i++) {
		result = outcomes[i].result;
		if (outcomes[i].ignored && check_has_nullok(&s))
			result = RESULT_IGNORE;
		check->admits[i] = stack_admits(&s.auth, result, false);
	}
	check->dry = true;
	service_free(&s);
	return true;
}
