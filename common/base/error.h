/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - what can go wrong with the machine, and the sentence about it.
 *
 * An error says that no decision could be made; a refused code is a verdict
 * and never an error.  The function that knows the fact writes the sentence,
 * once: what is wrong and where.  Where one command fixes it, that is a field
 * of its own: a sentence may have texts of others in it, and no code reads
 * one.  No sentence holds a code, a secret or a key.
 */
#ifndef ROLLCODE_BASE_ERROR_H
#define ROLLCODE_BASE_ERROR_H

#include <stdint.h>

#include "common/base/plain.h"
#include "common/base/secret.h"

#define ERROR_TEXT_MAX	768	/* bytes, with the NUL */
#define ERROR_FIX_MAX	768

enum rollcode_err {
	ROLLCODE_OK = 0,
	ROLLCODE_ERR_NOMEM,	/* out of memory */
	ROLLCODE_ERR_SYS,	/* the operating system refused a basic call */
	ROLLCODE_ERR_INPUT,	/* what a person or a file gave is not valid */
	ROLLCODE_ERR_CONFIG,	/* a bad option, argument or env file */
	ROLLCODE_ERR_UNAVAIL,	/* a store busy, missing, full, read-only */
	ROLLCODE_ERR_STORE,	/* a store of wrong owner, mode, key, content */
	ROLLCODE_ERR_HELPER,	/* rollcode-verify missing or misbehaving */
	ROLLCODE_ERR_PRIVILEGE,	/* the caller may not do this */
	ROLLCODE_ERR_EXISTS,	/* there is one of that name already */
	ROLLCODE_ERR_ABSENT,	/* there is none of that name */
	ROLLCODE_ERR_USAGE,	/* a command was called wrongly */
};

/* What a program can act on, beside the code. */
enum error_reason {
	REASON_NONE = 0,
	REASON_KEY,		/* the store was made with another key */
	REASON_BACKUP,		/* it was restored, or is a copy */
	REASON_MARKER,		/* its marker is not as it was written */
	REASON_SECRET,		/* the env file's own key is none */
	REASON_ACCOUNT,		/* its account is none */
	REASON_OWNER,		/* a file is somebody else's */
	REASON_FASTER,		/* somebody else changed it meanwhile */
};

struct error {
	char		text[ERROR_TEXT_MAX];	/* the sentence; "" is none */
	char		fix[ERROR_FIX_MAX];	/* for a shell, or "" */
	uint16_t	file;	/* bytes of a file's name at text's start */
	uint16_t	what;	/* where in text it says what is wrong */
	uint32_t	line;	/* of the file; 0: none */
	uint32_t	reason;	/* enum error_reason */
};

/* What an error is called, for a log.  Never NULL. */
const char	*rollcode_strerror(enum rollcode_err);

/*
 * Write the sentence and return the code, so that a function can end with
 * "return error_set(...)".  A text that is too long is cut.  There is no other
 * field then.  error may be NULL, here and below.
 */
enum rollcode_err	error_set(struct error *, enum rollcode_err,
			    const char *fmt, ...)
			    __attribute__((format(printf, 3, 4)));

/* The same, but after what is already there, separated by "; ". */
enum rollcode_err	error_add(struct error *, enum rollcode_err,
			    const char *fmt, ...)
			    __attribute__((format(printf, 3, 4)));

/* The same as error_set, about a file: "PATH: ". */
enum rollcode_err	error_at(struct error *, enum rollcode_err,
			    const char *path, const char *fmt, ...)
			    __attribute__((format(printf, 4, 5)));

/*
 * The sentence of another error behind "FORMAT: ", or alone if fmt is NULL.
 * Reason and fix go along, and alone all of it.
 */
enum rollcode_err	error_pass(struct error *, enum rollcode_err,
			    const struct error *cause, const char *fmt, ...)
			    __attribute__((format(printf, 4, 5)));

/*
 * For a function that may find more than one mistake: each is told, as an error
 * of its own.  MISTAKES joins all of their sentences in one error, separated by
 * "; "; that error may be NULL.
 */
struct mistakes {
	void			(*tell)(void *context, const struct error *);
	void			*context;
	enum rollcode_err	err;	/* CONFIG if there is one, or OK */
};
#define MISTAKES(error) \
	(&(struct mistakes){error_collect, (error), ROLLCODE_OK})
void			error_collect(void *context, const struct error *);

/*
 * Tell one, of a line of a file, which begins with "line 3: ", or of none.
 * CONFIG.
 */
void			mistake_tell(struct mistakes *, enum error_reason,
			    size_t line, const char *fmt, ...)
			    __attribute__((format(printf, 4, 5)));

/* Add the reason; the code is returned. */
enum rollcode_err	error_because(struct error *, enum rollcode_err,
			    enum error_reason);

/*
 * Add the command that fixes it, word by word, NULL behind the last; each is
 * quoted for a shell.  One that does not fit is left out.  The code is
 * returned.
 */
enum rollcode_err	error_fix(struct error *, enum rollcode_err, ...)
			    __attribute__((sentinel));

/*
 * What people read: "SENTENCE; fix: COMMAND", escaped as plain.h says, where
 * a "fix:" in the sentence is none; of no sentence what the code is called.
 */
#define ERROR_SAID_MAX	(PLAIN_MAX(ERROR_TEXT_MAX) + ERROR_FIX_MAX + 16)
void			error_say(const struct error *, enum rollcode_err,
			    enum plain, char said[ERROR_SAID_MAX]);

/* From somewhere else: all texts end, and file and what are within theirs. */
void			error_bound(struct error *);

/* "WHAT: " and what the code is called.  OK says nothing, and stays OK. */
enum rollcode_err	error_named(struct error *, enum rollcode_err,
			    const char *what);

/* The code for an errno: NOMEM, EXISTS, UNAVAIL (full, limits ...) or SYS. */
enum rollcode_err	error_from_errno(int);

/* That code, with its sentence about a file: "PATH: No such device". */
enum rollcode_err	error_errno(struct error *, int, const char *path);

#endif /* ROLLCODE_BASE_ERROR_H */
