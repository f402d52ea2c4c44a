/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pskc.c - key containers of RFC 6030, read with libxml2's reader, which goes
 * through a text node by node.
 *
 *  1. A value is what the text says: libpskc would take "5x" for 5, "abc" for
 *     0 and the last of two, and a counter that is too low makes codes good
 *     again.
 *  2. A text that is no XML to its end gives no key.
 *  3. A key with an element of RFC 6030 that is not known here is refused: it
 *     may change a code, or when it may be used.
 */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/time.h>
#include <unistd.h>

#include "admin/import/pskc.h"
#include "common/import/library.h"
#include "common/token/codec.h"
#include "common/token/token.h"

#define NAMESPACE "urn:ietf:params:xml:ns:keyprov:pskc"
#define HOTP NAMESPACE ":hotp"
#define FOREIGN "?" /* in a path: of another namespace */
#define ODD "\1"    /* in a value that is no plain text; no XML has it */
#define QUIETLY (1 << 5 | 1 << 6 | 1 << 11) /* no message, no network */

#define READ_SECONDS 60 /* of the processor; a file of 16 MiB takes a few */

enum { NODE_ELEMENT = 1, NODE_TEXT = 3, NODE_CDATA = 4 };

struct xml {
	void *reader;
	void *(*open)(const char *, int, const char *, const char *, int);
	void (*close)(void *);
	int (*next)(void *);
	int (*node)(void *);
	int (*depth)(void *);
	int (*line)(void *);
	int (*attribute)(void *, const char *);
	const char *(*name)(void *);
	const char *(*namespace)(void *);
	const char *(*value)(void *);
	char path[PSKC_PATH_MAX];  /* of the element that began last */
	char other[PSKC_PATH_MAX]; /* of an unknown one in no KeyPackage */
};

/* What may be encrypted, and how, is said in the words of these. */
static const char *const namespaces[] = {
    NAMESPACE,
    "http://www.w3.org/2000/09/xmldsig#",
    "http://www.w3.org/2001/04/xmlenc#",
    "http://www.w3.org/2009/xmlenc11#",
    "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#",
};

#define CONTAINER "/KeyContainer"
#define ENCRYPTION_KEY CONTAINER "/EncryptionKey"
#define KDF ENCRYPTION_KEY "/DerivedKey/KeyDerivationMethod"
#define PBKDF2 KDF "/PBKDF2-params"
#define MAC CONTAINER "/MACMethod"
#define PACKAGE CONTAINER "/KeyPackage"
#define DEVICE PACKAGE "/DeviceInfo"
#define KEY PACKAGE "/Key"
#define PARAMETERS KEY "/AlgorithmParameters"
#define FORMAT PARAMETERS "/ResponseFormat"
#define POLICY KEY "/Policy"
#define METHOD "/EncryptionMethod"
#define CIPHER "/CipherData"
#define VALUE CIPHER "/CipherValue"
#define ENCRYPTED "/EncryptedValue"

static const struct {
	const char *path;
	const char *attribute; /* NULL: its text; "": whether it is there */
} fields[FIELDS] = {
    [ENCRYPTION] = {ENCRYPTION_KEY, ""},
    [DERIVATION] = {KDF, "Algorithm"},
    [SALT] = {PBKDF2 "/Salt/Specified", NULL},
    [ITERATIONS] = {PBKDF2 "/IterationCount", NULL},
    [KEY_LENGTH] = {PBKDF2 "/KeyLength", NULL},
    [PRF] = {PBKDF2 "/PRF", "Algorithm"},
    [MAC_METHOD] = {MAC, "Algorithm"},
    [MAC_KEY] = {MAC "/MACKey" METHOD, "Algorithm"},
    [MAC_KEY_VALUE] = {MAC "/MACKey" VALUE, NULL},
    [DEVICE_USER] = {DEVICE "/UserId", NULL},
    [KEY_USER] = {KEY "/UserId", NULL},
    [SERIAL] = {DEVICE "/SerialNo", NULL},
    [ALGORITHM] = {KEY, "Algorithm"},
    [SUITE] = {PARAMETERS "/Suite", NULL},
    [LENGTH] = {FORMAT, "Length"},
    [ENCODING] = {FORMAT, "Encoding"},
    [CHECK_DIGITS] = {FORMAT, "CheckDigits"},
    [KEY_USAGE] = {POLICY "/KeyUsage", NULL},
    [SECRET] = {KEY "/Data/Secret/PlainValue", NULL},
    [SECRET_METHOD] = {KEY "/Data/Secret" ENCRYPTED METHOD, "Algorithm"},
    [SECRET_VALUE] = {KEY "/Data/Secret" ENCRYPTED VALUE, NULL},
    [SECRET_MAC] = {KEY "/Data/Secret/ValueMAC", NULL},
    [COUNTER] = {KEY "/Data/Counter/PlainValue", NULL},
    [COUNTER_METHOD] = {KEY "/Data/Counter" ENCRYPTED METHOD, "Algorithm"},
    [COUNTER_VALUE] = {KEY "/Data/Counter" ENCRYPTED VALUE, NULL},
    [COUNTER_MAC] = {KEY "/Data/Counter/ValueMAC", NULL},
};

