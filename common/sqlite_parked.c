/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_parked.c - go on with a file that others may have used meanwhile.
 *
 *  1. SQLite itself locks nothing here, and keeps the log's index to itself:
 *     one lock of ours, which excludes SQLite's own of any other process, is
 *     all there is, and it lasts from enter to leave.
 *  2. Whatever anybody else has done to file or log between leave and enter is
 *     seen, or it changed nothing that this connection relies on.
 *
 * Who commits writes a frame behind the last one of the log, or begins the log
 * anew with other salts in its header.  So both places are read at leave and at
 * enter.  A frame there that carries the log's salts already, left by a writer
 * that was killed, could be written again as it is: then nothing is parked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "clock.h"
#include "sqlite.h"
#include "sqlite_parts.h"

/* https://sqlite.org/fileformat2.html#walformat */
#define LOG_HEADER 32
#define LOG_PAGE_SIZE 8 /* where in it, big-endian; and its salts */
#define LOG_SALTS 16
#define FRAME_HEADER 24
#define FRAME_SALTS 8
#define SALTS_LEN 8

/* What SQLite locks to keep everybody else out: src/os.h, SHARED_FIRST. */
#define LOCK_FIRST 0x40000002
#define LOCK_LEN 510

/* File and log between two transactions. */
struct state {
	struct stat file, log;
	uint8_t header[LOG_HEADER], next[FRAME_HEADER];
};

struct sqlite_parked {
	sqlite3 *db;
	const struct sqlite_kind *kind;
	int lock;   /* a descriptor of the file, for its lock alone */
	int frames; /* in the log, behind the last commit; 0: not known */
	struct state left;
};

static int
count_frames(void *parked, sqlite3 *db, const char *name, int frames)
{
	struct sqlite_parked *p = parked;

	(void)db;
	(void)name;
	p->frames = frames;
	return SQLITE_OK;
}

static enum rollcode_err
set_lock(struct sqlite_parked *p, const char *path, struct error *error)
{
	const struct flock lock = {
	    .l_type = F_WRLCK,
	    .l_whence = SEEK_SET,
	    .l_start = LOCK_FIRST,
	    .l_len = LOCK_LEN,
	};

	for (int tries = 0;; tries++) {
		if (fcntl(p->lock, F_OFD_SETLK, &lock) == 0)
			return ROLLCODE_OK;
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return error_set(error, error_from_errno(errno),
			    "%s: cannot be locked: %s; does its file system "
			    "know locks?",
			    path, strerror(errno));
		if (!sqlite_wait_for_lock(p->kind, tries))
			return error_set(error, ROLLCODE_ERR_UNAVAIL,
			    "%s: another process holds its lock, try again",
			    path);
	}
}

static bool
let_go(struct sqlite_parked *p)
{
	const struct flock lock = {
	    .l_type = F_UNLCK,
	    .l_whence = SEEK_SET,
	    .l_start = LOCK_FIRST,
	    .l_len = LOCK_LEN,
	};

	return fcntl(p->lock, F_OFD_SETLK, &lock) == 0;
}

static uint32_t
big_endian(const uint8_t b[4])
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	       (uint32_t)b[2] << 8 | b[3];
}

/* Behind the end there are zero bytes. */
static bool
read_log(sqlite3_file *log, uint8_t *out, int len, int64_t at)
{
	int rc = log->pMethods->xRead(log, out, len, at);

	return rc == SQLITE_OK || rc == SQLITE_IOERR_SHORT_READ;
}

