/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - what libpam makes of a service.
 *
 * The service's files are copied with another module in every module's place,
 * which gives the result that is wanted (standin.h), and libpam
 * itself runs them.  No module of the service is loaded or run.
 */
#ifndef ROLLCODE_ADMIN_CHECK_TRIAL_H
#define ROLLCODE_ADMIN_CHECK_TRIAL_H

#include <security/pam_appl.h>

#include "admin/check/check.h"

/* What a module does, as far as it is known by its name. */
enum row_class {
	CLASS_PROVES = 0,	/* who somebody is; all that are unknown */
	CLASS_CHOOSES,		/* for whom a rule is: a group, a network */
	CLASS_ROOT,		/* lets root through */
	CLASS_SILENT,		/* never succeeds: it ignores, or denies */
	CLASS_NEUTRAL,		/* proves nothing, and may succeed */
	CLASS_PERMITS,
	CLASS_DENIES,
};
enum row_class	row_class(const struct row *);

/*
 * Fill the facts of a service: a few thousand runs, in a child without rights,
 * in bounded time and memory.  The copies are in a folder of root's that is
 * gone afterwards, also where a signal asks this process to end.  False if that
 * cannot be done.
 */
bool		service_try(struct service *);

#endif /* ROLLCODE_ADMIN_CHECK_TRIAL_H */
