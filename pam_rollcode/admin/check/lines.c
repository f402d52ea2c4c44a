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

#include "admin/check/run.h"
#include "admin/check/trial.h"
#include "system/path.h"

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

/* --- the module's file -------------------------------------------------- */

/* As nobody, who has the fewest privileges of all that load it. */
static void
module_load(void *context, int fd)
{
	struct finding *f = context;
	struct config nobody = {.uid = 65534, .gid = 65534};
	char path[CHECK_FILE_MAX];
	void *module;

	memcpy(path, f->file, sizeof(path));
	if (admin_drop(&nobody, NULL) != ROLLCODE_OK)
		return;
	module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (module != NULL && dlsym(module, "pam_sm_authenticate") != NULL)
		return;
	check_cut(f->what, sizeof(f->what), "cannot be loaded: %s", dlerror());
	report_finding(fd, f);
}

static void
module_path(const struct row *row, char path[PATH_MAX])
{
	const char *word = row_word(row, 0);

	check_cut(path, PATH_MAX, "%s%s",
	    word[0] == '/' ? "" : ROLLCODE_PAMDIR "/", word);
}

static void
check_loads(struct check *check, const char *real)
{
	struct finding found = {.severity = IS_ERROR, .name = "module"};

	check_cut(found.file, sizeof(found.file), "%s", real);
	check_cut(found.fix, sizeof(found.fix), CHECK_INSTALL);
	if (!report_from(check, module_load, &found))
		check_found(check, IS_ERROR, "module", real, 0, found.fix,
		    "ends the process that loads it");
}

static void
check_module(
    struct check *check, const struct service *s, const struct row *row)
{
	struct error error = {0};
	char path[PATH_MAX], real[PATH_MAX], command[CHECK_TEXT_MAX];
	struct stat st;

	module_path(row, path);
	if (strcmp(path, check->loaded) == 0)
		return;
	check_cut(check->loaded, sizeof(check->loaded), "%s", path);
	if (realpath(path, real) == NULL) {
		check_found(check, IS_ERROR, "module", path, 0, CHECK_INSTALL,
		    "%s; every login through %s is refused", strerror(errno),
		    s->name);
	} else if (path_check(real, 0, &error) != ROLLCODE_OK) {
		check_found_place(check, "module", real, &error, NULL);
	} else if (stat(real, &st) == 0 && (st.st_mode & 0444) != 0444) {
		check_command(
		    command, sizeof(command), "chmod 644 %s", CHECK_WORD(real));
		check_found(check, IS_ERROR | HAS_COMMAND, "module", real, 0,
		    command,
		    "has mode %04o: programs without privileges cannot load "
		    "it",
		    (unsigned int)(st.st_mode & 07777));
	} else {
		check_loads(check, real);
	}
}

/* --- arguments ---------------------------------------------------------- */

static enum rollcode_err
options_of(const struct row *row, struct options *options, struct error *error)
{
	const char *argv[ROW_WORDS_MAX];
	size_t argc = 0;

	for (size_t i = 1; i < row->count; i++)
		argv[argc++] = row_word(row, i);
	return options_load(options, (int)argc, argv, error);
}

bool
check_own_options(const struct row *row, struct options *options)
{
	struct error error = {0};

	return row_is_ours(row) &&
	       options_of(row, options, &error) == ROLLCODE_OK;
}

bool
check_has_nullok(const struct service *s)
{
	struct options options;

	for (size_t i = 0; i < s->count; i++)
		if (s->rows[i].type == ROW_AUTH &&
		    check_own_options(&s->rows[i], &options) && options.nullok)
			return true;
	return false;
}

static void
check_path(struct check *check, const char *path)
{
	struct error error = {0};

	if (path[0] != '\0' && path_check(path, 0, &error) != ROLLCODE_OK)
		check_found_place(check, "line-path", path, &error,
		    "name a path that exists in the arguments of the module");
}

static bool
row_runs(const struct row *row)
{
	return row->type == ROW_AUTH && !row->includes && row->count > 0;
}

/* Does another module before or after it take a password, or ask for one? */
static bool
has_other(const struct service *s, const struct row *row, bool before)
{
	bool seen = false;

	for (size_t i = 0; i < s->count; i++) {
		const struct row *other = &s->rows[i];

		seen |= other == row;
		if (other != row && seen != before && row_runs(other) &&
		    row_class(other) == CLASS_PROVES)
			return true;
	}
	return false;
}

static void
check_passing(struct check *check, const struct service *s,
    const struct row *row, const struct options *options)
{
	const char *file = s->files[row->file];

	if (options->use_first_pass && !has_other(s, row, true))
		check_found(check, IS_WARNING, "line-pass", file, row->first,
		    "take the word use_first_pass out",
		    "use_first_pass: no module before it asks for anything, "
		    "so every login is refused");
	if (options->forward_pass && !has_other(s, row, false))
		check_found(check, IS_WARNING, "line-pass", file, row->first,
		    "take the word forward_pass out",
		    "forward_pass: no module after it checks the password");
}

static void
check_arguments(
    struct check *check, const struct service *s, const struct row *row)
{
	const char *file = s->files[row->file];
	struct options options;
	struct error error = {0};
	char command[CHECK_TEXT_MAX];

	if (options_of(row, &options, &error) != ROLLCODE_OK) {
		check_found(check, IS_ERROR, "line-argument", file, row->first,
		    "correct it, or take it out; pam_rollcode(8) lists the "
		    "arguments",
		    "every login through it is refused: %s", error.text);
		return;
	}
	check_path(check, options.conf);
	check_path(check, options.spawned ? options.helper : "");
	if (options.conf[0] != '\0' &&
	    strcmp(options.conf, check->options->conf) != 0) {
		check_command(command, sizeof(command),
		    "rollcode-admin --conf %s check", CHECK_WORD(options.conf));
		check_found(check, IS_NOTE | HAS_COMMAND, "line-conf", file,
		    row->first, command,
		    "uses another configuration file, which was not looked "
		    "at");
	}
	check_passing(check, s, row, &options);
}

/* --- lines -------------------------------------------------------------- */

static void
check_fault(struct check *check, const struct service *s, const struct row *row)
{
	const char *name = "pam-line";

	if (row->includes)
		name = "pam-include";
	check_found(check, IS_ERROR, name, s->files[row->file], row->first,
	    "write it as pam.d(5) says, or take the line out",
	    "%s: PAM refuses every login that gets here", row->fault);
}

static void
check_ours(struct check *check, const struct service *s, const struct row *row)
{
	const char *file = s->files[row->file];
	char line[CHECK_TEXT_MAX];

	if (row->type != ROW_AUTH) {
		check_found(check, IS_ERROR, "line-type", file, row->first,
		    "take the line out",
		    "the module has no part but auth: PAM takes this line for "
		    "one that fails");
		return;
	}
	check_line(row, row_control(row), line);
	if (row->dash)
		check_found(check, IS_WARNING, "line-dash", file, row->first,
		    line,
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
			check_fault(check, s, row);
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
			    "line-module", s->files[row->file], row->first,
			    "correct the name, or install that module; the "
			    "one of this program is " OUR_MODULE,
			    "there is no module %s: every login that gets here "
			    "is refused",
			    path);
	}
}
