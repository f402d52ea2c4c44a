/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_files.h - what the commands import and export of both sides share.
 */
#ifndef ROLLCODE_IMPORT_FILES_H
#define ROLLCODE_IMPORT_FILES_H

#include "cli.h"
#include "import.h"

/* A reader of a format that only one side knows. */
typedef enum rollcode_err	import_reader(struct import_list *,
				    const char *user, const char *text,
				    size_t len, struct error *);

struct import_source {
	const char	*format;	/* "" to guess */
	const char	*user;		/* "" or whose the tokens are */
	const char	*seal_file;	/* a passphrase, "" for the terminal */
	import_reader	*pskc;		/* NULL: not read here */
};

/*
 * Read files, "-" or none at all for standard input, into a list.  The demo's
 * are two, .env and its database.  What can be said of a file or line is in
 * the list; USAGE for an unknown format, ABSENT, INPUT for a file that cannot
 * be read or a passphrase that is wrong, NOMEM.
 */
enum rollcode_err	import_files(struct import_list *,
			    const struct import_source *, int argc,
			    char **argv, struct error *) MUST_USE;

/* "2 tokens added, 1 moved forward" and a newline, on standard output. */
void			import_summary(const size_t merged[MERGE_KINDS],
			    size_t refused);

/* Append "URI" or "URI disabled", as import reads it. */
enum rollcode_err	export_line(struct cli_bytes *,
			    const struct provision *, bool disabled,
			    struct error *) MUST_USE;

/* Print it, sealed unless the passphrase is NULL. */
enum rollcode_err	export_write(const struct cli_bytes *,
			    const char *passphrase, struct error *) MUST_USE;

#endif /* ROLLCODE_IMPORT_FILES_H */
