/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The line that lives at the bottom of the terminal while packets are written to a file.
 */
#include "status.h"

#include <stdio.h>
#include <unistd.h>

#include "units.h"

/* ECMA-48: erase to the end of the line. */
#define ERASE_REST "\033[K"

void status_begin(struct status *status, bool wanted, uint64_t now)
{
	*status = (struct status){
		.wanted = wanted && isatty(STDERR_FILENO), .next = now + STATUS_INTERVAL_NANOSECONDS, .last = now};
}

void status_text(struct text *text, const struct status_counts *counts, uint64_t packet_rate, uint64_t byte_rate)
{
	text_counted(text, counts->packets, "packet");
	text_string(text, ", ");
	text_amount(text, counts->bytes, "B");
	text_string(text, ", ");
	text_counted(text, packet_rate, "packet");
	text_string(text, "/s, ");
	text_amount(text, byte_rate, "B/s");
	if (counts->dropped_known) {
		text_string(text, ", ");
		text_decimal(text, counts->dropped, 1);
		text_string(text, " dropped");
	}
}

void status_show(struct status *status, const struct status_counts *counts, uint64_t now)
{
	char buffer[200];
	struct text text = text_in(buffer, sizeof(buffer));
	uint64_t elapsed = now - status->last;

	text_char(&text, '\r');
	status_text(&text, counts, per_second(counts->packets - status->last_packets, elapsed),
		per_second(counts->bytes - status->last_bytes, elapsed));
	text_string(&text, ERASE_REST);
	fputs(text_finish(&text), stderr);
	status->shown = true;
	status->last = now;
	status->next = now + STATUS_INTERVAL_NANOSECONDS;
	status->last_packets = counts->packets;
	status->last_bytes = counts->bytes;
}

void status_hide(struct status *status)
{
	if (!status->shown)
		return;
	fputs("\r" ERASE_REST, stderr);
	status->shown = false;
}
