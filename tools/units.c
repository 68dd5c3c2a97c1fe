/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers as people write and read them: counts, sizes, durations, rates.
 */
#include "units.h"

#include <time.h>

/* The digits at *string, which is moved behind them; false if there are none or the number is too large. */
static bool digits(const char **string, uint64_t *value)
{
	const char *at = *string;

	*value = 0;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, *at - '0', value))
			return false;
	}
	if (at == *string)
		return false;
	*string = at;
	return true;
}

bool parse_count(const char *string, uint64_t *value)
{
	return digits(&string, value) && *string == '\0';
}

bool parse_size(const char *string, uint64_t *bytes)
{
	static const char suffixes[] = "kKmMgG";
	const char *suffix;

	if (!digits(&string, bytes))
		return false;
	if (*string == '\0')
		return true;
	suffix = strchr(suffixes, *string);
	if (suffix == NULL || string[1] != '\0')
		return false;
	return !__builtin_mul_overflow(*bytes, 1ULL << (10 * ((suffix - suffixes) / 2 + 1)), bytes);
}

bool parse_seconds(const char *string, uint64_t *nanoseconds)
{
	uint64_t place = NANOSECONDS_PER_SECOND / 10;

	if (!digits(&string, nanoseconds) ||
		__builtin_mul_overflow(*nanoseconds, NANOSECONDS_PER_SECOND, nanoseconds))
		return false;
	if (*string == '.') {
		for (string++; *string >= '0' && *string <= '9'; string++) {
			if (__builtin_add_overflow(*nanoseconds, (*string - '0') * place, nanoseconds))
				return false;
			place /= 10;
		}
		if (string[-1] == '.')
			return false;
	}
	return *string == '\0';
}

void text_amount(struct text *text, uint64_t value, const char *unit)
{
	static const char *const prefixes[] = {"", "k", "M", "G", "T", "P", "E"};
	uint64_t divisor = 1;
	size_t step = 0;

	/* The step is chosen by what is shown: 999,950 is 1.0 M, not 1000.0 k. */
	if (value >= 1000) {
		divisor = 1000;
		step = 1;
	}
	while (step > 0 && step + 1 < sizeof(prefixes) / sizeof(prefixes[0]) &&
		value >= 1000 * divisor - divisor / 20) {
		divisor *= 1000;
		step++;
	}
	if (step == 0) {
		text_decimal(text, value, 1);
	} else {
		uint64_t tenths = value / (divisor / 10) + (value % (divisor / 10) >= divisor / 20);

		text_decimal(text, tenths / 10, 1);
		text_char(text, '.');
		text_decimal(text, tenths % 10, 1);
	}
	text_char(text, ' ');
	text_string(text, prefixes[step]);
	text_string(text, unit);
}

void text_seconds(struct text *text, uint64_t nanoseconds)
{
	uint64_t hundredths = nanoseconds / (NANOSECONDS_PER_SECOND / 100);

	text_decimal(text, hundredths / 100, 1);
	text_char(text, '.');
	text_decimal(text, hundredths % 100, 2);
	text_string(text, " s");
}

void text_counted(struct text *text, uint64_t count, const char *noun)
{
	text_decimal(text, count, 1);
	text_char(text, ' ');
	text_string(text, noun);
	if (count != 1)
		text_char(text, 's');
}

uint64_t per_second(uint64_t count, uint64_t nanoseconds)
{
	if (nanoseconds == 0)
		return 0;
	return (uint64_t)((unsigned __int128)count * NANOSECONDS_PER_SECOND / nanoseconds);
}

uint64_t monotonic_nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NANOSECONDS_PER_SECOND + now.tv_nsec;
}
