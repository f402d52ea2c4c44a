/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "calls.h"
#include "place.h"
#include "common/token/token.h"

#define FILE_MAX 65536

struct kept_file {
	uint8_t bytes[FILE_MAX];
	size_t len;
};

struct person {
	struct account account, stored;
	struct kept_file file, log;
};

struct place place;
static struct person people[PEOPLE];
static pid_t owner;

const char *const place_names[PEOPLE] = {
    "ann", "bob", "cyd", "dan", "zoe", "eve"};
const char *const place_recovery[PLACE_RECOVERY] = {
    "ABCDEFGHIJKLMNOP", "A234567A234567A2", "ZZZZZZZZZZZZZZZZ"};

/* ------------------------------------------------------------- the people */

static void
add(enum who who, const char *secret, enum rollcode_form form,
    enum rollcode_algorithm algorithm, unsigned int digits, uint64_t counter)
{
	struct account *account = &people[who].account;
	struct rollcode_token token = {
	    .form = form,
	    .algorithm = algorithm,
	    .digits = digits,
	    .counter = counter,
	};
	struct error error = {0};

	snprintf(
	    token.label, sizeof(token.label), "t%zu", account->token_count);
	snprintf(account->user, sizeof(account->user), "%s", place_names[who]);
	promise(
	    token_parse_secret(secret, &token.secret, &error) == ROLLCODE_OK &&
		account_add(account, &token, CALLS_NOW, &error) == ROLLCODE_OK,
	    "a token of the scratch store can be made");
}

static void
add_people(void)
{
	struct account *cyd = &people[CYD].account;

	add(ANN, "text:12345678901234567890123456789012", FORM_HOTP,
	    ALGORITHM_SHA256, 8, 10);
	add(BOB, "hex:24734d46d5ffa7bcd377a71419482ba20ba04f5f", FORM_HOTP,
	    ALGORITHM_SHA1, 6, 0);
	add(BOB,
	    "hex:e8d7b59215e0a22bec4b57edcab89ee644cf411d81984c6cce18f95dc0177e"
	    "68",
	    FORM_HOTP, ALGORITHM_SHA256, 6, 0);
	add(BOB, "text:bob's secret of the form hex", FORM_HEX,
	    ALGORITHM_SHA256, 64, 5);
	add(CYD, "text:a secret that is plain text", FORM_HASH,
	    ALGORITHM_SHA256, 64, 1);
	add(CYD, "text:seven digits, and a counter at its end", FORM_HOTP,
	    ALGORITHM_SHA512, 7, ROLLCODE_COUNTER_END - 6);
	add(DAN, "text:dan has lost this token", FORM_HOTP, ALGORITHM_SHA256, 8,
	    40);
	add(DAN, "text:dan uses this one", FORM_HOTP, ALGORITHM_SHA1, 6, 40);
	add(ZOE, "text:zoe has lost her only one", FORM_HOTP, ALGORITHM_SHA1, 8,
	    3);
	people[DAN].account.tokens[0].enabled = false;
	people[ZOE].account.tokens[0].enabled = false;
	cyd->recovery_key_set = true;
	memset(cyd->recovery_key.bytes, 'k', SECRET_KEY_LEN);
	for (; cyd->recovery_count < PLACE_RECOVERY; cyd->recovery_count++)
		promise(
		    seal_mac(&cyd->recovery_key,
			place_recovery[cyd->recovery_count],
			cyd->recovery[cyd->recovery_count].mac) == ROLLCODE_OK,
		    "a recovery code can be made");
}

/* What an enrolment cannot set: Dan's past. */
static void
guard_dan(struct store *store)
{
	struct account account;
	struct error error = {0};
	bool enrolled;

	promise(store_sqlite.begin(store, "dan", &enrolled, &account, &error) ==
			ROLLCODE_OK &&
		    enrolled,
	    "Dan is enrolled");
	account.failures = 5;
	account.spent = 20;
	account.spent_time = CALLS_NOW;
	promise(
	    store_sqlite.commit(store, &account, NULL, &error) == ROLLCODE_OK,
	    "Dan's past can be written");
}

/* ------------------------------------------------------------- the files */

char *
place_path(enum who who, const char *ending, char path[128])
{
	snprintf(path, 128, "%s/%s%s", place.users, place_names[who], ending);
	return path;
}

static void
keep_file(const char *path, struct kept_file *kept)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, kept->bytes, sizeof(kept->bytes));

	promise(n > 0 && (size_t)n < sizeof(kept->bytes), "a file is kept");
	kept->len = (size_t)n;
	close(fd);
}

static void
put_file(const char *path, const struct kept_file *kept)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	promise(fd >= 0 &&
		    write(fd, kept->bytes, kept->len) == (ssize_t)kept->len &&
		    close(fd) == 0,
	    "a file is as it was");
}

const struct account *
place_reset(enum who who)
{
	char path[128];

	if (who >= EVE)
		return &people[EVE].stored;
	put_file(place_path(who, ".db", path), &people[who].file);
	put_file(place_path(who, ".db-wal", path), &people[who].log);
	unlink(place_path(who, ".db-journal", path));
	return &people[who].stored;
}

