/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam_sm_authenticate, the real one, with the real verifier behind it: people,
 * policy, arguments, what is typed and how, and which calls fail, all drawn
 * from one input, for a few attempts in a row.
 *
 *  1. PAM_SUCCESS only where the rules, read by tests/support/model.h, admit
 *     what was typed; the counters in the store are then where they say.
 *  2. A counter never moves back, nor at a refusal.  The same line again is
 *     a refusal.
 *  3. PAM_IGNORE only with nullok, for an account that is not enrolled.
 *  4. Where no call fails, what the rules admit is admitted.
 *  5. In a store that was harmed nobody succeeds, and nobody is ignored.
 *  6. No descriptor is left open, and no code is in the log.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <security/pam_appl.h>
#include <security/pam_modules.h>

#include "calls.h"
#include "pam_rollcode/login/request.h"
#include "place.h"

#define ARGUMENTS_MAX 20
#define ATTEMPTS_MAX 6

enum manner { SAYS, NULL_ARRAY, NULL_REPLY, FAILS, FAILS_WITH_DATA, AGAIN };

/* One call of pam_sm_authenticate. */
struct
try {
	enum who who;
	const char *argv[ARGUMENTS_MAX];
	int argc;
	bool nullok, forward, use_first, try_first, odd;
	enum manner manner;
	char extra[128];
	char rhost[64];
	char typed[1024];
	char authtok[1024];
	unsigned int prompts;
};

static pam_handle_t *pamh;
static struct try try;
static char last[sizeof(try.typed)]; /* what was typed before */

/* ------------------------------------------------------- the conversation */

static int
converse(int count, const struct pam_message **messages,
    struct pam_response **replies, void *context)
{
	(void)context;
	promise(count == 1, "one message at a time");
	*replies = NULL;
	if (messages[0]->msg_style == PAM_TEXT_INFO) {
		promise(!place_shown(try.typed, messages[0]->msg),
		    "no code is told");
		return PAM_SUCCESS;
	}
	promise(++try.prompts == 1, "one prompt for one attempt");
	if (try.manner == FAILS)
		return PAM_CONV_ERR;
	if (try.manner == AGAIN)
		return PAM_CONV_AGAIN;
	if (try.manner == NULL_ARRAY)
		return PAM_SUCCESS;
	*replies = calloc(1, sizeof(**replies));
	if (*replies != NULL && try.manner != NULL_REPLY)
		(*replies)->resp = strdup(try.typed);
	return try.manner == FAILS_WITH_DATA ? PAM_CONV_ERR : PAM_SUCCESS;
}

static void
answer_one(int fd)
{
	struct request request;
	struct answer answer = {0};
	struct error error = {0};

	verifier.ended_well = false;
	if (request_receive(fd, 5, &request, &error) != ROLLCODE_OK)
		return;
	request_answer(&place.config, &request, &answer);
	verifier.ended_well = answer_send(fd, &answer);
}

/* ------------------------------------------------------------- the attempt */

static void
argument(const char *text)
{
	try.argv[try.argc++] = text;
}

static void
draw_arguments(struct bytes *in)
{
	static const char *const digits[] = {
	    "digits=6", "digits=7", "digits=8", "digits=64", "digits=9"};
	static const char *const flags[] = {
	    "echo", "nodelay", "quiet", "maxtries", "debug"};
	uint8_t what = take(in), more = take(in);

	try.nullok = (what & 1) != 0;
	try.forward = (what & 2) != 0;
	try.use_first = (what & 12) == 4;
	try.try_first = (what & 12) == 8;
	try.odd = (what & 12) == 12 && (more & 64) != 0;
	argument("helper=/usr/bin/env");
	if (try.nullok)
		argument("nullok");
	if (try.forward)
		argument("forward_pass");
	if (try.use_first || try.odd)
		argument("use_first_pass");
	if (try.try_first || try.odd)
		argument("try_first_pass");
	if (what >= 128) {
		argument(digits[what / 16 % 8 % COUNT(digits)]);
		try.odd |= what / 16 % 8 % COUNT(digits) == 4;
	}
	for (size_t i = 0; i < COUNT(flags); i++)
		if ((more >> i & 1) != 0)
			argument(flags[i]);
	if (more >= 128) {
		argument(take_text(in, try.extra, sizeof(try.extra) - 1));
		try.odd = true;
	}
}

static void
draw(struct bytes *in, enum who who, const struct account *now)
{
	static const int accounts[] = {1, 1, 1, 1, 1, 0, 0, -1};
	static const enum manner manners[] = {SAYS, SAYS, SAYS, SAYS, SAYS,
	    SAYS, SAYS, SAYS, SAYS, SAYS, SAYS, NULL_ARRAY, NULL_REPLY, FAILS,
	    FAILS_WITH_DATA, AGAIN};
	uint8_t how = take(in);

	memset(&try, 0, sizeof(try));
	try.who = who;
	try.manner = manners[how % COUNT(manners)];
	calls.now += (int64_t)take(in) * take(in);
	host.account = accounts[how / 16 % COUNT(accounts)];
	draw_arguments(in);
	place_type(in, who, now, last);
	memcpy(try.typed, last, sizeof(last));
	if (how >= 128)
		place_type(in, who, now, try.authtok);
	memcpy(host.authtok, try.authtok, sizeof(host.authtok));
	host.authtok_set = false;
	promise(pam_set_item(pamh, PAM_USER, place_names[who]) == 0 &&
		    pam_set_item(
			pamh, PAM_RHOST, take_text(in, try.rhost, 40)) == 0 &&
		    pam_set_item(
			pamh, PAM_TTY, (how & 3) == 3 ? "ssh" : "tty1") == 0,
	    "items can be set");
}

