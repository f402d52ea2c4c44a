/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/cli/cli.h"

#define QUIET_MS 1000 /* what is quicker is not shown */
#define REDRAW_MS 100
#define BAR 32 /* columns */

void
progress_begin(struct progress *progress, const char *what, int64_t total)
{
	*progress = (struct progress){
	    .what = what,
	    .total = total,
	    .due = clock_ms() + QUIET_MS,
	    .terminal = isatty(STDERR_FILENO) == 1,
	};
}

void
progress_line(const struct progress *p, char line[PROGRESS_MAX])
{
	int64_t full = p->total > 0 ? p->done * BAR / p->total : 0;
	char bar[BAR + 1];

	for (int64_t i = 0; i < BAR; i++)
		bar[i] = i < full ? '#' : '.';
	bar[BAR] = '\0';
	snprintf(line, PROGRESS_MAX, "%.14s [%s] %" PRId64 "/%" PRId64, p->what,
	    bar, p->done, p->total);
}

void
progress_step(struct progress *progress)
{
	char line[PROGRESS_MAX];
	int64_t now;

	progress->done++;
	if (progress->done > progress->total)
		progress->total = progress->done;
	if (!progress->terminal || (now = clock_ms()) < progress->due)
		return;
	progress_line(progress, line);
	fprintf(stderr, "\r%s\033[K", line);
	progress->due = now + REDRAW_MS;
	progress->shown = true;
}

void
progress_clear(struct progress *progress)
{
	if (progress->shown)
		fprintf(stderr, "\r\033[K");
	progress->shown = false;
}
