/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common/base/utf8.h"
#include "common/token/token.h"
#include "wallet/row.h"

#define NAMES_MAX 10000 /* of tokens that would be called the same */

/* No row's counter ever falls: a new one takes the old one's id. */
static enum rollcode_err
lower_counter(struct wallet *w, struct wallet_entry *e, struct error *error)
{
	bool preferred = wallet_state_check_default(w, e, NULL) == ROLLCODE_OK;
	enum rollcode_err err;

	if ((err = sqlite_change(w->db, error, 1,
		 "DELETE FROM token WHERE id = ?1", "i", e->id)) !=
		ROLLCODE_OK ||
	    (err = wallet_row_add(w, e, error)) != ROLLCODE_OK)
		return err;
	if (preferred)
		wallet_state_prefer(w, e->uid);
	return ROLLCODE_OK;
}

static enum rollcode_err
merge_into_row(struct wallet *w, struct wallet_entry *e,
    const struct rollcode_token *given, bool force, enum import_merge *merged,
    struct error *error)
{
	struct rollcode_token *have = &e->provision.token;

	if (!import_same_kind(have, given))
		return error_set(error, ROLLCODE_ERR_EXISTS,
		    "its secret already exists, as %s, but with another form, "
		    "algorithm or number of digits",
		    e->name);
	*merged = import_meet(have->counter, given->counter, force);
	if (*merged != MERGE_RAISED && *merged != MERGE_LOWERED)
		return ROLLCODE_OK;
	have->counter = given->counter;
	return *merged == MERGE_RAISED
		   ? wallet_row_write(w, e, WALLET_COUNTER, error)
		   : lower_counter(w, e, error);
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

/* How many bytes the characters have that fit into so many. */
static int
whole_characters(const char *text, int max)
{
	uint32_t point;
	int len = 0, n;

	while (text[len] != '\0' &&
	       (n = (int)utf8_next(text + len, &point)) > 0 && len + n <= max)
		len += n;
	return len;
}

/* The name that is wanted, or the first of "NAME-2" and so on that is free. */
static enum rollcode_err
free_name(struct wallet *w, const char *wanted, char name[WALLET_NAME_MAX + 1],
    struct error *error)
{
	int kept = whole_characters(wanted, WALLET_NAME_MAX - 6);
	enum rollcode_err err;

	snprintf(name, WALLET_NAME_MAX + 1, "%.*s", WALLET_NAME_MAX, wanted);
	for (int n = 2; n < NAMES_MAX; n++) {
		if ((err = wallet_name_free(w, name, "", error)) !=
		    ROLLCODE_ERR_EXISTS)
			return err;
		snprintf(name, WALLET_NAME_MAX + 1, "%.*s-%d", kept, wanted, n);
	}
	return error_set(error, ROLLCODE_ERR_EXISTS,
	    "there are too many tokens named %s", wanted);
}

static enum rollcode_err
import_one_entry(struct wallet *w, const struct import_entry *given, bool force,
    enum import_merge *merged, struct error *error)
{
	WIPED(wallet_entry_wipe) struct wallet_entry e = {0};
	const struct rollcode_token *token = &given->provision.token;
	enum rollcode_err err;

	if ((err = wallet_row_of_secret(w, &token->secret, &e, error)) !=
	    ROLLCODE_OK)
		return err;
	if (e.id != 0)
		return merge_into_row(w, &e, token, force, merged, error);
	e.provision = given->provision;
	*merged = MERGE_ADDED;
	if ((err = free_name(w, wanted_name(given), e.name, error)) !=
	    ROLLCODE_OK)
		return err;
	return wallet_row_add(w, &e, error);
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

		if ((err = import_one_entry(w, e, force, &became, &why)) !=
		    ROLLCODE_OK) {
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
	if ((err = wallet_begin(w, error)) == ROLLCODE_OK)
		err = import_all_entries(w, list, force, merged, error);
	return wallet_end(w, err, error);
}
