/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_stack.c - the built module in a real libpam, with a service directory
 * of its own: what it returns, says and writes for each thing a person, a
 * conversation or an administrator can do to it.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "tests/support/code_once.h"
#include "pam_rollcode/store/store.h"
#include "common/token/token.h"
#include "tests/support/cases.h"

#define BIG (1 << 20)

static char place[] = "/tmp/rollcode-stack-XXXXXX";
static struct rollcode_token token;
static uint64_t next;

/* ------------------------------------------------------------ the person */

enum manner {
	SAYS = 0, /* the text */
	NULL_ARRAY,
	NULL_REPLY,
	FAILS,
	FAILS_WITH_DATA,
	AGAIN,
};

struct person {
	enum manner manner;
	const char *text;
	unsigned int prompts;
	int style;
	char prompt[256];
	char told[2048];
};

static int
converse(int count, const struct pam_message **messages,
    struct pam_response **replies, void *context)
{
	struct person *person = context;
	const struct pam_message *message = messages[0];

	ck_assert_int_eq(count, 1);
	*replies = NULL;
	if (message->msg_style == PAM_TEXT_INFO ||
	    message->msg_style == PAM_ERROR_MSG) {
		strncat(person->told, message->msg,
		    sizeof(person->told) - strlen(person->told) - 2);
		strcat(person->told, "\n");
		*replies = calloc(1, sizeof(**replies));
		return PAM_SUCCESS;
	}
	person->prompts++;
	person->style = message->msg_style;
	snprintf(person->prompt, sizeof(person->prompt), "%s", message->msg);
	if (person->manner == FAILS)
		return PAM_CONV_ERR;
	if (person->manner == AGAIN)
		return PAM_CONV_AGAIN;
	if (person->manner == NULL_ARRAY)
		return PAM_SUCCESS;
	*replies = calloc(1, sizeof(**replies));
	if (person->manner != NULL_REPLY)
		(*replies)->resp = strdup(person->text);
	return person->manner == FAILS_WITH_DATA ? PAM_CONV_ERR : PAM_SUCCESS;
}

/* ------------------------------------------------------------- the place */

static void put(const char *name, mode_t mode, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static const char *
at(const char *name)
{
	static char paths[4][256];
	static unsigned int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", place, name);
	return path;
}

static void
put(const char *name, mode_t mode, const char *fmt, ...)
{
	va_list ap;
	FILE *file = fopen(at(name), "w");

	ck_assert_ptr_nonnull(file);
	va_start(ap, fmt);
	vfprintf(file, fmt, ap);
	va_end(ap);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(at(name), mode), 0);
}

static void
copy_program(const char *name)
{
	const char *build = getenv("BUILD"), *base = strrchr(name, '/');
	char command[1024];

	snprintf(command, sizeof(command), "cp '%s/%s' '%s/%s'",
	    build != NULL ? build : "build", name, place,
	    base != NULL ? base + 1 : name);
	ck_assert_int_eq(system(command), 0);
}

static void
load(struct config *config)
{
	struct error error = {0};

	ck_assert_msg(
	    config_load(at("env"), true, config, &error) == ROLLCODE_OK, "%s",
	    error.text);
}

static void
account_now(const char *user, struct account *account)
{
	struct config config;
	struct error error = {0};
	struct store *store;
	bool enrolled;

	load(&config);
	ck_assert_msg(store_sqlite.open(&store, &config, &error) == ROLLCODE_OK,
	    "%s", error.text);
	ck_assert_msg(store_sqlite.begin(store, user, &enrolled, account,
			  &error) == ROLLCODE_OK,
	    "%s", error.text);
	ck_assert(enrolled);
	store_sqlite.close(store);
}

static void
enroll(const char *user, const struct rollcode_token *t)
{
	struct account account = {.created = 1};
	struct config config;
	struct error error = {0};
	struct event event;
	struct store *store;

	load(&config);
	snprintf(account.user, sizeof(account.user), "%s", user);
	ck_assert_int_eq(account_add(&account, t, 1, &error), ROLLCODE_OK);
	event_fill(&event, 1, "test", NULL, "enrolled");
	ck_assert_msg(store_sqlite.open(&store, &config, &error) == ROLLCODE_OK,
	    "%s", error.text);
	ck_assert_msg(store_sqlite.create(
			  store, &account, &event, true, &error) == ROLLCODE_OK,
	    "%s", error.text);
	store_sqlite.close(store);
}

