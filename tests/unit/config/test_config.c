/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "pam_rollcode/config/config.h"
#include "pam_rollcode/config/envfile.h"
#include "common/token/codec.h"
#include "pam_rollcode/module/options.h"
#include "tests/support/cases.h"
#include "tests/support/descriptors.h"
#include "tests/support/folder.h"
#include "tests/support/stack.h"

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define UPPER "ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789"
#define ZEROS "00000000000000000000000000000000"
#define KEY "SECRET_KEY=" HEX "\n"

static struct config config;
static struct error error;

/* --- the env file ------------------------------------------------------ */

/* From the heap and without a NUL, so that a sanitizer sees an overrun. */
static enum rollcode_err
parse_bytes(const char *text, size_t len, bool need_key)
{
	char *copy = malloc(len == 0 ? 1 : len);
	enum rollcode_err err;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, len);
	memset(&error, 0, sizeof(error));
	err = config_parse(copy, len, need_key, &config, MISTAKES(&error));
	free(copy);
	return err;
}

static enum rollcode_err
parse(const char *text)
{
	return parse_bytes(text, strlen(text), true);
}

#define RANGE(name, min, max) \
	"line 2: " name " must be a number from " min " to " max

/* clang-format off */
static const struct {
	const char *text, *says;
} refused[] = {
	{ KEY "TOLERENCE=5\n", "line 2: unknown keyword TOLERENCE" },
	{ KEY "tolerance=5\n", "line 2: unknown keyword tolerance" },
	{ KEY "TOLERANCE=5\nTOLERANCE=5\n",
	  "line 3: TOLERANCE is given twice" },
	{ KEY KEY, "line 2: SECRET_KEY is given twice" },
	{ KEY "TOLERANCE=five\n", RANGE("TOLERANCE", "1", "100") },
	{ KEY "TOLERANCE=5 # codes\n", RANGE("TOLERANCE", "1", "100") },
	{ KEY "TOLERANCE=5x\n", RANGE("TOLERANCE", "1", "100") },
	{ KEY "TOLERANCE=0x5\n", RANGE("TOLERANCE", "1", "100") },
	{ KEY "TOLERANCE=0\n", RANGE("TOLERANCE", "1", "100") },
	{ KEY "TOLERANCE=101\n", RANGE("TOLERANCE", "1", "100") },
	{ KEY "TOLERANCE=-1\n", RANGE("TOLERANCE", "1", "100") },
	{ KEY "RESYNC_WINDOW=-1\n", RANGE("RESYNC_WINDOW", "0", "32768") },
	{ KEY "RESYNC_WINDOW=32769\n", RANGE("RESYNC_WINDOW", "0", "32768") },
	{ KEY "RESYNC_SECONDS=0\n", RANGE("RESYNC_SECONDS", "1", "86400") },
	{ KEY "RESYNC_SECONDS=86401\n", RANGE("RESYNC_SECONDS", "1", "86400") },
	{ KEY "GUARD_AFTER=0\n", RANGE("GUARD_AFTER", "1", "100") },
	{ KEY "GUARD_AFTER=101\n", RANGE("GUARD_AFTER", "1", "100") },
	{ KEY "GUESSES=0\n", RANGE("GUESSES", "1", "1000") },
	{ KEY "GUESSES=1001\n", RANGE("GUESSES", "1", "1000") },
	{ KEY "LOOKBEHIND=-1\n", RANGE("LOOKBEHIND", "0", "1000") },
	{ KEY "LOOKBEHIND=1001\n", RANGE("LOOKBEHIND", "0", "1000") },
	{ KEY "EVENTS_KEPT=-1\n", RANGE("EVENTS_KEPT", "0", "10000") },
	{ KEY "EVENTS_KEPT=10001\n", RANGE("EVENTS_KEPT", "0", "10000") },
	{ KEY "PGSQL_KEEP=-1\n", RANGE("PGSQL_KEEP", "0", "3600") },
	{ KEY "PGSQL_KEEP=3601\n", RANGE("PGSQL_KEEP", "0", "3600") },
	{ KEY "GUESSES=99999999999999999999\n", RANGE("GUESSES", "1", "1000") },
	{ KEY "GUESSES=\n", "line 2: GUESSES has an empty value" },
	{ KEY "GUESSES\n", "line 2: no equals sign; a line is KEY=VALUE" },
	{ KEY "GUESSES = 5\n", "line 2: a space beside the name" },
	{ KEY "ACCOUNT=a123456789012345678901234567890123\n",
	  "line 2: ACCOUNT must have 1 to 32 bytes" },
	{ KEY "GUESSES=5\r\n",
	  "line 2: a carriage return; save the file with Unix line ends" },
	{ "\xef\xbb\xbf" KEY,
	  "line 1: a byte order mark; save the file as UTF-8 without one" },
	{ KEY "RESYNC_WINDOW=5\n",
	  "RESYNC_WINDOW: must be 0 (off) or more than TOLERANCE" },
	{ KEY "RESYNC_WINDOW=1\n",
	  "RESYNC_WINDOW: must be 0 (off) or more than TOLERANCE" },
	{ KEY "TOLERANCE=20\nRESYNC_WINDOW=20\n",
	  "RESYNC_WINDOW: must be 0 (off) or more than TOLERANCE" },
};

