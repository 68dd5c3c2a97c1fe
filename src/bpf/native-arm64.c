/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The emitter for 64-bit ARM. Instruction formats: the "Arm Architecture Reference Manual", chapter C6; registers of a
 * call: the AAPCS64.
 *
 * The code calls nothing and saves nothing: it uses only registers that belong to the called one, and a few bytes of
 * stack where scratch words are more than those. An instruction is 4 bytes; with bit 31 it works on 64 bits. Operations
 * on 32 bits clear a register's upper half, so that X can be part of an address.
 */
#include "bpf/native.h"

#include "bpf/opcodes.h"
#include "bpf/program.h"

enum {
	PACKET = 0,
	CAPTURED = 1, /* its length */
	WIRE_LENGTH = 2,
	BESIDE = 3,
	A = 4,
	X = 5,
	TEMPORARY = 6,
	TEMPORARY_2 = 7,
	FIRST_SCRATCH = 8, /* 8 to 16 are for scratch words */
	LAST_SCRATCH = 16,
	BACK_LEFT = 17,
	ZERO = 31, /* as an operand; as a base it is the stack pointer */
	STACK = 31,
};

/* Conditions; with bit 0 the other way round. */
enum { EQUAL, NOT_EQUAL, NOT_BELOW, BELOW, ABOVE = 8, NOT_ABOVE };

#define WIDE 0x80000000u

/* With two registers, the second at bit 16, and the destination at bit 0. */
enum {
	ADD = 0x0b000000,
	ADDS = 0x2b000000,
	SUB = 0x4b000000,
	SUBS = 0x6b000000,
	AND = 0x0a000000,
	ANDS = 0x6a000000,
	ORR = 0x2a000000,
	EOR = 0x4a000000,
	MUL = 0x1b007c00,
	UDIV = 0x1ac00800,
	LSLV = 0x1ac02000,
	LSRV = 0x1ac02400,
};

/* The same operations with 12 bits at bit 10. */
#define WITH_IMMEDIATE(operation) (((operation)&0x60000000) | 0x11000000)
#define SHIFTED_12 (1u << 22)

/* Operations on bits with a run of ones: where it begins at bit 16, its length less 1 at bit 10. */
#define WITH_BITS(operation) (((operation)&0x60000000) | 0x12000000)
#define UBFM 0x53000000u /* takes bits out of a register, or moves them up */

/* Loads and stores; of those, bits 22 and 23 tell which. An offset is counted in units of the size. */
enum { LOAD_BYTE = 0x39400000, LOAD_HALF = 0x79400000, LOAD_WORD = 0xb9400000, STORE_BYTE = 0x39000000 };
#define STORE_WORD 0xb9000000u
#define UNSCALED(load) ((load) & ~0x01000000u)                  /* 9 bits at bit 12, in bytes */
#define WITH_INDEX(load) (((load) & ~0x01000000u) | 0x00206800) /* a register at bit 16 */

#if defined(__ARM_FEATURE_BTI_DEFAULT)
#define BTI_C 0xd503245f /* where an indirect call may land, for processes that are built to have that checked */
#define BTI_SIZE 4
#else
#define BTI_C 0
#define BTI_SIZE 0
#endif

const bool pcapint_has_native = true;
const uint8_t pcapint_native_trap = 0; /* udf #0 */

/* ---- Instructions ---- */

static void instruction(struct emitter *e, uint32_t bits)
{
	pcapint_emit_bytes(e, bits, 4);
}

static void operate(struct emitter *e, uint32_t operation, int to, int left, int right)
{
	instruction(e, operation | (uint32_t)right << 16 | (uint32_t)left << 5 | (uint32_t)to);
}

static void move(struct emitter *e, int to, int from)
{
	operate(e, ORR, to, ZERO, from);
}

static void move_immediate(struct emitter *e, int to, uint32_t value)
{
	uint32_t low = value & 0xffff, high = value >> 16;

	if (high == 0xffff) {
		instruction(e, 0x12800000 | (~low & 0xffff) << 5 | (uint32_t)to); /* movn */
		return;
	}
	if (low != 0 || high == 0)
		instruction(e, 0x52800000 | low << 5 | (uint32_t)to); /* movz */
	if (high != 0)
		instruction(e,
			(low != 0 ? 0x72a00000 : 0x52a00000) | high << 5 | (uint32_t)to); /* movk or movz, lsl 16 */
}

