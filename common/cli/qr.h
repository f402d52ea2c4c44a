/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qr.h - a line of text as a QR code on a terminal.
 *
 * Two modules stand in one character, as half blocks of UTF-8, black on white
 * in colours of its own, so that it reads the same on light and dark
 * terminals.  Around it are 4 white modules, as ISO/IEC 18004 wants it, or,
 * where only that fits the terminal, 2.  The code is the smallest one that
 * holds the line: 45 columns and 23 lines for up to 134 bytes.
 */
#ifndef ROLLCODE_CLI_QR_H
#define ROLLCODE_CLI_QR_H

#include "common/base/error.h"

/*
 * Draw it on standard output.  If that is a terminal which has no room for it
 * and for a line below, standard error says so, and the line itself is
 * printed in its place.  NOMEM, SYS.
 *
 * What was drawn is wiped; what the library itself puts into memory is freed
 * unwiped, so this is for programs that end behind it.
 */
enum rollcode_err	qr_print(const char *line, struct error *) MUST_USE;

#endif /* ROLLCODE_CLI_QR_H */
