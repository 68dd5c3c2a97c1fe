/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcap_compile(): from a filter expression to a classic BPF program. For every program that filters. The empty
 * expression, which accepts all packets, is all of the language that there is so far.
 */
#include "core/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pcap_compile(
	pcap_t *p, struct bpf_program *program, const char *expression, int optimize _U_, bpf_u_int32 netmask _U_)
{
	program->bf_len = 0;
	program->bf_insns = NULL;
	if (!p->core->activated)
		return pcapint_not_activated(p, "pcap_compile");
	if (expression != NULL && expression[strspn(expression, " \t\r\n")] != '\0') {
		snprintf(p->errbuf, sizeof(p->errbuf),
			"filter expression \"%.64s\": only the empty expression can be compiled by this version",
			expression);
		return PCAP_ERROR;
	}
	program->bf_insns = malloc(sizeof(*program->bf_insns));
	if (program->bf_insns == NULL) {
		snprintf(p->errbuf, sizeof(p->errbuf), "no memory for a filter program");
		return PCAP_ERROR;
	}
	program->bf_insns[0] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, (bpf_u_int32)p->snapshot);
	program->bf_len = 1;
	return 0;
}

int pcap_compile_nopcap(int snaplen, int linktype, struct bpf_program *program, const char *expression,
	int optimize, bpf_u_int32 netmask)
{
	pcap_t *p = pcap_open_dead(linktype, snaplen);
	if (p == NULL)
		return PCAP_ERROR;
	int status = pcap_compile(p, program, expression, optimize, netmask);
	pcap_close(p);
	return status;
}
