/* SPDX-License-Identifier: Apache-2.0 */
/*
 * users - many users in a store of files, quickly.
 *
 *	users ENVFILE USER COUNT
 *
 * USER is enrolled, has one token and a name of six bytes.  COUNT more get
 * what an enrolment leaves, u00000 and so on: a file that is USER's but for
 * the name in it and the secret, which is sealed anew for each, and an empty
 * log.  Not written is what makes an enrolment take long: each is not synced,
 * all of them are at the end.  Every thousandth, and the last, is then opened
 * by the store itself, as a login would.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pam_rollcode/store/sqlite/parts.h"

#define NAME_LEN 6
#define COUNT_MAX 100000
#define FILE_MAX 262144
#define CHECK_EVERY 1000

struct pattern {
	uint8_t bytes[FILE_MAX];
	size_t len;
	uint8_t *name, *secret; /* where they stand in it */
	struct sealed sealed;
	struct account_token token;
};

static _Noreturn void
fail(const char *what, const char *why)
{
	fprintf(stderr, "users: %s: %s\n", what, why);
	exit(1);
}

static void
need(enum rollcode_err err, const struct error *error)
{
	if (err != ROLLCODE_OK)
		fail("the store", error->text);
}

/* Where a text stands, and nowhere else. */
static uint8_t *
only(struct pattern *p, const void *text, size_t len, const char *what)
{
	uint8_t *at = memmem(p->bytes, p->len, text, len);

	if (at == NULL || memmem(at + 1, p->len - (size_t)(at + 1 - p->bytes),
			      text, len) != NULL)
		fail(what, "does not stand once in the user's file");
	return at;
}

static void
read_file(const char *path, struct pattern *p)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, p->bytes, FILE_MAX);

	if (n <= 0 || n == FILE_MAX)
		fail(path, n < 0 ? strerror(errno) : "has an odd size");
	p->len = (size_t)n;
	close(fd);
}

static void
read_secret(sqlite3 *db, struct sealed *sealed)
{
	struct error error = {0};
	WIPED(sqlite_done)
	struct sqlite_rows r =
	    sqlite_query(db, &error, "SELECT secret FROM token", "");

	if (sqlite_next(&r))
		sealed->len =
		    sqlite_blob(&r, sealed->bytes, sizeof(sealed->bytes));
	need(r.err, &error);
}

/* The user's file without its log, and what in it is the user's own. */
static void
take(struct store *store, const char *user, struct pattern *p)
{
	struct account account = {0};
	struct error error = {0};
	bool enrolled = false;

	need(store_sqlite.begin(store, user, &enrolled, &account, &error),
	    &error);
	if (!enrolled || account.token_count != 1 || account.recovery_key_set)
		fail(user, "must be enrolled, with one token alone");
	p->token = account.tokens[0];
	read_secret(store->db, &p->sealed);
	need(sqlite_empty_log(store->db, &error), &error);
	read_file(store->file.text, p);
	store_sqlite.end(store);
	p->name = only(p, user, NAME_LEN, "the name");
	p->secret = only(p, p->sealed.bytes, p->sealed.len, "the secret");
}

static void
put(const struct store *store, const char *user, const char *ending,
    const void *bytes, size_t len)
{
	struct store_path path;
	struct error error = {0};
	int fd;

	need(store_path_join(&path, store->users.text, user, ending, &error),
	    &error);
	fd = open(path.text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || close(fd) != 0)
		fail(path.text, strerror(errno));
}

static void
make(struct store *store, const char *user, struct pattern *p)
{
	struct error error = {0};
	struct sealed sealed;

	need(store_seal_token(&store->keys, store->key, user, &p->token.token,
		 &sealed, &error),
	    &error);
	if (sealed.len != p->sealed.len)
		fail(user, "its secret has another length");
	memcpy(p->name, user, NAME_LEN);
	memcpy(p->secret, sealed.bytes, sealed.len);
	put(store, user, ".db", p->bytes, p->len);
	put(store, user, ".db-wal", "", 0);
}

static void
check(struct store *store, const char *user)
{
	struct account account = {0};
	struct error error = {0};
	bool enrolled = false;

	need(store_sqlite.begin(store, user, &enrolled, &account, &error),
	    &error);
	if (!enrolled || account.token_count != 1)
		fail(user, "is not enrolled");
	store_sqlite.end(store);
}

int
main(int argc, char **argv)
{
	static struct pattern pattern;
	static struct config config;
	struct store *store = NULL;
	struct error error = {0};
	char user[NAME_LEN + 16];
	int64_t count = 0;

	if (argc != 4 || strlen(argv[2]) != NAME_LEN ||
	    !keyword_number(argv[3], 1, COUNT_MAX, &count)) {
		fputs("usage: users ENVFILE USER COUNT\n", stderr);
		return 2;
	}
	need(config_load(argv[1], true, &config, &error), &error);
	need(config_drop(&config, &error), &error);
	need(store_sqlite.open(&store, &config, &error), &error);
	take(store, argv[2], &pattern);
	for (int64_t i = 0; i < count; i++) {
		snprintf(user, sizeof(user), "u%05lld", (long long)i);
		make(store, user, &pattern);
	}
	sync();
	for (int64_t i = 0; i < count; i++)
		if (i % CHECK_EVERY == 0 || i == count - 1) {
			snprintf(user, sizeof(user), "u%05lld", (long long)i);
			check(store, user);
		}
	store_sqlite.close(store);
	return 0;
}
