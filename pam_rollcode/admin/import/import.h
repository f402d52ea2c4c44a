/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import.h - what the files of the command import share.
 */
#ifndef ROLLCODE_ADMIN_IMPORT_IMPORT_H
#define ROLLCODE_ADMIN_IMPORT_IMPORT_H

#include "admin/admin.h"
#include "common/import/files.h"

struct importing {
	struct admin			 admin;
	const struct admin_options	*options;
	struct import_opened		 opened, owners_file;
	struct import_owners		 owners;
	struct import_list		 list;
	struct import_entry		**order;	/* sorted by user */
	struct progress			 progress;
	size_t				 users;
	size_t				 merged[MERGE_KINDS];
};

/* The lines of one user; their labels are the account's once merged. */
struct import_group {
	struct import_entry		**lines;
	size_t				 count;
	bool				 enrolled, asks, agreed;
	bool				 done;	/* what is left is to tell it */
};

/*
 * Take a token over.  Where its secret is here already, only the counter can
 * change: forward, or by force back to that of the token; EXISTS if it is here
 * as another kind of token.  Else it is added as account_add does, but one
 * without a label is called "token-2" and so on where others are.  The token
 * has the label that the account has for it then.
 */
enum rollcode_err	account_merge(struct account *,
			    struct rollcode_token *, bool force,
			    int64_t now, enum import_merge *,
			    struct error *) MUST_USE;

/*
 * Take the lines of one user over, all or none, and tell what there is to
 * tell.  What is that user's own fault refuses the lines; OK is returned.
 */
enum rollcode_err	import_user(struct importing *, struct import_group *,
			    struct error *) MUST_USE;

/*
 * Where nothing is to be asked, and nothing wrong with the lines of one user:
 * done is set if the user has all of them; else true, with the account and the
 * event that enrol the user, who is new.
 */
bool			import_foresee(struct importing *,
			    struct import_group *, struct account *,
			    struct event *);

/*
 * Of so many groups, STORE_AT_ONCE at most, enrol those together that can be.
 * Whatever does not become done is left as it was, for import_user.
 */
void			import_together(struct importing *,
			    struct import_group *, size_t count);

/*
 * Take every user over from the other store that --from names, with counters,
 * and disable them there.
 */
enum rollcode_err	import_store(const struct admin_options *,
			    struct error *) MUST_USE;

/*
 * Append the keys of a container of RFC 6030, in its order.  Taken are those of
 * the HOTP profile (section 10.1) with a plain secret and a counter, which is
 * the next one; a number that is not written as one is refused, and an element
 * of RFC 6030 that may change a code or its use.  A container that is none, and
 * that libxml2 is missing, is a refusal in the list.  NOMEM.
 */
import_reader		pskc_read;

#endif /* ROLLCODE_ADMIN_IMPORT_IMPORT_H */
