/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pskc.h - key containers of RFC 6030, read by libpskc.
 */
#ifndef ROLLCODE_ADMIN_IMPORT_PSKC_H
#define ROLLCODE_ADMIN_IMPORT_PSKC_H

#include "common/import/files.h"

/*
 * Append the keys of a container, in its order.  Taken are those of the HOTP
 * profile (RFC 6030 section 10.1) with a plain secret and a counter, which is
 * the next one; a number that is not written as one is refused.  A container
 * that is none, and that libpskc is missing, is a refusal in the list.  NOMEM.
 */
import_reader	pskc_read;

#endif /* ROLLCODE_ADMIN_IMPORT_PSKC_H */