/* A fresh store with alice in it, for every test. */
static void
set_up(void)
{
	struct config config;
	struct error error = {0};
	bool made;

	memcpy(place + sizeof(place) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(place));
	ck_assert_int_eq(chmod(place, 0755), 0);
	copy_program("pam_rollcode.so");
	copy_program("rollcode-verify");
	copy_program("tests/tools/pam_item.so");
	ck_assert_int_eq(mkdir(at("store"), 0700), 0);
	put("env", 0600,
	    "ACCOUNT=root\nDATABASE=sqlite:%s\n"
	    "SECRET_KEY=000102030405060708090a0b0c0d0e0f"
	    "101112131415161718191a1b1c1d1e1f\n",
	    at("store"));
	load(&config);
	ck_assert_msg(store_sqlite.init(&config, &made, &error) == ROLLCODE_OK,
	    "%s", error.text);
	memset(&token, 0, sizeof(token));
	token.form = FORM_HOTP;
	token.algorithm = ALGORITHM_SHA256;
	token.digits = 8;
	next = 0;
	ck_assert_int_eq(
	    token_new_secret(&token.secret, 32, FORM_HOTP, NULL), ROLLCODE_OK);
	enroll("alice", &token);
}

static void
tear_down(void)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf '%s'", place);
	ck_assert_int_eq(system(command), 0);
}

/* ------------------------------------------------------------ one login */

/* A service of one or more lines; %1$s is the place. */
static void
service(const char *before, const char *arguments, const char *after)
{
	put("service", 0644,
	    "%s%sauth required %s/pam_rollcode.so conf=%s/env "
	    "helper=%s/rollcode-verify nodelay %s\n%s%s",
	    before, before[0] != '\0' ? "\n" : "", place, place, place,
	    arguments, after, after[0] != '\0' ? "\n" : "");
}

static int
login_with(const char *user, struct person *person, int flags)
{
	struct pam_conv conv = {converse, person};
	pam_handle_t *pamh = NULL;
	int result;

	person->prompts = 0;
	person->told[0] = '\0';
	ck_assert_int_eq(
	    pam_start_confdir("service", user, &conv, place, &pamh),
	    PAM_SUCCESS);
	result = pam_authenticate(pamh, flags);
	ck_assert_int_eq(pam_end(pamh, result), PAM_SUCCESS);
	return result;
}

static int
say(const char *user, const char *text)
{
	struct person person = {.text = text};

	return login_with(user, &person, 0);
}

/* The code of alice's token so many after the next. */
static const char *
code(uint64_t ahead)
{
	static struct passcode codes[4];
	static unsigned int turn;
	struct passcode *c = &codes[turn++ % 4];

	ck_assert_int_eq(code_once(&token, next + ahead, 0, c), ROLLCODE_OK);
	return c->text;
}

static void
spend(uint64_t count)
{
	next += count;
}

static void
untouched(void)
{
	struct account account;

	account_now("alice", &account);
	ck_assert_uint_eq(account.tokens[0].token.counter, next);
	ck_assert_uint_eq(account.failures, 0);
	ck_assert_uint_eq(account.spent, 0);
}

/* A code that is none of those near, far or behind. */
static const char *
wrong(void)
{
	static char text[9];
	uint64_t n = 31337;
	bool clash = true;

	while (clash) {
		snprintf(text, sizeof(text), "%08u",
		    (unsigned int)(n++ % 100000000));
		clash = false;
		for (uint64_t i = 0; i < 1100 && !clash; i++)
			clash = strcmp(text, code(i)) == 0;
	}
	return text;
}

/* ----------------------------------------------------------- the promises */

START_TEST(a_code_lets_in_once_and_never_again)
{
	service("", "", "");

	ck_assert_int_eq(say("alice", code(0)), PAM_SUCCESS);
	ck_assert_int_eq(say("alice", code(0)), PAM_AUTH_ERR);
	ck_assert_int_eq(say("alice", code(1)), PAM_SUCCESS);
}
END_TEST

START_TEST(a_code_within_the_tolerance_moves_the_counter_up)
{
	struct person person = {.text = code(4)};

	service("", "", "");

	ck_assert_int_eq(login_with("alice", &person, 0), PAM_SUCCESS);
	ck_assert_ptr_nonnull(strstr(person.told, "4 codes were skipped."));
	ck_assert_int_eq(say("alice", code(3)), PAM_AUTH_ERR);
	ck_assert_int_eq(say("alice", code(5)), PAM_SUCCESS);
}
END_TEST

START_TEST(a_far_token_comes_back_by_pressing_twice)
{
	service("", "", "");

	ck_assert_int_eq(say("alice", code(50)), PAM_AUTH_ERR);
	ck_assert_int_eq(say("alice", code(51)), PAM_SUCCESS);
	ck_assert_int_eq(say("alice", code(51)), PAM_AUTH_ERR);
	ck_assert_int_eq(say("alice", code(52)), PAM_SUCCESS);
}
END_TEST