static const struct {
	const char *text, *says;
} bad_keys[] = {
	{ "", "SECRET_KEY: is missing" },
	{ "# nothing\n", "SECRET_KEY: is missing" },
	{ "SECRET_KEY=\n", "line 1: SECRET_KEY has an empty value" },
	{ "SECRET_KEY=\"\"\n", "line 1: SECRET_KEY has an empty value" },
	{ "SECRET_KEY=change-me\n", "SECRET_KEY: is not 64 hex digits" },
	{ "SECRET_KEY=" ZEROS "\n", "SECRET_KEY: is not 64 hex digits" },
	{ "SECRET_KEY=" ZEROS ZEROS "\n", "SECRET_KEY: is a placeholder" },
	{ "SECRET_KEY=" ZEROS ZEROS "0\n",
	  "line 1: SECRET_KEY must have 1 to 64 bytes" },
	{ "SECRET_KEY=g" ZEROS "1234567890123456789012345678901\n",
	  "SECRET_KEY: is not 64 hex digits" },
	{ KEY "SECRET_KEY_PREVIOUS=" ZEROS ZEROS "\n",
	  "SECRET_KEY_PREVIOUS: is a placeholder" },
	{ KEY "SECRET_KEY_PREVIOUS=abc\n",
	  "SECRET_KEY_PREVIOUS: is not 64 hex digits" },
	{ "SECRET_KEY_PREVIOUS=" HEX "\n", "SECRET_KEY: is missing" },
};

static const char *const bad_places[] = {
	"/var/lib/rollcode", "sqlite:", "sqlite:rollcode", "sqlite:./rollcode",
	"SQLITE:/var/lib/rollcode", "mysql://host/rollcode",
	"postgres://host/rollcode", "postgresql:",
	"sqlite://var/lib/rollcode",
};

static const char *const taken[] = {
	KEY,
	KEY "RESYNC_WINDOW=0\n",
	KEY "TOLERANCE=20\nRESYNC_WINDOW=21\n",
	KEY "RESYNC_WINDOW=21\nTOLERANCE=20\n",
	(KEY "TOLERANCE=100\nRESYNC_WINDOW=32768\nRESYNC_SECONDS=86400\n"
	     "GUARD_AFTER=100\nGUESSES=1000\nLOOKBEHIND=1000\n"
	     "EVENTS_KEPT=10000\nPGSQL_KEEP=3600\n"),
	(KEY "TOLERANCE=1\nRESYNC_WINDOW=2\nRESYNC_SECONDS=1\nGUARD_AFTER=1\n"
	     "GUESSES=1\nLOOKBEHIND=0\nEVENTS_KEPT=0\nPGSQL_KEEP=0\n"),
	KEY "DATABASE=sqlite:/a b\nACCOUNT=root\nCALLERS=www-data radius\n",
	(KEY "DATABASE=postgresql://login@one,two/rollcode\n"
	     "DATABASE_ADMIN=postgresql://admin@one,two/rollcode\n"),
	KEY "DATABASE=\"sqlite:/a b\"\nACCOUNT=\"root\"\n",
	"SECRET_KEY=" UPPER "\nSECRET_KEY_PREVIOUS=" HEX "\n",
	"# A comment\n\n   \n" KEY,
	("SECRET_KEY=" HEX),
};
/* clang-format on */

START_TEST(a_mistake_in_the_env_file_is_named)
{
	ck_assert_int_eq(parse(refused[_i].text), ROLLCODE_ERR_CONFIG);

	ck_assert_str_eq(error.text, refused[_i].says);
}
END_TEST

START_TEST(a_key_that_is_none_is_refused_by_name)
{
	size_t len = strlen(bad_keys[_i].says);

	ck_assert_int_eq(parse(bad_keys[_i].text), ROLLCODE_ERR_CONFIG);

	ck_assert_msg(strncmp(error.text, bad_keys[_i].says, len) == 0,
	    "says: %s", error.text);
	ck_assert(!config.has_key || !config.has_previous);
}
END_TEST

START_TEST(no_key_is_repeated_in_a_sentence)
{
	static const char text[] = "SECRET_KEY=cafecafecafe\n"
				   "SECRET_KEY=cafecafecafecafe\n"
				   "SECRET_KEY_PREVIOUS=cafecafe\n"
				   "cafecafecafecafecafecafecafe=1\n";

	ck_assert_int_eq(parse(text), ROLLCODE_ERR_CONFIG);

	ck_assert_ptr_null(strstr(error.text, "cafe"));
}
END_TEST

START_TEST(a_database_is_a_kind_and_an_absolute_place)
{
	char text[256];

	snprintf(text, sizeof(text), KEY "DATABASE=%s\n", bad_places[_i]);

	ck_assert_int_eq(parse(text), ROLLCODE_ERR_CONFIG);
	ck_assert_str_eq(error.text,
	    "DATABASE: is neither sqlite: and an absolute directory "
	    "nor postgresql:// and a server");
}
END_TEST

static const char *const bad_witnesses[] = {
    "DATABASE=sqlite:/srv/rollcode\nWITNESS=witness\n",
    "DATABASE=sqlite:/srv/rollcode\nWITNESS=/srv/rollcode\n",
    "DATABASE=sqlite:/srv/rollcode/\nWITNESS=/srv/rollcode/witness\n",
};

