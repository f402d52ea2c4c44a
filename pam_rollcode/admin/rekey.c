/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rekey.c - a new key for everything that is sealed.
 *
 *  1. A kill at any moment leaves logins as they were, and a second run goes
 *     on; a third key is never made while a previous one is there.
 *  2. Nothing is sealed with the new key before nobody uses an env file that
 *     does not have it: each reader keeps it locked, and its old version has a
 *     name, ENVFILE.rekey, until the last of them is gone; also the one with
 *     both keys, behind the end, but without what was in it.
 *  3. The previous key goes only when nothing needs it.
 *
 * Root changes the env file; a child becomes the account for the store.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "admin/admin.h"
#include "common/base/clock.h"
#include "common/base/replace.h"
#include "config/envfile.h"

#define TRIES 3	     /* for a user whose lock is held, two seconds each */
#define TELL_MS 1000 /* until it is said what is waited for */
#define STEP_NS 10000000L
#define LEAVE_SECONDS 2 /* for those who have read it to be gone */

typedef enum rollcode_err account_fn(struct admin *, struct error *);

struct outcome {
	enum rollcode_err err;
	struct error error;
};

static _Noreturn void
as_account_main(const struct admin_options *options, account_fn *fn, int fd)
{
	struct admin admin = {0};
	struct outcome outcome = {0};

	outcome.err = admin_open(&admin, options, NULL, &outcome.error);
	/* What is left of root's part ends with root. */
	if (outcome.err == ROLLCODE_OK && fn != NULL &&
	    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) == 0)
		outcome.err = fn(&admin, &outcome.error);
	admin_close(&admin);
	if (fflush(stdout) != 0)
		_exit(1);
	_exit(write(fd, &outcome, sizeof(outcome)) == sizeof(outcome) ? 0 : 1);
}

/*
 * Open the store, which proves that its key is ours, and run a function, if
 * there is one, in a child; this process opens none.
 */
