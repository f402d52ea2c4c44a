/* SPDX-License-Identifier: Apache-2.0 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite/witness.h"
#include "store/witnesses.h"

#define MAGIC "RcWitn1"
#define NAME_LEN 8 /* bytes that name a token or a code */

/* Numbers are big-endian, and what is not used is zero. */
struct record {
	char magic[sizeof(MAGIC)];
	char store_id[STORE_ID_LEN];
	char key_id[SEAL_ID_LEN];
	uint64_t sequence; /* of the account, when it was committed */
	uint8_t removed;   /* the user was, and has nothing */
	uint8_t parting;   /* is being removed: the file may be gone */
	uint8_t token_count, code_count, zero[4];
	struct {
		uint8_t name[NAME_LEN];
		uint64_t counter;
		uint64_t enabled;
	} tokens[ACCOUNT_TOKENS_MAX];
	struct {
		uint8_t name[NAME_LEN]; /* of its MAC */
		uint64_t used;
	} codes[ACCOUNT_RECOVERY_MAX];
	uint64_t spent_time;
	uint32_t spent, failures; /* guesses, see account.h */
	uint8_t more[24];
	uint8_t mac[SEAL_MAC_LEN]; /* of the user's name and all before it */
};

_Static_assert(sizeof(struct record) == 512, "it is written at once");

void
witness_find(struct store *store)
{
	store->witnessed = witnesses_find(
	    store->config, store->users.text, store->witness.text);
}

static enum rollcode_err
witness_path(const struct store *store, const char *user,
    struct store_path *path, struct error *error)
{
	char name[STORE_NAME_MAX + 1];

	if (!store_name_encode(user, name))
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a user's name is empty or too long to be enrolled");
	return store_path_join(
	    path, store->witness.text, name, ".witness", error);
}

/* False if there is none that could be one.  It waits for nobody. */
static bool
read_record(const struct store *store, const char *user, struct record *r)
{
	struct store_path path;

	return store->witnessed &&
	       witness_path(store, user, &path, NULL) == ROLLCODE_OK &&
	       witnesses_read(path.text, store->config->uid, r, sizeof(*r));
}

static enum rollcode_err
compute_mac(const struct secret_key *key, const char *user,
    const struct record *r, uint8_t mac[SEAL_MAC_LEN])
{
	struct seal_aad fields;

	seal_aad_begin(&fields, "rollcode witness 1");
	seal_aad_add_text(&fields, user);
	seal_aad_add(&fields, r, offsetof(struct record, mac));
	return seal_mac_fields(key, &fields, mac);
}

/* A token is named by its secret, which no other one ever has. */
static enum rollcode_err
name_token(const struct secret_key *key, const struct account_token *t,
    uint8_t name[NAME_LEN])
{
	WIPED(seal_aad_wipe) struct seal_aad fields;
	uint8_t mac[SEAL_MAC_LEN];
	enum rollcode_err err;

	seal_aad_begin(&fields, "rollcode witness token 1");
	seal_aad_add_number(&fields, (uint64_t)t->created);
	seal_aad_add(&fields, t->token.secret.bytes, t->token.secret.len);
	err = seal_mac_fields(key, &fields, mac);
	memcpy(name, mac, NAME_LEN);
	return err;
}

/*
 * Whether a record is what was written here, for this store and user, with one
 * of our keys.
 */
static enum rollcode_err
check_record(const struct store *store, const char *user,
    const struct record *r, const struct secret_key **key, bool *ours,
    struct error *error)
{
	const struct store_keys *keys = &store->keys;
	uint8_t mac[SEAL_MAC_LEN];
	enum rollcode_err err;
	size_t which = 0;

