/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pskc.c - key containers of RFC 6030, read with libxml2's reader, which goes
 * through a text node by node and is loaded only when there is one.
 *
 *  1. A value is what the text says: libpskc would take "5x" for 5, "abc" for
 *     0 and the last of two, and a counter that is too low makes codes good
 *     again.
 *  2. A text that is no XML to its end gives no key.
 *  3. A key with an element of RFC 6030 that is not known here is refused: it
 *     may change a code, or when it may be used.
 *
 * What is declared here of libxml2 has been the same since 2003, and saves the
 * headers of another library.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "admin/import/import.h"
#include "common/token/codec.h"
#include "common/token/token.h"

#define NAMESPACE "urn:ietf:params:xml:ns:keyprov:pskc"
#define HOTP NAMESPACE ":hotp"
#define VALUE_MAX 512 /* bytes of a value, with the NUL */
#define NUMBER_MAX 64 /* digits, zeros before them too */
#define PATH_ROOM 128 /* bytes of a path, with the NUL */
#define FOREIGN "?"   /* in a path: of another namespace */
#define ODD "\1"      /* in a value that is no plain text; no XML has it */
#define SPACE " \t\r\n"
#define QUIETLY (1 << 5 | 1 << 6 | 1 << 11) /* no message, no network */

enum { NODE_ELEMENT = 1, NODE_TEXT = 3, NODE_CDATA = 4 };

struct xml {
	void *reader;
	void *(*open)(const char *, int, const char *, const char *, int);
	void (*close)(void *);
	int (*next)(void *);
	int (*node)(void *);
	int (*depth)(void *);
	int (*attribute)(void *, const char *);
	const char *(*name)(void *);
	const char *(*namespace)(void *);
	const char *(*value)(void *);
	char path[PATH_ROOM];  /* of the element that began last */
	char other[PATH_ROOM]; /* of one in no KeyPackage that is not known */
};

#define CONTAINER "/KeyContainer"
#define PACKAGE CONTAINER "/KeyPackage"
#define DEVICE PACKAGE "/DeviceInfo"
#define KEY PACKAGE "/Key"
#define PARAMETERS KEY "/AlgorithmParameters"
#define FORMAT PARAMETERS "/ResponseFormat"

enum field {
	DEVICE_USER,
	KEY_USER,
	SERIAL,
	ALGORITHM,
	SUITE,
	LENGTH,
	ENCODING,
	CHECK_DIGITS,
	SECRET,
	COUNTER,
	FIELDS,
};

static const struct {
	const char *path, *attribute; /* NULL: the element's text */
} fields[FIELDS] = {
    [DEVICE_USER] = {DEVICE "/UserId", NULL},
    [KEY_USER] = {KEY "/UserId", NULL},
    [SERIAL] = {DEVICE "/SerialNo", NULL},
    [ALGORITHM] = {KEY, "Algorithm"},
    [SUITE] = {PARAMETERS "/Suite", NULL},
    [LENGTH] = {FORMAT, "Length"},
    [ENCODING] = {FORMAT, "Encoding"},
    [CHECK_DIGITS] = {FORMAT, "CheckDigits"},
    [SECRET] = {KEY "/Data/Secret/PlainValue", NULL},
    [COUNTER] = {KEY "/Data/Counter/PlainValue", NULL},
};

/* What is known below an element: it is read, or changes no code and no use. */
#define VALUE "/PlainValue/EncryptedValue/ValueMAC/"
static const struct {
	const char *above, *names;
} known[] = {
    {"", "/KeyContainer/"},
    {CONTAINER, "/EncryptionKey/MACMethod/KeyPackage/Extensions/"},
    {CONTAINER "/MACMethod", "/MACKey/MACKeyReference/"},
    {PACKAGE, "/DeviceInfo/CryptoModuleInfo/Key/Extensions/"},
    {DEVICE, "/Manufacturer/SerialNo/Model/IssueNo/DeviceBinding/UserId/"
	     "Extensions/"},
    {PACKAGE "/CryptoModuleInfo", "/Id/Extensions/"},
    {KEY, "/Issuer/AlgorithmParameters/FriendlyName/Data/UserId/Extensions/"},
    {PARAMETERS, "/Suite/ResponseFormat/Extensions/"},
    {KEY "/Data", "/Secret/Counter/Extensions/"},
    {KEY "/Data/Secret", VALUE},
    {KEY "/Data/Counter", VALUE},
};

