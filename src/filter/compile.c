/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcap_compile(): from a filter expression to a classic BPF program. For every program that filters.
 */
#include <stdio.h>

#include "core/core.h"
#include "filter/filter.h"

/* An expression that needs more than this is refused; one of 5,000 hosts needs less than a fifth of it. */
#define MEMORY_LIMIT ((size_t)256 * 1024 * 1024)

/* Text to tree to graph to program; false after an error, with the text in errbuf. */
static bool compile(struct filter *filter, struct bpf_program *program, char *errbuf)
{
	if (!ir_init(&filter->ir, &filter->arena) || !filter_parse(filter) || !filter_generate(filter) ||
		(filter->input.optimize && ir_optimize(&filter->ir) < 0)) {
		filter_error_text(filter, errbuf, PCAP_ERRBUF_SIZE);
		return false;
	}
	if (filter->input.optimize && filter->ir.root == filter->ir.reject) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "expression rejects all packets");
		return false;
	}
	return ir_lower(&filter->ir, filter->input.snaplen, program, errbuf) == 0;
}

int pcap_compile(pcap_t *p, struct bpf_program *program, const char *expression, int optimize, bpf_u_int32 netmask)
{
	program->bf_len = 0;
	program->bf_insns = NULL;
	if (!p->core->activated)
		return pcapint_not_activated(p, "pcap_compile");
	struct filter filter = {.input = {
					.text = expression != NULL ? expression : "",
					.linktype = p->linktype,
					.snaplen = (uint32_t)p->snapshot,
					.netmask = netmask,
					.optimize = optimize != 0,
					.live = p->ancillary_loads != 0,
					.offline = p->core->kind == PCAP_KIND_OFFLINE,
					.swapped = p->core->swapped,
				}};
	arena_init(&filter.arena, MEMORY_LIMIT);
	bool done = compile(&filter, program, p->errbuf);
	arena_free(&filter.arena);
	return done ? 0 : PCAP_ERROR;
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
