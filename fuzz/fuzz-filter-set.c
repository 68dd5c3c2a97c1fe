/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes filter sets: each filter must give what it gives alone, with native code and without. An input is a byte with
 * the number of programs; each a byte with the number of its instructions, and these as they are in memory; and a
 * packet, which is looked at cut off at several lengths, each time at the end of readable memory.
 */
#include "guard-page.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/weir.h>

#include "bpf/native.h"
#include "bpf/program.h"
#include "bpf/set-graph.h"

#include "../tests/lib/random-numbers.h"
#include "../tests/unit/bpf/plausible-programs.h"
#include "../tests/unit/bpf/random-programs.h"

#define MOST_PROGRAMS 20

static void check_packet(const pcap_filter_set_t *set, const struct bpf_program *programs, u_int count,
	const uint8_t *data, u_int caplen)
{
	uint64_t matches[PCAP_FILTER_SET_WORDS(MOST_PROGRAMS)];
	struct pcap_pkthdr header = {.caplen = caplen, .len = caplen + 10};
	const u_char *packet = at_the_end(data, caplen);
	size_t accepting = pcap_filter_set_match(set, &header, packet, matches), expected = 0;

	for (u_int i = 0; i < count; i++) {
		bool accepts = bpf_filter(programs[i].bf_insns, packet, header.len, caplen) != 0;
		expected += accepts;
		if ((matches[0] >> i & 1) == accepts)
			continue;
		fprintf(stderr, "of %u filters, number %u %s a packet of %u bytes, and in the set it does not\n",
			count, i + 1, accepts ? "accepts" : "rejects", caplen);
		abort();
	}
	must(accepting == expected);
}

/* The same for what large sets become, if it is not combined: programs one after the other. */
static void check_concatenation(const struct bpf_program *programs, u_int count, const uint8_t *data, u_int caplen)
{
	struct bpf_native native;
	struct bpf_ops ops;
	bool added[MOST_PROGRAMS];

	must(pcapint_set_concatenate(programs, count, NATIVE_MOST_OPS, &ops, added) == 0);
	bool made = pcapint_native_make(&native, &ops);
	must(made == pcapint_has_native);
	for (u_int cut = 0; cut <= caplen; cut += 1 + cut) {
		const u_char *packet = at_the_end(data, caplen - cut);
		u_int buflen = caplen - cut, wirelen = buflen + 10;
		uint64_t expected = 0, matches = 0, natively = 0;
		for (u_int i = 0; i < count; i++)
			if (added[i] && bpf_filter(programs[i].bf_insns, packet, wirelen, buflen) != 0)
				expected |= 1ull << i;
		pcapint_run_ops(&ops, packet, wirelen, buflen, NULL, &matches);
		must(matches == expected);
		if (made)
			native.run(packet, buflen, wirelen, &natively);
		must(!made || natively == expected);
	}
	if (made)
		pcapint_native_free(&native);
	pcapint_free_ops(&ops);
}

/* Reads the programs; how many, and where the packet begins. */
static u_int read_programs(const uint8_t **data, size_t *size, struct bpf_program *programs)
{
	u_int count = **data % (MOST_PROGRAMS + 1), got = 0;

	++*data;
	--*size;
	while (got < count && *size != 0) {
		u_int len = **data;
		++*data;
		--*size;
		if (len * sizeof(struct bpf_insn) > *size)
			break;
		struct bpf_insn *insns = malloc(len * sizeof(*insns) + 1);
		must(insns != NULL);
		memcpy(insns, *data, len * sizeof(*insns));
		*data += len * sizeof(*insns);
		*size -= len * sizeof(*insns);
		if (bpf_validate(insns, (int)len) && pcapint_find_kernel_load(insns, len, 0, NULL) == 0)
			programs[got++] = (struct bpf_program){len, insns};
		else
			free(insns);
	}
	return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bpf_program programs[MOST_PROGRAMS];
	char errbuf[PCAP_ERRBUF_SIZE];

	if (size < 2 || size > FUZZ_INPUT_SIZE)
		return 0;
	u_int count = read_programs(&data, &size, programs);
	for (uint32_t flags = 0; flags <= PCAP_FILTER_SET_INTERPRETED; flags++) {
		pcap_filter_set_t *set = pcap_filter_set_create(programs, count, flags, errbuf);
		must(set != NULL && pcap_filter_set_count(set) == count);
		for (u_int cut = 0; cut <= size; cut += 1 + cut / 2)
			check_packet(set, programs, count, data, (u_int)size - cut);
		pcap_filter_set_free(set);
	}
	check_concatenation(programs, count, data, (u_int)size);
	for (u_int i = 0; i < count; i++)
		pcap_freecode(&programs[i]);
	return 0;
}

/* Other constants in the same program, as in a list of similar filters. */
static void vary(uint64_t *state, struct bpf_insn *insns, u_int len)
{
	for (u_int i = 0; i < len; i++)
		if (BPF_CLASS(insns[i].code) == BPF_JMP && insns[i].code != (BPF_JMP | BPF_JA) &&
			random_below(state, 3) == 0)
			insns[i].k += random_below(state, 5) - 2;
}

size_t fuzz_make_input(uint64_t *state, uint8_t *data)
{
	struct bpf_insn insns[PLAUSIBLE_MOST];
	uint8_t packet[PLAUSIBLE_PACKET], *at = data + 1;
	u_int len = 0, count = random_below(state, MOST_PROGRAMS + 1), made = 0;

	plausible_packet(state, packet);
	for (; made < count; made++) {
		u_int kind = random_below(state, 8);
		if (len == 0 || kind < 2)
			len = plausible_program(state, insns, packet);
		else if (kind == 2)
			random_program(state, insns, len = 1 + random_below(state, 40), 0);
		else
			vary(state, insns, len);
		if ((size_t)(at - data) + 1 + len * sizeof(insns[0]) + sizeof(packet) > FUZZ_INPUT_SIZE)
			break;
		*at++ = (uint8_t)len;
		memcpy(at, insns, len * sizeof(insns[0]));
		at += len * sizeof(insns[0]);
	}
	*data = (uint8_t)made;
	u_int buflen = random_below(state, sizeof(packet) + 1);
	memcpy(at, packet, buflen);
	return (size_t)(at + buflen - data);
}
