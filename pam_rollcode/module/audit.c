/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
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
read_pam_item(const pam_handle_t *pamh, int which, struct escaped *out)
{
	const void *value = NULL;

	if (pam_get_item(pamh, which, &value) != PAM_SUCCESS)
		value = NULL;
	plain_copy(value, PLAIN_LOG_WORD, out->text, sizeof(out->text));
	return out->text;
}

static void
failure_line(pam_handle_t *pamh, const struct audit *audit)
{
	struct escaped login, tty, ruser, rhost, user;

	plain_copy(pam_modutil_getlogin(pamh), PLAIN_LOG_WORD, login.text,
	    sizeof(login.text));
	plain_copy(audit->known ? audit->user : "", PLAIN_LOG_WORD, user.text,
	    sizeof(user.text));
	pam_syslog(pamh, LOG_NOTICE,
	    "authentication failure; logname=%s uid=%d euid=%d tty=%s "
	    "ruser=%s rhost=%s  user=%s",
	    login.text, (int)getuid(), (int)geteuid(),
	    read_pam_item(pamh, PAM_TTY, &tty),
	    read_pam_item(pamh, PAM_RUSER, &ruser),
	    read_pam_item(pamh, PAM_RHOST, &rhost), user.text);
}

static void
error_line(pam_handle_t *pamh, const char *what, enum rollcode_err err,
    const struct error *error)
{
	char said[ERROR_SAID_MAX];

	error_say(error, err, PLAIN_LOG, said);
	pam_syslog(
	    pamh, LOG_ERR, "%s (%s): %s", what, rollcode_strerror(err), said);
}

void
audit_undecided(
    pam_handle_t *pamh, enum rollcode_err err, const struct error *error)
{
	error_line(pamh, "no decision", err, error);
}

void
audit_error(
    pam_handle_t *pamh, enum rollcode_err err, const struct error *error)
{
	error_line(
	    pamh, "configuration error, all logins are refused", err, error);
}

static void
success_lines(pam_handle_t *pamh, const struct audit *audit)
{
	const struct verification *v = &audit->result;
	char line[LOGLINE_MAX];
	struct escaped user;

	pam_syslog(pamh, logline_success(v, audit->user, line), "%s", line);
	plain_copy(audit->user, PLAIN_LOG_WORD, user.text, sizeof(user.text));
	if (v->replayed > 0)
		pam_syslog(pamh, LOG_WARNING,
		    "used codes tried for %s since the last login: %u",
		    user.text, v->replayed);
}

static void
debug_line(pam_handle_t *pamh, const struct audit *audit, int result)
{
	const struct options *o = audit->options;
	struct escaped helper, conf;

	if (!o->debug)
		return;
	plain_copy(o->helper, PLAIN_LOG_WORD, helper.text, sizeof(helper.text));
	plain_copy(o->conf, PLAIN_LOG_WORD, conf.text, sizeof(conf.text));
	pam_syslog(pamh, LOG_DEBUG,
	    "helper=%s conf=%s error=%d verdict=%s guarded=%u otherwise=%u "
	    "result=%d",
	    helper.text, conf.text, (int)audit->err,
	    verdict_name(audit->result.verdict), audit->result.guarded,
	    audit->result.fallback, result);
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
	if (!verdict_admits(audit->result.verdict))
		audit->result.verdict = VERDICT_REFUSED;
}

void
audit_attempt(pam_handle_t *pamh, struct audit *audit, int result)
{
	char line[LOGLINE_MAX];

	hide_reason(audit);
	debug_line(pamh, audit, result);
	if (result == PAM_SUCCESS) {
		success_lines(pamh, audit);
		return;
	}
	failure_line(pamh, audit);
	if (audit->err != ROLLCODE_OK)
		audit_undecided(pamh, audit->err, &audit->error);
	else
		pam_syslog(
		    pamh, logline_refusal(&audit->result, line), "%s", line);
}