START_TEST(a_guarded_account_opens_to_three_codes_and_tells_its_owner)
{
	struct person person = {0};
	char three[48];

	service("", "", "");
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(say("alice", wrong()), PAM_AUTH_ERR);

	ck_assert_int_eq(say("alice", code(0)), PAM_AUTH_ERR);
	snprintf(three, sizeof(three), "%s %s", code(0), code(1));
	ck_assert_int_eq(say("alice", three), PAM_AUTH_ERR);
	snprintf(three, sizeof(three), "%s %s %s", code(0), code(1), code(2));
	person.text = three;
	ck_assert_int_eq(login_with("alice", &person, 0), PAM_SUCCESS);
	ck_assert_ptr_nonnull(strstr(person.told, "5 wrong codes were tried"));
	ck_assert_int_eq(say("alice", code(3)), PAM_SUCCESS);
}
END_TEST

START_TEST(maxtries_is_returned_only_where_it_was_asked_for)
{
	service("", "maxtries", "");
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(say("alice", wrong()), PAM_AUTH_ERR);

	ck_assert_int_eq(say("alice", wrong()), PAM_MAXTRIES);
	service("", "", "");
	ck_assert_int_eq(say("alice", wrong()), PAM_AUTH_ERR);
}
END_TEST

static const struct {
	const char *what;
	enum manner manner;
	const char *text;
	int result;
} faults[] = {
    {"no array", NULL_ARRAY, NULL, PAM_AUTH_ERR},
    {"no reply", NULL_REPLY, NULL, PAM_AUTH_ERR},
    {"error", FAILS, NULL, PAM_CONV_ERR},
    {"error with data", FAILS_WITH_DATA, "12345678", PAM_CONV_ERR},
    {"would block", AGAIN, NULL, PAM_INCOMPLETE},
    {"empty", SAYS, "", PAM_AUTH_ERR},
    {"space", SAYS, " ", PAM_AUTH_ERR},
    {"plus", SAYS, "+12345678", PAM_AUTH_ERR},
    {"form feed behind", SAYS, "12345678\f", PAM_AUTH_ERR},
    {"newline within", SAYS, "1234\n5678", PAM_AUTH_ERR},
    {"tab within", SAYS, "1234\t5678", PAM_AUTH_ERR},
    {"junk behind", SAYS, "12345678x", PAM_AUTH_ERR},
    {"one digit short of a form", SAYS, "12345", PAM_AUTH_ERR},
    {"nine digits", SAYS, "123456789", PAM_AUTH_ERR},
    {"a shape that she has not", SAYS, "123456", PAM_AUTH_ERR},
    {"a long shape that she has not", SAYS,
	"0123456789012345678901234567890123456789012345678901234567890123",
	PAM_AUTH_ERR},
    {"Arabic digits", SAYS, "\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4", PAM_AUTH_ERR},
    {"full-width digits", SAYS, "\xef\xbc\x91\xef\xbc\x92", PAM_AUTH_ERR},
    {"sshd's own", SAYS, "\b\n\r\177INCORRECT", PAM_AUTH_ERR},
};

START_TEST(a_misbehaving_conversation_is_refused_and_not_counted)
{
	struct person person = {
	    .manner = faults[_i].manner,
	    .text = faults[_i].text,
	};

	service("", "", "");

	ck_assert_msg(login_with("alice", &person, 0) == faults[_i].result,
	    "%s", faults[_i].what);
	untouched();
}
END_TEST

START_TEST(a_megabyte_is_refused_and_not_counted)
{
	char *text = malloc(BIG + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, '1', BIG);
	text[BIG] = '\0';
	service("", "", "");

	ck_assert_int_eq(say("alice", text), PAM_AUTH_ERR);
	free(text);
	untouched();
}
END_TEST

START_TEST(a_missing_conversation_is_an_error)
{
	struct pam_conv none = {NULL, NULL};
	pam_handle_t *pamh = NULL;

	service("", "", "");
	ck_assert_int_eq(
	    pam_start_confdir("service", "alice", &none, place, &pamh),
	    PAM_SUCCESS);

	ck_assert_int_eq(pam_authenticate(pamh, 0), PAM_CONV_ERR);
	pam_end(pamh, PAM_CONV_ERR);
	untouched();
}
END_TEST

START_TEST(spaces_and_dashes_are_for_people)
{
	char text[32];

	snprintf(text, sizeof(text), " %.4s-%s ", code(0), code(0) + 4);
	service("", "", "");

	ck_assert_int_eq(say("alice", text), PAM_SUCCESS);
}
END_TEST

