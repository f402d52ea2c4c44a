/* SPDX-License-Identifier: Apache-2.0 */
#include "wallet/row.h"

/* A row of the earlier format that does not open stays as it is, refused. */
static enum rollcode_err
mark_row(struct wallet *w, struct wallet_row *row, struct error *error)
{
	enum rollcode_err err;

	w->marked = false;
	err = wallet_row_open(w, row, error);
	w->marked = true;
	if (err != ROLLCODE_OK)
		return err == ROLLCODE_ERR_STORE ? ROLLCODE_OK : err;
	if (row->entry.preferred)
		wallet_state_prefer(w, row->uid);
	if ((err = wallet_state_note(w, row, WALLET_ALL, error)) !=
		ROLLCODE_OK ||
	    (err = wallet_row_seal(w, row, error)) != ROLLCODE_OK)
		return err;
	return sqlite_change(w->db, error, 1,
	    "UPDATE token SET secret = ?1 WHERE id = ?2", "bi",
	    row->stored.bytes, row->stored.len, row->entry.id);
}

static enum rollcode_err
mark_all(struct wallet *w, struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row row = {0};
	enum rollcode_err err;

	memset(&w->state, 0, sizeof(w->state));
	w->changed = true;
	for (;;)
		if ((err = wallet_row_after(w, row.entry.id, &row, error)) !=
			ROLLCODE_OK ||
		    row.entry.id == 0 ||
		    (err = mark_row(w, &row, error)) != ROLLCODE_OK)
			return err;
}

/*
 * Bring a store of the earlier format up, once: what it says now is believed.
 * Without the passphrase nobody can make one of that format again.
 */
static enum rollcode_err
bring_up(struct wallet *w, struct error *error)
{
	enum rollcode_err err;

	if ((err = wallet_begin(w, error)) != ROLLCODE_OK)
		return err;
	if (!w->marked)
		err = mark_all(w, error);
	err = wallet_end(w, err, error);
	if (err != ROLLCODE_ERR_INPUT)
		return err;
	w->marked = false; /* too many tokens: it stays as it was */
	return ROLLCODE_OK;
}

enum rollcode_err
wallet_unlock(struct wallet *w, const char *passphrase, struct error *error)
{
	enum rollcode_err err;

	if (!wallet_protected(w))
		return ROLLCODE_OK;
	w->unlocked = false;
	if ((err = seal_passphrase(passphrase, w->head.salt,
		 (unsigned int)w->head.log_n, &w->key)) != ROLLCODE_OK)
		return error_at(error, err, w->path,
		    "no key can be made from the passphrase: %s",
		    rollcode_strerror(err));
	err = wallet_state_open(w);
	w->unlocked = err == ROLLCODE_OK;
	if (err == ROLLCODE_OK &&
	    (w->marked || (err = bring_up(w, error)) == ROLLCODE_OK))
		return ROLLCODE_OK;
	secret_key_wipe(&w->key);
	if (w->unlocked) {
		w->unlocked = w->marked = false;
		return err;
	}
	if (err == ROLLCODE_ERR_STORE)
		return error_at(error, ROLLCODE_ERR_INPUT, w->path,
		    "the passphrase is wrong; try again");
	return error_at(
	    error, err, w->path, "the passphrase cannot be checked");
}

/* The same store under a new passphrase, or none; no row is sealed yet. */
static enum rollcode_err
replace_key(struct wallet *w, const char *passphrase, unsigned int log_n,
    struct error *error)
{
	struct wallet_head *head = &w->head;
	enum rollcode_err err;

	head->log_n = 0;
	memset(head->salt, 0, sizeof(head->salt));
	head->proof.len = 1;
	head->proof.bytes[0] = 0;
	secret_key_wipe(&w->key);
	memset(&w->state, 0, sizeof(w->state));
	w->unlocked = w->marked = passphrase != NULL;
	if (passphrase == NULL)
		return ROLLCODE_OK;
	if ((err = seal_random(head->salt, sizeof(head->salt))) !=
		ROLLCODE_OK ||
	    (err = seal_passphrase(passphrase, head->salt, log_n, &w->key)) !=
		ROLLCODE_OK)
		return error_at(error, err, w->path,
		    "no key can be made from the passphrase: %s",
		    rollcode_strerror(err));
	head->log_n = log_n;
	return ROLLCODE_OK;
}

static enum rollcode_err
write_wallet_head(struct wallet *w, struct error *error)
{
	const struct wallet_head *head = &w->head;
	enum rollcode_err err;

	if (w->marked && (err = wallet_state_seal(w, error)) != ROLLCODE_OK)
		return err;
	w->changed = false;
	return sqlite_change(w->db, error, 1,
	    "UPDATE wallet SET log_n = ?1, salt = ?2, proof = ?3", "ibb",
	    head->log_n, head->salt, sizeof(head->salt), head->proof.bytes,
	    head->proof.len);
}

static enum rollcode_err
reseal_rows(const struct wallet *was, struct wallet *now, struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row row = {0};
	enum rollcode_err err;

	for (;;) {
		if ((err = wallet_row_after(now, row.entry.id, &row, error)) !=
			ROLLCODE_OK ||
		    row.entry.id == 0 ||
		    (err = wallet_row_open(was, &row, error)) != ROLLCODE_OK ||
		    (err = wallet_row_seal(now, &row, error)) != ROLLCODE_OK ||
		    (err = wallet_state_note(now, &row, WALLET_ALL, error)) !=
			ROLLCODE_OK ||
		    (err = sqlite_change(now->db, error, 1,
			 "UPDATE token SET secret = ?1 WHERE id = ?2", "bi",
			 row.stored.bytes, row.stored.len, row.entry.id)) !=
			ROLLCODE_OK)
			return err;
		if (row.entry.preferred &&
		    wallet_state_check_default(was, &row, NULL) == ROLLCODE_OK)
			wallet_state_prefer(now, row.uid);
	}
}

static void
wallet_copy_wipe(struct wallet *w)
{
	explicit_bzero(w, sizeof(*w));
}

enum rollcode_err
wallet_protect(struct wallet *w, const char *passphrase, unsigned int log_n,
    struct error *error)
{
	WIPED(wallet_copy_wipe) struct wallet now = {0};
	enum rollcode_err err;

	if (passphrase != NULL && strlen(passphrase) < WALLET_PASSPHRASE_MIN)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a passphrase has at least %d bytes; choose a longer one",
		    WALLET_PASSPHRASE_MIN);
	if (wallet_locked(w))
		return error_at(error, ROLLCODE_ERR_INPUT, w->path,
		    "the present passphrase is needed first");
	now = *w;
	if ((err = replace_key(&now, passphrase, log_n, error)) !=
		ROLLCODE_OK ||
	    (err = wallet_begin(w, error)) != ROLLCODE_OK)
		return err;
	if ((err = reseal_rows(w, &now, error)) == ROLLCODE_OK)
		err = write_wallet_head(&now, error);
	if ((err = wallet_end(w, err, error)) == ROLLCODE_OK)
		*w = now;
	return err;
}
