/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/token/codec.h"
#include "config/envfile.h"
#include "system/path.h"

#define OPEN_TRIES 8 /* if the file is replaced meanwhile */

#define WORD(word, type, field, least, most)                          \
	{                                                             \
		.name = (word), .kind = KEYWORD_##type,               \
		.at = offsetof(struct config, field), .min = (least), \
		.max = (most)                                         \
	}

/* clang-format off */
const struct keyword config_keywords[] = {
	WORD("SECRET_KEY", SECRET, key_text, 1, CONFIG_HEX_LEN),
	WORD("SECRET_KEY_PREVIOUS", SECRET, previous_text, 1, CONFIG_HEX_LEN),
	WORD("DATABASE", TEXT, database, 1, PATH_MAX - 1),
	WORD("DATABASE_ADMIN", TEXT, database_admin, 1, PATH_MAX - 1),
	WORD("WITNESS", TEXT, witness, 1, PATH_MAX - 1),
	WORD("ACCOUNT", TEXT, account, 1, CONFIG_NAME_MAX),
	WORD("CALLERS", TEXT, callers, 1, CONFIG_CALLERS_MAX),
	WORD("TOLERANCE", NUMBER, policy.tolerance, 1, 100),
	WORD("RESYNC_WINDOW", NUMBER, policy.resync_window, 0, 32768),
	WORD("RESYNC_SECONDS", NUMBER, policy.resync_seconds, 1, 86400),
	WORD("GUARD_AFTER", NUMBER, policy.guard_after, 1, 100),
	WORD("GUESSES", NUMBER, policy.guesses, 1, 1000),
	WORD("LOOKBEHIND", NUMBER, policy.lookbehind, 0, 1000),
	WORD("EVENTS_KEPT", NUMBER, events_kept, 0, 10000),
	WORD("PGSQL_KEEP", NUMBER, pgsql_keep, 0, 3600),
	{.name = NULL},
};
/* clang-format on */

void
config_defaults(struct config *config)
{
	memset(config, 0, sizeof(*config));
	memcpy(config->database, CONFIG_DATABASE, sizeof(CONFIG_DATABASE));
	memcpy(config->account, ROLLCODE_ACCOUNT, sizeof(ROLLCODE_ACCOUNT));
	config->policy = (struct policy){
	    .tolerance = 5,
	    .resync_window = 1000,
	    .resync_seconds = 300,
	    .guard_after = 5,
	    .guesses = 20,
	    .lookbehind = 64,
	};
	config->events_kept = 200;
	config->pgsql_keep = 30;
}

static void
check_key(struct mistakes *m, const char *name, const char *text,
    struct secret_key *key, bool *has)
{
	uint8_t any = 0;

	if (text[0] == '\0')
		return;
	if (!hex_decode(text, key->bytes, sizeof(key->bytes))) {
		mistake_tell(m, REASON_SECRET, 0,
		    "%s: is not %d hex digits; put the store's key there, or "
		    "remove the line and rollcode-admin init makes one",
		    name, CONFIG_HEX_LEN);
		return;
	}
	for (size_t i = 0; i < sizeof(key->bytes); i++)
		any |= key->bytes[i] ^ key->bytes[0];
	*has = any != 0;
	if (!*has)
		mistake_tell(m, REASON_SECRET, 0,
		    "%s: is a placeholder; remove the line, and rollcode-admin "
		    "init makes a key",
		    name);
}

/* Where it is, in whatever way; the kind of store looks at the rest. */
static void
check_database(struct mistakes *m, const struct config *config)
{
	const char *database = config->database,
		   *admin = config->database_admin;
	bool pgsql = config_is_pgsql(config);

	if (!pgsql &&
	    (strncmp(database, "sqlite:/", 8) != 0 || database[8] == '/'))
		mistake_tell(m, REASON_NONE, 0,
		    "DATABASE: is neither sqlite: and an absolute directory "
		    "nor postgresql:// and a server");
	if (admin[0] != '\0' &&
	    (!pgsql || strncmp(admin, CONFIG_PGSQL, strlen(CONFIG_PGSQL)) != 0))
		mistake_tell(m, REASON_NONE, 0,
		    "DATABASE_ADMIN: must be postgresql:// and a server, and "
		    "DATABASE too");
}