START_TEST(who_is_not_enrolled_is_asked_and_refused)
{
	struct person person = {.text = code(0)};

	service("", "", "");

	ck_assert_int_eq(login_with("bob", &person, 0), PAM_AUTH_ERR);
	ck_assert_uint_eq(person.prompts, 1);
	ck_assert_str_eq(person.prompt, ROLLCODE_PROMPT);
}
END_TEST

START_TEST(nullok_ignores_only_accounts_without_a_token)
{
	struct person person = {.text = code(0)};

	service("", "nullok", "auth sufficient pam_permit.so");

	ck_assert_int_eq(login_with("daemon", &person, 0), PAM_SUCCESS);
	ck_assert_uint_eq(person.prompts, 0);
	ck_assert_int_ne(
	    login_with("no-such-account", &person, 0), PAM_SUCCESS);
	ck_assert_uint_eq(person.prompts, 1);
	ck_assert_int_ne(say("alice", wrong()), PAM_SUCCESS);
}
END_TEST

/* A name that is cut would be somebody else's. */
START_TEST(a_name_that_is_too_long_is_nobodys)
{
	char name[300];

	service("", "", "");
	memset(name, 'a', sizeof(name));
	name[ROLLCODE_USER_MAX] = '\0';
	enroll(name, &token);
	ck_assert_int_eq(say(name, code(0)), PAM_SUCCESS);

	for (size_t len = ROLLCODE_USER_MAX + 1; len < sizeof(name); len++) {
		name[len - 1] = 'a';
		name[len] = '\0';
		if (len == ROLLCODE_USER_MAX + 1 || (len > 250 && len < 260))
			ck_assert_int_eq(say(name, code(1)), PAM_AUTH_ERR);
	}
}
END_TEST

static unsigned int delayed;

static void
take_delay(int result, unsigned int microseconds, void *context)
{
	(void)context;
	delayed = result == PAM_SUCCESS ? 0 : microseconds;
}

static unsigned int
delay_of(const char *arguments)
{
	struct person person = {.text = wrong()};
	struct pam_conv conv = {converse, &person};
	void (*take)(int, unsigned int, void *) = take_delay;
	pam_handle_t *pamh = NULL;

	put("service", 0644,
	    "auth required %s/pam_rollcode.so conf=%s/env "
	    "helper=%s/rollcode-verify %s\n",
	    place, place, place, arguments);
	ck_assert_int_eq(
	    pam_start_confdir("service", "alice", &conv, place, &pamh),
	    PAM_SUCCESS);
	ck_assert_int_eq(
	    pam_set_item(pamh, PAM_FAIL_DELAY, *(void **)&take), PAM_SUCCESS);
	delayed = 0;
	ck_assert_int_eq(pam_authenticate(pamh, 0), PAM_AUTH_ERR);
	ck_assert_int_eq(pam_end(pamh, PAM_AUTH_ERR), PAM_SUCCESS);
	return delayed;
}

/* libpam makes it half as long to half as long again. */
START_TEST(a_refusal_takes_two_seconds_but_with_nodelay)
{
	ck_assert_uint_ge(delay_of(""), 1000000);
	ck_assert_uint_le(delay_of(""), 3000000);
	ck_assert_uint_eq(delay_of("nodelay"), 0);
}
END_TEST

static const char *const breaks[] = {
    "rm -rf store",
    "rm store/users/marker",
    ": > store/users/daemon.db",
    "chmod 644 env",
    "rm rollcode-verify",
    "cp /bin/true rollcode-verify",
    "chmod g+w store",
};

START_TEST(nullok_ignores_no_error)
{
	char command[512];

	service("", "nullok", "auth sufficient pam_permit.so");
	ck_assert_int_eq(say("daemon", ""), PAM_SUCCESS);
	snprintf(command, sizeof(command), "cd '%s' && %s", place, breaks[_i]);
	ck_assert_int_eq(system(command), 0);

	ck_assert_int_ne(say("daemon", code(0)), PAM_SUCCESS);
}
END_TEST

START_TEST(every_failure_says_the_same_and_quiet_says_nothing)
{
	struct person alice = {.text = wrong()}, bob = {.text = "12345678"},
		      malformed = {.text = "x"};

	service("", "", "");
	ck_assert_int_ne(login_with("alice", &alice, 0), PAM_SUCCESS);
	ck_assert_int_ne(login_with("bob", &bob, 0), PAM_SUCCESS);
	ck_assert_int_ne(login_with("alice", &malformed, 0), PAM_SUCCESS);

	ck_assert_ptr_nonnull(strstr(alice.told, "the next three"));
	ck_assert_str_eq(alice.told, bob.told);
	ck_assert_str_eq(alice.told, malformed.told);
	ck_assert_int_ne(login_with("alice", &alice, PAM_SILENT), PAM_SUCCESS);
	ck_assert_str_eq(alice.told, "");
	service("", "quiet", "");
	ck_assert_int_ne(login_with("alice", &alice, 0), PAM_SUCCESS);
	ck_assert_str_eq(alice.told, "");
}
END_TEST

