/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - what the rooms of `rollcode-admin check` share.
 *
 * Root looks at files and stacks; a store is opened by a child that has become
 * the account, and which reports over a pipe.
 */
#ifndef ROLLCODE_ADMIN_CHECK_CHECK_H
#define ROLLCODE_ADMIN_CHECK_CHECK_H

#include "admin/admin.h"
#include "admin/check/stack.h"

#define CHECK_FILE_MAX	512
#define CHECK_TEXT_MAX	1024
#define CHECK_PAM_CONF	"/etc/pam.conf"
#define CHECK_INSTALL	"install Rollcode again: make install, or its package"
#define CHECK_DIRECTORIES 2
#define CHECK_OUTCOMES	7

enum severity {
	SEVERITY_NOTE = 0,
	SEVERITY_WARNING,
	SEVERITY_ERROR,
};

/* Every finding there is; names and severities are in findings.c. */
enum finding_kind {
	FOUND_ENV_FILE,
	FOUND_ENV_LINE,
	FOUND_ENV_KEY,
	FOUND_ENV_PREVIOUS,
	FOUND_ACCOUNT,
	FOUND_ACCOUNT_PERSON,
	FOUND_STORE_PLACE,
	FOUND_STORE_MARKER,
	FOUND_STORE_KEY,
	FOUND_STORE_BACKUP,
	FOUND_STORE_SPACE,
	FOUND_STORE_ROLE,
	FOUND_STORE,
	FOUND_USER_FILE,
	FOUND_USER_UNENROLLED,
	FOUND_USER_DISABLED,
	FOUND_USER_GUARDED,
	FOUND_TOKEN_ENDED,
	FOUND_TOKEN_ENDS,
	FOUND_TOKEN_POLICY,
	FOUND_TOKEN_DIGITS,
	FOUND_HELPER,
	FOUND_JUDGE,
	FOUND_JUDGE_DIFFERS,
	FOUND_SOCKET,
	FOUND_SERVICE,
	FOUND_SERVICE_OLD,
	FOUND_UNIT,
	FOUND_UNIT_BOOT,
	FOUND_PROGRAM,
	FOUND_MODULE,
	FOUND_PAM_FILE,
	FOUND_PAM_LINE,
	FOUND_PAM_INCLUDE,
	FOUND_PAM_CONF,
	FOUND_PAM_UNUSED,
	FOUND_LINE_MODULE,
	FOUND_LINE_TYPE,
	FOUND_LINE_DASH,
	FOUND_LINE_ARGUMENT,
	FOUND_LINE_PATH,
	FOUND_LINE_CONF,
	FOUND_LINE_PASS,
	FOUND_STACK_REFUSAL,
	FOUND_STACK_ERROR,
	FOUND_STACK_BYPASS,
	FOUND_STACK_EXEMPT,
	FOUND_STACK_UNREACHED,
	FOUND_STACK_CLOSED,
	FOUND_NULLOK_OPEN,
	FOUND_NULLOK_CLOSED,
	FOUND_NULLOK,
	FOUND_SSHD,
	FOUND_SSHD_CONFIG,
	FOUND_SSHD_PAM,
	FOUND_SSHD_ASKS,
	FOUND_SSHD_PASSWORD,
	FOUND_SSHD_KEY,
	FOUND_SSHD_METHODS,
	FOUND_ROOT_WAY,
	FOUND_NOBODY,
	FINDING_KINDS,
};

/* One message of the child, less than a pipe writes at once. */
struct finding {
	uint32_t	kind;
	uint32_t	line;			/* 0: none */
	char		file[CHECK_FILE_MAX];
	char		what[CHECK_TEXT_MAX];
	char		mend[CHECK_TEXT_MAX];	/* a command, or what to do */
};

/* What the store says. */
struct store_facts {
	bool	 known;
	bool	 root;		/* is enrolled */
	bool	 user;		/* is the one that was named */
	uint32_t users;
};

/* sshd's effective settings. */
struct sshd_settings {
	bool	known;
	bool	pam, asks, password, key;
	char	root[32];
	char	methods[512];
	char	service[64];	/* its PAM service */
	bool	matched;	/* a Match block makes some of them */
};

struct check {
	const struct admin_options	*options;
	const char			*user;	/* NULL: nobody was named */
	struct config			 config;
	bool				 configured;
	struct store_facts		 store;
	struct sshd_settings		 sshd;
	char				 services[CHECK_TEXT_MAX];
	char				 loaded[CHECK_FILE_MAX];
	bool				 dry;	/* so these are known: */
	bool				 admits[CHECK_OUTCOMES];
	struct finding			*list;
	size_t				 count, room;
	bool				 lost;	/* some found no memory */
};

/* --- the list ----------------------------------------------------------- */

const char	*check_name(enum finding_kind);
enum severity	 check_severity(enum finding_kind);

/* Add a finding, unless the list has the very same one. */
void	check_add(struct check *, const struct finding *);

/* The same; mend may be NULL. */
void	check_found(struct check *, enum finding_kind, const char *file,
	    unsigned int line, const char *mend, const char *fmt, ...)
	    __attribute__((format(printf, 6, 7)));

/*
 * Fill a finding from an error.  otherwise is what mends it if the error does
 * not say.  Its sentence is shown, and nothing is looked for in it.
 */
void	check_error(struct finding *, enum finding_kind, const char *file,
	    const struct error *, const char *otherwise);

/* Print it; how many of each severity there are. */
void	check_text(const struct check *, const unsigned int *counts);
void	check_json(const struct check *, const unsigned int *counts);

/* --- the rooms ---------------------------------------------------------- */

void	check_env(struct check *);	/* and the account it names */
void	check_store(struct check *);
void	check_judge(struct check *);
void	check_sshd_read(struct check *);	/* once */
void	check_services(struct check *);
void	check_root(struct check *);	/* whether it has a way in */

/*
 * What becomes of the service of --service on each outcome of our module, if
 * all others agree; false if there is no such service.  Nothing is run, for
 * other modules might count it.
 */
bool		 check_dry_run(struct check *);
const char	*check_outcome(size_t, const char **when);

/* --- one service's stack ------------------------------------------------ */

struct service {
	const char	*name;
	struct stack_row *rows;			/* of all types */
	size_t		 count;
	char		(*files)[PATH_MAX];	/* by stack_row.file */
	size_t		 file_count;
	struct stack	 auth;
	bool		 uses;			/* a row names our module */
};

/* Read a service's stack, as PAM would.  False if it has no file. */
bool	service_read(struct check *, const char *name, struct service *);
void	service_free(struct service *);
bool	check_has_nullok(const struct service *);

/* Where services are, and a file there: at most 1 MiB, NULL with errno. */
extern const char *const check_directories[CHECK_DIRECTORIES];
bool	check_has_directory(void);
char	*check_read_text(const char *path, size_t *len);

/* Look at it. */
void	check_lines(struct check *, const struct service *);
void	check_stack(struct check *, const struct service *);
void	check_ways_in(struct check *, const struct service *);
const struct stack_row	*check_first(const struct service *);	/* of ours */

void	check_sshd(struct check *, const struct service *);

/* Settings out of what `sshd -T` prints. */
void	sshd_parse(char *text, struct sshd_settings *);

/* Whether each list of AuthenticationMethods has a method of that name. */
bool	check_lists_have(const char *methods, const char *name);

#endif /* ROLLCODE_ADMIN_CHECK_CHECK_H */
