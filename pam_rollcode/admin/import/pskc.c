/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pskc.c - the only user of libpskc, which brings two XML libraries along and
 * is loaded only when there is a container to read.
 */
#include "admin/import/pskc.h"
#include "admin/import/pskc_numbers.h"
#include "common/token/token.h"

#ifndef ROLLCODE_PSKC

enum rollcode_err
pskc_read(struct import_list *list, const char *user, const char *text,
    size_t len, struct error *error)
{
	(void)user;
	(void)text;
	(void)len;
	return import_refuse(list,
	    "this rollcode-admin was built without libpskc and cannot read "
	    "PSKC; install libpskc-dev and build it again",
	    error);
}

#else

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include <pskc/pskc.h>

#include "common/token/base64.h"

#define LIBRARY "libpskc.so.0"
#define HOTP "urn:ietf:params:xml:ns:keyprov:pskc:hotp"

/* clang-format off */
#define FUNCTIONS(X) \
	X(pskc_global_init) X(pskc_init) X(pskc_done) \
	X(pskc_parse_from_memory) X(pskc_get_keypackage) \
	X(pskc_get_key_algorithm) X(pskc_get_key_algparm_suite) \
	X(pskc_get_key_algparm_resp_encoding) \
	X(pskc_get_key_algparm_resp_length) X(pskc_get_key_data_b64secret) \
	X(pskc_get_key_data_counter) X(pskc_get_key_userid) \
	X(pskc_get_device_userid) X(pskc_get_device_serialno)
/* clang-format on */

struct library {
	void *handle;
/* NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define X(name) __typeof__(name) *name;
	FUNCTIONS(X)
#undef X
};

static bool
load_library(struct library *lib)
{
	if ((lib->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL)) == NULL)
		return false;
#define X(name)                                           \
	*(void **)&lib->name = dlsym(lib->handle, #name); \
	if (lib->name == NULL)                            \
		return false;
	FUNCTIONS(X)
#undef X
	return lib->pskc_global_init() == PSKC_OK;
}

/*
 * Both readings of the text.  libxml2 would print the line that it does not
 * like, secrets and all.
 */
static bool
parse_quietly(const struct library *lib, pskc_t *container, const char *text,
    size_t len, struct pskc_numbers *numbers)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	bool read;

	read = null >= 0 && kept >= 0 && dup2(null, STDERR_FILENO) >= 0 &&
	       lib->pskc_parse_from_memory(container, len, text) == PSKC_OK &&
	       pskc_numbers_read(lib->handle, text, len, numbers);
	if (kept >= 0)
		dup2(kept, STDERR_FILENO);
	close(kept);
	close(null);
	return read;
}

/* "CN=alice,DC=example" is alice.  The key's own user is the last to say. */
static enum rollcode_err
take_key_user(struct import_entry *e, const char *named, const char *user,
    struct error *why)
{
	char name[sizeof(e->user) + 1];

	if (named == NULL)
		return ROLLCODE_OK;
	if (strncasecmp(named, "CN=", 3) == 0)
		named += 3;
	else if (strncasecmp(named, "UID=", 4) == 0)
		named += 4;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(named, ","), named);
	return import_owner(e, name, user, why);
}

/* libpskc reads "5x" as 5, "abc" as 0, and the last of two. */
static bool
same_number(const struct pskc_number *number, bool given, uint64_t value)
{
	if (!given)
		return number->count == 0;
	return number->count == 1 && !number->odd && number->value == value;
}

static enum rollcode_err
take_key_form(const struct library *lib, pskc_key_t *key,
    const struct pskc_package *numbers, struct rollcode_token *t,
    struct error *why)
{
	const char *algorithm = lib->pskc_get_key_algorithm(key);
	const char *suite = lib->pskc_get_key_algparm_suite(key);
	pskc_valueformat encoding;
	int given = 0;

	if (algorithm == NULL || strcmp(algorithm, HOTP) != 0)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "the key is not of the HOTP profile");
	t->form = FORM_HOTP;
	if (suite != NULL && strncmp(suite, "HMAC-", 5) == 0)
		suite += 5;
	t->algorithm = suite == NULL || *suite == '\0'
			   ? ALGORITHM_SHA1
			   : algorithm_from_name(suite);
	encoding = lib->pskc_get_key_algparm_resp_encoding(key, &given);
	if (given && encoding != PSKC_VALUEFORMAT_DECIMAL)
		return error_set(
		    why, ROLLCODE_ERR_INPUT, "its codes are not decimal");
	t->digits = lib->pskc_get_key_algparm_resp_length(key, &given);
	if (!same_number(&numbers->length, given, t->digits))
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "the Length of its codes is not one number in decimal "
		    "digits");
	if (!given)
		t->digits = ROLLCODE_DIGITS_MIN;
	return ROLLCODE_OK;
}

