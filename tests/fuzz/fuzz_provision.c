/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provisioning line.
 *
 *  1. What is accepted is a token that passes its check.
 *  2. Written down and read again, it is the same; so is the line.
 *  3. What is refused leaves nothing behind, and the sentence about it does
 *     not repeat the secret.
 */
#include "fuzz.h"
#include "common/token/provision.h"
#include "common/token/token.h"

#define SECRET_SHOWN 16 /* characters that would be too many */

static void
check_accepted(struct provision *p)
{
	static struct provision_line line, lines;
	static struct provision again;
	struct error error = {0};

	promise(token_check(&p->token, &error) == ROLLCODE_OK,
	    "a token that was read passes its check");
	promise(provision_format(p, &line, &error) == ROLLCODE_OK,
	    "a token that was read can be written");
	promise(provision_parse(line.text, &again, &error) == ROLLCODE_OK,
	    "a token that was written can be read");
	if (p->issuer[0] == '\0')
		strcpy(p->issuer, "Rollcode");
	promise(memcmp(p, &again, sizeof(again)) == 0,
	    "a token that was written is read as the same token");
	promise(provision_format(&again, &lines, &error) == ROLLCODE_OK &&
		    strcmp(line.text, lines.text) == 0,
	    "a line that was read is written as the same line");
}

/* Nor any piece of the text behind secret=. */
static void
check_sentence(const char *text, const struct error *error)
{
	const char *secret = strstr(text, "secret=");
	char piece[SECRET_SHOWN + 1];

	if (secret == NULL)
		return;
	for (secret += 7; strcspn(secret, "& /") >= SECRET_SHOWN; secret++) {
		memcpy(piece, secret, SECRET_SHOWN);
		piece[SECRET_SHOWN] = '\0';
		promise(strstr(error->text, piece) == NULL,
		    "no sentence repeats a secret");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct provision none;
	static struct provision p;
	char *text = exact_text(data, size);
	struct error error = {0};

	if (provision_parse(text, &p, &error) == ROLLCODE_OK) {
		check_accepted(&p);
	} else {
		promise(memcmp(&p, &none, sizeof(p)) == 0,
		    "a line that is refused leaves nothing behind");
		promise(error.text[0] != '\0', "a refusal has a sentence");
		check_sentence(text, &error);
	}
	free(text);
	return 0;
}