START_TEST(the_prompt_and_its_echo_are_the_administrators)
{
	struct person person = {.text = code(0)};

	service("", "", "");
	ck_assert_int_eq(login_with("alice", &person, 0), PAM_SUCCESS);
	ck_assert_int_eq(person.style, PAM_PROMPT_ECHO_OFF);

	person.text = code(1);
	service("", "echo [prompt=Fob? ]", "");
	ck_assert_int_eq(login_with("alice", &person, 0), PAM_SUCCESS);
	ck_assert_str_eq(person.prompt, "Fob? ");
	ck_assert_int_eq(person.style, PAM_PROMPT_ECHO_ON);
}
END_TEST

START_TEST(forward_pass_leaves_the_password_and_never_a_code)
{
	struct person person = {0};
	char line[64];

	service("", "forward_pass", "");
	put("service", 0644,
	    "auth required %s/pam_rollcode.so conf=%s/env "
	    "helper=%s/rollcode-verify nodelay forward_pass\n"
	    "auth required %s/pam_item.so show\n",
	    place, place, place, place);
	person.text = line;

	snprintf(line, sizeof(line), "hunter2%s\r", code(0));
	ck_assert_int_eq(login_with("alice", &person, 0), PAM_SUCCESS);
	ck_assert_str_eq(person.told, "authtok=hunter2\n");

	/* A password that ends in digits looks like half a pair. */
	snprintf(line, sizeof(line), "pw12345678%s", code(1));
	ck_assert_int_eq(login_with("alice", &person, 0), PAM_SUCCESS);
	ck_assert_str_eq(person.told, "authtok=pw12345678\n");

	snprintf(line, sizeof(line), "pw%s%s", code(2), code(3));
	ck_assert_int_eq(login_with("alice", &person, 0), PAM_SUCCESS);
	ck_assert_str_eq(person.told, "authtok=pw\n");

	/* A client may send the end of the line too. */
	snprintf(line, sizeof(line), "%s\r\n", code(4));
	ck_assert_int_eq(login_with("alice", &person, 0), PAM_SUCCESS);
	ck_assert_str_eq(person.told, "authtok=(none)\n");

	/* As rollcode-token next -n 2 prints them. */
	snprintf(line, sizeof(line), "pw%s %s", code(5), code(6));
	ck_assert_int_eq(login_with("alice", &person, 0), PAM_SUCCESS);
	ck_assert_str_eq(person.told, "authtok=pw\n");

	snprintf(
	    line, sizeof(line), "pw%s %s-%s", code(107), code(108), code(109));
	ck_assert_int_eq(login_with("alice", &person, 0), PAM_SUCCESS);
	ck_assert_ptr_nonnull(strstr(person.told, "authtok=pw\n"));
	spend(110);
	untouched();
}
END_TEST

START_TEST(forward_pass_reads_the_last_try_before_the_guard_both_ways)
{
	char line[64];

	service("", "forward_pass", "");
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(say("alice", wrong()), PAM_AUTH_ERR);

	snprintf(line, sizeof(line), "pw12345678%s", code(0));
	ck_assert_int_eq(say("alice", line), PAM_SUCCESS);
}
END_TEST

START_TEST(forward_pass_takes_a_printed_pair_behind_a_password_of_digits)
{
	struct person person = {0};
	char line[64];

	put("service", 0644,
	    "auth required %s/pam_rollcode.so conf=%s/env "
	    "helper=%s/rollcode-verify nodelay forward_pass\n"
	    "auth required %s/pam_item.so show\n",
	    place, place, place, place);
	snprintf(line, sizeof(line), "pw12345678%s %s", code(0), code(1));
	person.text = line;

	ck_assert_int_eq(login_with("alice", &person, 0), PAM_SUCCESS);
	ck_assert_str_eq(person.told, "authtok=pw12345678\n");
}
END_TEST

