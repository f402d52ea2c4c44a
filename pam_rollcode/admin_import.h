/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_import.h - what the files of the command import share.
 */
#ifndef ROLLCODE_ADMIN_IMPORT_H
#define ROLLCODE_ADMIN_IMPORT_H

#include "admin.h"
#include "import_files.h"

struct importing {
	struct admin			 admin;
	const struct admin_options	*options;
	struct import_list		 list;
	struct import_entry		**order;	/* sorted by user */
	struct progress			 progress;
	size_t				 users;
	size_t				 merged[MERGE_KINDS];
	enum import_merge		*group;	/* of a user's lines */
};

/*
 * Take the lines of one user over, all or none, and tell what there is to
 * tell.  What is that user's own fault refuses the lines; OK is returned.
 */
enum rollcode_err	import_user(struct importing *,
			    struct import_entry **lines, size_t count,
			    struct error *) MUST_USE;

/*
 * Take every user over from the other store that --from names, with counters,
 * and disable them there.
 */
enum rollcode_err	import_store(const struct admin_options *,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_ADMIN_IMPORT_H */
