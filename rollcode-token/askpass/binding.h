/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binding.h - where a token answers: what ssh shows, and the port.
 *
 * What ssh shows before a prompt never has a port, and a server on another
 * port of the same host may be somebody else's.
 */
#ifndef ROLLCODE_ASKPASS_BINDING_H
#define ROLLCODE_ASKPASS_BINDING_H

#include "askpass/asker.h"
#include "common/base/error.h"

#define BINDING_MAX	255	/* bytes of all that a token has */
#define BINDING_LOCAL	"local"	/* the binding for sudo here */
#define BINDING_PORT	22	/* if none is given */
#define BINDING_UNSAID	(-2)	/* the port of one that has none */

struct binding {
	char	shown[BINDING_MAX + 1];	/* USER@HOST to the letter, or local */
	int	port;			/* ASKER_PROXY: by way of a proxy */
};

enum binding_fit {
	BINDING_FOREIGN,	/* bound to nothing of that name */
	BINDING_ELSEWHERE,	/* to that user and host, not to that port */
	BINDING_FITS,
};

/*
 * Read one word: local, or USER@HOST, USER@HOST:PORT, USER@HOST:proxy; a HOST
 * with a colon of its own, such as an IPv6 address, is in brackets if a port
 * follows.  INPUT.
 */
enum rollcode_err	binding_read(const char *word, struct binding *,
			    struct error *) MUST_USE;

/* The word for it, with the port.  INPUT if it does not fit. */
enum rollcode_err	binding_write(const struct binding *,
			    char word[BINDING_MAX + 1], struct error *)
			    MUST_USE;

/*
 * The best that one of the words, separated by spaces, is for what was asked.
 * One without a port is from before there were ports: it fits port 22, and a
 * connection through a proxy.
 */
enum binding_fit	binding_fit(const char *words, const struct binding *);

#endif /* ROLLCODE_ASKPASS_BINDING_H */
