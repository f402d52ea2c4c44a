/* SPDX-License-Identifier: Apache-2.0 */
#include "wallet_row.h"

static void
proof_identity(const struct wallet_head *head, struct seal_aad *aad)
{
	seal_aad_begin(aad, "rollcode-token proof 1");
	seal_aad_add(aad, head->store, sizeof(head->store));
}

enum rollcode_err
wallet_unlock(struct wallet *w, const char *passphrase, struct error *error)
{
	WIPED(secret_wipe) struct secret proof = {0};
	struct seal_aad aad;
	enum rollcode_err err;

	if (!wallet_protected(w))
		return ROLLCODE_OK;
	w->unlocked = false;
	if ((err = seal_passphrase(passphrase, w->head.salt,
		 (unsigned int)w->head.log_n, &w->key)) != ROLLCODE_OK)
		return error_at(error, err, w->path,
		    "no key can be made from the passphrase: %s",
		    rollcode_strerror(err));
	proof_identity(&w->head, &aad);
	err = seal_open(&w->key, &aad, &w->head.proof, &proof);
	if (err == ROLLCODE_OK) {
		w->unlocked = true;
		return ROLLCODE_OK;
	}
	secret_key_wipe(&w->key);
	if (err == ROLLCODE_ERR_STORE)
		return error_at(error, ROLLCODE_ERR_INPUT, w->path,
		    "the passphrase is wrong; try again");
	return error_at(
	    error, err, w->path, "the passphrase cannot be checked");
}

/* The same store under a new passphrase, or none; no row is sealed yet. */
static enum rollcode_err
new_key(struct wallet *w, const char *passphrase, unsigned int log_n,
    struct error *error)
{
	WIPED(secret_wipe) struct secret proof = {.len = WALLET_ID_LEN};
	struct wallet_head *head = &w->head;
	struct seal_aad aad;
	enum rollcode_err err;

	head->log_n = 0;
	memset(head->salt, 0, sizeof(head->salt));
	head->proof = (struct sealed){.len = 1};
	secret_key_wipe(&w->key);
	w->unlocked = passphrase != NULL;
	if (passphrase == NULL)
		return ROLLCODE_OK;
	proof_identity(head, &aad);
	if ((err = seal_random(head->salt, sizeof(head->salt))) !=
		ROLLCODE_OK ||
	    (err = seal_random(proof.bytes, proof.len)) != ROLLCODE_OK ||
	    (err = seal_passphrase(passphrase, head->salt, log_n, &w->key)) !=
		ROLLCODE_OK ||
	    (err = seal_wrap(&w->key, &aad, &proof, &head->proof)) !=
		ROLLCODE_OK)
		return error_at(error, err, w->path,
		    "no key can be made from the passphrase: %s",
		    rollcode_strerror(err));
	head->log_n = log_n;
	return ROLLCODE_OK;
}

static enum rollcode_err
write_head(struct wallet *w, struct error *error)
{
	const struct wallet_head *head = &w->head;

	return sqlite_change(w->db, error, 1,
	    "UPDATE wallet SET log_n = ?1, salt = ?2, proof = ?3", "ibb",
	    head->log_n, head->salt, sizeof(head->salt), head->proof.bytes,
	    head->proof.len);
}

static enum rollcode_err
reseal(const struct wallet *was, struct wallet *now, struct error *error)
{
	WIPED(wallet_row_wipe) struct wallet_row row = {0};
	enum rollcode_err err;

	for (;;) {
		if ((err = wallet_row_after(now, row.entry.id, &row, error)) !=
			ROLLCODE_OK ||
		    row.entry.id == 0 ||
		    (err = wallet_row_open(was, &row, error)) != ROLLCODE_OK ||
		    (err = wallet_row_seal(now, &row, error)) != ROLLCODE_OK ||
		    (err = sqlite_change(now->db, error, 1,
			 "UPDATE token SET secret = ?1 WHERE id = ?2", "bi",
			 row.stored.bytes, row.stored.len, row.entry.id)) !=
			ROLLCODE_OK)
			return err;
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
	WIPED(wallet_copy_wipe) struct wallet was = {0}, now = {0};
	enum rollcode_err err;

	if (passphrase != NULL && strlen(passphrase) < WALLET_PASSPHRASE_MIN)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a passphrase has at least %d bytes; choose a longer one",
		    WALLET_PASSPHRASE_MIN);
	if (wallet_locked(w))
		return error_at(error, ROLLCODE_ERR_INPUT, w->path,
		    "the passphrase it has is needed first");
	was = *w;
	now = *w;
	if ((err = new_key(&now, passphrase, log_n, error)) != ROLLCODE_OK ||
	    (err = wallet_begin(w, error)) != ROLLCODE_OK)
		return err;
	if ((err = reseal(&was, &now, error)) == ROLLCODE_OK)
		err = write_head(&now, error);
	if ((err = wallet_end(w, err, error)) == ROLLCODE_OK)
		*w = now;
	return err;
}
