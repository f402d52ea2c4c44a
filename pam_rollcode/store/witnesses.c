/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/witnesses.h"
#include "system/path.h"

bool
witnesses_find(
    const struct config *config, const char *beside, char path[PATH_MAX])
{
	uid_t uid = config->uid;
	struct stat st;

	config_witness(config, path);
	return path[0] != '\0' &&
	       path_check_beside(path, beside, uid, &st, NULL) == ROLLCODE_OK &&
	       S_ISDIR(st.st_mode) && st.st_uid == uid &&
	       (st.st_mode & 077) == 0;
}

/* Only a file of the account's that nobody else can change or has a name of. */
static bool
is_right_file(int fd, uid_t uid, struct stat *st)
{
	return fstat(fd, st) == 0 && S_ISREG(st->st_mode) &&
	       st->st_nlink == 1 && st->st_uid == uid &&
	       (st->st_mode & 07777) == 0600;
}

bool
witnesses_read(const char *path, uid_t uid, void *record, size_t size)
{
	struct stat st;
	bool right;
	int fd;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	right = is_right_file(fd, uid, &st) && st.st_size == (off_t)size &&
		pread(fd, record, size, 0) == (ssize_t)size;
	close(fd);
	return right;
}

int
witnesses_put(const char *path, uid_t uid, const void *record, size_t size)
{
	struct stat st;
	int fd;

	fd = open(path,
	    O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0)
		return -1;
	if (is_right_file(fd, uid, &st) &&
	    (st.st_size <= (off_t)size || ftruncate(fd, (off_t)size) == 0) &&
	    pwrite(fd, record, size, 0) == (ssize_t)size)
		return fd;
	close(fd);
	return -1;
}
