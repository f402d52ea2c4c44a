/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accounts.c - the accounts of this machine beside the users of the store.
 */
#include <errno.h>
#include <search.h>
#include <stdlib.h>

#include "admin/admin.h"

/* Of a tree of names: call back for each, until one fails. */
struct calling {
	store_user_fn *fn;
	void *context;
	struct error *error;
	enum rollcode_err err;
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static enum rollcode_err
add_name(void *tree, const char *name, struct error *error)
{
	char *copy = strdup(name), **node = NULL;

	if (copy != NULL)
		node = tsearch(copy, tree, by_name);
	if (node == NULL || *node != copy)
		free(copy); /* the tree has this name, or no room for it */
	return node != NULL
		   ? ROLLCODE_OK
		   : error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
}

static void
call_name(const void *node, VISIT visit, void *context)
{
	const char *const *name = node;
	struct calling *c = context;

	if ((visit == postorder || visit == leaf) && c->err == ROLLCODE_OK)
		c->err = c->fn(c->context, *name, c->error);
}

/* People's accounts that are not in a tree, into another. */
static enum rollcode_err
add_accounts(void *const *without, void **tree, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;
	const struct passwd *pw;

	setpwent();
	while (err == ROLLCODE_OK && (errno = 0, pw = getpwent()) != NULL)
		if (person_logs_in(pw) &&
		    tfind(pw->pw_name, without, by_name) == NULL)
			err = add_name(tree, pw->pw_name, error);
	if (err == ROLLCODE_OK && errno != 0 && errno != ENOENT &&
	    errno != ESRCH)
		err = error_set(error, ROLLCODE_ERR_UNAVAIL,
		    "the accounts cannot be listed: %s", strerror(errno));
	endpwent();
	return err;
}

enum rollcode_err
accounts_missing(
    struct admin *admin, store_user_fn *fn, void *context, struct error *error)
{
	struct calling calling = {fn, context, error, ROLLCODE_OK};
	void *enrolled = NULL, *missing = NULL;
	enum rollcode_err err;

	if ((err = admin->ops->each(
		 admin->store, add_name, &enrolled, error)) == ROLLCODE_OK &&
	    (err = add_accounts(&enrolled, &missing, error)) == ROLLCODE_OK) {
		twalk_r(missing, call_name, &calling);
		err = calling.err;
	}
	tdestroy(enrolled, free);
	tdestroy(missing, free);
	return err;
}

static enum rollcode_err
call_stale(void *context, const char *user, struct error *error)
{
	struct calling *c = context;
	const struct passwd *pw;

	if (!admin_look_up(user, &pw))
		return error_set(error, ROLLCODE_ERR_UNAVAIL,
		    "the account %s cannot be looked up: %s", user,
		    strerror(errno));
	return pw != NULL ? ROLLCODE_OK : c->fn(c->context, user, error);
}

enum rollcode_err
accounts_stale(
    struct admin *admin, store_user_fn *fn, void *context, struct error *error)
{
	struct calling calling = {fn, context, error, ROLLCODE_OK};

	return admin->ops->each(admin->store, call_stale, &calling, error);
}