/* Where the store's files are, without slashes at its end. */
static const char *
files_place(const struct config *config, size_t *len)
{
	const char *place = config->database + strlen(CONFIG_SQLITE);

	*len = strlen(place);
	while (*len > 1 && place[*len - 1] == '/')
		--*len;
	return place;
}

void
config_witness(const struct config *config, char path[PATH_MAX])
{
	const char *place;
	size_t len;

	if (config->witness[0] != '\0') {
		memcpy(path, config->witness, PATH_MAX);
		return;
	}
	place = ROLLCODE_STATE;
	len = strlen(place);
	if (!config_is_pgsql(config))
		place = files_place(config, &len);
	if (len + sizeof(CONFIG_WITNESS_END) > PATH_MAX) {
		path[0] = '\0';
		return;
	}
	memcpy(path, place, len);
	memcpy(path + len, CONFIG_WITNESS_END, sizeof(CONFIG_WITNESS_END));
}

/* What goes back together with the store shows nothing. */
static void
check_witness(struct mistakes *m, const struct config *config)
{
	size_t len;
	const char *witness = config->witness,
		   *place = files_place(config, &len);

	if (witness[0] == '\0')
		return;
	if (witness[0] != '/')
		mistake_tell(
		    m, REASON_NONE, 0, "WITNESS: is not an absolute directory");
	else if (!config_is_pgsql(config) &&
		 strncmp(witness, place, len) == 0 &&
		 (witness[len] == '/' || witness[len] == '\0'))
		mistake_tell(m, REASON_NONE, 0,
		    "WITNESS: is inside the directory of DATABASE; name one "
		    "outside, which is not restored with it");
}

enum rollcode_err
config_parse(char *text, size_t len, bool need_key, struct config *config,
    struct mistakes *m)
{
	const struct policy *policy = &config->policy;
	uint64_t seen = 0;

	config_defaults(config);
	(void)!env_parse(text, len, config_keywords, config, &seen, m);
	check_key(
	    m, "SECRET_KEY", config->key_text, &config->key, &config->has_key);
	check_key(m, "SECRET_KEY_PREVIOUS", config->previous_text,
	    &config->previous, &config->has_previous);
	if (need_key && config->key_text[0] == '\0')
		mistake_tell(m, REASON_SECRET, 0,
		    "SECRET_KEY: is missing; rollcode-admin init makes one");
	if (policy->resync_window != 0 &&
	    policy->resync_window <= policy->tolerance)
		mistake_tell(m, REASON_NONE, 0,
		    "RESYNC_WINDOW: must be 0 (off) or more than TOLERANCE");
	check_database(m, config);
	check_witness(m, config);
	return m->err;
}

static void
find_store_account(struct mistakes *m, struct config *config)
{
	const struct passwd *pw;

	if (strcmp(config->account, "root") == 0)
		return;
	errno = 0;
	if ((pw = getpwnam(config->account)) == NULL) {
		mistake_tell(m, REASON_ACCOUNT, 0,
		    "ACCOUNT: account %s%s%s does not exist; make install or "
		    "the package creates it",
		    config->account, errno != 0 ? ": " : "",
		    errno != 0 ? strerror(errno) : "");
	} else if (pw->pw_uid == 0) {
		mistake_tell(m, REASON_NONE, 0,
		    "ACCOUNT: %s is another name of root; write root",
		    config->account);
	} else {
		config->uid = pw->pw_uid;
		config->gid = pw->pw_gid;
	}
}

