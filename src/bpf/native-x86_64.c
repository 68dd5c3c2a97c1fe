/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The emitter for x86-64. Instruction formats: Intel's "Software Developer's Manual", volume 2; registers of a call:
 * the System V ABI's AMD64 supplement.
 *
 * The code calls nothing and saves nothing: it uses only registers that belong to the called one, and the 128 bytes
 * below the stack pointer that are a leaf function's. 32-bit operations clear a register's upper half, so that X can be
 * part of an address.
 */
#include "bpf/native.h"

#include "bpf/opcodes.h"
#include "bpf/program.h"

enum reg { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11 };

enum {
	A = RAX,
	X = RCX, /* where shifts want their count */
	PACKET = RDI,
	CAPTURED = RSI, /* its length */
	WIRE_LENGTH = R9,
	BESIDE = R8,
	TEMPORARY = RDX,
	TEMPORARY_2 = R11,
};

/* The extensions of opcodes 0x80, 0x81 and 0x83, which operate with an immediate value; f7 and c1 have others. */
enum { ADD, OR, AND = 4, SUB, XOR, CMP };
enum { TEST_F7 = 0, NEG_F7 = 3, DIV_F7 = 6, SHL_C1 = 4, SHR_C1 = 5 };

/* Opcodes that load, by size. */
enum { MOVZX_BYTE = 0x0fb6, MOVZX_HALF = 0x0fb7, MOV_LOAD = 0x8b };

/* Conditions, as in jump opcodes; with bit 0 the other way round. */
enum { BELOW = 2, NOT_BELOW, EQUAL, NOT_EQUAL, NOT_ABOVE, ABOVE, ALWAYS = -1 };

/* Scratch words that have no register are at these offsets from RSP, and below them what is left for loops. */
#define STACK_WORD(n) (-4 * ((n) + 1))
#define STACK_BACK_LEFT (-4 * BPF_MEMWORDS - 8)

/* Marks where an indirect call may land, for processes that are built to have that checked. */
#define ENDBR64 0xfa1e0ff3
#if defined(__CET__) && (__CET__ & 1)
#define ENDBR64_SIZE 4
#else
#define ENDBR64_SIZE 0
#endif

const bool pcapint_has_native = true;
const uint8_t pcapint_native_trap = 0xcc; /* int3 */

/* ---- Instructions ---- */

static void byte(struct emitter *e, u_int value)
{
	pcapint_emit_bytes(e, value, 1);
}

static void immediate(struct emitter *e, uint32_t value, u_int size)
{
	pcapint_emit_bytes(e, value, size);
}

static bool fits_byte(uint32_t value)
{
	return (int32_t)value >= INT8_MIN && (int32_t)value <= INT8_MAX;
}

/* Prefixes and opcode: 0x66… with an operand-size prefix, 0x0f… of two bytes. */
static void opcode(struct emitter *e, bool wide, u_int code, int reg, int index, int base)
{
	u_int rex = 0x40 | (u_int)wide << 3 | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3;

	if (code >> 16 == 0x66)
		byte(e, 0x66);
	if (rex != 0x40)
		byte(e, rex);
	if ((code >> 8 & 0xff) == 0x0f)
		byte(e, 0x0f);
	byte(e, code & 0xff);
}

/* reg is also where opcodes have their extension. */
static void with_register(struct emitter *e, bool wide, u_int code, int reg, int other)
{
	opcode(e, wide, code, reg, 0, other);
	byte(e, 0xc0 | (reg & 7) << 3 | (other & 7));
}

#define NO_INDEX RSP /* as the manual has it */

/* With memory at base + index + distance. */
static void with_memory(struct emitter *e, bool wide, u_int code, int reg, int base, int index, int32_t distance)
{
	u_int mod = distance == 0 && (base & 7) != RBP ? 0x00 : fits_byte((uint32_t)distance) ? 0x40 : 0x80;

	opcode(e, wide, code, reg, index, base);
	if (index != NO_INDEX || (base & 7) == RSP) {
		byte(e, mod | (reg & 7) << 3 | 4);
		byte(e, (index & 7) << 3 | (base & 7));
	} else {
		byte(e, mod | (reg & 7) << 3 | (base & 7));
	}
	if (mod != 0x00)
		immediate(e, (uint32_t)distance, mod == 0x40 ? 1 : 4);
}

