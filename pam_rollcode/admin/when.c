/* SPDX-License-Identifier: Apache-2.0 */
/*
 * when.c - times as administrators write them.
 */
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
