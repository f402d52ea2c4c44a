/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parked.c - the users' files that a process used last stay open, and it goes
 * on with one that others may have used meanwhile.
 *
 *  1. SQLite itself locks nothing here, and keeps the log's index to itself:
 *     one lock of ours, which excludes SQLite's own of any other process, is
 *     all there is, and it lasts from take to put.
 *  2. Whatever anybody else has done to file or log between put and take is
 *     seen, or it changed nothing that this connection relies on.
 *
 * Who commits writes a frame behind the last one of the log, or begins the log
 * anew with other salts in its header.  So both places are read at put and at
 * take, and the last frame's header, whose checksum is that of all before it:
 * who puts an older log back is seen by that.  A frame behind it that carries
 * the log's salts already, left by a writer that was killed, could be written
 * again as it is: then nothing is parked.
 *
 * For a process that verifies one login at a time, and opens nothing before it
 * is forked: a copy of it must not touch its connections
 * (https://sqlite.org/howtocorrupt.html, section 2.6).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "common/base/clock.h"
#include "common/sqlite/parts.h"
#include "store/sqlite/parts.h"

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

#define POOL_MAX 4

/* File and log between two transactions. */
struct state {
	struct stat file, log;
	uint8_t header[LOG_HEADER], last[FRAME_HEADER], next[FRAME_HEADER];
};

struct sqlite_parked {
	struct sqlite_parked *next; /* used before it */
	int64_t since;		    /* clock_ms() */
	sqlite3 *db;		    /* NULL until it is open */
	int lock;   /* a descriptor of the file, for its lock alone; or -1 */
	int frames; /* in the log, behind the last commit; 0: not known */
	struct state left;
	char path[];
};

static struct sqlite_parked *pool; /* the one used last */

static int
count_frames(void *parked, sqlite3 *db, const char *name, int frames)
{
	struct sqlite_parked *p = parked;

	(void)db;
	(void)name;
	p->frames = frames;
	return SQLITE_OK;
}

static int
lock_range(const struct sqlite_parked *p, short type)
{
	const struct flock lock = {
	    .l_type = type,
	    .l_whence = SEEK_SET,
	    .l_start = LOCK_FIRST,
	    .l_len = LOCK_LEN,
	};

	return fcntl(p->lock, F_OFD_SETLK, &lock);
}

static enum rollcode_err
set_lock(const struct sqlite_parked *p, int64_t deadline, struct error *error)
{
	while (lock_range(p, F_WRLCK) != 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return error_at(error, error_from_errno(errno), p->path,
			    "cannot be locked: %s; does its file system "
			    "support locks?",
			    strerror(errno));
		if (!sqlite_wait(deadline))
			return error_at(error, ROLLCODE_ERR_UNAVAIL, p->path,
			    "another process holds its lock, try again");
	}
	return ROLLCODE_OK;
}

static void
close_connection(struct sqlite_parked *p)
{
	sqlite_close(p->db);
	p->db = NULL;
	p->frames = 0;
}

static void
release_lock(struct sqlite_parked *p)
{
	if (p->lock < 0)
		return;
	(void)lock_range(p, F_UNLCK); /* a copy of this process may have it */
	close(p->lock);
	p->lock = -1;
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
read_state(const struct sqlite_parked *p, struct state *s)
{
	const char *name = sqlite3_db_filename(p->db, "main");
	sqlite3_file *log = NULL;
	int64_t frame, next;

	memset(s, 0, sizeof(*s));
	if (lstat(name, &s->file) != 0 ||
	    lstat(sqlite3_filename_wal(name), &s->log) != 0 ||
	    sqlite3_file_control(p->db, "main", SQLITE_FCNTL_JOURNAL_POINTER,
		&log) != SQLITE_OK ||
	    log == NULL || log->pMethods == NULL ||
	    !read_log(log, s->header, LOG_HEADER, 0))
		return false;
	frame = (int64_t)big_endian(s->header + LOG_PAGE_SIZE) + FRAME_HEADER;
	next = LOG_HEADER + p->frames * frame;
	return read_log(log, s->last, FRAME_HEADER, next - frame) &&
	       read_log(log, s->next, FRAME_HEADER, next);
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

static bool
is_unchanged(const struct stat *a, const struct stat *b)
{
	return same_file(a, b) && a->st_size == b->st_size &&
	       same_time(&a->st_mtim, &b->st_mtim) &&
	       same_time(&a->st_ctim, &b->st_ctim);
}

static bool
is_as_left(const struct sqlite_parked *p)
{
	const struct state *a = &p->left;
	struct state b;

	return p->db != NULL && read_state(p, &b) &&
	       is_unchanged(&a->file, &b.file) &&
	       is_unchanged(&a->log, &b.log) &&
	       memcmp(a->header, b.header, LOG_HEADER) == 0 &&
	       memcmp(a->last, b.last, FRAME_HEADER) == 0 &&
	       memcmp(a->next, b.next, FRAME_HEADER) == 0;
}

enum rollcode_err
sqlite_parked_check(const struct sqlite_parked *p, struct error *error)
{
	struct stat locked, named;

	if (fstat(p->lock, &locked) == 0 && lstat(p->path, &named) == 0 &&
	    same_file(&locked, &named))
		return ROLLCODE_OK;
	return error_at(error, ROLLCODE_ERR_UNAVAIL, p->path,
	    "was removed or replaced while it was opened; try again");
}

/* Lock the file that has the name once it is locked. */
static enum rollcode_err
lock_file(struct sqlite_parked *p, struct error *error)
{
	const struct sqlite_kind *kind = &store_sqlite_kind;
	int64_t deadline = clock_ms() + kind->busy_ms;
	enum rollcode_err err;

	for (;;) {
		if (p->lock < 0 && (err = sqlite_check_file(
					p->path, kind, error)) != ROLLCODE_OK)
			return err;
		if (p->lock < 0)
			p->lock =
			    open(p->path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
		if (p->lock < 0)
			return error_errno(error, errno, p->path);
		if ((err = set_lock(p, deadline, error)) != ROLLCODE_OK)
			return err;
		if ((err = sqlite_parked_check(p, error)) == ROLLCODE_OK)
			return sqlite_check_file(p->path, kind, error);
		close_connection(p);
		release_lock(p);
		if (!sqlite_wait(deadline))
			return err;
	}
}

/* What is not as it was left is opened anew, under the same lock. */
static enum rollcode_err
reopen_if_changed(struct sqlite_parked *p, struct error *error)
{
	enum rollcode_err err;

	if (is_as_left(p))
		return ROLLCODE_OK;
	close_connection(p);
	if ((err = sqlite_connect(p->path, &store_sqlite_kind,
		 SQLITE_LOCKS_NONE, &p->db, error)) == ROLLCODE_OK)
		(void)sqlite3_wal_hook(p->db, count_frames, p);
	return err;
}

static bool
leave_file(struct sqlite_parked *p)
{
	return p->frames > 0 && sqlite3_get_autocommit(p->db) != 0 &&
	       read_state(p, &p->left) &&
	       memcmp(p->left.header + LOG_SALTS, p->left.next + FRAME_SALTS,
		   SALTS_LEN) != 0 &&
	       lock_range(p, F_UNLCK) == 0;
}

void
sqlite_parked_close(struct sqlite_parked *p)
{
	if (p == NULL)
		return;
	close_connection(p);
	release_lock(p);
	free(p);
}

/* Nobody else's traffic keeps a file open, which may have been removed. */
static struct sqlite_parked *
take_out(const char *path)
{
	struct sqlite_parked **at = &pool, *p, *found = NULL;
	int64_t old = clock_ms() - STORE_IDLE_MS;

	while ((p = *at) != NULL) {
		if (p->since > old && strcmp(p->path, path) != 0) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		if (p->since > old)
			found = p;
		else
			sqlite_parked_close(p);
	}
	return found;
}

static struct sqlite_parked *
make_parked(const char *path)
{
	size_t len = strlen(path);
	struct sqlite_parked *p = calloc(1, sizeof(*p) + len + 1);

	if (p == NULL)
		return NULL;
	p->lock = -1;
	memcpy(p->path, path, len + 1);
	return p;
}

enum rollcode_err
sqlite_parked_take(const char *path, struct sqlite_parked **parked,
    sqlite3 **db, struct error *error)
{
	struct sqlite_parked *p = take_out(path);
	enum rollcode_err err;

	*parked = NULL;
	if (p == NULL && (p = make_parked(path)) == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	if ((err = lock_file(p, error)) != ROLLCODE_OK ||
	    (err = reopen_if_changed(p, error)) != ROLLCODE_OK) {
		sqlite_parked_close(p);
		return err;
	}
	*parked = p;
	*db = p->db;
	return ROLLCODE_OK;
}

void
sqlite_parked_put(struct sqlite_parked *p)
{
	struct sqlite_parked **last = &pool;

	if (!leave_file(p)) {
		sqlite_parked_close(p);
		return;
	}
	p->since = clock_ms();
	p->next = pool;
	pool = p;
	for (int i = 0; i < POOL_MAX && *last != NULL; i++)
		last = &(*last)->next;
	sqlite_parked_close(*last);
	*last = NULL;
}

int
sqlite_parked_empty(void)
{
	struct sqlite_parked *p;

	while ((p = pool) != NULL) {
		pool = p->next;
		sqlite_parked_close(p);
	}
	return -1;
}
