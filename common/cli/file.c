/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/cli/cli.h"

#define ROOM 65536     /* bytes at first */
#define PROMPT_MAX 128 /* bytes, with a NUL */

void
cli_bytes_free(struct cli_bytes *bytes)
{
	if (bytes->text != NULL)
		explicit_bzero(bytes->text, bytes->room);
	free(bytes->text);
	memset(bytes, 0, sizeof(*bytes));
}

/* There may be secrets in it, so that realloc would leave a copy. */
static enum rollcode_err
grow_bytes(struct cli_bytes *bytes, struct error *error)
{
	struct cli_bytes more = {
	    .len = bytes->len,
	    .room = bytes->room == 0 ? ROOM : 2 * bytes->room,
	};

	if ((more.text = malloc(more.room)) == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	if (bytes->len > 0)
		memcpy(more.text, bytes->text, bytes->len);
	cli_bytes_free(bytes);
	*bytes = more;
	return ROLLCODE_OK;
}

enum rollcode_err
cli_bytes_add(
    struct cli_bytes *bytes, const char *text, size_t len, struct error *error)
{
	enum rollcode_err err;

	while (bytes->len + len >= bytes->room)
		if ((err = grow_bytes(bytes, error)) != ROLLCODE_OK)
			return err;
	memcpy(bytes->text + bytes->len, text, len);
	bytes->len += len;
	bytes->text[bytes->len] = '\0';
	return ROLLCODE_OK;
}

enum rollcode_err
cli_read_all(int fd, size_t max, struct cli_bytes *bytes, struct error *error)
{
	enum rollcode_err err;
	ssize_t n = 1;

	memset(bytes, 0, sizeof(*bytes));
	while (n != 0) {
		if (bytes->len + 1 >= bytes->room &&
		    (err = grow_bytes(bytes, error)) != ROLLCODE_OK)
			return err;
		n = read(
		    fd, bytes->text + bytes->len, bytes->room - bytes->len - 1);
		if (n < 0 && errno != EINTR)
			return error_set(
			    error, ROLLCODE_ERR_INPUT, "%s", strerror(errno));
		if (n > 0)
			bytes->len += (size_t)n;
		if (bytes->len > max)
			return error_set(error, ROLLCODE_ERR_INPUT,
			    "is larger than %zu MiB; split it", max >> 20);
	}
	bytes->text[bytes->len] = '\0';
	return ROLLCODE_OK;
}

enum rollcode_err
cli_passphrase(const char *file, const char *option, const char *what, bool new,
    struct cli_passphrase *passphrase, struct error *error)
{
	WIPED(cli_passphrase_wipe) struct cli_passphrase again = {""};
	size_t size = sizeof(passphrase->text);
	char prompt[PROMPT_MAX];
	struct error why = {0};
	enum rollcode_err err;

	if (*file != '\0')
		return cli_read_secret_file(
		    file, passphrase->text, size, error);
	snprintf(prompt, sizeof(prompt),
	    new ? "%s (at least %d characters): " : "%s: ", what,
	    CLI_PASSPHRASE_MIN);
	err = cli_read_terminal(prompt, false, passphrase->text, size, &why);
	if (err != ROLLCODE_OK)
		error_pass(error, err, &why, "%s", what);
	if (err == ROLLCODE_ERR_UNAVAIL)
		error_add(error, err, "give %s FILE", option);
	if (err != ROLLCODE_OK || !new)
		return err;
	if ((err = cli_read_terminal("Repeat the passphrase: ", false,
		 again.text, size, error)) != ROLLCODE_OK)
		return err;
	if (strcmp(again.text, passphrase->text) != 0)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the two passphrases differ, nothing was changed; try "
		    "again");
	return ROLLCODE_OK;
}
