/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam_rollcode.c - the entry points of the module.
 *
 *  1. PAM_SUCCESS is returned for an admitting verdict and nothing else.
 *  2. Every error denies; "not enrolled" is believed only when proven.
 *  3. One call is at most one comparison.
 *  4. Nobody but the person is waited for before the code is there, and no
 *     lock is held meanwhile.
 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "ask/ask.h"
#include "module/audit.h"
#include "module/converse.h"
#include "module/options.h"

#define FAIL_DELAY_US 2000000 /* as pam_unix */
#define PASSWD_FIRST 1024     /* bytes for an entry, and as many as it needs */
#define PASSWD_MAX (1 << 20)

/* Who wants in. */
struct person {
	const char *name; /* the account's own spelling of it */
	bool account;	  /* the system knows it */
	char *memory;	  /* where that spelling is */
};

static void
person_free(struct person *person)
{
	free(person->memory);
}

/* The one table of results. */
static int
pam_code(enum rollcode_err err, enum verdict verdict, bool maxtries)
{
	switch (err) {
	case ROLLCODE_OK:
		break;
	case ROLLCODE_ERR_NOMEM:
		return PAM_BUF_ERR;
	case ROLLCODE_ERR_CONFIG:
		return PAM_SERVICE_ERR;
	case ROLLCODE_ERR_UNAVAIL:
		return PAM_AUTHINFO_UNAVAIL;
	case ROLLCODE_ERR_PRIVILEGE:
		return PAM_CRED_INSUFFICIENT;
	case ROLLCODE_ERR_SYS:
	case ROLLCODE_ERR_INPUT:
	case ROLLCODE_ERR_STORE:
	case ROLLCODE_ERR_HELPER:
	case ROLLCODE_ERR_EXISTS:
	case ROLLCODE_ERR_ABSENT:
	case ROLLCODE_ERR_USAGE:
		return PAM_SYSTEM_ERR;
	}
	switch (verdict) {
	case VERDICT_ACCEPTED:
	case VERDICT_RESYNCED:
		return PAM_SUCCESS;
	case VERDICT_GUARDED:
	case VERDICT_REPLAYED:
		return maxtries ? PAM_MAXTRIES : PAM_AUTH_ERR;
	/* su and others tell people what a result means. */
	case VERDICT_UNENROLLED:
	case VERDICT_MALFORMED:
	case VERDICT_WRONG:
	case VERDICT_FAR:
	case VERDICT_EXPIRED:
	case VERDICT_RESTORED:
	case VERDICT_DISABLED:
	case VERDICT_REFUSED:
		return PAM_AUTH_ERR;
	case VERDICT_NONE:
	case VERDICT_ENROLLED:
		break;
	}
	return PAM_SYSTEM_ERR;
}

/*
 * Not pam_modutil_getpwnam: each call of that leaves what it found in the
 * handle, which a host may keep for thousands of logins.
 */
static int
look_up_account(struct person *person)
{
	struct passwd pw, *found = NULL;
	size_t size = PASSWD_FIRST;
	char *more;
	int e;

	do {
		if ((more = realloc(person->memory, size)) == NULL)
			return ENOMEM;
		person->memory = more;
		e = getpwnam_r(person->name, &pw, more, size, &found);
	} while (e == ERANGE && (size *= 2) <= PASSWD_MAX);
	person->account = found != NULL;
	if (found != NULL)
		person->name = pw.pw_name;
	return found != NULL ? 0 : e;
}

/*
 * The key is the account's own name, so that another spelling of it, where
 * the directory folds case, is no way around enrolment.
 */
static int
find_person(pam_handle_t *pamh, struct person *person, struct error *error)
{
	int result, e;

	result = pam_get_user(pamh, &person->name, NULL);
	if (result == PAM_CONV_AGAIN)
		return PAM_INCOMPLETE;
	if (result != PAM_SUCCESS)
		return result;
	if (person->name == NULL || person->name[0] == '\0')
		return PAM_USER_UNKNOWN;
	e = look_up_account(person);
	if (e == 0 || e == ENOENT || e == ESRCH)
		return PAM_SUCCESS;
	error_set(error, ROLLCODE_ERR_UNAVAIL,
	    "the account cannot be looked up: %s; is the directory service "
	    "there?",
	    strerror(e));
	return PAM_AUTHINFO_UNAVAIL;
}

