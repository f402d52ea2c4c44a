/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - the store, and every user in it.
 *
 *  1. A store is opened by a child that has become the account, never by root.
 *  2. What that child reports is text, and is not believed to be more.
 */
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "admin/check/check.h"
#include "admin/check/run.h"
#include "admin/person.h"
#include "rules/verify.h"

#define ENDS_SOON 1000 /* codes */
#define LEAST_SPACE (1 << 20)
#define SHOWN_USERS 50 /* of those that are merely noted */
#define NAMED_USERS 10 /* of those that are counted */
#define LOOKED_UP 1000 /* accounts, and users whose account is looked up */

/* --- in the child -------------------------------------------- */

struct counted {
	unsigned int count;
	char names[CHECK_TEXT_MAX / 2];
};

struct visit {
	struct check *check;
	int fd; /* to the parent */
	const struct store_ops *ops;
	struct store *store;
	struct account account;
	struct store_facts facts;
	struct counted missing, strangers; /* without a token, an account */
	unsigned int noted;		   /* users, one by one */
	unsigned int short_tokens;
	char short_user[ROLLCODE_USER_MAX + 1];
};

static void visit_found(struct visit *, unsigned int severity, const char *name,
    const char *fix, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static void
visit_found(struct visit *v, unsigned int severity, const char *name,
    const char *fix, const char *fmt, ...)
{
	struct finding f;
	va_list args;

	check_fill(&f, severity, name, v->check->config.database, fix);
	va_start(args, fmt);
	vsnprintf(f.what, sizeof(f.what), fmt, args);
	va_end(args);
	report_finding(v->fd, &f);
}

static void
say_error(struct visit *v, unsigned int severity, const char *name,
    const struct error *error, const char *otherwise)
{
	struct finding f;

	check_error(
	    &f, severity, name, v->check->config.database, error, otherwise);
	report_finding(v->fd, &f);
}

static const char *
store_kind(const struct error *error)
{
	if (error->reason == REASON_KEY)
		return "store-key";
	if (error->reason == REASON_BACKUP)
		return "store-backup";
	if (error->reason == REASON_MARKER)
		return "store-marker";
	return error->file > 0 ? "store-place" : "store";
}

static void
say_store(struct visit *v, const struct error *error)
{
	static const char key[] =
	    "put back the SECRET_KEY with which the store was made, from a "
	    "copy of the configuration file";
	static const char restore[] =
	    "mount or restore the store; only where there was none yet: "
	    "rollcode-admin init";
	static const char start[] =
	    "start that server, or name the right one in DATABASE; only where "
	    "there was no store yet: rollcode-admin init";

	say_error(v, IS_ERROR, store_kind(error), error,
	    error->reason == REASON_KEY		 ? key
	    : config_is_pgsql(&v->check->config) ? start
						 : restore);
}

#define REPLACE                                                              \
	"rollcode-admin enroll USER --replace makes a new token, and takes " \
	"all others of that user away"

static void
visit_token(struct visit *v, const struct account_token *t)
{
	const char *user = v->account.user, *label = t->token.label;
	uint64_t left = ROLLCODE_COUNTER_END - t->token.counter;

	if (!t->enabled)
		return;
	if (t->token.digits == ROLLCODE_DIGITS_MIN && v->short_tokens++ == 0)
		memcpy(v->short_user, user, sizeof(v->short_user));
	if (t->token.counter >= ROLLCODE_COUNTER_END)
		visit_found(v, IS_ERROR, "token-ended", REPLACE,
		    "%s: the token \"%s\" is exhausted", user, label);
	else if (left < ENDS_SOON)
		visit_found(v, IS_WARNING, "token-ends", REPLACE,
		    "%s: the token \"%s\" has only %u codes left", user, label,
		    (unsigned int)left);
}

static void
visit_account(struct visit *v)
{
	const struct policy *policy = &v->check->config.policy;
	const char *user = v->account.user;
	char command[CHECK_TEXT_MAX];
	struct error error = {0};

	if (policy_check(policy, &v->account, &error) != ROLLCODE_OK)
		say_error(v, IS_ERROR, "token-policy", &error,
		    "write in the configuration file: TOLERANCE=20");
	for (size_t i = 0; i < v->account.token_count; i++)
		visit_token(v, &v->account.tokens[i]);
	if (v->noted >= SHOWN_USERS)
		return;
	if (account_enabled(&v->account) == 0) {
		v->noted++;
		check_admin(v->check, "enable", user, command);
		visit_found(v, IS_NOTE | HAS_COMMAND, "user-disabled", command,
		    "%s: has no token that is enabled, and is refused", user);
	} else if (verify_is_guarded(&v->account, policy, time(NULL))) {
		v->noted++;
		check_admin(v->check, "unlock", user, command);
		visit_found(v, IS_NOTE | HAS_COMMAND, "user-guarded", command,
		    "%s: is guarded: it takes three consecutive codes on one "
		    "line to log in",
		    user);
	}
}

static void
count_user(struct counted *c, const char *user)
{
	size_t used = strlen(c->names);

	if (c->count++ < NAMED_USERS)
		check_cut(c->names + used, sizeof(c->names) - used, "%s%s",
		    used == 0 ? "" : ", ", user);
}

/* People who can log in here, and what the store has of them. */
static void
visit_accounts(struct visit *v)
{
	const struct passwd *pw;
	bool enrolled = true;

	setpwent();
	for (int i = 0; i < LOOKED_UP && (pw = getpwent()) != NULL; i++) {
		if (!person_logs_in(pw))
			continue;
		if (v->ops->begin(v->store, pw->pw_name, &enrolled, &v->account,
			NULL) == ROLLCODE_OK &&
		    !enrolled)
			count_user(&v->missing, pw->pw_name);
		v->ops->end(v->store);
		account_wipe(&v->account);
	}
	endpwent();
	if (v->missing.count > 0)
		visit_found(v, IS_NOTE, "user-missing",
		    "rollcode-admin enroll USER for each of them who uses a "
		    "service that asks for a code",
		    "%u of the people who can log in here have no token: %s%s",
		    v->missing.count, v->missing.names,
		    v->missing.count > NAMED_USERS ? " ..." : "");
	if (v->strangers.count > 0)
		visit_found(v, IS_NOTE, "user-account",
		    "rollcode-admin remove USER, where the name is not one "
		    "that only PAM knows: a new account of that name would "
		    "have the token",
		    "%u of the users with a token have no account here: %s%s",
		    v->strangers.count, v->strangers.names,
		    v->strangers.count > NAMED_USERS ? " ..." : "");
}

static enum rollcode_err
visit_user(void *context, const char *user, struct error *error)
{
	struct visit *v = context;
	struct error detail = {0};
	bool enrolled = false;
	enum rollcode_err err;

	(void)error;
	if (v->facts.users++ < LOOKED_UP && getpwnam(user) == NULL)
		count_user(&v->strangers, user);
	v->facts.root |= strcmp(user, "root") == 0;
	v->facts.user |=
	    v->check->user != NULL && strcmp(user, v->check->user) == 0;
	err = v->ops->begin(v->store, user, &enrolled, &v->account, &detail);
	v->ops->end(v->store);
	if (err != ROLLCODE_OK)
		say_error(v, IS_ERROR, "user-file", &detail, REPLACE);
	else if (enrolled)
		visit_account(v);
	account_wipe(&v->account);
	return ROLLCODE_OK;
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
		say_error(v, IS_WARNING, "store-role", &error,
		    "change the role or DATABASE as it says, then run "
		    "rollcode-admin init where DATABASE_ADMIN is set");
	else if (err != ROLLCODE_OK)
		say_store(v, &error);
}

static void
visit_store(void *context, int fd)
{
	struct check *check = context;
	struct visit v = {.check = check, .fd = fd};
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
		if (v.short_tokens > 0)
			visit_found(&v, IS_NOTE, "token-digits",
			    "give the next new token of that user 8 digits",
			    "%s: has a token of 6 digits, as %u have; 8 are "
			    "100 times harder to guess",
			    v.short_user, v.short_tokens);
		if (check->user == NULL && check->options->service[0] == '\0')
			visit_accounts(&v);
		v.facts.known = true;
		report_facts(fd, &v.facts);
	}
	v.ops->close(v.store);
}