	*ours = false;
	while (which < keys->count &&
	       !secret_equal(r->key_id, keys->all[which].id, SEAL_ID_LEN))
		which++;
	if (which == keys->count ||
	    memcmp(r->magic, MAGIC, sizeof(MAGIC)) != 0 ||
	    memcmp(r->store_id, store->marker.store_id, STORE_ID_LEN) != 0)
		return ROLLCODE_OK;
	*key = &keys->all[which].witness;
	if ((err = error_named(error, compute_mac(*key, user, r, mac),
		 "a witness cannot be checked")) != ROLLCODE_OK)
		return err;
	*ours = secret_equal(mac, r->mac, sizeof(mac)) &&
		r->token_count <= ACCOUNT_TOKENS_MAX &&
		r->code_count <= ACCOUNT_RECOVERY_MAX;
	return ROLLCODE_OK;
}

/* Which of the record's tokens is each of the account's; false: not the same */
static enum rollcode_err
match_tokens(const struct record *r, const struct secret_key *key,
    const struct account *account, size_t at[ACCOUNT_TOKENS_MAX], bool *same,
    struct error *error)
{
	uint8_t name[NAME_LEN];
	enum rollcode_err err;

	*same = r->token_count == account->token_count;
	for (size_t i = 0; i < account->token_count && *same; i++) {
		if ((err = name_token(key, &account->tokens[i], name)) !=
		    ROLLCODE_OK)
			return error_named(
			    error, err, "a token cannot be named");
		at[i] = 0;
		while (at[i] < r->token_count &&
		       !secret_equal(r->tokens[at[i]].name, name, NAME_LEN))
			at[i]++;
		*same = at[i] < r->token_count;
	}
	return ROLLCODE_OK;
}

/* An account of the same or a higher sequence keeps what it disables. */
static void
raise_tokens(const struct record *r, const size_t at[ACCOUNT_TOKENS_MAX],
    bool newer, struct account *account)
{
	for (size_t i = 0; i < account->token_count; i++) {
		struct account_token *t = &account->tokens[i];
		uint64_t counter = be64toh(r->tokens[at[i]].counter);

		if (counter > t->token.counter)
			t->token.counter = counter;
		t->enabled =
		    r->tokens[at[i]].enabled != 0 && (newer || t->enabled);
		t->far_known = false;
	}
}

/* One that the last commit did not have was void by then. */
static void
use_codes_up(const struct record *r, struct account *account)
{
	for (size_t i = 0; i < account->recovery_count; i++) {
		struct account_recovery *code = &account->recovery[i];
		size_t at = 0;

		while (at < r->code_count &&
		       !secret_equal(r->codes[at].name, code->mac, NAME_LEN))
			at++;
		if (code->used == 0 && at < r->code_count)
			code->used = (int64_t)be64toh(r->codes[at].used);
		else if (code->used == 0)
			code->used = code->issued > 0 ? code->issued : 1;
	}
}

/* They are not given back, and who has logged in since is not guarded. */
static void
take_guesses(const struct record *r, struct account *account)
{
	account->failures = be32toh(r->failures);
	account->spent = be32toh(r->spent);
	account->spent_time = (int64_t)be64toh(r->spent_time);
}

static enum rollcode_err
refuse_file(const struct store *store, const char *user, const char *what,
    struct error *error)
{
	return error_at(error, ROLLCODE_ERR_STORE, store->file.text,
	    "was put back: %s; put the newer file back, or run rollcode-admin "
	    "enroll %s --replace, which makes a new token",
	    what, user);
}

static enum rollcode_err
raise_account(struct store *store, const struct record *r,
    const struct secret_key *key, struct account *account, struct error *error)
{
	int64_t sequence = (int64_t)be64toh(r->sequence);
	bool newer = sequence > account->sequence, same;
	size_t at[ACCOUNT_TOKENS_MAX] = {0};
	enum rollcode_err err;

	if (r->removed != 0 && newer)
		return refuse_file(
		    store, account->user, "its user was removed since", error);
	if ((err = match_tokens(r, key, account, at, &same, error)) !=
	    ROLLCODE_OK)
		return err;
	if (!same && newer)
		return refuse_file(store, account->user,
		    "its witness is newer, and has other tokens", error);
	if (!same)
		return ROLLCODE_OK;
	raise_tokens(r, at, newer, account);
	use_codes_up(r, account);
	if (newer)
		take_guesses(r, account);
	account->behind = newer ? sequence - account->sequence : 1;
	account->sequence = newer ? sequence : account->sequence;
	store->raised = true;
	return ROLLCODE_OK;
}

