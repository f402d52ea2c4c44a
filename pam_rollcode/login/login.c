/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.c - decide one login.
 *
 *  1. A code is accepted at most once, whatever else runs.
 *  2. Nothing is accepted before its counter is on disk.
 *  3. No lock is held while a human is typing.
 *  4. A lock covers one user, never the store.
 *  5. Where nothing changes, nothing is written.
 *  6. Used codes that are tried again push nothing else out of the events.
 */
#include "login/login.h"

#define REPLAYS_LISTED 4 /* since the last success; of more, the last one */

static enum rollcode_err
verify_with_fallback(const struct login *login, struct account *account,
    const struct input *input, const struct input *otherwise,
    struct login_result *result)
{
	WIPED(account_wipe) struct account before = *account;
	struct verification *v = &result->verification;
	const struct policy *policy = &login->config->policy;
	bool guarded = verify_is_guarded(account, policy, login->now);
	enum rollcode_err err;

	err = verify_input(account, input, policy, login->now, v);
	if (err != ROLLCODE_OK || verdict_admits(v->verdict) || guarded ||
	    !input_ends_with(input, otherwise))
		return err;
	*account = before;
	result->otherwise = true;
	return verify_input(account, otherwise, policy, login->now, v);
}

/* Where no token was looked at, the same work as if one had been. */
static void
make_up(
    const struct login *login, const struct input *input, enum verdict verdict)
{
	if (verdict == VERDICT_UNENROLLED || verdict == VERDICT_DISABLED ||
	    verdict == VERDICT_MALFORMED)
		verify_nobody(input, &login->config->policy);
}

static enum rollcode_err
commit_changes(const struct login *login, struct store *store,
    const struct account *account, const struct login_result *result,
    struct error *error)
{
	const struct verification *v = &result->verification;
	struct event event;

	if (!v->changed)
		return ROLLCODE_OK;
	event_fill(&event, login->now, login->service, login->rhost,
	    verdict_name(v->verdict));
	memcpy(event.token, result->token, sizeof(event.token));
	event.aside = v->verdict == VERDICT_REPLAYED &&
		      account->replayed > REPLAYS_LISTED;
	if (v->matched) {
		event.counter = (int64_t)v->counter;
		event.distance = (int64_t)v->distance;
	}
	return login->ops->commit(store, account, &event, error);
}

static enum rollcode_err
decide_enrolled(const struct login *login, struct store *store,
    struct account *account, const struct input *input,
    const struct input *otherwise, struct login_result *result,
    struct error *error)
{
	struct verification *v = &result->verification;
	enum rollcode_err err;

	if ((err = policy_check(&login->config->policy, account, error)) !=
	    ROLLCODE_OK)
		return err;
	err = verify_with_fallback(login, account, input, otherwise, result);
	if (err != ROLLCODE_OK)
		return error_set(error, err,
		    "the codes of %s cannot be computed: %s", login->user,
		    rollcode_strerror(err));
	if (v->matched)
		memcpy(result->token, account->tokens[v->token].token.label,
		    sizeof(result->token));
	return commit_changes(login, store, account, result, error);
}

enum rollcode_err
login_decide(const struct login *login, const struct input *input,
    const struct input *otherwise, struct login_result *result,
    struct error *error)
{
	WIPED(account_wipe) struct account account = {0};
	struct login_result decided = {0};
	struct store *store = NULL;
	bool enrolled = false;
	enum rollcode_err err;

	memset(result, 0, sizeof(*result));
	if ((err = login->ops->open(&store, login->config, error)) !=
		ROLLCODE_OK ||
	    (err = login->ops->begin(store, login->user, &enrolled, &account,
		 error)) != ROLLCODE_OK)
		goto out;
	if (enrolled)
		err = decide_enrolled(
		    login, store, &account, input, otherwise, &decided, error);
	else
		decided.verification.verdict = VERDICT_UNENROLLED;
	make_up(login, input, decided.verification.verdict);
	if (err == ROLLCODE_OK)
		*result = decided; /* only now is it on disk */
out:
	login->ops->close(store);
	return err;
}

enum rollcode_err
login_enrolled(
    const struct login *login, enum verdict *verdict, struct error *error)
{
	WIPED(account_wipe) struct account account = {0};
	struct store *store = NULL;
	bool enrolled = false;
	enum rollcode_err err;

	*verdict = VERDICT_NONE;
	if ((err = login->ops->open(&store, login->config, error)) ==
		ROLLCODE_OK &&
	    (err = login->ops->begin(store, login->user, &enrolled, &account,
		 error)) == ROLLCODE_OK)
		*verdict = enrolled ? VERDICT_ENROLLED : VERDICT_UNENROLLED;
	login->ops->close(store);
	return err;
}