/* The bits that make a number a part of an addition or a comparison; false if it is not of that form. */
static bool as_12_bits(uint32_t value, uint32_t *bits)
{
	if (value <= 0xfff)
		*bits = value << 10;
	else if ((value & 0xfff) == 0 && value >> 12 <= 0xfff)
		*bits = SHIFTED_12 | value >> 12 << 10;
	else
		return false;
	return true;
}

/* The same for operations on bits, which take a run of ones, anywhere and around the end. */
static bool as_run_of_ones(uint32_t value, uint32_t *bits)
{
	for (uint32_t turn = 0; turn < 32 && value != 0 && value != UINT32_MAX; turn++) {
		uint32_t turned = turn == 0 ? value : value << turn | value >> (32 - turn);
		if ((turned & (turned + 1)) == 0) {
			*bits = turn << 16 | (uint32_t)(__builtin_popcount(value) - 1) << 10;
			return true;
		}
	}
	return false;
}

/* An addition, subtraction or comparison; ADD and SUB are each other with the value's sign changed. */
static void add_immediate(struct emitter *e, uint32_t operation, int to, int from, uint32_t value)
{
	uint32_t bits;

	if (as_12_bits(value, &bits)) {
		instruction(e,
			WITH_IMMEDIATE(operation) | (operation & WIDE) | bits | (uint32_t)from << 5 | (uint32_t)to);
	} else if (!(operation & WIDE) && as_12_bits(-value, &bits)) {
		operation ^= ADD ^ SUB;
		instruction(e, WITH_IMMEDIATE(operation) | bits | (uint32_t)from << 5 | (uint32_t)to);
	} else {
		move_immediate(e, TEMPORARY_2, value);
		operate(e, operation, to, from, TEMPORARY_2);
	}
}

static void bits_immediate(struct emitter *e, uint32_t operation, int to, int from, uint32_t value)
{
	uint32_t bits;

	if (as_run_of_ones(value, &bits)) {
		instruction(e, WITH_BITS(operation) | bits | (uint32_t)from << 5 | (uint32_t)to);
		return;
	}
	move_immediate(e, TEMPORARY_2, value);
	operate(e, operation, to, from, TEMPORARY_2);
}

/* ---- Jumps ---- */

/* How many instructions on the target is, in as many bits as there are for it. */
static uint32_t distance(struct emitter *e, uint32_t target, u_int bits)
{
	int32_t away = (int32_t)(e->at[target] - (uint32_t)e->used) / 4;

	if (e->pass == PASS_FINAL && (away >= 1 << (bits - 1) || away < -(1 << (bits - 1))))
		e->failed = true;
	return (uint32_t)away & ((1u << bits) - 1);
}

static void jump_if(struct emitter *e, int condition, uint32_t target)
{
	instruction(e, 0x54000000 | distance(e, target, 19) << 5 | (uint32_t)condition);
}

void pcapint_emit_jump(struct emitter *e, uint32_t i _U_, uint32_t target)
{
	instruction(e, 0x14000000 | distance(e, target, 26));
}

/* A jump over a few instructions, up to land(): its bits, but for how far, which are at bit 5. What land() needs. */
static size_t jump_over(struct emitter *e, uint32_t bits)
{
	instruction(e, bits);
	return e->used;
}

static void land(struct emitter *e, size_t from)
{
	if (!e->failed) {
		uint32_t bits = (uint32_t)(e->used - from + 4) / 4 << 5;
		e->code[from - 4] |= (uint8_t)bits;
		e->code[from - 3] |= (uint8_t)(bits >> 8);
	}
}

void pcapint_emit_return(struct emitter *e, const struct bpf_op *op)
{
	if (BPF_RVAL(op->code) == BPF_K)
		move_immediate(e, 0, op->k);
	else
		move(e, 0, A);
	if (e->stack != 0)
		add_immediate(e, ADD | WIDE, STACK, STACK, e->stack);
	instruction(e, 0xd65f03c0);
}

/* ---- Loads from the packet ---- */

