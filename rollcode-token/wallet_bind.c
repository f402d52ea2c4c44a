/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wallet_bind.c - which prompts a token answers by itself, and how often.
 */
#include <stdio.h>

#include "utf8.h"
#include "wallet_row.h"

#define ASKERS_KEPT 256

/* A binding is one of the words of a row's. */
static bool
has_binding(const struct wallet_row *row, const char *binding)
{
	const char *at = row->entry.binding;
	size_t len = strlen(binding), n;

	for (; *at != '\0'; at += n, at += strspn(at, " ")) {
		n = strcspn(at, " ");
		if (n == len && strncmp(at, binding, n) == 0)
			return true;
	}
	return false;
}

/* The row of a binding; entry.id is 0 if there is none. */
static enum rollcode_err
row_bound(struct wallet *w, const char *binding, struct wallet_row *row,
    struct error *error)
{
	enum rollcode_err err;

	wallet_row_wipe(row);
	do
		err = wallet_row_after(w, row->entry.id, row, error);
	while (err == ROLLCODE_OK && row->entry.id != 0 &&
	       !has_binding(row, binding));
	return err;
}

/* USER@HOST as ssh writes it, without what would end it; or local. */
static enum rollcode_err
check_binding(const char *binding, struct error *error)
{
	const char *at = strrchr(binding, '@');

	if (utf8_printable(binding) && strpbrk(binding, " ()") == NULL &&
	    (strcmp(binding, WALLET_LOCAL) == 0 ||
		(at != NULL && at != binding && at[1] != '\0')))
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "a binding is USER@HOST as ssh shows it before the prompt, or "
	    "local for sudo on this machine");
}

static enum rollcode_err
check_free(
    struct wallet *w, const char *binding, int64_t id, struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row row = {0};
	enum rollcode_err err;

	if ((err = row_bound(w, binding, &row, error)) != ROLLCODE_OK ||
	    row.entry.id == 0 || row.entry.id == id)
		return err;
	return error_set(error, ROLLCODE_ERR_EXISTS,
	    "%s is bound to the token %s already; free it with: "
	    "rollcode-token bind %s",
	    binding, row.entry.name, row.entry.name);
}

static enum rollcode_err
bind_row(struct wallet *w, const char *name, char *const *bindings,
    size_t count, struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row row = {0};
	char all[WALLET_BINDING_MAX + 1] = "";
	size_t len = 0;
	enum rollcode_err err;
	int n;

	if ((err = wallet_row_named(w, name, &row, error)) != ROLLCODE_OK)
		return err;
	for (size_t i = 0; i < count; i++) {
		if ((err = check_binding(bindings[i], error)) != ROLLCODE_OK ||
		    (err = check_free(w, bindings[i], row.entry.id, error)) !=
			ROLLCODE_OK)
			return err;
		n = snprintf(all + len, sizeof(all) - len, "%s%s",
		    i == 0 ? "" : " ", bindings[i]);
		if (n < 0 || (size_t)n >= sizeof(all) - len)
			return error_set(error, ROLLCODE_ERR_INPUT,
			    "the bindings of a token have at most %d bytes; "
			    "give fewer",
			    WALLET_BINDING_MAX);
		len += (size_t)n;
	}
	return sqlite_change(w->db, error, 1,
	    "UPDATE token SET binding = ?1 WHERE id = ?2", "ti",
	    len == 0 ? NULL : all, row.entry.id);
}

enum rollcode_err
wallet_bind(struct wallet *w, const char *name, char *const *bindings,
    size_t count, struct error *error)
{
	enum rollcode_err err;

	if ((err = wallet_begin(w, error)) != ROLLCODE_OK)
		return err;
	return wallet_end(w, bind_row(w, name, bindings, count, error), error);
}

static enum rollcode_err
was_answered(
    struct wallet *w, const struct asker *asker, bool *was, struct error *error)
{
	WIPED(sqlite_donep) sqlite3_stmt *st = NULL;
	enum rollcode_err err;

	if ((err = sqlite_query(w->db, &st, error,
		 "SELECT 1 FROM asker WHERE pid = ?1 AND start = ?2", "ii",
		 asker->pid, asker->start)) != ROLLCODE_OK)
		return err;
	return sqlite_step(w->db, st, was, error);
}

static enum rollcode_err
note_asker(struct wallet *w, const struct asker *asker, struct error *error)
{
	enum rollcode_err err;

	if ((err = sqlite_change(w->db, error, 1,
		 "INSERT INTO asker (pid, start) VALUES (?1, ?2)", "ii",
		 asker->pid, asker->start)) != ROLLCODE_OK)
		return err;
	return sqlite_change(w->db, error, -1,
	    "DELETE FROM asker WHERE id <= (SELECT max(id) FROM asker) - ?1",
	    "i", (int64_t)ASKERS_KEPT);
}

enum rollcode_err
wallet_bound(struct wallet *w, const char *binding, const struct asker *asker,
    struct wallet_entry *entry, struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row row = {0};
	enum rollcode_err err;
	bool was = false;

	wallet_entry_wipe(entry);
	if ((err = row_bound(w, binding, &row, error)) != ROLLCODE_OK ||
	    (err = was_answered(w, asker, &was, error)) != ROLLCODE_OK)
		return err;
	if (row.entry.id == 0)
		return error_set(error, ROLLCODE_ERR_ABSENT,
		    "no token is bound to %s", binding);
	if (was)
		return error_set(error, ROLLCODE_ERR_EXISTS,
		    "this process was given a code already");
	*entry = row.entry;
	return ROLLCODE_OK;
}

enum rollcode_err
wallet_answer(struct wallet *w, const char *binding, const struct asker *asker,
    struct wallet_entry *entry, struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row row = {0};
	enum rollcode_err err;

	if ((err = wallet_begin(w, error)) != ROLLCODE_OK)
		return err;
	if ((err = wallet_bound(w, binding, asker, entry, error)) ==
		ROLLCODE_OK &&
	    (err = wallet_row_spend(w, entry->name, 1, &row, error)) ==
		ROLLCODE_OK)
		err = note_asker(w, asker, error);
	wallet_entry_wipe(entry);
	if ((err = wallet_end(w, err, error)) == ROLLCODE_OK)
		*entry = row.entry;
	return err;
}
