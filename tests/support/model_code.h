/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_code.h - codes without the code maker: one-shot functions of the
 * crypto library, a truncation of our own, and a store of what was computed.
 */
#ifndef ROLLCODE_TESTS_MODEL_CODE_H
#define ROLLCODE_TESTS_MODEL_CODE_H

#include "pam_rollcode/rules/account.h"

/*
 * Of that counter, and of that step if it is timed, with a NUL; out has room
 * for ROLLCODE_HEX_DIGITS + 1.
 */
void		 model_compute(const struct rollcode_token *, uint64_t counter,
		    int64_t step, char *out);

/*
 * The same, remembered: the id of a token stands for its secret, form,
 * algorithm and digits.  It stays until the next call.
 */
const char	*model_code(const struct account_token *, uint64_t counter,
		    int64_t step);

#endif /* ROLLCODE_TESTS_MODEL_CODE_H */