/* Bytes at base + offset; a store likewise. */
static void access_at(struct emitter *e, uint32_t load, int reg, int base, uint32_t offset)
{
	uint32_t shift = load >> 30, registers = (uint32_t)base << 5 | (uint32_t)reg;

	if (offset >> shift <= 0xfff && (offset & ((1u << shift) - 1)) == 0) {
		instruction(e, load | offset >> shift << 10 | registers);
	} else if (offset <= 0xff) {
		instruction(e, UNSCALED(load) | offset << 12 | registers);
	} else {
		move_immediate(e, TEMPORARY_2, offset);
		instruction(e, WITH_INDEX(load) | (uint32_t)TEMPORARY_2 << 16 | registers);
	}
}

/*
 * X + k may wrap around, and may lie where offsets count from the link-layer header, which is where the packet begins;
 * see the interpreter. The offset comes to be in TEMPORARY.
 */
static void check_unbounded(struct emitter *e, uint32_t i, u_int size)
{
	const struct bpf_op *op = &e->ops->ops[i];

	add_immediate(e, ADD, TEMPORARY, X, op->k);
	add_immediate(e, ADD | WIDE, TEMPORARY_2, TEMPORARY, size);
	operate(e, SUBS | WIDE, ZERO, CAPTURED, TEMPORARY_2);
	size_t inside = jump_over(e, 0x54000000 | NOT_BELOW);
	add_immediate(e, SUB, TEMPORARY, TEMPORARY, BPF_LINK_LAYER_OFFSET);
	add_immediate(e, SUBS, ZERO, TEMPORARY, BPF_NETWORK_OFFSET - BPF_LINK_LAYER_OFFSET);
	jump_if(e, NOT_BELOW, op->no);
	add_immediate(e, ADD | WIDE, TEMPORARY_2, TEMPORARY, size);
	operate(e, SUBS | WIDE, ZERO, CAPTURED, TEMPORARY_2);
	jump_if(e, BELOW, op->no);
	land(e, inside);
}

static void check_bounds(struct emitter *e, uint32_t i, u_int size, bool indirect)
{
	const struct bpf_op *op = &e->ops->ops[i];

	if (pcapint_op_is_inside(op, &e->ops->facts[i]))
		return;
	if (indirect) {
		add_immediate(e, ADD, TEMPORARY, X, op->k + size);
		operate(e, SUBS, ZERO, CAPTURED, TEMPORARY);
	} else {
		add_immediate(e, SUBS, ZERO, CAPTURED, pcapint_op_extent(e->ops, i));
	}
	jump_if(e, BELOW, op->no);
}

static void emit_load(struct emitter *e, uint32_t i, int load)
{
	const struct bpf_op *op = &e->ops->ops[i];
	const struct bpf_facts *facts = &e->ops->facts[i];
	u_int size = pcapint_op_load_size(op);
	bool indirect = BPF_MODE(op->code) == BPF_IND, bounded = !indirect || pcapint_op_is_bounded(op, facts);
	int to = BPF_CLASS(op->code) == BPF_LD ? A : X;

	if (bounded)
		check_bounds(e, i, size, indirect);
	else
		check_unbounded(e, i, size);
	if (!(e->ops->facts[op->yes].live & pcapint_op_writes(op)))
		return;
	if (indirect) {
		int index = bounded && op->k == 0 ? X : TEMPORARY;
		if (bounded && op->k != 0)
			add_immediate(e, ADD, TEMPORARY, X, op->k);
		operate(e, WITH_INDEX((uint32_t)load), to, PACKET, index);
	} else {
		access_at(e, (uint32_t)load, to, PACKET, op->k);
	}
	if (size > 1 && facts->raw_a == 0)
		instruction(e, (size == 2 ? 0x5ac00400 : 0x5ac00800) | A << 5 | A); /* rev16, rev */
}

static void emit_header_length(struct emitter *e, uint32_t i, int load)
{
	emit_load(e, i, load);
	if (e->ops->facts[e->ops->ops[i].yes].live & LIVE_X)
		instruction(e, UBFM | 30 << 16 | 3 << 10 | X << 5 | X); /* ubfiz #2, #4: (X & 0xf) << 2 */
}

