/* SPDX-License-Identifier: Apache-2.0 */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/import/import.h"
#include "common/import/owners.h"
#include "common/token/token.h"

#define LINE_MAX_OWNER (ROLLCODE_LABEL_MAX + ROLLCODE_USER_MAX + 16)

/* An owner begins with its serial number. */
static int
by_serial(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* In a tree: a long list and a long file would take minutes else. */
struct owner *
owners_find(const struct import_owners *owners, const char *serial)
{
	struct owner **found = tfind(serial, &owners->tree, by_serial);

	return found == NULL ? NULL : *found;
}

/* Room is doubled where the count is a power of two. */
static struct owner *
append_owner(struct import_owners *owners)
{
	size_t count = owners->count;
	struct owner **rows = owners->rows;

	if ((count & (count - 1)) == 0 &&
	    (rows = reallocarray(rows, count == 0 ? 1 : 2 * count,
		 sizeof(struct owner *))) == NULL)
		return NULL;
	owners->rows = rows;
	if ((rows[count] = calloc(1, sizeof(**rows))) != NULL)
		owners->count++;
	return rows[count];
}

enum rollcode_err
owners_add(struct import_owners *owners, const char *serial, const char *user,
    struct error *error)
{
	struct owner *owner;

	if (token_check_label(serial, NULL) != ROLLCODE_OK)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a serial number is text of 1 to %d bytes",
		    ROLLCODE_LABEL_MAX);
	if (strlen(user) > ROLLCODE_USER_MAX)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the user's name is over %d bytes", ROLLCODE_USER_MAX);
	if (owners_find(owners, serial) != NULL)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the serial number %s is there twice", serial);
	if (owners->count == OWNERS_MAX)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "there are more than %d serial numbers", OWNERS_MAX);
	if ((owner = append_owner(owners)) == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	memcpy(owner->serial, serial, strlen(serial) + 1);
	memcpy(owner->user, user, strlen(user) + 1);
	return tsearch(owner, &owners->tree, by_serial) != NULL
		   ? ROLLCODE_OK
		   : error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
}

static enum rollcode_err
owner_line(struct import_owners *owners, char *line, struct error *error)
{
	char *serial = import_trim(line), *user;

	if (*serial == '\0' || *serial == '#')
		return ROLLCODE_OK;
	user = serial + strcspn(serial, " \t,");
	if (*user != '\0')
		*user++ = '\0';
	user += strspn(user, " \t,");
	if (*user == '\0')
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "it is not a serial number and a user");
	return owners_add(owners, serial, user, error);
}

enum rollcode_err
owners_read(struct import_owners *owners, const char *bytes, size_t size,
    struct error *error)
{
	struct import_text text = {bytes, bytes + size};
	char copy[LINE_MAX_OWNER];
	enum rollcode_err err = ROLLCODE_OK;
	struct error why = {0};
	const char *line;
	size_t len;

	for (unsigned int n = 1;
	     err == ROLLCODE_OK && import_next_line(&text, &line, &len); n++) {
		snprintf(copy, sizeof(copy), "%.*s",
		    (int)(len < sizeof(copy) ? len : sizeof(copy)), line);
		if (len < sizeof(copy) && strlen(copy) == len)
			err = owner_line(owners, copy, &why);
		else
			err = error_set(&why, ROLLCODE_ERR_INPUT,
			    "it is too long, or has a NUL byte");
		if (err != ROLLCODE_OK)
			return error_pass(error, err, &why, "line %u", n);
	}
	return err;
}

/* The rows are freed one by one: one may be in no tree. */
static void
keep_owner(void *owner)
{
	(void)owner;
}

void
owners_free(struct import_owners *owners)
{
	tdestroy(owners->tree, keep_owner);
	for (size_t i = 0; i < owners->count; i++)
		free(owners->rows[i]);
	free(owners->rows);
	memset(owners, 0, sizeof(*owners));
}
