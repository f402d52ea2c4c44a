/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/support/cases.h"
#include "tests/unit/token/wallets.h"

START_TEST(a_spent_counter_is_in_the_file_when_the_code_can_be_made)
{
	add("a", SECRET_A, 7);

	ck_assert_int_eq(wallet_spend(w, "a", 3, &entry, &why), ROLLCODE_OK);
	ck_assert_uint_eq(entry.provision.token.counter, 7);
	ck_assert_mem_eq(entry.provision.token.secret.bytes, SECRET_A, 20);

	reopen();
	ck_assert_uint_eq(counter_at("a"), 10);
	ck_assert_int_ne(entry.used, 0);
}
END_TEST

START_TEST(two_users_of_one_store_never_get_the_same_counter)
{
	struct wallet *other = NULL;
	struct wallet_entry b;

	add("a", SECRET_A, 0);
	ck_assert_int_eq(wallet_open(&other, path, &why), ROLLCODE_OK);

	for (uint64_t i = 0; i < 6; i += 2) {
		ck_assert_int_eq(
		    wallet_spend(w, NULL, 1, &entry, &why), ROLLCODE_OK);
		ck_assert_int_eq(
		    wallet_spend(other, NULL, 1, &b, &why), ROLLCODE_OK);
		ck_assert_uint_eq(entry.provision.token.counter, i);
		ck_assert_uint_eq(b.provision.token.counter, i + 1);
	}

	wallet_close(&other);
}
END_TEST

START_TEST(a_process_gets_one_code_of_whatever_token)
{
	const struct asker ssh = {.pid = 7, .start = 100};
	const struct asker later = {.pid = 7, .start = 101};
	const struct asker other = {.pid = 8, .start = 100};

	add("a", SECRET_A, 0);
	add("b", SECRET_B, 0);
	ck_assert_int_eq(bind_to("a", "ann@one"), ROLLCODE_OK);
	ck_assert_int_eq(bind_to("b", "ann@two"), ROLLCODE_OK);

	ck_assert_int_eq(ask("ann@one", 22, &ssh), ROLLCODE_OK);
	reopen();
	ck_assert_int_eq(ask("ann@one", 22, &ssh), ROLLCODE_ERR_EXISTS);
	ck_assert_int_eq(ask("ann@two", 22, &ssh), ROLLCODE_ERR_EXISTS);
	ck_assert_int_eq(ask("ann@one", 22, &later), ROLLCODE_OK);
	ck_assert_int_eq(ask("ann@two", 22, &other), ROLLCODE_OK);

	ck_assert_uint_eq(counter_at("a"), 2);
	ck_assert_uint_eq(counter_at("b"), 1);
}
END_TEST

START_TEST(a_binding_is_a_whole_word_and_never_the_default)
{
	static const char *const others[] = {"ann@on", "nn@one", "ann@one ",
	    "ann@onee", "", " ", "ann", "local", "ann@one local", "ann@one:22",
	    "ann@[one]"};
	const struct asker ssh = {.pid = 7, .start = 100};

	add("a", SECRET_A, 0);
	ck_assert_int_eq(bind_to("a", "ann@one"), ROLLCODE_OK);

	for (size_t i = 0; i < COUNT(others); i++)
		for (int port = -2; port < 30; port++)
			ck_assert_int_eq(
			    ask(others[i], port, &ssh), ROLLCODE_ERR_ABSENT);

	ck_assert_uint_eq(counter_at("a"), 0);
}
END_TEST

static const struct {
	const char *given, *stored, *shown;
	int port; /* the only one at which it is answered */
} bindings[] = {
    {"ann@one", "ann@one:22", "ann@one", 22},
    {"ann@one:22", "ann@one:22", "ann@one", 22},
    {"ann@one:2222", "ann@one:2222", "ann@one", 2222},
    {"ann@one:65535", "ann@one:65535", "ann@one", 65535},
    {"ann@[one]:7", "ann@one:7", "ann@one", 7},
    {"ann@one:proxy", "ann@one:proxy", "ann@one", ASKER_PROXY},
    {"ann@[one:proxy]:8", "ann@[one:proxy]:8", "ann@one:proxy", 8},
    {"ann@::1", "ann@[::1]:22", "ann@::1", 22},
    {"ann@[::1]", "ann@[::1]:22", "ann@::1", 22},
    {"ann@fe80::1%eth0", "ann@[fe80::1%eth0]:22", "ann@fe80::1%eth0", 22},
    {"ann@[::1]:2222", "ann@[::1]:2222", "ann@::1", 2222},
    {"ann@[::1]:proxy", "ann@[::1]:proxy", "ann@::1", ASKER_PROXY},
    {"ann@[[one]:5]:6", "ann@[[one]:5]:6", "ann@[one]:5", 6},
    {"ann@site@one:9", "ann@site@one:9", "ann@site@one", 9},
    {"local", "local", "local", ASKER_PROXY},
};

static const int ports[] = {
    BINDING_UNSAID, ASKER_UNKNOWN, ASKER_PROXY, 1, 6, 7, 8, 9, 22, 2222, 65535};

START_TEST(a_binding_is_answered_at_its_port_alone)
{
	const char *shown = bindings[_i].shown;

	add("a", SECRET_A, 0);
	ck_assert_int_eq(bind_to("a", bindings[_i].given), ROLLCODE_OK);
	ck_assert_int_eq(wallet_find(w, "a", &entry, &why), ROLLCODE_OK);
	ck_assert_str_eq(entry.binding, bindings[_i].stored);

	for (int i = 0; i < (int)COUNT(ports); i++) {
		struct asker ssh = {.pid = i + 1, .start = 1};
		bool own = ports[i] == bindings[_i].port;

		ck_assert_int_eq(ask(shown, ports[i], &ssh),
		    own ? ROLLCODE_OK : ROLLCODE_ERR_ABSENT);
	}
	ck_assert_int_eq(bind_to("a", bindings[_i].stored), ROLLCODE_OK);
	ck_assert_int_eq(wallet_find(w, "a", &entry, &why), ROLLCODE_OK);
	ck_assert_str_eq(entry.binding, bindings[_i].stored);
}
END_TEST

static const char *const no_bindings[] = {
    "",
    "ann",
    "ann@",
    "@one",
    "ann@one two",
    "ann@one:",
    "ann@one:0",
    "ann@one:022",
    "ann@one:65536",
    "ann@one:-22",
    "ann@one:+22",
    "ann@one:22x",
    "ann@one:222222222222222222222",
    "ann@one:ssh",
    "ann@one:proxy2",
    "ann@:22",
    "ann@[]:22",
    "ann@[one",
    "ann@[one]22",
    "ann@[::1]2222",
    "(ann@one):22",
    "(ann@one",
    "ann@one)",
    "ann@one\n",
    "local:22",
};

START_TEST(what_is_no_binding_is_refused)
{
	add("a", SECRET_A, 0);
	ck_assert_int_eq(bind_to("a", "ann@one"), ROLLCODE_OK);

	ck_assert_int_eq(bind_to("a", no_bindings[_i]), ROLLCODE_ERR_INPUT);

	ck_assert_ptr_nonnull(strstr(why.text, "USER@HOST"));
	ck_assert_int_eq(wallet_find(w, "a", &entry, &why), ROLLCODE_OK);
	ck_assert_str_eq(entry.binding, "ann@one:22");
}
END_TEST

START_TEST(a_binding_of_before_is_for_port_22_and_for_a_proxy)
{
	add("a", SECRET_A, 0);
	add("b", SECRET_B, 0);
	ck_assert_int_eq(
	    meddle("UPDATE token SET binding = 'ann@one' WHERE name = 'a'"),
	    SQLITE_OK);

	for (int i = 0; i < (int)COUNT(ports); i++) {
		struct asker ssh = {.pid = i + 1, .start = 1};
		bool own = ports[i] == 22 || ports[i] == ASKER_PROXY;

		ck_assert_int_eq(ask("ann@one", ports[i], &ssh),
		    own ? ROLLCODE_OK : ROLLCODE_ERR_ABSENT);
	}
	ck_assert_int_eq(bind_to("b", "ann@one"), ROLLCODE_ERR_EXISTS);
	ck_assert_int_eq(bind_to("b", "ann@one:proxy"), ROLLCODE_ERR_EXISTS);
	ck_assert_int_eq(bind_to("b", "ann@one:2222"), ROLLCODE_OK);
}
END_TEST

START_TEST(two_tokens_share_a_host_and_no_port)
{
	const struct asker ssh = {.pid = 7, .start = 100};

	add("a", SECRET_A, 0);
	add("b", SECRET_B, 0);

	ck_assert_int_eq(bind_to("a", "ann@one"), ROLLCODE_OK);
	ck_assert_int_eq(bind_to("b", "ann@one:22"), ROLLCODE_ERR_EXISTS);
	ck_assert_ptr_nonnull(strstr(why.text, "rollcode-token bind a"));
	ck_assert_int_eq(bind_to("b", "ann@one:2222"), ROLLCODE_OK);
	ck_assert_int_eq(ask("ann@one", 2222, &ssh), ROLLCODE_OK);

	ck_assert_uint_eq(counter_at("a"), 0);
	ck_assert_uint_eq(counter_at("b"), 1);
}
END_TEST

