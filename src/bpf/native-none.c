/* SPDX-License-Identifier: BSD-3-Clause */
/* For processors without an emitter: the interpreter serves. */
#include "bpf/native.h"

const bool pcapint_has_native = false;
const uint8_t pcapint_native_trap = 0;

const struct emit_row pcapint_emit_rows[OP_CODES] = {{NULL, 0}};

void pcapint_emit_start(struct emitter *e _U_)
{
}

void pcapint_emit_jump(struct emitter *e _U_, uint32_t i _U_, uint32_t target _U_)
{
}

void pcapint_emit_return(struct emitter *e _U_, const struct bpf_op *op _U_)
{
}
