/* SPDX-License-Identifier: Apache-2.0 */
/*
 * name.h - a user's name as stores keep it: plain ASCII, with what is
 * not as %XX.
 */
#ifndef ROLLCODE_STORE_NAME_H
#define ROLLCODE_STORE_NAME_H

#include "common/base/rollcode.h"

#define STORE_NAME_MAX	200	/* bytes of a user's name, encoded */

/*
 * Every byte outside [A-Za-z0-9_@+-], and a leading dash, as %XX.  False if
 * it is empty or longer than STORE_NAME_MAX: no such user can be enrolled.
 */
bool	store_name_encode(const char *user, char name[STORE_NAME_MAX + 1])
	    MUST_USE;

/*
 * The user of such a name, false if it is none of ours, or one that would
 * steer a terminal.
 */
bool	store_name_decode(const char *name, char user[ROLLCODE_USER_MAX + 1])
	    MUST_USE;

#endif /* ROLLCODE_STORE_NAME_H */