START_TEST(another_port_is_named_with_the_remedy)
{
	const struct asker ssh = {.pid = 7, .start = 100};
	struct binding asked = {.shown = "ann@one", .port = 2222};

	add("a", SECRET_A, 0);
	add("b", SECRET_B, 0);
	ck_assert_int_eq(bind_to("a", "ann@one"), ROLLCODE_OK);

	ck_assert_int_eq(
	    wallet_bound(w, &asked, &ssh, &entry, &why), ROLLCODE_ERR_ABSENT);
	ck_assert_str_eq(entry.name, "a");
	ck_assert_ptr_nonnull(strstr(why.text, "bound to ann@one:22,"));
	ck_assert_ptr_nonnull(
	    strstr(why.text, "rollcode-token bind a ann@one:22 ann@one:2222"));
	asked.port = ASKER_UNKNOWN;
	ck_assert_int_eq(
	    wallet_bound(w, &asked, &ssh, &entry, &why), ROLLCODE_ERR_ABSENT);
	ck_assert_ptr_nonnull(strstr(why.text, "rollcode-token next a"));
	asked.shown[0] = 'b';
	ck_assert_int_eq(
	    wallet_bound(w, &asked, &ssh, &entry, &why), ROLLCODE_ERR_ABSENT);
	ck_assert_int_eq(entry.id, 0);
}
END_TEST

START_TEST(the_latest_256_processes_are_remembered)
{
	struct asker ssh = {.start = 100};

	add("a", SECRET_A, 0);
	ck_assert_int_eq(bind_to("a", "ann@one"), ROLLCODE_OK);
	for (ssh.pid = 1; ssh.pid <= 257; ssh.pid++)
		ck_assert_int_eq(ask("ann@one", 22, &ssh), ROLLCODE_OK);

	for (ssh.pid = 2; ssh.pid <= 257; ssh.pid++)
		ck_assert_int_eq(ask("ann@one", 22, &ssh), ROLLCODE_ERR_EXISTS);
	ssh.pid = 1;
	ck_assert_int_eq(ask("ann@one", 22, &ssh), ROLLCODE_OK);
}
END_TEST

START_TEST(each_of_several_bindings_is_answered)
{
	char *words[] = {(char[]){"ann@one"}, (char[]){"ann@two:7"},
	    (char[]){"local"}, NULL};
	const struct asker first = {.pid = 1, .start = 1};
	const struct asker second = {.pid = 2, .start = 1};
	const struct asker third = {.pid = 3, .start = 1};

	add("a", SECRET_A, 0);
	ck_assert_int_eq(wallet_bind(w, "a", words, &why), ROLLCODE_OK);

	ck_assert_int_eq(ask("ann@one", 22, &first), ROLLCODE_OK);
	ck_assert_int_eq(ask("ann@two", 7, &second), ROLLCODE_OK);
	ck_assert_int_eq(ask("local", ASKER_PROXY, &third), ROLLCODE_OK);
}
END_TEST

START_TEST(without_a_word_a_token_is_bound_no_longer)
{
	const struct asker ssh = {.pid = 7, .start = 100};
	char *none[] = {NULL};

	add("a", SECRET_A, 0);
	ck_assert_int_eq(bind_to("a", "ann@one"), ROLLCODE_OK);

	ck_assert_int_eq(wallet_bind(w, "a", none, &why), ROLLCODE_OK);

	ck_assert_int_eq(ask("ann@one", 22, &ssh), ROLLCODE_ERR_ABSENT);
}
END_TEST

START_TEST(bindings_that_do_not_fit_are_refused_and_never_cut)
{
	char first[BINDING_MAX + 1] = "", second[] = "ann@one:2222";
	char *words[] = {first, second, NULL};
	size_t len = BINDING_MAX - sizeof(second); /* of both and a space */

	add("a", SECRET_A, 0);
	memset(first, 'x', len);
	memcpy(first + len - 8, "@host:22", 8);
	ck_assert_int_eq(wallet_bind(w, "a", words, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_find(w, "a", &entry, &why), ROLLCODE_OK);
	ck_assert_uint_eq(strlen(entry.binding), BINDING_MAX);

	first[len - 8] = 'x';
	memcpy(first + len - 7, "@host:22", 8);
	ck_assert_int_eq(wallet_bind(w, "a", words, &why), ROLLCODE_ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(why.text, "at most 255 bytes"));
}
END_TEST

START_TEST(an_answer_that_fails_gives_nothing)
{
	const struct wallet_entry nothing = {.id = 0};
	const struct asker ssh = {.pid = 7, .start = 100};

	add("a", SECRET_A, ROLLCODE_COUNTER_END - 1);
	ck_assert_int_eq(bind_to("a", "ann@one"), ROLLCODE_OK);
	ck_assert_int_eq(wallet_skip(w, "a", 1, &entry, &why), ROLLCODE_OK);

	ck_assert_int_eq(ask("ann@one", 22, &ssh), ROLLCODE_ERR_INPUT);

	ck_assert_mem_eq(&entry, &nothing, sizeof(entry));
}
END_TEST

START_TEST(what_cannot_be_spent_is_not_noted)
{
	const struct asker ssh = {.pid = 7, .start = 100};

	add("a", SECRET_A, 0);
	ck_assert_int_eq(bind_to("a", "ann@one"), ROLLCODE_OK);
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);
	reopen();

	ck_assert_int_eq(ask("ann@one", 22, &ssh), ROLLCODE_ERR_INPUT);
	ck_assert_uint_eq(counter_at("a"), 0);
	ck_assert_int_eq(wallet_unlock(w, PHRASE, &why), ROLLCODE_OK);
	ck_assert_int_eq(ask("ann@one", 22, &ssh), ROLLCODE_OK);
}
END_TEST

START_TEST(a_counter_never_moves_backward)
{
	add("a", SECRET_A, 7);

	ck_assert_int_ne(meddle("UPDATE token SET counter = 6"), SQLITE_OK);
	ck_assert_str_eq(sql_error, "a counter never moves backward");
	ck_assert_int_eq(
	    wallet_skip(w, "a", -1, &entry, &why), ROLLCODE_ERR_INPUT);
	ck_assert_int_eq(
	    wallet_spend(w, "a", 0, &entry, &why), ROLLCODE_ERR_INPUT);

	ck_assert_uint_eq(counter_at("a"), 7);
	ck_assert_int_eq(meddle("UPDATE token SET counter = 8"), SQLITE_OK);
}
END_TEST

START_TEST(a_token_ends_and_never_wraps)
{
	add("a", SECRET_A, ROLLCODE_COUNTER_END - 2);

	ck_assert_int_eq(
	    wallet_spend(w, "a", 3, &entry, &why), ROLLCODE_ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(why.text, "only 2 codes left"));
	ck_assert_mem_eq(&entry, &(struct wallet_entry){0}, sizeof(entry));
	ck_assert_int_eq(wallet_spend(w, "a", 2, &entry, &why), ROLLCODE_OK);
	ck_assert_int_eq(
	    wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(why.text, "exhausted"));
	ck_assert_int_eq(
	    wallet_skip(w, "a", 1, &entry, &why), ROLLCODE_ERR_INPUT);

	ck_assert_uint_eq(counter_at("a"), ROLLCODE_COUNTER_END);
}
END_TEST

START_TEST(skipping_moves_forward_and_gives_no_secret)
{
	const struct secret none = {0};

	add("a", SECRET_A, 7);

	ck_assert_int_eq(wallet_skip(w, NULL, 5, &entry, &why), ROLLCODE_OK);

	ck_assert_uint_eq(entry.provision.token.counter, 12);
	ck_assert_mem_eq(&entry.provision.token.secret, &none, sizeof(none));
	ck_assert_uint_eq(counter_at("a"), 12);
}
END_TEST

START_TEST(the_first_token_is_the_default)
{
	add("a", SECRET_A, 1);
	add("b", SECRET_B, 2);

	ck_assert_uint_eq(counter_at(NULL), 1);
	ck_assert_int_eq(wallet_prefer(w, "b", &why), ROLLCODE_OK);
	ck_assert_uint_eq(counter_at(NULL), 2);
	ck_assert(entry.preferred);
	ck_assert_uint_eq(counter_at("a"), 1);
	ck_assert(!entry.preferred);
}
END_TEST

START_TEST(a_single_token_that_is_left_becomes_the_default)
{
	add("a", SECRET_A, 1);
	add("b", SECRET_B, 2);

	ck_assert_int_eq(wallet_remove(w, "a", &why), ROLLCODE_OK);

	ck_assert_uint_eq(counter_at(NULL), 2);
}
END_TEST

