/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How far long work has come, at the bottom of the terminal that standard error is.
 */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "units.h"

/* ECMA-48: erase to the end of the line. */
#define ERASE_REST "\033[K"

#define INTERVAL_NANOSECONDS (NANOSECONDS_PER_SECOND / 5)
#define PATIENCE_NANOSECONDS (NANOSECONDS_PER_SECOND / 2)
/* The clock is looked at every so many calls. */
#define CALLS_A_LOOK 1024
#define BAR_WIDTH 30

void progress_begin(struct progress *progress, uint64_t total, bool printing)
{
	*progress = (struct progress){.wanted = isatty(STDERR_FILENO) && !(printing && isatty(STDOUT_FILENO)),
		.total = total,
		.next = monotonic_nanoseconds() + PATIENCE_NANOSECONDS};
}

void progress_text(struct text *text, uint64_t bytes, uint64_t total, uint64_t packets)
{
	uint64_t percent;

	if (total == 0) {
		text_counted(text, packets, "packet");
		text_string(text, ", ");
		text_amount(text, bytes, "B");
		return;
	}
	/* A file can grow while it is read. */
	percent = bytes < total ? (uint64_t)((unsigned __int128)bytes * 100 / total) : 100;
	text_char(text, '[');
	for (uint64_t i = 0; i < BAR_WIDTH; i++)
		text_char(text, i < percent * BAR_WIDTH / 100 ? '#' : ' ');
	text_string(text, percent < 10 ? "]   " : percent < 100 ? "]  " : "] ");
	text_decimal(text, percent, 1);
	text_string(text, "% ");
	text_counted(text, packets, "packet");
}

void progress_step(struct progress *progress, uint64_t bytes, uint64_t packets)
{
	char buffer[200];
	struct text text = text_in(buffer, sizeof(buffer));
	uint64_t now;

	if (!progress->wanted || ++progress->calls % CALLS_A_LOOK != 0)
		return;
	now = monotonic_nanoseconds();
	if (now < progress->next)
		return;
	text_char(&text, '\r');
	progress_text(&text, bytes, progress->total, packets);
	text_string(&text, ERASE_REST);
	fputs(text_finish(&text), stderr);
	progress->shown = true;
	progress->next = now + INTERVAL_NANOSECONDS;
}

void progress_hide(struct progress *progress)
{
	if (progress->shown)
		fputs("\r" ERASE_REST, stderr);
	progress->shown = false;
}
