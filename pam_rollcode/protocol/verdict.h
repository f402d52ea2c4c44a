/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict.h - what an attempt deserves.
 *
 * Zero is a refusal.  Any two values differ in at least eight bits, so that
 * no single fault turns a refusal into an admission, and success is tested
 * by equality only.
 */
#ifndef ROLLCODE_PROTOCOL_VERDICT_H
#define ROLLCODE_PROTOCOL_VERDICT_H

#include "common/base/rollcode.h"

enum verdict {
	VERDICT_NONE = 0,		/* no decision was made: refuse */
	VERDICT_MALFORMED = 0x0000ffff,	/* no token makes such a code */
	VERDICT_WRONG = 0x00ff00ff,
	VERDICT_FAR = 0x00ffff00,	/* refused, remembered: press again */
	VERDICT_REPLAYED = 0x0f0f0f0f,
	VERDICT_GUARDED = 0x0f0ff0f0,	/* refused: three consecutive codes */
	VERDICT_DISABLED = 0x0ff00ff0,	/* enrolled, without enabled token */
	VERDICT_UNENROLLED = 0x0ff0f00f, /* proven */
	VERDICT_REFUSED = 0x55555555,	/* all that others than root hear */
	VERDICT_ENROLLED = 0x33333333,	/* the answer to that question */
	VERDICT_ACCEPTED = 0x3333cccc,
	VERDICT_EXPIRED = 0x3c3c3c3c,	/* right, but of another time */
	VERDICT_RESTORED = 0x3c3cc3c3,	/* the store went back: timed only */
	VERDICT_RESYNCED = 0x33cc33cc,	/* accepted, and far ahead */
};

/*
 * A verdict and what there is to say of it.  It goes from one process to
 * another, so that a flag is a number.
 */
struct verification {
	enum verdict	verdict;
	uint32_t	changed;	/* the account, beyond a refund */
	uint32_t	guarded;	/* the account was, or is from now on */
	uint32_t	recovery;	/* a recovery code was accepted */
	uint32_t	fallback;	/* the second reading was verified */
	uint32_t	skipped;	/* for the owner, at a success: ... */
	uint32_t	failed;		/* ... codes skipped, failures ... */
	uint32_t	replayed;	/* ... replays and codes too late ... */
	uint32_t	late;		/* ... since the last one */
	uint32_t	recovery_left;
	uint32_t	behind;		/* changes that the store had lost */
	uint32_t	matched;	/* the following are set */
	uint64_t	counter;	/* the highest that matched, the last */
					/* one of consecutive codes */
	uint64_t	distance;	/* from the stored counter */
	int64_t		age;		/* of an expired code: seconds since */
					/* the middle of its step, so half a */
					/* step more or less; below 0 where */
					/* its device's clock is ahead */
	char		token[ROLLCODE_LABEL_MAX + 1];
};

/* Whether the person may come in. */
static inline bool
verdict_admits(enum verdict verdict)
{
	return verdict == VERDICT_ACCEPTED || verdict == VERDICT_RESYNCED;
}

/* One word for logs and events; "none" for what is no verdict. */
static inline const char *
verdict_name(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_NONE:
		break;
	case VERDICT_MALFORMED:
		return "malformed";
	case VERDICT_WRONG:
		return "wrong";
	case VERDICT_FAR:
		return "far";
	case VERDICT_REPLAYED:
		return "replayed";
	case VERDICT_GUARDED:
		return "guarded";
	case VERDICT_DISABLED:
		return "disabled";
	case VERDICT_UNENROLLED:
		return "unenrolled";
	case VERDICT_REFUSED:
		return "refused";
	case VERDICT_ENROLLED:
		return "enrolled";
	case VERDICT_ACCEPTED:
		return "accepted";
	case VERDICT_EXPIRED:
		return "expired";
	case VERDICT_RESTORED:
		return "restored";
	case VERDICT_RESYNCED:
		return "resynced";
	}
	return "none";
}

#endif /* ROLLCODE_PROTOCOL_VERDICT_H */
