/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files.h - what the commands import and export of both sides share.
 */
#ifndef ROLLCODE_IMPORT_FILES_H
#define ROLLCODE_IMPORT_FILES_H

#include "common/cli/cli.h"
#include "common/import/import.h"

struct import_source;

/* A reader of a format that only one side knows. */
typedef enum rollcode_err	import_reader(struct import_list *,
				    const struct import_source *,
				    const char *text, size_t len,
				    struct error *);

struct import_source {
	const char		*format;	/* "" to guess */
	const char		*user;		/* "" or whose all tokens are */
	const char		*passphrase;	/* NULL: none was given */
	const struct secret	*key;		/* NULL: none was given */
	bool			 encrypted;	/* or it is refused */
	import_reader		*pskc;		/* NULL: not read here */
};

/* A file that is open, and of which nothing was read. */
struct import_file {
	const char	*name;
	int		 fd;
	bool		 journal;	/* one of SQLite lies beside it */
};

struct import_opened {
	struct import_file	*files;
	size_t			 count;
};

/*
 * Open files, "-" or none at all for standard input.  All but standard input
 * are regular files, and no symbolic link is followed that somebody other than
 * root and the caller could have made.  No FIFO and no device is opened.
 * ABSENT, INPUT, NOMEM; import_close after either outcome.
 */
enum rollcode_err	import_open(struct import_opened *,
			    char **argv, struct error *) MUST_USE;

/* Close and free.  For use with WIPED(). */
void			import_close(struct import_opened *);

/*
 * Read what is open into a list, of each file 16 MiB at most.  The demo's are
 * two, .env and its database.  What can be said of a file or line is in the
 * list; USAGE for an unknown format, INPUT for a file that cannot be read, a
 * passphrase that is wrong or too many tokens, NOMEM.
 */
enum rollcode_err	import_files(struct import_list *,
			    const struct import_source *,
			    const struct import_opened *, struct error *)
			    MUST_USE;

/*
 * Append the text as UTF-8: without the mark of UTF-8 at its beginning, or, if
 * it begins with that of UTF-16, converted from it.  INPUT if that is damaged.
 */
enum rollcode_err	import_unmark(const struct cli_bytes *raw,
			    struct cli_bytes *, struct error *) MUST_USE;

/* "PROGRAM: FILE: line 3: bob: WHAT" on stderr. */
void			import_tell(const struct import_entry *,
			    const char *program, const char *what);

/* The same with why, for each that is refused. */
void			import_tell_refused(const struct import_list *,
			    const char *program);

/* "2 tokens added, 1 moved forward" and a newline, on standard output. */
void			import_summary(const size_t merged[MERGE_KINDS],
			    size_t refused);

#define EXPORT_LOG_N		17	/* scrypt: 128 MiB, under a second */

/*
 * Seal a text, and open it again.  The caller frees what comes out.  INPUT if
 * the passphrase is too short, or wrong, or anything was changed or lost.
 */
enum rollcode_err	export_seal(const char *passphrase,
			    unsigned int log_n, const char *text, size_t len,
			    struct cli_bytes *, struct error *) MUST_USE;
enum rollcode_err	export_open(const char *passphrase, const char *text,
			    size_t len, struct cli_bytes *, struct error *)
			    MUST_USE;

/* Append "URI" or "URI disabled", as import reads it. */
enum rollcode_err	export_line(struct cli_bytes *,
			    const struct provision *, bool disabled,
			    struct error *) MUST_USE;

/*
 * What is written of it: with a passphrase other than NULL bytes becomes
 * sealed, which the caller frees.
 */
enum rollcode_err	export_prepare(const char *passphrase,
			    const struct cli_bytes **bytes,
			    struct cli_bytes *sealed, struct error *) MUST_USE;

/*
 * Write it, sealed unless the passphrase is NULL: as cli_write_new to a file,
 * or if its path is "" to standard output.
 */
enum rollcode_err	export_write(const struct cli_bytes *,
			    const char *passphrase, const char *path,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_IMPORT_FILES_H */