/*
 * Whether something in it may be ahead.  A login that was killed between its
 * commit and its witness leaves a file whose sequence another one takes after
 * an older file was put back: so counters and used codes are compared too,
 * where they stand if the tokens and codes are the same.
 */
static bool
is_ahead(const struct record *r, const struct account *account)
{
	bool ahead = be64toh(r->sequence) > (uint64_t)account->sequence;

	for (size_t i = 0; i < account->token_count; i++)
		ahead |= be64toh(r->tokens[i].counter) >
			 account->tokens[i].token.counter;
	for (size_t i = 0; i < account->recovery_count; i++)
		ahead |=
		    r->codes[i].used != 0 && account->recovery[i].used == 0;
	return ahead;
}

enum rollcode_err
witness_compare(
    struct store *store, struct account *account, struct error *error)
{
	const struct secret_key *key = NULL;
	enum rollcode_err err;
	struct record r;
	bool ours;

	store->raised = false;
	if (!read_record(store, account->user, &r) || !is_ahead(&r, account))
		return ROLLCODE_OK;
	if ((err = check_record(store, account->user, &r, &key, &ours,
		 error)) != ROLLCODE_OK ||
	    !ours)
		return err;
	return raise_account(store, &r, key, account, error);
}

static enum rollcode_err
fill_record(const struct secret_key *key, const struct account *account,
    struct record *r)
{
	enum rollcode_err err = ROLLCODE_OK;

	r->token_count = (uint8_t)account->token_count;
	for (size_t i = 0; i < account->token_count && err == ROLLCODE_OK;
	     i++) {
		const struct account_token *t = &account->tokens[i];

		r->tokens[i].counter = htobe64(t->token.counter);
		r->tokens[i].enabled = htobe64(t->enabled);
		err = name_token(key, t, r->tokens[i].name);
	}
	r->code_count = (uint8_t)account->recovery_count;
	for (size_t i = 0; i < account->recovery_count; i++) {
		const struct account_recovery *code = &account->recovery[i];

		memcpy(r->codes[i].name, code->mac, NAME_LEN);
		r->codes[i].used = htobe64((uint64_t)code->used);
	}
	r->failures = htobe32(account->failures);
	r->spent = htobe32(account->spent);
	r->spent_time = htobe64((uint64_t)account->spent_time);
	return err;
}

/* account NULL: the user was removed. */
static bool
make_record(const struct store *store, const char *user,
    const struct account *account, int64_t sequence, struct record *r)
{
	const struct secret_key *key = &store->keys.all[0].witness;

	memset(r, 0, sizeof(*r));
	memcpy(r->magic, MAGIC, sizeof(MAGIC));
	memcpy(r->store_id, store->marker.store_id, STORE_ID_LEN);
	memcpy(r->key_id, store->keys.all[0].id, SEAL_ID_LEN);
	r->sequence = htobe64((uint64_t)sequence);
	r->removed = account == NULL;
	return (account == NULL ||
		   fill_record(key, account, r) == ROLLCODE_OK) &&
	       compute_mac(key, user, r, r->mac) == ROLLCODE_OK;
}

/* The descriptor of the file, written; -1 if it could not be. */
static int
put_record(const struct store *store, const char *user, const struct record *r)
{
	struct store_path path;

	return witness_path(store, user, &path, NULL) == ROLLCODE_OK
		   ? witnesses_put(path.text, store->config->uid, r, sizeof(*r))
		   : -1;
}

