/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - the store, and every user in it.
 *
 *  1. A store is opened by a child that has become the account, never by root.
 *  2. An attacker who controls that account can choose the words of a sentence,
 *     and no more: root's side writes the remedy, and makes a command only from
 *     a user's name and what it has seen itself.
 */
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "admin/check/check.h"
#include "rules/verify.h"
#include "system/path.h"

#define ENDS_SOON 1000 /* codes */
#define LEAST_SPACE (1 << 20)
#define SHOWN_USERS 50 /* of those that are merely noted */
#define NAMED_USERS 10 /* of those that are counted */
#define LOOKED_UP 1000 /* accounts, and users whose account is looked up */
#define ALIVE_USERS 64 /* after so many it says that it is */

#define RESTORE                                                       \
	"mount or restore the store; only where there was none yet: " \
	"rollcode-admin init"
#define REPLACE                                                              \
	"rollcode-admin enroll USER --replace makes a new token, and takes " \
	"all others of that user away"

/* The finding; a command for the user, or what to do, else see store_fix. */
static const struct {
	const char *name;
	enum severity severity;
	const char *verb, *fix;
} kinds[] = {
    {"store", IS_ERROR, NULL, NULL},
    {"restored", IS_ERROR, NULL,
	"rollcode-admin resync USER for each user who waits, with two codes of "
	"the token, and then rollcode-admin restored --end"},
    {"clone", IS_ERROR, NULL,
	"if only this machine's id changed, or the store was moved here after "
	"its last login: rollcode-admin restored --end --force; else "
	"rollcode-admin restored, then resync of each user who waits, or "
	"enroll --replace if the other machine goes on, and then "
	"rollcode-admin restored --end"},
    {"unmarked", IS_ERROR, NULL,
	"if no login was lost, as by a promotion of a standby that is waited "
	"for: rollcode-admin restored --end --force; else rollcode-admin "
	"restored, then resync of each user who waits, and then "
	"rollcode-admin restored --end"},
    {"store-marker", IS_ERROR, NULL, NULL},
    {"store-place", IS_ERROR, NULL, NULL},
    {"store-key", IS_ERROR, NULL,
	"put back the SECRET_KEY with which the store was made, from a copy "
	"of the configuration file"},
    {"store-role", IS_WARNING, NULL,
	"change the role or DATABASE as it says, then run rollcode-admin init "
	"where DATABASE_ADMIN is set"},
    {"user-file", IS_ERROR, NULL, REPLACE},
    {"user-older", IS_WARNING, NULL,
	"find out what put them back; the next login of each of them goes on "
	"from the counters of the witness and writes them"},
    {"witness-file", IS_WARNING, NULL,
	"remove that file; the next login of the user writes another"},
    {"witness-older", IS_NOTE, NULL,
	"see that their directory can be written and has space, and restart "
	"rollcode-verify if it ran before the directory was there; the next "
	"login of each of them writes it"},
    {"user-disabled", IS_NOTE, NULL,
	"rollcode-admin enroll USER --label NAME makes a new token; only if "
	"none was lost: rollcode-admin enable USER"},
    {"user-guarded", IS_NOTE, "unlock", NULL},
    {"user-missing", IS_NOTE, NULL,
	"rollcode-admin enroll USER for each of them who uses a service that "
	"asks for a code"},
    {"user-account", IS_NOTE, NULL,
	"rollcode-admin remove USER, where the name is not one that only PAM "
	"knows: a new account of that name would have the token"},
    {"token-policy", IS_ERROR, NULL,
	"write in the configuration file: TOLERANCE=20"},
    {"token-ended", IS_ERROR, NULL, REPLACE},
    {"token-ends", IS_WARNING, NULL, REPLACE},
    {"token-digits", IS_NOTE, NULL,
	"give the next new token of that user 8 digits"},
};

/* --- in the child ------------------------------------------------------- */

struct counted {
	unsigned int count;
	char names[CHECK_TEXT_MAX / 2];
};

struct visit {
	const struct check *check;
	int fd; /* to the parent */
	struct config config;
	const struct store_ops *ops;
	struct store *store;
	struct account account;
	const char *user; /* whom it looks at */
	struct report report;
	struct counted missing, strangers; /* without a token, an account */
	struct counted behind, unwritten;  /* files, witnesses */
	struct counted waiting;		   /* until the store is right */
	unsigned int noted;		   /* users, one by one */
	unsigned int short_tokens;
	char short_user[ROLLCODE_USER_MAX + 1];
};

