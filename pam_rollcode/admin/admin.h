/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin.h - what the commands of rollcode-admin share.
 */
#ifndef ROLLCODE_ADMIN_ADMIN_H
#define ROLLCODE_ADMIN_ADMIN_H

#include <inttypes.h>
#include <pwd.h>

#include "common/cli/cli.h"
#include "rules/outcome.h"
#include "rules/verify.h"
#include "store/store.h"

#define ADMIN_SERVICE	"rollcode-admin"	/* in event rows */
#define ADMIN_TIME_MAX	40	/* bytes of a time, or of "15m" */
#define ADMIN_WAIT	60	/* seconds, for who uses an old key */

struct admin_options {
	char	conf[PATH_MAX];
	char	label[ROLLCODE_LABEL_MAX + 1];
	char	form[8];
	char	format[16];
	char	from[PATH_MAX];		/* another store, or "" */
	char	algorithm[16];
	char	secret_file[PATH_MAX];
	char	service[64];
	char	expires[ADMIN_TIME_MAX + 1];
	char	since[ADMIN_TIME_MAX + 1];
	char	until[ADMIN_TIME_MAX + 1];
	char	user[ROLLCODE_USER_MAX + 1];
	char	promotions[8];		/* "" to leave them as they are */
	char	seal_file[PATH_MAX];	/* "" for the terminal */
	char	passphrase_file[PATH_MAX]; /* that of a key container */
	char	key_file[PATH_MAX];
	char	serial[ROLLCODE_LABEL_MAX + 1];
	char	owners[PATH_MAX];	/* a list of serial numbers */
	char	output[PATH_MAX];	/* "" for standard output */
	char	log_file[PATH_MAX];	/* a system log, or "" */
	char	out[PATH_MAX];		/* a directory, or "" */
	int64_t	digits;
	int64_t	counter;
	int64_t	window;
	int64_t	number;			/* -1: not given */
	int64_t	wait;
	bool	phone;
	bool	qr;
	bool	confirm;
	bool	replace;
	bool	no_account;
	bool	add;
	bool	force;
	bool	json;
	bool	prometheus;
	bool	missing;
	bool	all_missing;
	bool	if_missing;
	bool	stale;
	bool	follow;
	bool	once;
	bool	take_back;
	bool	plain;
	bool	everywhere;
	bool	end;
};

/* A command at work: the configuration, the store, one user. */
struct admin {
	const struct admin_options	*options;
	struct config			 config;
	struct store			*store;
	const struct store_ops		*ops;
	struct account			 account;
	int64_t				 now;
	int				 secret; /* its file, or a log, */
						 /* opened by root; 0: none */
	int				 handout; /* for --out, a socket; */
						 /* 0: none */
};

/*
 * Put nothing into a terminal's input from now on, as a shell would run it.
 * False, with errno, if that cannot be had.
 */
bool			admin_forbid_typing(void) MUST_USE;

/*
 * Become the account for good, in bounded memory: what is read behind this may
 * be of anybody.  PRIVILEGE, SYS.
 */
enum rollcode_err	admin_drop(const struct config *, struct error *)
			    MUST_USE;

/*
 * Read the env file, open the file that has a secret or a passphrase, become
 * the account, open the store; then admin_begin, unless the user is NULL.
 * admin_close after either outcome.
 */
enum rollcode_err	admin_open(struct admin *,
			    const struct admin_options *, const char *user,
			    struct error *) MUST_USE;

/* *pw is NULL if there is no such account; false, with errno, on an error. */
bool			admin_look_up(const char *user,
			    const struct passwd **pw) MUST_USE;

/*
 * A name as PAM will hand it over, so that enrolment meets the login: that of
 * an account, exactly, or with --no-account any.  INPUT, ABSENT, UNAVAIL.
 */
enum rollcode_err	admin_check_user(const struct admin_options *,
			    const char *user, struct error *) MUST_USE;

/*
 * Read what there is of a user into admin's account; nothing is locked behind
 * it.  Errors as of the store's begin.
 */
enum rollcode_err	admin_look(struct admin *, const char *user,
			    bool *enrolled, struct error *) MUST_USE;

/*
 * Lock a user who must be enrolled (ABSENT).  Nothing is printed while the
 * lock is held: who reads it may never come to an end.
 */
enum rollcode_err	admin_begin(struct admin *, const char *user,
			    struct error *) MUST_USE;

/*
 * The line of the file of --secret-file or --seal-file, behind admin_open:
 * somebody else may have made it.  INPUT.
 */
enum rollcode_err	admin_read_secret(const struct admin *, char *line,
			    size_t size, struct error *) MUST_USE;

/* Wipe, close.  For use with WIPED(). */
void			admin_close(struct admin *);

/*
 * Of the user begun in a restored store: the first token, enabled or not, that
 * is not timed, and neither enrolled nor resynced since, NULL if there is none.
 * Errors as of the store's events.
 */
enum rollcode_err	restored_waits(const struct store_ops *,
			    struct store *, const struct account *,
			    const struct account_token **, struct error *)
			    MUST_USE;

/* "was restored, marked on DATE", "" if it was not. */
#define RESTORED_PAST_MAX	128
void			restored_past(const struct restored *,
			    char past[RESTORED_PAST_MAX]);

/* resync --from-log. */
enum rollcode_err	resync_log(const struct admin_options *,
			    struct error *) MUST_USE;

/* For a store's each: one more in the int64_t that is handed over. */
enum rollcode_err	admin_count_user(void *count, const char *user,
			    struct error *) MUST_USE;

