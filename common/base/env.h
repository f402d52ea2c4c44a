/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env.h - keyword tables, and files of KEY=VALUE lines.
 *
 * One walker serves the env file, the module's arguments and the options of
 * the commands.  Whole names only; an unknown name, a name given twice, an
 * empty value, trailing junk, a number out of range, a flag with a value and
 * a value without an equals sign are all refused, never ignored.
 */
#ifndef ROLLCODE_BASE_ENV_H
#define ROLLCODE_BASE_ENV_H

#include "common/base/error.h"

enum keyword_kind {
	KEYWORD_FLAG = 1,	/* bool */
	KEYWORD_NUMBER,		/* int64_t, decimal, min to max */
	KEYWORD_TEXT,		/* char[max + 1], min to max bytes */
	KEYWORD_SECRET,		/* the same; a mistake has REASON_SECRET */
};

struct keyword {
	const char	 *name;
	enum keyword_kind kind;
	size_t		  at;		/* offsetof the field in base */
	int64_t		  min, max;
	char		  letter;	/* commands: "-n", 0 for none */
	const char	 *hint;		/* commands: what stands for a value */
	const char	 *about;	/* commands: one phrase for the help */
};

#define ENV_KEYWORDS_MAX	64	/* in one table */
#define ENV_FILE_MAX		65536	/* bytes of a file of lines */

/*
 * Set one field.  table ends with a NULL name; value is NULL if the name came
 * without an equals sign; *seen has a bit for each word already given (start
 * with 0).  INPUT with a phrase that names the word but never its value.
 */
enum rollcode_err	keyword_set(const struct keyword *table, void *base,
			    uint64_t *seen, const char *name,
			    const char *value, struct error *) MUST_USE;

/*
 * A word that nobody knows, as a sentence may repeat it: itself if it is a
 * short plain word, else "(not shown)", for it may be a misplaced secret.
 */
const char		*keyword_shown(const char *);

/* A decimal number from min to max, nothing before or behind it. */
bool			keyword_number(const char *, int64_t min, int64_t max,
			    int64_t *) MUST_USE;

/*
 * Parse the text of a file: lines KEY=VALUE; empty lines and lines whose
 * first character is # are passed over; a value may stand in double quotes
 * and is otherwise taken as it is, without spaces at its ends.  The text
 * is changed.  Each mistake is told, with its line number; a byte order mark,
 * carriage returns and NUL bytes are named as what they are.  CONFIG.  A final
 * newline may be missing.
 */
enum rollcode_err	env_parse(char *text, size_t len,
			    const struct keyword *table, void *base,
			    uint64_t *seen, struct mistakes *) MUST_USE;

#endif /* ROLLCODE_BASE_ENV_H */