static void
visit_close(struct visit *v)
{
	if (v->ops != NULL)
		v->ops->close(v->store);
	config_wipe(&v->config);
}

/* Of the report, what is the same in most of them is filled already. */
__attribute__((format(printf, 3, 4))) static void
report_send(struct visit *v, const char *name, const char *fmt, ...)
{
	struct report *r = &v->report;
	va_list args;

	check_cut(r->name, sizeof(r->name), "%s", name);
	check_cut(r->user, sizeof(r->user), "%s", v->user);
	va_start(args, fmt);
	vsnprintf(r->what, sizeof(r->what), fmt, args);
	va_end(args);
	if (write(v->fd, r, sizeof(*r)) != (ssize_t)sizeof(*r))
		_exit(1);
	r->file[0] = '\0';
}

static void
report_error(struct visit *v, const char *name, const struct error *error)
{
	check_cut(v->report.file, sizeof(v->report.file), "%.*s",
	    (int)error->file, error->text);
	report_send(v, name, "%s", error->text + error->what);
}

static void
report_store(struct visit *v, const struct error *error)
{
	report_error(v,
	    error->reason == REASON_KEY	     ? "store-key"
	    : error->reason == REASON_MARKER ? "store-marker"
	    : error->file > 0		     ? "store-place"
					     : "store",
	    error);
}

static void
visit_token(struct visit *v, const struct account_token *t)
{
	const char *label = t->token.label;
	uint64_t left = ROLLCODE_COUNTER_END - t->token.counter;

	if (!t->enabled)
		return;
	v->report.facts.timed += t->token.form == FORM_TIMED;
	if (t->token.digits == ROLLCODE_DIGITS_MIN && v->short_tokens++ == 0)
		check_cut(v->short_user, sizeof(v->short_user), "%s", v->user);
	if (t->token.counter >= ROLLCODE_COUNTER_END)
		report_send(v, "token-ended",
		    "%s: the token \"%s\" is exhausted", v->user, label);
	else if (left < ENDS_SOON)
		report_send(v, "token-ends",
		    "%s: the token \"%s\" has only %u codes left", v->user,
		    label, (unsigned int)left);
}

static void
visit_account(struct visit *v)
{
	const struct policy *policy = &v->check->config.policy;
	struct error error = {0};

	if (policy_check(policy, &v->account, &error) != ROLLCODE_OK)
		report_error(v, "token-policy", &error);
	for (size_t i = 0; i < v->account.token_count; i++)
		visit_token(v, &v->account.tokens[i]);
	if (v->noted >= SHOWN_USERS)
		return;
	if (account_enabled(&v->account) == 0)
		report_send(v, "user-disabled",
		    "%s: has no token that is enabled, and is refused",
		    v->user);
	else if (verify_is_guarded(&v->account, policy, time(NULL)))
		report_send(v, "user-guarded",
		    "%s: is guarded: it takes three consecutive codes on one "
		    "line to log in",
		    v->user);
	else
		return;
	v->noted++;
}

static void
count_user(struct counted *c, const char *user)
{
	size_t used = strlen(c->names);

	if (c->count++ < NAMED_USERS)
		check_cut(c->names + used, sizeof(c->names) - used, "%s%s",
		    used == 0 ? "" : ", ", user);
	else if (c->count == NAMED_USERS + 1)
		check_cut(c->names + used, sizeof(c->names) - used, " ...");
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
		report_send(v, "user-missing",
		    "%u of the people who can log in here have no token: %s",
		    v->missing.count, v->missing.names);
	if (v->strangers.count > 0)
		report_send(v, "user-account",
		    "%u of the users with a token have no account here: %s",
		    v->strangers.count, v->strangers.names);
}

/* Of the user begun. */
static void
visit_witness(struct visit *v)
{
	struct error error = {0};
	enum rollcode_err err = ROLLCODE_OK;

	if (v->account.behind > 0)
		count_user(&v->behind, v->user);
	if (v->ops->witness != NULL)
		err = v->ops->witness(v->store, &error);
	if (err == ROLLCODE_ERR_ABSENT)
		count_user(&v->unwritten, v->user);
	else if (err != ROLLCODE_OK && v->noted++ < SHOWN_USERS)
		report_error(v, "witness-file", &error);
}

