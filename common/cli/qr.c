/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qr.c - a line of text as a QR code on a terminal.
 *
 * Two modules stand in one character, as half blocks of UTF-8, black on white
 * in colours of its own: it reads the same on light and dark terminals.
 */
#include <errno.h>
#include <limits.h>
#include <qrencode.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/cli/cli.h"
#include "common/token/token.h"

#define QUIET 4	    /* modules around the code, as ISO/IEC 18004 wants */
#define QUIET_MIN 2 /* what readers are content with */
#define MODULES_MAX 177
#define BELOW 1 /* lines of the terminal for what comes next */

/* Numbers of the colour cube, which no theme changes. */
#define BLACK_ON_WHITE "\033[38;5;16;48;5;231m"
#define AS_BEFORE "\033[0m"

struct row {
	char text[sizeof(BLACK_ON_WHITE) + sizeof(AS_BEFORE) +
		  (MODULES_MAX + 2 * QUIET) * 3];
};

WIPABLE(row);

static void
code_wipe(QRcode **code)
{
	if (*code != NULL)
		explicit_bzero((*code)->data,
		    (size_t)(*code)->width * (size_t)(*code)->width);
	QRcode_free(*code);
}

/* What is not a terminal, or does not know its size, has any room. */
static struct winsize
room_there(void)
{
	struct winsize size = {0};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 ||
	    size.ws_row == 0)
		size.ws_col = size.ws_row = USHRT_MAX;
	return size;
}

static int
code_columns(const QRcode *code, int quiet)
{
	return code->width + 2 * quiet;
}

static int
code_lines(const QRcode *code, int quiet)
{
	return (code_columns(code, quiet) + 1) / 2 + BELOW;
}

/* Beyond the edges everything is white. */
static unsigned int
is_black(const QRcode *code, int x, int y)
{
	if (x < 0 || y < 0 || x >= code->width || y >= code->width)
		return 0;
	return code->data[y * code->width + x] & 1;
}

/* The row of characters whose upper modules are those of y. */
static void
make_row(const QRcode *code, int quiet, int y, struct row *row)
{
	static const char *const blocks[2][2] = {
	    {" ", "\342\226\204"},
	    {"\342\226\200", "\342\226\210"},
	};
	char *at = stpcpy(row->text, BLACK_ON_WHITE);

	for (int x = -quiet; x < code->width + quiet; x++)
		at = stpcpy(
		    at, blocks[is_black(code, x, y)][is_black(code, x, y + 1)]);
	stpcpy(at, AS_BEFORE "\n");
}

static enum rollcode_err
draw_rows(const QRcode *code, int quiet, struct error *error)
{
	WIPED(row_wipe) struct row row = {""};
	enum rollcode_err err = ROLLCODE_OK;

	for (int y = -quiet; err == ROLLCODE_OK && y < code->width + quiet;
	     y += 2) {
		make_row(code, quiet, y, &row);
		err = cli_write(row.text, strlen(row.text), error);
	}
	return err;
}

enum rollcode_err
qr_print(const char *line, struct error *error)
{
	WIPED(code_wipe) QRcode *code = NULL;
	const struct winsize there = room_there();

	code = QRcode_encodeString(line, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
	if (code == NULL && errno != ERANGE)
		return error_set(error, error_from_errno(errno),
		    "no QR code can be made: %s", strerror(errno));
	if (code == NULL) {
		fprintf(stderr, "the URI is too long for a QR code; it is "
				"printed as text\n");
		return cli_write_line(line, error);
	}
	for (int quiet = QUIET; quiet >= QUIET_MIN; quiet--)
		if (code_columns(code, quiet) <= there.ws_col &&
		    code_lines(code, quiet) <= there.ws_row)
			return draw_rows(code, quiet, error);
	fprintf(stderr,
	    "the QR code needs %d columns and %d lines, and the terminal has "
	    "%d and %d; make it larger, or use the URI below\n",
	    code_columns(code, QUIET_MIN), code_lines(code, QUIET_MIN),
	    there.ws_col, there.ws_row);
	return cli_write_line(line, error);
}

enum rollcode_err
cli_check_apps(const struct rollcode_token *token, struct error *error)
{
	if (token->form == FORM_TIMED)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "no authenticator app makes codes of form timed, and one "
		    "that reads the QR code would make wrong ones: use the "
		    "command uri, and rollcode-token add");
	if (!token_for_apps(token))
		fprintf(stderr,
		    "most authenticator apps know only SHA1 with 6 digits, and "
		    "this token is %s, %s, %u digits: use one that was made "
		    "with rollcode-admin enroll --phone\n",
		    form_name(token->form), algorithm_name(token->algorithm),
		    token->digits);
	return ROLLCODE_OK;
}
