/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - the doctor: what is wrong here, and what to do about it.
 *
 * It changes nothing: no code is asked for, none is spent, nothing is counted.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/check/check.h"
#include "system/path.h"

#define FINDINGS_MAX 10000

static const char *const severities[] = {
    [IS_NOTE] = "note",
    [IS_WARNING] = "warning",
    [IS_ERROR] = "error",
};

void
check_cut(char *out, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(out, size, fmt, args);
	va_end(args);
}

static bool
finding_same(const struct finding *a, const struct finding *b)
{
	return a->line == b->line && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->file, b->file) == 0 && strcmp(a->what, b->what) == 0;
}

/* Add check->again; of what is not added, it is that one. */
static struct finding *
finding_add(struct check *check)
{
	struct finding *more;

	for (size_t i = 0; i < check->count; i++)
		if (finding_same(&check->list[i], &check->again))
			return &check->again;
	more = check->count == FINDINGS_MAX
		   ? NULL
		   : reallocarray(check->list, check->count + 1, sizeof(*more));
	check->lost |= more == NULL;
	if (more == NULL)
		return &check->again;
	check->list = more;
	more[check->count] = check->again;
	return &more[check->count++];
}

struct finding *
check_found(struct check *check, enum severity severity, const char *name,
    const char *file, unsigned int line, const char *fix, const char *fmt, ...)
{
	struct finding *f = &check->again;
	va_list args;

	*f = (struct finding){.severity = severity, .name = name, .line = line};
	check_cut(f->file, sizeof(f->file), "%s", file);
	check_cut(f->fix, sizeof(f->fix), "%s", fix == NULL ? "" : fix);
	va_start(args, fmt);
	vsnprintf(f->what, sizeof(f->what), fmt, args);
	va_end(args);
	return finding_add(check);
}

void
check_command(struct finding *f, ...)
{
	va_list words;

	va_start(words, f);
	plain_words(f->fix, sizeof(f->fix), words);
	va_end(words);
	f->runs = f->fix[0] != '\0';
}

void
check_admin(const struct check *check, struct finding *f, const char *verb,
    const char *user)
{
	const char *conf = check->options->conf;

	if (strcmp(conf, ROLLCODE_CONF) == 0)
		check_command(f, "rollcode-admin", verb, user, NULL);
	else
		check_command(
		    f, "rollcode-admin", "--conf", conf, verb, user, NULL);
}

struct finding *
check_found_error(struct check *check, enum severity severity, const char *name,
    const char *file, const struct error *error, const char *fix)
{
	char named[CHECK_FILE_MAX];
	struct finding *f;

	check_cut(named, sizeof(named), "%.*s", (int)error->file, error->text);
	f = check_found(check, severity, name, error->file > 0 ? named : file,
	    error->line, fix, "%s", error->text + error->what);
	f->runs = error->fix[0] != '\0';
	if (f->runs)
		check_cut(f->fix, sizeof(f->fix), "%s", error->fix);
	return f;
}

bool
check_trusted(
    struct check *check, const char *name, const char *file, const char *fix)
{
	struct error error = {0};
	struct finding *f;

	if (path_check(file, 0, &error) == ROLLCODE_OK)
		return true;
	f = check_found_error(check, IS_ERROR, name, file, &error, fix);
	if (error.reason != REASON_OWNER || strcmp(f->file, file) == 0)
		return false;
	f->runs = false;
	check_cut(f->fix, sizeof(f->fix),
	    "put a copy of %s, which you have read, into a folder of root's, "
	    "and name that one",
	    file);
	return false;
}

static void
put_finding(const struct finding *f)
{
	printf("%-8s %-16s ", severities[f->severity], f->name);
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

static void
findings_text(const struct check *check, const unsigned int *counts)
{
	for (unsigned int severity = IS_ERROR; severity >= IS_NOTE; severity--)
		for (size_t i = 0; i < check->count; i++)
			if (check->list[i].severity == severity)
				put_finding(&check->list[i]);
	if (check->dry) {
		plain_line(stdout,
		    "%s, if all other modules agree:", check->options->service);
		for (size_t i = 0; i < CHECK_OUTCOMES; i++)
			printf("  %-28s %s\n", check_outcomes[i].when,
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

static void
findings_json(const struct check *check, const unsigned int *counts)
{
	struct json json = {.out = stdout};

	json_open(&json, NULL, '{');
	json_number(&json, "errors", counts[IS_ERROR]);
	json_number(&json, "warnings", counts[IS_WARNING]);
	json_number(&json, "notes", counts[IS_NOTE]);
	json_open(&json, "findings", '[');
	for (size_t i = 0; i < check->count; i++)
		json_finding(&json, &check->list[i]);
	json_close(&json, ']');
	if (check->dry) {
		json_open(&json, "outcomes", '{');
		for (size_t i = 0; i < CHECK_OUTCOMES; i++)
			json_bool(
			    &json, check_outcomes[i].name, check->admits[i]);
		json_close(&json, '}');
	}
	json_close(&json, '}');
}

static void
check_wipe(struct check *check)
{
	free(check->list);
	config_wipe(&check->config);
	explicit_bzero(check, sizeof(*check));
}

static void
check_all(struct check *check)
{
	bool one = check->options->service[0] != '\0';

	check_env(check);
	check_store(check);
	if (!one) {
		check_clock(check);
		check_verifier(check);
	}
	check_services(check);
	if (!one)
		check_root(check);
}

enum rollcode_err
admin_check(void *base, char **argv, struct error *error)
{
	WIPED(check_wipe) struct check check = {.options = base};
	unsigned int counts[IS_ERROR + 1] = {0};
	struct service s = {0};

	check.user = argv[0];
	if (geteuid() != 0)
		return error_set(error, ROLLCODE_ERR_PRIVILEGE,
		    "only root can look at all of this; run the command "
		    "as root");
	if (check.options->service[0] != '\0' &&
	    !service_read(&check, check.options->service, &s))
		return error_set(error, ROLLCODE_ERR_ABSENT,
		    "there is no PAM service of that name in %s",
		    check_directories[0]);
	service_free(&s);
	check_all(&check);
	if (check.lost)
		return error_set(error, ROLLCODE_ERR_NOMEM,
		    "out of memory, or too much is wrong");
	for (size_t i = 0; i < check.count; i++)
		counts[check.list[i].severity]++;
	if (check.options->json)
		findings_json(&check, counts);
	else
		findings_text(&check, counts);
	if (counts[IS_ERROR] + counts[IS_WARNING] == 0)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "%u error%s and %u warning%s", counts[IS_ERROR],
	    counts[IS_ERROR] == 1 ? "" : "s", counts[IS_WARNING],
	    counts[IS_WARNING] == 1 ? "" : "s");
}