static void with_immediate(struct emitter *e, int extension, int reg, uint32_t value)
{
	bool small = fits_byte(value);

	if (small || reg != RAX)
		with_register(e, false, small ? 0x83 : 0x81, extension, reg);
	else
		byte(e, extension << 3 | 5);
	immediate(e, value, small ? 1 : 4);
}

static void move(struct emitter *e, int to, int from)
{
	with_register(e, false, 0x8b, to, from);
}

static void move_immediate(struct emitter *e, int to, uint32_t value)
{
	if (value == 0) {
		with_register(e, false, 0x31, to, to);
		return;
	}
	opcode(e, false, 0xb8 | (to & 7), 0, 0, to);
	immediate(e, value, 4);
}

/* ---- Jumps ---- */

static bool is_near(const struct emitter *e, uint32_t i, uint32_t target)
{
	if (e->pass == PASS_LONG)
		return false;
	return target > i ? e->first[target] - e->first[i] <= INT8_MAX
			  : e->first[i + 1] - e->first[target] <= INT8_MAX;
}

/* From op i to another. */
static void jump(struct emitter *e, uint32_t i, int condition, uint32_t target)
{
	if (is_near(e, i, target)) {
		byte(e, condition == ALWAYS ? 0xeb : 0x70 | condition);
		immediate(e, e->at[target] - (uint32_t)e->used - 1, 1);
		return;
	}
	if (condition != ALWAYS)
		byte(e, 0x0f);
	byte(e, condition == ALWAYS ? 0xe9 : 0x80 | condition);
	immediate(e, e->at[target] - (uint32_t)e->used - 4, 4);
}

void pcapint_emit_jump(struct emitter *e, uint32_t i, uint32_t target)
{
	jump(e, i, ALWAYS, target);
}

/* Over a few instructions, up to land(); what that needs. */
static size_t jump_over(struct emitter *e, int condition)
{
	byte(e, 0x70 | condition);
	byte(e, 0);
	return e->used;
}

static void land(struct emitter *e, size_t from)
{
	if (!e->failed)
		e->code[from - 1] = (uint8_t)(e->used - from);
}

void pcapint_emit_return(struct emitter *e, const struct bpf_op *op)
{
	if (BPF_RVAL(op->code) == BPF_K)
		move_immediate(e, A, op->k);
	byte(e, 0xc3);
}

/* ---- Loads from the packet ---- */

/*
 * X + k may wrap around, and may lie where offsets count from the link-layer header, which is where the packet begins;
 * see the interpreter. The offset comes to be in TEMPORARY.
 */
static void check_unbounded(struct emitter *e, uint32_t i, u_int size)
{
	const struct bpf_op *op = &e->ops->ops[i];

	with_memory(e, false, 0x8d, TEMPORARY, X, NO_INDEX, (int32_t)op->k);
	with_memory(e, true, 0x8d, TEMPORARY_2, TEMPORARY, NO_INDEX, (int32_t)size);
	with_register(e, true, 0x39, CAPTURED, TEMPORARY_2);
	size_t inside = jump_over(e, NOT_ABOVE);
	with_immediate(e, SUB, TEMPORARY, BPF_LINK_LAYER_OFFSET);
	with_immediate(e, CMP, TEMPORARY, BPF_NETWORK_OFFSET - BPF_LINK_LAYER_OFFSET);
	jump(e, i, NOT_BELOW, op->no);
	with_memory(e, true, 0x8d, TEMPORARY_2, TEMPORARY, NO_INDEX, (int32_t)size);
	with_register(e, true, 0x39, CAPTURED, TEMPORARY_2);
	jump(e, i, ABOVE, op->no);
	land(e, inside);
}

