/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "protocol/verdict.h"
#include "rules/outcome.h"

static const char *const acts[ACTS] = {
    [ACT_ENROLLED] = "enrolled",
    [ACT_IMPORTED] = "imported",
    [ACT_MOVED_HERE] = "moved here",
    [ACT_MOVED_AWAY] = "moved away",
    [ACT_REMOVED] = "removed",
    [ACT_ENABLED] = "enabled",
    [ACT_DISABLED] = "disabled",
    [ACT_UNLOCKED] = "unlocked",
    [ACT_RESYNCED] = "resynced",
    [ACT_RECOVERY_ISSUED] = "recovery-issued",
    [ACT_ONCE_ISSUED] = "once-issued",
    [ACT_RECOVERY_VOIDED] = "recovery-voided",
    [ACT_RAISED] = "raised",
};

/* Those with which something of the account can change. */
static const enum verdict verdicts[] = {
    VERDICT_MALFORMED,
    VERDICT_WRONG,
    VERDICT_FAR,
    VERDICT_REPLAYED,
    VERDICT_GUARDED,
    VERDICT_DISABLED,
    VERDICT_ACCEPTED,
    VERDICT_EXPIRED,
    VERDICT_RESTORED,
    VERDICT_RESYNCED,
};

const char *
act_name(enum act act)
{
	return acts[act];
}

bool
outcome_known(const char *outcome)
{
	for (size_t i = 0; i < ACTS; i++)
		if (strcmp(acts[i], outcome) == 0)
			return true;
	for (size_t i = 0; i < COUNT(verdicts); i++)
		if (strcmp(verdict_name(verdicts[i]), outcome) == 0)
			return true;
	return false;
}
