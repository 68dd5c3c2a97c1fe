/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Running a handle's filter on each packet. For savefiles and for modules that filter in their read loop; and the
 * calls by which programs choose and ask what runs it.
 */
#include "bpf/engine.h"

#include "bpf/program.h"
#include "core/core.h"

#include <stdio.h>

/*
 * Making native code costs about as much as interpreting so many packets saves: some for asking the system for
 * memory, and some for each instruction. Before, nobody knows whether that many will come.
 */
#define PACKETS_AT_LEAST 512

/* Makes native code; where that fails, it is not tried again. */
static void make_native(struct bpf_engine *engine, u_int len)
{
	engine->packets_left = UINT64_MAX;
	if (!pcapint_native_is_allowed())
		return;
	engine->native = pcapint_native_get(engine->program, len);
	if (engine->native != NULL)
		engine->run = engine->native->run;
}

void pcapint_engine_start(struct bpf_engine *engine, const struct bpf_insn *program, u_int len)
{
	pcapint_engine_stop(engine);
	engine->program = program;
	engine->packets_left = engine->mode == PCAP_NATIVE_FILTER_OFF ? UINT64_MAX : PACKETS_AT_LEAST + len;
	if (engine->mode == PCAP_NATIVE_FILTER_NOW)
		make_native(engine, len);
}

void pcapint_engine_stop(struct bpf_engine *engine)
{
	pcapint_native_put(engine->native);
	engine->native = NULL;
	engine->run = NULL;
	engine->program = NULL;
}

static __attribute__((noinline)) u_int interpret(
	pcap_t *p, const u_char *packet, u_int wirelen, u_int buflen, const struct pcap_bpf_aux_data *aux)
{
	struct bpf_engine *engine = &p->core->engine;

	if (engine->program == p->fcode.bf_insns && engine->program != NULL && engine->run == NULL &&
		engine->packets_left-- == 0)
		make_native(engine, p->fcode.bf_len);
	return pcapint_filter_with_aux_data(p->fcode.bf_insns, packet, wirelen, buflen, aux);
}

u_int pcapint_filter_packet(
	pcap_t *p, const u_char *packet, u_int wirelen, u_int buflen, const struct pcap_bpf_aux_data *aux)
{
	const struct bpf_engine *engine = &p->core->engine;

	if (!engine_is_native(engine, p->fcode.bf_insns))
		return interpret(p, packet, wirelen, buflen, aux);
	return engine->run(packet, buflen > INT32_MAX ? INT32_MAX : buflen, wirelen, aux);
}

int pcap_set_native_filter(pcap_t *p, int mode)
{
	struct bpf_engine *engine = &p->core->engine;

	if (mode != PCAP_NATIVE_FILTER_OFF && mode != PCAP_NATIVE_FILTER_AUTO && mode != PCAP_NATIVE_FILTER_NOW) {
		snprintf(p->errbuf, sizeof(p->errbuf),
			"pcap_set_native_filter: no such mode: %d (PCAP_NATIVE_FILTER_OFF, _AUTO or _NOW)", mode);
		return PCAP_ERROR;
	}
	engine->mode = mode;
	if (engine->program != NULL && engine->program == p->fcode.bf_insns)
		pcapint_engine_start(engine, p->fcode.bf_insns, p->fcode.bf_len);
	return 0;
}

int pcap_is_filter_native(pcap_t *p)
{
	return engine_is_native(&p->core->engine, p->fcode.bf_insns);
}
