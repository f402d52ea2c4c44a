/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.c - the users' files that a process used last, open but unlocked.
 *
 * For a process that verifies one login at a time.
 */
#include <unistd.h>

#include "common/base/clock.h"
#include "store/sqlite/parts.h"

static struct {
	struct sqlite_parked *file;
	int64_t since; /* clock_ms() */
} pool[POOL_MAX];      /* the one used last first; NULL behind the last */

/* What a copy has of its parent's: nothing reads it, but leak checkers do. */
static __typeof__(pool) inherited __attribute__((used));

static pid_t owner;

/*
 * A copy of a process must not touch its connections, not to close them either:
 * https://sqlite.org/howtocorrupt.html, section 2.6.
 */
static void
disown_if_copied(void)
{
	pid_t self = getpid();

	if (owner != self) {
		memcpy(inherited, pool, sizeof(pool));
		memset(pool, 0, sizeof(pool));
	}
	owner = self;
}

static void
close_entry(size_t at)
{
	sqlite_parked_close(pool[at].file);
	pool[at].file = NULL;
}

/* Take one out, the others close up; NULL if it is not there. */
static struct sqlite_parked *
take_out(const char *path)
{
	struct sqlite_parked *taken = NULL;

	for (size_t at = 0; at < POOL_MAX && pool[at].file != NULL; at++) {
		if (taken == NULL &&
		    strcmp(sqlite_parked_path(pool[at].file), path) == 0)
			taken = pool[at].file;
		if (taken == NULL)
			continue;
		if (at + 1 < POOL_MAX)
			pool[at] = pool[at + 1];
		else
			pool[at].file = NULL;
	}
	return taken;
}

/* Nobody else's traffic keeps a file open, which may have been removed. */
static void
drop_old(void)
{
	int64_t old = clock_ms() - STORE_IDLE_MS;

	for (size_t at = 0; at < POOL_MAX; at++)
		if (pool[at].since <= old)
			close_entry(at);
}

enum rollcode_err
pool_take(const char *path, struct sqlite_parked **parked, struct error *error)
{
	disown_if_copied();
	drop_old();
	*parked = take_out(path);
	return sqlite_parked_enter(path, &store_sqlite_kind, parked, error);
}

void
pool_put(struct sqlite_parked *parked)
{
	if (!sqlite_parked_leave(parked)) {
		sqlite_parked_close(parked);
		return;
	}
	close_entry(POOL_MAX - 1);
	for (size_t at = POOL_MAX - 1; at > 0; at--)
		pool[at] = pool[at - 1];
	pool[0].file = parked;
	pool[0].since = clock_ms();
}

void
pool_empty(void)
{
	disown_if_copied();
	for (size_t at = 0; at < POOL_MAX; at++)
		close_entry(at);
}
