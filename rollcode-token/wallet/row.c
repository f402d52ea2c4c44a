/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common/base/utf8.h"
#include "common/token/token.h"
#include "wallet/row.h"

/* An optional text comes behind "=", so that none is told from no column. */
#define SELECT_ROW                                                            \
	"SELECT id, digits, counter, created, used, name, form, algorithm, "  \
	"'=' || ifnull(issuer, ''), '=' || ifnull(account, ''), "             \
	"'=' || ifnull(label, ''), '=' || ifnull(binding, ''), uid, secret, " \
	"id = (SELECT preferred FROM wallet) FROM token "

#define OPTIONAL_MAX 255

static enum rollcode_err
bad_token_row(const struct wallet *w, const struct wallet_row *row,
    const char *what, struct error *error)
{
	return error_at(error, ROLLCODE_ERR_STORE, w->path,
	    "token %lld: %s; restore the wallet from a backup or remove and "
	    "enrol the token again",
	    (long long)row->entry.id, what);
}

static enum rollcode_err
read_numbers(sqlite3_stmt *st, struct wallet_entry *entry, struct error *error)
{
	int64_t digits = 0, counter = 0, preferred = 0;
	enum rollcode_err err;

	if ((err = sqlite_int(st, 0, 1, INT64_MAX, &entry->id, error)) !=
		ROLLCODE_OK ||
	    (err = sqlite_int(st, 1, 1, ROLLCODE_HEX_DIGITS, &digits, error)) !=
		ROLLCODE_OK ||
	    (err = sqlite_int(st, 2, 0, INT64_MAX, &counter, error)) !=
		ROLLCODE_OK ||
	    (err = sqlite_int(st, 3, 0, INT64_MAX, &entry->created, error)) !=
		ROLLCODE_OK ||
	    (err = sqlite_int(st, 14, 0, 1, &preferred, error)) != ROLLCODE_OK)
		return err;
	entry->preferred = preferred == 1;
	entry->provision.token.digits = (unsigned int)digits;
	entry->provision.token.counter = (uint64_t)counter;
	return sqlite_int(st, 4, 0, INT64_MAX, &entry->used, error);
}

static enum rollcode_err
read_shape(sqlite3_stmt *st, struct rollcode_token *token, struct error *error)
{
	char form[16], algorithm[16];
	enum rollcode_err err;

	if ((err = sqlite_text(st, 6, form, sizeof(form), error)) !=
		ROLLCODE_OK ||
	    (err = sqlite_text(st, 7, algorithm, sizeof(algorithm), error)) !=
		ROLLCODE_OK)
		return err;
	token->form = form_from_name(form);
	token->algorithm = algorithm_from_name(algorithm);
	return ROLLCODE_OK;
}

static enum rollcode_err
read_optional(
    sqlite3_stmt *st, int column, char *out, size_t size, struct error *error)
{
	char text[OPTIONAL_MAX + 2];
	enum rollcode_err err;

	if ((err = sqlite_text(st, column, text, size + 1, error)) !=
	    ROLLCODE_OK)
		return err;
	snprintf(out, size, "%s", text + 1);
	return ROLLCODE_OK;
}

static enum rollcode_err
read_texts(sqlite3_stmt *st, struct wallet_entry *entry, struct error *error)
{
	struct provision *p = &entry->provision;
	enum rollcode_err err;

	if ((err = sqlite_text(st, 5, entry->name, sizeof(entry->name),
		 error)) != ROLLCODE_OK ||
	    (err = read_optional(st, 8, p->issuer, sizeof(p->issuer), error)) !=
		ROLLCODE_OK ||
	    (err = read_optional(st, 9, p->account, sizeof(p->account),
		 error)) != ROLLCODE_OK ||
	    (err = read_optional(st, 10, p->token.label, sizeof(p->token.label),
		 error)) != ROLLCODE_OK)
		return err;
	return read_optional(
	    st, 11, entry->binding, sizeof(entry->binding), error);
}

static enum rollcode_err
read_row(const struct wallet *w, sqlite3_stmt *st, struct wallet_row *row,
    struct error *error)
{
	struct wallet_entry *entry = &row->entry;
	size_t len = 0;
	enum rollcode_err err;

	if ((err = read_numbers(st, entry, error)) != ROLLCODE_OK ||
	    (err = read_shape(st, &entry->provision.token, error)) !=
		ROLLCODE_OK ||
	    (err = read_texts(st, entry, error)) != ROLLCODE_OK ||
	    (err = sqlite_blob(st, 12, row->uid, sizeof(row->uid), &len,
		 error)) != ROLLCODE_OK ||
	    (err = sqlite_blob(st, 13, row->stored.bytes,
		 sizeof(row->stored.bytes), &row->stored.len, error)) !=
		ROLLCODE_OK)
		return err;
	if (len != sizeof(row->uid) || !utf8_printable(entry->name) ||
	    !utf8_printable(entry->provision.issuer) ||
	    !utf8_printable(entry->provision.account) ||
	    !utf8_printable(entry->provision.token.label) ||
	    !utf8_printable(entry->binding) ||
	    form_name(entry->provision.token.form) == NULL ||
	    algorithm_name(entry->provision.token.algorithm) == NULL)
		return bad_token_row(w, row, "its row is not valid", error);
	return ROLLCODE_OK;
}

static enum rollcode_err
fetch_row(const struct wallet *w, sqlite3_stmt *st, struct wallet_row *row,
    struct error *error)
{
	bool found = false;
	enum rollcode_err err;

