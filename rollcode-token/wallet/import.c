/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common/token/token.h"
#include "wallet/row.h"

#define NAMES_MAX 10000 /* of tokens that would be called the same */

/* The row that has this secret; entry.id is 0 if there is none. */
static enum rollcode_err
find_row_by_secret(struct wallet *w, const struct secret *secret,
    struct wallet_row *row, struct error *error)
{
	const struct secret *have = &row->entry.provision.token.secret;
	enum rollcode_err err;

	wallet_row_wipe(row);
	for (;;) {
		if ((err = wallet_row_after(w, row->entry.id, row, error)) !=
			ROLLCODE_OK ||
		    row->entry.id == 0 ||
		    (err = wallet_row_open(w, row, error)) != ROLLCODE_OK ||
		    (have->len == secret->len &&
			secret_equal(have->bytes, secret->bytes, have->len)))
			return err;
	}
}

static enum rollcode_err
raise_counter(struct wallet *w, struct wallet_row *row, uint64_t counter,
    struct error *error)
{
	int64_t before = (int64_t)row->entry.provision.token.counter;
	enum rollcode_err err;

	row->entry.provision.token.counter = counter;
	if ((err = wallet_state_note(w, row, WALLET_COUNTER, error)) !=
	    ROLLCODE_OK)
		return err;
	return sqlite_change(w->db, error, 1,
	    "UPDATE token SET counter = ?1 WHERE id = ?2 AND counter = ?3",
	    "iii", (int64_t)counter, row->entry.id, before);
}

/* No row's counter ever falls: a new one takes the old one's place. */
static enum rollcode_err
lower_counter(struct wallet *w, struct wallet_row *row, uint64_t counter,
    struct error *error)
{
	const struct wallet_entry *e = &row->entry;
	int64_t id = e->id;
	bool preferred =
	    wallet_state_check_default(w, row, NULL) == ROLLCODE_OK;
	enum rollcode_err err;

	row->entry.provision.token.counter = counter;
	if ((err = sqlite_change(w->db, error, 1,
		 "DELETE FROM token WHERE id = ?1", "i", id)) != ROLLCODE_OK ||
	    (err = wallet_row_add(w, row, error)) != ROLLCODE_OK ||
	    (err = sqlite_change(w->db, error, 1,
		 "UPDATE token SET binding = ?1 WHERE name = ?2", "tt",
		 e->binding[0] == '\0' ? NULL : e->binding, e->name)) !=
		ROLLCODE_OK)
		return err;
	if (preferred)
		wallet_state_prefer(w, row->uid);
	return sqlite_change(w->db, error, -1,
	    "UPDATE wallet SET preferred = "
	    "(SELECT id FROM token WHERE name = ?1) WHERE preferred = ?2",
	    "ti", e->name, id);
}

static enum rollcode_err
merge_into_row(struct wallet *w, struct wallet_row *row,
    const struct rollcode_token *given, bool force, enum import_merge *merged,
    struct error *error)
{
	const struct rollcode_token *have = &row->entry.provision.token;

	if (!import_same_kind(have, given))
		return error_set(error, ROLLCODE_ERR_EXISTS,
		    "its secret already exists, as %s, but with another form, "
		    "algorithm or number of digits",
		    row->entry.name);
	*merged = import_meet(have->counter, given->counter, force);
	if (*merged == MERGE_RAISED)
		return raise_counter(w, row, given->counter, error);
	if (*merged == MERGE_LOWERED)
		return lower_counter(w, row, given->counter, error);
	return ROLLCODE_OK;
}

/* Exports of earlier versions have the name before the line. */
static const char *
wanted_name(const struct import_entry *e)
{
	if (e->provision.name[0] == '\0' && e->named &&
	    token_check_label(e->user, NULL) == ROLLCODE_OK)
		return e->user;
	return wallet_own_name(&e->provision);
}

/* The name that is wanted, or the first of "NAME-2" and so on that is free. */
static enum rollcode_err
free_name(struct wallet *w, const char *wanted, char name[WALLET_NAME_MAX + 1],
    struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row other = {0};
	enum rollcode_err err;

	snprintf(name, WALLET_NAME_MAX + 1, "%.*s", WALLET_NAME_MAX, wanted);
	for (int n = 2; n < NAMES_MAX; n++) {
		err = wallet_row_named(w, name, &other, NULL);
		if (err == ROLLCODE_ERR_ABSENT)
			return ROLLCODE_OK;
		if (err != ROLLCODE_OK)
			return wallet_row_named(w, name, &other, error);
		snprintf(name, WALLET_NAME_MAX + 1, "%.*s-%d",
		    WALLET_NAME_MAX - 6, wanted, n);
	}
	return error_set(error, ROLLCODE_ERR_EXISTS,
	    "there are too many tokens named %s", wanted);
}

static enum rollcode_err
import_one_entry(struct wallet *w, const struct import_entry *e, bool force,
    enum import_merge *merged, struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row row = {0};
	enum rollcode_err err;

	if ((err = find_row_by_secret(
		 w, &e->provision.token.secret, &row, error)) != ROLLCODE_OK)
		return err;
	if (row.entry.id != 0)
		return merge_into_row(
		    w, &row, &e->provision.token, force, merged, error);
	wallet_row_wipe(&row);
	row.entry.provision = e->provision;
	*merged = MERGE_ADDED;
	if ((err = free_name(w, wanted_name(e), row.entry.name, error)) !=
	    ROLLCODE_OK)
		return err;
	return wallet_row_add(w, &row, error);
}

static enum rollcode_err
import_all_entries(struct wallet *w, const struct import_list *list, bool force,
    size_t merged[MERGE_KINDS], struct error *error)
{
	char place[IMPORT_PLACE_MAX];
	enum import_merge became = MERGE_NONE;
	struct error why = {0};
	enum rollcode_err err;

	for (size_t i = 0; i < list->count; i++) {
		const struct import_entry *e = &list->entries[i];

		err =
		    e->refused == NULL
			? import_one_entry(w, e, force, &became, &why)
			: error_set(&why, ROLLCODE_ERR_INPUT, "%s", e->refused);
		if (err != ROLLCODE_OK) {
			import_place(e, place);
			return error_pass(error, err, &why, "%s", place);
		}
		merged[became]++;
	}
	return ROLLCODE_OK;
}

enum rollcode_err
wallet_import(struct wallet *w, const struct import_list *list, bool force,
    size_t merged[MERGE_KINDS], struct error *error)
{
	enum rollcode_err err;

	memset(merged, 0, MERGE_KINDS * sizeof(*merged));
	if ((err = wallet_begin(w, error)) != ROLLCODE_OK)
		return err;
	return wallet_end(
	    w, import_all_entries(w, list, force, merged, error), error);
}
