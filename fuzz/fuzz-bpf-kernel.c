/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes the validator and the interpreter against the kernel's, through a filter attached to a socket: what the kernel
 * takes is what we say that it takes, and of a packet it keeps what we keep. An input is a byte with the number of
 * instructions, these as they are in memory, and a packet, which is looked at cut off at several lengths.
 */
#include "fuzz.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpf/opcodes.h"
#include "bpf/program.h"

#include "../tests/lib/random-numbers.h"
#include "../tests/unit/bpf/plausible-programs.h"
#include "../tests/unit/bpf/random-programs.h"

#define MOST_PACKET 256

/* sockets[1] gets what is sent to sockets[0], through the filter. */
static const int *sockets(void)
{
	static int pair[2] = {-1, -1};

	if (pair[0] < 0)
		must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) == 0);
	return pair;
}

/* ENOMEM is a limit of this system's, and tells nothing of the program. */
static int attach(const struct bpf_insn *insns, u_int len)
{
	/* struct sock_filter is struct bpf_insn by another name. */
	struct sock_fprog program = {(unsigned short)len, (struct sock_filter *)insns};

	if (setsockopt(sockets()[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0)
		return 0;
	must(errno == EINVAL || errno == ENOMEM);
	return errno;
}

/*
 * Whether it loads from where the kernel has something that we have not: ancillary data, or what is before a packet.
 * What is added to X is near 0, so that only a strange X leads there.
 */
static bool asks_the_kernel(const struct bpf_insn *insns, u_int len)
{
	for (u_int i = 0; i < len; i++) {
		int32_t k = (int32_t)insns[i].k;
		u_int mode = BPF_MODE(insns[i].code);
		if (BPF_CLASS(insns[i].code) == BPF_LD &&
			((mode == BPF_ABS && k < 0) || (mode == BPF_IND && (k < -4096 || k > 4096))))
			return true;
	}
	return false;
}

static void check_packet(const struct bpf_insn *insns, const uint8_t *packet, u_int len)
{
	uint8_t received[MOST_PACKET];
	u_int verdict = bpf_filter(insns, packet, len, len), kept = verdict < len ? verdict : len;

	must(send(sockets()[0], packet, len, 0) == (ssize_t)len);
	ssize_t theirs = recv(sockets()[1], received, sizeof(received), 0);
	must(theirs >= 0 || errno == EAGAIN);
	theirs = theirs < 0 ? 0 : theirs;
	if (theirs == (ssize_t)kept)
		return;
	fprintf(stderr, "of a packet of %u bytes we keep %u, the kernel %zd\n", len, kept, theirs);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bpf_insn insns[256];
	char errbuf[PCAP_ERRBUF_SIZE];

	if (size < 1 || size < 1 + data[0] * sizeof(*insns))
		return 0;
	u_int len = data[0];
	memcpy(insns, data + 1, len * sizeof(*insns));
	data += 1 + len * sizeof(*insns);
	size -= 1 + len * sizeof(*insns);
	bool legal = pcapint_validate_filter(insns, len, BPF_TARGET_KERNEL, errbuf) == 0;
	int status = attach(insns, len);
	if (status == ENOMEM)
		return 0;
	if (legal != (status == 0)) {
		fprintf(stderr, "the kernel %s; we say: %s\n", status == 0 ? "takes it" : "does not",
			legal ? "legal" : errbuf);
		abort();
	}
	if (!legal || asks_the_kernel(insns, len))
		return 0;
	u_int most = size < MOST_PACKET ? (u_int)size : MOST_PACKET;
	for (u_int cut = 0; cut <= most; cut += 1 + cut * 4)
		check_packet(insns, data, most - cut);
	return 0;
}

size_t fuzz_make_input(uint64_t *state, uint8_t *data)
{
	struct bpf_insn insns[PLAUSIBLE_MOST];
	uint8_t packet[PLAUSIBLE_PACKET];
	u_int len = 1 + random_below(state, 48), buflen = random_below(state, PLAUSIBLE_PACKET + 1);
	uint8_t *at = data;

	plausible_packet(state, packet);
	if (random_below(state, 2))
		len = plausible_program(state, insns, packet);
	else
		random_program(state, insns, len, SAME_AS_KERNEL);
	*at++ = (uint8_t)len;
	memcpy(at, insns, len * sizeof(insns[0]));
	at += len * sizeof(insns[0]);
	memcpy(at, packet, buflen);
	return (size_t)(at + buflen - data);
}