static enum rollcode_err
as_account(
    const struct admin_options *options, account_fn *fn, struct error *error)
{
	struct outcome outcome = {.err = ROLLCODE_OK};
	int fds[2], status = 0;
	ssize_t n;
	pid_t pid;

	if (fflush(stdout) != 0 || pipe2(fds, O_CLOEXEC) != 0)
		return error_set(error, error_from_errno(errno),
		    "no child can be started: %s", strerror(errno));
	if ((pid = fork()) == 0) {
		close(fds[0]);
		as_account_main(options, fn, fds[1]);
	}
	close(fds[1]);
	n = pid < 0 ? -1 : read(fds[0], &outcome, sizeof(outcome));
	close(fds[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n != (ssize_t)sizeof(outcome) || status != 0)
		return error_set(error, ROLLCODE_ERR_SYS,
		    "the process that opens the store ended early; run "
		    "rollcode-admin rekey again, it continues where it "
		    "stopped");
	if (outcome.err != ROLLCODE_OK)
		return error_pass(error, outcome.err, &outcome.error, NULL);
	return ROLLCODE_OK;
}

/* --- as the account ------------------------------------------------------ */

struct walk {
	struct admin *admin;
	struct progress progress;
	int64_t users, unusable;
	size_t waiting; /* to be sealed together */
	char names[STORE_AT_ONCE][ROLLCODE_USER_MAX + 1];
};

static enum rollcode_err
reseal_one(struct walk *walk, const char *user, struct error *error)
{
	struct admin *admin = walk->admin;
	struct error detail = {0};
	enum rollcode_err err = ROLLCODE_ERR_UNAVAIL;

	for (int i = 0; i < TRIES && err == ROLLCODE_ERR_UNAVAIL; i++)
		err = admin->ops->reseal(admin->store, user, &detail);
	if (err == ROLLCODE_ERR_NOMEM)
		return error_pass(error, err, &detail, NULL);
	if (err != ROLLCODE_OK) {
		progress_clear(&walk->progress);
		cli_tell(ADMIN_SERVICE, user, err, &detail);
		walk->unusable++;
	}
	return ROLLCODE_OK;
}

/* Where it cannot be done together, it is seen one by one who is why. */
static enum rollcode_err
reseal_waiting(struct walk *walk, struct error *error)
{
	const struct store_ops *ops = walk->admin->ops;
	const char *users[STORE_AT_ONCE];
	enum rollcode_err err = ROLLCODE_OK;
	bool done;

	for (size_t i = 0; i < walk->waiting; i++)
		users[i] = walk->names[i];
	done = ops->reseal_all != NULL && walk->waiting > 1 &&
	       ops->reseal_all(walk->admin->store, users, walk->waiting,
		   NULL) == ROLLCODE_OK;
	for (size_t i = 0; i < walk->waiting && err == ROLLCODE_OK; i++) {
		if (!done)
			err = reseal_one(walk, walk->names[i], error);
		progress_step(&walk->progress);
	}
	walk->waiting = 0;
	return err;
}

static enum rollcode_err
add_waiting(void *context, const char *user, struct error *error)
{
	struct walk *walk = context;

	snprintf(
	    walk->names[walk->waiting++], sizeof(walk->names[0]), "%s", user);
	return walk->waiting == STORE_AT_ONCE ? reseal_waiting(walk, error)
					      : ROLLCODE_OK;
}

static enum rollcode_err
reseal_all(struct admin *admin, struct error *error)
{
	struct walk walk = {.admin = admin};
	enum rollcode_err err;

	if ((err = admin->ops->adopt_key(admin->store, error)) != ROLLCODE_OK ||
	    (err = admin->ops->each(admin->store, admin_count_user, &walk.users,
		 error)) != ROLLCODE_OK)
		return err;
	progress_begin(&walk.progress, "re-encrypting", walk.users);
	if ((err = admin->ops->each(admin->store, add_waiting, &walk, error)) ==
	    ROLLCODE_OK)
		err = reseal_waiting(&walk, error);
	progress_clear(&walk.progress);
	if (err != ROLLCODE_OK ||
	    (admin->ops->clean != NULL &&
		(err = admin->ops->clean(admin->store, error)) != ROLLCODE_OK))
		return err;
	if (walk.unusable > 0)
		return error_set(error, ROLLCODE_ERR_STORE,
		    "the secrets of %" PRId64 " of %" PRId64
		    " users could not be re-encrypted, so SECRET_KEY_PREVIOUS "
		    "stays in the configuration file and nothing is lost; "
		    "repair their files, or remove or re-enrol the users, and "
		    "run rollcode-admin rekey again",
		    walk.unusable, walk.users);
	printf("re-encrypted the secrets of %" PRId64 " user%s\n", walk.users,
	    PLURAL(walk.users));
	return ROLLCODE_OK;
}

/* --- as root ------------------------------------------------------------- */

static enum rollcode_err
write_keys(const char *conf, const struct secret_key *key,
    const struct secret_key *previous, struct error *error)
{
	WIPED(envfile_wipe) struct envfile from = {0};
	WIPED(envfile_wipe) struct envfile to = {0};
	enum rollcode_err err;

	if ((err = envfile_read(conf, &from, error)) != ROLLCODE_OK ||
	    (err = envfile_rekey(&from, key, previous, &to, error)) !=
		ROLLCODE_OK)
		return err;
	return envfile_write(conf, &to, error);
}

/* Everybody who has read the file of that name is gone, or it is late. */
static enum rollcode_err
wait_for_readers(int fd, const char *old, int64_t seconds, struct error *error)
{
	const struct timespec step = {.tv_nsec = STEP_NS};
	int64_t began = clock_ms(), tell = began + TELL_MS;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_at(error, ROLLCODE_ERR_UNAVAIL, old,
			    "cannot be locked: %s; the configuration file must "
			    "be on a disk of this machine",
			    strerror(errno));
		if (clock_ms() >= began + seconds * 1000)
			return error_at(error, ROLLCODE_ERR_UNAVAIL, old,
			    "a process still uses the old configuration, so no "
			    "secret was re-encrypted, and logins continue; "
			    "reload the service (systemctl reload "
			    "rollcode-verify), end other commands (fuser -v "
			    "shows them), and run rollcode-admin rekey again");
		if (clock_ms() >= tell) {
			fprintf(stderr,
			    "waiting until no process uses the old "
			    "configuration; reload the service now: "
			    "systemctl reload rollcode-verify\n");
			tell = INT64_MAX;
		}
		nanosleep(&step, NULL);
	}
	return ROLLCODE_OK;
}