static void emit_load(struct emitter *e, uint32_t i, int load)
{
	const struct bpf_op *op = &e->ops->ops[i];
	const struct bpf_facts *facts = &e->ops->facts[i];
	u_int size = pcapint_op_load_size(op);
	bool indirect = BPF_MODE(op->code) == BPF_IND, bounded = !indirect || pcapint_op_is_bounded(op, facts);
	int to = BPF_CLASS(op->code) == BPF_LD ? A : X;

	if (!bounded) {
		check_unbounded(e, i, size);
	} else if (!pcapint_op_is_inside(op, facts)) {
		if (indirect) {
			with_memory(e, false, 0x8d, TEMPORARY, X, NO_INDEX, (int32_t)(op->k + size));
			with_register(e, false, 0x39, TEMPORARY, CAPTURED);
		} else {
			with_immediate(e, CMP, CAPTURED, pcapint_op_extent(e->ops, i));
		}
		jump(e, i, BELOW, op->no);
	}
	if (!(e->ops->facts[op->yes].live & pcapint_op_writes(op)) || pcapint_is_tested_in_place(e->ops, i))
		return;
	with_memory(e, false, (u_int)load, to, PACKET,
		!bounded   ? TEMPORARY
		: indirect ? X
			   : NO_INDEX,
		bounded ? (int32_t)op->k : 0);
	if (size == 2 && facts->raw_a == 0) {
		with_register(e, false, 0x6600c1, 0, to); /* rol ax, 8 */
		byte(e, 8);
	} else if (size == 4 && facts->raw_a == 0) {
		opcode(e, false, 0x0fc8 | to, 0, 0, 0); /* bswap */
	}
}

