/* SPDX-License-Identifier: Apache-2.0 */
/*
 * marker.c - the store's directory: names, modes, and the marker that
 * says that it is a store and not an empty mount point.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/replace.h"
#include "store/sqlite/parts.h"
#include "system/path.h"

#define MARKER_FORMAT 1
#define MARKER_MAX 256	/* bytes of the file */
#define MARKER_NEEDED 7 /* the first three words */

/* clang-format off */
static const struct keyword marker_keywords[] = {
	{ .name = "FORMAT", .kind = KEYWORD_NUMBER,
	  .at = offsetof(struct marker, format), .min = 1, .max = 1000 },
	{ .name = "STORE_ID", .kind = KEYWORD_TEXT,
	  .at = offsetof(struct marker, store_id),
	  .min = STORE_ID_LEN, .max = STORE_ID_LEN },
	{ .name = "KEY_ID", .kind = KEYWORD_TEXT,
	  .at = offsetof(struct marker, key_id),
	  .min = SEAL_ID_LEN, .max = SEAL_ID_LEN },
	{ .name = "BACKUP", .kind = KEYWORD_NUMBER,
	  .at = offsetof(struct marker, backup), .min = 1, .max = INT64_MAX },
	{ .name = "HOST", .kind = KEYWORD_TEXT,
	  .at = offsetof(struct marker, machine),
	  .min = MACHINE_NAME_LEN, .max = MACHINE_NAME_LEN },
	{ .name = NULL },
};
/* clang-format on */

enum rollcode_err
store_path_join(struct store_path *out, const char *directory, const char *name,
    const char *ending, struct error *error)
{
	int n;

	n = snprintf(
	    out->text, sizeof(out->text), "%s/%s%s", directory, name, ending);
	if (n < 0 || (size_t)n >= sizeof(out->text) - 16)
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "DATABASE: the directory's name is too long");
	return ROLLCODE_OK;
}

enum rollcode_err
store_users_path(
    const struct config *config, struct store_path *path, struct error *error)
{
	return store_path_join(
	    path, config->database + strlen(CONFIG_SQLITE), "users", "", error);
}

static enum rollcode_err
check_owned(const struct config *config, const char *path,
    const struct stat *st, const char *mode, bool right, struct error *error)
{
	if (st->st_uid != config->uid)
		return error_fix(error,
		    error_at(error, ROLLCODE_ERR_STORE, path,
			"belongs to uid %u", (unsigned int)st->st_uid),
		    "chown", "-h", config->account, path, NULL);
	if (right)
		return ROLLCODE_OK;
	return error_fix(error,
	    error_at(error, ROLLCODE_ERR_STORE, path, "has mode %04o",
		(unsigned int)(st->st_mode & 07777)),
	    "chmod", mode, path, NULL);
}

enum rollcode_err
store_check_directory(const struct config *config,
    const struct store_path *users, struct error *error)
{
	struct stat st;
	enum rollcode_err err;

	if ((err = path_check_beside(
		 users->text, "", config->uid, &st, error)) != ROLLCODE_OK) {
		if (err == ROLLCODE_ERR_UNAVAIL)
			error_add(error, err,
			    "there is no store: mount it, or create one with "
			    "rollcode-admin init");
		return err;
	}
	if (!S_ISDIR(st.st_mode))
		return error_at(error, ROLLCODE_ERR_STORE, users->text,
		    "is not a directory; move it away");
	return check_owned(
	    config, users->text, &st, "700", (st.st_mode & 077) == 0, error);
}

static enum rollcode_err
marker_check(
    int fd, const struct config *config, const char *path, struct error *error)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_at(
		    error, ROLLCODE_ERR_UNAVAIL, path, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size >= MARKER_MAX)
		return error_at(error, ROLLCODE_ERR_STORE, path,
		    "is not a store's marker; restore it");
	return check_owned(
	    config, path, &st, "600", (st.st_mode & 07777) == 0600, error);
}

static enum rollcode_err
marker_parse(char *text, size_t len, const char *path, struct marker *marker,
    struct error *error)
{
	uint64_t seen = 0;

	memset(marker, 0, sizeof(*marker));
	if (env_parse(text, len, marker_keywords, marker, &seen,
		MISTAKES(NULL)) != ROLLCODE_OK ||
	    (seen & MARKER_NEEDED) != MARKER_NEEDED)
		return error_at(error, ROLLCODE_ERR_STORE, path,
		    "is not a store's marker; restore it");
	if (marker->format != MARKER_FORMAT)
		return error_at(error, ROLLCODE_ERR_STORE, path,
		    "the store was made by a newer version; install that "
		    "version");
	return ROLLCODE_OK;
}

