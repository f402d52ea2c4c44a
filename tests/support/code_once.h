/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code_once.h - one code in one call.
 */
#ifndef ROLLCODE_TESTS_CODE_ONCE_H
#define ROLLCODE_TESTS_CODE_ONCE_H

#include "common/token/code.h"

enum rollcode_err	code_once(const struct rollcode_token *,
			    uint64_t counter, int64_t step,
			    struct passcode *);

#endif /* ROLLCODE_TESTS_CODE_ONCE_H */
