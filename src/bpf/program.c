/* SPDX-License-Identifier: BSD-3-Clause */
/* Programs without a handle: freed, and run on a packet by those who have a struct bpf_program. */
#include "bpf/program.h"

#include <stdlib.h>

void pcap_freecode(struct bpf_program *program)
{
	free(program->bf_insns);
	program->bf_insns = NULL;
	program->bf_len = 0;
}

/* Run unvalidated: it costs less than to validate at each packet, and the caller may have changed the program. */
int pcap_offline_filter(const struct bpf_program *program, const struct pcap_pkthdr *header, const u_char *data)
{
	if (program->bf_insns == NULL)
		return 0;
	return (int)pcapint_filter_unvalidated(
		program->bf_insns, program->bf_len, data, header->len, header->caplen, NULL);
}
