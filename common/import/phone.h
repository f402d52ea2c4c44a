/* SPDX-License-Identifier: Apache-2.0 */
/*
 * phone.h - tokens in the exports of apps on telephones.
 */
#ifndef ROLLCODE_IMPORT_PHONE_H
#define ROLLCODE_IMPORT_PHONE_H

#include "common/import/import.h"

/* What an app says of a token, beside its secret. */
struct phone_token {
	const char		*issuer;	/* or NULL */
	enum rollcode_algorithm	 algorithm;
	int64_t			 digits, counter;
	bool			 has_counter;
};

/*
 * Whose it is, and that its type, in any case, is hotp; both may be NULL.
 * INPUT with why.
 */
enum rollcode_err	phone_begin(struct import_entry *, const char *account,
			    const char *user, const char *type,
			    struct error *why) MUST_USE;

/*
 * Complete an entry whose secret is there.  Most apps keep the counter of the
 * code that they show, or showed last, and which may have been used, so that
 * the next one is one more.  INPUT with why.
 */
enum rollcode_err	phone_take(struct import_entry *,
			    const struct phone_token *, struct error *why)
			    MUST_USE;

/* Readers of whole files, which append to a list as import_read does. */
enum rollcode_err	migration_read(struct import_list *,
			    const char *user, const char *text, size_t len,
			    struct error *) MUST_USE;
enum rollcode_err	apps_read(struct import_list *, const char *user,
			    const char *text, size_t len, struct error *)
			    MUST_USE;

#endif /* ROLLCODE_IMPORT_PHONE_H */
