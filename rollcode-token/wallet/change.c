/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "common/base/utf8.h"
#include "common/token/token.h"
#include "wallet/row.h"

static enum rollcode_err
check_token_name(const char *name, struct error *error)
{
	if (utf8_printable(name) &&
	    token_check_label(name, NULL) == ROLLCODE_OK)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "a token's name has 1 to %d bytes, no control characters, and "
	    "does not start with a dash; choose another: rollcode-token add "
	    "NAME",
	    WALLET_NAME_MAX);
}

static enum rollcode_err
set_preferred(struct wallet *w, int64_t id, const uint8_t uid[WALLET_ID_LEN],
    struct error *error)
{
	wallet_state_prefer(w, uid);
	return sqlite_change(
	    w->db, error, 1, "UPDATE wallet SET preferred = ?1", "i", id);
}

/* Names and secrets are compared with all; the secrets in constant time. */
static enum rollcode_err
refuse_twin(struct wallet *w, const struct wallet_row *new, bool *first,
    struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row row = {0};
	const struct secret *a = &row.entry.provision.token.secret;
	const struct secret *b = &new->entry.provision.token.secret;
	enum rollcode_err err;

	*first = true;
	for (;;) {
		if ((err = wallet_row_after(w, row.entry.id, &row, error)) !=
			ROLLCODE_OK ||
		    row.entry.id == 0)
			return err;
		*first = false;
		if (strcmp(row.entry.name, new->entry.name) == 0)
			return error_set(error, ROLLCODE_ERR_EXISTS,
			    "a token named %s already exists; choose another "
			    "name: rollcode-token add NAME",
			    row.entry.name);
		if ((err = wallet_row_open(w, &row, error)) != ROLLCODE_OK)
			return err;
		if (a->len == b->len &&
		    secret_equal(a->bytes, b->bytes, a->len))
			return error_set(error, ROLLCODE_ERR_EXISTS,
			    "the token %s already has this secret; every token "
			    "needs its own, enrol a new one",
			    row.entry.name);
	}
}

static const char *
or_null(const char *text)
{
	return *text == '\0' ? NULL : text;
}

static enum rollcode_err
insert_row(struct wallet *w, const struct wallet_row *row, struct error *error)
{
	const struct provision *p = &row->entry.provision;
	const struct rollcode_token *t = &p->token;

	return sqlite_change(w->db, error, 1,
	    "INSERT INTO token (uid, name, issuer, account, label, form, "
	    "algorithm, digits, counter, secret, created, used) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0)",
	    "btttt"
	    "ttii"
	    "bi",
	    row->uid, sizeof(row->uid), row->entry.name, or_null(p->issuer),
	    or_null(p->account), or_null(t->label), form_name(t->form),
	    algorithm_name(t->algorithm), (int64_t)t->digits,
	    (int64_t)t->counter, row->stored.bytes, row->stored.len,
	    (int64_t)time(NULL));
}

enum rollcode_err
wallet_row_add(struct wallet *w, struct wallet_row *row, struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row back = {0};
	bool first;
	enum rollcode_err err;

	if ((err = check_token_name(row->entry.name, error)) != ROLLCODE_OK ||
	    (err = token_check(&row->entry.provision.token, error)) !=
		ROLLCODE_OK ||
	    (err = token_check_left(&row->entry.provision.token, error)) !=
		ROLLCODE_OK)
		return err;
	if (seal_random(row->uid, sizeof(row->uid)) != ROLLCODE_OK)
		return error_set(
		    error, ROLLCODE_ERR_SYS, "the kernel gave no random bytes");
	if ((err = refuse_twin(w, row, &first, error)) != ROLLCODE_OK ||
	    (err = wallet_row_seal(w, row, error)) != ROLLCODE_OK ||
	    (err = insert_row(w, row, error)) != ROLLCODE_OK ||
	    (err = wallet_state_note(w, row, WALLET_ALL, error)) !=
		ROLLCODE_OK ||
	    !first ||
	    (err = wallet_row_named(w, row->entry.name, &back, error)) !=
		ROLLCODE_OK)
		return err;
	return set_preferred(w, back.entry.id, row->uid, error);
}

const char *
wallet_own_name(const struct provision *provision)
{
	if (provision->name[0] != '\0')
		return provision->name;
	if (token_check_label(provision->issuer, NULL) == ROLLCODE_OK)
		return provision->issuer;
	if (token_check_label(provision->account, NULL) == ROLLCODE_OK)
		return provision->account;
	return "token";
}

