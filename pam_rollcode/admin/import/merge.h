/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge.h - a token that another program had, in an account.
 */
#ifndef ROLLCODE_ADMIN_IMPORT_MERGE_H
#define ROLLCODE_ADMIN_IMPORT_MERGE_H

#include "common/import/import.h"
#include "rules/account.h"

/*
 * Take a token over.  Where its secret is here already, only the counter can
 * change: forward, or by force back to that of the token; EXISTS if it is here
 * as another kind of token.  Else it is added as account_add does, but one
 * without a label is called "token-2" and so on where others are.  The token
 * has the label that the account has for it then.
 */
enum rollcode_err	 account_merge(struct account *,
			    struct rollcode_token *, bool force,
			    int64_t now, enum import_merge *,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_ADMIN_IMPORT_MERGE_H */
