/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "askpass/binding.h"
#include "common/base/utf8.h"

#define PORT_MAX 65535
#define PORT_DIGITS 5
#define PROXY "proxy"

/* What follows the host: nothing, or a colon and the port. */
static bool
read_port(const char *text, int *port)
{
	long number;
	char *end;

	*port = BINDING_UNSAID;
	if (*text == '\0')
		return true;
	if (*text++ != ':')
		return false;
	*port = ASKER_PROXY;
	if (strcmp(text, PROXY) == 0)
		return true;
	if (*text < '1' || *text > '9' || strlen(text) > PORT_DIGITS)
		return false;
	number = strtol(text, &end, 10);
	*port = (int)number;
	return *end == '\0' && number <= PORT_MAX;
}

/* Sets where the host ends, and what follows it; false if there is no host. */
static bool
read_host(const char **host, const char **end, const char **rest)
{
	if (**host == '[') {
		*end = strrchr(++*host, ']');
		*rest = *end == NULL ? NULL : *end + 1;
	} else {
		*end = strchr(*host, ':');
		if (*end == NULL || strchr(*end + 1, ':') != NULL)
			*end = *host + strlen(*host);
		*rest = *end;
	}
	return *end != NULL && *end > *host;
}

static bool
read_place(const char *word, struct binding *binding)
{
	const char *at = strrchr(word, '@'), *host, *end, *rest;
	int n;

	if (at == NULL || at == word)
		return false;
	host = at + 1;
	if (!read_host(&host, &end, &rest) || !read_port(rest, &binding->port))
		return false;
	n = snprintf(binding->shown, sizeof(binding->shown), "%.*s@%.*s",
	    (int)(at - word), word, (int)(end - host), host);
	return n > 0 && (size_t)n < sizeof(binding->shown);
}

enum rollcode_err
binding_read(const char *word, struct binding *binding, struct error *error)
{
	memset(binding, 0, sizeof(*binding));
	if (strcmp(word, BINDING_LOCAL) == 0) {
		memcpy(binding->shown, BINDING_LOCAL, sizeof(BINDING_LOCAL));
		return ROLLCODE_OK;
	}
	if (strlen(word) <= BINDING_MAX && utf8_printable(word) &&
	    strpbrk(word, " ()") == NULL && read_place(word, binding))
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "a binding is USER@HOST as ssh shows it before the prompt, "
	    "followed by :PORT if the port is not 22 (USER@[ADDRESS]:PORT for "
	    "IPv6), or by :proxy if ssh uses ProxyJump or ProxyCommand; or "
	    "local for sudo on this machine");
}

enum rollcode_err
binding_write(const struct binding *binding, char word[BINDING_MAX + 1],
    struct error *error)
{
	const char *shown = binding->shown, *at = strrchr(shown, '@');
	char port[16] = PROXY;
	bool brackets;
	int n;

	if (at == NULL) {
		memcpy(word, BINDING_LOCAL, sizeof(BINDING_LOCAL));
		return ROLLCODE_OK;
	}
	brackets = strpbrk(at, ":[") != NULL;
	if (binding->port != ASKER_PROXY)
		snprintf(port, sizeof(port), "%d", binding->port);
	n = snprintf(word, BINDING_MAX + 1, "%.*s%s%s%s:%s",
	    (int)(at + 1 - shown), shown, brackets ? "[" : "", at + 1,
	    brackets ? "]" : "", port);
	if (n > 0 && n <= BINDING_MAX)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "a binding has at most %d bytes; give a shorter one", BINDING_MAX);
}

/* A word without a port was stored before there were ports. */
static enum binding_fit
fit_word(const char *word, const struct binding *asked)
{
	struct binding bound;
	bool fits;

	if (binding_read(word, &bound, NULL) != ROLLCODE_OK ||
	    strcmp(bound.shown, asked->shown) != 0)
		return BINDING_FOREIGN;
	fits = bound.port == asked->port;
	if (bound.port == BINDING_UNSAID)
		fits =
		    asked->port == BINDING_PORT || asked->port == ASKER_PROXY;
	return fits ? BINDING_FITS : BINDING_ELSEWHERE;
}

enum binding_fit
binding_fit(const char *words, const struct binding *asked)
{
	enum binding_fit best = BINDING_FOREIGN, fit;
	char copy[BINDING_MAX + 1], *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strtok_r(rest, " ", &rest)) != NULL)
		if ((fit = fit_word(word, asked)) > best)
			best = fit;
	return best;
}
