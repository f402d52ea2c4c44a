/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h - what is written to the system log, through pam_syslog.
 *
 * A failure is one line in pam_unix's shape, which log readers know, and a
 * second one with the reason.  Nothing from outside reaches a line unescaped,
 * and no line holds a code.
 */
#ifndef ROLLCODE_MODULE_AUDIT_H
#define ROLLCODE_MODULE_AUDIT_H

#include <security/pam_modules.h>

#include "module/options.h"
#include "protocol/protocol.h"

struct audit {
	const struct options	*options;
	const char		*user;
	bool			 known;		/* an account, or enrolled */
	bool			 asked;		/* the verifier was */
	struct verification	 result;
	enum rollcode_err	 err;		/* no verdict, for this ... */
	struct error		 error;		/* ... reason */
};

/*
 * The lines about one attempt that ended with this result; what they may not
 * tell is taken out of the struct.
 */
void	audit_attempt(pam_handle_t *, struct audit *, int result);

#define AUDIT_ALL	"configuration error, all logins are refused"
#define AUDIT_ONE	"no decision"	/* of this attempt */

/* One line, LOG_ERR: what an error means for logins, and the error. */
void	audit_error(pam_handle_t *, const char *meaning, enum rollcode_err,
	    const struct error *);

#endif /* ROLLCODE_MODULE_AUDIT_H */