/* A descriptor's number shows whether a lower one was left open. */
static int
free_descriptor(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* A code that the caller itself put into an item is no leak. */
static bool
leaked(const char *text)
{
	return place_shown(text, calls.log) && !place_shown(text, try.rhost) &&
	       !place_shown(text, try.extra);
}

static int
run(struct bytes *in)
{
	int before = free_descriptor(), result;

	calls_arm(in);
	result = pam_sm_authenticate(pamh, 0, try.argc, try.argv);
	calls_disarm();
	promise(free_descriptor() == before, "no descriptor is left open");
	promise(!leaked(try.typed) && !leaked(try.authtok),
	    "no code is in the log");
	return result;
}

/* --------------------------------------------------------------- the rules */

static bool
same_counters(const struct account *a, const struct account *b)
{
	if (a->token_count != b->token_count ||
	    a->recovery_count != b->recovery_count)
		return false;
	for (size_t i = 0; i < a->token_count; i++)
		if (a->tokens[i].token.counter != b->tokens[i].token.counter)
			return false;
	for (size_t i = 0; i < a->recovery_count; i++)
		if (a->recovery[i].used != b->recovery[i].used)
			return false;
	return true;
}

/* Whether a line, or with forward_pass some end of it, explains a success. */
static bool
explains(
    const char *line, const struct account *before, const struct account *after)
{
	struct account want;
	const char *end = line;

	do {
		if (place_admits(try.who, before, end, &want) &&
		    same_counters(&want, after))
			return true;
	} while (try.forward && *end != '\0' && *++end != '\0');
	return false;
}

static bool
policy_fits(const struct account *account)
{
	for (size_t i = 0; i < account->token_count; i++)
		if (account->tokens[i].enabled &&
		    account->tokens[i].token.digits == 6 &&
		    place.config.policy.tolerance > 20)
			return false;
	return true;
}

/* Whether nothing stands between what was typed and the rules. */
static bool
plain(void)
{
	return calls.failed == 0 && try.manner == SAYS && !try.odd &&
	       !try.forward && !try.use_first && !try.try_first &&
	       host.account >= 0;
}

static void
check_refused(const struct account *before, const struct account *after)
{
	struct account want;

	for (size_t i = 0; i < before->token_count; i++) {
		uint64_t old = before->tokens[i].token.counter;
		uint64_t new = after->tokens[i].token.counter;

		promise(new >= old, "a counter never moves back");
		promise(new == old || calls.failed > 0,
		    "a refused code moves no counter");
	}
	promise(!plain() || !policy_fits(before) ||
		    !place_admits(try.who, before, try.typed, &want),
	    "what the rules admit is admitted");
}

static void
check(int result, const struct account *before, const struct account *after)
{
	bool enrolled = try.who < EVE;

	if (result == PAM_IGNORE) {
		promise(
		    try.nullok && !enrolled && host.account == 1 && !try.odd,
		    "ignored only by nullok, an account that is not enrolled");
		return;
	}
	promise(result != PAM_SUCCESS || (enrolled && !try.odd),
	    "success only for somebody enrolled, by good arguments");
	if (result == PAM_SUCCESS)
		promise(((try.use_first || try.try_first) &&
			    explains(try.authtok, before, after)) ||
			    (try.prompts == 1 && try.manner == SAYS &&
				explains(try.typed, before, after)),
		    "success only for a code that is ahead, and spent now");
	else if (enrolled)
		check_refused(before, after);
}

/* An attempt, and after a success the very same again. */
static void
once(struct bytes *in, struct account *now)
{
	struct bytes nothing = {NULL, NULL};
	struct account before = *now;
	int result = run(in);

	promise(place_read(try.who, now) == (try.who < EVE),
	    "nobody comes or goes");
	check(result, &before, now);
	if (result != PAM_SUCCESS)
		return;
	memcpy(host.authtok, try.authtok, sizeof(host.authtok));
	try.prompts = 0;
	before = *now;
	result = run(&nothing);
	(void)!place_read(try.who, now);
	check(result, &before, now);
	promise(result != PAM_SUCCESS || before.tokens[0].token.digits < 8,
	    "the same line again is a refusal");
}

static void
in_a_harmed_store(struct bytes *in, enum who who, const struct account *now)
{
	uint8_t harm = take(in);
	int result;

	if (harm % 8 >= HARMS)
		return;
	draw(in, who, now);
	if (!place_harm((enum harm)(harm % 8), who))
		return;
	result = run(in);
	place_mend((enum harm)(harm % 8), who);
	promise(result != PAM_SUCCESS && result != PAM_IGNORE,
	    "a store that was harmed lets nobody in and ignores nobody");
}

static void
open_handle(void)
{
	static const struct pam_conv conversation = {.conv = converse};
	char path[160];
	FILE *file;

	place_open();
	snprintf(path, sizeof(path), "%s/fuzz", place.dir);
	file = fopen(path, "w");
	promise(file != NULL, "there is a service");
	fputs("auth required pam_permit.so\n", file);
	fclose(file);
	promise(pam_start_confdir("fuzz", "ann", &conversation, place.dir,
		    &pamh) == PAM_SUCCESS,
	    "libpam starts");
	unlink(path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, data + size};
	struct account now;
	unsigned int attempts;
	enum who who;

	if (pamh == NULL)
		open_handle();
	calls_reset();
	verifier.answer = answer_one;
	last[0] = '\0';
	who = (enum who)(take(&in) % PEOPLE);
	now = *place_reset(who);
	place_policy(take(&in));
	attempts = 1 + take(&in) % ATTEMPTS_MAX;
	for (unsigned int i = 0; i < attempts; i++) {
		draw(&in, who, &now);
		once(&in, &now);
	}
	in_a_harmed_store(&in, who, &now);
	return 0;
}