/* Whether a used code of the user begun would work again. */
static enum rollcode_err
visit_past(struct visit *v, struct error *error)
{
	const struct account_token *waits = NULL;
	enum rollcode_err err = ROLLCODE_OK;

	if (v->ops->restored(v->store)->is)
		err = restored_waits(
		    v->ops, v->store, &v->account, &waits, error);
	if (waits != NULL)
		count_user(&v->waiting, v->user);
	return err;
}

static enum rollcode_err
visit_user(void *context, const char *user, struct error *error)
{
	struct visit *v = context;
	struct store_facts *facts = &v->report.facts;
	struct error detail = {0};
	bool enrolled = false;
	enum rollcode_err err;

	(void)error;
	v->user = user;
	if (facts->users % ALIVE_USERS == 0)
		report_send(v, "", "%s", "");
	if (facts->users++ < LOOKED_UP && getpwnam(user) == NULL)
		count_user(&v->strangers, user);
	facts->root |= strcmp(user, "root") == 0;
	facts->user |=
	    v->check->user != NULL && strcmp(user, v->check->user) == 0;
	err = v->ops->look(v->store, user, &enrolled, &v->account, &detail);
	if (err == ROLLCODE_OK && enrolled) {
		visit_witness(v);
		err = visit_past(v, &detail);
	}
	v->ops->end(v->store);
	if (err != ROLLCODE_OK)
		report_error(v, "user-file", &detail);
	else if (enrolled)
		visit_account(v);
	account_wipe(&v->account);
	v->user = ""; /* the name is gone with this call */
	return ROLLCODE_OK;
}

/* A login is told of nobody in a restored store, an administrator is. */
static bool
reopen_restored(struct visit *v)
{
	struct error error = {0};

	if (!v->ops->restored(v->store)->is)
		return true;
	v->ops->close(v->store);
	v->config.administers = true;
	if (v->ops->open(&v->store, &v->config, &error) == ROLLCODE_OK)
		return true;
	report_store(v, &error);
	return false;
}

static void
report_past(struct visit *v)
{
	const struct restored *r = v->ops->restored(v->store);
	bool unmarked = r->how != NULL && r->since == 0;
	char past[RESTORED_PAST_MAX];

	restored_past(r, past);
	if (past[0] == '\0')
		return;
	v->report.facts.restored = 1;
	report_send(v,
	    r->copy    ? "clone"
	    : unmarked ? "unmarked"
		       : "restored",
	    "%s: %s can log in, and %u user%s a resync%s%s", past,
	    unmarked ? "nobody" : "only timed tokens", v->waiting.count,
	    v->waiting.count == 1 ? " waits for" : "s wait for",
	    v->waiting.count > 0 ? ": " : "", v->waiting.names);
}

static void
visit_users(struct visit *v)
{
	struct error error = {0};
	enum rollcode_err err = ROLLCODE_OK;

	/* What another host could do here, with the same role. */
	if (v->ops->examine != NULL)
		err = v->ops->examine(v->store, &error);
	if (err == ROLLCODE_ERR_CONFIG) {
		report_error(v, "store-role", &error);
	} else if (err != ROLLCODE_OK) {
		report_store(v, &error);
		return;
	}
	if (!reopen_restored(v))
		return;
	if (v->ops->each(v->store, visit_user, v, &error) != ROLLCODE_OK) {
		report_store(v, &error);
		return;
	}
	report_past(v);
	if (v->behind.count > 0)
		report_send(v, "user-older",
		    "%u user%s: put back, or a log was lost: %s",
		    v->behind.count,
		    v->behind.count == 1
			? "'s file is older than its witness"
			: "s' files are older than their witnesses",
		    v->behind.names);
	if (v->unwritten.count > 0)
		report_send(v, "witness-older", "%u user%s: %s",
		    v->unwritten.count,
		    v->unwritten.count == 1 ? "'s witness lacks changes"
					    : "s' witnesses lack changes",
		    v->unwritten.names);
	if (v->short_tokens > 0)
		report_send(v, "token-digits",
		    "%s: has a token of 6 digits (%u in all); 8 are 100 times "
		    "harder to guess",
		    v->short_user, v->short_tokens);
	if (v->check->user == NULL && v->check->options->service[0] == '\0')
		visit_accounts(v);
	v->report.facts.known = 1;
}

/* --- in the parent ------------------------------------------------------ */

struct visitor {
	struct check *check;
	struct report report;
};