/* What is known below an element: it is read, or changes no code and no use. */
#define VALUES "/PlainValue/EncryptedValue/ValueMAC/"
static const struct {
	const char *above, *names;
} known[] = {
    {"", "/KeyContainer/"},
    {CONTAINER, "/EncryptionKey/MACMethod/KeyPackage/Extensions/"},
    {ENCRYPTION_KEY, "/KeyName/DerivedKey/"},
    {ENCRYPTION_KEY "/DerivedKey",
	"/KeyDerivationMethod/ReferenceList/MasterKeyName/"},
    {ENCRYPTION_KEY "/DerivedKey/ReferenceList",
	"/DataReference/KeyReference/"},
    {KDF, "/PBKDF2-params/"},
    {PBKDF2, "/Salt/IterationCount/KeyLength/PRF/"},
    {PBKDF2 "/Salt", "/Specified/"},
    {MAC, "/MACKey/"},
    {MAC "/MACKey", "/EncryptionMethod/CipherData/"},
    {MAC "/MACKey" CIPHER, "/CipherValue/"},
    {PACKAGE, "/DeviceInfo/CryptoModuleInfo/Key/Extensions/"},
    {DEVICE, "/Manufacturer/SerialNo/Model/IssueNo/DeviceBinding/UserId/"
	     "Extensions/"},
    {PACKAGE "/CryptoModuleInfo", "/Id/Extensions/"},
    {KEY, "/Issuer/AlgorithmParameters/FriendlyName/Data/UserId/Policy/"
	  "Extensions/"},
    {PARAMETERS, "/Suite/ResponseFormat/Extensions/"},
    {POLICY, "/KeyUsage/"},
    {KEY "/Data", "/Secret/Counter/Extensions/"},
    {KEY "/Data/Secret", VALUES},
    {KEY "/Data/Secret" ENCRYPTED, "/EncryptionMethod/CipherData/"},
    {KEY "/Data/Secret" ENCRYPTED CIPHER, "/CipherValue/"},
    {KEY "/Data/Counter", VALUES},
    {KEY "/Data/Counter" ENCRYPTED, "/EncryptionMethod/CipherData/"},
    {KEY "/Data/Counter" ENCRYPTED CIPHER, "/CipherValue/"},
};

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
	const struct library_function functions[] = {
	    {"xmlReaderForMemory", &xml->open},
	    {"xmlFreeTextReader", &xml->close},
	    {"xmlTextReaderRead", &xml->next},
	    {"xmlTextReaderNodeType", &xml->node},
	    {"xmlTextReaderDepth", &xml->depth},
	    {"xmlTextReaderGetParserLineNumber", &xml->line},
	    {"xmlTextReaderMoveToAttribute", &xml->attribute},
	    {"xmlTextReaderConstLocalName", &xml->name},
	    {"xmlTextReaderConstNamespaceUri", &xml->namespace},
	    {"xmlTextReaderConstValue", &xml->value},
	};
	static const char *const names[] = {
	    "libxml2.so.2", "libxml2.so.16", NULL};

	return library_load(names, functions, COUNT(functions));
}

/* One that is too long is odd, for no field's is; so is one in two nodes. */
static void
set_value(struct key *key, enum field field, const char *text)
{
	char *value = key->text[field];

	if (text == NULL || *value != '\0' || strlen(text) >= PSKC_VALUE_MAX)
		text = ODD;
	memcpy(value, text, strlen(text) + 1);
}

/* Some makers give none to what is inside. */
static bool
known_namespace(const char *namespace)
{
	for (size_t i = 0; i < COUNT(namespaces); i++)
		if (namespace == NULL || strcmp(namespace, namespaces[i]) == 0)
			return true;
	return false;
}

/* The path of an element that has so many above it. */
static void
enter_element(struct xml *xml, int depth)
{
	const char *name = xml->name(xml->reader);
	const char *namespace = xml->namespace(xml->reader);
	char *at = xml->path;

	if (name == NULL || !known_namespace(namespace) ||
	    strcmp(name, "Signature") == 0)
		name = FOREIGN;
	for (; depth > 0 && *at != '\0'; depth--)
		at += 1 + strcspn(at + 1, "/");
	snprintf(at, (size_t)(xml->path + PSKC_PATH_MAX - at), "/%s", name);
}