/* ---- What else moves values ---- */

static void emit_load_immediate(struct emitter *e, uint32_t i, int to)
{
	move_immediate(e, to, e->ops->ops[i].k);
}

static void emit_load_wire_length(struct emitter *e, uint32_t i _U_, int to)
{
	move(e, to, WIRE_LENGTH);
}

static void emit_load_scratch(struct emitter *e, uint32_t i, int to)
{
	int place = e->place[e->ops->ops[i].k];

	if (place >= 0)
		move(e, to, place);
	else
		access_at(e, (uint32_t)LOAD_WORD, to, STACK, 4 * (uint32_t)~place);
}

static void store(struct emitter *e, uint32_t word, int from)
{
	int place = e->place[word];

	if (place >= 0)
		move(e, place, from);
	else
		access_at(e, STORE_WORD, from, STACK, 4 * (uint32_t)~place);
}

static void emit_store(struct emitter *e, uint32_t i, int from)
{
	store(e, e->ops->ops[i].k, from);
}

static void emit_move(struct emitter *e, uint32_t i _U_, int to)
{
	move(e, to, to == A ? X : A);
}

static void emit_load_beside(struct emitter *e, uint32_t i, int load)
{
	move_immediate(e, A, 0);
	size_t none = jump_over(e, 0xb4000000 | BESIDE); /* cbz */
	access_at(e, (uint32_t)load, A, BESIDE, e->ops->ops[i].k);
	land(e, none);
}

/* ---- Arithmetic ---- */

static void emit_add(struct emitter *e, uint32_t i, int operation)
{
	const struct bpf_op *op = &e->ops->ops[i];

	if (BPF_SRC(op->code) == BPF_X)
		operate(e, (uint32_t)operation, A, A, X);
	else
		add_immediate(e, (uint32_t)operation, A, A, op->k);
}

static void emit_bits(struct emitter *e, uint32_t i, int operation)
{
	const struct bpf_op *op = &e->ops->ops[i];
	u_int raw = e->ops->facts[i].raw_a;
	uint32_t k = raw == 2 ? op->k & UINT16_MAX : op->k;

	if (BPF_SRC(op->code) == BPF_X)
		operate(e, (uint32_t)operation, A, A, X);
	else
		bits_immediate(e, (uint32_t)operation, A, A, raw ? pcapint_as_in_packet(k, raw) : k);
}

/* X, or k in a register. */
static int operand(struct emitter *e, const struct bpf_op *op)
{
	if (BPF_SRC(op->code) == BPF_X)
		return X;
	move_immediate(e, TEMPORARY_2, op->k);
	return TEMPORARY_2;
}

static void emit_mul(struct emitter *e, uint32_t i, int operation)
{
	int right = operand(e, &e->ops->ops[i]);
	operate(e, (uint32_t)operation, A, A, right);
}

static void emit_div(struct emitter *e, uint32_t i, int operation)
{
	const struct bpf_op *op = &e->ops->ops[i];
	int right = operand(e, op);

	if (right == X)
		instruction(e, 0x34000000 | distance(e, op->no, 19) << 5 | X); /* cbz */
	if (BPF_OP(op->code) == BPF_DIV) {
		operate(e, (uint32_t)operation, A, A, right);
		return;
	}
	operate(e, (uint32_t)operation, TEMPORARY, A, right);
	operate(e, 0x1b008000 | A << 10, A, TEMPORARY, right); /* msub: A less TEMPORARY * right */
}

static void emit_neg(struct emitter *e, uint32_t i _U_, int operation)
{
	operate(e, (uint32_t)operation, A, ZERO, A);
}

/* By X, of which the processor takes the lower 5 bits; by a constant it is done by taking bits out. */
static void emit_shift(struct emitter *e, uint32_t i, int operation)
{
	const struct bpf_op *op = &e->ops->ops[i];

	if (BPF_SRC(op->code) == BPF_X)
		operate(e, (uint32_t)operation, A, A, X);
	else if (operation == LSLV)
		instruction(e, UBFM | (-op->k & 31) << 16 | (31 - op->k) << 10 | A << 5 | A);
	else
		instruction(e, UBFM | op->k << 16 | 31 << 10 | A << 5 | A);
}