static enum rollcode_err
open_visited(struct visit *v, struct error *error)
{
	const struct store_ops *ops = NULL;
	enum rollcode_err err;

	if ((err = admin_drop(&v->config, error)) != ROLLCODE_OK ||
	    (err = store_find(&v->config, &ops, error)) != ROLLCODE_OK)
		return err;
	v->ops = ops;
	return ops->open(&v->store, &v->config, error);
}

static void
visit_store(void *context, int fd)
{
	const struct visitor *visitor = context;
	WIPED(visit_close)
	struct visit v = {.check = visitor->check, .user = "", .fd = fd};
	struct error error = {0};

	v.config = visitor->check->config;
	if (open_visited(&v, &error) == ROLLCODE_OK)
		visit_users(&v);
	else
		report_store(&v, &error);
	v.report.ended = 1;
	report_send(&v, "", "%s", "");
}

/* Where the store is in files, else NULL. */
static const char *
place_of(const struct check *check)
{
	return config_is_pgsql(&check->config)
		   ? NULL
		   : check->config.database + strlen(CONFIG_SQLITE);
}

static bool
is_below(const char *file, const char *place)
{
	size_t len = strlen(place);

	return strncmp(file, place, len) == 0 && file[len] == '/';
}

/* Of what has that owner now. */
static void
chown_command(const struct check *check, struct finding *f, const char *how,
    const char *file, const struct stat *st)
{
	char from[32];

	snprintf(from, sizeof(from), "--from=%u", (unsigned int)st->st_uid);
	check_command(f, "chown", how, from, check->config.account, file, NULL);
}

/*
 * What sets right the owner or the mode of something in the store, if it has no
 * other name and no link leads there.  The account can put something else there
 * before it is run: so it is run as that account, or only for that owner.
 */
static void
place_command(const struct check *check, struct finding *f, const char *file)
{
	const char *place = place_of(check);
	char real[PATH_MAX], witness[PATH_MAX];
	struct stat st;

	config_witness(&check->config, witness);
	if (place == NULL ||
	    (!is_below(file, place) && !is_below(file, witness)) ||
	    realpath(file, real) == NULL || strcmp(real, file) != 0 ||
	    lstat(file, &st) != 0 || (!S_ISDIR(st.st_mode) && st.st_nlink > 1))
		return;
	if (st.st_uid != check->config.uid)
		chown_command(check, f, "-h", file, &st);
	else if (S_ISDIR(st.st_mode) && (st.st_mode & 077) != 0)
		check_command(f, "runuser", "-u", check->config.account, "--",
		    "chmod", "700", file, NULL);
	else if (S_ISREG(st.st_mode) && (st.st_mode & 07777) != 0600)
		check_command(f, "runuser", "-u", check->config.account, "--",
		    "chmod", "600", file, NULL);
}

static const char *
store_fix(const struct check *check, const char *name)
{
	/* The store is not what is wrong. */
	if (place_of(check) != NULL && strcmp(name, "store") == 0)
		return "put that right first: nothing in the store was looked "
		       "at, and a login fails in the same way";
	if (place_of(check) != NULL)
		return RESTORE;
	if (strcmp(name, "store-place") == 0)
		return "put that file back, or give it the owner and the mode "
		       "that rollcode.env(5) names";
	return "start that server, or name the right one in DATABASE; only "
	       "where there was no store yet: rollcode-admin init";
}

