/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes the decoder of `weir capture` and `weir read`. An input is a byte that chooses the link type, a byte that
 * says how much longer the packet was on the wire, and the packet. The line must be short and plain, whatever it is.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../tests/lib/random-numbers.h"
#include "../tests/tools/decode-cases.h"
#include "../tools/decode.h"

static const int linktypes[] = {
	DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_NULL, DLT_LOOP, DLT_RAW, DLT_IPV4, DLT_IPV6, DLT_PPP};
#define LINKTYPE_COUNT (sizeof(linktypes) / sizeof(linktypes[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pcap_pkthdr header = {0};
	struct decoded decoded;
	uint8_t *packet;
	size_t length;

	if (size < 2)
		return 0;
	/* In memory of its own, so that a sanitizer sees the first byte that is read beyond. */
	header.caplen = size - 2;
	header.len = header.caplen + data[1] * 16;
	packet = malloc(size - 2 > 0 ? size - 2 : 1);
	must(packet != NULL);
	memcpy(packet, data + 2, size - 2);
	decode_packet(&decoded, linktypes[data[0] % LINKTYPE_COUNT], &header, packet);
	free(packet);
	length = strlen(decoded.buffer);
	must(length > 0 && length < DECODE_TEXT_SIZE - 1);
	for (size_t i = 0; i < length; i++)
		must(decoded.buffer[i] >= ' ' && decoded.buffer[i] <= '~');
	must((strstr(decoded.buffer, "[truncated]") != NULL) == decoded.truncated);
	return 0;
}

/* A packet that is good but for some bytes. */
size_t fuzz_make_input(uint64_t *state, uint8_t *data)
{
	const struct decode_case *from = &decode_cases[random_below(state, DECODE_CASE_COUNT)];
	size_t size, linktype = 0;
	uint8_t *packet = case_packet(from, &size);

	must(packet != NULL && size + 2 <= FUZZ_INPUT_SIZE);
	while (linktype < LINKTYPE_COUNT - 1 && linktypes[linktype] != from->linktype)
		linktype++;
	data[0] = (uint8_t)linktype;
	data[1] = (uint8_t)(random_below(state, 4) == 0 ? random_number(state) : 0);
	memcpy(data + 2, packet, size);
	free(packet);
	for (uint32_t changes = random_below(state, 6); changes > 0; changes--)
		data[2 + random_below(state, (uint32_t)size)] = (uint8_t)random_number(state);
	return 2 + (random_below(state, 4) == 0 ? random_below(state, (uint32_t)size + 1) : size);
}
