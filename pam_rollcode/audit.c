/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>

#include "audit.h"

#define ITEM_MAX 256 /* bytes there is room for, every one escaped */

struct escaped {
	char text[AUDIT_ESCAPED(ITEM_MAX)];
};

void
audit_escape(const char *text, char *out, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (; text != NULL && *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (n + 5 > size)
			break;
		if (c > 0x20 && c < 0x7f && c != '\\') {
			out[n++] = *text;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = digits[c >> 4];
		out[n++] = digits[c & 15];
	}
	out[n] = '\0';
}

static const char *
item(const pam_handle_t *pamh, int which, struct escaped *out)
{
	const void *value = NULL;

	if (pam_get_item(pamh, which, &value) != PAM_SUCCESS)
		value = NULL;
	audit_escape(value, out->text, sizeof(out->text));
	return out->text;
}

static void
failure_line(pam_handle_t *pamh, const struct audit *audit)
{
	struct escaped login, tty, ruser, rhost, user;

	audit_escape(
	    pam_modutil_getlogin(pamh), login.text, sizeof(login.text));
	audit_escape(
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
	char line[AUDIT_ESCAPED(ERROR_TEXT_MAX)], *p = line;
	char rest[ERROR_TEXT_MAX];
	const char *word = rest;

	snprintf(rest, sizeof(rest), "%s",
	    error->text[0] != '\0' ? error->text : rollcode_strerror(err));
	for (char *next = rest; next != NULL; word = next) {
		if ((next = strchr(word, ' ')) != NULL)
			*next++ = '\0';
		if (p != line)
			*p++ = ' ';
		audit_escape(word, p, sizeof(line) - (size_t)(p - line) - 1);
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

/* clang-format off */
static const struct {
	enum verdict	 verdict;
	int		 priority;
	const char	*why;
} reasons[] = {
	{ VERDICT_MALFORMED, LOG_NOTICE,
	  "what was typed has not the shape of this user's codes" },
	{ VERDICT_WRONG, LOG_NOTICE, "the code is wrong" },
	{ VERDICT_FAR, LOG_NOTICE,
	  "the code is far ahead of the counter; the very next one will "
	  "resynchronise" },
	{ VERDICT_REPLAYED, LOG_WARNING,
	  "the code lies behind the counter: a replay, or a copied token" },
	{ VERDICT_GUARDED, LOG_NOTICE,
	  "the account is guarded after too many wrong codes; two or three "
	  "consecutive codes on one line let the owner in, rollcode-admin "
	  "unlock ends it" },
	{ VERDICT_DISABLED, LOG_NOTICE,
	  "every token is disabled; rollcode-admin enable ends that" },
	{ VERDICT_UNENROLLED, LOG_NOTICE,
	  "not enrolled; rollcode-admin enroll changes that" },
};
/* clang-format on */

static void
reason_line(pam_handle_t *pamh, const struct audit *audit)
{
	const struct answer *a = audit->answer;
	const char *guarded =
	    a->guarded && a->verdict != VERDICT_GUARDED ? " guarded" : "";
	struct escaped token;

	audit_escape(a->token, token.text, sizeof(token.text));
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].verdict != (enum verdict)a->verdict)
			continue;
		if (a->counter >= 0)
			pam_syslog(pamh, reasons[i].priority,
			    "reason=%s%s token=%s counter=%" PRId64
			    " distance=%" PRId64 ": %s",
			    verdict_name(reasons[i].verdict), guarded,
			    token.text, a->counter, a->distance,
			    reasons[i].why);
		else
			pam_syslog(pamh, reasons[i].priority, "reason=%s%s: %s",
			    verdict_name(reasons[i].verdict), guarded,
			    reasons[i].why);
		return;
	}
	pam_syslog(pamh, LOG_ERR,
	    verdict_admits((enum verdict)a->verdict)
		? "reason=none: the code was accepted and is spent, but the "
		  "password could not be handed on"
		: "reason=none: no verdict was reached");
}

static void
success_line(pam_handle_t *pamh, const struct audit *audit)
{
	const struct answer *a = audit->answer;
	struct escaped user, token;

	audit_escape(audit->user, user.text, sizeof(user.text));
	audit_escape(a->token, token.text, sizeof(token.text));
	if (a->recovery == 1)
		pam_syslog(pamh, LOG_WARNING,
		    "recovery code accepted for %s; %u left", user.text,
		    (unsigned int)a->recovery_left);
	else
		pam_syslog(pamh, LOG_INFO,
		    "code %s for %s; token=%s counter=%" PRId64 " skipped=%u",
		    verdict_name((enum verdict)a->verdict), user.text,
		    token.text, a->counter, (unsigned int)a->skipped);
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
	audit_escape(o->helper, helper.text, sizeof(helper.text));
	audit_escape(o->conf, conf.text, sizeof(conf.text));
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
	debug_line(pamh, audit, result);
	if (result == PAM_SUCCESS) {
		success_line(pamh, audit);
		return;
	}
	failure_line(pamh, audit);
	if (audit->err != ROLLCODE_OK)
		error_line(pamh, "no decision", audit->err, audit->error);
	else
		reason_line(pamh, audit);
}
