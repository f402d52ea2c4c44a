/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of tokens of another program.  The first byte is the format; the
 * demo's .env ends at a NUL, and its database follows.
 *
 *  1. An entry that is accepted is a token that passes its check; written as
 *     an export and read again it is the same.
 *  2. An entry that is refused has a sentence and nothing of a token.
 *  3. No sentence repeats a piece of the file that could be a secret; of a key
 *     container it repeats the names of elements.
 *  4. Where the caller names the owner, nobody else is given a token.
 */
#include "fuzz.h"
#include "common/import/files.h"
#include "common/token/token.h"
#include "pam_rollcode/admin/import/import.h"

#define SHOWN 16 /* characters that would be too many */

static void
check_accepted(struct import_entry *e, const char *user)
{
	WIPED(import_free) struct import_list again = {.file = "again"};
	WIPED(cli_bytes_free) struct cli_bytes line = {NULL, 0, 0};
	struct error error = {0};

	promise(token_check(&e->provision.token, &error) == ROLLCODE_OK,
	    "a token that was read passes its check");
	promise(*user == '\0' || strcmp(e->user, user) == 0,
	    "where an owner is given there is no other");
	/* An account's first spaces are lost: some apps write them. */
	if (e->user[0] == '\0' || e->user[0] == ' ')
		return;
	memcpy(e->provision.account, e->user, sizeof(e->user));
	promise(export_line(&line, &e->provision, e->disabled, &error) ==
		    ROLLCODE_OK,
	    "a token that was read can be exported");
	promise(import_read(&again, IMPORT_OTPAUTH, "", line.text, line.len,
		    &error) == ROLLCODE_OK &&
		    again.count == 1 && again.entries[0].refused == NULL,
	    "what was exported can be imported");
	promise(strcmp(again.entries[0].user, e->user) == 0 &&
		    again.entries[0].disabled == e->disabled &&
		    memcmp(&again.entries[0].provision.token,
			&e->provision.token, sizeof(e->provision.token)) == 0,
	    "what was exported is imported as the same");
}

static void
check_refused(const struct import_entry *e, const char *text, size_t size)
{
	static const struct provision none;
	const char *why = e->refused;
	char piece[SHOWN + 1] = "";

	promise(*why != '\0', "a refusal has a sentence");
	promise(memcmp(&e->provision, &none, sizeof(none)) == 0,
	    "what is refused leaves nothing behind");
	/* Words of the sentences have spaces between them; secrets do not. */
	for (size_t i = 0; i + SHOWN <= size; i++) {
		memcpy(piece, text + i, SHOWN);
		if (strlen(piece) == SHOWN && strpbrk(piece, " /") == NULL)
			promise(strstr(why, piece) == NULL,
			    "no sentence repeats a secret");
	}
}

static enum rollcode_err
read_input(struct import_list *list, uint8_t format, const char *user,
    const char *text, size_t size, bool *names, struct error *error)
{
	static const enum import_format formats[] = {IMPORT_OTPAUTH,
	    IMPORT_OATH, IMPORT_GOOGLE, IMPORT_DEMO, IMPORT_CSV,
	    IMPORT_MIGRATION, IMPORT_JSON, IMPORT_PSKC};
	static const struct secret key = {
	    .len = 16, .bytes = "the pskc fuzzer"};
	const struct import_source source = {
	    .user = user,
	    .key = &key,
	    .passphrase = "a passphrase",
	    .encrypted = (format & 64) == 0,
	};
	enum import_format chosen = formats[(format & 15) % COUNT(formats)];
	size_t env = strnlen(text, size);
	size_t database = env < size ? env + 1 : size;

	if (format & 32)
		chosen = import_guess(text, size);
	*names = chosen == IMPORT_PSKC;
	if (chosen == IMPORT_PSKC)
		return pskc_read(list, &source, text, size, error);
	if (chosen == IMPORT_DEMO)
		return import_demo(list, user, text, env, text + database,
		    size - database, error);
	return import_read(list, chosen, user, text, size, error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WIPED(import_free) struct import_list list = {.file = "file"};
	struct error error = {0};
	char place[IMPORT_PLACE_MAX], *text;
	const char *user;
	bool names = false;

	if (size == 0)
		return 0;
	user = data[0] & 16 ? "ann" : "";
	text = exact(data + 1, size - 1);
	promise(read_input(&list, data[0], user, text, size - 1, &names,
		    &error) == ROLLCODE_OK,
	    "whatever is wrong is in the list");
	for (size_t i = 0; i < list.count; i++) {
		import_place(&list.entries[i], place);
		if (list.entries[i].refused == NULL)
			check_accepted(&list.entries[i], user);
		else
			check_refused(
			    &list.entries[i], text, names ? 0 : size - 1);
	}
	free(text);
	return 0;
}