START_TEST(a_witness_lies_outside_of_the_store)
{
	char text[256];

	snprintf(text, sizeof(text), KEY "%s", bad_witnesses[_i]);

	ck_assert_int_eq(parse(text), ROLLCODE_ERR_CONFIG);
	ck_assert_msg(
	    strncmp(error.text, "WITNESS: is ", 12) == 0, "%s", error.text);
}
END_TEST

static const struct {
	const char *text, *place;
} witnesses[] = {
    {"", ROLLCODE_STATE "-witness"},
    {"DATABASE=sqlite:/srv/rollcode\n", "/srv/rollcode-witness"},
    {"DATABASE=sqlite:/srv/rollcode//\n", "/srv/rollcode-witness"},
    {"DATABASE=sqlite:/srv/rollcode\nWITNESS=/srv/rollcode2\n",
	"/srv/rollcode2"},
    {"DATABASE=postgresql://host/rollcode\n", ROLLCODE_STATE "-witness"},
};

START_TEST(without_its_key_a_witness_lies_beside_the_store)
{
	char text[256], place[PATH_MAX];

	snprintf(text, sizeof(text), KEY "%s", witnesses[_i].text);
	ck_assert_int_eq(parse(text), ROLLCODE_OK);

	config_witness(&config, place);

	ck_assert_str_eq(place, witnesses[_i].place);
}
END_TEST

START_TEST(who_administers_goes_to_the_same_kind_of_place)
{
	static const char *const texts[] = {
	    KEY "DATABASE_ADMIN=postgresql://admin@host/rollcode\n",
	    KEY "DATABASE=postgresql://host/rollcode\n"
		"DATABASE_ADMIN=sqlite:/var/lib/rollcode\n",
	    KEY "DATABASE=postgresql://host/rollcode\n"
		"DATABASE_ADMIN=postgresql:admin\n",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		ck_assert_int_eq(parse(texts[i]), ROLLCODE_ERR_CONFIG);
		ck_assert_ptr_nonnull(strstr(error.text, "DATABASE_ADMIN: "));
	}
}
END_TEST

START_TEST(what_is_right_is_taken)
{
	ck_assert_int_eq(parse(taken[_i]), ROLLCODE_OK);

	ck_assert_str_eq(error.text, "");
	ck_assert(config.has_key);
}
END_TEST

START_TEST(every_mistake_is_listed_with_its_line)
{
	static const char text[] = "# rollcode\n"
				   "SECRET_KEY=change-me\n"
				   "TOLERANCE=10\n"
				   "\n"
				   "RESYNC_WINDOW=9\n"
				   "GUARDAFTER=5\n"
				   "GUESSES=many\n"
				   "TOLERANCE=11\n"
				   "DATABASE=/var/lib/rollcode\n"
				   "EVENTS_KEPT\n";

	ck_assert_int_eq(parse(text), ROLLCODE_ERR_CONFIG);

	ck_assert_str_eq(error.text,
	    "line 6: unknown keyword GUARDAFTER; "
	    "line 7: GUESSES must be a number from 1 to 1000; "
	    "line 8: TOLERANCE is given twice; "
	    "line 10: no equals sign; a line is KEY=VALUE; "
	    "SECRET_KEY: is not 64 hex digits; put the store's key there, or "
	    "remove the line and rollcode-admin init makes one; "
	    "RESYNC_WINDOW: must be 0 (off) or more than TOLERANCE; "
	    "DATABASE: is neither sqlite: and an absolute directory nor "
	    "postgresql:// and a server");
}
END_TEST

START_TEST(a_nul_byte_in_the_env_file_is_refused)
{
	static const char text[] = KEY "GUESSES=5\0junk\nLOOKBEHIND=1\n";

	ck_assert_int_eq(
	    parse_bytes(text, sizeof(text) - 1, true), ROLLCODE_ERR_CONFIG);

	ck_assert_str_eq(
	    error.text, "line 2: a NUL byte; this is not a text file");
}
END_TEST

START_TEST(a_missing_final_newline_is_no_mistake)
{
	ck_assert_int_eq(parse(KEY "GUESSES=7"), ROLLCODE_OK);

	ck_assert_int_eq(config.policy.guesses, 7);
}
END_TEST

START_TEST(each_key_of_the_file_reaches_its_field)
{
	ck_assert_int_eq(
	    parse("SECRET_KEY=" HEX "\nSECRET_KEY_PREVIOUS=" UPPER "\n"
		  "DATABASE=sqlite:/dir\nACCOUNT=root\nCALLERS=www-data\n"
		  "TOLERANCE=11\nRESYNC_WINDOW=12\nRESYNC_SECONDS=13\n"
		  "GUARD_AFTER=14\nGUESSES=15\nLOOKBEHIND=16\n"
		  "EVENTS_KEPT=17\nPGSQL_KEEP=18\n"),
	    ROLLCODE_OK);

	for (uint8_t i = 0; i < SECRET_KEY_LEN; i++)
		ck_assert_int_eq(config.key.bytes[i], i);
	ck_assert_int_eq(config.previous.bytes[0], 0xab);
	ck_assert_str_eq(config.database, "sqlite:/dir");
	ck_assert_str_eq(config.account, "root");
	ck_assert_str_eq(config.callers, "www-data");
	ck_assert_int_eq(config.policy.tolerance, 11);
	ck_assert_int_eq(config.policy.resync_window, 12);
	ck_assert_int_eq(config.policy.resync_seconds, 13);
	ck_assert_int_eq(config.policy.guard_after, 14);
	ck_assert_int_eq(config.policy.guesses, 15);
	ck_assert_int_eq(config.policy.lookbehind, 16);
	ck_assert_int_eq(config.events_kept, 17);
	ck_assert_int_eq(config.pgsql_keep, 18);
}
END_TEST