/*
 * Note an element that is not known.  One of another namespace may say what it
 * likes, but as a policy: section 5 of the RFC forbids the use of a key with
 * one that is not understood.
 */
static void
note_other(struct xml *xml, struct key *key)
{
	const char *name = strrchr(xml->path, '/'), *at;
	size_t above = (size_t)(name - xml->path), len = strlen(name);
	bool inside = strncmp(xml->path, PACKAGE "/", sizeof(PACKAGE)) == 0;

	if (strstr(xml->path, FOREIGN) != NULL &&
	    strncmp(xml->path, POLICY "/", sizeof(POLICY)) != 0)
		return;
	for (size_t i = 0; i < COUNT(known); i++)
		if (strlen(known[i].above) == above &&
		    strncmp(known[i].above, xml->path, above) == 0 &&
		    (at = strstr(known[i].names, name)) != NULL &&
		    at[len] == '/')
			return;
	memcpy(inside ? key->other : xml->other, xml->path, PSKC_PATH_MAX);
}

static enum rollcode_err
refuse_other(const char *path, struct error *why)
{
	if (strncmp(path, ENCRYPTION_KEY, sizeof(ENCRYPTION_KEY) - 1) == 0 ||
	    strncmp(path, MAC, sizeof(MAC) - 1) == 0)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "its keys are encrypted as %s says, which is not "
		    "supported; decrypt it first",
		    path + 1);
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
		    (attribute != NULL && *attribute != '\0' &&
			xml->attribute(xml->reader, attribute) != 1))
			continue;
		key->count[f]++;
		if (attribute == NULL)
			text = f;
		else if (*attribute != '\0')
			set_value(key, f, xml->value(xml->reader));
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

static bool
one_number(const struct key *key, enum field field, uint64_t *number)
{
	return key->count[field] == 1 &&
	       number_of_text(key->text[field], number);
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
	if (key->count[KEY_USAGE] > 0 &&
	    strcmp(key->text[KEY_USAGE], "OTP") != 0)
		return refuse_other(POLICY "/KeyUsage", why);
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

static bool
is_encrypted(const struct key *key, enum field method)
{
	return key->count[method] + key->count[method + 1] > 0;
}

static enum rollcode_err
take_key_secret(const struct key *key, const struct cipher *cipher,
    struct secret *secret, struct error *why)
{
	if (is_encrypted(key, SECRET_METHOD) && key->count[SECRET] == 0)
		return cipher_open(cipher, key, SECRET_METHOD, secret, why);
	if (key->count[SECRET] > 0 && cipher->key.len > 0)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "its secret is not encrypted, as those of its container "
		    "are to be; ask their maker for another file");
	if (!is_encrypted(key, SECRET_METHOD) &&
	    base64_decode(key->text[SECRET], secret->bytes,
		sizeof(secret->bytes), &secret->len))
		return ROLLCODE_OK;
	return error_set(why, ROLLCODE_ERR_INPUT,
	    "it has no secret of 128 bytes or fewer in base64");
}

static enum rollcode_err
take_key_counter(const struct key *key, const struct cipher *cipher,
    uint64_t *counter, struct error *why)
{
	WIPED(secret_wipe) struct secret bytes = {0};
	enum rollcode_err err;

	if (is_encrypted(key, COUNTER_METHOD) && key->count[COUNTER] == 0) {
		if ((err = cipher_open(cipher, key, COUNTER_METHOD, &bytes,
			 why)) != ROLLCODE_OK)
			return err;
		if (number_of_bytes(&bytes, counter))
			return ROLLCODE_OK;
	} else if (key->count[COUNTER] == 0) {
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "it has no counter, so nobody knows which code is next");
	} else if (!is_encrypted(key, COUNTER_METHOD) &&
		   one_number(key, COUNTER, counter)) {
		return ROLLCODE_OK;
	}
	return error_set(
	    why, ROLLCODE_ERR_INPUT, "its Counter is not one whole number");
}

static enum rollcode_err
take_key(struct key *key, const struct cipher *cipher, const char *user,
    struct import_entry *e, struct error *why)
{
	struct rollcode_token *t = &e->provision.token;
	enum rollcode_err err;

