/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/import/parcel.h"
#include "common/token/codec.h"
#include "common/token/seal.h"

#define TITLE "rollcode-export 1\n"
#define LINE 32 /* bytes */
#define HEAD_MAX 96

struct head {
	unsigned int log_n;
	uint8_t salt[SEAL_SALT_LEN];
	char text[HEAD_MAX]; /* the first two lines */
};

void
parcel_free(struct parcel *p)
{
	if (p->text != NULL)
		explicit_bzero(p->text, p->room);
	free(p->text);
	memset(p, 0, sizeof(*p));
}

static enum rollcode_err
allocate_text(struct parcel *p, size_t room, struct error *error)
{
	memset(p, 0, sizeof(*p));
	if (room == 0 || (p->text = calloc(1, room)) == NULL) {
		error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
		return ROLLCODE_ERR_NOMEM;
	}
	p->room = room;
	return ROLLCODE_OK;
}

static void
write_export_head(struct head *head)
{
	char salt[2 * SEAL_SALT_LEN + 1];

	hex_encode(head->salt, SEAL_SALT_LEN, salt);
	snprintf(head->text, sizeof(head->text), TITLE "scrypt %u %s\n",
	    head->log_n, salt);
}

/* Written as it would be written, or it is none. */
static enum rollcode_err
read_export_head(
    const char *text, size_t len, struct head *head, struct error *error)
{
	static const char title[] = TITLE "scrypt ";
	char copy[HEAD_MAX] = "", *number = copy + sizeof(title) - 1, *end;
	size_t n = len < sizeof(copy) ? len : sizeof(copy) - 1;

	memcpy(copy, text, n);
	if (strncmp(copy, title, sizeof(title) - 1) == 0) {
		unsigned long log_n = strtoul(number, &end, 10);

		if (log_n >= 10 && log_n <= 20 && *end == ' ' &&
		    strlen(end) > 2 * SEAL_SALT_LEN) {
			end[1 + 2 * SEAL_SALT_LEN] = '\0';
			head->log_n = (unsigned int)log_n;
			if (hex_decode(end + 1, head->salt, SEAL_SALT_LEN)) {
				write_export_head(head);
				n = strlen(head->text);
				if (len > n && memcmp(text, head->text, n) == 0)
					return ROLLCODE_OK;
			}
		}
	}
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "it does not start like an export; it may have been changed");
}

static enum rollcode_err
derive_export_key(const char *passphrase, const struct head *head,
    struct secret_key *key, struct seal_aad *aad, struct error *error)
{
	enum rollcode_err err;

	seal_aad_begin(aad, "rollcode export 1");
	seal_aad_add_text(aad, head->text);
	err = seal_passphrase(passphrase, head->salt, head->log_n, key);
	if (err != ROLLCODE_OK)
		return error_set(error, err,
		    "no key can be made from the passphrase: %s",
		    rollcode_strerror(err));
	return ROLLCODE_OK;
}

static void
encode_lines(const uint8_t *in, size_t len, struct parcel *p)
{
	for (size_t i = 0; i < len; i += LINE) {
		size_t n = len - i < LINE ? len - i : LINE;

		hex_encode(in + i, n, p->text + p->len);
		p->len += 2 * n;
		p->text[p->len++] = '\n';
	}
	p->text[p->len] = '\0';
}

/* White space is passed over; the seal finds whatever is lost. */
static bool
decode_lines(const char *text, size_t len, struct parcel *p)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		if (!isspace((unsigned char)text[i]))
			p->text[n++] = text[i];
	p->text[n] = '\0';
	p->len = n / 2;
	return n % 2 == 0 && hex_decode(p->text, (uint8_t *)p->text, p->len);
}

enum rollcode_err
parcel_seal(const char *passphrase, unsigned int log_n, const char *text,
    size_t len, struct parcel *p, struct error *error)
{
	WIPED(secret_key_wipe) struct secret_key key = {{0}};
	struct head head = {.log_n = log_n};
	struct parcel sealed = {NULL, 0, 0};
	struct seal_aad aad;
	enum rollcode_err err;

	memset(p, 0, sizeof(*p));
	if (strlen(passphrase) < PARCEL_PASSPHRASE_MIN)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a passphrase has at least %d bytes; choose a longer one",
		    PARCEL_PASSPHRASE_MIN);
	if ((err = seal_random(head.salt, sizeof(head.salt))) != ROLLCODE_OK)
		return error_set(error, err, "the kernel gave no random bytes");
	write_export_head(&head);
	if ((err = derive_export_key(passphrase, &head, &key, &aad, error)) !=
		ROLLCODE_OK ||
	    (err = allocate_text(&sealed, len + SEAL_OVERHEAD, error)) !=
		ROLLCODE_OK ||
	    (err = allocate_text(p, HEAD_MAX + (len + SEAL_OVERHEAD) * 3,
		 error)) != ROLLCODE_OK)
		goto out;
	if ((err = seal_wrap_bytes(&key, &aad, text, len,
		 (uint8_t *)sealed.text)) != ROLLCODE_OK) {
		error_set(error, err, "the export cannot be encrypted: %s",
		    rollcode_strerror(err));
		goto out;
	}
	p->len = strlen(head.text);
	memcpy(p->text, head.text, p->len);
	encode_lines((uint8_t *)sealed.text, len + SEAL_OVERHEAD, p);
out:
	parcel_free(&sealed);
	if (err != ROLLCODE_OK)
		parcel_free(p);
	return err;
}

enum rollcode_err
parcel_open(const char *passphrase, const char *text, size_t len,
    struct parcel *p, struct error *error)
{
	WIPED(secret_key_wipe) struct secret_key key = {{0}};
	struct head head = {.log_n = 0};
	struct parcel sealed = {NULL, 0, 0};
	struct seal_aad aad;
	enum rollcode_err err;
	size_t skip;

	memset(p, 0, sizeof(*p));
	if ((err = read_export_head(text, len, &head, error)) != ROLLCODE_OK ||
	    (err = allocate_text(&sealed, len + 1, error)) != ROLLCODE_OK)
		return err;
	skip = strlen(head.text);
	if (!decode_lines(text + skip, len - skip, &sealed) ||
	    sealed.len < SEAL_OVERHEAD)
		err = error_set(error, ROLLCODE_ERR_INPUT,
		    "it is not hexadecimal after its second line, or it is too "
		    "short");
	if (err == ROLLCODE_OK &&
	    (err = allocate_text(p, sealed.len, error)) == ROLLCODE_OK &&
	    (err = derive_export_key(passphrase, &head, &key, &aad, error)) ==
		ROLLCODE_OK) {
		p->len = sealed.len - SEAL_OVERHEAD;
		err = seal_open_bytes(
		    &key, &aad, (uint8_t *)sealed.text, sealed.len, p->text);
		if (err != ROLLCODE_OK)
			error_set(error, ROLLCODE_ERR_INPUT,
			    "the passphrase is wrong, or the export was "
			    "changed; try again");
	}
	parcel_free(&sealed);
	if (err != ROLLCODE_OK) {
		parcel_free(p);
		return err == ROLLCODE_ERR_STORE ? ROLLCODE_ERR_INPUT : err;
	}
	return ROLLCODE_OK;
}