START_TEST(only_init_may_read_a_file_without_a_key)
{
	ck_assert_int_eq(parse_bytes("GUESSES=7\n", 10, false), ROLLCODE_OK);
	ck_assert(!config.has_key);

	ck_assert_int_eq(
	    parse_bytes("GUESSES=7\n", 10, true), ROLLCODE_ERR_CONFIG);
}
END_TEST

/* --- example.env --------------------------------------------------------- */

struct example {
	const char *value; /* of the last line of that key */
	int lines;
};

static char example_text[ENV_FILE_MAX];
static struct example examples[ENV_KEYWORDS_MAX];

static int
keyword_at(const char *name)
{
	for (int i = 0; config_keywords[i].name != NULL; i++)
		if (strcmp(config_keywords[i].name, name) == 0)
			return i;
	return -1;
}

/* "KEY=VALUE" or "#KEY=VALUE"; prose has a space behind its #. */
static void
take_example(char *line)
{
	char *name = line[0] == '#' ? line + 1 : line, *equals;
	int at;

	if (name[0] == ' ' || name[0] == '\0')
		return;
	ck_assert_msg((equals = strchr(name, '=')) != NULL,
	    "neither a comment nor a key: %s", line);
	*equals = '\0';
	ck_assert_msg((at = keyword_at(name)) >= 0, "no such key: %s", name);
	examples[at].value = equals + 1;
	examples[at].lines++;
}

/* Run in the tree, as `make check` does. */
static void
read_example(void)
{
	FILE *file = fopen("example.env", "r");
	size_t len;

	memset(examples, 0, sizeof(examples));
	ck_assert_msg(file != NULL, "example.env is not in this directory");
	len = fread(example_text, 1, sizeof(example_text) - 1, file);
	example_text[len] = '\0';
	fclose(file);
}

START_TEST(example_env_names_each_key_once)
{
	char *rest = example_text, *line;

	read_example();

	while ((line = strsep(&rest, "\n")) != NULL)
		take_example(line);

	for (int i = 0; config_keywords[i].name != NULL; i++)
		ck_assert_msg(examples[i].lines == 1,
		    "%s stands there %d times", config_keywords[i].name,
		    examples[i].lines);
}
END_TEST

static int64_t
number_at(const struct config *from, const struct keyword *word)
{
	int64_t number;

	memcpy(&number, (const char *)from + word->at, sizeof(number));
	return number;
}

START_TEST(example_env_shows_the_defaults)
{
	struct config defaults;
	char *rest = example_text, *line;
	int64_t number;

	config_defaults(&defaults);
	read_example();

	while ((line = strsep(&rest, "\n")) != NULL)
		take_example(line);

	for (int i = 0; config_keywords[i].name != NULL; i++) {
		const struct keyword *word = &config_keywords[i];

		ck_assert_ptr_nonnull(examples[i].value);
		if (word->kind == KEYWORD_NUMBER) {
			ck_assert_msg(keyword_number(examples[i].value,
					  INT64_MIN, INT64_MAX, &number) &&
					  number == number_at(&defaults, word),
			    "%s=%s is not the default", word->name,
			    examples[i].value);
			continue;
		}
		/* A build may keep its store elsewhere. */
		if (strcmp(word->name, "DATABASE") == 0 &&
		    strcmp(ROLLCODE_STATE, "/var/lib/rollcode") != 0)
			continue;
		ck_assert_str_eq(
		    examples[i].value, (const char *)&defaults + word->at);
	}
}
END_TEST

/* As init reads it: without the line SECRET_KEY= that has no value. */
START_TEST(example_env_as_it_stands_gives_the_defaults)
{
	struct config defaults;
	char *key;

	config_defaults(&defaults);
	read_example();
	ck_assert_ptr_nonnull(key = strstr(example_text, "\nSECRET_KEY=\n"));
	key[1] = '#';

	ck_assert_int_eq(parse_bytes(example_text, strlen(example_text), false),
	    ROLLCODE_OK);
	ck_assert_mem_eq(&config, &defaults, sizeof(config));
	ck_assert(!config.has_key);
}
END_TEST

/* --- the module's arguments ---------------------------------------------- */

#define WORDS_MAX 8

static struct options options;

static int
load(const char *const words[WORDS_MAX])
{
	const char *argv[WORDS_MAX];
	int argc = 0;

	for (; argc < WORDS_MAX && words[argc] != NULL; argc++)
		argv[argc] = words[argc];
	memset(&error, 0, sizeof(error));
	return (int)options_load(&options, argc, argv, &error);
}

