/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bind.c - which prompts a token answers by itself, and how often.
 */
#include <stdio.h>

#include "wallet/row.h"

#define ASKERS_KEPT 256

/*
 * The row that answers there, its id 0 if there is none; elsewhere is then a
 * row of the same user and host, or untouched.
 */
static enum rollcode_err
row_bound(struct wallet *w, const struct binding *asked, struct wallet_entry *e,
    struct wallet_entry *elsewhere, struct error *error)
{
	enum binding_fit fit = BINDING_FOREIGN;
	enum rollcode_err err;

	wallet_entry_wipe(e);
	while (fit != BINDING_FITS && wallet_each(w, e, &err, error))
		if ((fit = binding_fit(e->binding, asked)) == BINDING_ELSEWHERE)
			*elsewhere = *e;
	return err;
}

/* The word as it is stored, if no other token answers there. */
static enum rollcode_err
stored_word(struct wallet *w, const char *given, int64_t id,
    char word[BINDING_MAX + 1], struct error *error)
{
	struct wallet_entry e, elsewhere;
	struct binding binding;
	enum rollcode_err err;

	if ((err = binding_read(given, &binding, error)) != ROLLCODE_OK)
		return err;
	if (binding.port == BINDING_UNSAID)
		binding.port = BINDING_PORT;
	if ((err = row_bound(w, &binding, &e, &elsewhere, error)) !=
	    ROLLCODE_OK)
		return err;
	if (e.id != 0 && e.id != id)
		return error_set(error, ROLLCODE_ERR_EXISTS,
		    "the token %s is already bound to %s; free it with: "
		    "rollcode-token bind %s",
		    e.name, e.binding, e.name);
	return binding_write(&binding, word, error);
}

static enum rollcode_err
bind_row(struct wallet *w, const char *name, char *const *bindings,
    struct error *error)
{
	WIPED(wallet_entry_wipe) struct wallet_entry e = {0};
	char word[BINDING_MAX + 1];
	size_t len = 0;
	enum rollcode_err err;
	int n;

	if ((err = wallet_row_named(w, name, &e, error)) != ROLLCODE_OK)
		return err;
	e.binding[0] = '\0';
	for (; *bindings != NULL; bindings++) {
		if ((err = stored_word(w, *bindings, e.id, word, error)) !=
		    ROLLCODE_OK)
			return err;
		n = snprintf(e.binding + len, sizeof(e.binding) - len, "%s%s",
		    len == 0 ? "" : " ", word);
		if (n < 0 || (size_t)n >= sizeof(e.binding) - len)
			return error_set(error, ROLLCODE_ERR_INPUT,
			    "the bindings of a token have at most %d bytes; "
			    "give fewer",
			    BINDING_MAX);
		len += (size_t)n;
	}
	return wallet_row_write(w, &e, WALLET_BINDING, error);
}

enum rollcode_err
wallet_bind(struct wallet *w, const char *name, char *const *bindings,
    struct error *error)
{
	enum rollcode_err err;

	if ((err = wallet_begin(w, error)) == ROLLCODE_OK)
		err = bind_row(w, name, bindings, error);
	return wallet_end(w, err, error);
}

static enum rollcode_err
was_answered(
    struct wallet *w, const struct asker *asker, bool *was, struct error *error)
{
	WIPED(sqlite_done)
	struct sqlite_rows r = sqlite_query(w->db, error,
	    "SELECT 1 FROM asker WHERE pid = ?1 AND start = ?2", "ii",
	    asker->pid, asker->start);

	*was = sqlite_next(&r);
	return r.err;
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

/* Nothing answers there; the remedy if a token answers at another port. */
static enum rollcode_err
not_bound(const struct binding *asked, const struct wallet_entry *elsewhere,
    struct error *error)
{
	char word[BINDING_MAX + 1];

	if (elsewhere->id == 0)
		return error_set(error, ROLLCODE_ERR_ABSENT,
		    "no token is bound to %s", asked->shown);
	if (asked->port == ASKER_UNKNOWN ||
	    binding_write(asked, word, NULL) != ROLLCODE_OK)
		return error_set(error, ROLLCODE_ERR_ABSENT,
		    "the token %s is bound to %s, but no code is given: it "
		    "cannot be determined which port ssh is connected to; to "
		    "type one: rollcode-token next %s",
		    elsewhere->name, asked->shown, elsewhere->name);
	return error_set(error, ROLLCODE_ERR_ABSENT,
	    "the token %s is bound to %s, but no code is given: this is %s; "
	    "if it is your server too: rollcode-token bind %s %s %s",
	    elsewhere->name, elsewhere->binding, word, elsewhere->name,
	    elsewhere->binding, word);
}

enum rollcode_err
wallet_bound(struct wallet *w, const struct binding *asked,
    const struct asker *asker, struct wallet_entry *entry, struct error *error)
{
	struct wallet_entry bound;
	enum rollcode_err err;
	bool was = false;

	wallet_entry_wipe(entry);
	if ((err = row_bound(w, asked, &bound, entry, error)) != ROLLCODE_OK ||
	    (err = was_answered(w, asker, &was, error)) != ROLLCODE_OK)
		return err;
	if (bound.id == 0)
		return not_bound(asked, entry, error);
	wallet_entry_wipe(entry);
	if (was)
		return error_set(error, ROLLCODE_ERR_EXISTS,
		    "this process already got a code");
	*entry = bound;
	return ROLLCODE_OK;
}

enum rollcode_err
wallet_answer(struct wallet *w, const struct binding *asked,
    const struct asker *asker, struct wallet_entry *e, struct error *error)
{
	char name[WALLET_NAME_MAX + 1];
	enum rollcode_err err;

	if ((err = wallet_begin_spend(w, error)) == ROLLCODE_OK &&
	    (err = wallet_bound(w, asked, asker, e, error)) == ROLLCODE_OK) {
		memcpy(name, e->name, sizeof(name));
		err = wallet_row_spend(w, name, 1, e, error);
	}
	if (err == ROLLCODE_OK)
		err = note_asker(w, asker, error);
	if ((err = wallet_end(w, err, error)) != ROLLCODE_OK)
		wallet_entry_wipe(e);
	return err;
}
