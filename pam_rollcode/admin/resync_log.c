/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resync_log.c - counters from the lines of a system log.
 *
 *  1. No counter falls, and none goes far ahead unless that was asked for: who
 *     forges a line gets no code accepted.
 *  2. What a log says, and how much, is bounded by the tokens that there are.
 *  3. Nothing is printed while a user is locked.
 */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/logged.h"
#include "rules/recovery.h"

#define AHEAD_MAX 100000 /* codes */
#define PIECE 65536	 /* bytes */

/* A token of the store, and how far the log has it. */
struct raising {
	struct logged to; /* the last code that may be believed */
	uint64_t counter; /* the store's */
	int64_t created;  /* the token was then */
	uint64_t beyond;  /* one that may not, 0 for none */
	bool believed;	  /* there is such a code */
	bool older;	  /* there is a line from before that */
};

struct run {
	struct admin admin;
	struct raising *all; /* a tree of tsearch(3) */
	int64_t lines, unknown, raised, unchanged, left, voided;
	struct raising *fresh;
};

static void
run_close(struct run *run)
{
	tdestroy(run->all, free);
	free(run->fresh);
	admin_close(&run->admin);
}

static int
compare_names(const void *a, const void *b)
{
	const struct raising *x = a, *y = b;
	int by_user = strcmp(x->to.user, y->to.user);

	return by_user != 0 ? by_user : strcmp(x->to.token, y->to.token);
}

/* The token that a line is about, NULL if the store has none. */
static enum rollcode_err
find_raising(struct run *run, const struct logged *logged,
    struct raising **found, struct error *error)
{
	struct raising **node;
	const struct account_token *token = NULL;
	bool enrolled;
	enum rollcode_err err;

