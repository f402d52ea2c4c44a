/* SPDX-License-Identifier: Apache-2.0 */
/*
 * findings.c - findings: their names, and how they are shown.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/check/run.h"

#define FINDINGS_MAX 10000
#define ERR SEVERITY_ERROR
#define WARN SEVERITY_WARNING
#define NOTE SEVERITY_NOTE

/* clang-format off */
static const struct {
	const char	*name;
	enum severity	 severity;
} kinds[FINDING_KINDS] = {
	[FOUND_ENV_FILE]	= { "env-file", ERR },
	[FOUND_ENV_LINE]	= { "env-line", ERR },
	[FOUND_ENV_KEY]		= { "env-key", ERR },
	[FOUND_ENV_PREVIOUS]	= { "env-previous", WARN },
	[FOUND_ACCOUNT]		= { "account", ERR },
	[FOUND_ACCOUNT_PERSON]	= { "account-person", WARN },
	[FOUND_STORE_PLACE]	= { "store-place", ERR },
	[FOUND_STORE_MARKER]	= { "store-marker", ERR },
	[FOUND_STORE_KEY]	= { "store-key", ERR },
	[FOUND_STORE_BACKUP]	= { "store-backup", ERR },
	[FOUND_STORE_SPACE]	= { "store-space", ERR },
	[FOUND_STORE_ROLE]	= { "store-role", WARN },
	[FOUND_STORE]		= { "store", ERR },
	[FOUND_USER_FILE]	= { "user-file", ERR },
	[FOUND_USER_UNENROLLED]	= { "user-unenrolled", WARN },
	[FOUND_USER_DISABLED]	= { "user-disabled", NOTE },
	[FOUND_USER_GUARDED]	= { "user-guarded", NOTE },
	[FOUND_TOKEN_ENDED]	= { "token-ended", ERR },
	[FOUND_TOKEN_ENDS]	= { "token-ends", WARN },
	[FOUND_TOKEN_POLICY]	= { "token-policy", ERR },
	[FOUND_TOKEN_DIGITS]	= { "token-digits", NOTE },
	[FOUND_HELPER]		= { "helper", ERR },
	[FOUND_JUDGE]		= { "judge", ERR },
	[FOUND_JUDGE_DIFFERS]	= { "judge-differs", ERR },
	[FOUND_SOCKET]		= { "socket", ERR },
	[FOUND_SERVICE]		= { "service", ERR },
	[FOUND_SERVICE_OLD]	= { "service-old", WARN },
	[FOUND_UNIT]		= { "unit", ERR },
	[FOUND_UNIT_BOOT]	= { "unit-boot", WARN },
	[FOUND_PROGRAM]		= { "program", WARN },
	[FOUND_MODULE]		= { "module", ERR },
	[FOUND_PAM_FILE]	= { "pam-file", ERR },
	[FOUND_PAM_LINE]	= { "pam-line", ERR },
	[FOUND_PAM_INCLUDE]	= { "pam-include", ERR },
	[FOUND_PAM_CONF]	= { "pam-conf", WARN },
	[FOUND_PAM_UNUSED]	= { "pam-unused", NOTE },
	[FOUND_LINE_MODULE]	= { "line-module", ERR },
	[FOUND_LINE_TYPE]	= { "line-type", ERR },
	[FOUND_LINE_DASH]	= { "line-dash", WARN },
	[FOUND_LINE_ARGUMENT]	= { "line-argument", ERR },
	[FOUND_LINE_PATH]	= { "line-path", ERR },
	[FOUND_LINE_CONF]	= { "line-conf", NOTE },
	[FOUND_LINE_PASS]	= { "line-pass", WARN },
	[FOUND_STACK_REFUSAL]	= { "stack-refusal", ERR },
	[FOUND_STACK_ERROR]	= { "stack-error", ERR },
	[FOUND_STACK_BYPASS]	= { "stack-bypass", ERR },
	[FOUND_STACK_EXEMPT]	= { "stack-exempt", NOTE },
	[FOUND_STACK_UNREACHED]	= { "stack-unreached", ERR },
	[FOUND_STACK_CLOSED]	= { "stack-closed", ERR },
	[FOUND_NULLOK_OPEN]	= { "nullok-open", ERR },
	[FOUND_NULLOK_CLOSED]	= { "nullok-closed", WARN },
	[FOUND_NULLOK]		= { "nullok", NOTE },
	[FOUND_SSHD]		= { "sshd", NOTE },
	[FOUND_SSHD_CONFIG]	= { "sshd-config", WARN },
	[FOUND_SSHD_PAM]	= { "sshd-pam", ERR },
	[FOUND_SSHD_ASKS]	= { "sshd-asks", ERR },
	[FOUND_SSHD_PASSWORD]	= { "sshd-password", NOTE },
	[FOUND_SSHD_KEY]	= { "sshd-key", NOTE },
	[FOUND_SSHD_METHODS]	= { "sshd-methods", WARN },
	[FOUND_ROOT_WAY]	= { "root-way", WARN },
	[FOUND_NOBODY]		= { "nobody", WARN },
};
/* clang-format on */

