/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import.h - tokens in the files of other programs.
 *
 *  1. The counter of an entry is the next one: no code that the other program
 *     has accepted or given is at or above it.
 *  2. Whatever is not understood is refused with its line and the reason; no
 *     line is passed over but empty ones and comments.
 *  3. No reason repeats a secret.
 *  4. Where the caller says whose the tokens are, an entry that names somebody
 *     else is refused.
 *  5. Memory is bounded, whatever the bytes: reading stops after so many
 *     refusals, and then nothing of the list may be taken over, because what
 *     follows may belong to any of its users.
 *
 * The parsers are functions of bytes alone; they append to a list.
 */
#ifndef ROLLCODE_IMPORT_IMPORT_H
#define ROLLCODE_IMPORT_IMPORT_H

#include "common/base/error.h"
#include "common/import/owners.h"
#include "common/token/provision.h"

enum import_format {
	IMPORT_NONE = 0,
	IMPORT_OTPAUTH,		/* [USER] otpauth://hotp/... [disabled] */
	IMPORT_OATH,		/* users.oath of pam_oath */
	IMPORT_GOOGLE,		/* .google_authenticator, HOTP */
	IMPORT_DEMO,		/* the demo's .env, and a database */
	IMPORT_PSKC,		/* RFC 6030; the server reads it */
	IMPORT_SEALED,		/* what export wrote, see sealed.c */
	IMPORT_CSV,		/* hardware tokens, see csv.c */
	IMPORT_MIGRATION,	/* Google Authenticator's QR codes */
	IMPORT_JSON,		/* backups of phone apps, see apps.c */
};

#define IMPORT_COUNTS_TIME \
	"the token counts time; a rolling code needs a counter: enrol a hotp " \
	"token"
#define IMPORT_REFUSED_MAX	100	/* entries; then reading stops */
#define IMPORT_TOKENS_MAX	262144	/* entries of one list, 300 MB */

/* What became of an entry where tokens are kept. */
enum import_merge {
	MERGE_NONE = 0,
	MERGE_ADDED,
	MERGE_RAISED,	/* the counter here was lower */
	MERGE_SAME,
	MERGE_KEPT,	/* the counter here is higher, and stays */
	MERGE_LOWERED,	/* by force: spent codes work again */
	MERGE_KINDS,
};

/* An empty user is one that the file does not name. */
struct import_entry {
	const char		*file;		/* the list's caller owns it */
	unsigned int		 line;		/* 0: the whole file */
	const char		*unit;		/* "key", ...; NULL: "line" */
	char			 user[ROLLCODE_USER_MAX + 1];
	char			 serial[ROLLCODE_LABEL_MAX + 1]; /* or "" */
	char			*refused;	/* why, or NULL */
	struct provision	 provision;	/* empty if refused */
	bool			 named;		/* user stood before the line */
	bool			 disabled;
	unsigned int		 scratch;	/* codes left behind */
	enum import_merge	 merged;	/* once it was taken over */
};

static inline bool
import_changes(enum import_merge merged)
{
	return merged == MERGE_ADDED || merged == MERGE_RAISED ||
	       merged == MERGE_LOWERED;
}

/* What becomes of a counter that is here where another is given. */
enum import_merge	import_meet(uint64_t here, uint64_t given, bool force);

/* Whether two tokens are of one form, algorithm and number of digits. */
bool			import_same_kind(const struct rollcode_token *,
			    const struct rollcode_token *);

struct import_list {
	struct import_entry	*entries;
	size_t			 count, room;
	size_t			 refused;	/* of the entries */
	size_t			 unread;	/* lines or keys, once full */
	size_t			 unread_files;
	const char		*file;		/* of what is added */
	struct import_owners	*owners;	/* NULL: all are wanted */
};

/* "otpauth" and so on; IMPORT_NONE if there is no such format. */
enum import_format	import_format_from_name(const char *);

/* A text whose lines are cut off at its beginning. */
struct import_text {
	const char	*at, *end;
};

