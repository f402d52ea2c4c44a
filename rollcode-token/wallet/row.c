/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/utf8.h"
#include "common/token/token.h"
#include "wallet/row.h"

#define SELECT_ROW                                                            \
	"SELECT id, digits, counter, created, used, "                         \
	"id = (SELECT preferred FROM wallet), uid, secret, form, algorithm, " \
	"name, ifnull(issuer, ''), ifnull(account, ''), ifnull(label, ''), "  \
	"ifnull(binding, '') FROM token "

#define TEXT(member)                                              \
	{                                                         \
		offsetof(struct wallet_entry, member),            \
		    sizeof(((struct wallet_entry *)NULL)->member) \
	}

/* The texts of an entry, as they end SELECT_ROW. */
static const struct {
	size_t at, size;
} texts[] = {
    TEXT(name),
    TEXT(provision.issuer),
    TEXT(provision.account),
    TEXT(provision.token.label),
    TEXT(binding),
};

static enum rollcode_err
bad_token_row(const struct wallet *w, const struct wallet_entry *e,
    const char *what, struct error *error)
{
	return error_at(error, ROLLCODE_ERR_STORE, w->path,
	    "token %lld: %s; restore the wallet from a backup or remove and "
	    "enrol the token again",
	    (long long)e->id, what);
}

static enum rollcode_err
read_row(const struct wallet *w, struct sqlite_rows *r, struct wallet_entry *e)
{
	struct rollcode_token *token = &e->provision.token;
	char form[16], algorithm[16];
	bool valid;

	e->id = sqlite_int(r, 1, INT64_MAX);
	token->digits = (unsigned int)sqlite_int(r, 1, ROLLCODE_HEX_DIGITS);
	token->counter = (uint64_t)sqlite_int(r, 0, INT64_MAX);
	e->created = sqlite_int(r, 0, INT64_MAX);
	e->used = sqlite_int(r, 0, INT64_MAX);
	e->preferred = sqlite_int(r, 0, 1) == 1;
	valid = sqlite_blob(r, e->uid, sizeof(e->uid)) == sizeof(e->uid);
	e->stored.len =
	    sqlite_blob(r, e->stored.bytes, sizeof(e->stored.bytes));
	sqlite_text(r, form, sizeof(form));
	sqlite_text(r, algorithm, sizeof(algorithm));
	token->form = form_from_name(form);
	token->algorithm = algorithm_from_name(algorithm);
	for (size_t i = 0; i < COUNT(texts); i++) {
		char *text = (char *)e + texts[i].at;

		sqlite_text(r, text, texts[i].size);
		valid = valid && utf8_printable(text);
	}
	if (r->err == ROLLCODE_OK && (!valid || token->form == FORM_NONE ||
					 token->algorithm == ALGORITHM_NONE))
		return bad_token_row(w, e, "its row is not valid", r->error);
	return r->err;
}

static enum rollcode_err
fetch_row(const struct wallet *w, struct sqlite_rows *r, struct wallet_entry *e)
{
	enum rollcode_err err;

	wallet_entry_wipe(e);
	if (!sqlite_next(r))
		return r->err;
	if ((err = read_row(w, r, e)) != ROLLCODE_OK)
		wallet_entry_wipe(e);
	return err;
}

bool
wallet_row_each(struct wallet *w, struct wallet_entry *e,
    enum rollcode_err *err, struct error *error)
{
	WIPED(sqlite_done)
	struct sqlite_rows r = sqlite_query(w->db, error,
	    SELECT_ROW "WHERE id > ?1 ORDER BY id LIMIT 1", "i", e->id);

	*err = fetch_row(w, &r, e);
	return *err == ROLLCODE_OK && e->id != 0;
}

enum rollcode_err
wallet_row_of_secret(struct wallet *w, const struct secret *secret,
    struct wallet_entry *e, struct error *error)
{
	const struct secret *have = &e->provision.token.secret;
	enum rollcode_err err;

	wallet_entry_wipe(e);
	while (wallet_row_each(w, e, &err, error))
		if ((err = wallet_row_open(w, e, error)) != ROLLCODE_OK ||
		    (have->len == secret->len &&
			secret_equal(have->bytes, secret->bytes, have->len)))
			break;
	return err;
}

enum rollcode_err
wallet_row_named(struct wallet *w, const char *name, struct wallet_entry *e,
    struct error *error)
{
	const char *sql = name != NULL ? SELECT_ROW "WHERE name = ?1"
				       : SELECT_ROW
			      "WHERE id = (SELECT preferred FROM wallet)";
	WIPED(sqlite_done)
	struct sqlite_rows r =
	    sqlite_query(w->db, error, sql, name != NULL ? "t" : "", name);
	enum rollcode_err err;

	if ((err = fetch_row(w, &r, e)) != ROLLCODE_OK)
		return err;
	if (e->id != 0)
		return name != NULL ? ROLLCODE_OK
				    : wallet_state_check_default(w, e, error);
	if (name == NULL)
		return error_set(error, ROLLCODE_ERR_ABSENT,
		    "there is no default token; choose it with: rollcode-token "
		    "default NAME, or add one with: rollcode-token add");
	return error_set(error, ROLLCODE_ERR_ABSENT,
	    "there is no token of that name; see: rollcode-token list");
}

