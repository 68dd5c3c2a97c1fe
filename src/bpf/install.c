/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filter programs in the hands of users: kept by a handle, freed, applied to a packet without a handle. For modules
 * that filter in their read loop, for savefiles, and for pcap_offline_filter()'s callers.
 */
#include "bpf/opcodes.h"
#include "bpf/program.h"
#include "core/core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pcapint_install_bpf_program_with_aux(pcap_t *p, struct bpf_program *program)
{
	char why[PCAP_ERRBUF_SIZE];

	if (pcapint_validate_filter(program->bf_insns, program->bf_len, BPF_TARGET_USERLAND, why) != 0) {
		snprintf(p->errbuf, sizeof(p->errbuf), "the filter program is not valid: %s", why);
		return PCAP_ERROR;
	}
	struct bpf_insn *copy = calloc(program->bf_len, sizeof(*copy));
	if (copy == NULL) {
		pcapint_fmt_errmsg_for_errno(p->errbuf, sizeof(p->errbuf), errno,
			"no memory for a filter program of %u instructions", program->bf_len);
		return PCAP_ERROR;
	}
	memcpy(copy, program->bf_insns, program->bf_len * sizeof(*copy));
	pcap_freecode(&p->fcode);
	p->fcode.bf_len = program->bf_len;
	p->fcode.bf_insns = copy;
	pcapint_engine_start(&p->core->engine, copy, p->fcode.bf_len);
	return 0;
}

int pcapint_install_bpf_program(pcap_t *p, struct bpf_program *program)
{
	char why[PCAP_ERRBUF_SIZE];

	if (program->bf_insns != NULL &&
		pcapint_find_kernel_load(program->bf_insns, program->bf_len, 0, why) != 0) {
		snprintf(p->errbuf, sizeof(p->errbuf),
			"%s, and nothing is filtered there: the filter can't be used here", why);
		return PCAP_ERROR;
	}
	return pcapint_install_bpf_program_with_aux(p, program);
}

int install_bpf_program(pcap_t *p, struct bpf_program *program)
{
	return pcapint_install_bpf_program(p, program);
}

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