static enum rollcode_err
take_key(const struct library *lib, pskc_key_t *key,
    const struct pskc_package *numbers, struct import_entry *e,
    struct error *why)
{
	const char *serial = lib->pskc_get_device_serialno(key);
	struct rollcode_token *t = &e->provision.token;
	const char *secret;
	int given = 0;
	enum rollcode_err err;

	if ((err = take_key_form(lib, key, numbers, t, why)) != ROLLCODE_OK)
		return err;
	/* pskc_get_key_data_secret() of libpskc 2.6.12 says that it is empty.
	 */
	secret = lib->pskc_get_key_data_b64secret(key);
	if (secret == NULL || !base64_decode(secret, t->secret.bytes,
				  sizeof(t->secret.bytes), &t->secret.len))
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "it has no plain secret of 128 bytes or fewer; decrypt the "
		    "container first");
	t->counter = lib->pskc_get_key_data_counter(key, &given);
	if (!same_number(&numbers->counter, given, t->counter))
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "its Counter is not one whole number in decimal digits");
	if (!given)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "it has no counter, so nobody knows which code is next");
	if (serial != NULL && token_check_label(serial, NULL) == ROLLCODE_OK)
		memcpy(t->label, serial, strlen(serial) + 1);
	return token_check(t, why);
}

static enum rollcode_err
take_one(const struct library *lib, pskc_key_t *key,
    const struct pskc_package *numbers, const char *user,
    struct import_entry *e, struct error *why)
{
	enum rollcode_err err;

	if ((err = take_key_user(e, lib->pskc_get_device_userid(key), user,
		 why)) != ROLLCODE_OK ||
	    (err = take_key_user(
		 e, lib->pskc_get_key_userid(key), user, why)) != ROLLCODE_OK)
		return err;
	return take_key(lib, key, numbers, e, why);
}

static size_t
keys_behind(const struct library *lib, pskc_t *container, size_t at)
{
	size_t n = 0;

	while (lib->pskc_get_keypackage(container, at + n) != NULL)
		n++;
	return n;
}

static enum rollcode_err
take_keys(const struct library *lib, pskc_t *container,
    const struct pskc_numbers *numbers, struct import_list *list,
    const char *user, struct error *error)
{
	WIPED(import_entry_wipe) struct import_entry e = {.is_key = true};
	enum rollcode_err err = ROLLCODE_OK, taken;
	struct error why = {0};
	pskc_key_t *key;

	for (unsigned int i = 0; err == ROLLCODE_OK; i++) {
		if (import_full(list)) {
			list->unread = keys_behind(lib, container, i);
			return ROLLCODE_OK;
		}
		key = lib->pskc_get_keypackage(container, i);
		if (key == NULL)
			return i > 0 ? ROLLCODE_OK
				     : import_refuse(list,
					   "there is no key in it", error);
		import_entry_begin(&e, user);
		e.is_key = true;
		e.line = i + 1;
		taken = i >= numbers->count
			    ? error_set(&why, ROLLCODE_ERR_INPUT,
				  "it is not in a KeyPackage")
			    : take_one(lib, key, &numbers->packages[i], user,
				  &e, &why);
		err = import_add(
		    list, &e, taken == ROLLCODE_OK ? NULL : &why, error);
	}
	return err;
}

/* The library stays: it has registered functions for the end. */
enum rollcode_err
pskc_read(struct import_list *list, const char *user, const char *text,
    size_t len, struct error *error)
{
	WIPED(pskc_numbers_free) struct pskc_numbers numbers = {NULL, 0, 0};
	struct library lib = {.handle = NULL};
	pskc_t *container = NULL;
	enum rollcode_err err;

	if (!load_library(&lib))
		return import_refuse(list,
		    "PSKC is read by libpskc, which is not here; install it "
		    "(libpskc0)",
		    error);
	if (lib.pskc_init(&container) != PSKC_OK)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	if (!parse_quietly(&lib, container, text, len, &numbers))
		err = import_refuse(
		    list, "it is not a key container of RFC 6030", error);
	else
		err = take_keys(&lib, container, &numbers, list, user, error);
	lib.pskc_done(container);
	return err;
}

#endif
