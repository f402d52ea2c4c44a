/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include <check.h>

#include "tests/support/code_once.h"
#include "tests/support/folder.h"
#include "tests/support/site.h"

struct site site;

void
site_unmake(void)
{
	folder_remove(site.directory);
}

enum rollcode_err
site_enroll_as(const char *user)
{
	struct account account = {.created = NOW};
	struct store *store = NULL;
	struct event event;
	enum rollcode_err err;

	site.user = user;
	snprintf(account.user, sizeof(account.user), "%s", user);
	event_fill(&event, NOW, "test", NULL, "enrolled");
	err = account_add(&account, &site.token, NOW, &site.error);
	if (err == ROLLCODE_OK)
		err = store_sqlite.open(&store, &site.config, &site.error);
	if (err == ROLLCODE_OK)
		err = store_sqlite.create(
		    store, &account, &event, false, &site.error);
	store_sqlite.close(store);
	return err;
}

enum rollcode_err
site_enroll(void)
{
	return site_enroll_as("ann");
}

void
site_type(uint64_t counter, struct input *typed)
{
	struct passcode code;

	ck_assert_int_eq(
	    code_once(&site.token, counter, 0, &code), ROLLCODE_OK);
	ck_assert_int_ne(input_parse(code.text, typed), INPUT_MALFORMED);
}

enum rollcode_err
site_decide(const struct input *typed)
{
	struct verification result;
	struct login login = {
	    .config = &site.config,
	    .ops = &store_sqlite,
	    .now = site.now,
	    .user = site.user,
	    .service = "test",
	    .rhost = "host",
	    .input = typed,
	};
	enum rollcode_err err;

	memset(&site.error, 0, sizeof(site.error));
	err = login_decide(&login, &result, &site.error);
	site.verdict = result.verdict;
	if (err != ROLLCODE_OK)
		ck_assert_int_eq(site.verdict, VERDICT_NONE);
	return err;
}

enum rollcode_err
site_login(uint64_t counter)
{
	struct input typed;

	site_type(counter, &typed);
	return site_decide(&typed);
}

bool
site_admits(uint64_t counter)
{
	return site_login(counter) == ROLLCODE_OK &&
	       verdict_admits(site.verdict);
}

void
site_make(void)
{
	bool made;

	memset(&site, 0, sizeof(site));
	site.now = NOW;
	ck_assert(folder_make(site.directory));
	config_defaults(&site.config);
	snprintf(site.config.database, sizeof(site.config.database),
	    "sqlite:%s", site.directory);
	site.config.uid = geteuid();
	site.config.gid = getegid();
	for (size_t i = 0; i < sizeof(site.config.key.bytes); i++)
		site.config.key.bytes[i] = (uint8_t)(i * 7 + 1);
	site.config.has_key = true;
	site.token = (struct rollcode_token){
	    .form = FORM_HOTP,
	    .algorithm = ALGORITHM_SHA256,
	    .digits = 8,
	    .label = "phone",
	    .secret = {.len = 32},
	};
	memset(site.token.secret.bytes, 7, site.token.secret.len);
	ck_assert_int_eq(
	    store_sqlite.init(&site.config, &made, &site.error), ROLLCODE_OK);
	ck_assert_msg(site_enroll() == ROLLCODE_OK, "%s", site.error.text);
}
