/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modes - one login's statements in one SQLite file, in other ways than ours.
 *
 *	modes JOURNAL PAGE SCHEMA STATEMENTS CHECKPOINT COUNT DIRECTORY
 *	modes once JOURNAL STATEMENTS SECRET DIRECTORY
 *	modes first|bare
 *
 *	JOURNAL		delete, extra, truncate, persist; wal: as usual;
 *			kept: its log is kept; excl: kept, by unix-excl;
 *			opened: excl, whose log is opened without CREATE;
 *			connected: excl, on one connection
 *	SCHEMA		store: the tables of a user's file; row: a table of one
 *	STATEMENTS	login: what a login reads and writes; update: a row
 *	CHECKPOINT	at every so manieth login, where the log is kept
 *	SECRET		sealed, by a key that is derived first; plain
 *
 * From open to close: median, 95th and 99th percentile of the time, and the
 * median of the CPU time.  once: one login more in that file, and a code for
 * it, with the libraries and nothing else: the least that a process can do
 * which is started for it; prints nothing.  first: the first HMAC of this
 * process, as anybody would; bare: as ours is, without the library's
 * configuration file.  In nanoseconds.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/hmac.h>
#include <sqlite3.h>

#include "tests/support/code_once.h"
#include "common/base/env.h"
#include "pam_rollcode/store/sqlite/parts.h"
#include "common/token/seal.h"
#include "tests/bench/times.h"

#define COUNT_MAX 100000
#define UNTIMED 5

/* clang-format off */
static const struct mode {
	const char *name, *vfs, *journal, *synchronous;
	bool kept, connected;
} modes[] = {
	{ "delete", "unix", "DELETE", "FULL", false, false },
	{ "extra", "unix", "DELETE", "EXTRA", false, false },
	{ "truncate", "unix", "TRUNCATE", "FULL", false, false },
	{ "persist", "unix", "PERSIST", "FULL", false, false },
	{ "wal", "unix", "WAL", "FULL", false, false },
	{ "kept", "unix", "WAL", "FULL", true, false },
	{ "excl", "unix-excl", "WAL", "FULL", true, false },
	{ "opened", "opened", "WAL", "FULL", true, false },
	{ "connected", "unix-excl", "WAL", "FULL", true, true },
	{ NULL, NULL, NULL, NULL, false, false },
};

static const char *const rows[] = {
	"INSERT INTO account VALUES(1,'bench0',0,0,0,0,0,0,0,0,0,0,"
	    "'0123456789abcdef',NULL,0)",
	"INSERT INTO token VALUES(1,'token','hotp','SHA256',8,"
	    "'0123456789abcdef',randomblob(61),0,NULL,NULL,1,0,0)",
	NULL,
};

static const char *const row[] = {
	"CREATE TABLE token(id INTEGER PRIMARY KEY,counter INTEGER NOT NULL)",
	"INSERT INTO token VALUES(1,0)",
	NULL,
};

static const char *const reads[] = {
	"SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid",
	"SELECT * FROM account",
	"SELECT * FROM token ORDER BY id",
	"SELECT * FROM recovery ORDER BY id",
	NULL,
};

static const char *const writes[] = {
	"UPDATE account SET failures=0,sequence=sequence+1 WHERE sequence>=0",
	"DELETE FROM event WHERE slot>=200",
	"INSERT OR REPLACE INTO event SELECT sequence%200,sequence,1800000000,"
	    "'sshd','192.0.2.1','token','accepted',sequence,0 FROM account",
	NULL,
};
/* clang-format on */

static sqlite3_vfs *base;

static _Noreturn void
fail(const char *where, const char *what)
{
	fprintf(stderr, "modes: %s: %s\n", where, what);
	exit(1);
}

static int64_t
cpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * TIMES_NS + now.tv_nsec;
}

static void
run(sqlite3 *db, const char *sql)
{
	char *error = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail(sql, error);
}

static void
run_all(sqlite3 *db, const char *const *sql)
{
	for (; *sql != NULL; sql++)
		run(db, *sql);
}

/* A log that is there needs no directory synced behind it. */
static int
open_existing(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file,
    int flags, int *out)
{
	int plain = flags & ~SQLITE_OPEN_CREATE;

	(void)vfs;
	if ((flags & SQLITE_OPEN_WAL) != 0 &&
	    base->xOpen(base, name, file, plain, out) == SQLITE_OK)
		return SQLITE_OK;
	return base->xOpen(base, name, file, flags, out);
}

static void
add_vfs(void)
{
	static sqlite3_vfs opened;

	if ((base = sqlite3_vfs_find("unix-excl")) == NULL)
		fail("unix-excl", "this SQLite has none");
	opened = *base;
	opened.zName = "opened";
	opened.xOpen = open_existing;
	sqlite3_vfs_register(&opened, 0);
}