/* What a KeyPackage says; a field that is there twice is odd. */
struct key {
	unsigned int count[FIELDS];
	char text[FIELDS][VALUE_MAX];
	char other[PATH_ROOM]; /* of an element that is not known */
};

WIPABLE(key);

static void
xml_close(struct xml *xml)
{
	if (xml->reader != NULL)
		xml->close(xml->reader);
	xml->reader = NULL;
}

static bool
load_libxml2(struct xml *xml)
{
	const struct {
		const char *name;
		void *to;
	} functions[] = {
	    {"xmlReaderForMemory", &xml->open},
	    {"xmlFreeTextReader", &xml->close},
	    {"xmlTextReaderRead", &xml->next},
	    {"xmlTextReaderNodeType", &xml->node},
	    {"xmlTextReaderDepth", &xml->depth},
	    {"xmlTextReaderMoveToAttribute", &xml->attribute},
	    {"xmlTextReaderConstLocalName", &xml->name},
	    {"xmlTextReaderConstNamespaceUri", &xml->namespace},
	    {"xmlTextReaderConstValue", &xml->value},
	};
	void *symbol, *library = dlopen("libxml2.so.2", RTLD_NOW | RTLD_LOCAL);

	if (library == NULL)
		library = dlopen("libxml2.so.16", RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; i < COUNT(functions); i++) {
		if (library == NULL ||
		    (symbol = dlsym(library, functions[i].name)) == NULL)
			return false;
		memcpy(functions[i].to, &symbol, sizeof(symbol));
	}
	return true;
}

/* One that is too long is odd, for no field's is; so is one in two nodes. */
static void
set_value(struct key *key, enum field field, const char *text)
{
	char *value = key->text[field];

	if (text == NULL || *value != '\0' || strlen(text) >= VALUE_MAX)
		text = ODD;
	memcpy(value, text, strlen(text) + 1);
}

/* The path of an element that has so many above it. */
static void
enter_element(struct xml *xml, int depth)
{
	const char *name = xml->name(xml->reader);
	const char *namespace = xml->namespace(xml->reader);
	char *at = xml->path;

	if (name == NULL ||
	    (namespace != NULL && strcmp(namespace, NAMESPACE) != 0))
		name = FOREIGN;
	for (; depth > 0 && *at != '\0'; depth--)
		at += 1 + strcspn(at + 1, "/");
	snprintf(at, (size_t)(xml->path + PATH_ROOM - at), "/%s", name);
}

/* Note an element that is not known, and is of no other namespace. */
static void
note_other(struct xml *xml, struct key *key)
{
	const char *name = strrchr(xml->path, '/'), *at;
	size_t above = (size_t)(name - xml->path), len = strlen(name);
	bool inside = strncmp(xml->path, PACKAGE "/", sizeof(PACKAGE)) == 0;

	if (strstr(xml->path, FOREIGN) != NULL)
		return;
	for (size_t i = 0; i < COUNT(known); i++)
		if (strlen(known[i].above) == above &&
		    strncmp(known[i].above, xml->path, above) == 0 &&
		    (at = strstr(known[i].names, name)) != NULL &&
		    at[len] == '/')
			return;
	memcpy(inside ? key->other : xml->other, xml->path, PATH_ROOM);
}

static enum rollcode_err
refuse_other(const char *path, struct error *why)
{
	return error_set(why, ROLLCODE_ERR_INPUT,
	    "it has the element %s, which is not supported and may change its "
	    "codes or their use; remove it from the file if the token works "
	    "without it",
	    path + 1);
}