START_TEST(among_several_no_other_default_is_chosen)
{
	add("a", SECRET_A, 1);
	add("b", SECRET_B, 2);
	add("c", "CCCCCCCCCCCCCCCCCCCC", 3);

	ck_assert_int_eq(wallet_remove(w, "a", &why), ROLLCODE_OK);

	ck_assert_int_eq(
	    wallet_spend(w, NULL, 1, &entry, &why), ROLLCODE_ERR_ABSENT);
	ck_assert_ptr_nonnull(strstr(why.text, "default NAME"));
}
END_TEST

START_TEST(no_later_token_is_the_default_that_was_removed)
{
	add("a", SECRET_A, 1);
	add("b", SECRET_B, 2);
	add("c", "CCCCCCCCCCCCCCCCCCCC", 3);
	ck_assert_int_eq(wallet_prefer(w, "c", &why), ROLLCODE_OK);

	ck_assert_int_eq(wallet_remove(w, "c", &why), ROLLCODE_OK);
	add("d", "DDDDDDDDDDDDDDDDDDDD", 4);

	ck_assert_int_eq(
	    wallet_spend(w, NULL, 1, &entry, &why), ROLLCODE_ERR_ABSENT);
}
END_TEST

START_TEST(a_removed_secret_is_gone_from_the_file)
{
	add("a", SECRET_A, 1);
	ck_assert(file_has(SECRET_A));

	ck_assert_int_eq(wallet_remove(w, "a", &why), ROLLCODE_OK);

	ck_assert(!file_has(SECRET_A));
	ck_assert_int_eq(
	    wallet_find(w, "a", &entry, &why), ROLLCODE_ERR_ABSENT);
}
END_TEST

START_TEST(one_secret_is_not_added_twice)
{
	struct provision p = provision_of(SECRET_A, 5);

	add("a", SECRET_A, 1);
	p.token.digits = 6;

	ck_assert_int_eq(wallet_add(w, "b", &p, &why), ROLLCODE_ERR_EXISTS);

	ck_assert_ptr_nonnull(strstr(why.text, "token a "));
	ck_assert_int_eq(
	    wallet_find(w, "b", &entry, &why), ROLLCODE_ERR_ABSENT);
}
END_TEST

START_TEST(a_secret_that_begins_like_another_is_another)
{
	struct provision p = provision_of(SECRET_A, 5);

	add("a", SECRET_A, 1);
	p.token.secret.len = 21;
	ck_assert_int_eq(wallet_add(w, "b", &p, &why), ROLLCODE_OK);
	p.token.secret.len = 19;
	ck_assert_int_eq(wallet_add(w, "c", &p, &why), ROLLCODE_OK);
}
END_TEST

START_TEST(a_token_without_a_code_is_not_added)
{
	struct provision p = provision_of(SECRET_A, ROLLCODE_COUNTER_END);

	ck_assert_int_eq(wallet_add(w, "a", &p, &why), ROLLCODE_ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(why.text, "exhausted"));

	add("a", SECRET_A, ROLLCODE_COUNTER_END - 1);
}
END_TEST

START_TEST(a_look_at_a_token_gives_nothing_of_its_secret)
{
	add("a", SECRET_A, 1);

	ck_assert_int_eq(wallet_find(w, "a", &entry, &why), ROLLCODE_OK);

	ck_assert_ptr_null(
	    memmem(&entry, sizeof(entry), SECRET_A, sizeof(SECRET_A) - 1));
}
END_TEST

/* Texts that the wallet itself takes from nobody. */
static const char *const odd_rows[] = {
    "UPDATE token SET name = 'b' || char(27)",
    "UPDATE token SET issuer = char(10)",
    "UPDATE token SET account = char(155)",
    "UPDATE token SET label = char(8238)",
    "UPDATE token SET binding = char(7)",
    "UPDATE token SET uid = x'00'",
    "UPDATE token SET form = 'hotpx'",
    "UPDATE token SET digits = 65",
    "UPDATE token SET name = printf('%.65c', 'a')",
};

START_TEST(a_row_that_the_wallet_would_not_write_is_refused)
{
	enum rollcode_err err;

	add("a", SECRET_A, 1);
	ck_assert_int_eq(meddle(odd_rows[_i]), SQLITE_OK);

	ck_assert_int_eq(
	    wallet_spend(w, NULL, 1, &entry, &why), ROLLCODE_ERR_STORE);
	memset(&entry, 0, sizeof(entry));
	ck_assert(!wallet_each(w, &entry, &err, &why));
	ck_assert_int_eq(err, ROLLCODE_ERR_STORE);
}
END_TEST

START_TEST(a_name_is_not_given_twice)
{
	struct provision p = provision_of(SECRET_B, 5);

	add("a", SECRET_A, 1);

	ck_assert_int_eq(wallet_add(w, "a", &p, &why), ROLLCODE_ERR_EXISTS);
	add("b", SECRET_B, 2);
	ck_assert_int_eq(wallet_rename(w, "b", "a", &why), ROLLCODE_ERR_EXISTS);

	ck_assert_uint_eq(counter_at("a"), 1);
	ck_assert_uint_eq(counter_at("b"), 2);
}
END_TEST

START_TEST(a_renamed_token_keeps_the_rest)
{
	add("a", SECRET_A, 1);
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);

	ck_assert_int_eq(wallet_rename(w, "a", "b", &why), ROLLCODE_OK);

	ck_assert_int_eq(wallet_spend(w, "b", 1, &entry, &why), ROLLCODE_OK);
	ck_assert(entry.preferred);
	ck_assert_mem_eq(entry.provision.token.secret.bytes, SECRET_A, 20);
	ck_assert_int_eq(
	    wallet_find(w, "a", &entry, &why), ROLLCODE_ERR_ABSENT);
}
END_TEST

static const char *const odd_names[] = {
    "",
    "-a",
    "a\n",
    "\x1b[31m",
    "\xc2\x9b",
    "\xff",
    "12345678901234567890123456789012345678901234567890123456789012345",
};

START_TEST(a_name_that_could_fool_a_terminal_is_refused)
{
	struct provision p = provision_of(SECRET_B, 5);

	add("a", SECRET_A, 1);

	ck_assert_int_eq(
	    wallet_add(w, odd_names[_i], &p, &why), ROLLCODE_ERR_INPUT);
	ck_assert_int_eq(
	    wallet_rename(w, "a", odd_names[_i], &why), ROLLCODE_ERR_INPUT);
}
END_TEST

START_TEST(tokens_are_listed_as_they_were_added_without_secrets)
{
	const struct secret none = {0};
	enum rollcode_err err;

	add("b", SECRET_B, 2);
	add("a", SECRET_A, 1);

	memset(&entry, 0, sizeof(entry));
	ck_assert(wallet_each(w, &entry, &err, &why));
	ck_assert_str_eq(entry.name, "b");
	ck_assert_mem_eq(&entry.provision.token.secret, &none, sizeof(none));
	ck_assert_uint_eq(entry.stored.len, 0);
	ck_assert(wallet_each(w, &entry, &err, &why));
	ck_assert_str_eq(entry.name, "a");
	ck_assert(!wallet_each(w, &entry, &err, &why));
	ck_assert_int_eq(err, ROLLCODE_OK);
	ck_assert_int_eq(entry.id, 0);
}
END_TEST

START_TEST(a_passphrase_keeps_secrets_out_of_the_file)
{
	add("a", SECRET_A, 1);

	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);
	add("b", SECRET_B, 2);

	ck_assert(wallet_protected(w));
	ck_assert(!file_has(SECRET_A));
	ck_assert(!file_has(SECRET_B));
	ck_assert(!file_has(PHRASE));
}
END_TEST

START_TEST(a_locked_store_spends_nothing_and_adds_nothing)
{
	struct provision p = provision_of(SECRET_B, 5);

	add("a", SECRET_A, 1);
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);
	reopen();

	ck_assert(wallet_locked(w));
	ck_assert_int_eq(
	    wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_ERR_INPUT);
	ck_assert_int_eq(
	    wallet_reveal(w, "a", &entry, &why), ROLLCODE_ERR_INPUT);
	ck_assert_int_eq(wallet_add(w, "b", &p, &why), ROLLCODE_ERR_INPUT);
	ck_assert_int_eq(wallet_protect(w, NULL, 0, &why), ROLLCODE_ERR_INPUT);

	ck_assert_uint_eq(counter_at("a"), 1);
}
END_TEST

START_TEST(only_the_right_passphrase_unlocks)
{
	add("a", SECRET_A, 1);
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);
	reopen();

	ck_assert_int_eq(
	    wallet_unlock(w, PHRASE "s", &why), ROLLCODE_ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(why.text, "passphrase is wrong"));
	ck_assert_ptr_null(strstr(why.text, PHRASE));
	ck_assert(wallet_locked(w));
	ck_assert_int_eq(wallet_unlock(w, PHRASE, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_OK);

	ck_assert_mem_eq(entry.provision.token.secret.bytes, SECRET_A, 20);
}
END_TEST