/* clang-format off */
static const struct {
	const char *words[WORDS_MAX], *says;
} bad_words[] = {
	{ { "nulok" }, "unknown keyword nulok" },
	{ { "NULLOK" }, "unknown keyword NULLOK" },
	{ { "secret=/etc/x" }, "unknown keyword secret" },
	{ { "alwaysok" }, "unknown keyword alwaysok" },
	{ { "" }, "unknown keyword (not shown)" },
	{ { "=" }, "unknown keyword (not shown)" },
	{ { "nullok", "nullok" }, "nullok is given twice" },
	{ { "digits=6", "digits=6" }, "digits is given twice" },
	{ { "prompt=" }, "prompt has an empty value" },
	{ { "conf=" }, "conf has an empty value" },
	{ { "helper=" }, "helper has an empty value" },
	{ { "conf" }, "conf needs a value" },
	{ { "digits" }, "digits needs a value" },
	{ { "digits=" }, "digits has an empty value" },
	{ { "digits=5" }, "digits must be a number from 6 to 64" },
	{ { "digits=-1" }, "digits must be a number from 6 to 64" },
	{ { "digits=1e9" }, "digits must be a number from 6 to 64" },
	{ { "digits=8x" }, "digits must be a number from 6 to 64" },
	{ { "digits=65" }, "digits must be a number from 6 to 64" },
	{ { "digits=9" }, "digits: a code has 6, 7, 8 or 64" },
	{ { "digits=63" }, "digits: a code has 6, 7, 8 or 64" },
	{ { "conf=rollcode.env" }, "conf: is not an absolute path" },
	{ { "conf=./x" }, "conf: is not an absolute path" },
	{ { "helper=rollcode-verify" }, "helper: is not an absolute path" },
	{ { "nullok=1" }, "nullok takes no value" },
	{ { "nullok=" }, "nullok takes no value" },
	{ { "echo=yes" }, "echo takes no value" },
	{ { "debug=0" }, "debug takes no value" },
	{ { "try_first_pass", "use_first_pass" },
	  "try_first_pass and use_first_pass: give one of them" },
	{ { "nulok", "digits=9", "conf=x", "quiet=1", "echo" },
	  "unknown keyword nulok; quiet takes no value; "
	  "digits: a code has 6, 7, 8 or 64; conf: is not an absolute path" },
};
/* clang-format on */

START_TEST(a_mistake_in_the_arguments_is_named)
{
	ck_assert_int_eq(load(bad_words[_i].words), ROLLCODE_ERR_CONFIG);

	ck_assert_str_eq(error.text, bad_words[_i].says);
}
END_TEST

START_TEST(a_path_of_4_kib_is_refused)
{
	char path[5 + PATH_MAX + 1] = "conf=";
	const char *words[WORDS_MAX] = {path};

	memset(path + 5, '/', PATH_MAX);
	ck_assert_int_eq(load(words), ROLLCODE_ERR_CONFIG);
	ck_assert_str_eq(error.text, "conf must have 1 to 4095 bytes");

	path[5 + PATH_MAX - 1] = '\0';
	ck_assert_int_eq(load(words), ROLLCODE_OK);
	ck_assert_uint_eq(strlen(options.conf), PATH_MAX - 1);
}
END_TEST

START_TEST(a_name_of_4_kib_is_refused_and_not_repeated_whole)
{
	char word[4096 + 1] = "";
	const char *words[WORDS_MAX] = {word};

	memset(word, 'x', 4096);

	ck_assert_int_eq(load(words), ROLLCODE_ERR_CONFIG);

	ck_assert_ptr_nonnull(strstr(error.text, "unknown argument"));
	ck_assert_uint_lt(strlen(error.text), 80);
}
END_TEST

START_TEST(a_prompt_of_256_bytes_is_refused)
{
	char word[7 + OPTIONS_PROMPT_MAX + 2] = "prompt=";
	const char *words[WORDS_MAX] = {word};

	memset(word + 7, '?', OPTIONS_PROMPT_MAX + 1);
	ck_assert_int_eq(load(words), ROLLCODE_ERR_CONFIG);

	word[7 + OPTIONS_PROMPT_MAX] = '\0';
	ck_assert_int_eq(load(words), ROLLCODE_OK);
}
END_TEST

START_TEST(without_arguments_the_defaults_hold)
{
	static const char *const none[WORDS_MAX];

	ck_assert_int_eq(load(none), ROLLCODE_OK);

	ck_assert_str_eq(options.conf, "");
	ck_assert_str_eq(options.helper, ROLLCODE_HELPER);
	ck_assert_str_eq(options.prompt, "Rolling code: ");
	ck_assert_int_eq(options.digits, 8);
	ck_assert(!options.nullok && !options.try_first_pass &&
		  !options.use_first_pass && !options.forward_pass &&
		  !options.echo && !options.nodelay && !options.quiet &&
		  !options.maxtries && !options.debug);
}
END_TEST

