/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcap_compile() and pcap_compile_ex(): from a filter expression to a classic BPF program. For every program that
 * filters.
 */
#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "filter/filter.h"

struct filter_input filter_input_for(
	pcap_t *p, const char *expression, const struct pcap_compile_options *options, size_t options_size)
{
	struct pcap_compile_options known = {0};

	if (options != NULL)
		memcpy(&known, options, options_size < sizeof(known) ? options_size : sizeof(known));
	return (struct filter_input){
		.text = expression != NULL ? expression : "",
		.linktype = p->linktype,
		.snaplen = (uint32_t)p->snapshot,
		.netmask = (known.flags & PCAP_COMPILE_NETMASK) != 0 ? known.netmask : PCAP_NETMASK_UNKNOWN,
		.optimize = (known.flags & PCAP_COMPILE_UNOPTIMIZED) == 0,
		.live = p->ancillary_loads != 0,
		.offline = p->core->kind == PCAP_KIND_OFFLINE,
		.swapped = p->core->swapped,
	};
}

bool filter_compile(struct filter *filter)
{
	if (!ir_init(&filter->ir, &filter->arena) || !filter_parse(filter) || !filter_generate(filter))
		return false;
	if (!filter->input.optimize)
		return true;
	if (ir_optimize(&filter->ir) < 0)
		return false;
	if (filter->ir.root != filter->ir.reject)
		return true;
	filter_error(filter, SPAN_OF_ALL, "expression rejects all packets");
	return false;
}

static bool make_program(struct filter *filter, struct bpf_program *program)
{
	char errbuf[PCAP_ERRBUF_SIZE];

	if (!filter_compile(filter))
		return false;
	if (ir_lower(&filter->ir, filter->input.snaplen, program, errbuf) == 0)
		return true;
	filter_error(filter, SPAN_OF_ALL, "%s", errbuf);
	return false;
}

static void tell(const struct filter *filter, struct pcap_compile_error *error, size_t error_size)
{
	struct pcap_compile_error full = {.offset = filter->error_span.offset, .length = filter->error_span.length};

	if (filter->error_span.length == SPAN_OF_ALL.length)
		full.length = strlen(filter->input.text);
	filter_error_text(filter, full.text, sizeof(full.text));
	snprintf(full.message, sizeof(full.message), "%s", filter->failed ? filter->error : full.text);
	memset(error, 0, error_size);
	memcpy(error, &full, error_size < sizeof(full) ? error_size : sizeof(full));
}

int pcap_compile_ex(pcap_t *p, struct bpf_program *program, const char *expression,
	const struct pcap_compile_options *options, size_t options_size, struct pcap_compile_error *error,
	size_t error_size)
{
	program->bf_len = 0;
	program->bf_insns = NULL;
	if (!p->core->activated)
		return pcapint_not_activated(p, "pcap_compile");
	struct filter filter = {.input = filter_input_for(p, expression, options, options_size)};
	arena_init(&filter.arena, FILTER_MEMORY);
	bool done = make_program(&filter, program);
	if (!done) {
		filter_error_text(&filter, p->errbuf, PCAP_ERRBUF_SIZE);
		if (error != NULL)
			tell(&filter, error, error_size);
	}
	arena_free(&filter.arena);
	return done ? 0 : PCAP_ERROR;
}

int pcap_compile(pcap_t *p, struct bpf_program *program, const char *expression, int optimize, bpf_u_int32 netmask)
{
	struct pcap_compile_options options = {
		.flags = PCAP_COMPILE_NETMASK | (optimize ? 0 : PCAP_COMPILE_UNOPTIMIZED), .netmask = netmask};

	return pcap_compile_ex(p, program, expression, &options, sizeof(options), NULL, 0);
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
