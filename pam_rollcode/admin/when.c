/* SPDX-License-Identifier: Apache-2.0 */
/*
 * when.c - times as administrators write them.
 */
#include <stdlib.h>
#include <time.h>

#include "admin/admin.h"

#define DAY (24 * 60 * 60)
#define DAYS_MAX 36500

bool
when_duration(const char *text, int64_t *seconds)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = {{'m', 60}, {'h', 60 * 60}, {'d', DAY}};
	size_t len = strlen(text);
	char number[ADMIN_TIME_MAX + 1] = "";
	int64_t n;

	if (len == 0 || len > ADMIN_TIME_MAX)
		return false;
	memcpy(number, text, len - 1);
	for (size_t i = 0; i < COUNT(units); i++)
		if (text[len - 1] == units[i].letter &&
		    keyword_number(number, 1,
			(int64_t)DAYS_MAX * DAY / units[i].seconds, &n)) {
			*seconds = n * units[i].seconds;
			return true;
		}
	return false;
}

/* Whole, and a day that there is: the 31st of February is none. */
static bool
parse_date(const char *text, const char *format, int64_t *when)
{
	struct tm tm = {.tm_mday = 1, .tm_isdst = -1};
	bool zoned = strstr(format, "%z") != NULL;
	const char *end = strptime(text, format, &tm);
	long offset = tm.tm_gmtoff;
	int day = tm.tm_mday;

	if (end == NULL || *end != '\0')
		return false;
	*when = zoned ? timegm(&tm) - offset : mktime(&tm);
	return tm.tm_mday == day;
}

/* Whole seconds and a zone, if there is one. */
static int64_t
read_zoned(const char *p, struct tm *tm)
{
	struct tm zone = {.tm_gmtoff = 0};

	if (*p == '.' || *p == ',')
		p += 1 + strspn(p + 1, "0123456789");
	if (*p == ' ')
		return mktime(tm);
	return strptime(p, "%z", &zone) != NULL ? timegm(tm) - zone.tm_gmtoff
						: 0;
}

/* The last one that there was: the year is not told. */
static int64_t
read_yearless(struct tm *tm, int64_t now)
{
	const time_t today = now;
	struct tm this = {0}, last = *tm;
	int64_t when;

	if (localtime_r(&today, &this) == NULL)
		return 0;
	tm->tm_year = this.tm_year;
	last.tm_year = this.tm_year - 1;
	when = mktime(tm);
	return when <= now + DAY ? when : mktime(&last);
}

/* What is no number of these days is something else. */
static int64_t
read_seconds(const char *p)
{
	char *end;
	int64_t when = strtoll(p, &end, 10);

	return when >= RESTORED_EARLIEST && (*end == '.' || *end == ' ') ? when
									 : 0;
}

int64_t
when_logged(const char *line, int64_t now)
{
	struct tm tm = {.tm_mday = 1, .tm_isdst = -1};
	const char *end;
	int64_t when = 0;

	if ((end = strptime(line, "%FT%T", &tm)) != NULL)
		when = read_zoned(end, &tm);
	else if (strptime(line, "%b %d %T", &tm) != NULL)
		when = read_yearless(&tm, now);
	else
		when = read_seconds(line);
	return when > 0 ? when : 0;
}

enum rollcode_err
when_read(const char *option, const char *text, int64_t now, int64_t *when,
    struct error *error)
{
	static const char *const formats[] = {"%FT%T%z", "%F %T%z", "%FT%T",
	    "%F %T", "%FT%H:%M", "%F %H:%M", "%F"};
	int64_t ago;

	if (when_duration(text, &ago)) {
		*when = now - ago;
		return ROLLCODE_OK;
	}
	for (size_t i = 0; i < COUNT(formats); i++)
		if (parse_date(text, formats[i], when))
			return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_USAGE,
	    "--%s must be a time as in 2026-11-28T17:50:31+01:00, a local one "
	    "as in 2026-11-28 or \"2026-11-28 17:50\", or how long ago as in "
	    "15m, 2h or 7d",
	    option);
}