	import_serial(e, key->text[SERIAL]);
	if ((err = take_key_user(key, DEVICE_USER, user, e, why)) !=
		ROLLCODE_OK ||
	    (err = take_key_user(key, KEY_USER, user, e, why)) != ROLLCODE_OK ||
	    (err = take_key_form(key, t, why)) != ROLLCODE_OK ||
	    (err = take_key_secret(key, cipher, &t->secret, why)) !=
		ROLLCODE_OK ||
	    (err = take_key_counter(key, cipher, &t->counter, why)) !=
		ROLLCODE_OK)
		return err;
	return token_check(t, why);
}

static enum rollcode_err
take_keys(struct import_list *list, const struct cipher *cipher,
    const char *user, struct xml *xml, size_t keys, struct error *error)
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
		taken = take_key(&key, cipher, user, &e, &why);
		if (taken == ROLLCODE_ERR_NOMEM || taken == ROLLCODE_ERR_SYS)
			return error_set(error, taken,
			    "the keys of %.200s cannot be decrypted: %s",
			    list->file, rollcode_strerror(taken));
		err = import_add(
		    list, &e, taken == ROLLCODE_OK ? NULL : &why, error);
	}
	return err;
}

/* What is wrong with all of it; more is what next_package said last. */
static enum rollcode_err
check_container(struct xml *xml, int more, size_t keys, unsigned int *line,
    struct error *why)
{
	if (more < 0 && xml->reader != NULL) {
		*line = (unsigned int)xml->line(xml->reader);
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "it is not well-formed XML, or it ends early");
	}
	if (strncmp(xml->path, CONTAINER, sizeof(CONTAINER) - 1) != 0)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "it is not a key container of RFC 6030: it does not begin "
		    "with its KeyContainer, of " NAMESPACE);
	if (xml->other[0] != '\0')
		return refuse_other(xml->other, why);
	return keys > 0 ? ROLLCODE_OK
			: error_set(
			      why, ROLLCODE_ERR_INPUT, "there is no key in it");
}

/* Nothing is locked, and nothing imported. */
static void
end_slow(int signal)
{
	static const char said[] =
	    "rollcode-admin: the XML takes too long to read, and nothing was "
	    "imported: it has very many attributes or declarations\n";

	(void)signal;
	(void)!write(STDERR_FILENO, said, sizeof(said) - 1);
	_exit(EXIT_FAILURE);
}

/* A smaller limit that the program was started with stays. */
static void
begin_limit(void)
{
	const struct itimerval limit = {.it_value = {.tv_sec = READ_SECONDS}};
	struct itimerval was;

	(void)signal(SIGPROF, end_slow);
	if (getitimer(ITIMER_PROF, &was) != 0 || !timerisset(&was.it_value) ||
	    was.it_value.tv_sec >= READ_SECONDS)
		(void)setitimer(ITIMER_PROF, &limit, NULL);
}

static void
end_limit(void)
{
	static const struct itimerval none;

	(void)setitimer(ITIMER_PROF, &none, NULL);
}

/*
 * The number of keys, or with more < 0 no XML.  Older versions of libxml2
 * compare each attribute of an element with each other: 2 MB take hours.
 */
static size_t
count_keys(
    struct xml *xml, const char *text, size_t len, struct key *key, int *more)
{
	size_t keys = 0;

	begin_limit();
	for (*more = open_container(xml, text, len, key); *more == 1; keys++)
		*more = next_package(xml, key);
	end_limit();
	return keys;
}

/* It is read twice: the first time only to see that it is one to its end. */
enum rollcode_err
pskc_read(struct import_list *list, const struct import_source *source,
    const char *text, size_t len, struct error *error)
{
	WIPED(xml_close) struct xml xml = {.reader = NULL};
	WIPED(key_wipe) struct key key = {.count = {0}};
	WIPED(cipher_wipe) struct cipher cipher = {.digest = NULL};
	struct import_entry whole = {.line = 0};
	struct error why = {0};
	size_t keys;
	enum rollcode_err err;
	int more;

	if (!load_libxml2(&xml))
		return import_refuse(list,
		    "PSKC is read by libxml2, which is not here; install it "
		    "(libxml2)",
		    error);
	keys = count_keys(&xml, text, len, &key, &more);
	err = check_container(&xml, more, keys, &whole.line, &why);
	if (err == ROLLCODE_OK) {
		if (open_container(&xml, text, len, &key) != 1)
			return error_set(
			    error, ROLLCODE_ERR_NOMEM, "out of memory");
		err = cipher_begin(&cipher, &key, source, &why);
	}
	if (err == ROLLCODE_ERR_INPUT)
		return import_add(list, &whole, &why, error);
	if (err != ROLLCODE_OK)
		return error_set(error, err,
		    "the keys of %.200s cannot be decrypted: %s", list->file,
		    rollcode_strerror(err));
	return take_keys(list, &cipher, source->user, &xml, keys, error);
}