static bool
report_take(void *context)
{
	struct visitor *v = context;
	struct check *check = v->check;
	struct report *r = &v->report;
	struct finding *f;
	size_t i = 0;

	r->name[sizeof(r->name) - 1] = r->user[sizeof(r->user) - 1] = '\0';
	r->file[sizeof(r->file) - 1] = r->what[sizeof(r->what) - 1] = '\0';
	check->store = r->facts;
	while (i < COUNT(kinds) && strcmp(kinds[i].name, r->name) != 0)
		i++;
	if (r->ended != 0 || i == COUNT(kinds))
		return r->ended == 0;
	f = check_found(check, kinds[i].severity, kinds[i].name,
	    r->file[0] != '\0' ? r->file : check->config.database, 0,
	    kinds[i].fix == NULL && kinds[i].verb == NULL
		? store_fix(check, kinds[i].name)
		: kinds[i].fix,
	    "%s", r->what);
	/* A name that begins like an option is none in a command. */
	if (kinds[i].verb != NULL && r->user[0] != '\0' && r->user[0] != '-')
		check_admin(check, f, kinds[i].verb, r->user);
	else if (r->file[0] != '\0')
		place_command(check, f, r->file);
	return true;
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

/*
 * What is said of the way to it is root's, so it may be a command.  False if
 * the account cannot enter it, which the account cannot tell.
 */
static bool
place_check(struct check *check, const char *place)
{
	const struct config *config = &check->config;
	char owner[sizeof(config->account) + 1];
	struct error error = {0};
	struct stat st;

	place_space(check, place);
	if (path_check(place, config->uid, &error) == ROLLCODE_ERR_STORE) {
		check_found_error(
		    check, IS_ERROR, "store-place", place, &error, RESTORE);
		return false;
	}
	if (lstat(place, &st) != 0 || !S_ISDIR(st.st_mode) ||
	    st.st_uid == config->uid)
		return true;
	check_cut(owner, sizeof(owner), "%s:", config->account);
	check_command(
	    check_found(check, IS_ERROR, "store-place", place, 0, NULL,
		"belongs to uid %u and not to %s: every login is refused",
		(unsigned int)st.st_uid, config->account),
	    "chown", "-hR", owner, place, NULL);
	return false;
}

/* Logins go on without one that can be used. */
static void
witness_check(struct check *check)
{
	const struct config *config = &check->config;
	char place[PATH_MAX];
	struct error error = {0};
	struct stat st;

	config_witness(config, place);
	if (lstat(place, &st) != 0) {
		/* To try things out nobody needs one. */
		if (config->uid != 0)
			check_command(
			    check_found(check, IS_NOTE, "witness-missing",
				place, 0, NULL,
				"is not there, so a store that is put back is "
				"not seen; restart rollcode-verify, if it "
				"runs, when you have made it"),
			    "install", "-d", "-m", "0700", "-o",
			    config->account, place, NULL);
		return;
	}
	if (path_check(place, config->uid, &error) == ROLLCODE_ERR_STORE)
		check_found_error(check, IS_WARNING, "witness-place", place,
		    &error, "name another directory in WITNESS");
	else if (!S_ISDIR(st.st_mode))
		check_found(check, IS_WARNING, "witness-place", place, 0,
		    "move it away, and make a directory",
		    "is not a directory, and not used");
	else if (st.st_uid != config->uid)
		chown_command(check,
		    check_found(check, IS_WARNING, "witness-place", place, 0,
			NULL, "belongs to uid %u, and is not used",
			(unsigned int)st.st_uid),
		    "-hR", place, &st);
	else if ((st.st_mode & 077) != 0)
		check_command(
		    check_found(check, IS_WARNING, "witness-place", place, 0,
			NULL, "has mode %04o, and is not used",
			(unsigned int)(st.st_mode & 07777)),
		    "runuser", "-u", config->account, "--", "chmod", "700",
		    place, NULL);
}

/* Of somebody who was named. */
static void
check_enrolled(struct check *check)
{
	const char *user = check->user, *place = check->config.database;

	if (user == NULL || !check->store.known || check->store.user)
		return;
	if (getpwnam(user) != NULL)
		check_admin(check,
		    check_found(check, IS_WARNING, "user-unenrolled", place, 0,
			NULL, "%s has no token", user),
		    "enroll", user);
	else
		check_found(check, IS_WARNING, "user-unenrolled", place, 0,
		    "correct the name",
		    "%s has no token, and there is no such account", user);
}

/* A container may be forbidden to ask, which says nothing. */
void
check_clock(struct check *check)
{
	struct timex clock = {.modes = 0}; /* only asks */

	if (!check->store.known || check->store.timed == 0 ||
	    adjtimex(&clock) != TIME_ERROR)
		return;
	check_found(check, IS_WARNING, "clock", check->config.database, 0,
	    "set it over the network, here or on the host of this "
	    "container",
	    "has %u token%s whose codes expire, and nothing sets the clock of "
	    "this machine: where it is two minutes wrong, these codes are "
	    "refused",
	    check->store.timed, PLURAL(check->store.timed));
}

void
check_store(struct check *check)
{
	const char *place = place_of(check);
	struct visitor v = {.check = check};

	if (!check->configured || (place != NULL && !place_check(check, place)))
		return;
	witness_check(check);
	check_listen(visit_store, &v, &v.report, sizeof(v.report), report_take);
	if (v.report.ended == 0)
		check_found(check, IS_ERROR, "store", check->config.database, 0,
		    NULL,
		    "the process that looks at the store did not end well");
	check_enrolled(check);
}