START_TEST(each_argument_reaches_its_field)
{
	static const char *const values[WORDS_MAX] = {
	    "conf=/c",
	    "helper=/h",
	    "prompt=Your code: ",
	    "digits=64",
	};
	static const char *const flags[WORDS_MAX] = {
	    "nullok",
	    "try_first_pass",
	    "forward_pass",
	    "echo",
	    "nodelay",
	    "quiet",
	    "maxtries",
	    "debug",
	};
	static const char *const use[WORDS_MAX] = {"use_first_pass"};

	ck_assert_int_eq(load(values), ROLLCODE_OK);
	ck_assert_str_eq(options.conf, "/c");
	ck_assert_str_eq(options.helper, "/h");
	ck_assert_str_eq(options.prompt, "Your code: ");
	ck_assert_int_eq(options.digits, 64);

	ck_assert_int_eq(load(flags), ROLLCODE_OK);
	ck_assert(options.nullok && options.try_first_pass &&
		  options.forward_pass && options.echo && options.nodelay &&
		  options.quiet && options.maxtries && options.debug);
	ck_assert(!options.use_first_pass);

	ck_assert_int_eq(load(use), ROLLCODE_OK);
	ck_assert(options.use_first_pass && !options.nullok);
}
END_TEST

static void
add_env_tests(void)
{
	TCase *env = test_case("env", 0), *example = test_case("example", 0);

	tcase_add_loop_test(
	    env, a_mistake_in_the_env_file_is_named, 0, COUNT(refused));
	tcase_add_loop_test(
	    env, a_key_that_is_none_is_refused_by_name, 0, COUNT(bad_keys));
	tcase_add_test(env, no_key_is_repeated_in_a_sentence);
	tcase_add_loop_test(env, a_database_is_a_kind_and_an_absolute_place, 0,
	    COUNT(bad_places));
	tcase_add_test(env, who_administers_goes_to_the_same_kind_of_place);
	tcase_add_loop_test(
	    env, a_witness_lies_outside_of_the_store, 0, COUNT(bad_witnesses));
	tcase_add_loop_test(env,
	    without_its_key_a_witness_lies_beside_the_store, 0,
	    COUNT(witnesses));
	tcase_add_loop_test(env, what_is_right_is_taken, 0, COUNT(taken));
	tcase_add_test(env, every_mistake_is_listed_with_its_line);
	tcase_add_test(env, a_nul_byte_in_the_env_file_is_refused);
	tcase_add_test(env, a_missing_final_newline_is_no_mistake);
	tcase_add_test(env, each_key_of_the_file_reaches_its_field);
	tcase_add_test(env, only_init_may_read_a_file_without_a_key);
	tcase_add_test(example, example_env_names_each_key_once);
	tcase_add_test(example, example_env_shows_the_defaults);
	tcase_add_test(example, example_env_as_it_stands_gives_the_defaults);
}

/* --- the file itself ---------------------------------------------------- */

static struct envfile from, to;

START_TEST(a_file_has_as_many_bytes_as_there_is_room_for)
{
	from.len = 0;
	while (from.len < sizeof(from.text))
		ck_assert_int_eq(
		    envfile_append(&from, "x", 1, &error), ROLLCODE_OK);

	ck_assert_int_eq(
	    envfile_append(&from, "x", 1, &error), ROLLCODE_ERR_CONFIG);
	ck_assert_uint_eq(from.len, sizeof(from.text));
}
END_TEST

/* The previous key's name begins like that of the key. */
START_TEST(another_key_takes_the_place_of_both)
{
	static const char text[] =
	    "TOLERANCE=5\n" KEY "SECRET_KEY_PREVIOUS=" UPPER "\n"
	    "GUESSES=7";
	struct secret_key key;

	ck_assert(hex_decode(HEX, key.bytes, sizeof(key.bytes)));
	key.bytes[0] = 0xff;
	from.len = 0;
	ck_assert_int_eq(
	    envfile_append(&from, text, sizeof(text) - 1, &error), ROLLCODE_OK);

	ck_assert_int_eq(
	    envfile_rekey(&from, &key, NULL, &to, &error), ROLLCODE_OK);

	to.text[to.len] = '\0';
	ck_assert_ptr_nonnull(
	    strstr(to.text, "TOLERANCE=5\nSECRET_KEY=ff0102"));
	ck_assert_ptr_nonnull(strstr(to.text, "1e1f\nGUESSES=7"));
}
END_TEST

static struct secret_key stacked;

static void
put_stacked(void)
{
	from.len = 0;
	(void)!envfile_put_key(&from, ENVFILE_KEY, &stacked, &error);
}

START_TEST(a_key_that_was_written_does_not_stay_on_the_stack)
{
	memset(stacked.bytes, 0xab, sizeof(stacked.bytes));

	ck_assert(!stays_on_stack(put_stacked, "abababababababab", 16));
	ck_assert_uint_eq(from.len, strlen(ENVFILE_KEY) + CONFIG_HEX_LEN + 1);
}
END_TEST

/* --- on disk -------------------------------------------------------------- */