static void emit_header_length(struct emitter *e, uint32_t i, int load)
{
	emit_load(e, i, load);
	if (!(e->ops->facts[e->ops->ops[i].yes].live & LIVE_X))
		return;
	with_immediate(e, AND, X, 0xf);
	with_register(e, false, 0xc1, SHL_C1, X);
	byte(e, 2);
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

/* Between a register and a scratch word; 0x8b loads, 0x89 stores. */
static void move_scratch(struct emitter *e, u_int code, int reg, uint32_t word)
{
	int place = e->place[word];

	if (place >= 0)
		with_register(e, false, code, reg, place);
	else
		with_memory(e, false, code, reg, RSP, NO_INDEX, STACK_WORD(~place));
}

static void emit_load_scratch(struct emitter *e, uint32_t i, int to)
{
	move_scratch(e, 0x8b, to, e->ops->ops[i].k);
}

static void emit_store(struct emitter *e, uint32_t i, int from)
{
	move_scratch(e, 0x89, from, e->ops->ops[i].k);
}

static void emit_move(struct emitter *e, uint32_t i _U_, int to)
{
	move(e, to, to == A ? X : A);
}

static void emit_load_beside(struct emitter *e, uint32_t i, int load)
{
	const struct bpf_op *op = &e->ops->ops[i];

	move_immediate(e, A, 0);
	with_register(e, true, 0x85, BESIDE, BESIDE);
	size_t none = jump_over(e, EQUAL);
	with_memory(e, false, (u_int)load, A, BESIDE, NO_INDEX, (int32_t)op->k);
	land(e, none);
}

/* ---- Arithmetic ---- */

/* Of A with a constant, or X: an opcode's extension is also where the opcode with a register begins. */
static void emit_alu(struct emitter *e, uint32_t i, int operation)
{
	const struct bpf_op *op = &e->ops->ops[i];
	u_int raw = e->ops->facts[i].raw_a;
	uint32_t k = raw == 2 ? op->k & UINT16_MAX : op->k;

	if (BPF_SRC(op->code) == BPF_X)
		with_register(e, false, (u_int)operation << 3 | 1, X, A);
	else
		with_immediate(e, operation, A, raw ? pcapint_as_in_packet(k, raw) : k);
}

static void emit_mul(struct emitter *e, uint32_t i, int how _U_)
{
	const struct bpf_op *op = &e->ops->ops[i];

	if (BPF_SRC(op->code) == BPF_X) {
		with_register(e, false, 0x0faf, A, X);
		return;
	}
	with_register(e, false, 0x69, A, A);
	immediate(e, op->k, 4);
}

static void emit_neg(struct emitter *e, uint32_t i _U_, int how _U_)
{
	with_register(e, false, 0xf7, NEG_F7, A);
}

/* Of A by a constant, or by X, of which the processor takes the lower 5 bits. */
static void emit_shift(struct emitter *e, uint32_t i, int extension)
{
	const struct bpf_op *op = &e->ops->ops[i];

	if (BPF_SRC(op->code) == BPF_X) {
		with_register(e, false, 0xd3, extension, A);
	} else if (op->k != 0) {
		with_register(e, false, 0xc1, extension, A);
		byte(e, op->k);
	}
}

/* The quotient to A, the remainder to TEMPORARY. */
static void divide(struct emitter *e, uint32_t i)
{
	const struct bpf_op *op = &e->ops->ops[i];
	bool by_x = BPF_SRC(op->code) == BPF_X;

	if (by_x) {
		with_register(e, false, 0x85, X, X);
		jump(e, i, EQUAL, op->no);
	} else {
		move_immediate(e, TEMPORARY_2, op->k);
	}
	move_immediate(e, TEMPORARY, 0);
	with_register(e, false, 0xf7, DIV_F7, by_x ? X : TEMPORARY_2);
}

static bool is_by_power_of_2(const struct bpf_op *op)
{
	return BPF_SRC(op->code) == BPF_K && (op->k & (op->k - 1)) == 0;
}

static void emit_div(struct emitter *e, uint32_t i, int how _U_)
{
	const struct bpf_op *op = &e->ops->ops[i];

	if (!is_by_power_of_2(op)) {
		divide(e, i);
		return;
	}
	with_register(e, false, 0xc1, SHR_C1, A);
	byte(e, (u_int)__builtin_ctz(op->k));
}

static void emit_mod(struct emitter *e, uint32_t i, int how _U_)
{
	const struct bpf_op *op = &e->ops->ops[i];

	if (is_by_power_of_2(op)) {
		with_immediate(e, AND, A, op->k - 1);
	} else {
		divide(e, i);
		move(e, A, TEMPORARY);
	}
}

/* ---- Tests ---- */

/* With the constant of op i; opcodes are those for a byte, and with bit 0 for more. */
static void with_value_in_place(struct emitter *e, uint32_t i, u_int code, int extension)
{
	const struct bpf_op *load = &e->ops->ops[e->ops->facts[i].source];
	u_int size = pcapint_op_load_size(load);
	uint32_t k = e->ops->ops[i].k;

	k = size > 1 ? pcapint_as_in_packet(k, size) : k;
	bool small = extension == CMP && size > 1 && fits_byte(size == 2 ? (uint32_t)(int16_t)k : k);
	code = size == 1 ? code : small ? 0x83 : code | 1;
	with_memory(e, false, (size == 2 ? 0x660000 : 0) | code, extension, PACKET,
		BPF_MODE(load->code) == BPF_IND ? X : NO_INDEX, (int32_t)load->k);
	immediate(e, k, small ? 1 : size);
}

static void compare(struct emitter *e, uint32_t i)
{
	const struct bpf_op *op = &e->ops->ops[i];
	u_int raw = e->ops->facts[i].raw_a;

	if (pcapint_is_test_in_place(e->ops, i))
		with_value_in_place(e, i, 0x80, CMP);
	else if (BPF_SRC(op->code) == BPF_X)
		with_register(e, false, 0x39, X, A);
	else if (op->k == 0)
		with_register(e, false, 0x85, A, A);
	else
		with_immediate(e, CMP, A, raw ? pcapint_as_in_packet(op->k, raw) : op->k);
}

static void test_bits(struct emitter *e, uint32_t i)
{
	const struct bpf_op *op = &e->ops->ops[i];
	u_int raw = e->ops->facts[i].raw_a;
	uint32_t k = raw == 2 ? op->k & UINT16_MAX : op->k;

	if (pcapint_is_test_in_place(e->ops, i)) {
		with_value_in_place(e, i, 0xf6, TEST_F7);
		return;
	}
	if (BPF_SRC(op->code) == BPF_X) {
		with_register(e, false, 0x85, X, A);
		return;
	}
	k = raw ? pcapint_as_in_packet(k, raw) : k;
	byte(e, k <= UINT8_MAX ? 0xa8 : 0xa9);
	immediate(e, k, k <= UINT8_MAX ? 1 : 4);
}

static void branch(struct emitter *e, uint32_t i, int condition)
{
	const struct bpf_op *op = &e->ops->ops[i];

	if (pcapint_is_next(e, i, op->yes)) {
		jump(e, i, condition ^ 1, op->no);
		return;
	}
	jump(e, i, condition, op->yes);
	pcapint_go_on(e, i, op->no);
}

static void emit_compare(struct emitter *e, uint32_t i, int condition)
{
	if (!pcapint_is_compared(e->ops, i))
		compare(e, i);
	branch(e, i, condition);
}

static void emit_test_bits(struct emitter *e, uint32_t i, int condition)
{
	test_bits(e, i);
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

	with_memory(e, true, 0x81, SUB, RSP, NO_INDEX, STACK_BACK_LEFT);
	immediate(e, op->k, 4);
	jump(e, i, BELOW, op->no);
	jump(e, i, ALWAYS, op->yes);
}

/* With the byte that has bit k of the result, or one beyond: an operation with the bit alone. */
static void with_result(struct emitter *e, u_int code, int extension, uint32_t k, uint32_t beyond)
{
	with_memory(e, false, code, extension, BESIDE, NO_INDEX, (int32_t)(beyond + k / 8));
	byte(e, 1u << k % 8);
}

static void emit_match(struct emitter *e, uint32_t i, int how _U_)
{
	with_result(e, 0x80, OR, e->ops->ops[i].k, 0);
}

static void emit_match_unless_done(struct emitter *e, uint32_t i, int how _U_)
{
	with_result(e, 0xf6, TEST_F7, e->ops->ops[i].k, e->ops->done_offset);
	size_t done = jump_over(e, NOT_EQUAL);
	with_result(e, 0x80, OR, e->ops->ops[i].k, 0);
	land(e, done);
}

static void emit_done(struct emitter *e, uint32_t i, int how _U_)
{
	with_result(e, 0x80, OR, e->ops->ops[i].k, e->ops->done_offset);
}

/* ---- An op ---- */

#define BY_SIZE(mode)                                                                                              \
	[BPF_LD | BPF_B | (mode)] = {emit_load, MOVZX_BYTE}, [BPF_LD | BPF_H | (mode)] = {emit_load, MOVZX_HALF},  \
			  [BPF_LD | BPF_W | (mode)] = {emit_load, MOV_LOAD}
#define BY_SOURCE(code, emit, how) [(code) | BPF_K] = {emit, how}, [(code) | BPF_X] = {emit, how}

const struct emit_row pcapint_emit_rows[OP_CODES] = {
	BY_SIZE(BPF_ABS),
	BY_SIZE(BPF_IND),
	[BPF_LDX | BPF_B | BPF_MSH] = {emit_header_length, MOVZX_BYTE},
	[BPF_LD | BPF_IMM] = {emit_load_immediate, A},
	[BPF_LDX | BPF_IMM] = {emit_load_immediate, X},
	[BPF_LD | BPF_W | BPF_LEN] = {emit_load_wire_length, A},
	[BPF_LDX | BPF_W | BPF_LEN] = {emit_load_wire_length, X},
	[BPF_LD | BPF_MEM] = {emit_load_scratch, A},
	[BPF_LDX | BPF_MEM] = {emit_load_scratch, X},
	[BPF_ST] = {emit_store, A},
	[BPF_STX] = {emit_store, X},
	BY_SOURCE(BPF_ALU | BPF_ADD, emit_alu, ADD),
	BY_SOURCE(BPF_ALU | BPF_SUB, emit_alu, SUB),
	BY_SOURCE(BPF_ALU | BPF_AND, emit_alu, AND),
	BY_SOURCE(BPF_ALU | BPF_OR, emit_alu, OR),
	BY_SOURCE(BPF_ALU | BPF_XOR, emit_alu, XOR),
	BY_SOURCE(BPF_ALU | BPF_MUL, emit_mul, 0),
	BY_SOURCE(BPF_ALU | BPF_DIV, emit_div, 0),
	BY_SOURCE(BPF_ALU | BPF_MOD, emit_mod, 0),
	BY_SOURCE(BPF_ALU | BPF_LSH, emit_shift, SHL_C1),
	BY_SOURCE(BPF_ALU | BPF_RSH, emit_shift, SHR_C1),
	[BPF_ALU | BPF_NEG] = {emit_neg, 0},
	BY_SOURCE(BPF_JMP | BPF_JEQ, emit_compare, EQUAL),
	BY_SOURCE(BPF_JMP | BPF_JGT, emit_compare, ABOVE),
	BY_SOURCE(BPF_JMP | BPF_JGE, emit_compare, NOT_BELOW),
	BY_SOURCE(BPF_JMP | BPF_JSET, emit_test_bits, NOT_EQUAL),
	[BPF_RET | BPF_K] = {emit_ret, 0},
	[BPF_RET | BPF_A] = {emit_ret, 0},
	[BPF_MISC | BPF_TAX] = {emit_move, X},
	[BPF_MISC | BPF_TXA] = {emit_move, A},
	[OP_BACK] = {emit_back, 0},
	[OP_AUX_HALF] = {emit_load_beside, MOVZX_HALF},
	[OP_AUX_WORD] = {emit_load_beside, MOV_LOAD},
	[OP_MATCH] = {emit_match, 0},
	[OP_MATCH_UNLESS_DONE] = {emit_match_unless_done, 0},
	[OP_DONE] = {emit_done, 0},
};

/* ---- The start ---- */

/* Scratch words get the registers that are left, and then the stack. */
static void place_scratch(struct emitter *e)
{
	int registers[] = {R10, e->uses_beside ? -1 : BESIDE, e->uses_wire_length ? -1 : WIRE_LENGTH};
	uint8_t words[BPF_MEMWORDS];
	u_int count = pcapint_scratch_in_use(e->ops, words), next = 0, on_stack = 0;

	for (u_int i = 0; i < count; i++) {
		while (next < 3 && registers[next] < 0)
			next++;
		e->place[words[i]] = (int8_t)(next < 3 ? registers[next++] : ~(int)on_stack++);
	}
}

void pcapint_emit_start(struct emitter *e)
{
	pcapint_emit_bytes(e, ENDBR64, ENDBR64_SIZE);
	place_scratch(e);
	/* As a call has them; buflen is in its place. */
	if (e->uses_beside)
		with_register(e, true, 0x8b, BESIDE, RCX);
	if (e->uses_wire_length)
		move(e, WIRE_LENGTH, RDX);
	if (e->ops->has_loops) {
		with_register(e, true, 0x69, TEMPORARY, CAPTURED);
		immediate(e, BPF_BACK_PER_BYTE, 4);
		with_register(e, true, 0x81, ADD, TEMPORARY);
		immediate(e, BPF_BACK_AT_LEAST, 4);
		with_memory(e, true, 0x89, TEMPORARY, RSP, NO_INDEX, STACK_BACK_LEFT);
	}
	if (e->zeroed & (LIVE_A | (LIVE_A - 1)))
		move_immediate(e, A, 0);
	if (e->zeroed & LIVE_X)
		move_immediate(e, X, 0);
	for (uint32_t word = 0; word < BPF_MEMWORDS; word++)
		if (e->zeroed & LIVE_SCRATCH(word))
			move_scratch(e, 0x89, A, word);
}
