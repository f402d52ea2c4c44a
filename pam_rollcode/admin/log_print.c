/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/log.h"

static void
grow_width(int *width, const char *text, enum plain how)
{
	int columns = plain_width(text, how);

	if (columns > *width)
		*width = columns;
}

static void
measure_line(struct log_widths *w, const struct log_line *line)
{
	grow_width(&w->user, line->user, PLAIN_WORD);
	grow_width(&w->outcome, line->event.outcome, PLAIN_TEXT);
	grow_width(&w->service, line->event.service, PLAIN_LOG_WORD);
}

/* A code of a token names it. */
static bool
by_recovery_code(const struct event *e)
{
	return strcmp(e->outcome, verdict_name(VERDICT_ACCEPTED)) == 0 &&
	       e->token[0] == '\0';
}

/* Each field is one word, so that none of them feigns another. */
static void
print_text(const struct log_line *line, const struct log_widths *w)
{
	const struct event *e = &line->event;
	char date[CLI_DATE_MAX];

	cli_date(e->time, date);
	printf("%s  ", date);
	plain_pad(stdout, line->user, PLAIN_WORD, w->user);
	printf("  %-*s  ", w->outcome, e->outcome);
	plain_pad(stdout, e->service, PLAIN_LOG_WORD, w->service);
	if (by_recovery_code(e))
		fputs("  recovery-code", stdout);
	if (e->token[0] != '\0') {
		fputs("  token=", stdout);
		plain_put(stdout, e->token, PLAIN_WORD);
	}
	if (e->counter >= 0)
		printf(" counter=%" PRId64 " distance=%" PRId64, e->counter,
		    e->distance);
	if (e->rhost[0] != '\0') {
		fputs(" rhost=", stdout);
		plain_put(stdout, e->rhost, PLAIN_LOG_WORD);
	}
	putchar('\n');
}

static void
print_json(const struct log_line *line, struct json *json)
{
	const struct event *e = &line->event;

	json_open(json, NULL, '{');
	json_time(json, "time", e->time);
	json_text(json, "user", line->user);
	json_text(json, "outcome", e->outcome);
	json_bool(json, "recovery_code", by_recovery_code(e));
	json_text(json, "service", e->service);
	json_text(json, "rhost", e->rhost);
	json_text(json, "token", e->token);
	if (e->counter >= 0) {
		json_number(json, "counter", e->counter);
		json_number(json, "distance", e->distance);
	}
	json_close(json, '}');
}

void
log_print(const struct log_line *lines, size_t count, struct log_widths *w,
    struct json *json)
{
	for (size_t i = 0; i < count; i++)
		measure_line(w, &lines[i]);
	for (size_t i = 0; i < count; i++)
		if (json != NULL)
			print_json(&lines[i], json);
		else
			print_text(&lines[i], w);
}