START_TEST(what_was_derived_is_kept_and_forgotten_with_the_keys)
{
	static struct derived_key anew[CONFIG_KEYS], again[CONFIG_KEYS];
	static const struct config nothing;
	size_t count = 0;

	config_wipe(&config);
	memset(config.key.bytes, 1, sizeof(config.key.bytes));
	memset(config.previous.bytes, 2, sizeof(config.previous.bytes));
	config.has_previous = true;
	ck_assert_int_eq(
	    config_derive(&config, anew, &count, &error), ROLLCODE_OK);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_ne(anew[0].id, anew[1].id);
	ck_assert_mem_ne(&anew[0].seal, &anew[0].witness, SECRET_KEY_LEN);
	ck_assert_mem_ne(&anew[0].witness, &anew[1].witness, SECRET_KEY_LEN);

	ck_assert_int_eq(config_keep_derived(&config, &error), ROLLCODE_OK);
	memset(config.key.bytes, 3, sizeof(config.key.bytes));

	ck_assert_int_eq(
	    config_derive(&config, again, &count, &error), ROLLCODE_OK);
	ck_assert_uint_eq(count, 2);
	ck_assert_mem_eq(anew, again, sizeof(anew));
	config_wipe(&config);
	ck_assert_mem_eq(&config, &nothing, sizeof(config));
}
END_TEST

static char folder[64], place[PATH_MAX];

static void
make_place(void)
{
	umask(077);
	memset(&error, 0, sizeof(error));
	ck_assert(folder_make(folder));
	snprintf(place, sizeof(place), "%s/env", folder);
}

static void
remove_place(void)
{
	config_wipe(&config);
	folder_remove(folder);
}

static void
put(const char *text, size_t len)
{
	int fd = open(place, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	close(fd);
}

/* In place of the C library's: root has another name. */
struct passwd *
getpwnam(const char *name)
{
	static struct passwd toor = {.pw_name = (char *)(uintptr_t) "toor"};

	return strcmp(name, toor.pw_name) == 0 ? &toor : NULL;
}

#define ROOTS KEY "ACCOUNT=root\n"

static enum rollcode_err
load_config(void)
{
	config_wipe(&config);
	return config_load(place, true, &config, &error);
}

static const mode_t odd_modes[] = {
    0640, 0604, 0620, 0602, 0610, 0700, 04600, 01600};

START_TEST(a_file_of_another_mode_is_refused_and_costs_no_descriptor)
{
	int held, next = next_descriptor();

	put(ROOTS, strlen(ROOTS));
	ck_assert_int_eq(chmod(place, odd_modes[_i]), 0);

	from.len = 0;
	ck_assert_int_eq(
	    envfile_open(place, &from, &held, &error), ROLLCODE_ERR_CONFIG);
	ck_assert_int_eq(load_config(), ROLLCODE_ERR_CONFIG);

	ck_assert_int_eq(config.file, 0);
	ck_assert_int_eq(next_descriptor(), next);
	ck_assert_int_eq(chmod(place, 0400), 0);
	ck_assert_int_eq(load_config(), ROLLCODE_OK);
}
END_TEST

/* Also where its path was right a moment ago. */
START_TEST(a_file_of_somebody_else_is_refused)
{
	int held;

	put(ROOTS, strlen(ROOTS));
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(place, 54321, 0), 0);
	from.len = 0;
	ck_assert_int_eq(
	    envfile_open(place, &from, &held, &error), ROLLCODE_ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.text, "belongs to uid 54321"));
}
END_TEST

START_TEST(a_file_of_the_most_bytes_is_read)
{
	static char text[ENV_FILE_MAX + 1];

	memset(text, '\n', sizeof(text));
	memcpy(text, ROOTS, strlen(ROOTS));
	put(text, ENV_FILE_MAX);
	ck_assert_msg(load_config() == ROLLCODE_OK, "%s", error.text);
	put(text, ENV_FILE_MAX + 1);
	ck_assert_int_eq(load_config(), ROLLCODE_ERR_CONFIG);
}
END_TEST

START_TEST(root_has_one_name)
{
	put(KEY "ACCOUNT=toor\n", strlen(KEY "ACCOUNT=toor\n"));

	ck_assert_int_eq(load_config(), ROLLCODE_ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.text, "another name of root"));
}
END_TEST

/* Where a sanitizer or valgrind watches, nobody else looks. */
static bool
is_watched(void)
{
	const char *preloaded = getenv("LD_PRELOAD");

#ifdef __SANITIZE_ADDRESS__
	return true;
#endif
	return preloaded != NULL && strstr(preloaded, "/vgpreload_") != NULL;
}

/* Whether a text stands in what the program can write, but for its stack. */
static bool
is_in_memory(const char *text, size_t len)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512], mode[8];
	unsigned long begin, end;
	bool found = false;

	ck_assert_ptr_nonnull(maps);
	while (!found && fgets(line, sizeof(line), maps) != NULL)
		if (sscanf(line, "%lx-%lx %7s", &begin, &end, mode) == 3 &&
		    strncmp(mode, "rw", 2) == 0 &&
		    strstr(line, "[stack]") == NULL)
			found = memmem((const void *)begin, end - begin, text,
				    len) != NULL;
	fclose(maps);
	return found;
}

START_TEST(of_a_key_that_was_used_nothing_stays_in_memory)
{
	char text[128] = "ACCOUNT=root\nSECRET_KEY=";
	size_t len = strlen(text);

	for (size_t i = 0; i < CONFIG_HEX_LEN; i++)
		text[len + i] = "0123456789abcdef"[(i * i + 5 * i + 3) % 16];
	put(text, len + CONFIG_HEX_LEN);
	ck_assert_msg(load_config() == ROLLCODE_OK, "%s", error.text);
	if (is_watched())
		return;
	ck_assert(is_in_memory(text + len, CONFIG_HEX_LEN));

	config_wipe(&config);

	ck_assert(!is_in_memory(text + len, CONFIG_HEX_LEN));
}
END_TEST

