/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.c - decide one login.
 *
 *  1. A code is accepted at most once, whatever else runs: a login that was not
 *     the first to write reads what was written, and verifies again.
 *  2. Nothing is accepted before its counter is on disk.
 *  3. No lock is held while a human is typing.
 *  4. A lock covers one user, never the store.
 *  5. Where nothing changes, nothing is written.
 *  6. Used codes that are tried again push nothing else out of the events.
 */
#include "login/login.h"

#define REPLAYS_LISTED 4 /* since the last success; of more, the last one */
#define TRIES 32	 /* each time somebody else has written */

static enum rollcode_err
verify_with_fallback(const struct login *login, struct account *account,
    struct verification *result)
{
	WIPED(account_wipe) struct account before = *account;
	const struct policy *policy = &login->config->policy;
	bool guarded = verify_is_guarded(account, policy, login->now);
	enum rollcode_err err;

	err = verify_input(account, login->input, policy, login->now, result);
	if (err != ROLLCODE_OK || verdict_admits(result->verdict) || guarded ||
	    login->fallback == NULL ||
	    !input_ends_with(login->input, login->fallback))
		return err;
	*account = before;
	err =
	    verify_input(account, login->fallback, policy, login->now, result);
	result->fallback = true;
	return err;
}

/* Where no token was looked at, the same work as if one had been. */
static void
make_up(const struct login *login, enum verdict verdict)
{
	if (verdict == VERDICT_UNENROLLED || verdict == VERDICT_DISABLED ||
	    verdict == VERDICT_MALFORMED)
		verify_nobody(login->input, &login->config->policy);
}

static enum rollcode_err
commit_changes(const struct login *login, struct store *store,
    const struct account *account, const struct verification *result,
    struct error *error)
{
	struct event event;

	if (!result->changed)
		return ROLLCODE_OK;
	event_fill(&event, login->now, login->service, login->rhost,
	    verdict_name(result->verdict));
	memcpy(event.token, result->token, sizeof(event.token));
	event.aside = result->verdict == VERDICT_REPLAYED &&
		      account->replayed > REPLAYS_LISTED;
	if (result->matched) {
		event.counter = (int64_t)result->counter;
		event.distance = (int64_t)result->distance;
	}
	return login->ops->commit(store, account, &event, error);
}

static enum rollcode_err
decide_enrolled(const struct login *login, struct store *store,
    struct account *account, struct verification *result, struct error *error)
{
	enum rollcode_err err;

	if ((err = policy_check(&login->config->policy, account, error)) !=
	    ROLLCODE_OK)
		return err;
	if ((err = verify_with_fallback(login, account, result)) != ROLLCODE_OK)
		return error_set(error, err,
		    "the codes of %s cannot be computed: %s", login->user,
		    rollcode_strerror(err));
	result->behind = account->behind < UINT32_MAX
			     ? (uint32_t)account->behind
			     : UINT32_MAX;
	return commit_changes(login, store, account, result, error);
}

static enum rollcode_err
decide_once(const struct login *login, struct store *store,
    struct verification *result, struct error *error)
{
	WIPED(account_wipe) struct account account = {0};
	struct verification decided = {0};
	bool enrolled = false;
	enum rollcode_err err;

	if ((err = login->ops->begin(store, login->user, &enrolled, &account,
		 error)) != ROLLCODE_OK)
		return err;
	if (!enrolled)
		decided.verdict = VERDICT_UNENROLLED;
	else if (login->input == NULL)
		decided.verdict = VERDICT_ENROLLED;
	else
		err = decide_enrolled(login, store, &account, &decided, error);
	if (login->input != NULL)
		make_up(login, decided.verdict);
	if (err == ROLLCODE_OK)
		*result = decided; /* only now is it on disk */
	return err;
}

enum rollcode_err
login_decide(
    const struct login *login, struct verification *result, struct error *error)
{
	struct store *store = NULL;
	enum rollcode_err err;
	int tries = 0;

	memset(result, 0, sizeof(*result));
	if ((err = login->ops->open(&store, login->config, error)) ==
	    ROLLCODE_OK)
		do
			err = decide_once(login, store, result, error);
		while (err != ROLLCODE_OK && error->reason == REASON_FASTER &&
		       ++tries < TRIES);
	login->ops->close(store);
	return err;
}