START_TEST(a_passphrase_can_be_changed_and_removed)
{
	add("a", SECRET_A, 1);
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);
	ck_assert_int_eq(
	    wallet_protect(w, "another one", LOG_N, &why), ROLLCODE_OK);
	reopen();

	ck_assert_int_eq(wallet_unlock(w, PHRASE, &why), ROLLCODE_ERR_INPUT);
	ck_assert_int_eq(wallet_unlock(w, "another one", &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_protect(w, NULL, 0, &why), ROLLCODE_OK);
	reopen();

	ck_assert(!wallet_protected(w));
	ck_assert_int_eq(wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_OK);
	ck_assert_mem_eq(entry.provision.token.secret.bytes, SECRET_A, 20);
}
END_TEST

START_TEST(a_short_passphrase_is_refused)
{
	ck_assert_int_eq(
	    wallet_protect(w, "1234567", LOG_N, &why), ROLLCODE_ERR_INPUT);
	ck_assert_int_eq(
	    wallet_protect(w, "", LOG_N, &why), ROLLCODE_ERR_INPUT);

	ck_assert(!wallet_protected(w));
}
END_TEST

START_TEST(an_empty_wallet_keeps_its_passphrase)
{
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);
	reopen();

	ck_assert_int_eq(
	    wallet_protect(w, "another one", LOG_N, &why), ROLLCODE_ERR_INPUT);
	ck_assert_int_eq(wallet_protect(w, NULL, 0, &why), ROLLCODE_ERR_INPUT);

	ck_assert_int_eq(wallet_unlock(w, PHRASE, &why), ROLLCODE_OK);
}
END_TEST

START_TEST(a_passphrase_of_8_bytes_is_taken)
{
	ck_assert_int_eq(
	    wallet_protect(w, "12345678", LOG_N, &why), ROLLCODE_OK);
}
END_TEST

/* Tokens as another program may add them, all at once. */
static void
many_tokens(int count)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
	    "SELECT i + 1 FROM n WHERE i < %d) "
	    "INSERT INTO token SELECT i, randomblob(16), 'n' || i, NULL, NULL, "
	    "NULL, NULL, 'hotp', 'SHA1', 6, 0, randomblob(20), 1, 0 "
	    "FROM n",
	    count);
	ck_assert_int_eq(meddle(sql), SQLITE_OK);
}

START_TEST(a_wallet_with_a_passphrase_has_1000_tokens_and_no_more)
{
	struct provision p = provision_of(SECRET_A, 0);

	many_tokens(1001);
	ck_assert_int_eq(
	    wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(why.text, "at most 1000 tokens"));
	ck_assert_int_eq(wallet_remove(w, "n1", &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);

	ck_assert_int_eq(wallet_add(w, "a", &p, &why), ROLLCODE_ERR_INPUT);
	ck_assert_int_eq(
	    wallet_spend(w, "n1001", 1, &entry, &why), ROLLCODE_OK);
	reopen();
	ck_assert_int_eq(wallet_unlock(w, PHRASE, &why), ROLLCODE_OK);
}
END_TEST

/* Each makes another token out of a sealed one. */
static const char *const swaps[] = {
    "UPDATE token SET secret = (SELECT secret FROM token "
    "WHERE name = 'b') WHERE name = 'a'",
    "UPDATE token SET uid = x'00112233445566778899aabbccddeeff' "
    "WHERE name = 'a'",
    "UPDATE token SET digits = 6 WHERE name = 'a'",
    "UPDATE token SET algorithm = 'SHA1' WHERE name = 'a'",
    "UPDATE token SET form = 'hex', digits = 64 WHERE name = 'a'",
    "UPDATE token SET secret = x'01' WHERE name = 'a'",
};

START_TEST(a_sealed_secret_opens_only_in_its_own_row)
{
	add("a", SECRET_A, 1);
	add("b", SECRET_B, 1);
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);

	ck_assert_int_eq(meddle(swaps[_i]), SQLITE_OK);

	ck_assert_int_eq(
	    wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_ERR_STORE);
	ck_assert_uint_eq(counter_at("a"), 1);
}
END_TEST

/* What somebody without the passphrase writes, so that sealed passes for plain.
 */
static const char *const unsealed[] = {
    "UPDATE wallet SET log_n = 0",
    "UPDATE wallet SET log_n = 0, salt = zeroblob(16)",
    "UPDATE wallet SET log_n = 0, salt = zeroblob(16), proof = x'00'",
    "UPDATE wallet SET log_n = 0, salt = x'00', proof = x'00'; "
    "UPDATE token SET secret = 'x' || hex(zeroblob(10)) WHERE name = 'a'",
    "UPDATE wallet SET log_n = 0, salt = x'00', proof = x'00'; "
    "UPDATE token SET secret = zeroblob(20) WHERE name = 'a'",
};

START_TEST(what_is_sealed_never_passes_for_plain)
{
	struct provision p = provision_of(SECRET_A, 5);

	add("a", SECRET_A, 1);
	add("b", SECRET_B, 1);
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);
	ck_assert_int_eq(meddle(unsealed[_i]), SQLITE_OK);
	reopen();

	ck_assert_int_eq(
	    wallet_spend(w, "b", 1, &entry, &why), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(why.text, "another program changed it"));
	ck_assert_int_eq(
	    wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_ERR_STORE);
	ck_assert_int_eq(
	    wallet_reveal(w, "b", &entry, &why), ROLLCODE_ERR_STORE);
	ck_assert_int_eq(wallet_add(w, "c", &p, &why), ROLLCODE_ERR_STORE);
	ck_assert_int_eq(
	    wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_ERR_STORE);
	ck_assert(!file_has(SECRET_A));
}
END_TEST

START_TEST(a_store_sealed_meanwhile_is_not_read_as_plain)
{
	struct wallet *other = NULL;

	add("a", SECRET_A, 1);
	ck_assert_int_eq(wallet_open(&other, path, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);

	ck_assert_int_ne(wallet_reveal(other, "a", &entry, &why), ROLLCODE_OK);

	wallet_close(&other);
}
END_TEST

START_TEST(a_plain_secret_that_looks_sealed_wants_a_passphrase)
{
	struct provision p = provision_of(SECRET_A, 5);

	p.token.secret.len = 45;
	p.token.secret.bytes[0] = 1;
	ck_assert_int_eq(wallet_add(w, "a", &p, &why), ROLLCODE_ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(why.text, "rollcode-token passwd"));
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);

	ck_assert_int_eq(wallet_add(w, "a", &p, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_protect(w, NULL, 0, &why), ROLLCODE_ERR_INPUT);
	ck_assert_int_eq(wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_OK);
}
END_TEST

static const char *const costs[] = {"1", "9", "19", "20", "31", "-1"};

START_TEST(a_store_that_asks_for_another_cost_is_refused)
{
	char sql[64];

	add("a", SECRET_A, 1);
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);
	snprintf(sql, sizeof(sql), "UPDATE wallet SET log_n = %s", costs[_i]);
	ck_assert_int_eq(meddle(sql), SQLITE_OK);
	wallet_close(&w);

	ck_assert_int_eq(wallet_open(&w, path, &why), ROLLCODE_ERR_STORE);
}
END_TEST