/* ---- Tests ---- */

static void branch(struct emitter *e, uint32_t i, int condition)
{
	const struct bpf_op *op = &e->ops->ops[i];

	if (pcapint_is_next(e, i, op->yes)) {
		jump_if(e, condition ^ 1, op->no);
		return;
	}
	jump_if(e, condition, op->yes);
	pcapint_go_on(e, i, op->no);
}

static void emit_compare(struct emitter *e, uint32_t i, int condition)
{
	const struct bpf_op *op = &e->ops->ops[i];
	u_int raw = e->ops->facts[i].raw_a;

	if (!pcapint_is_compared(e->ops, i)) {
		if (BPF_SRC(op->code) == BPF_X)
			operate(e, SUBS, ZERO, A, X);
		else
			add_immediate(e, SUBS, ZERO, A, raw ? pcapint_as_in_packet(op->k, raw) : op->k);
	}
	branch(e, i, condition);
}

static void emit_test_bits(struct emitter *e, uint32_t i, int condition)
{
	const struct bpf_op *op = &e->ops->ops[i];
	u_int raw = e->ops->facts[i].raw_a;
	uint32_t k = raw == 2 ? op->k & UINT16_MAX : op->k;

	if (BPF_SRC(op->code) == BPF_X)
		operate(e, ANDS, ZERO, A, X);
	else
		bits_immediate(e, ANDS, ZERO, A, raw ? pcapint_as_in_packet(k, raw) : k);
	branch(e, i, condition);
}

/* ---- Ends, loops, results ---- */

static void emit_ret(struct emitter *e, uint32_t i, int how _U_)
{
	pcapint_emit_return(e, &e->ops->ops[i]);
}

static void emit_back(struct emitter *e, uint32_t i, int how _U_)
{
	const struct bpf_op *op = &e->ops->ops[i];

	add_immediate(e, SUBS | WIDE, BACK_LEFT, BACK_LEFT, op->k);
	jump_if(e, BELOW, op->no);
	pcapint_emit_jump(e, i, op->yes);
}

/* Sets bit k of the result, whose byte comes to be in TEMPORARY. */
static void set_bit(struct emitter *e, uint32_t k, uint32_t beyond)
{
	access_at(e, LOAD_BYTE, TEMPORARY, BESIDE, beyond + k / 8);
	bits_immediate(e, ORR, TEMPORARY, TEMPORARY, 1u << k % 8);
	access_at(e, STORE_BYTE, TEMPORARY, BESIDE, beyond + k / 8);
}

static void emit_match(struct emitter *e, uint32_t i, int how _U_)
{
	set_bit(e, e->ops->ops[i].k, 0);
}

static void emit_match_unless_done(struct emitter *e, uint32_t i, int how _U_)
{
	uint32_t k = e->ops->ops[i].k;

	access_at(e, LOAD_BYTE, TEMPORARY, BESIDE, e->ops->done_offset + k / 8);
	size_t done = jump_over(e, 0x37000000 | k % 8 << 19 | TEMPORARY); /* tbnz */
	set_bit(e, k, 0);
	land(e, done);
}

static void emit_done(struct emitter *e, uint32_t i, int how _U_)
{
	set_bit(e, e->ops->ops[i].k, e->ops->done_offset);
}

/* ---- An op ---- */

#define BY_SIZE(mode)                                                                                              \
	[BPF_LD | BPF_B | (mode)] = {emit_load, LOAD_BYTE}, [BPF_LD | BPF_H | (mode)] = {emit_load, LOAD_HALF},    \
			  [BPF_LD | BPF_W | (mode)] = {emit_load, LOAD_WORD}
#define BY_SOURCE(code, emit, how) [(code) | BPF_K] = {emit, how}, [(code) | BPF_X] = {emit, how}

