/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apps.c - backups of Aegis, andOTP, FreeOTP+ and 2FAS, which are JSON, read
 * with jansson.
 *
 * A key that is there twice is refused, and a number in quotation marks: other
 * readers may take it for another one.
 */
#include <malloc.h>
#include <stdlib.h>

#include "common/import/library.h"
#include "common/import/phone.h"
#include "common/token/codec.h"
#include "common/token/token.h"

#define REJECT_DUPLICATES 1 /* of jansson.h, as what follows */

/* The head of a value; what is behind it is the library's. */
struct value {
	int type;
};

enum { OBJECT, ARRAY, STRING, INTEGER };

/* Room for json_error_t, which begins with the line. */
struct parse_error {
	int line[64];
};

static struct jansson {
	struct value *(*load)(
	    const char *, size_t, size_t, struct parse_error *);
	void (*delete)(struct value *);
	struct value *(*get)(const struct value *, const char *);
	size_t (*size)(const struct value *);
	struct value *(*at)(const struct value *, size_t);
	const char *(*string)(const struct value *);
	long long (*integer)(const struct value *);
	void (*functions)(void *(*)(size_t), void (*)(void *));
} json;

/* What jansson keeps is secret. */
static void
free_wiped(void *memory)
{
	if (memory != NULL)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

static bool
load_jansson(void)
{
	static const char *const names[] = {"libjansson.so.4", NULL};
	const struct library_function functions[] = {
	    {"json_loadb", &json.load},
	    {"json_delete", &json.delete},
	    {"json_object_get", &json.get},
	    {"json_array_size", &json.size},
	    {"json_array_get", &json.at},
	    {"json_string_value", &json.string},
	    {"json_integer_value", &json.integer},
	    {"json_set_alloc_funcs", &json.functions},
	};

	if (!library_load(names, functions, COUNT(functions)))
		return false;
	json.functions(malloc, free_wiped);
	return true;
}

static void
value_delete(struct value **value)
{
	if (*value != NULL)
		json.delete(*value);
}

static bool
is_type(const struct value *value, int type)
{
	return value != NULL && value->type == type;
}

/* Where an app has what; in the object itself, or in the one inside it. */
struct app {
	const char *inside;
	const char *type, *secret, *algorithm, *account, *issuer;
};

static const struct app aegis = {
    "info", "type", "secret", "algo", "name", "issuer"};
static const struct app andotp = {
    NULL, "type", "secret", "algorithm", "label", "issuer"};
static const struct app freeotp = {
    NULL, "type", "secret", "algo", "label", "issuerExt"};
static const struct app twofas = {
    "otp", "tokenType", "secret", "algorithm", "account", "issuer"};

static const struct value *
find_value(const struct app *app, const struct value *entry, const char *name)
{
	const struct value *found = json.get(entry, name);

	if (found == NULL && app->inside != NULL)
		found = json.get(json.get(entry, app->inside), name);
	return found;
}

/* NULL if there is none, or it is no text. */
static const char *
find_text(const struct app *app, const struct value *entry, const char *name)
{
	const struct value *found = find_value(app, entry, name);

	return is_type(found, STRING) ? json.string(found) : NULL;
}

/* A number that is there and none is -1. */
static int64_t
find_number(const struct app *app, const struct value *entry, const char *name,
    int64_t otherwise)
{
	const struct value *found = find_value(app, entry, name);

	if (found == NULL)
		return otherwise;
	return is_type(found, INTEGER) ? json.integer(found) : -1;
}

/* In base32, or as FreeOTP has it, an array of signed bytes. */
static bool
take_app_secret(const struct value *value, struct secret *secret)
{
	long long byte;

	if (is_type(value, STRING))
		return base32_decode(json.string(value), secret->bytes,
		    SECRET_MAX, &secret->len);
	if (!is_type(value, ARRAY) || json.size(value) > SECRET_MAX)
		return false;
	for (secret->len = 0; secret->len < json.size(value); secret->len++) {
		byte = json.integer(json.at(value, secret->len));
		if (!is_type(json.at(value, secret->len), INTEGER) ||
		    byte < INT8_MIN || byte > UINT8_MAX)
			return false;
		secret->bytes[secret->len] = (uint8_t)byte;
	}
	return secret->len > 0;
}

/* What makes its codes is said once, for apps may read either place. */
static bool
said_once(const struct app *app, const struct value *entry)
{
	const char *const names[] = {
	    app->secret, app->algorithm, "digits", "counter"};
	const struct value *inside =
	    app->inside == NULL ? NULL : json.get(entry, app->inside);

	for (size_t i = 0; i < COUNT(names); i++)
		if (json.get(entry, names[i]) != NULL &&
		    json.get(inside, names[i]) != NULL)
			return false;
	return true;
}

static enum rollcode_err
take_app_entry(const struct app *app, const struct value *value,
    const char *user, struct import_entry *e, struct error *why)
{
	const char *algorithm = find_text(app, value, app->algorithm);
	const struct value *said = find_value(app, value, app->algorithm);
	struct phone_token phone = {
	    .issuer = find_text(app, value, app->issuer),
	    .digits = find_number(app, value, "digits", ROLLCODE_DIGITS_MIN),
	    .counter = find_number(app, value, "counter", -1),
	    .has_counter = find_value(app, value, "counter") != NULL,
	};
	enum rollcode_err err;

	if ((err = phone_begin(e, find_text(app, value, app->account), user,
		 find_text(app, value, app->type), why)) != ROLLCODE_OK)
		return err;
	if (!said_once(app, value))
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "it says its secret, algorithm, digits or counter twice");
	if (algorithm != NULL)
		phone.algorithm = algorithm_from_name(algorithm);
	else if (said == NULL)
		phone.algorithm = ALGORITHM_SHA1;
	if (!take_app_secret(find_value(app, value, app->secret),
		&e->provision.token.secret))
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "it has no secret of 128 bytes or fewer in base32 or as "
		    "an array of bytes");
	return phone_take(e, &phone, why);
}

