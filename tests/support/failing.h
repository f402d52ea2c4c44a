/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failing.h - the n-th use of the crypto library fails.
 *
 * A program that includes this is linked with --wrap for each function here;
 * the Makefile names them.
 */
#ifndef ROLLCODE_TEST_FAILING_H
#define ROLLCODE_TEST_FAILING_H

#include "common/token/code.h"
#include "common/token/seal.h"

static unsigned int	failing_in;	/* 1 is the next use, 0 for never */

enum rollcode_err	__real_code_open(struct code_maker **,
			    const struct rollcode_token *);
enum rollcode_err	__real_code_at(struct code_maker *, uint64_t,
			    struct passcode *);
enum rollcode_err	__real_seal_mac(const struct secret_key *,
			    const char *, uint8_t *);
enum rollcode_err	__wrap_code_open(struct code_maker **,
			    const struct rollcode_token *);
enum rollcode_err	__wrap_code_at(struct code_maker *, uint64_t,
			    struct passcode *);
enum rollcode_err	__wrap_seal_mac(const struct secret_key *,
			    const char *, uint8_t *);

static inline bool
failing_now(void)
{
	return failing_in > 0 && --failing_in == 0;
}

enum rollcode_err
__wrap_code_open(struct code_maker **maker, const struct rollcode_token *token)
{
	*maker = NULL;
	return failing_now() ? ROLLCODE_ERR_NOMEM
			     : __real_code_open(maker, token);
}

enum rollcode_err
__wrap_code_at(struct code_maker *maker, uint64_t counter,
    struct passcode *code)
{
	memset(code, 0, sizeof(*code));
	return failing_now() ? ROLLCODE_ERR_SYS
			     : __real_code_at(maker, counter, code);
}

enum rollcode_err
__wrap_seal_mac(const struct secret_key *key, const char *text, uint8_t *mac)
{
	memset(mac, 0, SEAL_MAC_LEN);
	return failing_now() ? ROLLCODE_ERR_NOMEM
			     : __real_seal_mac(key, text, mac);
}

#endif /* ROLLCODE_TEST_FAILING_H */