/* A login that cannot be recorded is refused. */
static void
place_space(struct check *check, const char *place)
{
	struct statvfs at;

	if (statvfs(place, &at) != 0)
		return;
	if ((at.f_flag & ST_RDONLY) != 0)
		check_found(check, IS_ERROR, "store-space", place, 0,
		    "mount that file system read-write",
		    "is on a file system that is read-only: every login is "
		    "refused");
	else if (at.f_bavail * at.f_frsize < LEAST_SPACE ||
		 (at.f_files > 0 && at.f_favail == 0))
		check_found(check, IS_ERROR, "store-space", place, 0,
		    "delete what is not needed there",
		    "is on a file system that is full: logins that cannot be "
		    "recorded are refused");
}

/* False if the account cannot enter it, which the account cannot tell. */
static bool
place_owned(struct check *check, const char *place)
{
	char command[CHECK_TEXT_MAX];
	struct stat st;

	if (lstat(place, &st) != 0 || !S_ISDIR(st.st_mode) ||
	    st.st_uid == check->config.uid)
		return true;
	check_command(command, sizeof(command), "chown -hR %s: %s",
	    CHECK_WORD(check->config.account), CHECK_WORD(place));
	check_found(check, IS_ERROR | HAS_COMMAND, "store-place", place, 0,
	    command, "belongs to uid %u and not to %s: every login is refused",
	    (unsigned int)st.st_uid, check->config.account);
	return false;
}

/* Where it is in files. */
static bool
place_check(struct check *check)
{
	static const char kind[] = "sqlite:";
	const char *place = check->config.database + strlen(kind);

	if (strncmp(check->config.database, kind, strlen(kind)) != 0)
		return true;
	place_space(check, place);
	return place_owned(check, place);
}

/* Of somebody who was named. */
static void
check_enrolled(struct check *check)
{
	const char *user = check->user, *place = check->config.database;
	char command[CHECK_TEXT_MAX];

	if (user == NULL || !check->store.known || check->store.user)
		return;
	check_admin(check, "enroll", user, command);
	if (getpwnam(user) != NULL)
		check_found(check, IS_WARNING | HAS_COMMAND, "user-unenrolled",
		    place, 0, command, "%s has no token", user);
	else
		check_found(check, IS_WARNING, "user-unenrolled", place, 0,
		    "correct the name",
		    "%s has no token, and there is no such account", user);
}

void
check_store(struct check *check)
{
	if (!check->configured || !place_check(check))
		return;
	if (!report_from(check, visit_store, check))
		check_found(check, IS_ERROR, "store", check->config.database, 0,
		    NULL,
		    "the process that looks at the store did not end "
		    "well");
	check_enrolled(check);
}
