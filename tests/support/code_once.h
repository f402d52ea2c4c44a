/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code_once.h - one code in one call.
 */
#ifndef TESTS_SUPPORT_CODE_ONCE_H
#define TESTS_SUPPORT_CODE_ONCE_H

#include "common/token/code.h"

static inline enum rollcode_err
code_once(
    const struct rollcode_token *token, uint64_t counter, struct passcode *code)
{
	WIPED(code_close) struct code_maker *maker = NULL;
	enum rollcode_err err;

	if ((err = code_open(&maker, token)) != ROLLCODE_OK)
		return err;
	return code_at(maker, counter, code);
}

#endif /* TESTS_SUPPORT_CODE_ONCE_H */
