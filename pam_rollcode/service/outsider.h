/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outsider.h - callers of the service that are not root.
 *
 *  1. Such a caller hears yes or no: one refusal, whatever the reason, without
 *     counter, distance or label.
 *  2. The reason stands in the log, written by the verifier itself, with the
 *     uid from the kernel.
 */
#ifndef ROLLCODE_SERVICE_OUTSIDER_H
#define ROLLCODE_SERVICE_OUTSIDER_H

#include <sys/types.h>

#include "protocol/protocol.h"

/*
 * Log what became of a request of this uid.  Successes have a line each; of
 * refusals at most OUTSIDER_LINES a second have one, and the next line says
 * how many there were beside.  The name of a user who is not enrolled is left
 * out: people type passwords there.
 */
#define OUTSIDER_LINES	20

void	outsider_log(uid_t, const struct request *, const struct answer *);

/* Whether a refusal of this uid may have a line now; else it is counted. */
bool	outsider_may_write(uid_t);

/* Write how many refusals have no line yet, if any. */
void	outsider_flush(void);

/*
 * Take out of an answer what only root may know.  An error keeps its code, and
 * one about the caller itself (PRIVILEGE) its sentence.
 */
void	outsider_answer(const struct request *, struct answer *);

#endif /* ROLLCODE_SERVICE_OUTSIDER_H */
