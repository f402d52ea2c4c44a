/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/admin.h"
#include "admin/logged.h"
#include "common/base/env.h"
#include "common/token/codec.h"

#define HEAD_WORDS 5 /* "Nov 29 10:15:00 HOST NAME[PID]:", or fewer */
#define VERIFIER "rollcode-verify"

/* Past a text that is there, NULL if it is not, or if there is nothing. */
static const char *
past_text(const char *p, const char *text)
{
	size_t len = strlen(text);

	return p != NULL && strncmp(p, text, len) == 0 ? p + len : NULL;
}

/* Past a word that begins and ends so, and the space behind it. */
static const char *
past_word(const char *p, const char *begins, const char *ends)
{
	size_t len, first = strlen(begins), last = strlen(ends);

	if (p == NULL || (len = strcspn(p, " ")) < first + last ||
	    p[len] != ' ' || strncmp(p, begins, first) != 0 ||
	    strncmp(p + len - last, ends, last) != 0)
		return NULL;
	return p + len + 1;
}

/*
 * The message, behind who logged it: the first word that ends with a colon.  A
 * text of others is never there; one with a newline goes on in a line that
 * begins with a space, as journalctl prints it.
 */
static const char *
find_message(const char *p, bool *verifier)
{
	if (*p == ' ' || *p == '\t')
		return NULL;
	for (int i = 0; i < HEAD_WORDS; i++) {
		size_t len;

		p += strspn(p, " ");
		len = strcspn(p, " ");
		if (len == 0 || p[len] == '\0')
			return NULL;
		*verifier = past_text(p, VERIFIER) != NULL;
		if (p[len - 1] == ':')
			return p + len + 1;
		p += len;
	}
	return NULL;
}

/* Behind what the module, or the verifier, has before each of its lines. */
static const char *
find_line(const char *p)
{
	bool verifier = false;

	if ((p = find_message(p, &verifier)) == NULL)
		return NULL;
	if (!verifier)
		return past_word(p, "pam_rollcode(", "):");
	p = past_word(past_text(p, "asked by "), "uid=", "");
	return past_word(past_word(p, "service=", ""), "user=", ":");
}

/* One word as plain.h writes it, up to what ends it; past that. */
static const char *
take_word(const char *p, const char *ends, char *out, size_t size)
{
	const char *end = p != NULL ? strstr(p, ends) : NULL;
	size_t n = 0;

	if (end == NULL || memchr(p, ' ', (size_t)(end - p)) != NULL)
		return NULL;
	while (p < end && n + 1 < size) {
		uint8_t byte = (uint8_t)*p;

		if (byte != '\\') {
			p++;
		} else if (end - p >= 4 && p[1] == 'x') {
			char hex[3] = {p[2], p[3], '\0'};

			if (!hex_decode(hex, &byte, 1) || byte == '\0')
				return NULL;
			p += 4;
		} else {
			return NULL;
		}
		out[n++] = (char)byte;
	}
	out[n] = '\0';
	return p == end && n > 0 ? end + strlen(ends) : NULL;
}

bool
logged_parse(const char *line, struct logged *out)
{
	const char *p = past_text(find_line(line), "code "), *verdict;
	char counter[24], skipped[24];
	int64_t number, ignored;

	if ((verdict = past_text(p, "accepted for ")) == NULL)
		verdict = past_text(p, "resynced for ");
	p = take_word(verdict, "; token=", out->user, sizeof(out->user));
	p = take_word(p, " counter=", out->token, sizeof(out->token));
	p = take_word(p, " skipped=", counter, sizeof(counter));
	if (p == NULL || strlen(p) >= sizeof(skipped))
		return false;
	memcpy(skipped, p, strlen(p) + 1);
	if (!keyword_number(counter, 0, INT64_MAX - 1, &number) ||
	    !keyword_number(skipped, 0, INT64_MAX, &ignored))
		return false;
	out->counter = (uint64_t)number;
	return true;
}

enum rollcode_err
logged_end(
    struct logged_lines *l, logged_fn *fn, void *context, struct error *error)
{
	struct logged logged;
	bool whole = !l->skip && l->len > 0;

	l->line[l->len] = '\0';
	l->len = 0;
	l->skip = false;
	if (!whole || !logged_parse(l->line, &logged))
		return ROLLCODE_OK;
	logged.time = when_logged(l->line, l->now);
	return fn(context, &logged, error);
}

static void
add_piece(struct logged_lines *l, const char *piece, size_t len)
{
	l->skip |=
	    len > LOGGED_LINE_MAX - l->len || memchr(piece, '\0', len) != NULL;
	if (l->skip)
		return;
	memcpy(l->line + l->len, piece, len);
	l->len += len;
}

enum rollcode_err
logged_feed(struct logged_lines *l, const char *piece, size_t len,
    logged_fn *fn, void *context, struct error *error)
{
	const char *newline;
	enum rollcode_err err;

	while ((newline = memchr(piece, '\n', len)) != NULL) {
		size_t part = (size_t)(newline - piece);

		add_piece(l, piece, part);
		if ((err = logged_end(l, fn, context, error)) != ROLLCODE_OK)
			return err;
		piece = newline + 1;
		len -= part + 1;
	}
	add_piece(l, piece, len);
	return ROLLCODE_OK;
}
