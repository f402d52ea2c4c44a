/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stack.h - PAM stacks as text, as rows, and as what becomes of them.
 *
 * Pure: text in, rows and answers out.  Reading and deciding are as in
 * Linux-PAM's own pam_handlers.c and pam_dispatch.c.
 */
#ifndef ROLLCODE_ADMIN_CHECK_STACK_H
#define ROLLCODE_ADMIN_CHECK_STACK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STACK_MODULE	"pam_rollcode.so"
#define STACK_TEXT_MAX	2048	/* bytes of a line with its continuations */
#define STACK_WORDS_MAX	64
#define STACK_ROWS_MAX	256

/* The results of a module, numbered and named as Linux-PAM does. */
enum stack_result {
	RESULT_SUCCESS = 0,
	RESULT_SERVICE_ERR = 3,
	RESULT_SYSTEM_ERR = 4,
	RESULT_BUF_ERR = 5,
	RESULT_PERM_DENIED = 6,
	RESULT_AUTH_ERR = 7,
	RESULT_CRED_INSUFFICIENT = 8,
	RESULT_AUTHINFO_UNAVAIL = 9,
	RESULT_USER_UNKNOWN = 10,
	RESULT_MAXTRIES = 11,
	RESULT_CONV_ERR = 19,
	RESULT_IGNORE = 25,
	RESULT_MODULE_UNKNOWN = 28,
	STACK_RESULTS = 32,
};

/* What a stack does on a result; a positive number jumps. */
enum stack_action {
	ACTION_IGNORE = 0,
	ACTION_OK = -1,
	ACTION_DONE = -2,
	ACTION_BAD = -3,
	ACTION_DIE = -4,
	ACTION_RESET = -5,
	ACTION_UNDEFINED = -6,
};

enum stack_type {
	STACK_ANY = 0,		/* of @include */
	STACK_AUTH,
	STACK_ACCOUNT,
	STACK_SESSION,
	STACK_PASSWORD,
};

enum stack_kind {
	ROW_FAIL = 0,		/* PAM cannot read it, and it fails */
	ROW_MODULE,
	ROW_INCLUDE,		/* words[0] is the file */
	ROW_SUBSTACK,		/* the same; also its place among the rows */
};

/* One line. */
struct stack_row {
	unsigned int	 first, last;	/* lines of the file */
	size_t		 file;		/* for whoever reads files */
	unsigned int	 level;		/* of substacks */
	enum stack_kind	 kind;
	enum stack_type	 type;
	bool		 dash;
	const char	*fault;		/* NULL: PAM can read it */
	const char	*service;	/* of a line of pam.conf */
	int		 actions[STACK_RESULTS];
	uint16_t	 control;	/* offsets into text */
	uint16_t	 words[STACK_WORDS_MAX];
	size_t		 count;		/* of words: the module, arguments */
	char		 text[STACK_TEXT_MAX];
};

struct stack_reader {
	const char	*text;		/* any bytes */
	size_t		 len, at;
	unsigned int	 line;
	bool		 services;	/* each line begins with a service */
};

/* The next row, false at the end. */
bool		 stack_read(struct stack_reader *, struct stack_row *);

const char	*stack_result_name(enum stack_result);
const char	*stack_control(const struct stack_row *);
/* The module or file, "" if there is none; its arguments are from 1 on. */
const char	*stack_word(const struct stack_row *, size_t);
/* The module's file name without its folder. */
const char	*stack_module(const struct stack_row *);
bool		 stack_is_ours(const struct stack_row *);

/* Whether the row denies for good on that result, whatever follows. */
bool		 stack_denies(const struct stack_row *, enum stack_result);

/* What a module does, as far as it is known by its name. */
enum stack_class {
	CLASS_PROVES,		/* who somebody is; all that are unknown */
	CLASS_CHOOSES,		/* for whom a rule is: a group, a network */
	CLASS_ROOT,		/* lets root through */
	CLASS_SILENT,		/* never succeeds: it ignores, or denies */
	CLASS_NEUTRAL,		/* proves nothing, and may succeed */
	CLASS_KEEPS,		/* the same, and wants the password */
	CLASS_PERMITS,
	CLASS_DENIES,
};
enum stack_class stack_class(const struct stack_row *);

/*
 * Questions to the auth rows of one service, in order.  A module that is not
 * ours may give any result that its name allows.
 */
struct stack {
	const struct stack_row	*rows[STACK_ROWS_MAX];
	size_t			 count;
};

/*
 * Can this stack admit somebody for whom our module is asked and gives that
 * result?  unproven: and for whom no module proves anything.
 */
bool		 stack_admits(const struct stack *, enum stack_result,
		    bool unproven);

/* Can it admit somebody who is not root, and without asking our module? */
bool		 stack_admits_unasked(const struct stack *);

/* Is this row ever reached? */
bool		 stack_reaches(const struct stack *, size_t row);

/*
 * The first row from *at on whose success, or other result, leads past our
 * module to an admission, and which; false if there is none.
 */
bool		 stack_bypass(const struct stack *, size_t *at,
		    enum stack_result *);

/* What becomes of it if each row gives that result. */
bool		 stack_run(const struct stack *, const int *results);

#endif /* ROLLCODE_ADMIN_CHECK_STACK_H */