const struct emit_row pcapint_emit_rows[OP_CODES] = {
	BY_SIZE(BPF_ABS),
	BY_SIZE(BPF_IND),
	[BPF_LDX | BPF_B | BPF_MSH] = {emit_header_length, LOAD_BYTE},
	[BPF_LD | BPF_IMM] = {emit_load_immediate, A},
	[BPF_LDX | BPF_IMM] = {emit_load_immediate, X},
	[BPF_LD | BPF_W | BPF_LEN] = {emit_load_wire_length, A},
	[BPF_LDX | BPF_W | BPF_LEN] = {emit_load_wire_length, X},
	[BPF_LD | BPF_MEM] = {emit_load_scratch, A},
	[BPF_LDX | BPF_MEM] = {emit_load_scratch, X},
	[BPF_ST] = {emit_store, A},
	[BPF_STX] = {emit_store, X},
	BY_SOURCE(BPF_ALU | BPF_ADD, emit_add, ADD),
	BY_SOURCE(BPF_ALU | BPF_SUB, emit_add, SUB),
	BY_SOURCE(BPF_ALU | BPF_AND, emit_bits, AND),
	BY_SOURCE(BPF_ALU | BPF_OR, emit_bits, ORR),
	BY_SOURCE(BPF_ALU | BPF_XOR, emit_bits, EOR),
	BY_SOURCE(BPF_ALU | BPF_MUL, emit_mul, MUL),
	BY_SOURCE(BPF_ALU | BPF_DIV, emit_div, UDIV),
	BY_SOURCE(BPF_ALU | BPF_MOD, emit_div, UDIV),
	BY_SOURCE(BPF_ALU | BPF_LSH, emit_shift, LSLV),
	BY_SOURCE(BPF_ALU | BPF_RSH, emit_shift, LSRV),
	[BPF_ALU | BPF_NEG] = {emit_neg, SUB},
	BY_SOURCE(BPF_JMP | BPF_JEQ, emit_compare, EQUAL),
	BY_SOURCE(BPF_JMP | BPF_JGT, emit_compare, ABOVE),
	BY_SOURCE(BPF_JMP | BPF_JGE, emit_compare, NOT_BELOW),
	BY_SOURCE(BPF_JMP | BPF_JSET, emit_test_bits, NOT_EQUAL),
	[BPF_RET | BPF_K] = {emit_ret, 0},
	[BPF_RET | BPF_A] = {emit_ret, 0},
	[BPF_MISC | BPF_TAX] = {emit_move, X},
	[BPF_MISC | BPF_TXA] = {emit_move, A},
	[OP_BACK] = {emit_back, 0},
	[OP_AUX_HALF] = {emit_load_beside, LOAD_HALF},
	[OP_AUX_WORD] = {emit_load_beside, (int)LOAD_WORD},
	[OP_MATCH] = {emit_match, 0},
	[OP_MATCH_UNLESS_DONE] = {emit_match_unless_done, 0},
	[OP_DONE] = {emit_done, 0},
};

/* ---- The start ---- */

/* Scratch words get the registers that are left, and then the stack, which is kept a multiple of 16. */
static void place_scratch(struct emitter *e)
{
	uint8_t words[BPF_MEMWORDS];
	u_int count = pcapint_scratch_in_use(e->ops, words), on_stack = 0;
	int next = FIRST_SCRATCH;

	for (u_int i = 0; i < count; i++)
		e->place[words[i]] = (int8_t)(next <= LAST_SCRATCH ? next++ : ~(int)on_stack++);
	e->stack = (4 * on_stack + 15) / 16 * 16;
}

void pcapint_emit_start(struct emitter *e)
{

	pcapint_emit_bytes(e, BTI_C, BTI_SIZE);
	place_scratch(e);
	if (e->stack != 0)
		add_immediate(e, SUB | WIDE, STACK, STACK, e->stack);
	if (e->ops->has_loops) {
		move_immediate(e, BACK_LEFT, BPF_BACK_PER_BYTE);
		operate(e, MUL | WIDE, BACK_LEFT, BACK_LEFT, CAPTURED);
		add_immediate(e, ADD | WIDE, BACK_LEFT, BACK_LEFT, BPF_BACK_AT_LEAST);
	}
	if (e->zeroed & LIVE_A)
		move_immediate(e, A, 0);
	if (e->zeroed & LIVE_X)
		move_immediate(e, X, 0);
	for (uint32_t word = 0; word < BPF_MEMWORDS; word++)
		if (e->zeroed & LIVE_SCRATCH(word))
			store(e, word, ZERO);
}
