/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code.h - secret and counter to code.
 *
 * The only user of the crypto library for codes.  One maker serves one token
 * and keeps its keyed state, so that a walk over a thousand counters costs a
 * thousand hashes and not a thousand set-ups.
 */
#ifndef ROLLCODE_TOKEN_CODE_H
#define ROLLCODE_TOKEN_CODE_H

#include "common/base/error.h"
#include "common/base/rollcode.h"

struct code_maker;

/*
 * Make a maker for this token's secret, form, algorithm and digits, which
 * must have passed token_check().  The token may be wiped afterwards.  The
 * caller closes the maker.  NOMEM or SYS, and *maker is NULL.
 */
enum rollcode_err	code_open(struct code_maker **maker,
			    const struct rollcode_token *) MUST_USE;

/*
 * The step of a time, in Unix seconds: ROLLCODE_STEP seconds are one, the first
 * begins at 0.  CODE_NO_STEP before 1970.
 */
#define CODE_NO_STEP	(-1)
int64_t			code_step(int64_t now);

/*
 * Compute the code for one counter: RFC 4226 section 5.3 for hotp; lower-case
 * hex for hash and hex; for timed one of both, by its digits, of counter and
 * step, which the others ignore.  On error the code is all zero bytes: NOMEM,
 * SYS, or INPUT for a timed code of CODE_NO_STEP.
 */
enum rollcode_err	code_at(struct code_maker *, uint64_t counter,
			    int64_t step, struct passcode *) MUST_USE;

/* Wipe, free and make NULL what is not NULL.  For use with WIPED(). */
void			code_close(struct code_maker **);

/*
 * Nothing else in this process uses the crypto library: it starts without names
 * of ciphers and digests that no provider has, without the texts of its errors,
 * and does not free everything at exit.  To be called before all else, if at
 * all.
 */
void			code_alone(void);

/*
 * The crypto library's own context of this process: no configuration file,
 * nothing shared with a host.  Made at the first call; NULL if out of memory.
 */
struct ossl_lib_ctx_st	*code_libctx(void);

#endif /* ROLLCODE_TOKEN_CODE_H */
