/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_pool.c - the users' files that a process used last, open but unlocked.
 *
 * For a process that judges one login at a time.
 */
#include <unistd.h>

#include "store_sqlite.h"

#define POOL_MAX 4

static struct sqlite_parked *pool[POOL_MAX]; /* the one used last first */
static pid_t owner;

/*
 * A copy of a process must not touch its connections, not to close them either:
 * https://sqlite.org/howtocorrupt.html, section 2.6.
 */
static void
disown_if_copied(void)
{
	pid_t self = getpid();

	if (owner != self)
		memset(pool, 0, sizeof(pool));
	owner = self;
}

/* Take one out; NULL if it is not there. */
static struct sqlite_parked *
take_out(const char *path)
{
	struct sqlite_parked *p;

	disown_if_copied();
	for (size_t i = 0; i < POOL_MAX && (p = pool[i]) != NULL; i++) {
		if (strcmp(sqlite_parked_path(p), path) != 0)
			continue;
		memmove(pool + i, pool + i + 1,
		    (POOL_MAX - 1 - i) * sizeof(pool[0]));
		pool[POOL_MAX - 1] = NULL;
		return p;
	}
	return NULL;
}

enum rollcode_err
pool_take(const char *path, struct sqlite_parked **parked, struct error *error)
{
	bool same = false;
	enum rollcode_err err;

	if ((*parked = take_out(path)) != NULL) {
		err = sqlite_parked_enter(*parked, &same, error);
		if (err == ROLLCODE_OK && same)
			return ROLLCODE_OK;
		sqlite_parked_close(*parked);
		*parked = NULL;
		if (err != ROLLCODE_OK)
			return err;
	}
	return sqlite_parked_open(path, &store_sqlite_kind, parked, error);
}

void
pool_put(struct sqlite_parked *parked)
{
	if (!sqlite_parked_leave(parked)) {
		sqlite_parked_close(parked);
		return;
	}
	sqlite_parked_close(pool[POOL_MAX - 1]);
	memmove(pool + 1, pool, (POOL_MAX - 1) * sizeof(pool[0]));
	pool[0] = parked;
}

void
pool_empty(void)
{
	disown_if_copied();
	for (size_t i = 0; i < POOL_MAX; i++) {
		sqlite_parked_close(pool[i]);
		pool[i] = NULL;
	}
}
