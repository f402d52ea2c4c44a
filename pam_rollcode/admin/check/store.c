/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - the store, and every user in it.
 *
 *  1. A store is opened by a child that has become the account, never by root.
 *  2. What that child reports is text, and is not believed to be more.
 */
#include <stdio.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "admin/check/check.h"
#include "admin/check/run.h"
#include "rules/verify.h"

#define ENDS_SOON 1000 /* codes */
#define LEAST_SPACE (1 << 20)
#define SHOWN_USERS 50 /* of those that are merely noted */

/* --- in the child -------------------------------------------- */

struct visit {
	struct check *check;
	struct reporter *reporter;
	const struct store_ops *ops;
	struct store *store;
	struct account account;
	struct store_facts facts;
	unsigned int noted, short_tokens;
	char short_user[ROLLCODE_USER_MAX + 1];
};

/* verb and option are of the command of rollcode-admin that mends it. */
static void
say(struct visit *v, enum finding_kind kind, const char *user, const char *verb,
    const char *option, const char *what)
{
	struct finding f = {.kind = kind};

	if (check_severity(kind) == SEVERITY_NOTE && v->noted++ >= SHOWN_USERS)
		return;
	check_cut(f.file, sizeof(f.file), "%s", v->check->config.database);
	check_cut(f.what, sizeof(f.what), "%s: %s", user, what);
	check_admin(v->check, verb, user, option, f.mend);
	report(v->reporter, &f);
}

static void
say_error(struct visit *v, enum finding_kind kind, const struct error *error,
    const char *otherwise)
{
	struct finding f;

	check_error(&f, kind, v->check->config.database, error, otherwise);
	report(v->reporter, &f);
}

static enum finding_kind
store_kind(const struct error *error)
{
	switch ((enum error_reason)error->reason) {
	case REASON_KEY:
		return FOUND_STORE_KEY;
	case REASON_BACKUP:
		return FOUND_STORE_BACKUP;
	case REASON_MARKER:
		return FOUND_STORE_MARKER;
	case REASON_NONE:
		break;
	}
	return error->file > 0 ? FOUND_STORE_PLACE : FOUND_STORE;
}

static void
say_store(struct visit *v, const struct error *error)
{
	static const char restore[] =
	    "mount or restore the store; only where there was none yet: "
	    "rollcode-admin init";
	static const char start[] =
	    "start that server, or name the right one in DATABASE; only where "
	    "there was no store yet: rollcode-admin init";

	say_error(v, store_kind(error), error,
	    config_is_pgsql(&v->check->config) ? start : restore);
}

static void
visit_token(struct visit *v, const struct account_token *t)
{
	const char *user = v->account.user;
	uint64_t left = ROLLCODE_COUNTER_END - t->token.counter;
	char what[ROLLCODE_LABEL_MAX + 64];

	if (!t->enabled)
		return;
	if (t->token.digits == ROLLCODE_DIGITS_MIN && v->short_tokens++ == 0)
		memcpy(v->short_user, user, sizeof(v->short_user));
	if (t->token.counter >= ROLLCODE_COUNTER_END) {
		check_cut(what, sizeof(what), "the token \"%s\" is exhausted",
		    t->token.label);
		say(v, FOUND_TOKEN_ENDED, user, "enroll", "--replace", what);
	} else if (left < ENDS_SOON) {
		check_cut(what, sizeof(what),
		    "the token \"%s\" has only %u codes left", t->token.label,
		    (unsigned int)left);
		say(v, FOUND_TOKEN_ENDS, user, "enroll", "--replace", what);
	}
}

static void
visit_account(struct visit *v)
{
	const struct policy *policy = &v->check->config.policy;
	const char *user = v->account.user;
	char mend[CHECK_TEXT_MAX];
	struct error error = {0};

	if (policy_check(policy, &v->account, &error) != ROLLCODE_OK) {
		check_command(mend, sizeof(mend),
		    "sed -i 's/^TOLERANCE=.*/TOLERANCE=20/' %s",
		    CHECK_WORD(v->check->options->conf));
		say_error(v, FOUND_TOKEN_POLICY, &error, mend);
	}
	for (size_t i = 0; i < v->account.token_count; i++)
		visit_token(v, &v->account.tokens[i]);
	if (account_enabled(&v->account) == 0)
		say(v, FOUND_USER_DISABLED, user, "enable", NULL,
		    "has no token that is enabled, and is refused");
	else if (verify_is_guarded(&v->account, policy, time(NULL)))
		say(v, FOUND_USER_GUARDED, user, "unlock", NULL,
		    "is guarded: it takes three consecutive codes on one line "
		    "to log in");
}

