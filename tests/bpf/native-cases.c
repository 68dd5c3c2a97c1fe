/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the packets of case files (cases.h) through native code, each at the end of readable memory. It needs nothing
 * but the C library, so that it can be built for another processor: see arm64.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/native.h"
#include "bpf/program.h"

#include "cases.h"

/* A copy that ends where readable memory ends. */
static const u_char *at_the_end(const u_char *bytes, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (size + page - 1) / page * page;
	u_char *memory = mmap(NULL, room + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || (room != 0 && mprotect(memory, room, PROT_READ | PROT_WRITE) != 0)) {
		perror("no memory for a packet");
		exit(1);
	}
	if (size != 0)
		memcpy(memory + room - size, bytes, size);
	return memory + room - size;
}

/* How many of its packets are not judged as they should be. */
static u_int run_case(const struct bpf_case *bpf_case)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "no native code";
	struct bpf_program program;
	u_int wrong = 0;

	if (bpf_case->invalid != NULL)
		return 0;
	if (pcapint_bpf_assemble(bpf_case->program, &program, errbuf) != 0) {
		printf("%s: %s\n", bpf_case->name, errbuf);
		return 1;
	}
	const struct bpf_native *native = pcapint_native_get(program.bf_insns, program.bf_len);
	for (u_int i = 0; i < bpf_case->check_count; i++) {
		const struct bpf_check *check = &bpf_case->checks[i];
		u_int verdict = ~check->verdict;
		if (native != NULL)
			verdict = native->run(at_the_end(check->packet, check->buflen), check->buflen,
				check->wirelen, check->has_aux ? &check->aux : NULL);
		if (verdict == check->verdict)
			continue;
		printf("%s: packet %u: 0x%x, not 0x%x\n", bpf_case->name, i + 1, verdict, check->verdict);
		wrong++;
	}
	pcapint_native_put(native);
	pcap_freecode(&program);
	return wrong;
}

int main(int argc, char **argv)
{
	struct bpf_case *cases = NULL;
	u_int count = 0, packets = 0, wrong = 0;

	for (int i = 1; i < argc; i++)
		read_cases(argv[i], &cases, &count);
	for (u_int i = 0; i < count; i++) {
		packets += cases[i].check_count;
		wrong += run_case(&cases[i]);
	}
	printf("%u packets, %u judged wrong\n", packets, wrong);
	free_cases(cases, count);
	return packets == 0 || wrong != 0;
}
