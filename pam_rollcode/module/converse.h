/* SPDX-License-Identifier: Apache-2.0 */
/*
 * converse.h - what is asked of the person, and told.
 */
#ifndef ROLLCODE_MODULE_CONVERSE_H
#define ROLLCODE_MODULE_CONVERSE_H

#include <security/pam_modules.h>

#include "module/options.h"
#include "protocol/protocol.h"

/* A line as code and, for forward_pass, what is left of it. */
struct reading {
	struct input_text	code, rest;
};

/*
 * What was typed: the fallback is verified if the first reading admits nobody.
 * The first code is "" where nothing of the right shape was typed.
 */
struct typed {
	struct reading	first, fallback;
};
WIPABLE(typed);

/*
 * Get the code: an earlier token where the arguments say so, else by a prompt.
 * The reply is copied, wiped over its whole length and freed here.
 * PAM_SUCCESS also where what came is malformed; PAM_CONV_ERR or
 * PAM_INCOMPLETE where nothing came; PAM_BUF_ERR.
 */
int	converse_code(pam_handle_t *, const struct options *, struct typed *);

/*
 * After a success with forward_pass: what is left becomes PAM_AUTHTOK; where
 * nothing is left the item stays as it is.
 */
int	converse_forward(pam_handle_t *, const struct options *,
	    const struct typed *, const struct verification *);

/*
 * Tell what a success has to tell, or the one sentence after any failure;
 * sshd is told nothing after a failure.
 */
void	converse_tell(pam_handle_t *, const struct options *, int flags,
	    const struct verification *, int result);

#endif /* ROLLCODE_MODULE_CONVERSE_H */
