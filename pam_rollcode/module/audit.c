/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>

#include "module/audit.h"
#include "protocol/logline.h"

#define ITEM_MAX 256 /* bytes there is room for, every one escaped */

struct escaped {
	char text[PLAIN_MAX(ITEM_MAX)];
};

static const char *
escape_text(const char *text, struct escaped *out)
{
	plain_copy(text, PLAIN_LOG_WORD, out->text, sizeof(out->text));
	return out->text;
}

static const char *
read_pam_item(const pam_handle_t *pamh, int which, struct escaped *out)
{
	const void *value = NULL;

	if (pam_get_item(pamh, which, &value) != PAM_SUCCESS)
		value = NULL;
	return escape_text(value, out);
}

static void
failure_line(pam_handle_t *pamh, const struct audit *audit)
{
	struct escaped login, tty, ruser, rhost, user;

	pam_syslog(pamh, LOG_NOTICE,
	    "authentication failure; logname=%s uid=%d euid=%d tty=%s "
	    "ruser=%s rhost=%s  user=%s",
	    escape_text(pam_modutil_getlogin(pamh), &login), (int)getuid(),
	    (int)geteuid(), read_pam_item(pamh, PAM_TTY, &tty),
	    read_pam_item(pamh, PAM_RUSER, &ruser),
	    read_pam_item(pamh, PAM_RHOST, &rhost),
	    escape_text(audit->known ? audit->user : "", &user));
}

void
audit_error(pam_handle_t *pamh, const char *meaning, enum rollcode_err err,
    const struct error *error)
{
	char said[ERROR_SAID_MAX];

	error_say(error, err, PLAIN_LOG, said);
	pam_syslog(pamh, LOG_ERR, "%s (%s): %s", meaning,
	    rollcode_strerror(err), said);
}

static void
success_lines(pam_handle_t *pamh, const struct audit *audit)
{
	const struct verification *v = &audit->result;
	char line[LOGLINE_MAX];
	struct escaped user;

	pam_syslog(pamh, logline_success(v, audit->user, line), "%s", line);
	if (v->replayed > 0)
		pam_syslog(pamh, LOG_WARNING,
		    "used codes tried for %s since the last login: %u",
		    escape_text(audit->user, &user), v->replayed);
}

static void
behind_line(pam_handle_t *pamh, const struct audit *audit)
{
	char line[LOGLINE_MAX];
	int priority = logline_behind(&audit->result, audit->user, line);

	if (priority != 0)
		pam_syslog(pamh, priority, "%s", line);
}

static void
debug_line(pam_handle_t *pamh, const struct audit *audit, int result)
{
	const struct options *o = audit->options;
	struct escaped helper, conf;

	if (!o->debug)
		return;
	pam_syslog(pamh, LOG_DEBUG,
	    "helper=%s conf=%s error=%d verdict=%s guarded=%u otherwise=%u "
	    "result=%d",
	    escape_text(o->helper, &helper), escape_text(o->conf, &conf),
	    (int)audit->err, verdict_name(audit->result.verdict),
	    audit->result.guarded, audit->result.fallback, result);
}

/*
 * What a program logs while its real uid is a user's is filed among that user's
 * lines, as by journald, and is theirs to read: the verifier logs the reason.
 */
static void
hide_reason(struct audit *audit)
{
	if (getuid() == 0 || !audit->asked)
		return;
	audit->result.matched = 0;
	audit->result.guarded = 0;
	audit->result.behind = 0;
	if (!verdict_admits(audit->result.verdict))
		audit->result.verdict = VERDICT_REFUSED;
}

void
audit_attempt(pam_handle_t *pamh, struct audit *audit, int result)
{
	char line[LOGLINE_MAX];

	hide_reason(audit);
	debug_line(pamh, audit, result);
	behind_line(pamh, audit);
	if (result == PAM_SUCCESS) {
		success_lines(pamh, audit);
		return;
	}
	failure_line(pamh, audit);
	if (audit->err != ROLLCODE_OK)
		audit_error(pamh, AUDIT_ONE, audit->err, &audit->error);
	else
		pam_syslog(
		    pamh, logline_refusal(&audit->result, line), "%s", line);
}