	wallet_row_wipe(row);
	if ((err = sqlite_step(w->db, st, &found, error)) != ROLLCODE_OK ||
	    !found)
		return err;
	if ((err = read_row(w, st, row, error)) != ROLLCODE_OK)
		wallet_row_wipe(row);
	return err;
}

enum rollcode_err
wallet_row_after(
    struct wallet *w, int64_t id, struct wallet_row *row, struct error *error)
{
	WIPED(sqlite_donep) sqlite3_stmt *st = NULL;
	enum rollcode_err err;

	if ((err = sqlite_query(w->db, &st, error,
		 SELECT_ROW "WHERE id > ?1 ORDER BY id LIMIT 1", "i", id)) !=
	    ROLLCODE_OK)
		return err;
	return fetch_row(w, st, row, error);
}

enum rollcode_err
wallet_row_named(struct wallet *w, const char *name, struct wallet_row *row,
    struct error *error)
{
	WIPED(sqlite_donep) sqlite3_stmt *st = NULL;
	enum rollcode_err err;

	if (name == NULL)
		err = sqlite_query(w->db, &st, error,
		    SELECT_ROW "WHERE id = (SELECT preferred FROM wallet)", "");
	else
		err = sqlite_query(
		    w->db, &st, error, SELECT_ROW "WHERE name = ?1", "t", name);
	if (err != ROLLCODE_OK ||
	    (err = fetch_row(w, st, row, error)) != ROLLCODE_OK)
		return err;
	if (row->entry.id != 0)
		return name != NULL ? ROLLCODE_OK
				    : wallet_state_check_default(w, row, error);
	if (name == NULL)
		return error_set(error, ROLLCODE_ERR_ABSENT,
		    "there is no default token; choose it with: rollcode-token "
		    "default NAME, or add one with: rollcode-token add");
	return error_set(error, ROLLCODE_ERR_ABSENT,
	    "there is no token of that name; see: rollcode-token list");
}

static void
row_aad(
    const struct wallet *w, const struct wallet_row *row, struct seal_aad *aad)
{
	const struct rollcode_token *token = &row->entry.provision.token;

	seal_aad_begin(aad,
	    w->marked ? "rollcode-token secret 2" : "rollcode-token secret 1");
	seal_aad_add(aad, w->head.store, sizeof(w->head.store));
	seal_aad_add(aad, row->uid, sizeof(row->uid));
	seal_aad_add_text(aad, form_name(token->form));
	seal_aad_add_text(aad, algorithm_name(token->algorithm));
	seal_aad_add_number(aad, token->digits);
}

enum rollcode_err
wallet_want_key(const struct wallet *w, struct error *error)
{
	if (w->head.mixed)
		return error_set(error, ROLLCODE_ERR_STORE,
		    "%s: says that it has no passphrase, but has encrypted "
		    "secrets or their salt, so another program changed it; "
		    "restore it from a backup, or remove and enrol the tokens "
		    "again",
		    w->path);
	if (!wallet_locked(w))
		return ROLLCODE_OK;
	return error_at(error, ROLLCODE_ERR_INPUT, w->path,
	    "has a passphrase, which is needed here");
}

/* The first byte of a seal is the only word about it that is in the row. */
static enum rollcode_err
keep_plain(const struct wallet *w, struct wallet_row *row, struct error *error)
{
	const struct secret *secret = &row->entry.provision.token.secret;

	memcpy(row->stored.bytes, secret->bytes, secret->len);
	row->stored.len = secret->len;
	if (!seal_looks_sealed(&row->stored))
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "%s: the secret of %s begins like an encrypted one, so it is not "
	    "stored without a passphrase; set one with: rollcode-token passwd, "
	    "or enrol another token",
	    w->path, row->entry.name);
}

enum rollcode_err
wallet_row_open(
    const struct wallet *w, struct wallet_row *row, struct error *error)
{
	struct rollcode_token *token = &row->entry.provision.token;
	struct seal_aad aad;
	enum rollcode_err err;

	if ((err = wallet_want_key(w, error)) != ROLLCODE_OK ||
	    (err = wallet_state_check(w, row, error)) != ROLLCODE_OK)
		return err;
	if (wallet_protected(w)) {
		row_aad(w, row, &aad);
		err = seal_open(&w->key, &aad, &row->stored, &token->secret);
	} else if (row->stored.len <= SECRET_MAX &&
		   !seal_looks_sealed(&row->stored)) {
		memcpy(token->secret.bytes, row->stored.bytes, row->stored.len);
		token->secret.len = row->stored.len;
	}
	if (err == ROLLCODE_ERR_STORE)
		return bad_token_row(
		    w, row, "its secret cannot be decrypted", error);
	if (err != ROLLCODE_OK)
		return error_at(
		    error, err, w->path, "a secret cannot be decrypted");
	if (token_check(token, NULL) != ROLLCODE_OK)
		return bad_token_row(
		    w, row, "its values contradict each other", error);
	return ROLLCODE_OK;
}

enum rollcode_err
wallet_row_seal(
    const struct wallet *w, struct wallet_row *row, struct error *error)
{
	const struct secret *secret = &row->entry.provision.token.secret;
	struct seal_aad aad;
	enum rollcode_err err;

	if ((err = wallet_want_key(w, error)) != ROLLCODE_OK)
		return err;
	if (!wallet_protected(w))
		return keep_plain(w, row, error);
	row_aad(w, row, &aad);
	if ((err = seal_wrap(&w->key, &aad, secret, &row->stored)) !=
	    ROLLCODE_OK)
		return error_at(
		    error, err, w->path, "a secret cannot be encrypted");
	return ROLLCODE_OK;
}
