/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "store/plugin.h"

enum rollcode_err
store_find(const struct config *config, const struct store_ops **ops,
    struct error *error)
{
	*ops = &store_sqlite;
	if (!config_is_pgsql(config))
		return ROLLCODE_OK;
	return store_plugin_load(ops, error);
}

static void
copy_cut(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text != NULL ? text : "");
}

void
event_fill(struct event *event, int64_t now, const char *service,
    const char *rhost, const char *outcome)
{
	memset(event, 0, sizeof(*event));
	event->time = now;
	event->counter = -1;
	event->distance = -1;
	copy_cut(event->service, sizeof(event->service), service);
	copy_cut(event->rhost, sizeof(event->rhost), rhost);
	copy_cut(event->outcome, sizeof(event->outcome), outcome);
}
