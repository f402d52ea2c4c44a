/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seen.c - what this host was told is committed, in a small file that does
 * not go back with the database.
 *
 *  1. It is written behind a commit, so that it is never ahead of one that
 *     counts.  Nobody waits until it is on disk.
 *  2. It denies, and lets nobody in.
 *  3. One that is missing, of another store or key, or changed in any bit is
 *     none, and logins go on as without.
 *  4. It ends when somebody marks the store, or says that it is right as it is;
 *     no other command of an administrator ends it.
 */
#include <endian.h>
#include <stdio.h>
#include <unistd.h>

#include "store/pgsql/past.h"
#include "store/witnesses.h"

#define MAGIC "RcPast1"

/* Numbers are big-endian, and what is not used is zero. */
struct record {
	char magic[sizeof(MAGIC)];
	char store_id[STORE_ID_LEN];
	uint64_t settled, timeline, lsn;
	uint64_t sequence, counter; /* of the user and the token */
	char name[STORE_NAME_MAX + 1];
	uint8_t secret_len;
	uint8_t secret[SEAL_MAX]; /* as it is sealed, which names a token */
	uint8_t mac[SEAL_MAC_LEN];
};

static bool
find_file(const struct store *store, size_t key, char path[PATH_MAX])
{
	char place[PATH_MAX];
	int len;

	if (!witnesses_find(store->config, "", place))
		return false;
	len = snprintf(
	    path, PATH_MAX, "%s/postgresql-%s", place, store->keys.all[key].id);
	return len > 0 && len < PATH_MAX;
}

static bool
mac_of_record(const struct store *store, size_t which, const struct record *r,
    uint8_t mac[SEAL_MAC_LEN])
{
	struct seal_aad fields;

	seal_aad_begin(&fields, "rollcode witness postgresql 1");
	seal_aad_add(&fields, r, offsetof(struct record, mac));
	return seal_mac_fields(&store->keys.all[which].witness, &fields, mac) ==
	       ROLLCODE_OK;
}

static bool
read_seen(const struct store *store, size_t which, struct record *r)
{
	uint8_t mac[SEAL_MAC_LEN];
	char path[PATH_MAX];

	return find_file(store, which, path) &&
	       witnesses_read(path, store->config->uid, r, sizeof(*r)) &&
	       memcmp(r->magic, MAGIC, sizeof(MAGIC)) == 0 &&
	       mac_of_record(store, which, r, mac) &&
	       secret_equal(mac, r->mac, sizeof(mac)) &&
	       r->secret_len <= SEAL_MAX && r->name[STORE_NAME_MAX] == '\0';
}

void
seen_read(const struct store *store, struct pgsql_seen *w)
{
	struct record r = {0};
	size_t which = 0;

	memset(w, 0, sizeof(*w));
	while (which < store->keys.count && !read_seen(store, which, &r))
		which++;
	if (which == store->keys.count)
		return;
	w->is = true;
	memcpy(w->store_id, r.store_id, STORE_ID_LEN);
	w->past.settled = (int64_t)be64toh(r.settled);
	w->past.timeline = (int64_t)be64toh(r.timeline);
	w->past.lsn = (int64_t)be64toh(r.lsn);
	w->sequence = (int64_t)be64toh(r.sequence);
	w->counter = (int64_t)be64toh(r.counter);
	memcpy(w->name, r.name, sizeof(w->name));
	w->secret.len = r.secret_len;
	memcpy(w->secret.bytes, r.secret, SEAL_MAX);
}

void
seen_write(const struct store *store, const struct pgsql_seen *w)
{
	char path[PATH_MAX];
	struct record r;
	int fd;

	memset(&r, 0, sizeof(r));
	memcpy(r.magic, MAGIC, sizeof(MAGIC));
	memcpy(r.store_id, w->store_id, STORE_ID_LEN);
	r.settled = htobe64((uint64_t)w->past.settled);
	r.timeline = htobe64((uint64_t)w->past.timeline);
	r.lsn = htobe64((uint64_t)w->past.lsn);
	r.sequence = htobe64((uint64_t)w->sequence);
	r.counter = htobe64((uint64_t)w->counter);
	memcpy(r.name, w->name, sizeof(r.name));
	r.secret_len = (uint8_t)w->secret.len;
	memcpy(r.secret, w->secret.bytes, w->secret.len);
	if (!find_file(store, 0, path) || !mac_of_record(store, 0, &r, r.mac) ||
	    (fd = witnesses_put(path, store->config->uid, &r, sizeof(r))) < 0)
		return;
	close(fd);
}