/* Whether an open file can be one, by owner, mode and size. */
static enum rollcode_err
check_file(int fd, const char *path, struct error *error)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_at(
		    error, ROLLCODE_ERR_CONFIG, path, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_at(error, ROLLCODE_ERR_CONFIG, path,
		    "is not a regular file; put the configuration file there");
	if (st.st_uid != geteuid())
		return error_fix(error,
		    error_at(error, ROLLCODE_ERR_CONFIG, path,
			"belongs to uid %u, who may have written it; read it "
			"before you use it",
			(unsigned int)st.st_uid),
		    "chown", "-h", "root", path, NULL);
	if ((st.st_mode & 07177) != 0)
		return error_fix(error,
		    error_at(error, ROLLCODE_ERR_CONFIG, path,
			"has mode %04o and holds a key",
			(unsigned int)(st.st_mode & 07777)),
		    "chmod", "600", path, NULL);
	if (st.st_size > ENV_FILE_MAX)
		return error_at(error, ROLLCODE_ERR_CONFIG, path,
		    "is larger than %d bytes", ENV_FILE_MAX);
	return ROLLCODE_OK;
}

/* What was never used costs no memory, and is zero still. */
static void
wipe_used(struct envfile *file)
{
	explicit_bzero(file->text, file->len);
	file->len = 0;
}

/* Where nothing can be locked it is read all the same. */
static int
open_locked(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0)
		(void)!flock(fd, LOCK_SH | LOCK_NB);
	return fd;
}

static bool
is_named(int fd, const char *path)
{
	struct stat file, named;

	return fstat(fd, &file) != 0 || lstat(path, &named) != 0 ||
	       (file.st_dev == named.st_dev && file.st_ino == named.st_ino);
}

static enum rollcode_err
read_whole(int fd, const char *path, struct envfile *file, struct error *error)
{
	enum rollcode_err err;
	ssize_t n = 1;

	if ((err = check_file(fd, path, error)) != ROLLCODE_OK)
		return err;
	while (n > 0 && file->len < ENV_FILE_MAX) {
		n = read(fd, file->text + file->len, ENV_FILE_MAX - file->len);
		file->len += n > 0 ? (size_t)n : 0;
	}
	return n >= 0 ? ROLLCODE_OK
		      : error_at(error, ROLLCODE_ERR_CONFIG, path, "%s",
			    strerror(errno));
}

/* One that has lost its name meanwhile is not locked in time, or empty. */
enum rollcode_err
envfile_open(
    const char *path, struct envfile *file, int *held, struct error *error)
{
	enum rollcode_err err;
	int fd;

	*held = 0;
	for (int left = OPEN_TRIES;; left--) {
		if ((fd = open_locked(path)) < 0)
			return error_at(error, ROLLCODE_ERR_CONFIG, path,
			    "%s%s", strerror(errno),
			    errno == ENOENT ? "; rollcode-admin init makes it"
			    : errno == EACCES
				? "; only root can read it; run the command as "
				  "root"
				: "");
		err = read_whole(fd, path, file, error);
		if (left == 0 || is_named(fd, path))
			break;
		close(fd);
		wipe_used(file);
	}
	if (err == ROLLCODE_OK)
		*held = fd;
	else
		close(fd);
	return err;
}

enum rollcode_err
config_read(
    const char *path, bool need_key, struct config *config, struct mistakes *m)
{
	static struct envfile file;
	struct error error = {0};
	int held;

	config_defaults(config);
	if (path_check(path, geteuid(), &error) == ROLLCODE_ERR_STORE ||
	    envfile_open(path, &file, &held, &error) != ROLLCODE_OK) {
		wipe_used(&file);
		m->tell(m->context, &error);
		m->err = ROLLCODE_ERR_CONFIG;
		return m->err;
	}
	(void)!config_parse(file.text, file.len, need_key, config, m);
	wipe_used(&file);
	config->file = held;
	if (m->err == ROLLCODE_OK)
		find_store_account(m, config);
	return m->err;
}

enum rollcode_err
config_load(
    const char *path, bool need_key, struct config *config, struct error *error)
{
	struct error all = {0};
	enum rollcode_err err =
	    config_read(path, need_key, config, MISTAKES(&all));

	if (err == ROLLCODE_OK)
		return err;
	/* Only what was open has mistakes in it. */
	return config->file > 0 ? error_at(error, err, path, "%s", all.text)
				: error_pass(error, err, &all, NULL);
}
