/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migration.c - otpauth-migration://offline?data=..., what the QR codes of
 * Google Authenticator's export say: percent-encoded base64 of a protocol
 * buffer.
 *
 *	message Payload { repeated Token tokens = 1; int32 version = 2; ... }
 *	message Token {
 *		bytes secret = 1; string name = 2; string issuer = 3;
 *		enum algorithm = 4; enum digits = 5; enum type = 6;
 *		int64 counter = 7; string id = 8;
 *	}
 */
#include <strings.h>

#include "common/cli/cli.h"
#include "common/import/phone.h"
#include "common/token/codec.h"

#define BEGIN "otpauth-migration://offline?data="
#define SPACE " \t\r"
#define PAYLOAD_TOKEN 1
#define PAYLOAD_LAST 5

enum { SECRET = 1, NAME, ISSUER, ALGORITHM, DIGITS, TYPE, COUNTER, ID, LAST };
enum { VARINT = 0, BYTES = 2 };

struct wire {
	const uint8_t *at, *end;
};

struct wire_field {
	uint64_t number, value;
	struct wire bytes;
	unsigned int type;
};

static bool
take_varint(struct wire *w, uint64_t *value)
{
	*value = 0;
	for (unsigned int shift = 0; shift < 64 && w->at < w->end; shift += 7) {
		uint8_t byte = *w->at++;

		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return shift < 63 || byte < 2;
	}
	return false;
}

/* The next field, a number or bytes; false if it is neither or cut off. */
static bool
take_field(struct wire *w, struct wire_field *f)
{
	uint64_t tag;

	if (!take_varint(w, &tag))
		return false;
	f->number = tag >> 3;
	f->type = (unsigned int)(tag & 7);
	if (!take_varint(w, &f->value))
		return false;
	if (f->type == VARINT)
		return true;
	if (f->type != BYTES || f->value > (uint64_t)(w->end - w->at))
		return false;
	f->bytes.at = w->at;
	f->bytes.end = w->at += f->value;
	return true;
}

static enum rollcode_err
bad_token(struct error *why, const char *what)
{
	return error_set(why, ROLLCODE_ERR_INPUT, "%s", what);
}

/* A token's fields, each once; the others are empty. */
static enum rollcode_err
take_fields(struct wire w, struct wire_field field[LAST], struct error *why)
{
	struct wire_field f;

	while (w.at < w.end) {
		if (!take_field(&w, &f))
			return bad_token(why, "it is damaged");
		if (f.number == 0 || f.number >= LAST)
			return bad_token(why,
			    "it has a field that is not known and may change "
			    "its codes");
		if (field[f.number].number != 0 ||
		    (f.type == BYTES) != (f.number <= ISSUER || f.number == ID))
			return bad_token(
			    why, "it has a field twice, or of another type");
		field[f.number] = f;
	}
	return ROLLCODE_OK;
}

/* A name that is cut is that of somebody else, or of nobody. */
static bool
take_name(const struct wire_field *f, char *name, size_t size)
{
	size_t len = (size_t)(f->bytes.end - f->bytes.at);

	if (f->number == 0)
		return true;
	if (len >= size)
		return false;
	memcpy(name, f->bytes.at, len);
	return strlen(name) == len;
}

static enum rollcode_err
take_token(
    struct wire w, const char *user, struct import_entry *e, struct error *why)
{
	static const enum rollcode_algorithm algorithms[] = {
	    ALGORITHM_SHA1, ALGORITHM_SHA1, ALGORITHM_SHA256, ALGORITHM_SHA512};
	static const char *const types[] = {NULL, "hotp", "totp"};
	static const int64_t digits[] = {6, 6, 8};
	struct wire_field field[LAST] = {{.number = 0}};
	struct secret *secret = &e->provision.token.secret;
	char name[PROVISION_NAME_MAX + 1] = "";
	char issuer[PROVISION_NAME_MAX + 1] = "";
	/* The format leaves out a number that is 0. */
	struct phone_token phone = {.issuer = issuer, .has_counter = true};
	const char *account = name, *type = NULL;
	enum rollcode_err err;
	size_t len;