static void
copy_item(pam_handle_t *pamh, int item, char *out, size_t size)
{
	const void *value = NULL;

	if (pam_get_item(pamh, item, &value) == PAM_SUCCESS && value != NULL)
		memcpy(out, value, strnlen(value, size - 1));
}

/* Texts for the log are cut; a name that is cut would be somebody else's. */
static void
fill_request(
    pam_handle_t *pamh, const struct person *person, struct request *request)
{
	size_t len = strlen(person->name);

	if (len < sizeof(request->user))
		memcpy(request->user, person->name, len + 1);
	copy_item(
	    pamh, PAM_SERVICE, request->service, sizeof(request->service));
	copy_item(pamh, PAM_RHOST, request->rhost, sizeof(request->rhost));
	copy_item(pamh, PAM_TTY, request->tty, sizeof(request->tty));
}

/* About what was typed, or without that whether the account has a token. */
static enum rollcode_err
ask_about(pam_handle_t *pamh, const struct options *options,
    const struct person *person, const struct typed *typed,
    struct answer *answer, struct error *error)
{
	const struct ask_where where = {
	    NULL, options->conf, options->helper, options->spawned};
	WIPED(request_wipe)
	struct request request = {.kind = REQUEST_ENROLLED};

	fill_request(pamh, person, &request);
	if (typed != NULL) {
		request.kind = REQUEST_VERIFY;
		request.logged = getuid() != 0;
		request.text = typed->first.code;
		request.fallback = typed->fallback.code;
	}
	return ask_verifier(&where, &request, answer, error);
}

/* Whether it was reached with the user's tokens. */
static bool
is_enrolled(enum verdict verdict)
{
	return verdict != VERDICT_UNENROLLED && verdict != VERDICT_REFUSED;
}

static int
attempt_login(pam_handle_t *pamh, const struct options *options, int flags,
    const struct person *person)
{
	WIPED(typed_wipe) struct typed typed = {0};
	struct answer answer = {0};
	struct audit audit = {.options = options, .user = person->name};
	int result;

	if ((result = converse_code(pamh, options, &typed)) != PAM_SUCCESS)
		return result;
	audit.asked = typed.first.code.text[0] != '\0';
	if (audit.asked)
		audit.err = ask_about(
		    pamh, options, person, &typed, &answer, &audit.error);
	else
		answer.result.verdict = VERDICT_MALFORMED;
	audit.result = answer.result;
	result = pam_code(audit.err, answer.result.verdict,
	    options->maxtries && answer.result.guarded == 1);
	if (result == PAM_SUCCESS)
		result =
		    converse_forward(pamh, options, &typed, &answer.result);
	audit.known =
	    person->account || (audit.err == ROLLCODE_OK && audit.asked &&
				   is_enrolled(answer.result.verdict));
	audit_attempt(pamh, &audit, result);
	converse_tell(pamh, options, flags, &answer.result, result);
	return result;
}

int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct options options;
	WIPED(person_free) struct person person = {0};
	struct answer answer = {0};
	struct error error = {0};
	enum rollcode_err err;
	int result;

	if ((err = options_load(&options, argc, argv, &error)) != ROLLCODE_OK) {
		audit_error(pamh, AUDIT_ALL, err, &error);
		return pam_code(err, VERDICT_NONE, false);
	}
	if (!options.nodelay)
		(void)!pam_fail_delay(pamh, FAIL_DELAY_US);
	if ((result = find_person(pamh, &person, &error)) != PAM_SUCCESS) {
		if (error.text[0] != '\0')
			audit_error(
			    pamh, AUDIT_ONE, ROLLCODE_ERR_UNAVAIL, &error);
		return result;
	}
	if (options.nullok && person.account) {
		err = ask_about(pamh, &options, &person, NULL, &answer, &error);
		if (err != ROLLCODE_OK) {
			audit_error(pamh, AUDIT_ONE, err, &error);
			return pam_code(err, VERDICT_NONE, false);
		}
		if (answer.result.verdict == VERDICT_UNENROLLED)
			return PAM_IGNORE;
	}
	return attempt_login(pamh, &options, flags, &person);
}

/* There are no credentials to set; a failure here would undo a login. */
int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