START_TEST(sshd_is_told_nothing_after_a_failure)
{
	struct person person = {.text = "12345678"};
	struct pam_conv conv = {converse, &person};
	pam_handle_t *pamh = NULL;

	service("", "", "");
	ck_assert_int_eq(
	    pam_start_confdir("service", "alice", &conv, place, &pamh),
	    PAM_SUCCESS);
	ck_assert_int_eq(pam_set_item(pamh, PAM_TTY, "ssh"), PAM_SUCCESS);

	ck_assert_int_eq(pam_authenticate(pamh, 0), PAM_AUTH_ERR);
	ck_assert_str_eq(person.told, "");
	/* Only that name is sshd's. */
	ck_assert_int_eq(pam_set_item(pamh, PAM_TTY, "ssh1"), PAM_SUCCESS);
	ck_assert_int_eq(pam_authenticate(pamh, 0), PAM_AUTH_ERR);
	ck_assert_str_ne(person.told, "");
	ck_assert_int_eq(pam_end(pamh, PAM_AUTH_ERR), PAM_SUCCESS);
}
END_TEST

START_TEST(forward_pass_counts_a_wrong_line_once)
{
	struct account account;
	char line[64];

	service("", "forward_pass", "");
	snprintf(line, sizeof(line), "pw12345678%s", wrong());

	ck_assert_int_eq(say("alice", line), PAM_AUTH_ERR);
	account_now("alice", &account);
	ck_assert_uint_eq(account.failures, 1);
	ck_assert_uint_eq(account.spent, 1);
}
END_TEST

START_TEST(an_earlier_token_is_used_as_the_arguments_say)
{
	struct person person = {.text = code(1)};
	char before[128];

	snprintf(before, sizeof(before), "auth required %s/pam_item.so set=%s",
	    place, code(0));
	service(before, "try_first_pass", "");
	ck_assert_int_eq(login_with("alice", &person, 0), PAM_SUCCESS);
	ck_assert_uint_eq(person.prompts, 0);

	snprintf(before, sizeof(before),
	    "auth required %s/pam_item.so set=secret-password", place);
	service(before, "try_first_pass", "");
	ck_assert_int_eq(login_with("alice", &person, 0), PAM_SUCCESS);
	ck_assert_uint_eq(person.prompts, 1);

	service(before, "use_first_pass", "");
	person.text = code(2);
	ck_assert_int_eq(login_with("alice", &person, 0), PAM_AUTH_ERR);
	ck_assert_uint_eq(person.prompts, 0);
	service("", "use_first_pass", "");
	ck_assert_int_eq(login_with("alice", &person, 0), PAM_AUTH_ERR);
	spend(2);
	untouched();
}
END_TEST

/* Both keys make one code at the counters 1 and 3. */
static const struct {
	const char *secret, *code;
	enum rollcode_algorithm algorithm;
} collisions[] = {
    {"hex:24734d46d5ffa7bcd377a71419482ba20ba04f5f", "893178", ALGORITHM_SHA1},
    {"hex:"
     "e8d7b59215e0a22bec4b57edcab89ee644cf411d81984c6cce18f95dc0177e68",
	"509005", ALGORITHM_SHA256},
};

START_TEST(a_code_of_two_counters_moves_to_the_higher_one)
{
	struct rollcode_token twice = {
	    .form = FORM_HOTP,
	    .algorithm = collisions[_i].algorithm,
	    .digits = 6,
	};
	struct account account;

	ck_assert_int_eq(
	    token_parse_secret(collisions[_i].secret, &twice.secret, NULL),
	    ROLLCODE_OK);
	enroll("carol", &twice);
	service("", "", "");

	ck_assert_int_eq(say("carol", collisions[_i].code), PAM_SUCCESS);
	account_now("carol", &account);
	ck_assert_uint_eq(account.tokens[0].token.counter, 4);
	ck_assert_int_eq(say("carol", collisions[_i].code), PAM_AUTH_ERR);
}
END_TEST

static const char *const bad_arguments[] = {
    "nonsense",
    "nullok=1",
    "digits=9",
    "digits=-1",
    "digits=1e9",
    "digits=",
    "digits",
    "prompt=",
    "debug debug",
    "conf=relative",
    "allow_readonly",
    "try_first_pass use_first_pass",
    "nul",
    "NULLOK",
};

START_TEST(a_bad_argument_denies_everybody)
{
	service("", bad_arguments[_i], "");

	ck_assert_msg(
	    say("alice", code(0)) == PAM_SERVICE_ERR, "%s", bad_arguments[_i]);
	untouched();
}
END_TEST

static enum rollcode_err
keep_event(void *last, const struct event *event, struct error *error)
{
	(void)error;
	*(struct event *)last = *event;
	return ROLLCODE_OK;
}

