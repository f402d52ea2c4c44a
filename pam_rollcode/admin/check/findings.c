/* SPDX-License-Identifier: Apache-2.0 */
/*
 * findings.c - findings, and how they are shown.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/check/run.h"

#define FINDINGS_MAX 10000

static const char *const severities[] = {
    [IS_NOTE] = "note",
    [IS_WARNING] = "warning",
    [IS_ERROR] = "error",
};

static bool
finding_same(const struct finding *a, const struct finding *b)
{
	return a->line == b->line && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->file, b->file) == 0 && strcmp(a->what, b->what) == 0;
}

void
check_add(struct check *check, const struct finding *finding)
{
	size_t room = check->room == 0 ? 64 : 2 * check->room;
	struct finding *more;

	for (size_t i = 0; i < check->count; i++)
		if (finding_same(&check->list[i], finding))
			return;
	if (check->count == check->room) {
		more = check->count >= FINDINGS_MAX
			   ? NULL
			   : reallocarray(check->list, room, sizeof(*more));
		check->lost |= more == NULL;
		if (more == NULL)
			return;
		check->list = more;
		check->room = room;
	}
	check->list[check->count++] = *finding;
}

void
check_fill(struct finding *f, unsigned int severity, const char *name,
    const char *file, const char *fix)
{
	memset(f, 0, sizeof(*f));
	f->severity = severity & ~(unsigned int)HAS_COMMAND;
	f->runs = (severity & HAS_COMMAND) != 0;
	check_cut(f->name, sizeof(f->name), "%s", name);
	check_cut(f->file, sizeof(f->file), "%s", file);
	check_cut(f->fix, sizeof(f->fix), "%s", fix == NULL ? "" : fix);
}

void
check_found(struct check *check, unsigned int severity, const char *name,
    const char *file, unsigned int line, const char *fix, const char *fmt, ...)
{
	struct finding found;
	va_list args;

	check_fill(&found, severity, name, file, fix);
	found.line = line;
	va_start(args, fmt);
	vsnprintf(found.what, sizeof(found.what), fmt, args);
	va_end(args);
	check_add(check, &found);
}

void
check_error(struct finding *f, unsigned int severity, const char *name,
    const char *file, const struct error *error, const char *otherwise)
{
	check_fill(f, severity, name, file, otherwise);
	if (error->fix[0] != '\0')
		check_fill(f, severity | HAS_COMMAND, name, file, error->fix);
	if (error->file > 0)
		check_cut(f->file, sizeof(f->file), "%.*s", (int)error->file,
		    error->text);
	check_cut(f->what, sizeof(f->what), "%s", error->text + error->what);
	f->line = error->line;
}

void
check_found_error(struct check *check, unsigned int severity, const char *name,
    const char *file, const struct error *error, const char *otherwise)
{
	struct finding found;

	check_error(&found, severity, name, file, error, otherwise);
	check_add(check, &found);
}

void
check_found_place(struct check *check, const char *name, const char *file,
    const struct error *error, const char *otherwise)
{
	struct finding found;

	check_error(&found, IS_ERROR, name, file, error, otherwise);
	if (error->reason == REASON_OWNER && strcmp(found.file, file) != 0) {
		found.runs = false;
		check_cut(found.fix, sizeof(found.fix),
		    "put a copy of %s, which you have read, into a folder of "
		    "root's, and name that one",
		    file);
	}
	check_add(check, &found);
}

/* --- how they are shown ------------------------------------------------- */

static void
put_finding(const struct finding *f)
{
	printf("%-8s ", severities[f->severity]);
	plain_put(stdout, f->name, PLAIN_TEXT);
	printf("%*s", 17 - (int)strlen(f->name), "");
	plain_put(stdout, f->file, PLAIN_TEXT);
	if (f->line != 0)
		printf(":%u", f->line);
	printf("\n%9s", "");
	plain_put(stdout, f->what, PLAIN_TEXT);
	if (f->fix[0] != '\0') {
		printf("\n%9s%s: ", "", f->runs ? "run" : "fix");
		plain_put(stdout, f->fix, f->runs ? PLAIN_COMMAND : PLAIN_TEXT);
	}
	putchar('\n');
}

void
check_text(const struct check *check, const unsigned int *counts)
{
	const char *when;

	for (int severity = IS_ERROR; severity >= IS_NOTE; severity--)
		for (size_t i = 0; i < check->count; i++)
			if ((int)check->list[i].severity == severity)
				put_finding(&check->list[i]);
	if (check->dry)
		plain_line(stdout,
		    "%s, if all other modules agree:", check->options->service);
	for (size_t i = 0; check->dry && i < CHECK_OUTCOMES; i++) {
		check_outcome(i, &when);
		printf("  %-28s %s\n", when,
		    check->admits[i] ? "accepted" : "refused");
	}
	if (counts[IS_ERROR] + counts[IS_WARNING] == 0)
		plain_line(stdout,
		    "nothing wrong: %u user%s, PAM services:%s%s",
		    check->store.users, check->store.users == 1 ? "" : "s",
		    check->services[0] == '\0' ? " none" : "", check->services);
}

static void
json_finding(struct json *json, const struct finding *f)
{
	json_open(json, NULL, '{');
	json_text(json, "severity", severities[f->severity]);
	json_text(json, "name", f->name);
	json_text(json, "file", f->file);
	json_number(json, "line", f->line);
	json_text(json, "what", f->what);
	json_text(json, "fix", f->runs ? "" : f->fix);
	json_text(json, "command", f->runs ? f->fix : "");
	json_close(json, '}');
}

void
check_json(const struct check *check, const unsigned int *counts)
{
	struct json json = {.out = stdout};
	const char *when;

	json_open(&json, NULL, '{');
	json_number(&json, "errors", counts[IS_ERROR]);
	json_number(&json, "warnings", counts[IS_WARNING]);
	json_number(&json, "notes", counts[IS_NOTE]);
	json_open(&json, "findings", '[');
	for (size_t i = 0; i < check->count; i++)
		json_finding(&json, &check->list[i]);
	json_close(&json, ']');
	if (check->dry)
		json_open(&json, "outcomes", '{');
	for (size_t i = 0; check->dry && i < CHECK_OUTCOMES; i++)
		json_bool(&json, check_outcome(i, &when), check->admits[i]);
	if (check->dry)
		json_close(&json, '}');
	json_close(&json, '}');
}
