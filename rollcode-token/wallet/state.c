/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.c - what changes only with the passphrase.
 *
 *  1. The proof of the passphrase is a seal around a mark for each token: its
 *     name, its bindings, and a counter below which no code is given.
 *  2. A row without a mark, with another name or binding than its mark, or with
 *     a lower counter gives no code and no secret.  Without the passphrase a
 *     counter can be raised and a row removed, and nothing else.
 *  3. The secrets of such a wallet are sealed under a label of their own, so
 *     that nobody makes one of the earlier format, without marks, of it.
 *
 * A whole file of an earlier time, put back, opens as it did then.
 */
#include <endian.h>

#include "wallet/row.h"

static void
proof_aad(const struct wallet *w, bool marked, struct seal_aad *aad)
{
	seal_aad_begin(
	    aad, marked ? "rollcode-token state 2" : "rollcode-token proof 1");
	seal_aad_add(aad, w->head.id, sizeof(w->head.id));
}

/* A text of any length, in the bytes that a mark has for it. */
static enum rollcode_err
put_text_mac(const struct wallet *w, const char *text,
    uint8_t bytes[WALLET_TEXT_LEN], struct error *error)
{
	uint8_t mac[SEAL_MAC_LEN];
	enum rollcode_err err;

	if ((err = seal_mac(&w->key, text, mac)) != ROLLCODE_OK)
		return error_set(
		    error, err, "%s: no checksum can be made", w->path);
	memcpy(bytes, mac, WALLET_TEXT_LEN);
	return ROLLCODE_OK;
}

/* Where the mark of a row is; the count of them if it has none. */
static size_t
find_mark(const struct wallet *w, const uint8_t uid[WALLET_ID_LEN])
{
	size_t i = 0;

	while (i < w->count &&
	       memcmp(w->state.marks[i].uid, uid, WALLET_ID_LEN) != 0)
		i++;
	return i;
}

enum rollcode_err
wallet_state_open(struct wallet *w)
{
	const struct wallet_proof *proof = &w->head.proof;
	const size_t least = SEAL_OVERHEAD + WALLET_ID_LEN;
	struct seal_aad aad;
	enum rollcode_err err;

	w->marked = false;
	w->count = 0;
	proof_aad(w, true, &aad);
	err =
	    seal_open_bytes(&w->key, &aad, proof->bytes, proof->len, &w->state);
	if (err == ROLLCODE_ERR_STORE) {
		proof_aad(w, false, &aad);
		return seal_open_bytes(
		    &w->key, &aad, proof->bytes, proof->len, &w->state);
	}
	if (err != ROLLCODE_OK)
		return err;
	if (proof->len < least ||
	    (proof->len - least) % sizeof(w->state.marks[0]) != 0)
		return ROLLCODE_ERR_STORE;
	w->count = (proof->len - least) / sizeof(w->state.marks[0]);
	w->marked = true;
	return ROLLCODE_OK;
}

enum rollcode_err
wallet_state_seal(struct wallet *w, struct error *error)
{
	struct wallet_proof *proof = &w->head.proof;
	size_t len = WALLET_ID_LEN + w->count * sizeof(w->state.marks[0]);
	struct seal_aad aad;
	enum rollcode_err err;

	proof_aad(w, true, &aad);
	if ((err = seal_wrap_bytes(
		 &w->key, &aad, &w->state, len, proof->bytes)) != ROLLCODE_OK)
		return error_set(error, err,
		    "%s: its counters cannot be authenticated", w->path);
	proof->len = len + SEAL_OVERHEAD;
	return ROLLCODE_OK;
}

/* A row that was removed and comes back has no mark. */
static enum rollcode_err
drop_removed(struct wallet *w, struct error *error)
{
	struct wallet_mark *marks = w->state.marks;
	size_t kept = 0;

	for (size_t i = 0; i < w->count; i++) {
		WIPED(sqlite_done)
		struct sqlite_rows r = sqlite_query(w->db, error,
		    "SELECT 1 FROM token WHERE uid = ?1", "b", marks[i].uid,
		    sizeof(marks[i].uid));

		if (sqlite_next(&r))
			marks[kept++] = marks[i];
		if (r.err != ROLLCODE_OK)
			return r.err;
	}
	w->count = kept;
	return ROLLCODE_OK;
}

enum rollcode_err
wallet_state_write(struct wallet *w, struct error *error)
{
	const struct wallet_proof *proof = &w->head.proof;
	enum rollcode_err err;

	if (!w->marked || !w->changed)
		return ROLLCODE_OK;
	if ((err = drop_removed(w, error)) != ROLLCODE_OK ||
	    (err = wallet_state_seal(w, error)) != ROLLCODE_OK)
		return err;
	w->changed = false;
	return sqlite_change(w->db, error, 1, "UPDATE wallet SET proof = ?1",
	    "b", proof->bytes, proof->len);
}

