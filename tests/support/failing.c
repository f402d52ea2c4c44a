/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/token/code.h"
#include "common/token/seal.h"
#include "tests/support/failing.h"

unsigned int failing_in;

enum rollcode_err
__real_code_open(struct code_maker **, const struct rollcode_token *);
enum rollcode_err
__real_code_at(struct code_maker *, uint64_t, int64_t, struct passcode *);
enum rollcode_err
__real_seal_mac(const struct secret_key *, const char *, uint8_t *);
enum rollcode_err
__wrap_code_open(struct code_maker **, const struct rollcode_token *);
enum rollcode_err
__wrap_code_at(struct code_maker *, uint64_t, int64_t, struct passcode *);
enum rollcode_err
__wrap_seal_mac(const struct secret_key *, const char *, uint8_t *);

static bool
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
__wrap_code_at(struct code_maker *maker, uint64_t counter, int64_t step,
    struct passcode *code)
{
	memset(code, 0, sizeof(*code));
	return failing_now() ? ROLLCODE_ERR_SYS
			     : __real_code_at(maker, counter, step, code);
}

enum rollcode_err
__wrap_seal_mac(const struct secret_key *key, const char *text, uint8_t *mac)
{
	memset(mac, 0, SEAL_MAC_LEN);
	return failing_now() ? ROLLCODE_ERR_NOMEM
			     : __real_seal_mac(key, text, mac);
}