static void
row_aad(
    const struct wallet *w, const struct wallet_entry *e, struct seal_aad *aad)
{
	const struct rollcode_token *token = &e->provision.token;

	seal_aad_begin(aad,
	    w->marked ? "rollcode-token secret 2" : "rollcode-token secret 1");
	seal_aad_add(aad, w->head.id, sizeof(w->head.id));
	seal_aad_add(aad, e->uid, sizeof(e->uid));
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
keep_plain(const struct wallet *w, struct wallet_entry *e, struct error *error)
{
	const struct secret *secret = &e->provision.token.secret;

	memcpy(e->stored.bytes, secret->bytes, secret->len);
	e->stored.len = secret->len;
	if (!seal_looks_sealed(&e->stored))
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "%s: the secret of %s begins like an encrypted one, so it is not "
	    "stored without a passphrase; set one with: rollcode-token passwd, "
	    "or enrol another token",
	    w->path, e->name);
}

enum rollcode_err
wallet_row_open(
    const struct wallet *w, struct wallet_entry *e, struct error *error)
{
	struct rollcode_token *token = &e->provision.token;
	struct seal_aad aad;
	enum rollcode_err err;

	if ((err = wallet_want_key(w, error)) != ROLLCODE_OK ||
	    (err = wallet_state_check(w, e, error)) != ROLLCODE_OK)
		return err;
	if (wallet_protected(w)) {
		row_aad(w, e, &aad);
		err = seal_open(&w->key, &aad, &e->stored, &token->secret);
	} else if (e->stored.len <= SECRET_MAX &&
		   !seal_looks_sealed(&e->stored)) {
		memcpy(token->secret.bytes, e->stored.bytes, e->stored.len);
		token->secret.len = e->stored.len;
	}
	if (err == ROLLCODE_ERR_STORE)
		return bad_token_row(
		    w, e, "its secret cannot be decrypted", error);
	if (err != ROLLCODE_OK)
		return error_at(
		    error, err, w->path, "a secret cannot be decrypted");
	if (token_check(token, NULL) != ROLLCODE_OK)
		return bad_token_row(
		    w, e, "its values contradict each other", error);
	return ROLLCODE_OK;
}

enum rollcode_err
wallet_row_seal(
    const struct wallet *w, struct wallet_entry *e, struct error *error)
{
	const struct secret *secret = &e->provision.token.secret;
	struct seal_aad aad;
	enum rollcode_err err;

	if ((err = wallet_want_key(w, error)) != ROLLCODE_OK)
		return err;
	if (!wallet_protected(w))
		return keep_plain(w, e, error);
	row_aad(w, e, &aad);
	if ((err = seal_wrap(&w->key, &aad, secret, &e->stored)) != ROLLCODE_OK)
		return error_at(
		    error, err, w->path, "a secret cannot be encrypted");
	return ROLLCODE_OK;
}

enum rollcode_err
wallet_row_write(struct wallet *w, const struct wallet_entry *e,
    unsigned int what, struct error *error)
{
	enum rollcode_err err;

	if (what != 0 &&
	    ((err = wallet_want_key(w, error)) != ROLLCODE_OK ||
		(err = wallet_state_note(w, e, what, error)) != ROLLCODE_OK))
		return err;
	if ((what & ~WALLET_COUNTER) == 0)
		return sqlite_change(w->db, error, 1,
		    "UPDATE token SET counter = ?1, used = ?2 WHERE id = ?3",
		    "iii", (int64_t)e->provision.token.counter, e->used, e->id);
	return sqlite_change(w->db, error, 1,
	    "UPDATE token SET name = ?1, binding = nullif(?2, ''), "
	    "counter = ?3, used = ?4, secret = ?5 WHERE id = ?6",
	    "ttiibi", e->name, e->binding, (int64_t)e->provision.token.counter,
	    e->used, e->stored.bytes, e->stored.len, e->id);
}

/* The same row, without what is stored of its secret. */
static void
forget_stored(struct wallet_entry *e)
{
	explicit_bzero(&e->stored, sizeof(e->stored));
}

enum rollcode_err
wallet_find(struct wallet *w, const char *name, struct wallet_entry *e,
    struct error *error)
{
	enum rollcode_err err = wallet_row_named(w, name, e, error);

	forget_stored(e);
	return err;
}

bool
wallet_each(struct wallet *w, struct wallet_entry *e, enum rollcode_err *err,
    struct error *error)
{
	bool found = wallet_row_each(w, e, err, error);

	forget_stored(e);
	return found;
}

/* In a transaction: the row and what was sealed of it are of one moment. */
enum rollcode_err
wallet_reveal(struct wallet *w, const char *name, struct wallet_entry *e,
    struct error *error)
{
	enum rollcode_err err;

	if ((err = wallet_begin(w, error)) == ROLLCODE_OK &&
	    (err = wallet_row_named(w, name, e, error)) == ROLLCODE_OK)
		err = wallet_row_open(w, e, error);
	return wallet_end(w, err, error);
}
