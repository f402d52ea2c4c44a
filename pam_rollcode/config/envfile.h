/* SPDX-License-Identifier: Apache-2.0 */
/*
 * envfile.h - the env file as text, for the commands that change its keys.
 *
 * It is written whole beside itself and moved into place, so that a kill, or a
 * power cut, leaves the old one or the new one.
 */
#ifndef ROLLCODE_CONFIG_ENVFILE_H
#define ROLLCODE_CONFIG_ENVFILE_H

#include "config/config.h"

#define ENVFILE_KEY		"SECRET_KEY="
#define ENVFILE_PREVIOUS	"SECRET_KEY_PREVIOUS="

struct envfile {
	size_t	len;
	char	text[ENV_FILE_MAX + 2 * CONFIG_HEX_LEN + 256];
};
WIPABLE(envfile);

/*
 * CONFIG if something lies beside the usual env file that is not root's, or
 * that others can change: somebody else has been there before.
 */
enum rollcode_err	envfile_foreign(const char *path, struct error *)
			    MUST_USE;

/*
 * Lock the directory of the env file, whose path is absolute and which nobody
 * else can change: one command at a time changes keys.  CONFIG if something
 * foreign is in it.  The caller closes *lock.
 */
enum rollcode_err	envfile_lock(const char *path, int *lock,
			    struct error *) MUST_USE;

/* Read what config_read reads; *held is the locked file.  CONFIG. */
enum rollcode_err	envfile_open(const char *path, struct envfile *,
			    int *held, struct error *) MUST_USE;

/*
 * The same for one who writes it: without an empty key as example.env has it,
 * and with a newline at its end.  No file is an empty one.
 */
enum rollcode_err	envfile_read(const char *path, struct envfile *,
			    struct error *) MUST_USE;

/* Add to its end: any text, or a key in a line of that NAME=. */
enum rollcode_err	envfile_append(struct envfile *, const char *text,
			    size_t len, struct error *) MUST_USE;
enum rollcode_err	envfile_put_key(struct envfile *, const char *name,
			    const struct secret_key *, struct error *)
			    MUST_USE;

/*
 * The same text with other keys: key in place of SECRET_KEY, and previous, if
 * it is not NULL, in the line behind it; every other line of a key is left
 * out.  What comes out is read back: CONFIG if it has not exactly these keys.
 */
enum rollcode_err	envfile_rekey(const struct envfile *from,
			    const struct secret_key *key,
			    const struct secret_key *previous,
			    struct envfile *to, struct error *) MUST_USE;

/* Replace the file, durable. */
enum rollcode_err	envfile_write(const char *path, const struct envfile *,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_CONFIG_ENVFILE_H */
