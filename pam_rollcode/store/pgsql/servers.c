/* SPDX-License-Identifier: Apache-2.0 */
/*
 * servers.c - where the servers are, and how they are proved.
 *
 *  1. What would weaken a login, or belongs elsewhere, is refused.
 *  2. Without a word of the administrator's a certificate is checked.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "store/pgsql/parts.h"
#include "system/path.h"

#define PASSFILE ROLLCODE_STATE "/pgpass"
#define ROOT_CERTIFICATE ROLLCODE_STATE "/root.crt"
#define SYSTEM_CERTIFICATES "system" /* of libpq 16 and later */

static const struct {
	const char *name, *remedy;
} refused[] = {
    {"password", "put it into the file that passfile= names, else " PASSFILE},
    {"sslpassword", "use a key without one that only the account can read"},
    {"service", "write the settings of its file here"},
    {"options", "the settings of a session are Rollcode's"},
    {"replication", "it is no store"},
    {"connect_timeout", "the deadlines are Rollcode's"},
};

const char *
place_value(const struct place *place, const char *name)
{
	for (const PQconninfoOption *o = place->all; o->keyword != NULL; o++)
		if (strcmp(o->keyword, name) == 0 && o->val != NULL &&
		    o->val[0] != '\0')
			return o->val;
	return NULL;
}

static enum rollcode_err
check_refused(const struct place *place, struct error *error)
{
	const char *attributes = place_value(place, "target_session_attrs");

	for (size_t i = 0; i < COUNT(refused); i++)
		if (place_value(place, refused[i].name) != NULL)
			return error_set(error, ROLLCODE_ERR_CONFIG,
			    "DATABASE: has %s=; leave it out: %s",
			    refused[i].name, refused[i].remedy);
	if (attributes != NULL && strcmp(attributes, "read-write") != 0 &&
	    strcmp(attributes, "primary") != 0)
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "DATABASE: has target_session_attrs=; leave it out: a "
		    "login never reads from a replica");
	return ROLLCODE_OK;
}

/* The next element, separated by commas; after the last one, that one again. */
static bool
take_element(const char **list, char *out, size_t size)
{
	const char *from = *list != NULL ? *list : "";
	size_t len = strcspn(from, ",");

	snprintf(out, size, "%.*s", (int)len, from);
	if (from[len] == ',')
		*list += len + 1;
	return len < size;
}

static size_t
count_elements(const char *list)
{
	size_t count = 1;

	for (; list != NULL && *list != '\0'; list++)
		count += *list == ',';
	return count;
}

static enum rollcode_err
split_hosts(struct place *place, struct error *error)
{
	const char *names = place_value(place, "host");
	const char *addresses = place_value(place, "hostaddr");
	const char *ports = place_value(place, "port");
	size_t count = count_elements(names != NULL ? names : addresses);

	if (count > PLACE_HOSTS_MAX ||
	    (names != NULL && addresses != NULL &&
		count_elements(addresses) != count) ||
	    (count_elements(ports) != 1 && count_elements(ports) != count))
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "DATABASE: has more than %d servers, or not one address "
		    "and port for each",
		    PLACE_HOSTS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct place_host *h = &place->hosts[i];

		if (!take_element(&names, h->name, sizeof(h->name)) ||
		    !take_element(&addresses, h->address, sizeof(h->address)) ||
		    !take_element(&ports, h->port, sizeof(h->port)))
			return error_set(error, ROLLCODE_ERR_CONFIG,
			    "DATABASE: the name of a server is too long");
	}
	place->count = count;
	return ROLLCODE_OK;
}

/* libpq would pass over a file that others can read, and say so to nobody. */
static enum rollcode_err
check_passfile(const struct place *place, uid_t uid, struct error *error)
{
	const char *path = place_value(place, "passfile");
	bool named = path != NULL;
	char owner[16];
	struct stat st;
	enum rollcode_err err;

	if (!named)
		path = PASSFILE;
	err = path_check(path, uid, error);
	if (err == ROLLCODE_ERR_UNAVAIL && !named)
		return ROLLCODE_OK;
	if (err != ROLLCODE_OK)
		return err;
	if (stat(path, &st) != 0)
		return error_at(
		    error, ROLLCODE_ERR_UNAVAIL, path, "%s", strerror(errno));
	if (S_ISREG(st.st_mode) && st.st_uid == uid && (st.st_mode & 077) == 0)
		return ROLLCODE_OK;
	snprintf(owner, sizeof(owner), "%u", (unsigned int)uid);
	err = error_at(error, ROLLCODE_ERR_STORE, path,
	    "has passwords, and is not a file that only the account (uid %s) "
	    "can read",
	    owner);
	return st.st_uid == uid
		   ? error_fix(error, err, "chmod", "600", path, NULL)
		   : error_fix(error, err, "chown", "-h", owner, path, NULL);
}