static const char *const severities[] = {"note", "warning", "error"};

const char *
check_name(enum finding_kind kind)
{
	return kinds[kind].name;
}

enum severity
check_severity(enum finding_kind kind)
{
	return kinds[kind].severity;
}

static bool
same(const struct finding *a, const struct finding *b)
{
	return a->kind == b->kind && a->line == b->line &&
	       strcmp(a->file, b->file) == 0 && strcmp(a->what, b->what) == 0;
}

void
check_add(struct check *check, const struct finding *finding)
{
	struct finding *more;
	size_t room = check->room == 0 ? 64 : 2 * check->room;

	for (size_t i = 0; i < check->count; i++)
		if (same(&check->list[i], finding))
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

static void
copy(char *out, size_t size, const char *text)
{
	check_cut(out, size, "%s", text == NULL ? "" : text);
}

void
check_found(struct check *check, enum finding_kind kind, const char *file,
    unsigned int line, const char *mend, const char *fmt, ...)
{
	struct finding found = {.kind = kind, .line = line};
	va_list args;

	copy(found.file, sizeof(found.file), file);
	copy(found.mend, sizeof(found.mend), mend);
	va_start(args, fmt);
	vsnprintf(found.what, sizeof(found.what), fmt, args);
	va_end(args);
	check_add(check, &found);
}

void
check_error(struct finding *finding, enum finding_kind kind, const char *file,
    const struct error *error, const char *otherwise)
{
	const char *what = error->text;

	memset(finding, 0, sizeof(*finding));
	finding->kind = kind;
	copy(finding->file, sizeof(finding->file), file);
	if (error->file > 0) {
		check_cut(finding->file, sizeof(finding->file), "%.*s",
		    (int)error->file, what);
		what += error->file + 2;
	}
	copy(finding->what, sizeof(finding->what), what);
	copy(finding->mend, sizeof(finding->mend),
	    error->fix[0] != '\0' ? error->fix : otherwise);
}

static bool
has_colours(void)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) == 1 && (no == NULL || no[0] == '\0') &&
	       terminal != NULL && strcmp(terminal, "dumb") != 0;
}

static void
put_finding(const struct finding *f, bool colours)
{
	static const char *const colour[] = {"\033[2m", "\033[33m", "\033[31m"};
	enum severity severity = check_severity(f->kind);

	printf("%s%-8s%s %-16s ", colours ? colour[severity] : "",
	    severities[severity], colours ? "\033[0m" : "",
	    check_name(f->kind));
	plain_put(stdout, f->file, PLAIN_TEXT);
	if (f->line != 0)
		printf(":%u", f->line);
	printf("\n%9s", "");
	plain_put(stdout, f->what, PLAIN_TEXT);
	if (f->mend[0] != '\0') {
		printf("\n%9smend: ", "");
		plain_put(stdout, f->mend, PLAIN_COMMAND);
	}
	putchar('\n');
}

static void
put_dry_run(const struct check *check)
{
	const char *when;

	plain_line(
	    stdout, "%s, if all other modules agree:", check->options->service);
	for (size_t i = 0; i < CHECK_OUTCOMES; i++) {
		check_outcome(i, &when);
		printf("  %-28s %s\n", when,
		    check->admits[i] ? "lets in" : "is denied");
	}
}

void
check_text(const struct check *check, const unsigned int *counts)
{
	bool colours = has_colours();

	for (int severity = SEVERITY_ERROR; severity >= 0; severity--)
		for (size_t i = 0; i < check->count; i++)
			if ((int)check_severity(check->list[i].kind) ==
			    severity)
				put_finding(&check->list[i], colours);
	if (check->dry)
		put_dry_run(check);
	if (counts[SEVERITY_ERROR] + counts[SEVERITY_WARNING] > 0)
		return;
	plain_line(stdout, "nothing wrong: %u user%s, PAM services:%s%s",
	    check->store.users, check->store.users == 1 ? "" : "s",
	    check->services[0] == '\0' ? " none" : "", check->services);
}

void
check_json(const struct check *check, const unsigned int *counts)
{
	struct json json;
	const char *when;

	json_begin(&json, stdout);
	json_object(&json, NULL);
	json_number(&json, "errors", counts[SEVERITY_ERROR]);
	json_number(&json, "warnings", counts[SEVERITY_WARNING]);
	json_number(&json, "notes", counts[SEVERITY_NOTE]);
	json_array(&json, "findings");
	for (size_t i = 0; i < check->count; i++) {
		const struct finding *f = &check->list[i];

		json_object(&json, NULL);
		json_text(
		    &json, "severity", severities[check_severity(f->kind)]);
		json_text(&json, "name", check_name(f->kind));
		json_text(&json, "file", f->file);
		json_number(&json, "line", f->line);
		json_text(&json, "what", f->what);
		json_text(&json, "mend", f->mend);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	if (check->dry) {
		json_object(&json, "outcomes");
		for (size_t i = 0; i < CHECK_OUTCOMES; i++)
			json_bool(
			    &json, check_outcome(i, &when), check->admits[i]);
		json_close(&json, '}');
	}
	json_close(&json, '}');
}
