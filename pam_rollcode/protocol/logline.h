/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logline.h - what is said of an attempt in the system log, by the module and
 * by rollcode-verify.
 *
 * Nothing from outside reaches a line unescaped, and no line holds a code.
 */
#ifndef ROLLCODE_PROTOCOL_LOGLINE_H
#define ROLLCODE_PROTOCOL_LOGLINE_H

#include "protocol/protocol.h"

#define LOGLINE_MAX	2048	/* bytes of a line, with the NUL */

/*
 * "reason=...", the token and where it matched, its distance or, if it is late,
 * its age, and what the reason means, of a verdict that admits nobody.  Returns
 * its priority, see syslog(3).
 */
int	logline_refusal(const struct verification *, char line[LOGLINE_MAX]);

/* "code accepted for ...", of one that admits.  Returns its priority. */
int	logline_success(const struct verification *, const char *user,
	    char line[LOGLINE_MAX]);

/*
 * "the file of ... was N changes older than its witness", if it was; "is", and
 * no alert, where nothing was written, so that it stays so.  Else there is no
 * line.  Returns its priority, 0 without a line.
 */
int	logline_behind(const struct verification *, const char *user,
	    char line[LOGLINE_MAX]);

#endif /* ROLLCODE_PROTOCOL_LOGLINE_H */
