/* SPDX-License-Identifier: Apache-2.0 */
/*
 * root.c - who is kept out: people without a token where nobody
 * has one, root, and everybody if a store breaks and no way to root is left.
 */
#include "admin/check/check.h"

static bool
asks_for_root(const struct check *check, const char *name)
{
	if (sshd_asks_as(check, name))
		return sshd_is(check, "permitrootlogin", "yes");
	return strcmp(name, "login") == 0 || strcmp(name, "su") == 0 ||
	       strcmp(name, "su-l") == 0;
}

void
check_ways_in(struct check *check, const struct service *s)
{
	int result = check_has_nullok(s) ? PAM_IGNORE : PAM_AUTH_ERR;

	if (!check->store.known || s->facts.lenient[result])
		return;
	if (check->store.users == 0)
		check_found(check, IS_WARNING, "nobody", AT(s, s->first),
		    "rollcode-admin enroll USER",
		    "nobody has a token: nobody gets in through %s", s->name);
	else if (!check->store.root && asks_for_root(check, s->name))
		check_admin(check,
		    check_found(check, IS_WARNING, "root-way", AT(s, s->first),
			NULL,
			"root has no token and does not get in through %s",
			s->name),
		    "enroll", "root");
}

/* --- if the store breaks ------------------------------------------------ */

/* The ways to root, the one at the console first. */
static const char *const ways[] = {"login", "su", "sudo"};

/* A key alone, because sshd asks PAM nothing about it. */
static bool
sshd_is_free(const struct check *check)
{
	return sshd_is(check, "pubkeyauthentication", "yes") &&
	       !sshd_is(check, "permitrootlogin", "no") &&
	       !sshd_is(check, "permitrootlogin", "forced-commands-only") &&
	       (!sshd_is(check, "usepam", "yes") ||
		   !sshd_lists_have(check, "keyboard-interactive"));
}

static void
root_warn(struct check *check, const struct service *s, const char *names)
{
	check_found(check, IS_WARNING, "root-way", AT(s, s->first),
	    "name the module in the services that need it; leave one way to "
	    "root without it, such as the console",
	    "every way to root (%s) requires a code: if the store breaks, "
	    "nobody can repair it",
	    names);
}

/* Whether somebody gets in there without a code. */
static bool
is_free(struct check *check, struct service *s)
{
	return s->first == NULL || !check_try(check, s) || s->facts.unasked;
}

void
check_root(struct check *check)
{
	char names[CHECK_TEXT_MAX] = "";
	struct service first = {0}, s;
	bool free_way = false;

	for (size_t i = 0; i < COUNT(ways); i++) {
		size_t len = strlen(names);

		if (!service_read(check, ways[i], &s))
			continue;
		free_way |= is_free(check, &s);
		check_cut(names + len, sizeof(names) - len, "%s%s",
		    len == 0 ? "" : ", ", ways[i]);
		if (first.rows == NULL)
			first = s;
		else
			service_free(&s);
	}
	if (first.rows != NULL && !free_way) {
		check_sshd_read(check);
		if (!sshd_is_free(check))
			root_warn(check, &first, names);
	}
	service_free(&first);
}
