/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wallets.h - a wallet in a folder of its own, for each test of a case.
 */
#ifndef ROLLCODE_TESTS_WALLETS_H
#define ROLLCODE_TESTS_WALLETS_H

#include <check.h>

#include "rollcode-token/wallet/wallet.h"

#define LOG_N 10 /* scrypt as cheap as it gets */
#define PHRASE "correct horse"
#define SECRET_A "AAAAAAAAAAAAAAAAAAAA"
#define SECRET_B "BBBBBBBBBBBBBBBBBBBB"

extern char directory[64], path[128]; /* of the wallet */
extern struct wallet *w;	      /* open, unless a test closes it */
extern struct error why;
extern struct wallet_entry entry;
extern char sql_error[256]; /* of the last meddle() that failed */

/* Another case, each of whose tests begins with an empty wallet. */
TCase			*wallet_case(const char *name);

struct provision	 provision_of(const char *secret, uint64_t counter);
void			 add(const char *name, const char *secret,
			    uint64_t counter);
void			 reopen(void);
uint64_t		 counter_at(const char *name);

/* Bind to one word; ask as a process does. */
enum rollcode_err	 bind_to(const char *name, const char *binding);
enum rollcode_err	 ask(const char *shown, int port,
			    const struct asker *);

/* a and b under PHRASE: a is the default, bound, and at 12; b is at 3. */
void			 sealed_pair(void);

/* The work of somebody else on the file; its result is SQLite's. */
int			 meddle(const char *sql);
#define BACK                                                     \
	"DROP TRIGGER counter_forward; "                         \
	"UPDATE token SET counter = 11 WHERE name = 'a'; "       \
	"CREATE TRIGGER counter_forward BEFORE UPDATE ON token " \
	"WHEN NEW.counter < OLD.counter BEGIN "                  \
	"SELECT RAISE(ABORT, 'a counter never moves backward'); END"

bool			 file_has(const char *bytes);

/* Close the wallet and run a command of the shell in the folder. */
void			 replace_with(const char *command);

#endif /* ROLLCODE_TESTS_WALLETS_H */