/*
 * When the marker, or the directory that has the store, got its place: a time
 * that no program can set.
 */
static enum rollcode_err
find_placed(
    int fd, const struct config *config, int64_t *placed, struct error *error)
{
	const char *directory = config->database + strlen(CONFIG_SQLITE);
	struct stat marker, above;

	if (fstat(fd, &marker) != 0 || stat(directory, &above) != 0)
		return error_errno(error, errno, directory);
	*placed =
	    marker.st_ctime > above.st_ctime ? marker.st_ctime : above.st_ctime;
	return ROLLCODE_OK;
}

static enum rollcode_err
find_past(int fd, const struct config *config, const struct marker *marker,
    struct restored *restored, struct error *error)
{
	char here[MACHINE_NAME_LEN + 1] = "";
	enum rollcode_err err;

	memset(restored, 0, sizeof(*restored));
	if (marker->machine[0] != '\0' &&
	    (err = machine_name(marker->store_id, here, error)) != ROLLCODE_OK)
		return err;
	restored->copy = here[0] != '\0' && strcmp(here, marker->machine) != 0;
	restored->since = marker->backup;
	restored->is = restored->copy || restored->since != 0;
	return restored->is ? find_placed(fd, config, &restored->placed, error)
			    : ROLLCODE_OK;
}

static enum rollcode_err
read_marker(const struct config *config, const struct store_path *users,
    struct marker *marker, struct restored *restored, struct error *error)
{
	char text[MARKER_MAX + 1];
	struct store_path path;
	enum rollcode_err err;
	ssize_t n;
	int fd;

	if ((err = store_path_join(&path, users->text, "marker", "", error)) !=
	    ROLLCODE_OK)
		return err;
	fd = open(path.text, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return error_at(error, ROLLCODE_ERR_UNAVAIL, path.text,
		    "is missing, so this is no store: mount it, or create one "
		    "with rollcode-admin init");
	if (fd < 0)
		return error_at(error,
		    errno == ELOOP || errno == EACCES ? ROLLCODE_ERR_STORE
						      : error_from_errno(errno),
		    path.text,
		    "cannot be opened: %s; restore the store's own file",
		    strerror(errno));
	if ((err = marker_check(fd, config, path.text, error)) == ROLLCODE_OK) {
		n = read(fd, text, MARKER_MAX);
		err = n < 0 ? error_errno(error, errno, path.text)
			    : marker_parse(
				  text, (size_t)n, path.text, marker, error);
	}
	if (err == ROLLCODE_OK)
		err = find_past(fd, config, marker, restored, error);
	close(fd);
	return err;
}

enum rollcode_err
marker_read(const struct config *config, const struct store_path *users,
    struct marker *marker, struct restored *restored, struct error *error)
{
	enum rollcode_err err =
	    read_marker(config, users, marker, restored, error);

	return err == ROLLCODE_OK ? err
				  : error_because(error, err, REASON_MARKER);
}

bool
store_present(const struct config *config)
{
	struct store_path users, path;
	struct stat st;

	return !config_is_pgsql(config) &&
	       store_users_path(config, &users, NULL) == ROLLCODE_OK &&
	       store_path_join(&path, users.text, "marker", "", NULL) ==
		   ROLLCODE_OK &&
	       lstat(path.text, &st) == 0;
}

enum rollcode_err
marker_write(const struct store_path *users, const struct marker *marker,
    bool replace, struct error *error)
{
	char text[MARKER_MAX], backup[32] = "", machine[64] = "";
	struct store_path path;
	enum rollcode_err err;
	int n, e;

	if ((err = store_path_join(&path, users->text, "marker", "", error)) !=
	    ROLLCODE_OK)
		return err;
	if (marker->backup != 0)
		snprintf(backup, sizeof(backup), "BACKUP=%" PRId64 "\n",
		    marker->backup);
	if (marker->machine[0] != '\0')
		snprintf(
		    machine, sizeof(machine), "HOST=%s\n", marker->machine);
	n = snprintf(text, sizeof(text),
	    "FORMAT=%d\nSTORE_ID=%s\nKEY_ID=%s\n%s%s", MARKER_FORMAT,
	    marker->store_id, marker->key_id, backup, machine);
	if ((e = replace_file(path.text, text, (size_t)n, replace)) == 0)
		return replace_sync_directory(path.text, error);
	return error_errno(error, e, path.text);
}