/* The next line, without its newline.  False if there is none. */
bool			import_next_line(struct import_text *,
			    const char **line, size_t *len);

/* The format that the bytes look like, IMPORT_NONE if like none. */
enum import_format	import_guess(const char *text, size_t len);

/*
 * Read a text of any format but DEMO, PSKC and SEALED.  user owns all of it, or
 * "": the entries say.  An OTPAUTH line belongs to the name before it, in which
 * %XX stands for a byte, without one to its account.
 *
 * OATH: fields "TYPE USER PIN HEX [COUNTER [LAST-OTP [TIME]]]" as liboath's
 * usersfile.c reads and writes them.  With a last OTP the counter is that
 * OTP's own, so the next is one more.  A PIN other than - and + is refused.
 *
 * GOOGLE: base32, then lines of options that begin with a quotation mark, then
 * scratch codes, as google-authenticator(1) writes them.  HOTP_COUNTER is the
 * next one.  A file with time-based codes is refused.
 *
 * NOMEM, INPUT as import_add; everything else is in the list.
 */
enum rollcode_err	import_read(struct import_list *,
			    enum import_format, const char *user,
			    const char *text, size_t len, struct error *)
			    MUST_USE;

/*
 * The original demo: its .env with SECRET_KEY, and opener.db of the server or
 * remote.db of the client, an SQLite file whose only table with a column
 * "counter" has one row.  The counter there is that of the last code, the
 * first code being of counter 1.
 */
enum rollcode_err	import_demo(struct import_list *, const char *user,
			    const char *env, size_t env_len,
			    const void *database, size_t database_len,
			    struct error *) MUST_USE;

/* Append a refusal for each serial number that no token has.  NOMEM. */
enum rollcode_err	import_unseen(struct import_list *, struct error *)
			    MUST_USE;

/*
 * Append a copy, unless the list has owners and this one is none of theirs;
 * they say whose it is, and of two tokens of one serial number the second is
 * refused.  why, if not NULL, is why it is refused; a token without a code
 * left is refused too.  NOMEM; INPUT beyond IMPORT_TOKENS_MAX.
 */
enum rollcode_err	import_add(struct import_list *,
			    const struct import_entry *,
			    const struct error *why, struct error *) MUST_USE;

/* Refuse an entry of the list.  NOMEM. */
enum rollcode_err	import_entry_refuse(struct import_list *,
			    struct import_entry *, const char *why,
			    struct error *) MUST_USE;

/* Append a refusal of the whole file, with this sentence. */
enum rollcode_err	import_refuse(struct import_list *,
			    const char *why, struct error *) MUST_USE;

/* Begin an entry of that user, or of nobody with "". */
void			import_entry_begin(struct import_entry *,
			    const char *user);

/*
 * An entry says whose it is.  INPUT if that is no name, or, unless user is "",
 * the name of somebody else.
 */
enum rollcode_err	import_owner(struct import_entry *, const char *name,
			    const char *user, struct error *why) MUST_USE;

/* The serial number of an entry, which is its label too, if it can be one. */
void			import_serial(struct import_entry *, const char *);

/* Whether so many were refused that no more is read. */
static inline bool
import_full(const struct import_list *list)
{
	return list->refused >= IMPORT_REFUSED_MAX;
}

/* INPUT, with how much was not read, if anything was not. */
enum rollcode_err	import_all_read(const struct import_list *,
			    struct error *) MUST_USE;

/* Where it begins without spaces, tabs and CRs, which are cut off its end. */
char			*import_trim(char *);

/* What the number of an entry counts: "line", "key". */
const char		*import_unit(const struct import_entry *);

/* "FILE: line 3: bob", as far as it is known. */
#define IMPORT_PLACE_MAX	512
void			import_place(const struct import_entry *,
			    char place[IMPORT_PLACE_MAX]);

/* Wipe and free all of it.  For use with WIPED(). */
void			import_free(struct import_list *);

WIPABLE(import_entry);

#endif /* ROLLCODE_IMPORT_IMPORT_H */