/* An end that was interrupted leaves the env file itself by that name. */
static bool
is_same_file(const char *a, const char *b)
{
	struct stat one, other;

	return lstat(a, &one) == 0 && lstat(b, &other) == 0 &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static enum rollcode_err
forget_old(
    const char *conf, const char *old, int64_t seconds, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;
	int fd;

	fd = open(old, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return ROLLCODE_OK;
	if (fd < 0)
		return error_errno(error, errno, old);
	if (!is_same_file(conf, old))
		err = wait_for_readers(fd, old, seconds, error);
	if (err == ROLLCODE_OK && unlink(old) != 0)
		err = error_errno(error, errno, old);
	if (err == ROLLCODE_OK)
		err = replace_sync_directory(old, error);
	close(fd);
	return err;
}

static enum rollcode_err
add_new_key(const struct config *config, const char *conf, const char *old,
    struct error *error)
{
	WIPED(secret_key_wipe) struct secret_key key = {{0}};
	enum rollcode_err err;

	if ((err = admin_new_key(&key, error)) != ROLLCODE_OK)
		return err;
	if (link(conf, old) != 0)
		return error_errno(error, errno, old);
	return write_keys(conf, &key, &config->key, error);
}

/* Other hosts open what is sealed anew only with the new key. */
static bool
others_have_it(const struct config *config, const struct admin_options *options)
{
	if (!config_is_pgsql(config) || options->everywhere)
		return true;
	plain_line(stdout,
	    "next: put SECRET_KEY and SECRET_KEY_PREVIOUS of %s into the "
	    "configuration file of every host that shares the store, reload "
	    "the service there, and run rollcode-admin rekey --everywhere",
	    options->conf);
	return false;
}

/* Both keys in the env file, unless they are there. */
static enum rollcode_err
begin_rekey(const struct admin_options *options, const char *old, bool *go_on,
    struct error *error)
{
	WIPED(config_wipe) struct config config = {0};
	const char *conf = options->conf;
	enum rollcode_err err;

	if ((err = config_load(conf, true, &config, error)) != ROLLCODE_OK)
		return err;
	if (config.has_previous) {
		plain_line(stdout,
		    "continuing the change of key: SECRET_KEY_PREVIOUS is in "
		    "%s",
		    conf);
	} else if (options->everywhere) {
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "no change of key was started; run the command without "
		    "--everywhere to start one");
	} else {
		if ((err = as_account(options, NULL, error)) != ROLLCODE_OK ||
		    (err = forget_old(conf, old, options->wait, error)) !=
			ROLLCODE_OK ||
		    (err = add_new_key(&config, conf, old, error)) !=
			ROLLCODE_OK)
			return err;
		plain_line(stdout,
		    "made a new key in %s; keep a copy of it apart from the "
		    "store's backup",
		    conf);
	}
	*go_on = others_have_it(&config, options);
	return ROLLCODE_OK;
}

static enum rollcode_err
finish_rekey(const char *conf, const char *old, struct error *error)
{
	WIPED(config_wipe) struct config config = {0};
	enum rollcode_err err;

	if ((err = config_load(conf, true, &config, error)) != ROLLCODE_OK)
		return err;
	if (link(conf, old) != 0)
		return error_errno(error, errno, old);
	if ((err = write_keys(conf, &config.key, NULL, error)) != ROLLCODE_OK)
		return err;
	plain_line(stdout, "removed the previous key from %s", conf);
	printf("next: replace your copy of SECRET_KEY; older backups of the "
	       "store need the key of their time\n");
	return ROLLCODE_OK;
}

/* Logins are over by then; a service keeps what it has read. */
static enum rollcode_err
leave_old(const char *conf, const char *old, struct error *error)
{
	if (truncate(old, 0) != 0)
		return error_errno(error, errno, old);
	if (forget_old(conf, old, LEAVE_SECONDS, NULL) != ROLLCODE_OK)
		printf("next: reload the service once more, so that it forgets "
		       "the previous key: systemctl reload rollcode-verify\n");
	return ROLLCODE_OK;
}

enum rollcode_err
admin_rekey(void *base, char **argv, struct error *error)
{
	const struct admin_options *options = base;
	char old[PATH_MAX + 8];
	enum rollcode_err err;
	bool go_on = false;
	int lock = -1;

	(void)argv;
	snprintf(old, sizeof(old), "%s.rekey", options->conf);
	if ((err = envfile_lock(options->conf, &lock, error)) != ROLLCODE_OK)
		return err;
	if ((err = begin_rekey(options, old, &go_on, error)) == ROLLCODE_OK &&
	    go_on &&
	    (err = forget_old(options->conf, old, options->wait, error)) ==
		ROLLCODE_OK &&
	    (err = as_account(options, reseal_all, error)) == ROLLCODE_OK &&
	    (err = finish_rekey(options->conf, old, error)) == ROLLCODE_OK)
		err = leave_old(options->conf, old, error);
	close(lock);
	return err;
}
