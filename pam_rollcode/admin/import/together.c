/* SPDX-License-Identifier: Apache-2.0 */
/*
 * together.c - users who are new are enrolled several at a time, where that is
 * faster.
 *
 * Users who have to be asked about, are enrolled already, or are refused come
 * one by one; and so do all of them where the store did not take them together.
 */
#include <stdlib.h>

#include "admin/import/import.h"

struct together {
	struct importing *im;
	struct import_group *groups;
	size_t count, at;
	size_t fresh; /* who are enrolled together */
	struct import_group *of[STORE_AT_ONCE];
	struct account accounts[STORE_AT_ONCE];
	struct event events[STORE_AT_ONCE];
};

static void
together_free(struct together **t)
{
	if (*t != NULL)
		explicit_bzero(*t, sizeof(**t));
	free(*t);
}

/* They come in the order of the groups; some are no names, and do not come. */
static enum rollcode_err
foresee_one(void *context, const char *user, struct error *error)
{
	struct together *t = context;

	(void)error;
	while (t->at < t->count &&
	       strcmp(t->groups[t->at].lines[0]->user, user) != 0)
		t->at++;
	if (t->at < t->count &&
	    import_foresee(t->im, &t->groups[t->at], &t->accounts[t->fresh],
		&t->events[t->fresh]))
		t->of[t->fresh++] = &t->groups[t->at];
	return ROLLCODE_OK;
}

void
import_together(struct importing *im, struct import_group *groups, size_t count)
{
	WIPED(together_free) struct together *t = calloc(1, sizeof(*t));
	const struct store_ops *ops = im->admin.ops;
	const char *users[STORE_AT_ONCE];

	if (t == NULL || ops->create_all == NULL || ops->some == NULL)
		return;
	t->im = im;
	t->groups = groups;
	t->count = count;
	for (size_t i = 0; i < count; i++)
		users[i] = groups[i].lines[0]->user;
	if (ops->some(im->admin.store, users, count, foresee_one, t, NULL) !=
		ROLLCODE_OK ||
	    t->fresh == 0 ||
	    ops->create_all(im->admin.store, t->accounts, t->events, t->fresh,
		NULL) != ROLLCODE_OK)
		return;
	for (size_t i = 0; i < t->fresh; i++)
		t->of[i]->done = true;
}
