/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What runs a handle's filter: the interpreter at first, and native code once it has seen enough packets that making
 * it pays. Part of a handle's own half; install.c sets it up, engine.c runs it.
 */
#ifndef WEIR_BPF_ENGINE_H
#define WEIR_BPF_ENGINE_H

#include "bpf/native.h"

#include <pcap/weir.h>

struct bpf_engine {
	bpf_native_t run;               /* NULL: interpreted */
	const struct bpf_insn *program; /* of which run is the native code; the handle's fcode has it */
	const struct bpf_native *native;
	uint64_t packets_left; /* packets to be interpreted before native code is made */
	int mode;              /* PCAP_NATIVE_FILTER_ */
};

/* Whether what runs the program is native code. */
static inline bool engine_is_native(const struct bpf_engine *engine, const struct bpf_insn *program)
{
	/* A module may have put another program into fcode, which is interpreted. */
	return engine->run != NULL && engine->program == program;
}

/* For a program of len instructions that has been validated, and has come into the handle's fcode. */
void pcapint_engine_start(struct bpf_engine *engine, const struct bpf_insn *program, u_int len);
/* Gives back what it has; the mode stays. */
void pcapint_engine_stop(struct bpf_engine *engine);

#endif
