/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines.c - the lines of a service, one by one: can PAM read them,
 * and are the module and its arguments right?
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/check/check.h"

void
check_line(
    const struct row *row, const char *control, char line[CHECK_TEXT_MAX])
{
	bool brackets = strchr(control, '=') != NULL;
	size_t len;

	check_cut(line, CHECK_TEXT_MAX, "auth %s%s%s %s", brackets ? "[" : "",
	    control, brackets ? "]" : "", row->line + row->head);
	for (len = strlen(line); len > 0 && line[len - 1] == ' '; len--)
		line[len - 1] = '\0';
}

/* As nobody, who has the fewest privileges of all that load it. */
static void
module_load(void *context, int fd)
{
	const struct config nobody = {.uid = 65534, .gid = 65534};
	const char *path = context;
	void *module;

	if (admin_drop(&nobody, NULL) != ROLLCODE_OK)
		return;
	module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (module == NULL || dlsym(module, "pam_sm_authenticate") == NULL)
		dprintf(fd, "cannot be loaded: %s", dlerror());
}

static void
module_path(const struct row *row, char path[PATH_MAX])
{
	const char *word = row_word(row, 0);

	check_cut(path, PATH_MAX, "%s%s",
	    word[0] == '/' ? "" : ROLLCODE_PAMDIR "/", word);
}

static void
check_loads(struct check *check, char *real)
{
	char said[CHECK_TEXT_MAX];
	size_t used;
	int status =
	    check_child(module_load, real, said, sizeof(said) - 1, &used);

	said[used] = '\0';
	if (status != 0 || used > 0)
		check_found(check, IS_ERROR, "module", real, 0, CHECK_INSTALL,
		    "%s", used > 0 ? said : "ends the process that loads it");
}

static void
check_module(
    struct check *check, const struct service *s, const struct row *row)
{
	char path[PATH_MAX], real[PATH_MAX];
	struct stat st;

	module_path(row, path);
	if (strcmp(path, check->loaded) == 0)
		return;
	check_cut(check->loaded, sizeof(check->loaded), "%s", path);
	if (realpath(path, real) == NULL)
		check_found(check, IS_ERROR, "module", path, 0, CHECK_INSTALL,
		    "%s; every login through %s is refused", strerror(errno),
		    s->name);
	else if (!check_trusted(check, "module", real, NULL))
		return;
	else if (stat(real, &st) == 0 && (st.st_mode & 0444) != 0444)
		check_command(
		    check_found(check, IS_ERROR, "module", real, 0, NULL,
			"has mode %04o: programs without privileges cannot "
			"load it",
			(unsigned int)(st.st_mode & 07777)),
		    "chmod", "644", real, NULL);
	else
		check_loads(check, real);
}

enum rollcode_err
check_options(
    const struct row *row, struct options *options, struct error *error)
{
	const char *argv[ROW_WORDS_MAX];
	size_t argc = 0;

	for (size_t i = 1; i < row->count; i++)
		argv[argc++] = row_word(row, i);
	return options_load(options, (int)argc, argv, error);
}

/* Does another module before or after it take a password, or ask for one? */
static bool
has_other(const struct service *s, const struct row *row, bool before)
{
	const struct row *from = before ? s->rows : row + 1;
	const struct row *to = before ? row : s->rows + s->count;

	while (
	    from < to && !(row_runs(from) && row_class(from) == CLASS_PROVES))
		from++;
	return from < to;
}

static void
check_arguments(
    struct check *check, const struct service *s, const struct row *row)
{
	static const char named[] =
	    "name a path that exists in the arguments of the module";
	struct options options;
	struct error error = {0};

	if (check_options(row, &options, &error) != ROLLCODE_OK) {
		check_found(check, IS_ERROR, "line-argument", AT(s, row),
		    "correct it, or take it out; pam_rollcode(8) lists the "
		    "arguments",
		    "every login through it is refused: %s", error.text);
		return;
	}
	if (options.conf[0] != '\0')
		check_trusted(check, "line-path", options.conf, named);
	if (options.spawned)
		check_trusted(check, "line-path", options.helper, named);
	if (options.conf[0] != '\0' &&
	    strcmp(options.conf, check->options->conf) != 0)
		check_command(
		    check_found(check, IS_NOTE, "line-conf", AT(s, row), NULL,
			"uses another configuration file, which was not looked "
			"at"),
		    "rollcode-admin", "--conf", options.conf, "check", NULL);
	if (options.use_first_pass && !has_other(s, row, true))
		check_found(check, IS_WARNING, "line-pass", AT(s, row),
		    "take the word use_first_pass out",
		    "use_first_pass: no module before it asks for anything, "
		    "so every login is refused");
	if (options.forward_pass && !has_other(s, row, false))
		check_found(check, IS_WARNING, "line-pass", AT(s, row),
		    "take the word forward_pass out",
		    "forward_pass: no module after it checks the password");
}

static void
check_ours(struct check *check, const struct service *s, const struct row *row)
{
	char line[CHECK_TEXT_MAX];

	if (row->type != ROW_AUTH) {
		check_found(check, IS_ERROR, "line-type", AT(s, row),
		    "take the line out",
		    "the module has no part but auth: PAM takes this line for "
		    "one that fails");
		return;
	}
	check_line(row, row_control(row), line);
	if (row->dash)
		check_found(check, IS_WARNING, "line-dash", AT(s, row), line,
		    "begins with a dash: nothing is logged if the module is "
		    "missing");
	check_module(check, s, row);
	check_arguments(check, s, row);
}

void
check_lines(struct check *check, const struct service *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct row *row = &s->rows[i];

		if (row->fault != NULL)
			check_found(check, IS_ERROR,
			    row->includes ? "pam-include" : "pam-line",
			    AT(s, row),
			    "write it as pam.d(5) says, or take the line out",
			    "%s: PAM refuses every login that gets here",
			    row->fault);
		if (row_is_ours(row))
			check_ours(check, s, row);
	}
}

/* Whether a login goes on without the module. */
static bool
is_dispensable(const struct row *row)
{
	const char *control = row_control(row);

	/* A dash keeps PAM from logging that it is missing, and no more. */
	return row_has_control(row, "optional") ||
	       row_has_control(row, "sufficient") ||
	       strcasestr(control, "module_unknown=ignore") != NULL ||
	       (strcasestr(control, "default=ignore") != NULL &&
		   strcasestr(control, "module_unknown=") == NULL);
}

/* A module that is not there, and without which nobody gets in. */
void
check_missing(struct check *check, const struct service *s)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < s->count; i++) {
		const struct row *row = &s->rows[i];

		if (!row_runs(row) || row_is_ours(row) || is_dispensable(row))
			continue;
		module_path(row, path);
		if (access(path, F_OK) != 0 && errno == ENOENT)
			check_found(check, s->uses ? IS_ERROR : IS_WARNING,
			    "line-module", AT(s, row),
			    "correct the name, or install that module; the "
			    "one of this program is " OUR_MODULE,
			    "there is no module %s: every login that gets here "
			    "is refused",
			    path);
	}
}