enum rollcode_err
wallet_add(struct wallet *w, const char *name, const struct provision *p,
    struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row row = {0};
	enum rollcode_err err;

	if ((err = check_token_name(name, error)) != ROLLCODE_OK)
		return err;
	memcpy(row.entry.name, name, strlen(name) + 1);
	row.entry.provision = *p;
	if ((err = wallet_begin(w, error)) != ROLLCODE_OK)
		return err;
	return wallet_end(w, wallet_row_add(w, &row, error), error);
}

static enum rollcode_err
read_entry(struct wallet *w, const char *name, bool secret,
    struct wallet_entry *entry, struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row row = {0};
	enum rollcode_err err;

	wallet_entry_wipe(entry);
	if ((err = wallet_row_named(w, name, &row, error)) != ROLLCODE_OK ||
	    (secret && (err = wallet_row_open(w, &row, error)) != ROLLCODE_OK))
		return err;
	*entry = row.entry;
	return ROLLCODE_OK;
}

enum rollcode_err
wallet_find(struct wallet *w, const char *name, struct wallet_entry *entry,
    struct error *error)
{
	return read_entry(w, name, false, entry, error);
}

/* In a transaction: the row and what was sealed of it are of one moment. */
enum rollcode_err
wallet_reveal(struct wallet *w, const char *name, struct wallet_entry *entry,
    struct error *error)
{
	enum rollcode_err err;

	wallet_entry_wipe(entry);
	if ((err = wallet_begin(w, error)) != ROLLCODE_OK)
		return err;
	return wallet_end(w, read_entry(w, name, true, entry, error), error);
}

enum rollcode_err
wallet_next(struct wallet *w, int64_t id, struct wallet_entry *entry,
    struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row row = {0};
	enum rollcode_err err;

	wallet_entry_wipe(entry);
	if ((err = wallet_row_after(w, id, &row, error)) == ROLLCODE_OK)
		*entry = row.entry;
	return err;
}

/* A copied file is another inode: whoever copied it has two tokens now. */
static enum rollcode_err
note_place(struct wallet *w, struct error *error)
{
	struct stat st;
	int64_t here;

	if (stat(w->path, &st) != 0)
		return ROLLCODE_OK;
	here = (int64_t)(st.st_ino & INT64_MAX);
	if (here == w->head.place)
		return ROLLCODE_OK;
	w->copied = w->head.place != 0;
	return sqlite_change(
	    w->db, error, 1, "UPDATE wallet SET place = ?1", "i", here);
}

static enum rollcode_err
advance_counter(struct wallet *w, struct wallet_row *row, int64_t count,
    struct error *error)
{
	const struct wallet_entry *entry = &row->entry;
	uint64_t counter = entry->provision.token.counter;
	uint64_t left = ROLLCODE_COUNTER_END - counter;

	if (left == 0)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the token %s is exhausted: its counter is at its end; "
		    "remove it and enrol a new one",
		    entry->name);
	if (count < 1 || (uint64_t)count > left)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the token %s has only %llu codes left; ask for fewer, "
		    "and enrol a new token",
		    entry->name, (unsigned long long)left);
	return sqlite_change(w->db, error, 1,
	    "UPDATE token SET counter = ?1 WHERE id = ?2 AND counter = ?3",
	    "iii", (int64_t)counter + count, entry->id, (int64_t)counter);
}

enum rollcode_err
wallet_row_spend(struct wallet *w, const char *name, int64_t count,
    struct wallet_row *row, struct error *error)
{
	uint64_t *counter = &row->entry.provision.token.counter;
	enum rollcode_err err;

	if ((err = wallet_row_named(w, name, row, error)) != ROLLCODE_OK ||
	    (err = wallet_row_open(w, row, error)) != ROLLCODE_OK ||
	    (err = advance_counter(w, row, count, error)) != ROLLCODE_OK ||
	    (err = note_place(w, error)) != ROLLCODE_OK)
		return err;
	*counter += (uint64_t)count;
	err = wallet_state_note(w, row, WALLET_COUNTER, error);
	*counter -= (uint64_t)count;
	if (err != ROLLCODE_OK)
		return err;
	return sqlite_change(w->db, error, 1,
	    "UPDATE token SET used = ?1 WHERE id = ?2", "ii",
	    (int64_t)time(NULL), row->entry.id);
}

