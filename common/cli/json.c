/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/utf8.h"
#include "common/cli/cli.h"

/* JSON's own short escapes are few; everything else that is odd is \u. */
static void
put_string(FILE *out, const char *text)
{
	uint32_t point;
	size_t n;

	putc('"', out);
	for (; *text != '\0'; text += n) {
		if ((n = utf8_next(text, &point)) == 0) {
			fputs("\xef\xbf\xbd", out);
			n = 1;
		} else if (point == '"' || point == '\\') {
			fprintf(out, "\\%c", (char)point);
		} else if (utf8_is_control(point)) {
			fprintf(out, "\\u%04x", (unsigned int)point);
		} else {
			fwrite(text, 1, n, out);
		}
	}
	putc('"', out);
}

static void
begin_value(struct json *json, const char *key)
{
	if (json->more)
		putc(',', json->out);
	if (json->depth > 0)
		fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
	json->more = true;
	if (key == NULL)
		return;
	put_string(json->out, key);
	fputs(": ", json->out);
}

void
json_open(struct json *json, const char *key, char bracket)
{
	begin_value(json, key);
	putc(bracket, json->out);
	json->depth++;
	json->more = false;
}

void
json_text(struct json *json, const char *key, const char *value)
{
	begin_value(json, key);
	put_string(json->out, value);
}

void
json_number(struct json *json, const char *key, int64_t number)
{
	begin_value(json, key);
	fprintf(json->out, "%lld", (long long)number);
}

void
json_time(struct json *json, const char *key, int64_t when)
{
	if (when == 0)
		json_null(json, key);
	else
		json_number(json, key, when);
}

void
json_bool(struct json *json, const char *key, bool yes)
{
	begin_value(json, key);
	fputs(yes ? "true" : "false", json->out);
}

void
json_null(struct json *json, const char *key)
{
	begin_value(json, key);
	fputs("null", json->out);
}

void
json_close(struct json *json, char bracket)
{
	json->depth--;
	if (json->more)
		fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
	putc(bracket, json->out);
	json->more = true;
	if (json->depth == 0)
		putc('\n', json->out);
}
