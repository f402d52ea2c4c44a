/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed.c - an export under a passphrase, as text.
 *
 *	rollcode-export 1
 *	scrypt LOG_N SALT
 *	HEX...				nonce, ciphertext and tag, in lines
 *
 * The key is that of seal_passphrase, the cipher AES-256-GCM, and the first
 * two lines are bound to it.
 */
#include <ctype.h>
#include <stdlib.h>

#include "common/import/files.h"
#include "common/token/codec.h"
#include "common/token/seal.h"

#define START "rollcode-export 1\nscrypt "
#define LINE 32 /* bytes */
#define HEAD_MAX 96

struct head {
	unsigned int log_n;
	uint8_t salt[SEAL_SALT_LEN];
	char text[HEAD_MAX]; /* the first two lines */
};

static void
write_export_head(struct head *head)
{
	char salt[2 * SEAL_SALT_LEN + 1];

	hex_encode(head->salt, SEAL_SALT_LEN, salt);
	snprintf(
	    head->text, sizeof(head->text), START "%u %s\n", head->log_n, salt);
}

/* Written as it would be written, or it is none. */
static enum rollcode_err
read_export_head(
    const char *text, size_t len, struct head *head, struct error *error)
{
	char copy[HEAD_MAX] = "", *end;
	unsigned long log_n;

	memcpy(copy, text, len < HEAD_MAX ? len : HEAD_MAX - 1);
	log_n = strtoul(copy + sizeof(START) - 1, &end, 10);
	if (log_n >= 10 && log_n <= 20 && strlen(end) > 2 * SEAL_SALT_LEN) {
		end[1 + 2 * SEAL_SALT_LEN] = '\0';
		head->log_n = (unsigned int)log_n;
		if (hex_decode(end + 1, head->salt, SEAL_SALT_LEN)) {
			write_export_head(head);
			if (len > strlen(head->text) &&
			    memcmp(text, head->text, strlen(head->text)) == 0)
				return ROLLCODE_OK;
		}
	}
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "it does not start like an export; it may have been changed");
}

static enum rollcode_err
derive_export_key(const char *passphrase, const struct head *head,
    struct secret_key *key, struct seal_aad *aad, struct error *error)
{
	seal_aad_begin(aad, "rollcode export 1");
	seal_aad_add_text(aad, head->text);
	return error_named(error,
	    seal_passphrase(passphrase, head->salt, head->log_n, key),
	    "no key can be made from the passphrase");
}

static enum rollcode_err
encode_lines(const struct head *head, const uint8_t *in, size_t len,
    struct cli_bytes *out, struct error *error)
{
	char line[2 * LINE + 2];
	enum rollcode_err err;

	err = cli_bytes_add(out, head->text, strlen(head->text), error);
	for (size_t i = 0; i < len && err == ROLLCODE_OK; i += LINE) {
		size_t n = len - i < LINE ? len - i : LINE;

		hex_encode(in + i, n, line);
		line[2 * n] = '\n';
		err = cli_bytes_add(out, line, 2 * n + 1, error);
	}
	return err;
}

/* White space is passed over; the seal finds whatever is lost. */
static bool
decode_lines(const char *text, size_t len, uint8_t *out, size_t *out_len)
{
	char digits[3] = "";
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (isspace((unsigned char)text[i]))
			continue;
		digits[n++ % 2] = text[i];
		if (n % 2 == 0 && !hex_decode(digits, &out[n / 2 - 1], 1))
			return false;
	}
	*out_len = n / 2;
	return n % 2 == 0 && *out_len >= SEAL_OVERHEAD;
}

enum rollcode_err
export_seal(const char *passphrase, unsigned int log_n, const char *text,
    size_t len, struct cli_bytes *out, struct error *error)
{
	WIPED(secret_key_wipe) struct secret_key key = {{0}};
	struct head head = {.log_n = log_n};
	struct seal_aad aad;
	uint8_t *sealed;
	enum rollcode_err err;

	memset(out, 0, sizeof(*out));
	if (strlen(passphrase) < CLI_PASSPHRASE_MIN)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a passphrase has at least %d bytes; choose a longer one",
		    CLI_PASSPHRASE_MIN);
	if ((err = seal_random(head.salt, sizeof(head.salt))) != ROLLCODE_OK)
		return error_set(error, err, "the kernel gave no random bytes");
	write_export_head(&head);
	if ((err = derive_export_key(passphrase, &head, &key, &aad, error)) !=
	    ROLLCODE_OK)
		return err;
	if ((sealed = malloc(len + SEAL_OVERHEAD)) == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	err = seal_wrap_bytes(&key, &aad, text, len, sealed);
	error_named(error, err, "the export cannot be encrypted");
	if (err == ROLLCODE_OK)
		err = encode_lines(
		    &head, sealed, len + SEAL_OVERHEAD, out, error);
	free(sealed);
	if (err != ROLLCODE_OK)
		cli_bytes_free(out);
	return err;
}

enum rollcode_err
export_open(const char *passphrase, const char *text, size_t len,
    struct cli_bytes *out, struct error *error)
{
	WIPED(secret_key_wipe) struct secret_key key = {{0}};
	struct head head = {.log_n = 0};
	struct seal_aad aad;
	uint8_t *sealed;
	size_t skip, n = 0;
	enum rollcode_err err;

	memset(out, 0, sizeof(*out));
	if ((err = read_export_head(text, len, &head, error)) != ROLLCODE_OK)
		return err;
	skip = strlen(head.text);
	if ((sealed = malloc(len)) == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	if (!decode_lines(text + skip, len - skip, sealed, &n))
		err = error_set(error, ROLLCODE_ERR_INPUT,
		    "it is not hexadecimal after its second line, or it is too "
		    "short");
	else if ((out->text = calloc(1, n)) == NULL)
		err = error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	else
		err = derive_export_key(passphrase, &head, &key, &aad, error);
	if (err == ROLLCODE_OK) {
		out->room = n;
		out->len = n - SEAL_OVERHEAD;
		if (seal_open_bytes(&key, &aad, sealed, n, out->text) !=
		    ROLLCODE_OK)
			err = error_set(error, ROLLCODE_ERR_INPUT,
			    "the passphrase is wrong, or the export was "
			    "changed; try again");
	}
	free(sealed);
	if (err != ROLLCODE_OK)
		cli_bytes_free(out);
	return err;
}
