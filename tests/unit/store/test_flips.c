/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bits that flip in what a user's store is made of: file, log and marker.
 * ROLLCODE_FLIPS says how many, and ROLLCODE_SEED which.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/token/codec.h"
#include "tests/support/cases.h"
#include "tests/support/site.h"

#define LOGINS 40
#define FOLDED 30 /* of them are in the file, the others in the log */
#define FILE_MAX_BYTES 131072
#define FLIPS 300

enum part {
	PART_FILE,
	PART_LOG,
	PART_MARKER,
	PART_COUNT,
};

struct image {
	size_t len;
	uint8_t bytes[FILE_MAX_BYTES];
};

static const char *const names[PART_COUNT] = {"ann.db", "ann.db-wal", "marker"};
static struct image images[PART_COUNT];
static uint64_t seed;
static unsigned long flips = FLIPS;

static uint64_t
random_next(void)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void
path_of(enum part part, char path[128])
{
	snprintf(path, 128, "%s/users/%s", site.directory, names[part]);
}

static void
load(enum part part)
{
	char path[128];
	ssize_t n;
	int fd;

	path_of(part, path);
	ck_assert_int_ge(fd = open(path, O_RDONLY | O_CLOEXEC), 0);
	n = read(fd, images[part].bytes, sizeof(images[part].bytes));
	close(fd);
	ck_assert_int_gt(n, 0);
	ck_assert_uint_lt((size_t)n, sizeof(images[part].bytes));
	images[part].len = (size_t)n;
}

static void
save(enum part part)
{
	const struct image *image = &images[part];
	char path[128];
	int fd;

	path_of(part, path);
	unlink(path);
	if (image->len == 0)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
	    write(fd, image->bytes, image->len), (ssize_t)image->len);
	close(fd);
}

static void
save_all(void)
{
	for (enum part part = 0; part < PART_COUNT; part++)
		save(part);
}

static void
setup(void)
{
	site_make();
	for (uint64_t c = 0; c < LOGINS; c++)
		ck_assert(site_admits(c));
	for (enum part part = 0; part < PART_COUNT; part++)
		load(part);
}

static void
fail_at(enum part part, size_t at, const char *what)
{
	ck_abort_msg(
	    "%s: a flipped bit at byte %zu: %s", names[part], at, what);
}

/* Whatever was flipped, ann is enrolled, and is never said not to be. */
static void
check_enrolled(enum part part, size_t at)
{
	struct login login = {
	    .config = &site.config,
	    .ops = &store_sqlite,
	    .now = NOW,
	    .user = "ann",
	};
	struct verification result;

	if (login_decide(&login, &result, &site.error) == ROLLCODE_OK &&
	    result.verdict != VERDICT_ENROLLED)
		fail_at(part, at, "not enrolled");
}

/*
 * A code that is spent stays spent.  SQLite takes a log to end where it does
 * not add up, as one does whose last commit was cut off; so a bit that flips
 * in a log can take back what was not folded into the file yet, and nothing
 * else.
 */
static void
check_spent(enum part part, size_t at)
{
	uint64_t last = (part == PART_LOG ? FOLDED : LOGINS) - 1;
	uint64_t tried[2];

	tried[0] = last;
	tried[1] = last - 1 - random_next() % 4;
	for (size_t i = 0; i < 2; i++) {
		save_all();
		if (site_admits(tried[i]))
			fail_at(part, at, "a spent code was accepted");
	}
}

static void
flip(enum part part)
{
	size_t at = random_next() % images[part].len;
	uint8_t bit = (uint8_t)(1 << (random_next() & 7));

	images[part].bytes[at] ^= bit;
	save_all();
	check_enrolled(part, at);
	check_spent(part, at);
	save_all();
	if (site_login(LOGINS) == ROLLCODE_OK && site_admits(LOGINS))
		fail_at(part, at, "a code was accepted twice");
	images[part].bytes[at] ^= bit;
}

static void
flip_all(enum part part)
{
	printf("%s: %lu flips with ROLLCODE_SEED=%llu\n", names[part], flips,
	    (unsigned long long)seed);
	for (unsigned long i = 0; i < flips; i++)
		flip(part);
	save_all();
	ck_assert_msg(site_admits(LOGINS), "%s", site.error.text);
}

START_TEST(a_bit_that_flips_in_a_users_file_opens_nothing)
{
	flip_all(PART_FILE);
}
END_TEST

START_TEST(a_bit_that_flips_in_a_log_takes_back_no_folded_counter)
{
	flip_all(PART_LOG);
}
END_TEST

START_TEST(a_bit_that_flips_in_a_marker_opens_nothing)
{
	flip_all(PART_MARKER);
}
END_TEST

static size_t
env_text(char text[512])
{
	char hex[CONFIG_HEX_LEN + 1];

	hex_encode(site.config.key.bytes, sizeof(site.config.key.bytes), hex);
	return (size_t)snprintf(text, 512,
	    "# what is sealed is sealed with this key\n"
	    "SECRET_KEY=%s\nDATABASE=%s\nACCOUNT=root\nTOLERANCE=5\n"
	    "RESYNC_WINDOW=1000\n",
	    hex, site.config.database);
}

START_TEST(a_bit_that_flips_in_an_env_file_opens_nothing)
{
	struct config right = site.config;
	char text[512];
	size_t len, at;

	printf("env file: %lu flips with ROLLCODE_SEED=%llu\n", flips,
	    (unsigned long long)seed);
	for (unsigned long i = 0; i < flips; i++) {
		struct error error = {0};

		len = env_text(text);
		at = random_next() % len;
		text[at] = (char)(text[at] ^ (1 << (random_next() & 7)));
		if (config_parse(text, len, true, &site.config,
			MISTAKES(&error)) == ROLLCODE_OK) {
			site.config.uid = right.uid;
			site.config.gid = right.gid;
			check_enrolled(PART_FILE, at);
			if (site_admits(LOGINS - 1))
				fail_at(
				    PART_FILE, at, "spent, of the env file");
		}
		site.config = right;
	}
	ck_assert_msg(site_admits(LOGINS), "%s", site.error.text);
}
END_TEST

int
main(void)
{
	const char *text = getenv("ROLLCODE_SEED");
	TCase *tcase = test_case("bits", 55);

	seed = text != NULL ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);
	if ((text = getenv("ROLLCODE_FLIPS")) != NULL)
		flips = strtoul(text, NULL, 10);
	tcase_add_checked_fixture(tcase, setup, site_unmake);
	tcase_add_test(tcase, a_bit_that_flips_in_a_users_file_opens_nothing);
	tcase_add_test(
	    tcase, a_bit_that_flips_in_a_log_takes_back_no_folded_counter);
	tcase_add_test(tcase, a_bit_that_flips_in_a_marker_opens_nothing);
	tcase_add_test(tcase, a_bit_that_flips_in_an_env_file_opens_nothing);
	return test_run();
}
