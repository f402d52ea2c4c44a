/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.c - a policy and the tokens that it is for.
 */
#include <inttypes.h>

#include "rules/account.h"
#include "rules/policy.h"

#define TOLERANCE_SIX_DIGITS 20

enum rollcode_err
policy_check(const struct policy *policy, const struct account *account,
    struct error *error)
{
	if (policy->tolerance <= TOLERANCE_SIX_DIGITS)
		return ROLLCODE_OK;
	for (size_t i = 0; i < account->token_count; i++)
		if (account->tokens[i].enabled &&
		    account->tokens[i].token.digits == ROLLCODE_DIGITS_MIN)
			return error_set(error, ROLLCODE_ERR_CONFIG,
			    "TOLERANCE=%" PRId64 " is too much for the "
			    "6-digit token \"%s\" of %s; at most %d, or enrol "
			    "one of 8 digits",
			    policy->tolerance, account->tokens[i].token.label,
			    account->user, TOLERANCE_SIX_DIGITS);
	return ROLLCODE_OK;
}
