/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli/cli.h"
#include "wallet/row.h"

WIPABLE(wallet);

/* A row that does not open is an error, or stays as it is, refused. */
static enum rollcode_err
reseal_rows(const struct wallet *was, struct wallet *now, bool lenient,
    struct error *error)
{
	WIPED(wallet_entry_wipe) struct wallet_entry e = {0};
	enum rollcode_err err;

	while (wallet_row_each(now, &e, &err, error)) {
		err = wallet_row_open(was, &e, error);
		if (err == ROLLCODE_ERR_STORE && lenient)
			continue;
		if (err != ROLLCODE_OK ||
		    (err = wallet_row_seal(now, &e, error)) != ROLLCODE_OK ||
		    (err = wallet_row_write(now, &e, WALLET_ALL, error)) !=
			ROLLCODE_OK)
			return err;
		if (e.preferred &&
		    wallet_state_check_default(was, &e, NULL) == ROLLCODE_OK)
			wallet_state_prefer(now, e.uid);
	}
	return err;
}

/* Inside a begin, which it ends: what w seals, now seals instead. */
static enum rollcode_err
replace_seals(
    struct wallet *w, struct wallet *now, bool lenient, struct error *error)
{
	const struct wallet_head *head = &now->head;
	enum rollcode_err err;

	err = reseal_rows(w, now, lenient, error);
	if (err == ROLLCODE_OK && now->marked)
		err = wallet_state_seal(now, error);
	now->changed = false;
	if (err == ROLLCODE_OK)
		err = sqlite_change(w->db, error, 1,
		    "UPDATE wallet SET log_n = ?1, salt = ?2, proof = ?3",
		    "ibb", head->log_n, head->salt, sizeof(head->salt),
		    head->proof.bytes, head->proof.len);
	if ((err = wallet_end(w, err, error)) == ROLLCODE_OK)
		*w = *now;
	return err;
}

/*
 * Bring a wallet of the earlier format up, once: what it says now is believed.
 * Without the passphrase nobody can make one of that format again.
 */
static enum rollcode_err
bring_up(struct wallet *w, struct error *error)
{
	WIPED(wallet_wipe) struct wallet now = {0};
	enum rollcode_err err;

	if ((err = wallet_begin(w, error)) != ROLLCODE_OK || w->marked)
		return wallet_end(w, err, error);
	now = *w;
	now.marked = true;
	memset(&now.state, 0, sizeof(now.state));
	now.count = 0;
	err = replace_seals(w, &now, true, error);
	/* With too many tokens it stays as it was. */
	return err == ROLLCODE_ERR_INPUT ? ROLLCODE_OK : err;
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
	if (err == ROLLCODE_ERR_STORE)
		err = error_at(error, ROLLCODE_ERR_INPUT, w->path,
		    "the passphrase is wrong; try again");
	else if (err != ROLLCODE_OK)
		err = error_at(
		    error, err, w->path, "the passphrase cannot be checked");
	else if (!w->marked)
		err = bring_up(w, error);
	if (err != ROLLCODE_OK) {
		secret_key_wipe(&w->key);
		w->unlocked = w->marked = false;
	}
	return err;
}

/* The same wallet under a new passphrase, or none; no row is sealed yet. */
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
	w->count = 0;
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

enum rollcode_err
wallet_protect(struct wallet *w, const char *passphrase, unsigned int log_n,
    struct error *error)
{
	WIPED(wallet_wipe) struct wallet now = {0};
	enum rollcode_err err;

	if (passphrase != NULL && strlen(passphrase) < CLI_PASSPHRASE_MIN)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a passphrase has at least %d bytes; choose a longer one",
		    CLI_PASSPHRASE_MIN);
	if (wallet_locked(w))
		return error_at(error, ROLLCODE_ERR_INPUT, w->path,
		    "the present passphrase is needed first");
	now = *w;
	if ((err = replace_key(&now, passphrase, log_n, error)) != ROLLCODE_OK)
		return err;
	if ((err = wallet_begin(w, error)) != ROLLCODE_OK)
		return wallet_end(w, err, error);
	return replace_seals(w, &now, false, error);
}