/* The element's attributes; the field whose text follows, or FIELDS. */
static enum field
begin_fields(struct xml *xml, struct key *key)
{
	enum field text = FIELDS;

	for (enum field f = 0; f < FIELDS; f++) {
		const char *attribute = fields[f].attribute;

		if (strcmp(xml->path, fields[f].path) != 0 ||
		    (attribute != NULL &&
			xml->attribute(xml->reader, attribute) != 1))
			continue;
		key->count[f]++;
		if (attribute != NULL)
			set_value(key, f, xml->value(xml->reader));
		else
			text = f;
	}
	return text;
}

/*
 * Read on to the next KeyPackage: the fields of the one before it.  1, or 0
 * where the text ends instead, or -1 if it is no XML.
 */
static int
next_package(struct xml *xml, struct key *key)
{
	enum field field = FIELDS;
	int more, node, depth, begun = 0;

	key_wipe(key);
	while ((more = xml->next(xml->reader)) == 1) {
		node = xml->node(xml->reader);
		depth = xml->depth(xml->reader);
		if (depth <= begun)
			field = FIELDS;
		if (field < FIELDS)
			set_value(key, field,
			    node == NODE_TEXT || node == NODE_CDATA
				? xml->value(xml->reader)
				: ODD);
		if (node != NODE_ELEMENT)
			continue;
		enter_element(xml, depth);
		note_other(xml, key);
		if (strcmp(xml->path, PACKAGE) == 0)
			return 1;
		if (field == FIELDS) {
			field = begin_fields(xml, key);
			begun = depth;
		}
	}
	return more;
}

/* From its first KeyPackage on. */
static int
open_container(struct xml *xml, const char *text, size_t len, struct key *key)
{
	xml_close(xml);
	if (len <= INT_MAX)
		xml->reader = xml->open(text, (int)len, NULL, NULL, QUIETLY);
	return xml->reader == NULL ? -1 : next_package(xml, key);
}

/* XML allows space around a number, and nothing else is allowed here. */
static bool
one_number(const struct key *key, enum field field, uint64_t *number)
{
	const char *text = key->text[field] + strspn(key->text[field], SPACE);
	size_t digits = strspn(text, "0123456789");

	errno = 0;
	*number = strtoull(text, NULL, 10);
	return key->count[field] == 1 && digits > 0 && digits <= NUMBER_MAX &&
	       errno == 0 &&
	       text[digits + strspn(text + digits, SPACE)] == '\0';
}

/* "CN=alice,DC=example" is alice.  The key's own user is the last to say. */
static enum rollcode_err
take_key_user(struct key *key, enum field field, const char *user,
    struct import_entry *e, struct error *why)
{
	char *named = key->text[field];

	if (*named == '\0')
		return ROLLCODE_OK;
	if (strncasecmp(named, "CN=", 3) == 0)
		named += 3;
	else if (strncasecmp(named, "UID=", 4) == 0)
		named += 4;
	named[strcspn(named, ",")] = '\0';
	return import_owner(e, named, user, why);
}

static enum rollcode_err
take_key_form(
    const struct key *key, struct rollcode_token *t, struct error *why)
{
	const char *suite = key->text[SUITE];
	uint64_t digits = ROLLCODE_DIGITS_MIN;

	if (strcmp(key->text[ALGORITHM], HOTP) != 0)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "the key is not of the HOTP profile");
	if (key->other[0] != '\0')
		return refuse_other(key->other, why);
	t->form = FORM_HOTP;
	if (strncmp(suite, "HMAC-", 5) == 0)
		suite += 5;
	t->algorithm =
	    *suite == '\0' ? ALGORITHM_SHA1 : algorithm_from_name(suite);
	if (t->algorithm == ALGORITHM_NONE)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "its Suite is not SHA1, SHA256 or SHA512");
	if (key->count[LENGTH] > 0 &&
	    (!one_number(key, LENGTH, &digits) || digits > UINT_MAX))
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "the Length of its codes is not one number in decimal "
		    "digits");
	if (key->count[ENCODING] > 0 &&
	    strcmp(key->text[ENCODING], "DECIMAL") != 0)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "its codes are not decimal: Encoding is not DECIMAL");
	if (key->count[CHECK_DIGITS] > 0 &&
	    strcmp(key->text[CHECK_DIGITS], "false") != 0 &&
	    strcmp(key->text[CHECK_DIGITS], "0") != 0)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "its codes have a check digit: CheckDigits is not false");
	t->digits = (unsigned int)digits;
	return ROLLCODE_OK;
}

