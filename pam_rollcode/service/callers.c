/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <syslog.h>

#include "common/base/clock.h"
#include "protocol/logline.h"
#include "service/callers.h"

#define SECOND_MS 1000

static const char separators[] = ", \t";

/* Refusals of the last second. */
static struct {
	int64_t since;
	unsigned int lines, unwritten;
	uid_t last; /* of those without a line */
} held;

static enum rollcode_err
add_caller(struct callers *callers, const char *name, struct error *missing,
    struct error *error)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(name);
	if (pw == NULL && errno != 0 && errno != ENOENT && errno != ESRCH)
		return error_add(error, ROLLCODE_ERR_UNAVAIL,
		    "CALLERS: the account %s cannot be looked up: %s; reload "
		    "when the directory service answers",
		    name, strerror(errno));
	if (pw == NULL) {
		error_add(missing, ROLLCODE_ERR_CONFIG,
		    "CALLERS: account %s does not exist; ignored", name);
		return ROLLCODE_OK;
	}
	if (callers->count == CALLERS_MAX)
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "CALLERS: has more than %d accounts", CALLERS_MAX);
	callers->uids[callers->count++] = pw->pw_uid;
	return ROLLCODE_OK;
}

enum rollcode_err
callers_find(const struct config *config, struct callers *callers,
    struct error *missing, struct error *error)
{
	char names[CONFIG_CALLERS_MAX + 1], *rest = names, *name;
	enum rollcode_err err = ROLLCODE_OK, one;

	memset(callers, 0, sizeof(*callers));
	missing->text[0] = '\0';
	memcpy(names, config->callers, sizeof(names));
	while (err != ROLLCODE_ERR_CONFIG &&
	       (name = strsep(&rest, separators)) != NULL)
		if (*name != '\0' && (one = add_caller(callers, name, missing,
					  error)) != ROLLCODE_OK)
			err = one;
	return err;
}

bool
callers_include(const struct callers *callers, uid_t uid)
{
	for (size_t i = 0; i < callers->count; i++)
		if (callers->uids[i] == uid)
			return true;
	return uid == 0;
}

enum rollcode_err
callers_check(const struct callers *callers, uid_t uid, const char *user,
    struct error *error)
{
	char name[PLAIN_MAX(CONFIG_NAME_MAX)];
	const struct passwd *pw;

	if (callers_include(callers, uid))
		return ROLLCODE_OK;
	errno = 0;
	pw = getpwuid(uid);
	if (pw != NULL && strcmp(pw->pw_name, user) == 0)
		return ROLLCODE_OK;
	if (pw == NULL && errno != 0 && errno != ENOENT && errno != ESRCH)
		return error_set(error, ROLLCODE_ERR_UNAVAIL,
		    "the account of uid %u cannot be looked up: %s; does the "
		    "directory service run?",
		    (unsigned int)uid, strerror(errno));
	plain_copy(pw != NULL ? pw->pw_name : "no account", PLAIN_LOG, name,
	    sizeof(name));
	if (outsider_may_write(uid))
		syslog(LOG_WARNING,
		    "uid %u (%s) asked about another account, and was refused; "
		    "CALLERS in the configuration file lists the accounts that "
		    "may",
		    (unsigned int)uid, name);
	return error_set(error, ROLLCODE_ERR_PRIVILEGE,
	    "this program runs as uid %u, which may ask only about its own "
	    "account; CALLERS in the configuration file lists the accounts "
	    "that may ask about others",
	    (unsigned int)uid);
}

void
outsider_flush(void)
{
	if (held.unwritten > 0)
		syslog(LOG_NOTICE,
		    "requests refused beside those that have a line: %u, the "
		    "last one of uid %u",
		    held.unwritten, (unsigned int)held.last);
	held.unwritten = 0;
}

bool
outsider_may_write(uid_t uid)
{
	int64_t now = clock_ms();

	if (now - held.since >= SECOND_MS) {
		outsider_flush();
		held.since = now;
		held.lines = 0;
	}
	if (held.lines < OUTSIDER_LINES) {
		held.lines++;
		return true;
	}
	held.unwritten++;
	held.last = uid;
	return false;
}

static bool
is_success(const struct answer *answer)
{
	return answer->err == ROLLCODE_OK &&
	       verdict_admits(answer->result.verdict);
}

/* What becomes of it, in the words of the module. */
static int
format_outcome(const struct request *request, const struct answer *answer,
    char line[LOGLINE_MAX])
{
	enum rollcode_err err = answer->err;
	char said[ERROR_SAID_MAX];

	if (err != ROLLCODE_OK) {
		error_say(&answer->error, err, PLAIN_LOG, said);
		snprintf(line, LOGLINE_MAX, "no decision (%s): %.*s",
		    rollcode_strerror(err), LOGLINE_MAX - 64, said);
		return LOG_ERR;
	}
	return is_success(answer)
		   ? logline_success(&answer->result, request->user, line)
		   : logline_refusal(&answer->result, line);
}

void
outsider_log(
    uid_t uid, const struct request *request, const struct answer *answer)
{
	bool unknown = answer->result.verdict == VERDICT_UNENROLLED;
	char user[PLAIN_MAX(sizeof(request->user))];
	char service[PLAIN_MAX(sizeof(request->service))];
	char line[LOGLINE_MAX];
	int priority, behind;

	/* An error about the caller has a line where it was found. */
	if (request->kind != REQUEST_VERIFY ||
	    answer->err == ROLLCODE_ERR_PRIVILEGE ||
	    (!is_success(answer) && !outsider_may_write(uid)))
		return;
	plain_copy(
	    unknown ? "" : request->user, PLAIN_LOG_WORD, user, sizeof(user));
	plain_copy(request->service, PLAIN_LOG_WORD, service, sizeof(service));
	if (answer->err == ROLLCODE_OK &&
	    (behind = logline_behind(&answer->result, request->user, line)) !=
		0)
		syslog(behind, "%s", line);
	priority = format_outcome(request, answer, line);
	syslog(priority, "asked by uid=%u service=%s user=%s: %s",
	    (unsigned int)uid, service, user, line);
}

void
outsider_answer(const struct request *request, struct answer *answer)
{
	const struct answer full = *answer;
	const struct verification *v = &full.result;
	struct verification *said = &answer->result;

	memset(answer, 0, sizeof(*answer));
	answer->magic = full.magic;
	memcpy(answer->nonce, full.nonce, sizeof(answer->nonce));
	answer->err = full.err;
	if (full.err == ROLLCODE_ERR_PRIVILEGE) {
		answer->error = full.error;
	} else if (full.err != ROLLCODE_OK) {
		error_set(&answer->error, full.err,
		    "the lines of rollcode-verify in the system log say why");
	} else if (request->kind == REQUEST_ENROLLED) {
		said->verdict = v->verdict;
	} else if (!verdict_admits(v->verdict)) {
		said->verdict = VERDICT_REFUSED;
	} else {
		said->verdict = v->verdict;
		said->fallback = v->fallback;
		said->recovery = v->recovery;
		said->skipped = v->skipped;
		said->failed = v->failed;
		said->replayed = v->replayed;
		said->late = v->late;
		said->recovery_left = v->recovery_left;
	}
}
