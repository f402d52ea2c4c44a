/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - the env file of the server, see rollcode.env(5).
 *
 * Only rollcode-verify and rollcode-admin read it, as root, before they drop
 * to the account; the module never does.
 */
#ifndef ROLLCODE_CONFIG_CONFIG_H
#define ROLLCODE_CONFIG_CONFIG_H

#include <limits.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/base/env.h"
#include "common/token/seal.h"
#include "rules/policy.h"
#include "system/privileges.h"

#define CONFIG_NAME_MAX		32
#define CONFIG_CALLERS_MAX	512
#define CONFIG_DATABASE		CONFIG_SQLITE ROLLCODE_STATE /* by default */
#define CONFIG_HEX_LEN		64	/* digits of a SECRET_KEY */

#define CONFIG_KEYS		2	/* SECRET_KEY, SECRET_KEY_PREVIOUS */

/* What is made of one of them: its name, and the keys that are used. */
struct derived_key {
	char			id[SEAL_ID_LEN + 1];
	struct secret_key	seal;		/* of secrets in a store */
	struct secret_key	witness;
};

struct config {
	char			key_text[CONFIG_HEX_LEN + 1];	/* as written */
	char			previous_text[CONFIG_HEX_LEN + 1];
	char			database[PATH_MAX];
	char			database_admin[PATH_MAX]; /* or "" */
	char			witness[PATH_MAX];	/* or "" */
	char			account[CONFIG_NAME_MAX + 1];
	char			callers[CONFIG_CALLERS_MAX + 1];
	struct policy		policy;
	int64_t			events_kept;
	int64_t			pgsql_keep;	/* seconds; 0: not at all */
	bool			has_key, has_previous;
	bool			administers;	/* no login: a backup is a */
						/* store too, and nobody */
						/* waits */
	bool			pools;		/* a login leaves a user's */
						/* file, or its connection, */
						/* open for the next */
	struct secret_key	key, previous;	/* of SECRET_KEY... */
	struct derived_key	derived[CONFIG_KEYS];
	size_t			derived_count;	/* 0: see config_derive */
	uid_t			uid;		/* of the account */
	gid_t			gid;
	int			file;		/* see config_load; 0: none */
};

#define CONFIG_PGSQL		"postgresql://"
#define CONFIG_SQLITE		"sqlite:"
#define CONFIG_WITNESS_END	"-witness"

/* Whether the store is PostgreSQL's, else it is of files. */
static inline bool
config_is_pgsql(const struct config *config)
{
	return strncmp(config->database, CONFIG_PGSQL,
	    sizeof(CONFIG_PGSQL) - 1) == 0;
}

static inline void
config_wipe(struct config *config)
{
	if (config->file > 0)
		close(config->file);
	explicit_bzero(config, sizeof(*config));
}

/* Every key there is; ends with a NULL name. */
extern const struct keyword	config_keywords[];

/* All defaults, without a key. */
void			config_defaults(struct config *);

/*
 * Read path, opened once with O_NOFOLLOW: a regular file of root (or of the
 * caller, where that is not root), mode 0600 or less, on a path that nobody
 * else can change.  Each mistake in it is told, with its line number.
 * need_key is false only for `init`, which makes the key.  Looks up the
 * account.  CONFIG.
 *
 * The file stays open, locked shared by flock(2), until config_wipe: a command
 * that changes the key waits until nobody uses the file as it was.
 */
enum rollcode_err	config_read(const char *path, bool need_key,
			    struct config *, struct mistakes *) MUST_USE;

/* The same, with all mistakes in one sentence. */
enum rollcode_err	config_load(const char *path, bool need_key,
			    struct config *, struct error *) MUST_USE;

/* Check the text of an env file; the text is changed.  CONFIG. */
enum rollcode_err	config_parse(char *text, size_t len, bool need_key,
			    struct config *, struct mistakes *) MUST_USE;

/*
 * What is derived of the keys, current first: as config_keep_derived has kept
 * it, else derived now.  NOMEM, SYS.
 */
enum rollcode_err	config_derive(const struct config *,
			    struct derived_key[CONFIG_KEYS], size_t *count,
			    struct error *) MUST_USE;

/*
 * Derive them once for every store that is opened with this configuration,
 * whose keys do not change from now on.  config_wipe forgets both.
 */
static inline enum rollcode_err
config_keep_derived(struct config *config, struct error *error)
{
	return config_derive(
	    config, config->derived, &config->derived_count, error);
}

/*
 * The directory of the witnesses: WITNESS, else that of DATABASE (where that
 * is a server, ROLLCODE_STATE) with CONFIG_WITNESS_END behind its name; "" if
 * there is none.
 */
void			config_witness(const struct config *,
			    char path[PATH_MAX]);

/* Become the account for good.  PRIVILEGE. */
static inline enum rollcode_err
config_drop(const struct config *config, struct error *error)
{
	return privileges_drop(
	    config->uid, config->gid, config->account, error);
}

#endif /* ROLLCODE_CONFIG_CONFIG_H */
