/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cipher.c - encrypted values of a key container: RFC 6030 section 6, with a
 * key that both sides have or a passphrase.
 */
#include <stdio.h>

#include "admin/import/pskc.h"
#include "common/token/codec.h"

#define ITERATIONS_MAX 10000000 /* ten seconds */

/* "hmac-sha1" of "http://www.w3.org/2000/09/xmldsig#hmac-sha1". */
static const char *
method_name(const char *uri)
{
	const char *hash = strrchr(uri, '#');

	return hash == NULL ? uri : hash + 1;
}

static const char *
digest_of(const char *uri)
{
	static const char *const digests[][2] = {
	    {"hmac-sha1", "SHA1"},
	    {"hmac-sha224", "SHA224"},
	    {"hmac-sha256", "SHA256"},
	    {"hmac-sha384", "SHA384"},
	    {"hmac-sha512", "SHA512"},
	};

	for (size_t i = 0; i < COUNT(digests); i++)
		if (strcmp(method_name(uri), digests[i][0]) == 0)
			return digests[i][1];
	return NULL;
}

static enum rollcode_err
bad_cipher(struct error *why, const char *what)
{
	return error_set(why, ROLLCODE_ERR_INPUT,
	    "its keys are encrypted, and %s; ask their maker for another file, "
	    "or decrypt it first",
	    what);
}

static enum rollcode_err
wrong_key(struct error *why)
{
	return error_set(why, ROLLCODE_ERR_INPUT,
	    "the key or passphrase is not that of the file, or the file was "
	    "changed");
}

static bool
field_bytes(const struct key *k, enum field field, struct cbc_bytes *bytes)
{
	return k->count[field] == 1 &&
	       base64_decode(k->text[field], bytes->bytes, sizeof(bytes->bytes),
		   &bytes->len);
}

/* A number of the container from 1 to max. */
static bool
field_number(const struct key *k, enum field field, uint64_t max, uint64_t *n)
{
	return k->count[field] == 1 && number_of_text(k->text[field], n) &&
	       *n >= 1 && *n <= max;
}

static enum rollcode_err
cipher_derive(struct cipher *c, const struct key *k, const char *passphrase,
    struct error *why)
{
	const char *digest =
	    k->text[PRF][0] == '\0' ? "SHA1" : digest_of(k->text[PRF]);
	struct cbc_bytes salt;
	uint64_t iterations, len = 16;

	if (passphrase == NULL)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "its keys are encrypted with a passphrase; give a file "
		    "that has it with --passphrase-file");
	if (strcmp(method_name(k->text[DERIVATION]), "pbkdf2") != 0 ||
	    digest == NULL || !field_bytes(k, SALT, &salt) ||
	    !field_number(k, ITERATIONS, ITERATIONS_MAX, &iterations) ||
	    (k->count[KEY_LENGTH] > 0 &&
		!field_number(k, KEY_LENGTH, 32, &len)))
		return bad_cipher(why,
		    "what the container says of their passphrase is not "
		    "PBKDF2, incomplete, or out of range");
	c->key.len = (size_t)len;
	return cbc_passphrase(passphrase, digest, &salt, iterations, &c->key);
}

/* AES in CBC mode with a key of that length, and nothing else. */
static enum rollcode_err
check_method(
    const struct key *k, enum field method, size_t key_len, struct error *why)
{
	char wanted[24];

	snprintf(wanted, sizeof(wanted), "aes%zu-cbc", 8 * key_len);
	if (k->count[method] == 1 &&
	    strcmp(method_name(k->text[method]), wanted) == 0)
		return ROLLCODE_OK;
	if (strncmp(method_name(k->text[method]), "aes", 3) == 0 &&
	    strstr(k->text[method], "-cbc") != NULL)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "the key has %zu bytes, which the method that the file "
		    "names does not take",
		    key_len);
	return bad_cipher(why, "their method is not AES in CBC mode");
}

/* Without a MAC key of its own, the MAC is made with the key itself. */
static enum rollcode_err
open_mac_key(struct cipher *c, const struct key *k, struct error *why)
{
	struct cbc_bytes in;
	enum rollcode_err err;

	if (k->count[MAC_METHOD] != 1 ||
	    (c->digest = digest_of(k->text[MAC_METHOD])) == NULL)
		return bad_cipher(
		    why, "there is no MAC of a known method over them");
	if (k->count[MAC_KEY] == 0 && k->count[MAC_KEY_VALUE] == 0) {
		c->mac_key = c->key;
		return ROLLCODE_OK;
	}
	if ((err = check_method(k, MAC_KEY, c->key.len, why)) != ROLLCODE_OK)
		return err;
	if (!field_bytes(k, MAC_KEY_VALUE, &in))
		return bad_cipher(why, "the key of their MAC cannot be read");
	err = cbc_open(&c->key, &in, &c->mac_key);
	return err == ROLLCODE_ERR_INPUT ? wrong_key(why) : err;
}

enum rollcode_err
cipher_begin(struct cipher *c, const struct key *k,
    const struct import_source *source, struct error *why)
{
	enum rollcode_err err;

	cipher_wipe(c);
	if (k->count[ENCRYPTION] == 0 && source->encrypted)
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "the container does not say that it is encrypted, so that "
		    "anybody can have made it; if it is the right one, leave "
		    "--key-file or --passphrase-file out");
	if (k->count[ENCRYPTION] == 0)
		return ROLLCODE_OK;
	if (k->count[DERIVATION] > 0) {
		if ((err = cipher_derive(c, k,
			 source->encrypted ? source->passphrase : NULL, why)) !=
		    ROLLCODE_OK)
			return err;
	} else if (source->key == NULL) {
		return error_set(why, ROLLCODE_ERR_INPUT,
		    "its keys are encrypted; give a file that has their key "
		    "with --key-file");
	} else {
		c->key = *source->key;
	}
	return open_mac_key(c, k, why);
}

enum rollcode_err
cipher_open(const struct cipher *c, const struct key *k, enum field method,
    struct secret *out, struct error *why)
{
	struct cbc_bytes value, mac;
	enum rollcode_err err;

	if (c->key.len == 0)
		return bad_cipher(
		    why, "the container does not say before them how");
	if ((err = check_method(k, method, c->key.len, why)) != ROLLCODE_OK)
		return err;
	if (!field_bytes(k, method + 1, &value) ||
	    !field_bytes(k, method + 2, &mac))
		return bad_cipher(why,
		    "a value or its ValueMAC is missing, too long, or not "
		    "base64");
	if ((err = cbc_check(&c->mac_key, c->digest, &value, &mac)) ==
	    ROLLCODE_OK)
		err = cbc_open(&c->key, &value, out);
	return err == ROLLCODE_ERR_INPUT ? wrong_key(why) : err;
}