static enum rollcode_err
visit_user(void *context, const char *user, struct error *error)
{
	struct visit *v = context;
	struct error detail = {0};
	char mend[CHECK_TEXT_MAX];
	bool enrolled = false;
	enum rollcode_err err;

	(void)error;
	v->facts.users++;
	v->facts.root |= strcmp(user, "root") == 0;
	v->facts.user |=
	    v->check->user != NULL && strcmp(user, v->check->user) == 0;
	err = v->ops->begin(v->store, user, &enrolled, &v->account, &detail);
	v->ops->end(v->store);
	check_admin(v->check, "enroll", user, "--replace", mend);
	if (err != ROLLCODE_OK)
		say_error(v, FOUND_USER_FILE, &detail, mend);
	else if (enrolled)
		visit_account(v);
	account_wipe(&v->account);
	return ROLLCODE_OK;
}

static void
say_short(struct visit *v)
{
	char what[128];

	if (v->short_tokens == 0)
		return;
	check_cut(what, sizeof(what),
	    "has a token of 6 digits, as %u have; 8 are 100 times harder to "
	    "guess",
	    v->short_tokens);
	say(v, FOUND_TOKEN_DIGITS, v->short_user, "enroll",
	    "--replace --digits 8", what);
}

/* What another host could do here, with the same role. */
static void
visit_role(struct visit *v)
{
	struct error error = {0};
	enum rollcode_err err = ROLLCODE_OK;

	if (v->ops->examine != NULL)
		err = v->ops->examine(v->store, &error);
	if (err == ROLLCODE_ERR_CONFIG)
		say_error(v, FOUND_STORE_ROLE, &error,
		    "change the role or DATABASE as it says, then run "
		    "rollcode-admin init where DATABASE_ADMIN is set");
	else if (err != ROLLCODE_OK)
		say_store(v, &error);
}

static void
visit_store(struct reporter *reporter, void *context)
{
	struct check *check = context;
	struct visit v = {.check = check, .reporter = reporter};
	struct error error = {0};

	if (admin_drop(&check->config, &error) != ROLLCODE_OK ||
	    store_find(&check->config, &v.ops, &error) != ROLLCODE_OK ||
	    v.ops->open(&v.store, &check->config, &error) != ROLLCODE_OK) {
		say_store(&v, &error);
		return;
	}
	visit_role(&v);
	if (v.ops->each(v.store, visit_user, &v, &error) != ROLLCODE_OK) {
		say_store(&v, &error);
	} else {
		say_short(&v);
		v.facts.known = true;
		report_facts(reporter, &v.facts);
	}
	v.ops->close(v.store);
}

/* A login that cannot be recorded is denied. */
static void
check_space(struct check *check)
{
	static const char kind[] = "sqlite:";
	const char *place = check->config.database + strlen(kind);
	char mend[CHECK_TEXT_MAX];
	struct statvfs at;

	if (strncmp(check->config.database, kind, strlen(kind)) != 0 ||
	    statvfs(place, &at) != 0)
		return;
	if ((at.f_flag & ST_RDONLY) != 0) {
		check_command(mend, sizeof(mend),
		    "mount -o remount,rw \"$(findmnt -no TARGET -T %s)\"",
		    CHECK_WORD(place));
		check_found(check, FOUND_STORE_SPACE, place, 0, mend,
		    "is on a file system that is read-only, and every login "
		    "is denied");
	} else if (at.f_bavail * at.f_frsize < LEAST_SPACE ||
		   (at.f_files > 0 && at.f_favail == 0)) {
		check_command(mend, sizeof(mend),
		    "make room where df %s points", CHECK_WORD(place));
		check_found(check, FOUND_STORE_SPACE, place, 0, mend,
		    "is on a file system that is full, and logins that cannot "
		    "be recorded are denied");
	}
}

void
check_store(struct check *check)
{
	if (!check->configured)
		return;
	check_space(check);
	if (!report_from(check, visit_store, check))
		check_found(check, FOUND_STORE, check->config.database, 0, NULL,
		    "the process that looks at the store did not end "
		    "well");
	if (check->user != NULL && check->store.known && !check->store.user) {
		char mend[CHECK_TEXT_MAX];

		check_admin(check, "enroll", check->user, NULL, mend);
		check_found(check, FOUND_USER_UNENROLLED,
		    check->config.database, 0, mend, "%s has no token",
		    check->user);
	}
}