/* What is read to be written again: text, and what is left of it. */
static const struct {
	const char *text, *left;
} again[] = {
    {"GUESSES=7", "GUESSES=7\n"},
    {"GUESSES=7\n", "GUESSES=7\n"},
    {"", ""},
    {"SECRET_KEY=\nGUESSES=7", "GUESSES=7\n"},
    {"GUESSES=7\nSECRET_KEY= \"\"\n", "GUESSES=7\n"},
    {"SECRET_KEY=x", "SECRET_KEY=x\n"},
    {"SECRET_KEY=\"x", "SECRET_KEY=\"x\n"},
    {"SECRET_KEY_PREVIOUS=\n", "SECRET_KEY_PREVIOUS=\n"},
};

START_TEST(an_empty_key_makes_room_and_each_line_ends)
{
	put(again[_i].text, strlen(again[_i].text));
	memset(&from, 0, sizeof(from));

	ck_assert_int_eq(envfile_read(place, &from, &error), ROLLCODE_OK);

	ck_assert_uint_eq(from.len, strlen(again[_i].left));
	ck_assert_mem_eq(from.text, again[_i].left, from.len);
}
END_TEST

START_TEST(a_file_is_written_where_nobody_else_writes)
{
	int lock;

	ck_assert_msg(envfile_lock(place, &lock, &error) == ROLLCODE_OK, "%s",
	    error.text);
	close(lock);
	ck_assert_int_eq(
	    envfile_lock("env", &lock, &error), ROLLCODE_ERR_USAGE);
	ck_assert_int_eq(chmod(folder, 0770), 0);
	ck_assert_int_eq(
	    envfile_lock(place, &lock, &error), ROLLCODE_ERR_CONFIG);
	ck_assert_int_eq(lock, -1);
	ck_assert_ptr_nonnull(strstr(error.text, "written by others"));
}
END_TEST

#define ROOM(word, field)                                  \
	{                                                  \
		word, sizeof(((struct config *)0)->field), \
		    offsetof(struct config, field)         \
	}

static const struct {
	const char *word;
	size_t size, at;
} rooms[] = {
    ROOM("SECRET_KEY", key_text),
    ROOM("SECRET_KEY_PREVIOUS", previous_text),
    ROOM("DATABASE", database),
    ROOM("DATABASE_ADMIN", database_admin),
    ROOM("WITNESS", witness),
    ROOM("ACCOUNT", account),
    ROOM("CALLERS", callers),
};

START_TEST(each_text_has_the_room_of_its_field)
{
	int at = keyword_at(rooms[_i].word);

	ck_assert_int_ge(at, 0);
	ck_assert_uint_eq(config_keywords[at].at, rooms[_i].at);
	ck_assert_int_eq(config_keywords[at].max, (int64_t)rooms[_i].size - 1);
}
END_TEST

static void
add_disk_tests(void)
{
	TCase *disk = test_case("on disk", 0);

	tcase_add_checked_fixture(disk, make_place, remove_place);
	tcase_add_loop_test(disk,
	    a_file_of_another_mode_is_refused_and_costs_no_descriptor, 0,
	    COUNT(odd_modes));
	tcase_add_test(disk, a_file_of_somebody_else_is_refused);
	tcase_add_test(disk, a_file_of_the_most_bytes_is_read);
	tcase_add_test(disk, root_has_one_name);
	tcase_add_test(disk, of_a_key_that_was_used_nothing_stays_in_memory);
	tcase_add_loop_test(
	    disk, an_empty_key_makes_room_and_each_line_ends, 0, COUNT(again));
	tcase_add_test(disk, a_file_is_written_where_nobody_else_writes);
	tcase_add_loop_test(
	    disk, each_text_has_the_room_of_its_field, 0, COUNT(rooms));
}

static void
add_file_tests(void)
{
	TCase *files = test_case("the file", 0);

	tcase_add_test(files, a_file_has_as_many_bytes_as_there_is_room_for);
	tcase_add_test(files, another_key_takes_the_place_of_both);
	tcase_add_test(
	    files, what_was_derived_is_kept_and_forgotten_with_the_keys);
	tcase_add_test(
	    files, a_key_that_was_written_does_not_stay_on_the_stack);
}

static void
add_argument_tests(void)
{
	TCase *words = test_case("arguments", 0);

	tcase_add_loop_test(
	    words, a_mistake_in_the_arguments_is_named, 0, COUNT(bad_words));
	tcase_add_test(words, a_path_of_4_kib_is_refused);
	tcase_add_test(
	    words, a_name_of_4_kib_is_refused_and_not_repeated_whole);
	tcase_add_test(words, a_prompt_of_256_bytes_is_refused);
	tcase_add_test(words, without_arguments_the_defaults_hold);
	tcase_add_test(words, each_argument_reaches_its_field);
}

int
main(void)
{
	add_env_tests();
	add_file_tests();
	add_disk_tests();
	add_argument_tests();
	return test_run_apart();
}