	if ((err = take_fields(w, field, why)) != ROLLCODE_OK)
		return err;
	if (!take_name(&field[NAME], name, sizeof(name)) ||
	    !take_name(&field[ISSUER], issuer, sizeof(issuer)))
		return bad_token(
		    why, "its name or issuer is too long, or no text");
	len = strlen(issuer);
	if (len > 0 && strncmp(name, issuer, len) == 0 && name[len] == ':')
		account += len + 1;
	account += strspn(account, " ");
	if (field[TYPE].value < COUNT(types))
		type = types[field[TYPE].value];
	if ((err = phone_begin(e, account, user, type, why)) != ROLLCODE_OK)
		return err;
	secret->len =
	    (size_t)(field[SECRET].bytes.end - field[SECRET].bytes.at);
	if (secret->len == 0 || secret->len > SECRET_MAX) {
		secret->len = 0;
		return bad_token(why, "it has no secret of 128 bytes or fewer");
	}
	memcpy(secret->bytes, field[SECRET].bytes.at, secret->len);
	if (field[ALGORITHM].value < COUNT(algorithms))
		phone.algorithm = algorithms[field[ALGORITHM].value];
	if (field[DIGITS].value < COUNT(digits))
		phone.digits = digits[field[DIGITS].value];
	phone.counter = field[COUNTER].value > INT64_MAX
			    ? -1
			    : (int64_t)field[COUNTER].value;
	return phone_take(e, &phone, why);
}

static size_t
count_unread(struct wire w)
{
	struct wire_field f = {.number = 0};
	size_t count = 0;

	while (w.at < w.end) {
		if (!take_field(&w, &f))
			return count + 1;
		count += f.number == PAYLOAD_TOKEN;
	}
	return count;
}

/* The tokens of one URI.  n counts those of the file. */
static enum rollcode_err
take_payload(struct import_list *list, struct wire w, const char *user,
    unsigned int *n, struct error *error)
{
	WIPED(import_entry_wipe) struct import_entry e = {.line = 0};
	struct wire_field f = {.number = 0};
	struct error why = {0};
	enum rollcode_err err = ROLLCODE_OK, taken;

	while (err == ROLLCODE_OK && w.at < w.end && !import_full(list)) {
		bool good = take_field(&w, &f) && f.number >= PAYLOAD_TOKEN &&
			    f.number <= PAYLOAD_LAST &&
			    (f.type == BYTES) == (f.number == PAYLOAD_TOKEN);

		if (good && f.number != PAYLOAD_TOKEN)
			continue;
		import_entry_begin(&e, user);
		e.unit = "entry";
		e.line = ++*n;
		if (good) {
			taken = take_token(f.bytes, user, &e, &why);
		} else {
			w.at = w.end; /* nobody knows where the next one is */
			taken = bad_token(&why,
			    "the data is damaged, or has a field that is not "
			    "known");
		}
		err = import_add(
		    list, &e, taken == ROLLCODE_OK ? NULL : &why, error);
	}
	if (import_full(list))
		list->unread += count_unread(w);
	return err;
}

/* Decode the text behind BEGIN, which is changed, into room for all of it. */
static bool
decode_data(char *data, uint8_t *out, size_t room, struct wire *w)
{
	char *behind = data + strcspn(data, SPACE);
	size_t len = 0;

	if (behind[strspn(behind, SPACE)] != '\0')
		return false;
	data[strcspn(data, "&" SPACE)] = '\0';
	if (!percent_decode(data) || !base64_decode(data, out, room, &len))
		return false;
	w->at = out;
	w->end = out + len;
	return true;
}

static enum rollcode_err
take_uri(struct import_list *list, char *line, bool whole, const char *user,
    unsigned int number, unsigned int *n, struct error *error)
{
	WIPED(cli_bytes_free) struct cli_bytes out = {NULL, 0, 0};
	struct import_entry bad = {.line = number};
	struct error why = {0};
	struct wire w = {NULL, NULL};
	enum rollcode_err err;

	line += provision_begin(line);
	if (whole && (*line == '\0' || *line == '#'))
		return ROLLCODE_OK;
	if ((err = cli_bytes_add(&out, line, strlen(line), error)) !=
	    ROLLCODE_OK)
		return err;
	if (whole && strncasecmp(line, BEGIN, sizeof(BEGIN) - 1) == 0 &&
	    decode_data(
		line + sizeof(BEGIN) - 1, (uint8_t *)out.text, out.len, &w))
		return take_payload(list, w, user, n, error);
	(void)bad_token(
	    &why, "it is not one URI of the export of Google Authenticator");
	return import_add(list, &bad, &why, error);
}

enum rollcode_err
migration_read(struct import_list *list, const char *user, const char *bytes,
    size_t size, struct error *error)
{
	struct import_text text = {bytes, bytes + size};
	enum rollcode_err err = ROLLCODE_OK;
	unsigned int number = 0, n = 0;
	const char *line;
	size_t len;

	while (err == ROLLCODE_OK && import_next_line(&text, &line, &len)) {
		WIPED(cli_bytes_free) struct cli_bytes copy = {NULL, 0, 0};

		if (import_full(list)) {
			list->unread++;
			continue;
		}
		if ((err = cli_bytes_add(&copy, line, len, error)) ==
		    ROLLCODE_OK)
			err =
			    take_uri(list, copy.text, strlen(copy.text) == len,
				user, ++number, &n, error);
	}
	return err;
}