static bool
look(const struct sqlite_parked *p, struct state *s)
{
	const char *path = sqlite3_db_filename(p->db, "main");
	sqlite3_file *log = NULL;
	int64_t frame;

	memset(s, 0, sizeof(*s));
	if (lstat(path, &s->file) != 0 ||
	    lstat(sqlite3_filename_wal(path), &s->log) != 0 ||
	    sqlite3_file_control(p->db, "main", SQLITE_FCNTL_JOURNAL_POINTER,
		&log) != SQLITE_OK ||
	    log == NULL || log->pMethods == NULL ||
	    !read_log(log, s->header, LOG_HEADER, 0))
		return false;
	frame = (int64_t)big_endian(s->header + LOG_PAGE_SIZE) + FRAME_HEADER;
	return read_log(
	    log, s->next, FRAME_HEADER, LOG_HEADER + p->frames * frame);
}

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The log's times and size change without any change to what was committed. */
static bool
same_state(const struct state *a, const struct state *b)
{
	return same_file(&a->file, &b->file) && same_file(&a->log, &b->log) &&
	       a->file.st_size == b->file.st_size &&
	       same_time(&a->file.st_mtim, &b->file.st_mtim) &&
	       same_time(&a->file.st_ctim, &b->file.st_ctim) &&
	       memcmp(a->header, b->header, LOG_HEADER) == 0 &&
	       memcmp(a->next, b->next, FRAME_HEADER) == 0;
}

/* Who opens by a name may have another file than who locked it. */
static enum rollcode_err
check_same_file(
    const struct sqlite_parked *p, const char *path, struct error *error)
{
	struct stat locked, named;

	if (fstat(p->lock, &locked) == 0 && lstat(path, &named) == 0 &&
	    same_file(&locked, &named))
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_UNAVAIL,
	    "%s: was removed or replaced just now; try again", path);
}

enum rollcode_err
sqlite_parked_open(const char *path, const struct sqlite_kind *kind,
    struct sqlite_parked **parked, struct error *error)
{
	struct sqlite_parked *p;
	enum rollcode_err err;

	*parked = NULL;
	if ((err = sqlite_check_file(path, kind, error)) != ROLLCODE_OK)
		return err;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	p->kind = kind;
	p->lock = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (p->lock < 0)
		err = error_set(error, error_from_errno(errno), "%s: %s", path,
		    strerror(errno));
	if (err != ROLLCODE_OK ||
	    (err = set_lock(p, path, error)) != ROLLCODE_OK ||
	    (err = sqlite_connect(path, kind, SQLITE_LOCKS_NONE, &p->db,
		 error)) != ROLLCODE_OK ||
	    (err = check_same_file(p, path, error)) != ROLLCODE_OK) {
		sqlite_parked_close(p);
		return err;
	}
	(void)sqlite3_wal_hook(p->db, count_frames, p);
	*parked = p;
	return ROLLCODE_OK;
}

sqlite3 *
sqlite_parked_db(const struct sqlite_parked *p)
{
	return p->db;
}

const char *
sqlite_parked_path(const struct sqlite_parked *p)
{
	return sqlite3_db_filename(p->db, "main");
}

enum rollcode_err
sqlite_parked_enter(struct sqlite_parked *p, bool *same, struct error *error)
{
	const char *path = sqlite_parked_path(p);
	struct state now;
	enum rollcode_err err;

	*same = false;
	if ((err = set_lock(p, path, error)) != ROLLCODE_OK ||
	    (err = sqlite_check_file(path, p->kind, error)) != ROLLCODE_OK)
		return err;
	*same = look(p, &now) && same_state(&now, &p->left);
	return ROLLCODE_OK;
}

bool
sqlite_parked_leave(struct sqlite_parked *p)
{
	return p->frames > 0 && look(p, &p->left) &&
	       memcmp(p->left.header + LOG_SALTS, p->left.next + FRAME_SALTS,
		   SALTS_LEN) != 0 &&
	       let_go(p);
}

void
sqlite_parked_close(struct sqlite_parked *p)
{
	if (p == NULL)
		return;
	sqlite_close(p->db);
	if (p->lock >= 0) {
		(void)let_go(p); /* a copy of this process may have it too */
		close(p->lock);
	}
	free(p);
}
