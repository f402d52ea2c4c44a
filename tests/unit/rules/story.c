/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/token/seal.h"
#include "common/token/token.h"
#include "tests/support/cases.h"
#include "tests/unit/rules/story.h"

#define SHEET 2 /* of these codes; the last is read to somebody */

const char *const recovery_codes[] = {
    "ABCDEFGHIJKLMNOP", "QRSTUVWXYZ234567", "ZYXWVUTSRQPONMLK"};

/* Tokens that have a name. */
static const struct {
	const char *name;
	enum rollcode_form form;
	enum rollcode_algorithm algorithm;
	unsigned int digits;
	const char *secret;
} named[] = {
    {"rfc", FORM_HOTP, ALGORITHM_SHA1, 6, "text:12345678901234567890"},
    /* makes at counter 5 what rfc makes at 3 */
    {"twin", FORM_HOTP, ALGORITHM_SHA1, 6, "text:a twin of RFC 1960361"},
    {"repeat1", FORM_HOTP, ALGORITHM_SHA1, 6,
	"hex:24734d46d5ffa7bcd377a71419482ba20ba04f5f"},
    {"repeat2", FORM_HOTP, ALGORITHM_SHA256, 6,
	"hex:e8d7b59215e0a22bec4b57edcab89ee6"
	"44cf411d81984c6cce18f95dc0177e68"},
    {"hex", FORM_HEX, ALGORITHM_SHA256, 64, "text:hexhexhexhexhexhex"},
    {"hash", FORM_HASH, ALGORITHM_SHA256, 64, "text:hashhashhashhash"},
    {"timed", FORM_TIMED, ALGORITHM_SHA256, 8, "text:timedtimedtimedtimed"},
    {"timed64", FORM_TIMED, ALGORITHM_SHA256, 64, "text:timed64timed64timed"},
};

void
tell(const struct story *story, const char *what)
{
	ck_abort_msg(
	    "\"%s\": at \"%s\": %s", story->promise->says, story->word, what);
}

void
add_token(struct story *story, const char *word)
{
	struct rollcode_token token = {
	    .form = FORM_HOTP,
	    .algorithm = ALGORITHM_SHA256,
	    .secret = {.len = 32},
	};
	size_t at = story->account.token_count, name = strcspn(word, "@");

	token.digits = (unsigned int)strtoul(word, NULL, 10);
	memset(token.secret.bytes, (int)(at + 1), token.secret.len);
	for (size_t i = 0; i < COUNT(named); i++) {
		if (strlen(named[i].name) != name ||
		    strncmp(named[i].name, word, name) != 0)
			continue;
		token.form = named[i].form;
		token.algorithm = named[i].algorithm;
		token.digits = named[i].digits;
		if (token_parse_secret(named[i].secret, &token.secret, NULL) !=
		    ROLLCODE_OK)
			tell(story, "bad secret");
	}
	token.counter = strtoull(word + name + 1, NULL, 10);
	snprintf(token.label, sizeof(token.label), "%zu", at);
	if (token_check(&token, NULL) != ROLLCODE_OK)
		tell(story, "bad token");
	story->account.tokens[at].token = token;
	story->account.tokens[at].enabled = true;
	story->account.token_count++;
}

static void
add_code(struct story *story, const char *code, int64_t seconds)
{
	struct account *account = &story->account;
	struct account_recovery *row =
	    &account->recovery[account->recovery_count++];

	memset(&account->recovery_key, 7, sizeof(account->recovery_key));
	account->recovery_key_set = true;
	row->issued = story->now;
	row->expires = seconds == 0 ? 0 : story->now + seconds;
	ck_assert_int_eq(
	    seal_mac(&account->recovery_key, code, row->mac), ROLLCODE_OK);
}

void
add_recovery(struct story *story)
{
	for (size_t i = 0; i < SHEET; i++)
		add_code(story, recovery_codes[i], 0);
}

void
set_policy(struct story *story, const char *word)
{
	struct policy *p = &story->policy;
	const struct {
		const char *name;
		int64_t *value;
	} keys[] = {
	    {"tolerance=", &p->tolerance},
	    {"window=", &p->resync_window},
	    {"guard=", &p->guard_after},
	    {"guesses=", &p->guesses},
	    {"behind=", &p->lookbehind},
	};

	if (strcmp(word, "recovery") == 0) {
		add_recovery(story);
		return;
	}
	if (strncmp(word, "once=", 5) == 0) {
		add_code(
		    story, recovery_codes[SHEET], strtoll(word + 5, NULL, 10));
		return;
	}
	for (size_t i = 0; i < COUNT(keys); i++)
		if (strncmp(word, keys[i].name, strlen(keys[i].name)) == 0) {
			*keys[i].value =
			    strtoll(strchr(word, '=') + 1, NULL, 10);
			return;
		}
	tell(story, "no such policy");
}
