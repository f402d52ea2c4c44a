/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handout.h - provisioning URIs as files, which root hands to their owners; and
 * the file of an export.
 */
#ifndef ROLLCODE_ADMIN_HANDOUT_H
#define ROLLCODE_ADMIN_HANDOUT_H

#include "admin/admin.h"
#include "common/token/provision.h"

/*
 * Start the process that writes to the directory, which is made if it is not
 * there, before root's rights are given up.  It ends when *fd is closed.  What
 * one that was killed left there half written is removed.
 * STORE if others can change it; UNAVAIL, SYS.
 */
enum rollcode_err	handout_begin(const char *dir, int *fd, struct error *)
			    MUST_USE;

/*
 * Write USER.uri, or USER.LABEL.uri, over a file of that name: its token is
 * gone.  It is on disk when this returns.  INPUT, UNAVAIL, SYS.
 */
enum rollcode_err	handout_write(int fd, const char *user,
			    const char *label, const struct provision_line *,
			    struct error *) MUST_USE;

/*
 * The same for one new file: as cli_write_new, and durable.  SYS to begin, and
 * its errors to send.
 */
enum rollcode_err	handout_file(const char *path, int *fd, struct error *)
			    MUST_USE;
enum rollcode_err	handout_send(int fd, const struct cli_bytes *,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_ADMIN_HANDOUT_H */
