/* SPDX-License-Identifier: BSD-3-Clause */
/* A handle's filter program: checked, and a copy kept. For modules that filter in their read loop, and for savefiles. */
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
