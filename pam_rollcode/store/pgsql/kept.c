/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept.c - the link that a login leaves is there for the next one of the same
 * process.
 *
 * One, for PGSQL_KEEP seconds at most, and no link for longer than KEPT_MS,
 * however often it is used: what a server's name stands for may change, and so
 * may what a role is allowed.
 */
#include <unistd.h>

#include "common/base/clock.h"
#include "store/pgsql/pgsql.h"

#define KEPT_MS (10 * 60 * 1000)

static struct {
	struct link *link; /* or NULL */
	const struct config *config;
	pid_t pid;	/* whose it is */
	int64_t unused; /* when nobody wants it any more, clock_ms() */
} kept;

bool
kept_give(const struct config *config, struct link *link)
{
	if (!config->pools || config->administers || config->pgsql_keep == 0 ||
	    kept.link != NULL)
		return false;
	link_rollback(link);
	if (!link_idle(link))
		return false;
	kept.link = link;
	kept.config = config;
	kept.pid = getpid();
	kept.unused = clock_ms() + config->pgsql_keep * 1000;
	return true;
}

struct link *
kept_take(const struct config *config, int64_t deadline)
{
	struct link *link = kept.link;
	int64_t now = clock_ms();

	kept.link = NULL;
	if (link == NULL)
		return NULL;
	if (kept.pid != getpid()) {
		link_abandon(link);
		return NULL;
	}
	if (kept.config != config || now >= kept.unused ||
	    now - link_opened(link) >= KEPT_MS || !link_idle(link)) {
		link_close(link);
		return NULL;
	}
	link_extend(link, deadline);
	return link;
}

int
kept_idle(void)
{
	int64_t left = kept.unused - clock_ms();

	if (kept.link != NULL && kept.pid == getpid() && left > 0)
		return (int)left;
	link_close(kept_take(NULL, 0));
	return -1;
}
