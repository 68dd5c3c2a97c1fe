/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes classic BPF with programs from outside. An input is a byte with the number of instructions, these as they
 * are in memory (8 bytes each), and a packet. What the validator passes is run; what it does not pass is run with its
 * length known; and what must agree is held together.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "bpf/opcodes.h"
#include "bpf/program.h"

#include "../tests/unit/bpf/random-programs.h"

/* In memory of its own, so that a sanitizer sees the first byte that is read beyond. */
static void *copy(const void *bytes, size_t size)
{
	void *memory = malloc(size != 0 ? size : 1);
	if (memory == NULL)
		abort();
	memcpy(memory, bytes, size);
	return memory;
}

static void check_messages(const struct bpf_insn *insns, u_int len, bool valid)
{
	char errbuf[PCAP_ERRBUF_SIZE];

	must((pcapint_validate_filter(insns, len, BPF_TARGET_USERLAND, errbuf) == 0) == valid);
	must(valid || memchr(errbuf, '\0', sizeof(errbuf)) != NULL);
	/* The kernel takes nothing that userland does not. */
	must(pcapint_validate_filter(insns, len, BPF_TARGET_KERNEL, errbuf) != 0 || valid);
}

/* The image of a program is the program. */
static void check_image(const struct bpf_insn *insns, u_int len)
{
	char text[256 * 128];
	char errbuf[PCAP_ERRBUF_SIZE];
	size_t used = 0;
	struct bpf_program again;

	for (u_int i = 0; i < len; i++) {
		const char *image = bpf_image(&insns[i], (int)i);
		must(strlen(image) + 2 < sizeof(text) - used);
		strcpy(text + used, image);
		used += strlen(image);
		text[used++] = '\n';
	}
	text[used] = '\0';
	must(pcapint_bpf_assemble(text, &again, errbuf) == 0 && again.bf_len == len);
	for (u_int i = 0; i < len; i++)
		must(again.bf_insns[i].code == insns[i].code);
	pcap_freecode(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	u_int len = *data++;
	size--;
	if (len > size / sizeof(struct bpf_insn))
		len = (u_int)(size / sizeof(struct bpf_insn));
	struct bpf_insn *insns = copy(data, len * sizeof(*insns));
	u_int buflen = (u_int)(size - len * sizeof(*insns));
	u_char *packet = copy(data + len * sizeof(*insns), buflen);

	bool valid = bpf_validate(insns, (int)len) != 0;
	check_messages(insns, len, valid);
	u_int verdict = pcapint_filter_unvalidated(insns, len, packet, buflen + 100, buflen, NULL);
	if (valid) {
		must(bpf_filter(insns, packet, buflen + 100, buflen) == verdict);
		check_image(insns, len);
	}
	free(packet);
	free(insns);
	return 0;
}

size_t fuzz_make_input(uint64_t *state, uint8_t *data)
{
	struct bpf_insn insns[64];
	u_int len = 1 + random_below(state, sizeof(insns) / sizeof(insns[0]));
	uint8_t *at = data;

	random_program(state, insns, len, 0);
	*at++ = (uint8_t)len;
	memcpy(at, insns, len * sizeof(insns[0]));
	at += len * sizeof(insns[0]);
	for (u_int buflen = random_below(state, 100); buflen != 0; buflen--)
		*at++ = (uint8_t)random_number(state);
	return (size_t)(at - data);
}