static enum rollcode_err
foreign_row(
    const struct wallet *w, const struct wallet_entry *e, struct error *error)
{
	return error_set(error, ROLLCODE_ERR_STORE,
	    "%s: the token %s was added without the passphrase; remove it "
	    "with: rollcode-token remove %s",
	    w->path, e->name, e->name);
}

static enum rollcode_err
check_texts(const struct wallet *w, const struct wallet_entry *e,
    const struct wallet_mark *mark, struct error *error)
{
	uint8_t name[WALLET_TEXT_LEN], binding[WALLET_TEXT_LEN];
	enum rollcode_err err;

	if ((err = put_text_mac(w, e->name, name, error)) != ROLLCODE_OK ||
	    (err = put_text_mac(w, e->binding, binding, error)) != ROLLCODE_OK)
		return err;
	if (memcmp(name, mark->name, sizeof(name)) != 0)
		return error_set(error, ROLLCODE_ERR_STORE,
		    "%s: a token was renamed to %s without the passphrase; if "
		    "you know which one it is, name it with: rollcode-token "
		    "rename",
		    w->path, e->name);
	if (memcmp(binding, mark->binding, sizeof(binding)) != 0)
		return error_set(error, ROLLCODE_ERR_STORE,
		    "%s: the bindings of %s were changed without the "
		    "passphrase; set them with: rollcode-token bind %s",
		    w->path, e->name, e->name);
	return ROLLCODE_OK;
}

enum rollcode_err
wallet_state_check(
    const struct wallet *w, const struct wallet_entry *e, struct error *error)
{
	uint64_t counter = e->provision.token.counter, sealed;
	size_t at;

	if (!w->marked)
		return ROLLCODE_OK;
	if ((at = find_mark(w, e->uid)) == w->count)
		return foreign_row(w, e, error);
	sealed = be64toh(w->state.marks[at].counter);
	if (counter < sealed)
		return error_set(error, ROLLCODE_ERR_STORE,
		    "%s: the counter of %s was moved back, and codes would be "
		    "repeated; move it forward with: rollcode-token skip %s -n "
		    "%llu",
		    w->path, e->name, e->name,
		    (unsigned long long)(sealed - counter));
	return check_texts(w, e, &w->state.marks[at], error);
}

enum rollcode_err
wallet_state_check_default(
    const struct wallet *w, const struct wallet_entry *e, struct error *error)
{
	if (!w->marked ||
	    memcmp(w->state.preferred, e->uid, WALLET_ID_LEN) == 0)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_STORE,
	    "%s: the default token was not chosen with the passphrase; choose "
	    "it with: rollcode-token default NAME",
	    w->path);
}

/* The mark to change; a new one where the token is new. */
static enum rollcode_err
need_mark(struct wallet *w, const struct wallet_entry *e, bool new,
    struct wallet_mark **mark, struct error *error)
{
	size_t at = find_mark(w, e->uid);

	*mark = &w->state.marks[at];
	if (at < w->count)
		return ROLLCODE_OK;
	if (!new)
		return foreign_row(w, e, error);
	if (w->count == WALLET_MARKS_MAX)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "%s: a wallet with a passphrase has at most %d tokens; "
		    "remove some, or keep others in another --store",
		    w->path, WALLET_MARKS_MAX);
	w->count++;
	memset(*mark, 0, sizeof(**mark));
	memcpy((*mark)->uid, e->uid, WALLET_ID_LEN);
	return ROLLCODE_OK;
}

enum rollcode_err
wallet_state_note(struct wallet *w, const struct wallet_entry *e,
    unsigned int what, struct error *error)
{
	struct wallet_mark *mark;
	enum rollcode_err err;

	if (!w->marked)
		return ROLLCODE_OK;
	if ((err = need_mark(w, e, what == WALLET_ALL, &mark, error)) !=
		ROLLCODE_OK ||
	    ((what & WALLET_NAME) != 0 &&
		(err = put_text_mac(w, e->name, mark->name, error)) !=
		    ROLLCODE_OK) ||
	    ((what & WALLET_BINDING) != 0 &&
		(err = put_text_mac(w, e->binding, mark->binding, error)) !=
		    ROLLCODE_OK))
		return err;
	if ((what & WALLET_COUNTER) != 0 &&
	    e->provision.token.counter > be64toh(mark->counter))
		mark->counter = htobe64(e->provision.token.counter);
	w->changed = true;
	return ROLLCODE_OK;
}

void
wallet_state_prefer(struct wallet *w, const uint8_t uid[WALLET_ID_LEN])
{
	memcpy(w->state.preferred, uid, WALLET_ID_LEN);
	w->changed = true;
}
