/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a filter says to a packet that is written down as hexadecimal digits; for tests whose verdicts come from the
 * specifications.
 */
#ifndef WEIR_TEST_VERDICT_H
#define WEIR_TEST_VERDICT_H

#include <stdbool.h>

#include <pcap-int.h>

#include "filter/filter.h"

#define PACKET_MAX 512

/* Compiles both with and without the optimizer, which must agree; the program of the former, to be freed. */
struct bpf_program compile_for(struct filter_input input);
/* The text of the error that input must have. */
const char *error_of(struct filter_input input);

/* Hexadecimal digits, blanks between them as one likes; the number of bytes. */
unsigned packet_bytes(const char *hexadecimal, u_char *bytes);

/*
 * Whether a packet of a live capture matches, with what the kernel tells beside it; after 0s up to 256 bytes, so that no
 * load is out of reach.
 */
bool matches_live(
	int linktype, const char *expression, const char *hexadecimal, const struct pcap_bpf_aux_data *aux);

#endif