static sqlite3 *
connect_file(const struct mode *mode, const char *path, int flags)
{
	sqlite3 *db = NULL;
	char sql[128];
	int keep = 1;

	if (sqlite3_open_v2(path, &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | flags,
		mode->vfs) != SQLITE_OK)
		fail(path, "cannot be opened");
	if (mode->kept) {
		sqlite3_db_config(
		    db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		sqlite3_file_control(
		    db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
		run(db, "PRAGMA wal_autocheckpoint=0");
	}
	snprintf(sql, sizeof(sql), "PRAGMA synchronous=%s", mode->synchronous);
	run(db, sql);
	/* These two are not kept in the file. */
	if (*mode->journal == 'T' || *mode->journal == 'P') {
		snprintf(
		    sql, sizeof(sql), "PRAGMA journal_mode=%s", mode->journal);
		run(db, sql);
	}
	return db;
}

static void
create(const struct mode *mode, const char *page, bool small, const char *path)
{
	char sql[128], log[4200];
	sqlite3 *db;

	snprintf(log, sizeof(log), "%s-wal", path);
	unlink(path);
	unlink(log);
	db = connect_file(mode, path, SQLITE_OPEN_CREATE);
	snprintf(sql, sizeof(sql),
	    "PRAGMA page_size=%s; PRAGMA journal_mode=%s", page, mode->journal);
	run(db, sql);
	if (!small)
		run_all(db, store_sqlite_kind.schema);
	run_all(db, small ? row : rows);
	sqlite3_close(db);
}

static void
login(sqlite3 *db, bool whole)
{
	if (whole)
		run_all(db, reads);
	run(db, "BEGIN IMMEDIATE");
	run(db, "UPDATE token SET counter=counter+1 WHERE id=1");
	if (whole)
		run_all(db, writes);
	run(db, "COMMIT");
}

static void
measure(const struct mode *mode, const char *path, bool whole, int64_t every,
    int64_t count)
{
	int64_t *took = calloc((size_t)count, sizeof(*took));
	int64_t *cpu = calloc((size_t)count, sizeof(*cpu));
	sqlite3 *db = mode->connected ? connect_file(mode, path, 0) : NULL;

	if (took == NULL || cpu == NULL)
		fail(path, "out of memory");
	for (int64_t i = -UNTIMED; i < count; i++) {
		int64_t start = times_now(), used = cpu_now();

		if (!mode->connected)
			db = connect_file(mode, path, 0);
		if (mode->kept && i % every == 0)
			sqlite3_wal_checkpoint_v2(
			    db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
		login(db, whole);
		if (!mode->connected)
			sqlite3_close(db);
		if (i >= 0) {
			took[i] = times_now() - start;
			cpu[i] = cpu_now() - used;
		}
	}
	if (mode->connected)
		sqlite3_close(db);
	times_print(took, count, " ");
	times_sort(cpu, count);
	printf("%lld\n", (long long)cpu[count / 2]);
	free(took);
	free(cpu);
}

static const unsigned char key[32] = "a key of thirty-two bytes.";

static struct rollcode_token
some_token(void)
{
	struct rollcode_token token = {
	    .form = FORM_HOTP, .algorithm = ALGORITHM_SHA256, .digits = 8};

	token.secret.len = sizeof(key);
	memcpy(token.secret.bytes, key, sizeof(key));
	return token;
}

/* Only the first one costs that, so there is one in each process. */
static int
first_hash(bool bare)
{
	struct rollcode_token token = some_token();
	int64_t start = times_now();
	struct passcode code;
	unsigned char out[64];
	unsigned int n;

	if (bare
		? code_once(&token, 1, 0, &code) != ROLLCODE_OK
		: HMAC(EVP_sha256(), key, sizeof(key), key, 8, out, &n) == NULL)
		fail("a hash", "failed");
	printf("%lld\n", (long long)(times_now() - start));
	return 0;
}

static void
unseal(struct secret *secret)
{
	struct secret_key master = {0}, derived;
	struct seal_aad aad = {0};
	struct sealed sealed;

	if (seal_derive(&master, "modes", &derived) != ROLLCODE_OK ||
	    seal_wrap(&derived, &aad, secret, &sealed) != ROLLCODE_OK ||
	    seal_open(&derived, &aad, &sealed, secret) != ROLLCODE_OK)
		fail("a secret", "cannot be sealed");
}

static void
once(const struct mode *mode, bool whole, bool sealed, const char *path)
{
	struct rollcode_token token = some_token();
	struct passcode code;
	sqlite3 *db;

	code_alone();
	if (sealed)
		unseal(&token.secret);
	if (code_once(&token, 1, 0, &code) != ROLLCODE_OK)
		fail("a code", "cannot be computed");
	db = connect_file(mode, path, 0);
	login(db, whole);
	sqlite3_close(db);
}

static const struct mode *
mode_named(const char *name)
{
	const struct mode *mode = modes;

	while (mode->name != NULL && strcmp(mode->name, name) != 0)
		mode++;
	return mode->name != NULL ? mode : NULL;
}

static const char *
file_in(const char *directory)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/modes.db", directory);
	return path;
}

/* False if the words are none of ours. */
static bool
run_words(int argc, char **argv)
{
	bool one = argc == 6 && strcmp(argv[1], "once") == 0;
	const struct mode *mode = mode_named(argv[one ? 2 : 1]);
	int64_t every, count;

	if (mode == NULL)
		return false;
	if (one) {
		once(mode, strcmp(argv[3], "login") == 0,
		    strcmp(argv[4], "sealed") == 0, file_in(argv[5]));
	} else if (argc == 8 && keyword_number(argv[5], 1, COUNT_MAX, &every) &&
		   keyword_number(argv[6], 1, COUNT_MAX, &count)) {
		create(mode, argv[2], strcmp(argv[3], "row") == 0,
		    file_in(argv[7]));
		measure(mode, file_in(argv[7]), strcmp(argv[4], "login") == 0,
		    every, count);
	} else {
		return false;
	}
	return true;
}

int
main(int argc, char **argv)
{
	if (argc == 2 &&
	    (strcmp(argv[1], "first") == 0 || strcmp(argv[1], "bare") == 0))
		return first_hash(*argv[1] == 'b');
	add_vfs();
	if ((argc == 6 || argc == 8) && run_words(argc, argv))
		return 0;
	fputs("usage: modes JOURNAL PAGE SCHEMA STATEMENTS CHECKPOINT COUNT "
	      "DIRECTORY\n"
	      "       modes once JOURNAL STATEMENTS SECRET DIRECTORY\n"
	      "       modes first|bare\n",
	    stderr);
	return 2;
}
