/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines.h - what the readers of lines share among themselves.
 */
#ifndef ROLLCODE_IMPORT_LINES_H
#define ROLLCODE_IMPORT_LINES_H

#include "common/import/import.h"

#define SPACE		" \t"
#define DECIMAL		"0123456789"
#define PHONE_DIGITS	6	/* where a format does not say */

/* A line at work, without spaces at its ends, and what came of it. */
struct reading {
	struct import_list	*list;
	const char		*user;	/* who owns all of it, or "" */
	struct provision_line	 line;
	struct import_entry	 entry;
	struct error		 why;
	const void		*database;	/* the demo's */
	size_t			 database_len;
	unsigned int		 secret_line;	/* where its secret is, or 0 */
	bool			 nothing;	/* the line has no token */
};

/*
 * Take one line, which may be changed, or the end of a file of which all lines
 * are one entry: INPUT with why, or it is in entry.
 */
typedef enum rollcode_err	read_line(struct reading *);

read_line	reading_oath, reading_google, reading_google_end, reading_demo,
		reading_demo_end, reading_csv;

/* INPUT, with this sentence as why. */
enum rollcode_err	reading_bad(struct reading *, const char *);

/* The secret, in hexadecimal digits.  INPUT. */
enum rollcode_err	reading_hex(struct reading *, const char *) MUST_USE;

/* used: the code of that counter was accepted already.  INPUT. */
enum rollcode_err	reading_counter(struct reading *, const char *,
			    bool used) MUST_USE;

#endif /* ROLLCODE_IMPORT_LINES_H */
