/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes native code: it must give what the interpreter gives, and so must the ops that it is made from. An input is a
 * byte with the number of instructions, these as they are in memory, a byte that says what comes with the packet, and
 * the packet; it is run cut off at several lengths, each time at the end of readable memory.
 */
#include "guard-page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/native.h"
#include "bpf/opcodes.h"
#include "bpf/program.h"

#include "../tests/lib/random-numbers.h"
#include "../tests/unit/bpf/plausible-programs.h"
#include "../tests/unit/bpf/random-programs.h"

#define WITH_AUX 0x1

static void check_packet(const struct bpf_insn *insns, const struct bpf_ops *ops, const struct bpf_native *native,
	const uint8_t *data, u_int buflen, const struct pcap_bpf_aux_data *aux)
{
	const u_char *packet = at_the_end(data, buflen);
	u_int verdict = pcapint_filter_with_aux_data(insns, packet, buflen + 100, buflen, aux);

	must(pcapint_run_ops(ops, packet, buflen + 100, buflen, aux, NULL) == verdict);
	if (native->run == NULL)
		return;
	u_int natively = native->run(packet, buflen, buflen + 100, aux);
	if (natively == verdict)
		return;
	fprintf(stderr, "of a packet of %u bytes the interpreter keeps 0x%x, native code 0x%x\n", buflen, verdict,
		natively);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pcap_bpf_aux_data aux = {
		1, 0xa123, 0x8100, 0x0800, 4, 7, 772, 0x80000001, 0xdeadbeef, 3, 1};
	struct bpf_insn insns[256];
	struct bpf_ops ops;
	struct bpf_native native = {0};

	if (size < 2 || size > FUZZ_INPUT_SIZE)
		return 0;
	u_int len = data[0];
	if (size < 2 + len * sizeof(*insns))
		return 0;
	memcpy(insns, data + 1, len * sizeof(*insns));
	data += 1 + len * sizeof(*insns);
	size -= 1 + len * sizeof(*insns);
	uint8_t with = *data++;
	u_int buflen = (u_int)size - 1;
	if (!bpf_validate(insns, (int)len))
		return 0;
	must(pcapint_decode_ops(&ops, insns, len) == 0);
	bool made = pcapint_native_make(&native, &ops);
	must(made == pcapint_has_native);
	for (u_int cut = 0; cut <= buflen; cut += 1 + cut / 2)
		check_packet(insns, &ops, &native, data, buflen - cut, with & WITH_AUX ? &aux : NULL);
	if (made)
		pcapint_native_free(&native);
	pcapint_free_ops(&ops);
	return 0;
}

/* Lets some jumps go back. */
static void make_loops(uint64_t *state, struct bpf_insn *insns, u_int len)
{
	for (u_int i = 0; i < len; i++)
		if (insns[i].code == (BPF_JMP | BPF_JA) && random_below(state, 4) == 0)
			insns[i].k = -(1 + random_below(state, i + 1));
}

size_t fuzz_make_input(uint64_t *state, uint8_t *data)
{
	struct bpf_insn insns[PLAUSIBLE_MOST];
	uint8_t packet[PLAUSIBLE_PACKET];
	u_int len = 1 + random_below(state, 64), buflen = random_below(state, PLAUSIBLE_PACKET + 1);
	uint8_t *at = data;

	plausible_packet(state, packet);
	if (random_below(state, 2))
		len = plausible_program(state, insns, packet);
	else
		random_program(state, insns, len, 0);
	if (random_below(state, 8) == 0)
		make_loops(state, insns, len);
	*at++ = (uint8_t)len;
	memcpy(at, insns, len * sizeof(insns[0]));
	at += len * sizeof(insns[0]);
	*at++ = (uint8_t)random_number(state);
	memcpy(at, packet, buflen);
	return (size_t)(at + buflen - data);
}
