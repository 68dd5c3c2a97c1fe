/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop of `weir read`: takes the blocks of one file, or of several in the order of time, to where they go.
 */
#include "read-loop.h"

#include "command.h"
#include "stop.h"
#include "units.h"

static bool to_file(const struct reading *reading)
{
	return reading->out.settings != NULL;
}

static struct sink *sink_of(struct reading *reading)
{
	return to_file(reading) ? &reading->out.sink : &reading->print;
}

static bool finished(const struct reading *reading)
{
	return (to_file(reading) ? reading->out.sink.failed : reading->print.failed) || reading->filters.wrong ||
	       (reading->settings->count != 0 && reading->taken >= reading->settings->count) ||
	       selection_ends(&reading->selection, reading->number);
}

/* ---- The next block ---- */

/* Of several: blocks other than packets at once, since they tell of those that follow; then the earliest packet. */
static struct input *next_of_several(struct reading *reading)
{
	struct input *first = NULL, *other = NULL;

	reading->others = false;
	for (size_t i = 0; i < reading->input_count; i++) {
		struct input *input = &reading->inputs[i];

		if (!input_fetch(input))
			continue;
		if (!is_packet_block(input->block)) {
			other = other != NULL ? other : input;
			continue;
		}
		if (first == NULL || earlier(&input->time, &first->time)) {
			if (first != NULL) {
				reading->next_one = first->time;
				reading->others = true;
			}
			first = input;
		} else if (!reading->others || earlier(&input->time, &reading->next_one)) {
			reading->next_one = input->time;
			reading->others = true;
		}
	}
	reading->current = other != NULL ? NULL : first;
	return other != NULL ? other : first;
}

/* The input whose block comes next; NULL if there is none now. */
static struct input *next_input(struct reading *reading)
{
	struct input *current = reading->current;

	if (reading->input_count == 1)
		return input_fetch(&reading->inputs[0]) ? &reading->inputs[0] : NULL;
	/* Files that follow each other in time are read one after the other, without a look at all of them each time. */
	if (current != NULL && input_fetch(current) && is_packet_block(current->block) &&
		(!reading->others || earlier(&current->time, &reading->next_one)))
		return current;
	return next_of_several(reading);
}

/* ---- Blocks ---- */

static bool several_interfaces(const struct reading *reading)
{
	return reading->input_count > 1 || reading->inputs[0].interface_count > 1;
}

static void show(struct reading *reading, struct input *input, const struct input_interface *interface)
{
	const struct pcapng_block *block = input->block;
	bool nanoseconds = interface->tsresol > 6;
	struct pcap_pkthdr header = {.caplen = block->caplen, .len = block->len};

	if (reading->settings->precision != NOT_KNOWN)
		nanoseconds = reading->settings->precision == PCAP_TSTAMP_PRECISION_NANO;
	header.ts.tv_sec = (time_t)block->seconds;
	header.ts.tv_usec = (suseconds_t)(nanoseconds ? block->nanoseconds : block->nanoseconds / 1000);
	reading->print.printer.show_interfaces = several_interfaces(reading);
	sink_show(&reading->print, &(struct shown_packet){interface->name, interface->block->dlt, nanoseconds,
					   &header, block->data, block});
}

static void take_packet(struct reading *reading, struct input *input)
{
	struct input_interface *interface = input_interface(input);

	reading->number++;
	if (!selection_takes(&reading->selection, reading->number, &input->time) ||
		!filter_takes(&reading->filters, input, interface))
		return;
	if (to_file(reading))
		output_packet(&reading->out, input, interface);
	else
		show(reading, input, interface);
	reading->taken++;
	if (reading->flush_each)
		sink_flush(sink_of(reading));
}

static void take_interface(struct reading *reading, struct input *input)
{
	struct input_interface *interface;

	if (!input_add_interface(input)) {
		complain("%s: there is no memory for all its interfaces", input->name);
		reading->filters.wrong = true;
		return;
	}
	interface = &input->interfaces[input->interface_count - 1];
	if (filter_prepare(&reading->filters, interface) && to_file(reading))
		output_interface(&reading->out, input, interface);
}

static void take_block(struct reading *reading, struct input *input)
{
	if (is_packet_block(input->block)) {
		take_packet(reading, input);
	} else if (input->block->type == PCAPNG_INTERFACE) {
		take_interface(reading, input);
	} else if (input->block->type == PCAPNG_SECTION) {
		input_begin_section(input);
		if (to_file(reading))
			output_section(&reading->out, input);
	} else if (to_file(reading)) {
		output_other(&reading->out, input);
	}
}

/* ---- The loop ---- */

static void show_progress(struct reading *reading)
{
	uint64_t bytes = 0;

	if (!reading->progress.wanted)
		return;
	for (size_t i = 0; i < reading->input_count; i++)
		bytes += reading->inputs[i].end;
	progress_step(&reading->progress, bytes, reading->number);
}

void read_all(struct reading *reading)
{
	while (!finished(reading) && !stop_requested()) {
		struct input *input = next_input(reading);

		if (input == NULL) {
			if (!reading->settings->follow || stop_requested())
				break;
			sink_flush(sink_of(reading));
			if (!follow_wait(&reading->follower, &reading->inputs[0]))
				break;
			continue;
		}
		take_block(reading, input);
		input_take(input);
		show_progress(reading);
	}
	progress_hide(&reading->progress);
}