	*found = NULL;
	if (run->fresh == NULL &&
	    (run->fresh = calloc(1, sizeof(*run->fresh))) == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	run->fresh->to = *logged;
	node = (struct raising **)tfind(
	    run->fresh, (void **)&run->all, compare_names);
	if (node != NULL) {
		*found = *node;
		return ROLLCODE_OK;
	}
	if ((err = admin_look(&run->admin, logged->user, &enrolled, error)) !=
	    ROLLCODE_OK)
		return err;
	if (enrolled)
		token = account_find(&run->admin.account, logged->token);
	if (token != NULL) {
		run->fresh->counter = token->token.counter;
		run->fresh->created = token->created;
		if (tsearch(run->fresh, (void **)&run->all, compare_names) ==
		    NULL)
			return error_set(
			    error, ROLLCODE_ERR_NOMEM, "out of memory");
		*found = run->fresh;
		run->fresh = NULL;
	}
	account_wipe(&run->admin.account);
	return ROLLCODE_OK;
}

/* A token that had the name before is not here any more. */
static bool
is_older(const struct run *run, const struct logged *logged, struct raising *r)
{
	bool older = logged->time != 0 && logged->time < r->created &&
		     !run->admin.options->force;

	r->older |= older;
	return older;
}

static enum rollcode_err
take_line(void *context, const struct logged *logged, struct error *error)
{
	struct run *run = context;
	struct error why = {0};
	struct raising *r;
	uint64_t next = logged->counter + 1;
	enum rollcode_err err;

	run->lines++;
	if ((err = find_raising(run, logged, &r, &why)) == ROLLCODE_ERR_NOMEM)
		return error_pass(error, err, &why, NULL);
	if (err != ROLLCODE_OK || r == NULL || is_older(run, logged, r)) {
		run->unknown++;
		return ROLLCODE_OK;
	}
	if (next > r->counter && next - r->counter > AHEAD_MAX &&
	    !run->admin.options->force) {
		if (next > r->beyond)
			r->beyond = next;
		return ROLLCODE_OK;
	}
	if (!r->believed || logged->counter > r->to.counter)
		r->to.counter = logged->counter;
	r->believed = true;
	return ROLLCODE_OK;
}

static enum rollcode_err
take_log(struct run *run, struct error *error)
{
	static struct logged_lines lines;
	static char piece[PIECE];
	const char *path = run->admin.options->log_file;
	enum rollcode_err err;
	ssize_t n;

	lines.now = run->admin.now;
	while ((n = read(run->admin.secret, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(error, ROLLCODE_ERR_INPUT, "%s: %s",
			    path, strerror(errno));
		if ((err = logged_feed(&lines, piece, (size_t)n, take_line, run,
			 error)) != ROLLCODE_OK)
			return err;
	}
	return logged_end(&lines, take_line, run, error);
}

/* Where the log ends as the store does, nothing was used since: that is said.
 */
static enum rollcode_err
settle_logged(struct run *run, const struct raising *r, struct error *error)
{
	struct admin *admin = &run->admin;
	const struct account_token *waits = NULL;
	enum rollcode_err err = ROLLCODE_OK;

	if (admin->ops->restored(admin->store)->is)
		err = restored_waits(
		    admin->ops, admin->store, &admin->account, &waits, error);
	if (err != ROLLCODE_OK || waits == NULL)
		return err;
	return admin_commit(admin, ACT_RESYNCED, r->to.token, error);
}

/* OK also where somebody else was faster. */
static enum rollcode_err
raise_token(
    struct run *run, const struct raising *r, bool *raised, struct error *error)
{
	struct admin *admin = &run->admin;
	struct account_token *token;
	enum rollcode_err err;

	*raised = false;
	if ((err = admin_begin(admin, r->to.user, error)) != ROLLCODE_OK)
		return err;
	token = account_find(&admin->account, r->to.token);
	if (token == NULL || token->token.counter > r->to.counter + 1)
		return ROLLCODE_OK;
	if (token->token.counter == r->to.counter + 1)
		return settle_logged(run, r, error);
	token->token.counter = r->to.counter + 1;
	token->far_known = false;
	run->voided += admin->account.recovery_count > 0;
	recovery_void(&admin->account);
	*raised = true;
	return admin_commit(admin, ACT_RESYNCED, r->to.token, error);
}

static void
report_raising(struct run *run, const struct raising *r, bool raised)
{
	if (raised)
		plain_line(stdout,
		    "raised %s, token \"%s\", by %" PRIu64 " to %" PRIu64,
		    r->to.user, r->to.token, r->to.counter + 1 - r->counter,
		    r->to.counter + 1);
	if (r->beyond != 0)
		plain_line(stderr,
		    "%s: %s, token \"%s\": the log has the counter %" PRIu64
		    ", more than %d ahead of %" PRIu64
		    "; if that can be true, --force raises it",
		    ADMIN_SERVICE, r->to.user, r->to.token, r->beyond,
		    AHEAD_MAX, r->counter);
	if (r->older)
		plain_line(stderr,
		    "%s: %s, token \"%s\": lines from before it was enrolled "
		    "are about another token, and were ignored; if they are "
		    "about this one, as after an import, --force counts them",
		    ADMIN_SERVICE, r->to.user, r->to.token);
	run->raised += raised;
	run->unchanged += !raised && r->beyond == 0;
	run->left += r->beyond != 0;
}

static void
raise_one(const void *node, VISIT order, void *context)
{
	const struct raising *r = *(const struct raising *const *)node;
	struct run *run = context;
	struct error why = {0};
	enum rollcode_err err = ROLLCODE_OK;
	bool raised = false;

	if (order != postorder && order != leaf)
		return;
	if (r->believed && r->to.counter + 1 >= r->counter)
		err = raise_token(run, r, &raised, &why);
	run->admin.ops->end(run->admin.store);
	account_wipe(&run->admin.account);
	if (err == ROLLCODE_OK) {
		report_raising(run, r, raised);
		return;
	}
	cli_tell(ADMIN_SERVICE, r->to.user, err, &why);
	run->left++;
}

enum rollcode_err
resync_log(const struct admin_options *options, struct error *error)
{
	WIPED(run_close) struct run run = {.lines = 0};
	enum rollcode_err err;

	if ((err = admin_open(&run.admin, options, NULL, error)) !=
		ROLLCODE_OK ||
	    (err = take_log(&run, error)) != ROLLCODE_OK)
		return err;
	if (run.lines == 0)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "%s: has no line that says that a code was accepted; it "
		    "must be the text of a system log, as journalctl prints it",
		    options->log_file);
	twalk_r(run.all, raise_one, &run);
	printf("%" PRId64 " token%s raised, %" PRId64 " unchanged; %" PRId64
	       " of %" PRId64 " lines are about nobody here\n",
	    run.raised, PLURAL(run.raised), run.unchanged, run.unknown,
	    run.lines);
	if (run.voided > 0)
		printf("the recovery codes of these users are void; "
		       "rollcode-admin recovery issues others\n");
	if (run.left > 0)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "%" PRId64 " token%s not raised; see above", run.left,
		    run.left == 1 ? " was" : "s were");
	return ROLLCODE_OK;
}
