/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a check of the conformance suite says: it is written into memory that the command reads when the check's process
 * has ended. For the routines of the checks.
 */
#include "module/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

noreturn static void finish(struct trial *t, enum outcome outcome, const char *rule, const char *format, va_list ap)
{
	vsnprintf(t->result->text, sizeof(t->result->text), format, ap);
	snprintf(t->result->rule, sizeof(t->result->rule), "%s", rule);
	t->result->outcome = outcome;
	t->result->finished = true;
	_exit(0);
}

void broken(struct trial *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	finish(t, CHECK_BROKEN, "", format, ap);
}

void broken_rule(struct trial *t, const char *rule, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	finish(t, CHECK_BROKEN, rule, format, ap);
}

void left_out(struct trial *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	finish(t, CHECK_LEFT_OUT, "", format, ap);
}

void remark(struct trial *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(t->result->text, sizeof(t->result->text), format, ap);
	va_end(ap);
}

void step(struct trial *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(t->result->step, sizeof(t->result->step), format, ap);
	va_end(ap);
}

const char *check_text(struct trial *t, const char *rule, const char *text, const char *call)
{
	size_t length = strnlen(text, PCAP_ERRBUF_SIZE);

	if (length == PCAP_ERRBUF_SIZE)
		broken_rule(
			t, rule, "%s failed, and its error text has no end within PCAP_ERRBUF_SIZE bytes", call);
	if (length == 0)
		broken_rule(t, rule, "%s failed without an error text", call);
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			broken_rule(
				t, rule, "%s failed, and its error text has a control character: %s", call, text);
	return text;
}