/* Anybody who can change these files chooses which server is believed. */
static enum rollcode_err
check_anchors(const struct place *place, uid_t uid, struct error *error)
{
	static const char *const names[] = {
	    "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir"};
	const char *path = ROOT_CERTIFICATE;
	enum rollcode_err err;

	for (size_t i = 0; i < COUNT(names); i++) {
		if (place_value(place, names[i]) != NULL)
			path = place_value(place, names[i]);
		err = ROLLCODE_OK;
		if (path != NULL && path[0] == '/')
			err = path_check(path, uid, error);
		else if (path != NULL && path[0] != '\0' &&
			 strcmp(path, SYSTEM_CERTIFICATES) != 0)
			return error_set(error, ROLLCODE_ERR_CONFIG,
			    "DATABASE: %s= is not an absolute path", names[i]);
		/* libpq says what is missing, where it is needed. */
		if (err != ROLLCODE_OK && err != ROLLCODE_ERR_UNAVAIL)
			return err;
		path = NULL;
	}
	return ROLLCODE_OK;
}

enum rollcode_err
place_read(const char *uri, uid_t uid, struct place *place, struct error *error)
{
	enum rollcode_err err;
	char *why = NULL;

	memset(place, 0, sizeof(*place));
	place->all = PQconninfoParse(uri, &why);
	/* What libpq says may repeat a password. */
	PQfreemem(why);
	if (place->all == NULL)
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "DATABASE: is not a URI as PostgreSQL has them: "
		    "postgresql://USER@HOST,HOST/NAME?KEY=VALUE");
	if ((err = check_refused(place, error)) != ROLLCODE_OK ||
	    (err = split_hosts(place, error)) != ROLLCODE_OK)
		return err;
	if ((err = check_anchors(place, uid, error)) != ROLLCODE_OK)
		return err;
	return check_passfile(place, uid, error);
}

void
place_free(struct place *place)
{
	PQconninfoFree(place->all);
	place->all = NULL;
}

static void
add_setting(struct place_settings *s, const char *keyword, const char *value)
{
	if (s->count == PLACE_SETTINGS_MAX || value[0] == '\0')
		return;
	s->keywords[s->count] = keyword;
	s->values[s->count++] = value;
}

static void
set_default(const struct place *place, struct place_settings *s,
    const char *keyword, const char *value)
{
	if (place_value(place, keyword) == NULL)
		add_setting(s, keyword, value);
}

static bool
is_per_host(const char *keyword)
{
	return strcmp(keyword, "host") == 0 ||
	       strcmp(keyword, "hostaddr") == 0 || strcmp(keyword, "port") == 0;
}

void
place_settings(const struct place *place, size_t host, struct place_settings *s)
{
	const struct place_host *h = &place->hosts[host];
	bool local =
	    h->address[0] == '\0' &&
	    (h->name[0] == '\0' || h->name[0] == '/' || h->name[0] == '@');

	memset(s, 0, sizeof(*s));
	for (const PQconninfoOption *o = place->all; o->keyword != NULL; o++)
		if (o->val != NULL && !is_per_host(o->keyword))
			add_setting(s, o->keyword, o->val);
	add_setting(s, "host", h->name);
	add_setting(s, "hostaddr", h->address);
	add_setting(s, "port", h->port);
	set_default(place, s, "target_session_attrs", "read-write");
	set_default(place, s, "passfile", PASSFILE);
	set_default(place, s, "gssencmode", "disable");
	set_default(place, s, "sslmode", local ? "prefer" : "verify-full");
	set_default(place, s, "sslrootcert", ROOT_CERTIFICATE);
	add_setting(s, "fallback_application_name", "rollcode");
}

void
place_where(const struct place_host *h, char where[LINK_WHERE_MAX])
{
	const char *name = h->name[0] != '\0' ? h->name : h->address;

	snprintf(where, LINK_WHERE_MAX, "PostgreSQL at %s%s%s",
	    name[0] != '\0' ? name : "the local socket",
	    h->port[0] != '\0' ? " port " : "", h->port);
}