enum rollcode_err
wallet_spend(struct wallet *w, const char *name, int64_t count,
    struct wallet_entry *entry, struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row row = {0};
	enum rollcode_err err;

	wallet_entry_wipe(entry);
	if ((err = wallet_begin(w, error)) != ROLLCODE_OK)
		return err;
	err = wallet_row_spend(w, name, count, &row, error);
	if ((err = wallet_end(w, err, error)) == ROLLCODE_OK)
		*entry = row.entry;
	return err;
}

enum rollcode_err
wallet_skip(struct wallet *w, const char *name, int64_t count,
    struct wallet_entry *entry, struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row row = {0};
	enum rollcode_err err;

	wallet_entry_wipe(entry);
	if ((err = wallet_begin(w, error)) != ROLLCODE_OK)
		return err;
	if ((err = wallet_row_named(w, name, &row, error)) == ROLLCODE_OK)
		err = advance_counter(w, &row, count, error);
	if ((err = wallet_end(w, err, error)) != ROLLCODE_OK)
		return err;
	*entry = row.entry;
	entry->provision.token.counter += (uint64_t)count;
	return ROLLCODE_OK;
}

static enum rollcode_err
rename_row(
    struct wallet *w, const char *from, const char *to, struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row row = {0}, other = {0};
	enum rollcode_err err;

	if ((err = wallet_row_named(w, from, &row, error)) != ROLLCODE_OK)
		return err;
	err = wallet_row_named(w, to, &other, NULL);
	if (err == ROLLCODE_OK)
		return error_set(error, ROLLCODE_ERR_EXISTS,
		    "a token named %s already exists; choose another name", to);
	if (err != ROLLCODE_ERR_ABSENT)
		return err;
	snprintf(row.entry.name, sizeof(row.entry.name), "%s", to);
	if ((err = wallet_state_note(w, &row, WALLET_NAME, error)) !=
	    ROLLCODE_OK)
		return err;
	return sqlite_change(w->db, error, 1,
	    "UPDATE token SET name = ?1 WHERE id = ?2", "ti", to, row.entry.id);
}

enum rollcode_err
wallet_rename(
    struct wallet *w, const char *from, const char *to, struct error *error)
{
	enum rollcode_err err;

	if ((err = check_token_name(to, error)) != ROLLCODE_OK ||
	    (err = wallet_want_key(w, error)) != ROLLCODE_OK ||
	    (err = wallet_begin(w, error)) != ROLLCODE_OK)
		return err;
	return wallet_end(w, rename_row(w, from, to, error), error);
}

static enum rollcode_err
remove_row(struct wallet *w, const char *name, struct error *error)
{
	static const uint8_t nobody[WALLET_ID_LEN];
	WIPED(wallet_row_wipe) struct wallet_row row = {0}, next = {0};
	enum rollcode_err err;
	bool preferred;

	if ((err = wallet_row_named(w, name, &row, error)) != ROLLCODE_OK ||
	    (err = sqlite_change(w->db, error, 1,
		 "DELETE FROM token WHERE id = ?1", "i", row.entry.id)) !=
		ROLLCODE_OK)
		return err;
	preferred = row.entry.preferred;
	if ((err = wallet_row_after(w, 0, &row, error)) != ROLLCODE_OK)
		return err;
	if (row.entry.id != 0 && (err = wallet_row_after(w, row.entry.id, &next,
				      error)) != ROLLCODE_OK)
		return err;
	if (row.entry.id != 0 && next.entry.id == 0)
		return set_preferred(w, row.entry.id, row.uid, error);
	return preferred ? set_preferred(w, 0, nobody, error) : ROLLCODE_OK;
}

enum rollcode_err
wallet_remove(struct wallet *w, const char *name, struct error *error)
{
	enum rollcode_err err;

	if ((err = wallet_begin(w, error)) != ROLLCODE_OK)
		return err;
	return wallet_end(w, remove_row(w, name, error), error);
}

enum rollcode_err
wallet_prefer(struct wallet *w, const char *name, struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row row = {0};
	enum rollcode_err err;

	if ((err = wallet_want_key(w, error)) != ROLLCODE_OK ||
	    (err = wallet_begin(w, error)) != ROLLCODE_OK)
		return err;
	if ((err = wallet_row_named(w, name, &row, error)) == ROLLCODE_OK)
		err = set_preferred(w, row.entry.id, row.uid, error);
	return wallet_end(w, err, error);
}
