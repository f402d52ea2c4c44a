/* SPDX-License-Identifier: Apache-2.0 */
#include "common/token/code.h"
#include "store/restored.h"

static int64_t
last_of(const struct restored *r)
{
	return r->since > r->placed ? r->since : r->placed;
}

int64_t
restored_step(const struct restored *r)
{
	return code_step(last_of(r)) + 2;
}

int64_t
restored_kept(const struct config *config, const struct restored *r)
{
	return r->is && config->events_kept < RESTORED_EVENTS
		   ? RESTORED_EVENTS
		   : config->events_kept;
}

static bool
has_timed(const struct account *account)
{
	for (size_t i = 0; i < account->token_count; i++)
		if (account->tokens[i].enabled &&
		    account->tokens[i].token.form == FORM_TIMED)
			return true;
	return false;
}

enum rollcode_err
restored_account(const struct config *config, const struct restored *r,
    const char *where, const char *user, bool enrolled, struct account *account,
    struct error *error)
{
	if (!r->is || config->administers)
		return ROLLCODE_OK;
	if (enrolled && last_of(r) >= RESTORED_EARLIEST && has_timed(account)) {
		account->from_step = restored_step(r);
		return ROLLCODE_OK;
	}
	if (r->how != NULL && r->since == 0)
		error_at(error, ROLLCODE_ERR_STORE, where,
		    "%s, so used codes would work again: logins of %s wait for "
		    "rollcode-admin restored, and then for what it says; if "
		    "no login was lost, for rollcode-admin restored --end "
		    "--force",
		    r->how, user);
	else
		error_at(error, ROLLCODE_ERR_STORE, where,
		    "%s, so used codes would work again: logins of %s wait for "
		    "rollcode-admin resync or enroll --replace of every user "
		    "whose tokens are not timed, and then for rollcode-admin "
		    "restored --end",
		    r->how != NULL ? r->how
		    : r->copy	   ? "is from another machine, or this one has "
				     "another id now"
				   : "was restored",
		    user);
	return error_because(error, ROLLCODE_ERR_STORE, REASON_BACKUP);
}
