/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

const struct store_ops *
store_for(const struct config *config)
{
	(void)config;
	return &store_sqlite;
}

static void
copy(char *out, size_t size, const char *text)
{
	if (text == NULL)
		text = "";
	memcpy(out, text, strnlen(text, size - 1));
}

void
event_fill(struct event *event, int64_t now, const char *service,
    const char *rhost, const char *outcome)
{
	memset(event, 0, sizeof(*event));
	event->time = now;
	event->counter = -1;
	event->distance = -1;
	copy(event->service, sizeof(event->service), service);
	copy(event->rhost, sizeof(event->rhost), rhost);
	copy(event->outcome, sizeof(event->outcome), outcome);
}
