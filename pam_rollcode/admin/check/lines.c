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

#include "admin/check/lines.h"
#include "admin/check/run.h"
#include "module/options.h"
#include "system/path.h"

/* --- commands ----------------------------------------------------------- */

static const char *const type_names[] = {
    "", "auth", "account", "session", "password"};

/* Put behind what is there.  False if it is not a text for sed in quotes. */
static bool
append(char *out, size_t size, const char *word)
{
	size_t used = strlen(out);
	bool brackets = strpbrk(word, " \t") != NULL;

	for (const char *p = word; *p != '\0'; p++)
		if (strchr("'\\[]#", *p) != NULL || (unsigned char)*p < ' ')
			return false;
	if (strlen(word) + 4 > size - used)
		return false;
	check_cut(out + used, size - used, " %s%s%s", brackets ? "[" : "", word,
	    brackets ? "]" : "");
	return true;
}

void
check_replace(const struct service *s, const struct stack_row *row,
    const char *control, char mend[CHECK_TEXT_MAX])
{
	const char *file = CHECK_WORD(s->files[row->file]);
	char line[CHECK_TEXT_MAX / 2];
	bool plain = true;

	check_cut(line, sizeof(line), "%s %s", type_names[row->type], control);
	for (size_t i = 0; i < row->count && plain; i++)
		plain = append(line, sizeof(line), stack_word(row, i));
	if (!plain)
		check_command(mend, CHECK_TEXT_MAX,
		    "edit %s: make it \"%s %s ...\"", file,
		    type_names[row->type], control);
	else
		check_command(mend, CHECK_TEXT_MAX, "sed -i '%u,%uc %s' %s",
		    row->first, row->last, line, file);
}

void
check_substitute(const struct service *s, const struct stack_row *row,
    const char *text, const char *with, char mend[CHECK_TEXT_MAX])
{
	check_command(mend, CHECK_TEXT_MAX, "sed -i '%u,%us/%s/%s/' %s",
	    row->first, row->last, text, with, CHECK_WORD(s->files[row->file]));
}

void
check_comment_out(const struct service *s, const struct stack_row *row,
    char mend[CHECK_TEXT_MAX])
{
	check_substitute(s, row, "^", "#", mend);
}

/* --- the module's file -------------------------------------------------- */

/* As the account, which has the fewest privileges of all that load it. */
static void
load(struct reporter *reporter, void *context)
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
	report(reporter, f);
}

static void
check_module(
    struct check *check, const struct service *s, const struct stack_row *row)
{
	const char *word = stack_word(row, 0);
	struct finding found;
	struct error error = {0};
	char path[PATH_MAX], real[PATH_MAX], mend[CHECK_TEXT_MAX];
	struct stat st;

	check_cut(path, sizeof(path), "%s%s",
	    word[0] == '/' ? "" : ROLLCODE_PAMDIR "/", word);
	if (strcmp(path, check->loaded) == 0)
		return;
	check_cut(check->loaded, sizeof(check->loaded), "%s", path);
	if (realpath(path, real) == NULL) {
		check_found(check, FOUND_MODULE, path, 0, CHECK_INSTALL,
		    "%s; every login through %s is denied", strerror(errno),
		    s->name);
		return;
	}
	if (path_check(real, 0, &error) != ROLLCODE_OK) {
		check_error(&found, FOUND_MODULE, path, &error, NULL);
		check_add(check, &found);
		return;
	}
	if (stat(real, &st) == 0 && (st.st_mode & 0444) != 0444) {
		check_command(
		    mend, sizeof(mend), "chmod 644 %s", CHECK_WORD(real));
		check_found(check, FOUND_MODULE, real, 0, mend,
		    "has mode %04o, and programs without privileges cannot "
		    "load it",
		    (unsigned int)(st.st_mode & 07777));
		return;
	}
	memset(&found, 0, sizeof(found));
	found.kind = FOUND_MODULE;
	check_cut(found.file, sizeof(found.file), "%s", real);
	check_command(found.mend, sizeof(found.mend), CHECK_INSTALL);
	if (!report_from(check, load, &found))
		check_found(check, FOUND_MODULE, real, 0, found.mend,
		    "ends the process that loads it");
}

/* --- arguments ---------------------------------------------------------- */

enum rollcode_err
check_options(
    const struct stack_row *row, struct options *options, struct error *error)
{
	const char *argv[STACK_WORDS_MAX];
	size_t argc = 0;

	for (size_t i = 1; i < row->count; i++)
		argv[argc++] = stack_word(row, i);
	return options_load(options, (int)argc, argv, error);
}

static void
check_path(struct check *check, const struct service *s,
    const struct stack_row *row, const char *path)
{
	struct finding found;
	struct error error = {0};
	char mend[CHECK_TEXT_MAX];

	if (path[0] == '\0' || path_check(path, 0, &error) == ROLLCODE_OK)
		return;
	check_comment_out(s, row, mend);
	check_command(mend, sizeof(mend), "edit %s: name a path that exists",
	    CHECK_WORD(s->files[row->file]));
	check_error(&found, FOUND_LINE_PATH, path, &error, mend);
	check_add(check, &found);
}

