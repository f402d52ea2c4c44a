/* SPDX-License-Identifier: Apache-2.0 */
/*
 * person.h - ask the person: by their own askpass, else at the terminal.
 *
 * A prompt is text that another machine may have chosen.  It goes to the
 * person's own program as it is, and to a terminal without what would move
 * its cursor or change its colours.
 */
#ifndef ROLLCODE_ASKPASS_PERSON_H
#define ROLLCODE_ASKPASS_PERSON_H

#include <stddef.h>

#include "common/base/error.h"

/* Names the program; it gets the prompt as its argument. */
#define PERSON_ASKPASS	"ROLLCODE_ASKPASS"

/* A line without newline.  UNAVAIL if there is nobody to ask, INPUT. */
enum rollcode_err	person_ask(const char *prompt, char *line, size_t size,
			    struct error *) MUST_USE;

/*
 * What an askpass program does with a prompt: print the answer, or with
 * SSH_ASKPASS_PROMPT=confirm or none, as ssh(1) sets it, say yes or nothing.
 * The person's own program takes this process over.
 */
enum rollcode_err	person_answer(const char *prompt, struct error *)
			    MUST_USE;

#endif /* ROLLCODE_ASKPASS_PERSON_H */
