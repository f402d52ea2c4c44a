/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "common/token/token.h"
#include "wallet/row.h"

static enum rollcode_err
check_token_name(const char *name, struct error *error)
{
	if (token_check_label(name, NULL) == ROLLCODE_OK)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "a token's name has 1 to %d bytes, no control characters, and "
	    "does not start with a dash; choose another: rollcode-token add "
	    "NAME",
	    WALLET_NAME_MAX);
}

enum rollcode_err
wallet_name_free(
    struct wallet *w, const char *name, const char *remedy, struct error *error)
{
	WIPED(wallet_entry_wipe) struct wallet_entry other = {0};
	enum rollcode_err err = wallet_row_named(w, name, &other, error);

	if (err != ROLLCODE_OK)
		return err == ROLLCODE_ERR_ABSENT ? ROLLCODE_OK : err;
	return error_set(error, ROLLCODE_ERR_EXISTS,
	    "a token named %s already exists; choose another name%s", name,
	    remedy);
}

/* No token at all is the default if the entry is empty. */
static enum rollcode_err
set_preferred(
    struct wallet *w, const struct wallet_entry *e, struct error *error)
{
	wallet_state_prefer(w, e->uid);
	return sqlite_change(
	    w->db, error, 1, "UPDATE wallet SET preferred = ?1", "i", e->id);
}

static enum rollcode_err
prefer_single(struct wallet *w, struct error *error)
{
	WIPED(wallet_entry_wipe) struct wallet_entry first = {0}, second;
	enum rollcode_err err;

	if (!wallet_row_each(w, &first, &err, error))
		return err;
	second = first;
	if (wallet_row_each(w, &second, &err, error) || err != ROLLCODE_OK)
		return err;
	return set_preferred(w, &first, error);
}

static enum rollcode_err
insert_row(struct wallet *w, const struct wallet_entry *e, struct error *error)
{
	const struct provision *p = &e->provision;
	const struct rollcode_token *t = &p->token;

	return sqlite_change(w->db, error, 1,
	    "INSERT INTO token (id, uid, name, issuer, account, label, "
	    "binding, form, algorithm, digits, counter, secret, created, used) "
	    "VALUES (nullif(?1, 0), ?2, ?3, nullif(?4, ''), nullif(?5, ''), "
	    "nullif(?6, ''), nullif(?7, ''), ?8, ?9, ?10, ?11, ?12, ?13, 0)",
	    "ibttttt"
	    "ttii"
	    "bi",
	    e->id, e->uid, sizeof(e->uid), e->name, p->issuer, p->account,
	    t->label, e->binding, form_name(t->form),
	    algorithm_name(t->algorithm), (int64_t)t->digits,
	    (int64_t)t->counter, e->stored.bytes, e->stored.len,
	    (int64_t)time(NULL));
}

enum rollcode_err
wallet_row_add(struct wallet *w, struct wallet_entry *e, struct error *error)
{
	const struct rollcode_token *token = &e->provision.token;
	enum rollcode_err err;

	if ((err = check_token_name(e->name, error)) != ROLLCODE_OK ||
	    (err = token_check(token, error)) != ROLLCODE_OK ||
	    (err = token_check_left(token, error)) != ROLLCODE_OK)
		return err;
	if (seal_random(e->uid, sizeof(e->uid)) != ROLLCODE_OK)
		return error_set(
		    error, ROLLCODE_ERR_SYS, "the kernel gave no random bytes");
	if ((err = wallet_row_seal(w, e, error)) != ROLLCODE_OK ||
	    (err = insert_row(w, e, error)) != ROLLCODE_OK ||
	    (err = wallet_state_note(w, e, WALLET_ALL, error)) != ROLLCODE_OK)
		return err;
	return prefer_single(w, error);
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
	WIPED(wallet_entry_wipe) struct wallet_entry e = {.provision = *p};
	WIPED(wallet_entry_wipe) struct wallet_entry other = {0};
	enum rollcode_err err;

	if ((err = check_token_name(name, error)) != ROLLCODE_OK)
		return err;
	memcpy(e.name, name, strlen(name) + 1);
	if ((err = wallet_begin(w, error)) == ROLLCODE_OK &&
	    (err = wallet_name_free(
		 w, name, ": rollcode-token add NAME", error)) == ROLLCODE_OK &&
	    (err = wallet_row_of_secret(w, &p->token.secret, &other, error)) ==
		ROLLCODE_OK)
		err = other.id == 0
			  ? wallet_row_add(w, &e, error)
			  : error_set(error, ROLLCODE_ERR_EXISTS,
				"the token %s already has this secret; every "
				"token needs its own, enrol a new one",
				other.name);
	return wallet_end(w, err, error);
}

enum rollcode_err
wallet_rename(
    struct wallet *w, const char *from, const char *to, struct error *error)
{
	WIPED(wallet_entry_wipe) struct wallet_entry e = {0};
	enum rollcode_err err;

	if ((err = check_token_name(to, error)) == ROLLCODE_OK &&
	    (err = wallet_begin(w, error)) == ROLLCODE_OK &&
	    (err = wallet_row_named(w, from, &e, error)) == ROLLCODE_OK &&
	    (err = wallet_name_free(w, to, "", error)) == ROLLCODE_OK) {
		memcpy(e.name, to, strlen(to) + 1);
		err = wallet_row_write(w, &e, WALLET_NAME, error);
	}
	return wallet_end(w, err, error);
}

enum rollcode_err
wallet_remove(struct wallet *w, const char *name, struct error *error)
{
	static const struct wallet_entry nobody;
	WIPED(wallet_entry_wipe) struct wallet_entry e = {0};
	enum rollcode_err err;

	if ((err = wallet_begin(w, error)) == ROLLCODE_OK &&
	    (err = wallet_row_named(w, name, &e, error)) == ROLLCODE_OK &&
	    (err = sqlite_change(w->db, error, 1,
		 "DELETE FROM token WHERE id = ?1", "i", e.id)) ==
		ROLLCODE_OK &&
	    (!e.preferred ||
		(err = set_preferred(w, &nobody, error)) == ROLLCODE_OK))
		err = prefer_single(w, error);
	return wallet_end(w, err, error);
}

enum rollcode_err
wallet_prefer(struct wallet *w, const char *name, struct error *error)
{
	WIPED(wallet_entry_wipe) struct wallet_entry e = {0};
	enum rollcode_err err;

	if ((err = wallet_want_key(w, error)) == ROLLCODE_OK &&
	    (err = wallet_begin(w, error)) == ROLLCODE_OK &&
	    (err = wallet_row_named(w, name, &e, error)) == ROLLCODE_OK)
		err = set_preferred(w, &e, error);
	return wallet_end(w, err, error);
}