/* Does anybody before, or behind, ask for a password or take one? */
static bool
has_other(const struct service *s, const struct stack_row *row, bool before)
{
	bool seen = false;

	for (size_t i = 0; i < s->auth.count; i++) {
		const struct stack_row *other = s->auth.rows[i];
		enum stack_class class = stack_class(other);

		if (other == row)
			seen = true;
		else if (seen != before && other->kind == ROW_MODULE &&
			 (class == CLASS_PROVES ||
			     (class == CLASS_KEEPS && !before)))
			return true;
	}
	return false;
}

static void
check_arguments(
    struct check *check, const struct service *s, const struct stack_row *row)
{
	const char *file = s->files[row->file];
	struct options options;
	struct error error = {0};
	char mend[CHECK_TEXT_MAX];

	if (check_options(row, &options, &error) != ROLLCODE_OK) {
		check_command(mend, sizeof(mend),
		    "edit %s; pam_rollcode(8) lists the arguments",
		    CHECK_WORD(file));
		check_found(check, FOUND_LINE_ARGUMENT, file, row->first, mend,
		    "every login through it is denied: %s", error.text);
		return;
	}
	check_path(check, s, row, options.conf);
	check_path(check, s, row, options.spawned ? options.helper : "");
	if (options.conf[0] != '\0' &&
	    strcmp(options.conf, check->options->conf) != 0) {
		check_command(mend, sizeof(mend),
		    "rollcode-admin --conf %s check", CHECK_WORD(options.conf));
		check_found(check, FOUND_LINE_CONF, file, row->first, mend,
		    "uses another env file, which was not looked at");
	}
	if (options.use_first_pass && !has_other(s, row, true)) {
		check_substitute(s, row, "[[:space:]]use_first_pass", "", mend);
		check_found(check, FOUND_LINE_PASS, file, row->first, mend,
		    "use_first_pass: no module before it asks for anything");
	}
	if (options.forward_pass && !has_other(s, row, false)) {
		check_substitute(s, row, "[[:space:]]forward_pass", "", mend);
		check_found(check, FOUND_LINE_PASS, file, row->first, mend,
		    "forward_pass: no module behind it takes the password");
	}
}

/* --- lines -------------------------------------------------------------- */

static void
check_fault(
    struct check *check, const struct service *s, const struct stack_row *row)
{
	bool include = strncmp(row->fault, "includes", 8) == 0;
	char mend[CHECK_TEXT_MAX];

	check_comment_out(s, row, mend);
	check_found(check, include ? FOUND_PAM_INCLUDE : FOUND_PAM_LINE,
	    s->files[row->file], row->first, mend, "%s%s%s", row->fault,
	    include ? ": " : ", and fails", include ? stack_word(row, 0) : "");
}

static void
check_ours(
    struct check *check, const struct service *s, const struct stack_row *row)
{
	const char *file = s->files[row->file];
	char mend[CHECK_TEXT_MAX];

	if (row->type != STACK_AUTH) {
		check_comment_out(s, row, mend);
		check_found(check, FOUND_LINE_TYPE, file, row->first, mend,
		    "the module is for auth alone, and %s fails",
		    type_names[row->type]);
		return;
	}
	if (row->dash) {
		check_substitute(s, row, "-auth", "auth", mend);
		check_found(check, FOUND_LINE_DASH, file, row->first, mend,
		    "with a dash nothing is logged where the module is "
		    "missing");
	}
	check_module(check, s, row);
	check_arguments(check, s, row);
}

void
check_lines(struct check *check, const struct service *s)
{
	char mend[CHECK_TEXT_MAX];

	for (size_t i = 0; i < s->count; i++) {
		const struct stack_row *row = &s->rows[i];

		if (row->fault != NULL)
			check_fault(check, s, row);
		else if (stack_is_ours(row))
			check_ours(check, s, row);
		else if (row->kind == ROW_MODULE &&
			 strstr(stack_module(row), "rollcode") != NULL) {
			check_command(mend, sizeof(mend),
			    "edit %s: the module is called " STACK_MODULE,
			    CHECK_WORD(s->files[row->file]));
			check_found(check, FOUND_LINE_MODULE,
			    s->files[row->file], row->first, mend,
			    "names no module of ours");
		}
	}
}

bool
check_own_options(const struct stack_row *row, struct options *options)
{
	struct error error = {0};

	return stack_is_ours(row) &&
	       check_options(row, options, &error) == ROLLCODE_OK;
}

bool
check_has_nullok(const struct service *s)
{
	struct options options;

	for (size_t i = 0; i < s->auth.count; i++)
		if (check_own_options(s->auth.rows[i], &options) &&
		    options.nullok)
			return true;
	return false;
}
