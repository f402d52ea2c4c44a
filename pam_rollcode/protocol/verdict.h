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

#include <stdbool.h>

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
	VERDICT_RESYNCED = 0x33cc33cc,	/* accepted, and far ahead */
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
	case VERDICT_RESYNCED:
		return "resynced";
	}
	return "none";
}

#endif /* ROLLCODE_PROTOCOL_VERDICT_H */
