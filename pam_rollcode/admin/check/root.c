/* SPDX-License-Identifier: Apache-2.0 */
/*
 * root.c - who is kept out: people without a token where nobody
 * has one, root, and everybody if a store breaks and no way to root is left.
 */
#include "admin/check/lines.h"
#include "admin/check/run.h"

static bool
asks_for_root(const struct check *check, const char *name)
{
	if (strcmp(name, check->sshd.service) == 0)
		return check->sshd.known &&
		       strcmp(check->sshd.root, "yes") == 0;
	return strcmp(name, "login") == 0 || strcmp(name, "su") == 0 ||
	       strcmp(name, "su-l") == 0;
}

void
check_ways_in(struct check *check, const struct service *s)
{
	const struct stack_row *row = check_first(s);
	const char *file = s->files[row->file];
	enum stack_result result =
	    check_has_nullok(s) ? RESULT_IGNORE : RESULT_AUTH_ERR;
	char mend[CHECK_TEXT_MAX];

	if (!check->store.known || stack_admits(&s->auth, result, false))
		return;
	check_admin(check, "enroll", check->store.users == 0 ? "USER" : "root",
	    NULL, mend);
	if (check->store.users == 0)
		check_found(check, FOUND_NOBODY, file, row->first, mend,
		    "nobody has a token, and nobody gets in through %s",
		    s->name);
	else if (!check->store.root && asks_for_root(check, s->name))
		check_found(check, FOUND_ROOT_WAY, file, row->first, mend,
		    "root has no token, and does not get in through %s",
		    s->name);
}

/* --- if the store breaks ------------------------------------------------ */

/* The ways to root, the one at the console first. */
static const char *const ways[] = {"login", "su", "sudo"};

/* A key alone, for sshd asks PAM nothing about it. */
static bool
sshd_is_free(const struct sshd_settings *sshd)
{
	return sshd->known && sshd->key && strcmp(sshd->root, "no") != 0 &&
	       strcmp(sshd->root, "forced-commands-only") != 0 &&
	       (!sshd->pam || sshd->methods[0] == '\0' ||
		   strcmp(sshd->methods, "any") == 0 ||
		   !check_lists_have(sshd->methods, "keyboard-interactive"));
}

static void
warn(struct check *check, const struct service *s, const char *names)
{
	const struct stack_row *row = check_first(s);
	char mend[CHECK_TEXT_MAX];

	if (row->file == 0)
		check_comment_out(s, row, mend);
	else
		check_command(mend, sizeof(mend),
		    "name the module in the services that need it, and not in "
		    "%s",
		    CHECK_WORD(s->files[row->file]));
	check_found(check, FOUND_ROOT_WAY, s->files[row->file], row->first,
	    mend,
	    "every way to root (%s) asks for a code: if the store breaks, "
	    "nobody gets in to mend it",
	    names);
}

void
check_root(struct check *check)
{
	char names[CHECK_TEXT_MAX] = "";
	struct service first = {0}, s;
	bool free_way = false;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		size_t len = strlen(names);

		if (!service_read(check, ways[i], &s))
			continue;
		free_way |=
		    check_first(&s) == NULL || stack_admits_unasked(&s.auth);
		check_cut(names + len, sizeof(names) - len, "%s%s",
		    len == 0 ? "" : ", ", ways[i]);
		if (first.rows == NULL)
			first = s;
		else
			service_free(&s);
	}
	if (first.rows != NULL && !free_way) {
		check_sshd_read(check);
		if (!sshd_is_free(&check->sshd))
			warn(check, &first, names);
	}
	service_free(&first);
}
