/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Points in time, as files tell them and as people write them.
 */
#include "instant.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "units.h"

#define ZONE_HOUR 3600

/* Exactly `count` digits, which *string is moved behind. */
static bool take_digits(const char **string, int count, int *value)
{
	*value = 0;
	for (; count > 0; count--) {
		if (**string < '0' || **string > '9')
			return false;
		*value = *value * 10 + *(*string)++ - '0';
	}
	return true;
}

static bool take(const char **string, const char *any_of)
{
	if (**string == '\0' || strchr(any_of, **string) == NULL)
		return false;
	(*string)++;
	return true;
}

static bool take_fraction(const char **string, uint32_t *nanoseconds)
{
	uint32_t place = (uint32_t)NANOSECONDS_PER_SECOND / 10;
	const char *start = *string;

	for (; **string >= '0' && **string <= '9'; (*string)++) {
		*nanoseconds += (uint32_t)(**string - '0') * place;
		place /= 10;
	}
	return *string > start;
}

/* HH:MM, then perhaps :SS, then perhaps a fraction. */
static bool take_clock(const char **string, struct tm *time, uint32_t *nanoseconds)
{
	if (!take_digits(string, 2, &time->tm_hour) || !take(string, ":") || !take_digits(string, 2, &time->tm_min))
		return false;
	if (!take(string, ":"))
		return true;
	if (!take_digits(string, 2, &time->tm_sec))
		return false;
	return !take(string, ".") || take_fraction(string, nanoseconds);
}

/* What local time is before UTC, if a zone is told: Z, +HH:MM, -HH:MM. */
static bool take_zone(const char **string, int *offset)
{
	int sign = **string == '-' ? -1 : 1, hours, minutes;

	if (take(string, "Zz")) {
		*offset = 0;
		return true;
	}
	if (!take(string, "+-") || !take_digits(string, 2, &hours))
		return false;
	take(string, ":");
	if (!take_digits(string, 2, &minutes))
		return false;
	*offset = sign * (hours * ZONE_HOUR + minutes * 60);
	return true;
}

static bool is_date(const struct tm *time)
{
	return time->tm_mon >= 0 && time->tm_mon < 12 && time->tm_mday >= 1 && time->tm_mday <= 31 &&
	       time->tm_hour < 24 && time->tm_min < 60 && time->tm_sec <= 60;
}

static bool parse_date(const char *string, struct instant *instant)
{
	struct tm time = {.tm_isdst = -1};
	bool local = true;
	int offset = 0;

	if (!take_digits(&string, 4, &time.tm_year) || !take(&string, "-") ||
		!take_digits(&string, 2, &time.tm_mon) || !take(&string, "-") ||
		!take_digits(&string, 2, &time.tm_mday))
		return false;
	time.tm_year -= 1900;
	time.tm_mon -= 1;
	if (take(&string, "Tt ")) {
		if (!take_clock(&string, &time, &instant->nanoseconds))
			return false;
		local = *string == '\0';
		if (!local && !take_zone(&string, &offset))
			return false;
	}
	if (*string != '\0' || !is_date(&time))
		return false;
	instant->seconds = local ? mktime(&time) : timegm(&time) - offset;
	return true;
}

bool parse_moment(const char *string, struct moment *moment)
{
	bool relative = *string == '+';
	uint64_t nanoseconds;

	*moment = (struct moment){.given = true, .relative = relative};
	if (!parse_seconds(string + relative, &nanoseconds))
		return !relative && parse_date(string, &moment->instant);
	moment->instant.seconds = (int64_t)(nanoseconds / NANOSECONDS_PER_SECOND);
	moment->instant.nanoseconds = (uint32_t)(nanoseconds % NANOSECONDS_PER_SECOND);
	return true;
}

void settle_moment(struct moment *moment, const struct instant *first)
{
	uint32_t nanoseconds = moment->instant.nanoseconds + first->nanoseconds;

	if (!moment->given || !moment->relative)
		return;
	moment->relative = false;
	moment->instant.seconds += first->seconds + nanoseconds / (uint32_t)NANOSECONDS_PER_SECOND;
	moment->instant.nanoseconds = nanoseconds % (uint32_t)NANOSECONDS_PER_SECOND;
}

void text_instant(struct text *text, const struct instant *instant)
{
	time_t seconds = (time_t)instant->seconds;
	struct tm time;
	char date[40];

	if (gmtime_r(&seconds, &time) == NULL || strftime(date, sizeof(date), "%FT%T", &time) == 0)
		snprintf(date, sizeof(date), "@%lld", (long long)instant->seconds);
	text_string(text, date);
	text_char(text, '.');
	text_decimal(text, instant->nanoseconds, 9);
	text_char(text, 'Z');
}