/* Which is not where the terminal is. */
START_TEST(the_row_of_a_login_says_from_where)
{
	struct person person = {.text = code(0)};
	struct pam_conv conv = {converse, &person};
	struct account account;
	struct config config;
	struct error error = {0};
	struct event last = {0};
	struct store *store;
	pam_handle_t *pamh = NULL;
	bool enrolled;

	service("", "", "");
	ck_assert_int_eq(
	    pam_start_confdir("service", "alice", &conv, place, &pamh),
	    PAM_SUCCESS);
	ck_assert_int_eq(
	    pam_set_item(pamh, PAM_RHOST, "192.0.2.7"), PAM_SUCCESS);
	ck_assert_int_eq(pam_set_item(pamh, PAM_TTY, "tty7"), PAM_SUCCESS);
	ck_assert_int_eq(pam_authenticate(pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_end(pamh, PAM_SUCCESS), PAM_SUCCESS);

	load(&config);
	ck_assert_int_eq(
	    store_sqlite.open(&store, &config, &error), ROLLCODE_OK);
	ck_assert_int_eq(
	    store_sqlite.begin(store, "alice", &enrolled, &account, &error),
	    ROLLCODE_OK);
	ck_assert_int_eq(
	    store_sqlite.events(store, keep_event, &last, &error), ROLLCODE_OK);
	store_sqlite.close(store);
	ck_assert_str_eq(last.rhost, "192.0.2.7");
	ck_assert_str_eq(last.service, "service");
}
END_TEST

START_TEST(the_order_of_events_is_one_login_one_row)
{
	struct account account;

	service("", "", "");
	ck_assert_int_eq(say("alice", code(0)), PAM_SUCCESS);
	ck_assert_int_eq(say("alice", wrong()), PAM_AUTH_ERR);
	account_now("alice", &account);
	int64_t sequence = account.sequence;

	ck_assert_int_eq(say("alice", "malformed"), PAM_AUTH_ERR);
	account_now("alice", &account);
	ck_assert_int_eq(account.sequence, sequence);
	ck_assert_int_eq(say("alice", code(1)), PAM_SUCCESS);
	account_now("alice", &account);
	ck_assert_int_eq(account.sequence, sequence + 1);
}
END_TEST

START_TEST(a_caller_without_privileges_is_told_so)
{
	pid_t child;
	int status = 0;

	service("", "", "");
	if ((child = fork()) == 0) {
		if (setuid(65534) != 0)
			_exit(99);
		_exit(say("alice", code(0)));
	}

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), PAM_CRED_INSUFFICIENT);
	untouched();
}
END_TEST