/* The entries of a backup, and whose; or NULL with why. */
static const struct value *
find_entries(const struct value *root, const struct app **app, const char **why)
{
	const struct value *db = json.get(root, "db");
	const struct value *sealed = json.get(root, "servicesEncrypted");
	const struct value *entries = root;

	*why = "it is JSON, but not of Aegis, andOTP, FreeOTP+ or 2FAS";
	if (is_type(root, ARRAY)) {
		*app = &andotp;
	} else if (db != NULL) {
		*app = &aegis;
		entries = json.get(db, "entries");
		if (is_type(db, STRING))
			*why = "it is an encrypted backup of Aegis; export it "
			       "without encryption";
	} else if (is_type(sealed, STRING) && *json.string(sealed) != '\0') {
		entries = NULL;
		*why = "it is an encrypted backup of 2FAS; export it without "
		       "a password";
	} else if ((entries = json.get(root, "services")) != NULL) {
		*app = &twofas;
	} else {
		*app = &freeotp;
		entries = json.get(root, "tokens");
	}
	if (is_type(entries, ARRAY) && json.size(entries) == 0)
		*why = "there is no token in it";
	return is_type(entries, ARRAY) && json.size(entries) > 0 ? entries
								 : NULL;
}

static enum rollcode_err
take_app_entries(struct import_list *list, const struct app *app,
    const struct value *entries, const char *user, struct error *error)
{
	WIPED(import_entry_wipe) struct import_entry e = {.line = 0};
	struct error why = {0};
	enum rollcode_err err = ROLLCODE_OK, taken;

	for (size_t i = 0; i < json.size(entries) && err == ROLLCODE_OK; i++) {
		if (import_full(list)) {
			list->unread = json.size(entries) - i;
			break;
		}
		import_entry_begin(&e, user);
		e.unit = "entry";
		e.line = (unsigned int)i + 1;
		taken =
		    take_app_entry(app, json.at(entries, i), user, &e, &why);
		err = import_add(
		    list, &e, taken == ROLLCODE_OK ? NULL : &why, error);
	}
	return err;
}

enum rollcode_err
apps_read(struct import_list *list, const char *user, const char *text,
    size_t len, struct error *error)
{
	WIPED(value_delete) struct value *root = NULL;
	struct import_entry whole = {.line = 0};
	struct parse_error parse = {{0}};
	const struct app *app = NULL;
	const struct value *entries;
	const char *what;
	struct error why = {0};

	if (!load_jansson())
		return import_refuse(list,
		    "JSON is read by jansson, which is not here; install it "
		    "(libjansson4)",
		    error);
	if ((root = json.load(text, len, REJECT_DUPLICATES, &parse)) == NULL) {
		whole.line =
		    parse.line[0] > 0 ? (unsigned int)parse.line[0] : 1;
		(void)error_set(&why, ROLLCODE_ERR_INPUT,
		    "it is not well-formed JSON, it ends early, or it has a "
		    "name twice");
		return import_add(list, &whole, &why, error);
	}
	if ((entries = find_entries(root, &app, &what)) == NULL)
		return import_refuse(list, what, error);
	return take_app_entries(list, app, entries, user, error);
}