bool
place_harm(enum harm harm, enum who who)
{
	char path[128], marker[128], aside[128];
	int done = -1;

	snprintf(marker, sizeof(marker), "%s/marker", place.users);
	snprintf(aside, sizeof(aside), "%s/aside", place.dir);
	if (harm >= EMPTY && who >= EVE)
		return false;
	switch (harm) {
	case NO_MARKER:
		done = rename(marker, aside);
		break;
	case OTHER_KEY:
		place.config.key.bytes[0] ^= 1;
		done = 0;
		break;
	case OPEN_DIRECTORY:
		done = chmod(place.users, 0777);
		break;
	case EMPTY:
		done = truncate(place_path(who, ".db", path), 0);
		break;
	case READABLE:
		done = chmod(place_path(who, ".db", path), 0644);
		break;
	case JOURNAL:
		done = mkdir(place_path(who, ".db-journal", path), 0700);
		break;
	case HARMS:
		break;
	}
	promise(done == 0, "a store can be harmed");
	return true;
}

void
place_mend(enum harm harm, enum who who)
{
	char path[128], marker[128], aside[128];

	snprintf(marker, sizeof(marker), "%s/marker", place.users);
	snprintf(aside, sizeof(aside), "%s/aside", place.dir);
	if (harm == NO_MARKER)
		promise(rename(aside, marker) == 0, "the marker is back");
	if (harm == OTHER_KEY)
		place.config.key.bytes[0] ^= 1;
	(void)!chmod(place.users, 0700);
	(void)!chmod(place_path(who, ".db", path), 0600);
	rmdir(place_path(who, ".db-journal", path));
}

static void
close_place(void)
{
	char path[128];

	if (owner != getpid())
		return;
	for (enum who who = ANN; who < PEOPLE; who++) {
		unlink(place_path(who, ".db", path));
		unlink(place_path(who, ".db-wal", path));
		unlink(place_path(who, ".db-journal", path));
	}
	snprintf(path, sizeof(path), "%s/marker", place.users);
	unlink(path);
	rmdir(place.users);
	rmdir(place.dir);
}

static void
enrol_all(void)
{
	struct store *store;
	struct event event;
	struct error error = {0};
	char path[128];
	bool made;

	event_fill(&event, CALLS_NOW, "fuzz", NULL, "enrolled");
	promise(
	    store_sqlite.init(&place.config, &made, &error) == ROLLCODE_OK &&
		store_sqlite.open(&store, &place.config, &error) == ROLLCODE_OK,
	    "there is a scratch store");
	for (enum who who = ANN; who < EVE; who++)
		promise(store_sqlite.create(store, &people[who].account, &event,
			    false, &error) == ROLLCODE_OK,
		    error.text);
	guard_dan(store);
	store_sqlite.close(store);
	for (enum who who = ANN; who < EVE; who++) {
		keep_file(place_path(who, ".db", path), &people[who].file);
		keep_file(place_path(who, ".db-wal", path), &people[who].log);
		promise(place_read(who, &people[who].stored), "it is stored");
	}
}

void
place_open(void)
{
	const char *where = getenv("FUZZ_PLACE");

	if (owner != 0)
		return;
	if (where == NULL)
		where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	owner = getpid();
	umask(077);
	calls_open();
	snprintf(
	    place.dir, sizeof(place.dir), "%s/rollcode-fuzz-XXXXXX", where);
	promise(mkdtemp(place.dir) != NULL, "there is room for a store");
	atexit(close_place);
	snprintf(place.users, sizeof(place.users), "%s/users", place.dir);
	config_defaults(&place.config);
	snprintf(place.config.database, sizeof(place.config.database),
	    "sqlite:%s", place.dir);
	place.config.uid = geteuid();
	place.config.gid = getegid();
	place.config.has_key = true;
	memset(place.config.key.bytes, 'K', SECRET_KEY_LEN);
	add_people();
	enrol_all();
}

void
place_policy(unsigned int which)
{
	static const struct policy policies[] = {
	    {5, 40, 300, 5, 20, 12},
	    {3, 8, 300, 1, 20, 6},
	    {5, 1000, 300, 3, 20, 64},
	    {2, 0, 300, 5, 2, 0},
	    {5, 2600, 60, 1, 20, 8},
	    {21, 40, 300, 5, 20, 8},
	};
	static const int64_t events[] = {200, 0, 1, 3};

	place.config.policy = policies[which % COUNT(policies)];
	place.config.events_kept = events[which / 64 % COUNT(events)];
}

const struct account *
place_enrolled(enum who who)
{
	return &people[who].account;
}

bool
place_read(enum who who, struct account *account)
{
	struct store *store;
	struct error error = {0};
	bool enrolled = false;

	promise(
	    store_sqlite.open(&store, &place.config, &error) == ROLLCODE_OK &&
		store_sqlite.begin(store, place_names[who], &enrolled, account,
		    &error) == ROLLCODE_OK,
	    error.text);
	store_sqlite.close(store);
	return enrolled;
}
