/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `weir read` writes: the blocks that were read, as they were, or in another format, with other time stamps, with
 * the interfaces of several files side by side.
 */
#ifndef WEIR_READ_OUTPUT_H
#define WEIR_READ_OUTPUT_H

#include "read-input.h"
#include "sink.h"

struct read_output {
	struct sink sink;
	const struct output_settings *settings;
	const struct input *inputs;
	size_t input_count;
	int precision; /* of the time stamps, PCAP_TSTAMP_PRECISION_; NOT_KNOWN: as they are */
	bool edited; /* not all that was read is written, or not from one file: what must not be copied then is left out */

	bool open;
	int format;
	uint32_t interface_count;     /* of the section that is written */
	struct pcapng_block **merged; /* of several files: descriptions of these, as they were read */
	size_t merged_capacity;
	uint16_t linktype; /* of a pcap file */
	uint32_t snaplen;
	uint64_t other_linktypes;      /* packets that a pcap file can't hold beside the others */
	uint64_t unknown_blocks;       /* that can't be written, being of the other byte order */
	struct pcapng_option *options; /* those of the block at hand, where they are not as they were read */
	size_t option_capacity;
};

/* Writes what the input has at hand. Once the sink has failed nothing is written. */
void output_section(struct read_output *out, const struct input *input);
void output_interface(struct read_output *out, struct input *input, struct input_interface *interface);
void output_packet(struct read_output *out, struct input *input, struct input_interface *interface);
void output_other(struct read_output *out, struct input *input);

/* Finishes the file, and makes one if there was nothing to write. The exit status, after what has to be said. */
int output_close(struct read_output *out);

#endif