/*
 * Call back, sorted by name, for each account that is a person's who can log in
 * and has no token, as person_logs_in says; or for each user without an
 * account.  UNAVAIL if the accounts are not known.
 */
enum rollcode_err	accounts_missing(struct admin *, store_user_fn *,
			    void *context, struct error *) MUST_USE;
enum rollcode_err	accounts_stale(struct admin *, store_user_fn *,
			    void *context, struct error *) MUST_USE;

/* An event of now that says so; label may be NULL. */
void			admin_event(const struct admin *, enum act,
			    const char *label, struct event *);

/* Commit the account with such an event, or enrol it. */
enum rollcode_err	admin_commit(struct admin *, enum act,
			    const char *label, struct error *) MUST_USE;
enum rollcode_err	admin_create(struct admin *, enum act,
			    const char *label, bool replace, struct error *)
			    MUST_USE;

/* Make admin's account one that has just begun, without a token. */
void			admin_new_account(struct admin *, const char *user);

/*
 * The token that --label names; without it the only one.  NULL with a
 * sentence (ABSENT, USAGE) if there is none or if it must be named.
 */
struct account_token	*admin_token(struct admin *, enum rollcode_err *,
			    struct error *);

/* The provisioning line of a token of admin's account.  INPUT. */
struct provision_line;
enum rollcode_err	admin_format_line(const struct admin *,
			    const struct rollcode_token *,
			    struct provision_line *, struct error *) MUST_USE;

/*
 * Print the provisioning line of a token of admin's account, or draw it with
 * qr set, on standard output, and nothing else there.
 */
enum rollcode_err	admin_print_line(const struct admin *,
			    const struct rollcode_token *, bool qr,
			    struct error *) MUST_USE;

/*
 * Read codes from a person, of the terminal or as cli_read_line does.  Nothing
 * may be locked.  Of what is malformed the kind says so.  INPUT, UNAVAIL.
 */
enum rollcode_err	admin_read_code(const char *prompt, bool terminal,
			    struct input *, struct error *) MUST_USE;

/*
 * Verify codes of one token as a login would, whatever the account has counted,
 * and move its counter behind what is accepted.  NOMEM, SYS.
 */
enum rollcode_err	admin_try_token(const struct admin *,
			    struct rollcode_token *, const struct input *,
			    int64_t window, struct verification *,
			    struct error *) MUST_USE;

/*
 * Of a code that came too late: when it was made, by the clock here, and what
 * to do; "" of any other.
 */
#define ADMIN_AGE_MAX	160
void			admin_say_age(const struct verification *,
			    char said[ADMIN_AGE_MAX]);

/*
 * Read a code of a token that is not enrolled yet, and move its counter behind
 * it, so that it does not work again.  INPUT after three that were wrong.
 */
enum rollcode_err	admin_confirm(const struct admin *,
			    struct rollcode_token *, struct error *) MUST_USE;

/*
 * Before what cannot be undone: OK if the answer is yes, or with --force.  It
 * is not asked where standard input is no terminal, unless always is set.
 * Nothing may be locked.  INPUT.
 */
enum rollcode_err	admin_ask(const struct admin_options *, bool always,
			    struct error *, const char *fmt, ...)
			    __attribute__((format(printf, 4, 5))) MUST_USE;

/* How admin's account stands, in one word. */
const char		*admin_state(const struct admin *);

/*
 * Whether it is guarded; since is when that began, which is its last failure:
 * refusals since then changed nothing.
 */
bool			 admin_guarded(const struct admin *, int64_t *since);

/* What ends that: "three consecutive codes on one line, ..." */
#define ADMIN_OPENS_MAX	(ROLLCODE_USER_MAX + 128)
void			 admin_opens(const struct admin *,
			    char opens[ADMIN_OPENS_MAX]);

/* "15m", "2h" or "1d" in seconds; false if it is no such thing. */
bool			 when_duration(const char *, int64_t *seconds);

/*
 * The value of an option that is a time: that of RFC 3339, a local one, or a
 * duration before now.  USAGE.
 */
enum rollcode_err	 when_read(const char *option, const char *text,
			    int64_t now, int64_t *when, struct error *)
			    MUST_USE;

/*
 * When a line was written to a system log: by RFC 3339, as syslogd(8) writes it
 * ("Nov 29 10:15:00", a local time of the last year), or in seconds; 0 if it
 * begins with none of them.
 */
int64_t			 when_logged(const char *line, int64_t now);

/* A key of random bytes.  SYS. */
enum rollcode_err	admin_new_key(struct secret_key *, struct error *)
			    MUST_USE;

/*
 * Whether an account is one that a person can use: a uid of people's, a shell
 * to log in with, a password, or, of ROLLCODE_ACCOUNT, the home directory of
 * something else.  Not root, and none that does not exist.  It says why, and
 * what changes it.
 */
bool			person_is(const char *account, struct error *why);

/* Whether it is a person's who can log in: a uid of people's, and a shell. */
bool			person_logs_in(const struct passwd *);

/* CONFIG with a sentence if it is, and the caller is root. */
enum rollcode_err	person_refuse(const char *account, struct error *)
			    MUST_USE;

cli_run	admin_init, admin_enroll, admin_list, admin_show, admin_uri, admin_qr,
	admin_remove, admin_disable, admin_enable, admin_unlock, admin_verify,
	admin_resync, admin_recovery, admin_import, admin_export, admin_log,
	admin_rekey, admin_backup, admin_restored, admin_check,
	admin_stats;

#endif /* ROLLCODE_ADMIN_ADMIN_H */
