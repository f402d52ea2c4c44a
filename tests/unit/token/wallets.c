/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "tests/support/cases.h"
#include "tests/support/folder.h"
#include "tests/unit/token/wallets.h"

char directory[64], path[128];
struct wallet *w;
struct error why;
struct wallet_entry entry;
char sql_error[256];

struct provision
provision_of(const char *secret, uint64_t counter)
{
	struct provision p = {
	    .token =
		{
		    .form = FORM_HOTP,
		    .algorithm = ALGORITHM_SHA256,
		    .digits = 8,
		    .counter = counter,
		    .secret = {.len = 20},
		},
	    .issuer = "web",
	};

	memcpy(p.token.secret.bytes, secret, 20);
	return p;
}

void
reopen(void)
{
	wallet_close(&w);
	ck_assert_int_eq(wallet_open(&w, path, &why), ROLLCODE_OK);
}

void
add(const char *name, const char *secret, uint64_t counter)
{
	struct provision p = provision_of(secret, counter);

	ck_assert_int_eq(wallet_add(w, name, &p, &why), ROLLCODE_OK);
}

uint64_t
counter_at(const char *name)
{
	ck_assert_int_eq(wallet_find(w, name, &entry, &why), ROLLCODE_OK);
	return entry.provision.token.counter;
}

enum rollcode_err
bind_to(const char *name, const char *binding)
{
	char text[64], *words[] = {text, NULL};

	snprintf(text, sizeof(text), "%s", binding);
	return wallet_bind(w, name, words, &why);
}

enum rollcode_err
ask(const char *shown, int port, const struct asker *asker)
{
	struct binding asked = {.port = port};

	snprintf(asked.shown, sizeof(asked.shown), "%s", shown);
	return wallet_answer(w, &asked, asker, &entry, &why);
}

void
sealed_pair(void)
{
	add("a", SECRET_A, 7);
	add("b", SECRET_B, 3);
	ck_assert_int_eq(bind_to("a", "alice@host:22"), ROLLCODE_OK);
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_spend(w, "a", 5, &entry, &why), ROLLCODE_OK);
}

int
meddle(const char *sql)
{
	sqlite3 *db = NULL;
	char *text = NULL;
	int rc;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	rc = sqlite3_exec(db, sql, NULL, NULL, &text);
	snprintf(sql_error, sizeof(sql_error), "%s", text ? text : "");
	sqlite3_free(text);
	sqlite3_close(db);
	return rc;
}

bool
file_has(const char *bytes)
{
	static char content[65536];
	FILE *file = fopen(path, "r");
	size_t n;

	ck_assert_ptr_nonnull(file);
	n = fread(content, 1, sizeof(content), file);
	fclose(file);
	return memmem(content, n, bytes, strlen(bytes)) != NULL;
}

static void
setup(void)
{
	ck_assert(folder_make(directory));
	snprintf(path, sizeof(path), "%s/token.db", directory);
	memset(&why, 0, sizeof(why));
	ck_assert_int_eq(wallet_create(path, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_open(&w, path, &why), ROLLCODE_OK);
}

static void
teardown(void)
{
	wallet_close(&w);
	folder_remove(directory);
}

void
replace_with(const char *command)
{
	char line[512];

	wallet_close(&w);
	snprintf(line, sizeof(line), "cd %s && %s", directory, command);
	ck_assert_int_eq(system(line), 0);
}

TCase *
wallet_case(const char *name)
{
	TCase *tc = test_case(name, 30);

	tcase_add_checked_fixture(tc, setup, teardown);
	return tc;
}
