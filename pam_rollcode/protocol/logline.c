/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <syslog.h>

#include "protocol/logline.h"

/* Bytes of a token's label and a number. */
#define PLACE_MAX (PLAIN_MAX(ROLLCODE_LABEL_MAX) + 64)

/* clang-format off */
static const struct {
	enum verdict	 verdict;
	int		 priority;
	const char	*why;
} reasons[] = {
	{ VERDICT_MALFORMED, LOG_NOTICE,
	  "the input does not look like one of this user's codes" },
	{ VERDICT_WRONG, LOG_NOTICE, "the code is wrong" },
	{ VERDICT_FAR, LOG_NOTICE,
	  "the code is far ahead of the counter; two consecutive codes on one "
	  "line resynchronise, three while the account is guarded" },
	{ VERDICT_EXPIRED, LOG_NOTICE,
	  "the code is of another time: typed late, or kept by somebody, or a "
	  "clock is wrong; the next code, made now, is accepted" },
	{ VERDICT_RESTORED, LOG_WARNING,
	  "the store was restored: only timed codes that are made now are "
	  "accepted; rollcode-admin resync or enroll --replace of every user "
	  "whose tokens are not timed, then rollcode-admin restored --end" },
	{ VERDICT_REPLAYED, LOG_WARNING,
	  "the code was used or skipped before: a replay, or a copied token" },
	{ VERDICT_GUARDED, LOG_NOTICE,
	  "the account is guarded after too many wrong codes; three "
	  "consecutive codes on one line are accepted, rollcode-admin unlock "
	  "ends it" },
	{ VERDICT_DISABLED, LOG_NOTICE,
	  "every token is disabled; rollcode-admin enroll --label NAME adds "
	  "one, or, only if none was lost, rollcode-admin enable" },
	{ VERDICT_UNENROLLED, LOG_NOTICE,
	  "not enrolled; rollcode-admin enroll adds a token" },
	{ VERDICT_REFUSED, LOG_NOTICE,
	  "rollcode-verify logs why" },
};
/* clang-format on */

/* " token=LABEL counter=N", "" where nothing matched. */
static void
put_place(const struct verification *v, char out[PLACE_MAX])
{
	char token[PLAIN_MAX(ROLLCODE_LABEL_MAX)];

	out[0] = '\0';
	if (!v->matched)
		return;
	plain_copy(v->token, PLAIN_LOG_WORD, token, sizeof(token));
	snprintf(
	    out, PLACE_MAX, " token=%s counter=%" PRIu64, token, v->counter);
}

int
logline_refusal(const struct verification *v, char line[LOGLINE_MAX])
{
	const char *guarded =
	    v->guarded && v->verdict != VERDICT_GUARDED ? " guarded" : "";
	char where[PLACE_MAX], how_far[32] = "";

	put_place(v, where);
	if (v->verdict == VERDICT_EXPIRED)
		snprintf(how_far, sizeof(how_far), " age=%" PRId64, v->age);
	else if (v->matched)
		snprintf(how_far, sizeof(how_far), " distance=%" PRIu64,
		    v->distance);
	for (size_t i = 0; i < COUNT(reasons); i++) {
		if (reasons[i].verdict != v->verdict)
			continue;
		snprintf(line, LOGLINE_MAX, "reason=%s%s%s%s: %s",
		    verdict_name(reasons[i].verdict), guarded, where, how_far,
		    reasons[i].why);
		return reasons[i].priority;
	}
	snprintf(line, LOGLINE_MAX, "%s",
	    verdict_admits(v->verdict)
		? "reason=none: the code was accepted and is used, but the "
		  "password could not be passed on"
		: "reason=none: no verdict was reached");
	return LOG_ERR;
}

int
logline_success(
    const struct verification *v, const char *user, char line[LOGLINE_MAX])
{
	char name[PLAIN_MAX(sizeof(((struct request *)0)->user))];
	char where[PLACE_MAX];

	plain_copy(user, PLAIN_LOG_WORD, name, sizeof(name));
	if (v->recovery) {
		snprintf(line, LOGLINE_MAX,
		    "recovery code accepted for %s; %u left", name,
		    v->recovery_left);
		return LOG_WARNING;
	}
	put_place(v, where);
	snprintf(line, LOGLINE_MAX, "code %s for %s;%s skipped=%u",
	    verdict_name(v->verdict), name, where, v->skipped);
	return LOG_INFO;
}

int
logline_behind(
    const struct verification *v, const char *user, char line[LOGLINE_MAX])
{
	char name[PLAIN_MAX(sizeof(((struct request *)0)->user))];

	if (v->behind == 0)
		return 0;
	plain_copy(user, PLAIN_LOG_WORD, name, sizeof(name));
	snprintf(line, LOGLINE_MAX,
	    "the file of %s %s %u change%s older than its witness: restored, "
	    "or a log was lost",
	    name, v->changed ? "was" : "is", v->behind,
	    v->behind == 1 ? "" : "s");
	return v->changed ? LOG_ALERT : LOG_WARNING;
}
