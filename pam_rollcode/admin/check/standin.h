/* SPDX-License-Identifier: Apache-2.0 */
/*
 * standin.h - between `rollcode-admin check` and the PAM module
 * that stands in for every module of a copied service.
 */
#ifndef ROLLCODE_ADMIN_CHECK_STANDIN_H
#define ROLLCODE_ADMIN_CHECK_STANDIN_H

/*
 * The module sends its first argument as a PAM_BINARY_PROMPT.  The result it
 * then gives is in resp_retcode, with this added.  No program but check sets
 * that field, so anywhere else the module refuses.
 */
#define STANDIN_RESULT	0x52430000

#endif /* ROLLCODE_ADMIN_CHECK_STANDIN_H */
