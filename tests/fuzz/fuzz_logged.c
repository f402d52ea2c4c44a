/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a system log: the first byte says in how large pieces it comes.
 *
 *  1. What is said of a code is the same in whatever pieces it comes.
 *  2. Names have a length, and counters have one behind them.
 *  3. Said once more by the module, it is read as the same.
 */
#include "fuzz.h"
#include "pam_rollcode/admin/logged.h"
#include "pam_rollcode/protocol/logline.h"

struct seen {
	size_t count;
	struct logged last;
};

static void
check_again(const struct logged *logged)
{
	struct verification v = {
	    .verdict = VERDICT_ACCEPTED,
	    .matched = 1,
	    .counter = logged->counter,
	};
	char line[LOGLINE_MAX], whole[LOGLINE_MAX + 64];
	struct logged again;

	memcpy(v.token, logged->token, sizeof(v.token));
	(void)logline_success(&v, logged->user, line);
	snprintf(whole, sizeof(whole),
	    "Nov 29 10:15:00 h a[1]: "
	    "pam_rollcode(a:auth): %s",
	    line);
	promise(logged_parse(whole, &again), "what was read can be said");
	promise(strcmp(again.user, logged->user) == 0 &&
		    strcmp(again.token, logged->token) == 0 &&
		    again.counter == logged->counter,
	    "and is read as the same");
}

static enum rollcode_err
see_code(void *context, const struct logged *logged, struct error *error)
{
	struct seen *seen = context;

	(void)error;
	promise(logged->user[0] != '\0' &&
		    memchr(logged->user, '\0', sizeof(logged->user)) != NULL,
	    "a user has a name");
	promise(logged->token[0] != '\0' &&
		    memchr(logged->token, '\0', sizeof(logged->token)) != NULL,
	    "a token has a label");
	promise(logged->counter < ROLLCODE_COUNTER_END,
	    "a counter has one behind it");
	check_again(logged);
	seen->count++;
	seen->last = *logged;
	return ROLLCODE_OK;
}

static void
read_text(const char *text, size_t len, size_t piece, struct seen *seen)
{
	static struct logged_lines lines;

	memset(&lines, 0, sizeof(lines));
	memset(seen, 0, sizeof(*seen));
	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		char *copy = exact(text + at, n);

		promise(logged_feed(&lines, copy, n, see_code, seen, NULL) ==
			    ROLLCODE_OK,
		    "a log is read to its end");
		free(copy);
	}
	promise(logged_end(&lines, see_code, seen, NULL) == ROLLCODE_OK,
	    "a log is read to its end");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole, pieces;
	size_t piece = size > 0 ? 1u + data[0] : 1;
	size_t len = size > 0 ? size - 1 : 0;
	char *text = exact(size > 0 ? data + 1 : data, len);

	read_text(text, len, len + 1, &whole);
	read_text(text, len, piece, &pieces);
	promise(whole.count == pieces.count &&
		    strcmp(whole.last.user, pieces.last.user) == 0 &&
		    strcmp(whole.last.token, pieces.last.token) == 0 &&
		    whole.last.counter == pieces.last.counter,
	    "a log is the same in whatever pieces it comes");
	free(text);
	return 0;
}
