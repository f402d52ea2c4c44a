/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/code_once.h"

enum rollcode_err
code_once(const struct rollcode_token *token, uint64_t counter, int64_t step,
    struct passcode *code)
{
	WIPED(code_close) struct code_maker *maker = NULL;
	enum rollcode_err err;

	if ((err = code_open(&maker, token)) != ROLLCODE_OK)
		return err;
	return code_at(maker, counter, step, code);
}
