/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>

#include "audit.h"
#include "logline.h"

#define ITEM_MAX 256 /* bytes there is room for, every one escaped */

struct escaped {
	char text[LOGLINE_ESCAPED(ITEM_MAX)];
};

static const char *
item(const pam_handle_t *pamh, int which, struct escaped *out)
{
	const void *value = NULL;

	if (pam_get_item(pamh, which, &value) != PAM_SUCCESS)
		value = NULL;
	logline_escape(value, out->text, sizeof(out->text));
	return out->text;
}

static void
failure_line(pam_handle_t *pamh, const struct audit *audit)
{
	struct escaped login, tty, ruser, rhost, user;

	logline_escape(
	    pam_modutil_getlogin(pamh), login.text, sizeof(login.text));
	logline_escape(
	    audit->known ? audit->user : "", user.text, sizeof(user.text));
	pam_syslog(pamh, LOG_NOTICE,
	    "authentication failure; logname=%s uid=%d euid=%d tty=%s "
	    "ruser=%s rhost=%s  user=%s",
	    login.text, (int)getuid(), (int)geteuid(),
	    item(pamh, PAM_TTY, &tty), item(pamh, PAM_RUSER, &ruser),
	    item(pamh, PAM_RHOST, &rhost), user.text);
}

/* An error's sentence names files and users: escape all but spaces. */
static void
error_line(pam_handle_t *pamh, const char *what, enum rollcode_err err,
    const struct error *error)
{
	char line[LOGLINE_ESCAPED(ERROR_TEXT_MAX)], *p = line;
	char rest[ERROR_TEXT_MAX];
	const char *word = rest;

	snprintf(rest, sizeof(rest), "%s",
	    error->text[0] != '\0' ? error->text : rollcode_strerror(err));
	for (char *next = rest; next != NULL; word = next) {
		if ((next = strchr(word, ' ')) != NULL)
			*next++ = '\0';
		if (p != line)
			*p++ = ' ';
		logline_escape(word, p, sizeof(line) - (size_t)(p - line) - 1);
		p += strlen(p);
	}
	pam_syslog(
	    pamh, LOG_ERR, "%s (%s): %s", what, rollcode_strerror(err), line);
}

void
audit_error(
    pam_handle_t *pamh, enum rollcode_err err, const struct error *error)
{
	error_line(pamh, "every login is denied", err, error);
}

static void
success_lines(pam_handle_t *pamh, const struct audit *audit)
{
	const struct answer *a = audit->answer;
	char line[LOGLINE_MAX];
	struct escaped user;

	pam_syslog(pamh, logline_success(a, audit->user, line), "%s", line);
	logline_escape(audit->user, user.text, sizeof(user.text));
	if (a->replayed > 0)
		pam_syslog(pamh, LOG_WARNING,
		    "used codes tried for %s since the last login: %u",
		    user.text, (unsigned int)a->replayed);
}

static void
debug_line(pam_handle_t *pamh, const struct audit *audit, int result)
{
	const struct options *o = audit->options;
	struct escaped helper, conf;

	if (!o->debug)
		return;
	logline_escape(o->helper, helper.text, sizeof(helper.text));
	logline_escape(o->conf, conf.text, sizeof(conf.text));
	pam_syslog(pamh, LOG_DEBUG,
	    "helper=%s conf=%s error=%d verdict=%s guarded=%u otherwise=%u "
	    "result=%d",
	    helper.text, conf.text, (int)audit->err,
	    verdict_name((enum verdict)audit->answer->verdict),
	    (unsigned int)audit->answer->guarded,
	    (unsigned int)audit->answer->otherwise, result);
}

void
audit_attempt(pam_handle_t *pamh, const struct audit *audit, int result)
{
	char line[LOGLINE_MAX];

	debug_line(pamh, audit, result);
	if (result == PAM_SUCCESS) {
		success_lines(pamh, audit);
		return;
	}
	failure_line(pamh, audit);
	if (audit->err != ROLLCODE_OK)
		error_line(pamh, "no decision", audit->err, audit->error);
	else
		pam_syslog(
		    pamh, logline_refusal(audit->answer, line), "%s", line);
}
