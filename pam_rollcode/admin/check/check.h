/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - what the parts of `rollcode-admin check` share.
 *
 * Root looks at files and settings.  A store is opened by a child that has
 * become the account, a stack is tried by one that is nobody; both report over
 * a pipe.
 */
#ifndef ROLLCODE_ADMIN_CHECK_CHECK_H
#define ROLLCODE_ADMIN_CHECK_CHECK_H

#include "admin/admin.h"
#include "admin/check/rows.h"
#include "module/options.h"

#define CHECK_FILE_MAX	512
#define CHECK_TEXT_MAX	1024
#define CHECK_SSHD_MAX	65536
#define CHECK_ROWS_MAX	256
#define CHECK_RESULTS	32	/* of PAM modules */
#define CHECK_OUTCOMES	7
#define CHECK_INSTALL	"install Rollcode again: make install, or its package"

/* --- findings ----------------------------------------------------------- */

enum severity {
	IS_NOTE = 1,
	IS_WARNING,
	IS_ERROR,
	HAS_COMMAND = 4,	/* beside one of these: fix is for a shell */
};

/* One message of a child, less than a pipe writes at once. */
struct finding {
	uint32_t	severity;
	uint32_t	line;			/* 0: none */
	uint32_t	runs;			/* fix is for a shell */
	char		name[24];
	char		file[CHECK_FILE_MAX];
	char		what[CHECK_TEXT_MAX];	/* and what follows */
	char		fix[CHECK_TEXT_MAX];	/* or what to write there */
};

/* What the store says. */
struct store_facts {
	bool	 known;
	bool	 root;		/* is enrolled */
	bool	 user;		/* is the one that was named */
	uint32_t users;
};

struct check {
	const struct admin_options	*options;
	const char			*user;	/* NULL: nobody was named */
	struct config			 config;
	bool				 configured;
	struct store_facts		 store;
	char				 sshd[CHECK_SSHD_MAX]; /* sshd -T */
	bool				 sshd_read, sshd_matched;
	char				 services[CHECK_TEXT_MAX];
	char				 included[CHECK_SSHD_MAX]; /* files */
	char				 loaded[CHECK_FILE_MAX];
	bool				 dry;	/* so these are known: */
	bool				 admits[CHECK_OUTCOMES];
	struct finding			*list;
	size_t				 count, room;
	bool				 lost;	/* some found no memory */
};

/* Add a finding, unless the list has the very same one. */
void	check_add(struct check *, const struct finding *);

/*
 * Fill one, or add it; fix is what to do, or what to write there, or NULL, or
 * with HAS_COMMAND a command that nobody can lock themselves out with.
 */
void	check_fill(struct finding *, unsigned int severity, const char *name,
	    const char *file, const char *fix);
void	check_found(struct check *, unsigned int severity, const char *name,
	    const char *file, unsigned int line, const char *fix,
	    const char *fmt, ...) __attribute__((format(printf, 7, 8)));

/*
 * Fill a finding from an error, whose fix is a command, or add it.  otherwise
 * is what to do if the error does not say.  Its sentence is shown, and nothing
 * is looked for in it.
 */
void	check_error(struct finding *, unsigned int severity, const char *name,
	    const char *file, const struct error *, const char *otherwise);
void	check_found_error(struct check *, unsigned int severity,
	    const char *name, const char *file, const struct error *,
	    const char *otherwise);

/*
 * The same of a file that root relies on, where path_check refuses it.  The
 * folder of somebody else around it may be their home and stays theirs.
 */
void	check_found_place(struct check *, const char *name, const char *file,
	    const struct error *, const char *otherwise);

/* Print it; how many of each severity there are. */
void	check_text(const struct check *, const unsigned int *counts);
void	check_json(const struct check *, const unsigned int *counts);

/* --- the parts ---------------------------------------------------------- */

void	check_env(struct check *);	/* and the account it names */
void	check_store(struct check *);
void	check_verifier(struct check *);
void	check_services(struct check *);
void	check_root(struct check *);	/* whether it has a way in */

/*
 * What becomes of the service of --service on each outcome of our module, if
 * all others agree; false if there is no such service.
 */
bool		 check_dry_run(struct check *);
const char	*check_outcome(size_t, const char **when);

/* --- one service -------------------------------------------------------- */

/* What libpam makes of it, see trial.h. */
struct facts {
	bool		unreadable;	/* for PAM: it refuses everybody */
	bool		admits[CHECK_RESULTS];	/* by our result: those */
						/* whom all others admit */
	bool		lenient[CHECK_RESULTS];	/* or of anybody who is asked */
	bool		unproven;	/* without a token: and a password */
	bool		unasked;	/* of somebody who is not root */
	bool		called[CHECK_ROWS_MAX];
	uint8_t		past[CHECK_ROWS_MAX];	/* the result that leads past */
						/* us, one added */
	unsigned int	asks;		/* how often, if all agree */
};

struct service {
	const char	*name;
	struct row	*rows;		/* of all types */
	size_t		 count;
	char		(*files)[PATH_MAX];	/* by row.file */
	size_t		 file_count;
	bool		 uses;		/* a row names our module */
	struct facts	 facts;
};

/* Read a service's files, as PAM would.  False if it has none. */
bool	service_read(struct check *, const char *name, struct service *);
void	service_free(struct service *);

/* The first line that asks for a code, NULL if there is none. */
bool			 service_asks(const struct row *);
const struct row	*service_first(const struct service *);

/* Its facts, if it has such a line. */
bool	check_try(struct check *, struct service *);

/* Where services are, and a file there: at most 1 MiB, NULL with errno. */
extern const char *const check_directories[2];
FILE	*check_open(const char *path);

/* Look at it. */
void	check_lines(struct check *, const struct service *);
void	check_missing(struct check *, const struct service *);
void	check_stack(struct check *, const struct service *);
void	check_ways_in(struct check *, const struct service *);	/* of nobody */
bool	check_has_nullok(const struct service *);

/* The row of auth as it is written, but for its control. */
void	check_line(const struct row *, const char *control,
	    char line[CHECK_TEXT_MAX]);

/* Whether the row is a line of ours with right arguments, which are these. */
bool	check_own_options(const struct row *, struct options *);

/* --- sshd --------------------------------------------------------------- */

void	check_sshd_read(struct check *);	/* once */
void	check_sshd(struct check *, const struct service *);

/* One of its effective settings, and whether it has that value. */
void	sshd_setting(const struct check *, const char *key, char *value,
	    size_t size);
bool	sshd_is(const struct check *, const char *key, const char *value);

/* Whether sshd asks PAM as this service. */
bool	sshd_asks_as(const struct check *, const char *service);

/* Whether each list of AuthenticationMethods has a method of that name. */
bool	sshd_lists_have(const struct check *, const char *name);

#endif /* ROLLCODE_ADMIN_CHECK_CHECK_H */
