/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "admin/log.h"

#define TEXTS 5

/* The texts of a line. */
struct parts {
	const char *user, *service, *rhost, *token, *outcome;
};

bool
log_fill(struct log_line *line, const char *user, const struct event *e)
{
	const char *texts[TEXTS] = {
	    user, e->service, e->rhost, e->token, e->outcome};
	size_t len = 0;
	char *to;

	for (size_t i = 0; i < TEXTS; i++)
		len += strlen(texts[i]) + 1;
	*line = (struct log_line){
	    e->time, e->sequence, e->counter, e->distance, malloc(len)};
	if ((to = line->texts) == NULL)
		return false;
	for (size_t i = 0; i < TEXTS; i++)
		to = stpcpy(to, texts[i]) + 1;
	return true;
}

void
log_free(struct log_line *line)
{
	free(line->texts);
	line->texts = NULL;
}

static struct parts
parts_of(const struct log_line *line)
{
	const char *at[TEXTS] = {line->texts};

	for (size_t i = 1; i < TEXTS; i++)
		at[i] = at[i - 1] + strlen(at[i - 1]) + 1;
	return (struct parts){at[0], at[1], at[2], at[3], at[4]};
}

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
	const struct parts p = parts_of(line);

	grow_width(&w->user, p.user, PLAIN_WORD);
	grow_width(&w->outcome, p.outcome, PLAIN_TEXT);
	grow_width(&w->service, p.service, PLAIN_LOG_WORD);
}

/* A code of a token names it. */
static bool
by_recovery_code(const struct parts *p)
{
	return strcmp(p->outcome, verdict_name(VERDICT_ACCEPTED)) == 0 &&
	       p->token[0] == '\0';
}

/* Each field is one word, so that none of them feigns another. */
static void
print_text(const struct log_line *line, const struct log_widths *w)
{
	const struct parts p = parts_of(line);
	char date[CLI_DATE_MAX];

	cli_date(line->time, date);
	printf("%s  ", date);
	plain_pad(stdout, p.user, PLAIN_WORD, w->user);
	printf("  %-*s  ", w->outcome, p.outcome);
	plain_pad(stdout, p.service, PLAIN_LOG_WORD, w->service);
	if (by_recovery_code(&p))
		fputs("  recovery-code", stdout);
	if (p.token[0] != '\0') {
		fputs("  token=", stdout);
		plain_put(stdout, p.token, PLAIN_WORD);
	}
	if (line->counter >= 0)
		printf(" counter=%" PRId64 " distance=%" PRId64, line->counter,
		    line->distance);
	if (p.rhost[0] != '\0') {
		fputs(" rhost=", stdout);
		plain_put(stdout, p.rhost, PLAIN_LOG_WORD);
	}
	putchar('\n');
}

static void
print_json(const struct log_line *line, struct json *json)
{
	const struct parts p = parts_of(line);

	json_open(json, NULL, '{');
	json_time(json, "time", line->time);
	json_text(json, "user", p.user);
	json_text(json, "outcome", p.outcome);
	json_bool(json, "recovery_code", by_recovery_code(&p));
	json_text(json, "service", p.service);
	json_text(json, "rhost", p.rhost);
	json_text(json, "token", p.token);
	if (line->counter >= 0) {
		json_number(json, "counter", line->counter);
		json_number(json, "distance", line->distance);
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