static enum rollcode_err
take_key(struct key *key, const char *user, struct import_entry *e,
    struct error *why)
{
	struct rollcode_token *t = &e->provision.token;
	const char *serial = key->text[SERIAL];
	enum rollcode_err err;

	if ((err = take_key_user(key, DEVICE_USER, user, e, why)) !=
		ROLLCODE_OK ||
	    (err = take_key_user(key, KEY_USER, user, e, why)) != ROLLCODE_OK ||
	    (err = take_key_form(key, t, why)) != ROLLCODE_OK)
		return err;
	if (!base64_decode(key->text[SECRET], t->secret.bytes,
		sizeof(t->secret.bytes), &t->secret.len))
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "it has no plain secret of 128 bytes or fewer; decrypt the "
		    "container first");
	if (key->count[COUNTER] == 0)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "it has no counter, so nobody knows which code is next");
	if (!one_number(key, COUNTER, &t->counter))
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "its Counter is not one whole number in decimal digits");
	if (token_check_label(serial, NULL) == ROLLCODE_OK)
		memcpy(t->label, serial, strlen(serial) + 1);
	return token_check(t, why);
}

static enum rollcode_err
take_keys(struct import_list *list, const char *user, struct xml *xml,
    size_t keys, struct error *error)
{
	WIPED(import_entry_wipe) struct import_entry e = {.line = 0};
	WIPED(key_wipe) struct key key = {.count = {0}};
	enum rollcode_err err = ROLLCODE_OK, taken;
	struct error why = {0};

	for (size_t i = 0; i < keys && err == ROLLCODE_OK; i++) {
		if (import_full(list)) {
			list->unread = keys - i;
			break;
		}
		(void)next_package(xml, &key);
		import_entry_begin(&e, user);
		e.unit = "key";
		e.line = (unsigned int)i + 1;
		taken = take_key(&key, user, &e, &why);
		err = import_add(
		    list, &e, taken == ROLLCODE_OK ? NULL : &why, error);
	}
	return err;
}

/* It is read twice: the first time only to see that it is one to its end. */
enum rollcode_err
pskc_read(struct import_list *list, const char *user, const char *text,
    size_t len, struct error *error)
{
	WIPED(xml_close) struct xml xml = {.reader = NULL};
	WIPED(key_wipe) struct key key = {.count = {0}};
	struct error why = {0};
	size_t keys = 0;
	int more;

	if (!load_libxml2(&xml))
		return import_refuse(list,
		    "PSKC is read by libxml2, which is not here; install it "
		    "(libxml2)",
		    error);
	for (more = open_container(&xml, text, len, &key); more == 1; keys++)
		more = next_package(&xml, &key);
	if (more < 0 ||
	    strncmp(xml.path, CONTAINER, sizeof(CONTAINER) - 1) != 0)
		return import_refuse(
		    list, "it is not a key container of RFC 6030", error);
	if (xml.other[0] != '\0') {
		(void)refuse_other(xml.other, &why);
		return import_refuse(list, why.text, error);
	}
	if (keys == 0)
		return import_refuse(list, "there is no key in it", error);
	if (open_container(&xml, text, len, &key) != 1)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	return take_keys(list, user, &xml, keys, error);
}
