/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.c - on which machine a store is: what a copy of its disk has not
 * taken along, where that has an id of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/token/codec.h"
#include "store/sqlite/parts.h"

#define MACHINE_FILE "/etc/machine-id"
#define MACHINE_DIGITS 32

/* False where it is none, as in an image that was never started. */
static bool
is_machine_id(const char *text, ssize_t len)
{
	for (int i = 0; i < MACHINE_DIGITS; i++)
		if (i >= len || strchr("0123456789abcdef", text[i]) == NULL ||
		    text[i] == '\0')
			return false;
	return len == MACHINE_DIGITS || text[MACHINE_DIGITS] == '\n';
}

static enum rollcode_err
read_machine_id(struct secret_key *id, bool *there, struct error *error)
{
	char text[MACHINE_DIGITS + 2];
	ssize_t n;
	int fd, e;

	_Static_assert(sizeof(id->bytes) == MACHINE_DIGITS, "it is the key");
	*there = false;
	fd = open(MACHINE_FILE, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return ROLLCODE_OK;
	if (fd < 0)
		return error_errno(error, errno, MACHINE_FILE);
	n = read(fd, text, sizeof(text));
	e = errno;
	close(fd);
	if (n < 0)
		return error_errno(error, e, MACHINE_FILE);
	*there = is_machine_id(text, n);
	if (*there)
		memcpy(id->bytes, text, MACHINE_DIGITS);
	return ROLLCODE_OK;
}

enum rollcode_err
machine_name(
    const char *store_id, char name[MACHINE_NAME_LEN + 1], struct error *error)
{
	WIPED(secret_key_wipe) struct secret_key id = {{0}};
	char text[sizeof("rollcode") + STORE_ID_LEN];
	uint8_t mac[SEAL_MAC_LEN];
	bool there;
	enum rollcode_err err;

	name[0] = '\0';
	if ((err = read_machine_id(&id, &there, error)) != ROLLCODE_OK ||
	    !there)
		return err;
	snprintf(text, sizeof(text), "rollcode%s", store_id);
	if ((err = seal_mac(&id, text, mac)) != ROLLCODE_OK)
		return error_named(error, err, "the machine cannot be named");
	hex_encode(mac, MACHINE_NAME_LEN / 2, name);
	return ROLLCODE_OK;
}