/* Behind setcred nothing is open, and nothing else of the module's is there. */
START_TEST(setting_credentials_alone_lets_nobody_in)
{
	struct person person = {.text = wrong()};
	struct pam_conv conv = {converse, &person};
	pam_handle_t *pamh = NULL;
	struct account account;
	char line[512];

	snprintf(line, sizeof(line), "required %s/pam_rollcode.so", place);
	put("service", 0644,
	    "auth %s conf=%s/env helper=%s/rollcode-verify nodelay\n"
	    "account %s\nsession %s\npassword %s\n",
	    line, place, place, line, line, line);
	ck_assert_int_eq(
	    pam_start_confdir("service", "alice", &conv, place, &pamh),
	    PAM_SUCCESS);

	ck_assert_int_eq(pam_setcred(pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
	ck_assert_int_eq(pam_authenticate(pamh, 0), PAM_AUTH_ERR);
	ck_assert_int_ne(pam_acct_mgmt(pamh, 0), PAM_SUCCESS);
	ck_assert_int_ne(pam_open_session(pamh, 0), PAM_SUCCESS);
	ck_assert_int_ne(pam_close_session(pamh, 0), PAM_SUCCESS);
	ck_assert_int_ne(pam_chauthtok(pamh, 0), PAM_SUCCESS);

	ck_assert_uint_eq(person.prompts, 1);
	account_now("alice", &account);
	ck_assert_uint_eq(account.failures, 1);
	ck_assert_int_eq(pam_end(pamh, PAM_AUTH_ERR), PAM_SUCCESS);
}
END_TEST

static volatile sig_atomic_t children;

static void
count_children(int number)
{
	(void)number;
	children++;
}

/* The number that the next one gets. */
static int
next_descriptor(void)
{
	int fd = dup(STDERR_FILENO);

	ck_assert_int_ge(fd, 0);
	close(fd);
	return fd;
}

START_TEST(a_login_costs_the_host_no_descriptor)
{
	int number;

	service("", "", "");
	ck_assert_int_eq(say("alice", code(0)), PAM_SUCCESS);
	number = next_descriptor();

	ck_assert_int_eq(say("alice", code(1)), PAM_SUCCESS);
	ck_assert_int_eq(say("alice", wrong()), PAM_AUTH_ERR);

	ck_assert_int_eq(next_descriptor(), number);
}
END_TEST

START_TEST(the_host_hears_of_no_child_and_keeps_its_own)
{
	struct sigaction counting = {.sa_handler = count_children}, now;
	sigset_t before, after;
	pid_t own;

	service("", "", "");
	ck_assert_int_eq(sigaction(SIGCHLD, &counting, NULL), 0);
	ck_assert_int_eq(sigprocmask(SIG_SETMASK, NULL, &before), 0);
	children = 0;

	ck_assert_int_eq(say("alice", code(0)), PAM_SUCCESS);
	ck_assert_int_eq(say("alice", wrong()), PAM_AUTH_ERR);

	ck_assert_int_eq(children, 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	ck_assert_int_eq(sigaction(SIGCHLD, NULL, &now), 0);
	ck_assert(now.sa_handler == count_children);
	ck_assert_int_eq(sigprocmask(SIG_SETMASK, NULL, &after), 0);
	ck_assert(
	    sigismember(&after, SIGCHLD) == sigismember(&before, SIGCHLD));
	if ((own = fork()) == 0)
		_exit(7);
	ck_assert_int_eq(say("alice", code(1)), PAM_SUCCESS);
	ck_assert_int_eq(waitpid(-1, NULL, 0), own);
}
END_TEST

START_TEST(a_host_that_ignores_its_children_gets_its_verdict)
{
	service("", "", "");
	ck_assert(signal(SIGCHLD, SIG_IGN) != SIG_ERR);

	ck_assert_int_eq(say("alice", code(0)), PAM_SUCCESS);
	ck_assert_int_eq(say("alice", wrong()), PAM_AUTH_ERR);
	ck_assert(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
}
END_TEST

int
main(void)
{
	TCase *tc = test_case("module", 60);

	if (geteuid() != 0) {
		printf("skip stack - needs root, whose stores it tries\n");
		return 0;
	}
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_code_lets_in_once_and_never_again);
	tcase_add_test(tc, a_code_within_the_tolerance_moves_the_counter_up);
	tcase_add_test(tc, a_far_token_comes_back_by_pressing_twice);
	tcase_add_test(
	    tc, a_guarded_account_opens_to_three_codes_and_tells_its_owner);
	tcase_add_test(tc, maxtries_is_returned_only_where_it_was_asked_for);
	tcase_add_loop_test(tc,
	    a_misbehaving_conversation_is_refused_and_not_counted, 0,
	    COUNT(faults));
	tcase_add_test(tc, a_megabyte_is_refused_and_not_counted);
	tcase_add_test(tc, a_missing_conversation_is_an_error);
	tcase_add_test(tc, spaces_and_dashes_are_for_people);
	tcase_add_test(tc, who_is_not_enrolled_is_asked_and_refused);
	tcase_add_test(tc, nullok_ignores_only_accounts_without_a_token);
	tcase_add_test(tc, a_name_that_is_too_long_is_nobodys);
	tcase_add_test(tc, a_refusal_takes_two_seconds_but_with_nodelay);
	tcase_add_loop_test(tc, nullok_ignores_no_error, 0, COUNT(breaks));
	tcase_add_test(tc, every_failure_says_the_same_and_quiet_says_nothing);
	tcase_add_test(tc, the_prompt_and_its_echo_are_the_administrators);
	tcase_add_test(tc, forward_pass_leaves_the_password_and_never_a_code);
	tcase_add_test(tc, forward_pass_counts_a_wrong_line_once);
	tcase_add_test(
	    tc, forward_pass_reads_the_last_try_before_the_guard_both_ways);
	tcase_add_test(
	    tc, forward_pass_takes_a_printed_pair_behind_a_password_of_digits);
	tcase_add_test(tc, sshd_is_told_nothing_after_a_failure);
	tcase_add_test(tc, an_earlier_token_is_used_as_the_arguments_say);
	tcase_add_loop_test(
	    tc, a_bad_argument_denies_everybody, 0, COUNT(bad_arguments));
	tcase_add_loop_test(tc, a_code_of_two_counters_moves_to_the_higher_one,
	    0, COUNT(collisions));
	tcase_add_test(tc, the_row_of_a_login_says_from_where);
	tcase_add_test(tc, the_order_of_events_is_one_login_one_row);
	tcase_add_test(tc, a_caller_without_privileges_is_told_so);
	tcase_add_test(tc, setting_credentials_alone_lets_nobody_in);
	tcase_add_test(tc, a_login_costs_the_host_no_descriptor);
	tcase_add_test(tc, the_host_hears_of_no_child_and_keeps_its_own);
	tcase_add_test(tc, a_host_that_ignores_its_children_gets_its_verdict);
	/* A test here may leave its process in any state. */
	return test_run_apart();
}