void
witness_write(
    const struct store *store, const struct account *account, int64_t sequence)
{
	struct record r;
	int fd;

	if (!store->witnessed ||
	    !make_record(store, account->user, account, sequence, &r))
		return;
	if ((fd = put_record(store, account->user, &r)) >= 0)
		close(fd);
}

/* False if there is none of ours. */
static bool
read_ours(const struct store *store, const char *user, struct record *r)
{
	const struct secret_key *key = NULL;
	bool ours;

	return read_record(store, user, r) &&
	       check_record(store, user, r, &key, &ours, NULL) == ROLLCODE_OK &&
	       ours;
}

int64_t
witness_sequence(const struct store *store, const char *user)
{
	struct record r;

	return read_ours(store, user, &r) ? (int64_t)be64toh(r.sequence) : 0;
}

bool
witness_is_enrolled(const struct store *store, const char *user)
{
	struct record r;

	return read_ours(store, user, &r) && r.removed == 0 && r.parting == 0;
}

enum rollcode_err
witness_forget(const struct store *store, const char *user, struct error *error)
{
	struct store_path path;
	enum rollcode_err err;
	struct stat st;
	int fd, e = 0;

	if (store->witness.text[0] == '\0' ||
	    witness_sequence(store, user) != 0)
		return ROLLCODE_OK;
	if ((err = witness_path(store, user, &path, error)) != ROLLCODE_OK)
		return err;
	/* Where nothing can be written there may be nothing to take away. */
	if (lstat(path.text, &st) != 0 && errno == ENOENT)
		return ROLLCODE_OK;
	fd = open(store->witness.text,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return ROLLCODE_OK;
	if (fd < 0 || (unlink(path.text) != 0 && errno != ENOENT) ||
	    fsync(fd) != 0)
		e = errno;
	if (fd >= 0)
		close(fd);
	return e == 0 ? ROLLCODE_OK : error_errno(error, e, path.text);
}

/* As far as it can be written. */
static void
put_for_good(
    const struct store *store, const char *user, const struct record *r)
{
	int fd = put_record(store, user, r);

	if (fd < 0)
		return;
	(void)!fsync(fd);
	close(fd);
	if ((fd = open(store->witness.text,
		 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		return;
	(void)!fsync(fd);
	close(fd);
}

void
witness_part(const struct store *store, const char *user)
{
	const struct secret_key *key = NULL;
	struct record r;
	bool ours;

	if (!read_record(store, user, &r) ||
	    check_record(store, user, &r, &key, &ours, NULL) != ROLLCODE_OK ||
	    !ours)
		return;
	r.parting = 1;
	if (compute_mac(key, user, &r, r.mac) == ROLLCODE_OK)
		put_for_good(store, user, &r);
}

void
witness_bury(const struct store *store, const char *user, int64_t sequence)
{
	struct record r;

	if (store->witnessed && make_record(store, user, NULL, sequence, &r))
		put_for_good(store, user, &r);
}

enum rollcode_err
witness_examine(struct store *store, struct error *error)
{
	const struct secret_key *key = NULL;
	const char *user = store->before.user;
	struct store_path path;
	struct record r;
	enum rollcode_err err;
	struct stat st;
	bool ours = false;

	if (!store->witnessed ||
	    witness_path(store, user, &path, NULL) != ROLLCODE_OK ||
	    (lstat(path.text, &st) != 0 && errno == ENOENT))
		return ROLLCODE_OK;
	if (read_record(store, user, &r) &&
	    (err = check_record(store, user, &r, &key, &ours, error)) !=
		ROLLCODE_OK)
		return err;
	if (!ours)
		return error_at(error, ROLLCODE_ERR_STORE, path.text,
		    "is not what Rollcode wrote for this store, or belongs to "
		    "somebody else or has another mode than 0600: the user's "
		    "file is without a witness");
	if (be64toh(r.sequence) < (uint64_t)store->before.sequence)
		return error_at(error, ROLLCODE_ERR_ABSENT, path.text,
		    "lacks the last changes of %s: it could not be written",
		    user);
	return ROLLCODE_OK;
}
