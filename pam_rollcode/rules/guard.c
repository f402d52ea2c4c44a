/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/guard.h"

void
guard_refund(struct account *account, int64_t now)
{
	int64_t days;

	if (account->spent == 0)
		account->spent_time = now;
	if (now <= account->spent_time)
		return;
	days = (now - account->spent_time) / GUARD_REFUND;
	account->spent_time += days * GUARD_REFUND;
	account->spent =
	    days < account->spent ? account->spent - (uint32_t)days : 0;
}

void
guard_count(struct account *account, int64_t now)
{
	if (account->spent == 0)
		account->spent_time = now;
	account_count(&account->failures);
	account_count(&account->spent);
	account_count(&account->failed);
	account->last_failure = now;
}

bool
guard_is_up(const struct account *account, const struct policy *policy)
{
	return account->failures >= policy->guard_after ||
	       account->spent >= policy->guesses;
}