START_TEST(a_passphrase_changed_meanwhile_stops_the_other_user)
{
	struct wallet *other = NULL;

	add("a", SECRET_A, 1);
	ck_assert_int_eq(wallet_open(&other, path, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);

	ck_assert_int_eq(
	    wallet_spend(other, "a", 1, &entry, &why), ROLLCODE_ERR_UNAVAIL);
	ck_assert_ptr_nonnull(strstr(why.text, "try again"));
	ck_assert_uint_eq(counter_at("a"), 1);

	wallet_close(&other);
}
END_TEST

START_TEST(another_passphrase_set_meanwhile_stops_the_other_user)
{
	struct wallet *other = NULL;

	add("a", SECRET_A, 1);
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_open(&other, path, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_unlock(other, PHRASE, &why), ROLLCODE_OK);
	ck_assert_int_eq(
	    wallet_protect(w, "another one", LOG_N, &why), ROLLCODE_OK);

	ck_assert_int_eq(
	    wallet_spend(other, "a", 1, &entry, &why), ROLLCODE_ERR_UNAVAIL);
	ck_assert_int_eq(
	    wallet_skip(other, "a", 1, &entry, &why), ROLLCODE_ERR_UNAVAIL);

	wallet_close(&other);
}
END_TEST

START_TEST(two_users_of_a_sealed_wallet_undo_nothing_of_each_other)
{
	struct wallet *other = NULL;

	add("a", SECRET_A, 1);
	add("b", SECRET_B, 1);
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_open(&other, path, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_unlock(other, PHRASE, &why), ROLLCODE_OK);

	ck_assert_int_eq(wallet_rename(w, "b", "c", &why), ROLLCODE_OK);
	ck_assert_int_eq(
	    wallet_spend(other, "a", 1, &entry, &why), ROLLCODE_OK);
	reopen();
	ck_assert_int_eq(wallet_unlock(w, PHRASE, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_spend(w, "c", 1, &entry, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_OK);
	ck_assert_uint_eq(entry.provision.token.counter, 2);

	wallet_close(&other);
}
END_TEST

START_TEST(the_dearest_cost_that_a_wallet_may_ask_for_is_taken)
{
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);
	ck_assert_int_eq(meddle("UPDATE wallet SET log_n = 18"), SQLITE_OK);

	reopen();

	ck_assert(wallet_locked(w));
}
END_TEST

/* --- a sealed store that somebody edits ----------------------------------- */

/* What gives a, or the default, another meaning; and what is said. */
static const struct {
	const char *sql, *name, *says;
} edits[] = {
    {BACK, "a", "skip a -n 1"},
    {"UPDATE token SET binding = 'alice@evil:22' WHERE name = 'a'", "a",
	"bind a"},
    {"UPDATE token SET binding = NULL WHERE name = 'a'", "a", "bind a"},
    {"UPDATE token SET name = 'x' WHERE name = 'a'; "
     "UPDATE token SET name = 'a' WHERE name = 'b'",
	"a", "rename"},
    {"UPDATE wallet SET preferred = 2", NULL, "default NAME"},
    {"INSERT INTO token SELECT 9, zeroblob(16), 'c', issuer, account, label, "
     "NULL, form, algorithm, digits, counter, secret, created, used "
     "FROM token WHERE name = 'a'",
	"c", "remove c"},
};

START_TEST(what_was_edited_without_the_passphrase_is_refused)
{
	sealed_pair();
	reopen();

	ck_assert_int_eq(meddle(edits[_i].sql), SQLITE_OK);
	ck_assert_int_eq(wallet_unlock(w, PHRASE, &why), ROLLCODE_OK);

	ck_assert_int_eq(wallet_spend(w, edits[_i].name, 1, &entry, &why),
	    ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(why.text, edits[_i].says));
	ck_assert_int_eq(
	    wallet_reveal(w, edits[_i].name, &entry, &why), ROLLCODE_ERR_STORE);
	reopen();
	ck_assert_int_eq(wallet_unlock(w, PHRASE, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_spend(w, edits[_i].name, 1, &entry, &why),
	    ROLLCODE_ERR_STORE);
}
END_TEST

START_TEST(no_other_change_makes_an_edit_good)
{
	sealed_pair();
	ck_assert_int_eq(meddle(edits[_i].sql), SQLITE_OK);

	ck_assert_int_eq(wallet_rename(w, "b", "d", &why),
	    _i == 3 ? ROLLCODE_ERR_ABSENT : ROLLCODE_OK);
	(void)!wallet_spend(w, "d", 1, &entry, &why);
	ck_assert_int_eq(wallet_spend(w, edits[_i].name, 1, &entry, &why),
	    ROLLCODE_ERR_STORE);
}
END_TEST

START_TEST(the_remedies_of_an_edit_are_remedies)
{
	char *where[] = {(char[]){"alice@host:22"}, NULL};

	sealed_pair();
	ck_assert_int_eq(meddle(BACK), SQLITE_OK);
	ck_assert_int_eq(meddle(edits[1].sql), SQLITE_OK);
	ck_assert_int_eq(meddle(edits[4].sql), SQLITE_OK);

	ck_assert_int_eq(wallet_skip(w, "a", 1, &entry, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_bind(w, "a", where, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_prefer(w, "a", &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_spend(w, NULL, 1, &entry, &why), ROLLCODE_OK);
	ck_assert_uint_eq(entry.provision.token.counter, 12);
}
END_TEST

START_TEST(no_passphrase_is_set_over_an_edit)
{
	sealed_pair();
	ck_assert_int_eq(meddle(edits[_i].sql), SQLITE_OK);

	/* The default alone is no row: it is then chosen again. */
	ck_assert_int_eq(wallet_protect(w, "another one", LOG_N, &why),
	    edits[_i].name == NULL ? ROLLCODE_OK : ROLLCODE_ERR_STORE);
	ck_assert_int_eq(wallet_spend(w, edits[_i].name, 1, &entry, &why),
	    ROLLCODE_ERR_STORE);
}
END_TEST

START_TEST(a_removed_row_that_comes_back_is_refused)
{
	sealed_pair();
	ck_assert_int_eq(meddle("CREATE TABLE kept AS SELECT * FROM token "
				"WHERE name = 'b'"),
	    SQLITE_OK);
	ck_assert_int_eq(wallet_remove(w, "b", &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_OK);
	ck_assert_int_eq(
	    meddle("INSERT INTO token SELECT * FROM kept; DROP TABLE kept"),
	    SQLITE_OK);

	ck_assert_int_eq(
	    wallet_spend(w, "b", 1, &entry, &why), ROLLCODE_ERR_STORE);
	ck_assert_int_eq(wallet_rename(w, "b", "c", &why), ROLLCODE_ERR_STORE);
	ck_assert_int_eq(bind_to("b", "ann@one"), ROLLCODE_ERR_STORE);
}
END_TEST

START_TEST(without_the_passphrase_counters_rise_and_tokens_go_only)
{
	char *where[] = {(char[]){"alice@host:22"}, NULL};

	sealed_pair();
	reopen();

	ck_assert_int_eq(wallet_skip(w, "a", 4, &entry, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_remove(w, "b", &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_bind(w, "a", where, &why), ROLLCODE_ERR_INPUT);
	ck_assert_int_eq(wallet_rename(w, "a", "z", &why), ROLLCODE_ERR_INPUT);
	ck_assert_int_eq(wallet_prefer(w, "a", &why), ROLLCODE_ERR_INPUT);

	ck_assert_int_eq(wallet_unlock(w, PHRASE, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_spend(w, NULL, 1, &entry, &why), ROLLCODE_OK);
	ck_assert_uint_eq(entry.provision.token.counter, 16);
}
END_TEST

START_TEST(all_that_the_passphrase_allows_stays_good)
{
	char *where[] = {(char[]){"alice@host:2222"}, NULL};
	struct provision p = provision_of("CCCCCCCCCCCCCCCCCCCC", 2);

	sealed_pair();
	ck_assert_int_eq(wallet_add(w, "c", &p, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_rename(w, "a", "d", &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_bind(w, "d", where, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_prefer(w, "c", &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_skip(w, "b", 4, &entry, &why), ROLLCODE_OK);
	reopen();

	ck_assert_int_eq(wallet_unlock(w, PHRASE, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_spend(w, NULL, 1, &entry, &why), ROLLCODE_OK);
	ck_assert_str_eq(entry.name, "c");
	ck_assert_int_eq(wallet_spend(w, "d", 1, &entry, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_spend(w, "b", 1, &entry, &why), ROLLCODE_OK);
	ck_assert_uint_eq(entry.provision.token.counter, 7);
	ck_assert_int_eq(
	    wallet_protect(w, "another one", LOG_N, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_spend(w, NULL, 1, &entry, &why), ROLLCODE_OK);
}
END_TEST

/* As version 0.1.0 sealed the two tokens of sealed_pair(). */
#define EARLIER                                                              \
	"DELETE FROM token; "                                                \
	"UPDATE wallet SET store = x'28D386C7C2133909F3518097753FCB82', "    \
	"log_n = 10, salt = x'5B1FD557640194A5B8AAC7BBE4D172D4', "           \
	"preferred = 1, proof = x'0157DE2A655C1751AB3F877F7E38EC65BD339DB47" \
	"30C74F20F3CF6F3D7A9BF8D133D8058265C7F4C35DB3DD7C4'; "               \
	"INSERT INTO token VALUES (1, x'F0C736EEA6864EA95D9411D8D50D1219', " \
	"'a', 'web', NULL, NULL, 'alice@host:22', 'hotp', 'SHA256', 8, 7, "  \
	"x'01877E16E157D6D9716F84C6C0A21C5C41EE9EFC5F1EFAB4F9216359D8E61B1"  \
	"0AF9DEB60C0A2C004EFB4984A1A669A71C6', 1, 0); "                      \
	"INSERT INTO token VALUES (2, x'3DA9496C630EC4693FF6A0B0389607BE', " \
	"'b', 'web', NULL, NULL, NULL, 'hotp', 'SHA256', 8, 3, "             \
	"x'012467E2EA59DA75636559FD578FF0AEA58432F7BA55857E70E2FAC54151D6B"  \
	"65C642049D4949E08AEA949224A0BE6B0B2', 1, 0)"

START_TEST(a_sealed_store_of_before_goes_on_and_is_brought_up)
{
	ck_assert_int_eq(meddle(EARLIER), SQLITE_OK);
	reopen();

	ck_assert_int_eq(wallet_unlock(w, PHRASE, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_spend(w, NULL, 5, &entry, &why), ROLLCODE_OK);
	ck_assert_uint_eq(entry.provision.token.counter, 7);
	ck_assert_mem_eq(entry.provision.token.secret.bytes, SECRET_A, 20);
	ck_assert_int_eq(wallet_spend(w, "b", 1, &entry, &why), ROLLCODE_OK);
	ck_assert_mem_eq(entry.provision.token.secret.bytes, SECRET_B, 20);
	reopen();

	ck_assert_int_eq(wallet_unlock(w, PHRASE, &why), ROLLCODE_OK);
	ck_assert_int_eq(meddle(BACK), SQLITE_OK);
	ck_assert_int_eq(
	    wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_ERR_STORE);
}
END_TEST

/* Pieces of the store before it was brought up do not make it one again. */
static const char *const pieces[] = {
    "UPDATE wallet SET proof = x'0157DE2A655C1751AB3F877F7E38EC65BD339DB47"
    "30C74F20F3CF6F3D7A9BF8D133D8058265C7F4C35DB3DD7C4'",
    "UPDATE token SET secret = x'01877E16E157D6D9716F84C6C0A21C5C41EE9EFC5F"
    "1EFAB4F9216359D8E61B10AF9DEB60C0A2C004EFB4984A1A669A71C6' "
    "WHERE name = 'a'",
};

START_TEST(no_part_of_the_format_before_disables_the_check)
{
	ck_assert_int_eq(meddle(EARLIER), SQLITE_OK);
	reopen();
	ck_assert_int_eq(wallet_unlock(w, PHRASE, &why), ROLLCODE_OK);
	ck_assert_int_eq(meddle(pieces[_i]), SQLITE_OK);
	reopen();

	ck_assert_int_eq(wallet_unlock(w, PHRASE, &why), ROLLCODE_OK);
	ck_assert_int_eq(
	    wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_ERR_STORE);
}
END_TEST

START_TEST(a_row_of_before_that_does_not_open_stops_no_other)
{
	ck_assert_int_eq(meddle(EARLIER), SQLITE_OK);
	ck_assert_int_eq(
	    meddle("UPDATE token SET secret = x'01' WHERE name = 'b'"),
	    SQLITE_OK);
	reopen();

	ck_assert_int_eq(wallet_unlock(w, PHRASE, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_OK);
	ck_assert_int_eq(
	    wallet_spend(w, "b", 1, &entry, &why), ROLLCODE_ERR_STORE);
}
END_TEST

START_TEST(a_copied_store_is_noticed_once)
{
	add("a", SECRET_A, 1);
	ck_assert_int_eq(wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_OK);
	ck_assert(!wallet_copied(w));
	replace_with("cp -p token.db x && mv x token.db");

	ck_assert_int_eq(wallet_open(&w, path, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_OK);
	ck_assert(wallet_copied(w));
	reopen();
	ck_assert_int_eq(wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_OK);
	ck_assert(!wallet_copied(w));
}
END_TEST

static const struct {
	const char *command, *says;
} bad_files[] = {
    {"chmod 644 token.db", "has mode 0644"},
    {"mv token.db x && ln -s x token.db", "not a regular file"},
    {"ln token.db x", "one hard link"},
    {"rm token.db && mkdir -m 600 token.db", "not a regular file"},
    {": >token.db", "is not a wallet"},
    {"head -c 5000 /dev/zero >token.db", "not a database"},
    {"sqlite3 token.db 'CREATE TABLE x(y)'", "schema was changed"},
    {"sqlite3 token.db 'DROP TRIGGER counter_forward'", "incomplete"},
    {"sqlite3 token.db 'PRAGMA user_version = 3'", "newer version"},
    {"sqlite3 token.db 'PRAGMA user_version = 1'", "older version"},
    {"sqlite3 token.db 'DELETE FROM wallet'", "first row"},
};

START_TEST(a_file_that_is_not_ours_alone_is_refused)
{
	if (strncmp(bad_files[_i].command, "sqlite3", 7) == 0 &&
	    system("command -v sqlite3 >/dev/null") != 0)
		return;
	replace_with(bad_files[_i].command);

	ck_assert_int_eq(wallet_open(&w, path, &why), ROLLCODE_ERR_STORE);

	ck_assert_msg(strstr(why.text, bad_files[_i].says) != NULL,
	    "\"%s\" does not say \"%s\"", why.text, bad_files[_i].says);
}
END_TEST

START_TEST(a_store_that_is_not_there_is_named_with_the_remedy)
{
	replace_with("rm token.db");

	ck_assert_int_eq(wallet_open(&w, path, &why), ROLLCODE_ERR_ABSENT);

	ck_assert_ptr_nonnull(strstr(why.text, path));
	ck_assert_ptr_nonnull(strstr(why.text, "rollcode-token add"));
}
END_TEST

START_TEST(what_a_killed_creation_left_is_in_nobodys_way)
{
	struct stat st;

	replace_with(
	    "mv token.db token.db.new && echo x >token.db.new-journal");

	ck_assert_int_eq(wallet_create(path, &why), ROLLCODE_OK);

	ck_assert_int_eq(wallet_open(&w, path, &why), ROLLCODE_OK);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	replace_with("test \"$(ls)\" = token.db");
}
END_TEST

START_TEST(a_stray_journal_is_not_rolled_into_a_new_store)
{
	replace_with("mv token.db token.db-journal");

	ck_assert_int_eq(wallet_create(path, &why), ROLLCODE_ERR_STORE);

	ck_assert_ptr_nonnull(strstr(why.text, "token.db-journal"));
}
END_TEST

static const char *
journal(void)
{
	static char name[sizeof(path) + 16];

	snprintf(name, sizeof(name), "%s-journal", path);
	return name;
}

/* Nothing but the zeros of a header. */
static bool
journal_is_zeros(void)
{
	static const char zeros[28];
	char read[sizeof(zeros) + 1];
	FILE *file = fopen(journal(), "rb");
	size_t len;

	if (file == NULL)
		return false;
	len = fread(read, 1, sizeof(read), file);
	ck_assert_int_eq(fclose(file), 0);
	return len == sizeof(zeros) && memcmp(read, zeros, len) == 0;
}

START_TEST(a_use_of_codes_leaves_a_journal_of_zeros_alone)
{
	const struct asker ssh = {.pid = 7, .start = 100};

	add("a", SECRET_A, 7);
	ck_assert_int_eq(bind_to("a", "ann@one"), ROLLCODE_OK);
	ck_assert_int_ne(access(journal(), F_OK), 0);

	for (int sealed = 0; sealed < 2; sealed++) {
		for (int i = 0; i < 3; i++) {
			ck_assert_int_eq(
			    wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_OK);
			ck_assert(journal_is_zeros());
		}
		ck_assert_int_eq(
		    wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);
		ck_assert_int_ne(access(journal(), F_OK), 0);
	}
	ck_assert_int_eq(ask("ann@one", 22, &ssh), ROLLCODE_OK);
	ck_assert(journal_is_zeros());
	ck_assert_int_eq(
	    wallet_spend(w, "a", INT64_MAX, &entry, &why), ROLLCODE_ERR_INPUT);
	ck_assert(journal_is_zeros());
}
END_TEST

/* What changes a wallet, but for uses of codes. */
static enum rollcode_err
change_of(int kind)
{
	struct provision p = provision_of("CCCCCCCCCCCCCCCCCCCC", 1);

	switch (kind) {
	case 0:
		return wallet_add(w, "c", &p, &why);
	case 1:
		return wallet_rename(w, "a", "c", &why);
	case 2:
		return bind_to("a", "ann@one");
	case 3:
		return wallet_prefer(w, "b", &why);
	case 4:
		return wallet_skip(w, "a", 1, &entry, &why);
	case 5:
		return wallet_protect(w, PHRASE, LOG_N, &why);
	default:
		return wallet_remove(w, "a", &why);
	}
}

START_TEST(every_other_change_takes_the_journal_away)
{
	for (int same = 0; same < 2; same++) {
		replace_with("rm -f token.db*");
		ck_assert_int_eq(wallet_create(path, &why), ROLLCODE_OK);
		reopen();
		add("a", SECRET_A, 7);
		add("b", SECRET_B, 7);
		ck_assert_int_eq(
		    wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_OK);
		ck_assert(journal_is_zeros());
		if (same == 0)
			reopen();

		ck_assert_int_eq(change_of(_i), ROLLCODE_OK);

		ck_assert_int_ne(access(journal(), F_OK), 0);
	}
}
END_TEST

START_TEST(a_journal_that_rolls_nothing_back_is_in_nobodys_way)
{
	add("a", SECRET_A, 7);
	ck_assert_int_eq(wallet_spend(w, "a", 1, &entry, &why), ROLLCODE_OK);
	replace_with("rm token.db && echo rest >>token.db-journal");

	ck_assert_int_eq(wallet_create(path, &why), ROLLCODE_OK);

	reopen();
	replace_with("test \"$(ls)\" = token.db");
}
END_TEST

/* None of these is the header that a use of codes leaves. */
static const char *const strays[] = {
    ": >token.db-journal",
    "head -c 27 /dev/zero >token.db-journal",
    "{ head -c 27 /dev/zero; echo; } >token.db-journal",
    "{ echo; head -c 27 /dev/zero; } >token.db-journal",
    "head -c 28 /dev/zero >zeros; ln -s zeros token.db-journal",
};

START_TEST(a_journal_that_is_anything_else_stays)
{
	char line[128];

	snprintf(line, sizeof(line), "rm token.db; %s", strays[_i]);
	replace_with(line);

	ck_assert_int_eq(wallet_create(path, &why), ROLLCODE_ERR_STORE);

	ck_assert_ptr_nonnull(strstr(why.text, "token.db-journal"));
	replace_with("ls -d token.db-journal >/dev/null");
}
END_TEST

START_TEST(a_store_that_is_there_is_not_made_anew)
{
	add("a", SECRET_A, 1);

	ck_assert_int_eq(wallet_create(path, &why), ROLLCODE_OK);

	ck_assert_uint_eq(counter_at("a"), 1);
}
END_TEST

/* --- imports ----------------------------------------------------------------
 */

static enum rollcode_err
import_of(const struct provision *p, bool force, size_t merged[MERGE_KINDS])
{
	struct import_entry one = {.file = "f", .line = 1, .provision = *p};
	const struct import_list list = {.entries = &one, .count = 1};

	return wallet_import(w, &list, force, merged, &why);
}

START_TEST(an_import_moves_a_counter_back_by_force_alone)
{
	struct provision p = provision_of(SECRET_A, 5);
	size_t merged[MERGE_KINDS];

	sealed_pair();
	ck_assert_int_eq(import_of(&p, false, merged), ROLLCODE_OK);
	ck_assert_uint_eq(merged[MERGE_KEPT], 1);
	ck_assert_uint_eq(counter_at("a"), 12);

	ck_assert_int_eq(import_of(&p, true, merged), ROLLCODE_OK);
	ck_assert_uint_eq(merged[MERGE_LOWERED], 1);
	reopen();
	ck_assert_int_eq(wallet_unlock(w, PHRASE, &why), ROLLCODE_OK);
	ck_assert_int_eq(wallet_spend(w, NULL, 1, &entry, &why), ROLLCODE_OK);
	ck_assert_str_eq(entry.name, "a");
	ck_assert_uint_eq(entry.provision.token.counter, 5);
	ck_assert_str_eq(entry.binding, "alice@host:22");
}
END_TEST

START_TEST(an_import_makes_no_other_kind_of_a_token)
{
	struct provision p = provision_of(SECRET_A, 50);
	size_t merged[MERGE_KINDS];

	add("a", SECRET_A, 5);
	p.token.digits = 6;

	ck_assert_int_eq(import_of(&p, true, merged), ROLLCODE_ERR_EXISTS);

	ck_assert_ptr_nonnull(strstr(why.text, "f: line 1: "));
	ck_assert_uint_eq(counter_at("a"), 5);
}
END_TEST

static const struct {
	const char *name, *second;
} long_names[] = {
    {"web", "web-2"},
    {"1234567890123456789012345678901234567890123456789012345678901234",
	"1234567890123456789012345678901234567890123456789012345678-2"},
    {"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
     "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
     "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
     "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
     "\xe2\x82\xac",
	"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
	"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
	"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
	"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac-2"},
};

START_TEST(a_name_that_is_taken_gets_a_number_at_its_end)
{
	struct provision p = provision_of(SECRET_A, 5);
	size_t merged[MERGE_KINDS];

	snprintf(p.issuer, sizeof(p.issuer), "%s", long_names[_i].name);
	ck_assert_int_eq(import_of(&p, false, merged), ROLLCODE_OK);
	p.token.secret.bytes[0] = 'x';
	ck_assert_msg(
	    import_of(&p, false, merged) == ROLLCODE_OK, "%s", why.text);

	ck_assert_uint_eq(merged[MERGE_ADDED], 1);
	ck_assert_uint_eq(counter_at(long_names[_i].name), 5);
	ck_assert_uint_eq(counter_at(long_names[_i].second), 5);
}
END_TEST

static char where[PATH_MAX];

static const struct {
	const char *home, *data, *below;
} places[] = {
    {"home", NULL, "home/.local/share/rollcode/token.db"},
    {"home", "", "home/.local/share/rollcode/token.db"},
    {"home", "data", "data/rollcode/token.db"},
    {NULL, "data", "data/rollcode/token.db"},
    {"link", NULL, "home/.local/share/rollcode/token.db"},
};

static void
set_variable(const char *name, const char *value)
{
	char full[160];

	unsetenv(name);
	if (value == NULL)
		return;
	snprintf(full, sizeof(full), "%s/%s", directory, value);
	setenv(name, *value == '\0' ? "" : full, 1);
}

START_TEST(the_store_lies_where_the_person_keeps_data)
{
	char want[256];
	struct stat st;

	snprintf(want, sizeof(want), "%s/%s", directory, places[_i].below);
	replace_with("mkdir home data && ln -s home link");
	set_variable("HOME", places[_i].home);
	set_variable("XDG_DATA_HOME", places[_i].data);

	ck_assert_int_eq(wallet_locate(where, "", true, &why), ROLLCODE_OK);

	ck_assert_str_eq(where, want);
	*strrchr(want, '/') = '\0';
	ck_assert_int_eq(stat(want, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
}
END_TEST

static const struct {
	const char *home, *data;
} nowhere[] = {
    {NULL, NULL},
    {"", ""},
    {"relative", NULL},
    {"/nonexistent", "relative"},
};

START_TEST(without_home_the_remedy_is_named)
{
	unsetenv("HOME");
	unsetenv("XDG_DATA_HOME");
	if (nowhere[_i].home != NULL)
		setenv("HOME", nowhere[_i].home, 1);
	if (nowhere[_i].data != NULL)
		setenv("XDG_DATA_HOME", nowhere[_i].data, 1);

	ck_assert_int_eq(
	    wallet_locate(where, "", true, &why), ROLLCODE_ERR_CONFIG);

	ck_assert_ptr_nonnull(strstr(why.text, "--store FILE"));
}
END_TEST

START_TEST(a_directory_that_others_may_write_is_refused)
{
	replace_with("mkdir d && chmod 777 d && mkdir t && chmod 1777 t");
	snprintf(path, sizeof(path), "%s/d/token.db", directory);

	ck_assert_int_eq(
	    wallet_locate(where, path, false, &why), ROLLCODE_ERR_STORE);
	ck_assert_ptr_eq(strstr(why.fix, "chmod go-w /"), why.fix);
	snprintf(path, sizeof(path), "%s/t/token.db", directory);
	ck_assert_int_eq(
	    wallet_locate(where, path, false, &why), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(why.text, "a directory of your own"));
}
END_TEST

START_TEST(a_path_that_does_not_fit_is_refused_and_never_cut)
{
	static char longest[PATH_MAX + 1];
	int len = snprintf(longest, sizeof(longest), "%s", directory);

	memset(longest + len, '/', sizeof(longest) - (size_t)len);
	memcpy(longest + PATH_MAX - 1 - 8, "token.db", 9);
	ck_assert_int_eq(
	    wallet_locate(where, longest, false, &why), ROLLCODE_OK);
	ck_assert_str_eq(where, path);

	longest[PATH_MAX - 1] = 'x';
	longest[PATH_MAX] = '\0';
	ck_assert_int_eq(
	    wallet_locate(where, longest, false, &why), ROLLCODE_ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(why.text, "is longer than"));
}
END_TEST

/* The directory of the store is a/b/d; the one at fault is below. */
static const struct {
	const char *command, *below, *says;
} bad_ancestors[] = {
    {"chmod 775 a", "/a", "fix: chmod go-w "},
    {"chmod 757 a/b", "/a/b", "fix: chmod go-w "},
    {"chmod 777 a/b && ln -s a/b link", "/a/b", "fix: chmod go-w "},
    {"chmod 775 .", "", "fix: chmod go-w "},
    {"chown 4001 a/b", "/a/b", "belongs to uid 4001"},
    {"chown 4001 .", "", "belongs to uid 4001"},
    {"chown 4001 a && chmod 1755 a", "/a", "belongs to uid 4001"},
    {"chmod 1777 a && chown 4001 a/b", "/a/b", "belongs to uid 4001"},
};

static enum rollcode_err
place_below(const char *command)
{
	struct stat st;

	replace_with("mkdir -p a/b/d");
	replace_with(command);
	snprintf(path, sizeof(path), "%s/link", directory);
	snprintf(path, sizeof(path), "%s/%s/token.db", directory,
	    lstat(path, &st) == 0 ? "link/d" : "a/b/d");
	return wallet_locate(where, path, false, &why);
}

START_TEST(a_directory_above_that_others_may_change_is_named)
{
	char want[128], said[ERROR_SAID_MAX];

	if (strstr(bad_ancestors[_i].command, "chown") != NULL &&
	    geteuid() != 0)
		return;

	ck_assert_int_eq(
	    place_below(bad_ancestors[_i].command), ROLLCODE_ERR_STORE);

	snprintf(
	    want, sizeof(want), "%s%s: ", directory, bad_ancestors[_i].below);
	error_say(&why, ROLLCODE_ERR_STORE, PLAIN_TEXT, said);
	ck_assert_msg(strncmp(said, want, strlen(want)) == 0 &&
			  strstr(said, bad_ancestors[_i].says) != NULL,
	    "\"%s\" does not say \"%s\" of %s", said, bad_ancestors[_i].says,
	    want);
}
END_TEST

static const char *const good_ancestors[] = {
    "chmod 755 a",
    "chmod 711 a && chmod 750 a/b",
    "chmod 1777 a",
    "chmod 2755 a/b",
    "ln -s a/b link",
};

START_TEST(usual_directories_above_are_accepted)
{
	enum rollcode_err err = place_below(good_ancestors[_i]);

	ck_assert_msg(err == ROLLCODE_OK, "%s", why.text);
}
END_TEST

START_TEST(looking_makes_no_directory)
{
	snprintf(path, sizeof(path), "%s/new/deep/token.db", directory);

	ck_assert_int_eq(
	    wallet_locate(where, path, false, &why), ROLLCODE_ERR_ABSENT);
	ck_assert_ptr_nonnull(strstr(why.text, "rollcode-token add"));
	ck_assert_int_eq(wallet_locate(where, path, true, &why), ROLLCODE_OK);
}
END_TEST

static void
counters(TCase *tc)
{
	tcase_add_test(
	    tc, a_spent_counter_is_in_the_file_when_the_code_can_be_made);
	tcase_add_test(tc, two_users_of_one_store_never_get_the_same_counter);
	tcase_add_test(tc, a_counter_never_moves_backward);
	tcase_add_test(tc, a_token_ends_and_never_wraps);
	tcase_add_test(tc, skipping_moves_forward_and_gives_no_secret);
	tcase_add_test(tc, a_copied_store_is_noticed_once);
}

static void
prompts(TCase *tc)
{
	tcase_add_test(tc, a_process_gets_one_code_of_whatever_token);
	tcase_add_test(tc, a_binding_is_a_whole_word_and_never_the_default);
	tcase_add_loop_test(
	    tc, a_binding_is_answered_at_its_port_alone, 0, COUNT(bindings));
	tcase_add_loop_test(
	    tc, what_is_no_binding_is_refused, 0, COUNT(no_bindings));
	tcase_add_test(tc, a_binding_of_before_is_for_port_22_and_for_a_proxy);
	tcase_add_test(tc, two_tokens_share_a_host_and_no_port);
	tcase_add_test(tc, another_port_is_named_with_the_remedy);
	tcase_add_test(tc, what_cannot_be_spent_is_not_noted);
	tcase_add_test(tc, the_latest_256_processes_are_remembered);
	tcase_add_test(tc, each_of_several_bindings_is_answered);
	tcase_add_test(tc, without_a_word_a_token_is_bound_no_longer);
	tcase_add_test(tc, bindings_that_do_not_fit_are_refused_and_never_cut);
	tcase_add_test(tc, an_answer_that_fails_gives_nothing);
}

static void
tokens(TCase *tc)
{
	tcase_add_test(tc, the_first_token_is_the_default);
	tcase_add_test(tc, a_single_token_that_is_left_becomes_the_default);
	tcase_add_test(tc, among_several_no_other_default_is_chosen);
	tcase_add_test(tc, a_removed_secret_is_gone_from_the_file);
	tcase_add_test(tc, one_secret_is_not_added_twice);
	tcase_add_test(tc, no_later_token_is_the_default_that_was_removed);
	tcase_add_test(tc, a_secret_that_begins_like_another_is_another);
	tcase_add_test(tc, a_token_without_a_code_is_not_added);
	tcase_add_test(tc, a_look_at_a_token_gives_nothing_of_its_secret);
	tcase_add_loop_test(tc,
	    a_row_that_the_wallet_would_not_write_is_refused, 0,
	    COUNT(odd_rows));
	tcase_add_test(tc, a_name_is_not_given_twice);
	tcase_add_test(tc, a_renamed_token_keeps_the_rest);
	tcase_add_loop_test(tc, a_name_that_could_fool_a_terminal_is_refused, 0,
	    COUNT(odd_names));
	tcase_add_test(
	    tc, tokens_are_listed_as_they_were_added_without_secrets);
}

static void
edited(TCase *tc)
{
	tcase_add_loop_test(tc,
	    what_was_edited_without_the_passphrase_is_refused, 0, COUNT(edits));
	tcase_add_loop_test(
	    tc, no_other_change_makes_an_edit_good, 0, COUNT(edits));
	tcase_add_test(tc, the_remedies_of_an_edit_are_remedies);
	tcase_add_loop_test(
	    tc, no_passphrase_is_set_over_an_edit, 0, COUNT(edits));
	tcase_add_test(tc, a_removed_row_that_comes_back_is_refused);
	tcase_add_test(
	    tc, without_the_passphrase_counters_rise_and_tokens_go_only);
	tcase_add_test(tc, all_that_the_passphrase_allows_stays_good);
	tcase_add_test(tc, a_sealed_store_of_before_goes_on_and_is_brought_up);
	tcase_add_loop_test(tc, no_part_of_the_format_before_disables_the_check,
	    0, COUNT(pieces));
	tcase_add_test(tc, a_row_of_before_that_does_not_open_stops_no_other);
}

static void
passphrases(TCase *tc)
{
	tcase_add_test(tc, a_passphrase_keeps_secrets_out_of_the_file);
	tcase_add_test(tc, a_locked_store_spends_nothing_and_adds_nothing);
	tcase_add_test(tc, only_the_right_passphrase_unlocks);
	tcase_add_test(tc, a_passphrase_can_be_changed_and_removed);
	tcase_add_test(tc, a_short_passphrase_is_refused);
	tcase_add_test(tc, a_passphrase_of_8_bytes_is_taken);
	tcase_add_test(tc, an_empty_wallet_keeps_its_passphrase);
	tcase_add_test(
	    tc, a_wallet_with_a_passphrase_has_1000_tokens_and_no_more);
	tcase_add_test(
	    tc, another_passphrase_set_meanwhile_stops_the_other_user);
	tcase_add_test(
	    tc, two_users_of_a_sealed_wallet_undo_nothing_of_each_other);
	tcase_add_test(tc, the_dearest_cost_that_a_wallet_may_ask_for_is_taken);
	tcase_add_loop_test(
	    tc, a_sealed_secret_opens_only_in_its_own_row, 0, COUNT(swaps));
	tcase_add_test(tc, a_passphrase_changed_meanwhile_stops_the_other_user);
	tcase_add_loop_test(
	    tc, what_is_sealed_never_passes_for_plain, 0, COUNT(unsealed));
	tcase_add_test(tc, a_store_sealed_meanwhile_is_not_read_as_plain);
	tcase_add_test(tc, a_plain_secret_that_looks_sealed_wants_a_passphrase);
	tcase_add_loop_test(
	    tc, a_store_that_asks_for_another_cost_is_refused, 0, COUNT(costs));
}

static void
imports(TCase *tc)
{
	tcase_add_test(tc, an_import_moves_a_counter_back_by_force_alone);
	tcase_add_test(tc, an_import_makes_no_other_kind_of_a_token);
	tcase_add_loop_test(tc, a_name_that_is_taken_gets_a_number_at_its_end,
	    0, COUNT(long_names));
}

static void
files(TCase *tc)
{
	tcase_add_loop_test(
	    tc, a_file_that_is_not_ours_alone_is_refused, 0, COUNT(bad_files));
	tcase_add_test(tc, a_store_that_is_not_there_is_named_with_the_remedy);
	tcase_add_test(tc, what_a_killed_creation_left_is_in_nobodys_way);
	tcase_add_test(tc, a_stray_journal_is_not_rolled_into_a_new_store);
	tcase_add_test(tc, a_use_of_codes_leaves_a_journal_of_zeros_alone);
	tcase_add_loop_test(
	    tc, every_other_change_takes_the_journal_away, 0, 7);
	tcase_add_test(tc, a_journal_that_rolls_nothing_back_is_in_nobodys_way);
	tcase_add_loop_test(
	    tc, a_journal_that_is_anything_else_stays, 0, COUNT(strays));
	tcase_add_test(tc, a_store_that_is_there_is_not_made_anew);
	tcase_add_loop_test(
	    tc, the_store_lies_where_the_person_keeps_data, 0, COUNT(places));
	tcase_add_loop_test(
	    tc, without_home_the_remedy_is_named, 0, COUNT(nowhere));
	tcase_add_test(tc, a_directory_that_others_may_write_is_refused);
	tcase_add_test(tc, a_path_that_does_not_fit_is_refused_and_never_cut);
	tcase_add_loop_test(tc,
	    a_directory_above_that_others_may_change_is_named, 0,
	    COUNT(bad_ancestors));
	tcase_add_loop_test(
	    tc, usual_directories_above_are_accepted, 0, COUNT(good_ancestors));
	tcase_add_test(tc, looking_makes_no_directory);
}

int
main(void)
{
	counters(wallet_case("counters"));
	prompts(wallet_case("prompts"));
	tokens(wallet_case("tokens"));
	passphrases(wallet_case("passphrases"));
	edited(wallet_case("edited"));
	imports(wallet_case("imports"));
	files(wallet_case("files"));
	return test_run();
}
