/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Classic BPF programs as the library handles them: checked, run with a known length, assembled. For the core, the
 * filter compiler, the modules built in, and tests; the public calls are in pcap/bpf.h and pcap/pcap.h.
 */
#ifndef WEIR_BPF_PROGRAM_H
#define WEIR_BPF_PROGRAM_H

#include <stdint.h>

#include <pcap-int.h>

/* Who is to run a program. The kernel takes less: BPF_MAXINSNS, no loops, no scratch word read before written. */
enum bpf_target { BPF_TARGET_USERLAND, BPF_TARGET_KERNEL };

/* The kernel's limit on a program's length (linux/bpf_common.h); userland has none. */
#define BPF_MAXINSNS 4096

/*
 * How many instructions a program may jump back over in all: a number for each captured byte, and some beside. After a
 * jump back as many instructions at most are run again, so that with this any program ends soon. The loops that are
 * needed walk a chain of headers, of 8 bytes at least, with some 50 instructions for each.
 */
#define BPF_BACK_PER_BYTE 16
#define BPF_BACK_AT_LEAST 65536

/* 0, or PCAP_ERROR with a text in errbuf (PCAP_ERRBUF_SIZE; may be NULL): which instruction is wrong, and why. */
int pcapint_validate_filter(const struct bpf_insn *program, u_int len, enum bpf_target target, char *errbuf);

/* The ancillary loads that someone can serve, a bit each. */
#define BPF_ANCILLARY_BIT(k) (1u << ((k)-BPF_ANCILLARY_OFFSET) / 4)

/*
 * 0, or PCAP_ERROR where a load asks what only the kernel knows of a packet, but for those that are served; the text
 * begins "instruction 3 loads [cpu], which only the kernel knows". Any program will do.
 */
int pcapint_find_kernel_load(const struct bpf_insn *program, u_int len, uint32_t served, char *errbuf);

/*
 * pcapint_filter_with_aux_data() for a program that nobody has validated: each instruction is checked when its turn
 * comes, and a packet that meets an illegal one is rejected.
 */
u_int pcapint_filter_unvalidated(const struct bpf_insn *program, u_int len, const u_char *packet, u_int wirelen,
	u_int buflen, const struct pcap_bpf_aux_data *aux);

/*
 * Asks for the headers of a packet some way on in a batch, so that they come from memory while those before it are
 * looked at.
 */
#define BPF_FETCH_AHEAD 8
static inline void fetch_ahead(const u_char *const *data, size_t i, size_t packets)
{
	if (packets - i > BPF_FETCH_AHEAD) {
		__builtin_prefetch(data[i + BPF_FETCH_AHEAD]);
		__builtin_prefetch(data[i + BPF_FETCH_AHEAD] + 63);
	}
}

/*
 * A program from text, as bpf_image() writes it: an instruction a line, and more that people like to write. 0, or
 * PCAP_ERROR with a text in errbuf that names the line. pcap_freecode() frees the program. See assembler.c.
 */
int pcapint_bpf_assemble(const char *text, struct bpf_program *program, char *errbuf);

#endif
