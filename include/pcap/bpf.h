/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Classic BPF: the filter machine's instructions, as McCanne and Jacobson's "The BSD Packet Filter"
 * (USENIX Winter 1993) and the kernel's own filter define them, and the calls that run, check and print a
 * program. For programs that build or carry filters themselves; others need only pcap_compile().
 */
#if !defined(_NET_BPF_H_) && !defined(_NET_BPF_H_INCLUDED) && !defined(_BPF_H_) && !defined(_H_BPF) &&             \
	!defined(lib_pcap_bpf_h)
#define lib_pcap_bpf_h

#include <sys/types.h>

#include <pcap/funcattrs.h>
#include <pcap/dlt.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BPF_RELEASE 199606

typedef int bpf_int32;
typedef u_int bpf_u_int32;

/* How BSD kernels align the records in a BPF read buffer. */
#define BPF_ALIGNMENT sizeof(bpf_int32)
#define BPF_WORDALIGN(x) (((x) + (BPF_ALIGNMENT - 1)) & ~(BPF_ALIGNMENT - 1))

/* A program: bf_len instructions (not bytes) at bf_insns; pcap_freecode() frees what pcap_compile() made. */
struct bpf_program {
	u_int bf_len;
	struct bpf_insn *bf_insns;
};

/* An instruction. jt and jf count instructions from the next one; k is in host byte order. */
struct bpf_insn {
	u_short code;
	u_char jt;
	u_char jf;
	bpf_u_int32 k;
};

/* The macros with a parameter are spelt as in linux/filter.h, since a program may include both. */
/* clang-format off */

/* The instruction's class: bits 0 to 2 of the code. */
#define BPF_CLASS(code) ((code) & 0x07)
#define BPF_LD 0x00   /* load into A */
#define BPF_LDX 0x01  /* load into X */
#define BPF_ST 0x02   /* store A into M[k] */
#define BPF_STX 0x03  /* store X into M[k] */
#define BPF_ALU 0x04  /* A = A op (X or k) */
#define BPF_JMP 0x05  /* jump, forward only */
#define BPF_RET 0x06  /* return how many bytes of the packet to keep; 0 rejects it */
#define BPF_MISC 0x07 /* copy between A and X */

/* Loads: the size (bits 3 and 4) and the addressing mode (bits 5 to 7). Packet loads are big-endian. */
#define BPF_SIZE(code) ((code) & 0x18)
#define BPF_W 0x00
#define BPF_H 0x08
#define BPF_B 0x10
#define BPF_MODE(code) ((code) & 0xe0)
#define BPF_IMM 0x00 /* the constant k */
#define BPF_ABS 0x20 /* the packet at k */
#define BPF_IND 0x40 /* the packet at X + k */
#define BPF_MEM 0x60 /* scratch memory M[k] */
#define BPF_LEN 0x80 /* the length of the packet on the wire */
#define BPF_MSH 0xa0 /* 4 * (packet[k] & 0xf): an IPv4 header's length */

/* Arithmetic and jumps: the operation (bits 4 to 7) and the operand (bit 3). */
#define BPF_OP(code) ((code) & 0xf0)
#define BPF_ADD 0x00
#define BPF_SUB 0x10
#define BPF_MUL 0x20
#define BPF_DIV 0x30
#define BPF_OR 0x40
#define BPF_AND 0x50
#define BPF_LSH 0x60
#define BPF_RSH 0x70
#define BPF_NEG 0x80
#define BPF_MOD 0x90
#define BPF_XOR 0xa0

#define BPF_JA 0x00
#define BPF_JEQ 0x10
#define BPF_JGT 0x20
#define BPF_JGE 0x30
#define BPF_JSET 0x40

#define BPF_SRC(code) ((code) & 0x08)
#define BPF_K 0x00
#define BPF_X 0x08

/* Returns: the value (BPF_K and BPF_X as above, or A). */
#define BPF_RVAL(code) ((code) & 0x18)
#define BPF_A 0x10

#define BPF_MISCOP(code) ((code) & 0xf8)
#define BPF_TAX 0x00
#define BPF_TXA 0x80

/* clang-format on */

/* Scratch memory words. */
#define BPF_MEMWORDS 16

/* Initializers for a struct bpf_insn. */
#ifdef BPF_STMT
#undef BPF_STMT
#endif
#define BPF_STMT(code, k)                                                                                          \
	{                                                                                                          \
		(u_short)(code), 0, 0, k                                                                           \
	}
#ifdef BPF_JUMP
#undef BPF_JUMP
#endif
#define BPF_JUMP(code, k, jt, jf)                                                                                  \
	{                                                                                                          \
		(u_short)(code), jt, jf, k                                                                         \
	}

/*
 * Runs a program on a packet of wirelen bytes on the wire, of which buflen are at packet. Returns how many
 * bytes to keep, 0 to reject. A NULL program accepts all. Never reads outside the packet, the scratch memory
 * or a program that bpf_validate() passes. Thread-safe.
 */
PCAP_AVAILABLE_0_4
PCAP_API u_int bpf_filter(const struct bpf_insn *program, const u_char *packet, u_int wirelen, u_int buflen);

/* Non-zero if the len instructions are a program that ends and stays within bounds. Thread-safe. */
PCAP_AVAILABLE_0_6
PCAP_API int bpf_validate(const struct bpf_insn *program, int len);

/* An instruction as text, n its number; the string is the calling thread's until its next call. */
PCAP_AVAILABLE_0_4
PCAP_API char *bpf_image(const struct bpf_insn *insn, int n);

/*
 * Prints a program on standard output: option 1 and below as assembly, 2 as C initializers, 3 as decimal
 * numbers after a line with their count.
 */
PCAP_AVAILABLE_0_6
PCAP_API void bpf_dump(const struct bpf_program *program, int option);

#ifdef __cplusplus
}
#endif

#endif
