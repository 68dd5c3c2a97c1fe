/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds out what is known where each op begins: which registers matter, how far the packet is known to reach, how
 * large A and X can be, and where A can be left as it is in the packet. One pass back and one forward, since all
 * jumps go forward; where a loop begins, nothing is taken as known.
 */
#include "bpf/ops.h"

#include "bpf/opcodes.h"

#include <stdlib.h>

/* ---- Which registers matter, and what must be there ---- */

static bool ends(const struct bpf_op *op)
{
	return op->code < OP_GO && BPF_CLASS(op->code) == BPF_RET;
}

static bool has_two_ways(const struct bpf_op *op)
{
	return op_is_test(op) || pcapint_op_can_fail(op);
}

static uint32_t max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static bool loads_at_constant(const struct bpf_op *op)
{
	return pcapint_op_load_size(op) != 0 && BPF_MODE(op->code) != BPF_IND;
}

static uint32_t live_before(const struct bpf_ops *ops, const struct bpf_op *op)
{
	uint32_t live = ends(op) ? 0 : op->code == OP_BACK ? LIVE_ALL : ops->facts[op->yes].live;

	live &= ~pcapint_op_writes(op);
	if (has_two_ways(op))
		live |= ops->facts[op->no].live;
	return live | pcapint_op_reads(op);
}

static uint32_t wanted_before(const struct bpf_ops *ops, const struct bpf_op *op)
{
	if (ends(op))
		return BPF_RVAL(op->code) == BPF_K && op->k == 0 ? NO_EXTENT : 0;
	if (op->code > OP_GO) /* a loop, or something that leaves a trace */
		return 0;
	uint32_t wanted = ops->facts[op->yes].wanted;
	if (loads_at_constant(op))
		wanted = max(wanted, op->k + pcapint_op_load_size(op));
	return has_two_ways(op) ? min(wanted, ops->facts[op->no].wanted) : wanted;
}

static void look_back(struct bpf_ops *ops)
{
	for (uint32_t i = ops->count; i-- != 0;) {
		ops->facts[i].live = live_before(ops, &ops->ops[i]);
		ops->facts[i].wanted = wanted_before(ops, &ops->ops[i]);
	}
}

uint32_t pcapint_op_extent(const struct bpf_ops *ops, uint32_t i)
{
	const struct bpf_op *op = &ops->ops[i];
	uint32_t own = op->k + pcapint_op_load_size(op), wanted = ops->facts[i].wanted;

	return ops->facts[op->no].wanted == NO_EXTENT && wanted <= INT32_MAX ? max(own, wanted) : own;
}

/* ---- How far the packet reaches, and how large A and X are ---- */

bool pcapint_op_is_bounded(const struct bpf_op *op, const struct bpf_facts *facts)
{
	return (uint64_t)facts->x_max + op->k + pcapint_op_load_size(op) <= INT32_MAX;
}

bool pcapint_op_is_inside(const struct bpf_op *op, const struct bpf_facts *facts)
{
	uint64_t end = (uint64_t)op->k + pcapint_op_load_size(op);

	if (BPF_MODE(op->code) != BPF_IND)
		return facts->extent >= end;
	return pcapint_op_is_bounded(op, facts) && (facts->x_extent >= end || facts->extent >= facts->x_max + end);
}

/* The smallest 2^n - 1 that is not smaller. */
static uint32_t all_bits_of(uint32_t value)
{
	return value == 0 ? 0 : UINT32_MAX >> __builtin_clz(value);
}

/* The largest that A can be after an operation. */
static uint32_t alu_max(const struct bpf_op *op, const struct bpf_facts *facts)
{
	bool by_x = BPF_SRC(op->code) == BPF_X;
	uint64_t a = facts->a_max, operand = by_x ? facts->x_max : op->k, result = UINT32_MAX;

	switch (BPF_OP(op->code)) {
	case BPF_ADD:
		result = a + operand;
		break;
	case BPF_MUL:
		result = a * operand;
		break;
	case BPF_DIV:
		result = by_x ? a : a / operand;
		break;
	case BPF_MOD:
		result = min(facts->a_max, (uint32_t)operand);
		break;
	case BPF_AND:
		result = min(facts->a_max, (uint32_t)operand);
		break;
	case BPF_OR:
	case BPF_XOR:
		result = all_bits_of(max(facts->a_max, (uint32_t)operand));
		break;
	case BPF_LSH:
		result = by_x ? UINT32_MAX : a << operand;
		break;
	case BPF_RSH:
		result = by_x ? a : a >> operand;
		break;
	}
	return result > UINT32_MAX ? UINT32_MAX : (uint32_t)result;
}

/* The largest that a load can give; scratch[] is the largest that was stored in each word so far. */
static uint32_t load_max(const struct bpf_op *op, const uint32_t *scratch)
{
	switch (BPF_MODE(op->code)) {
	case BPF_IMM:
		return op->k;
	case BPF_ABS:
	case BPF_IND:
		return UINT32_MAX >> (32 - 8 * pcapint_op_load_size(op));
	case BPF_MSH:
		return 0xf * 4;
	case BPF_MEM:
		return scratch[op->k];
	default:
		return UINT32_MAX;
	}
}

static void set_x(struct bpf_facts *after, uint32_t x_max)
{
	after->x_extent = 0;
	after->x_max = x_max;
}

/* What a load from the packet tells, where it went well. */
static void note_load(const struct bpf_ops *ops, uint32_t i, struct bpf_facts *after)
{
	const struct bpf_op *op = &ops->ops[i];
	u_int size = pcapint_op_load_size(op);

	if (size == 0)
		return;
	if (BPF_MODE(op->code) != BPF_IND) {
		if (!pcapint_op_is_inside(op, after))
			after->extent = pcapint_op_extent(ops, i);
	} else if (pcapint_op_is_bounded(op, after)) {
		after->x_extent = max(after->x_extent, op->k + size);
	}
}

/* Turns what holds before an op into what holds after it. */
static void step(const struct bpf_ops *ops, uint32_t i, uint32_t *scratch, struct bpf_facts *after)
{
	const struct bpf_op *op = &ops->ops[i];

	if (op->code == OP_AUX_HALF || op->code == OP_AUX_WORD)
		after->a_max = op->code == OP_AUX_HALF ? UINT16_MAX : UINT32_MAX;
	if (op->code >= OP_GO)
		return;
	note_load(ops, i, after);
	switch (BPF_CLASS(op->code)) {
	case BPF_LD:
		after->a_max = load_max(op, scratch);
		break;
	case BPF_LDX:
		set_x(after, load_max(op, scratch));
		break;
	case BPF_ST:
	case BPF_STX:
		scratch[op->k] = max(scratch[op->k], BPF_CLASS(op->code) == BPF_ST ? after->a_max : after->x_max);
		break;
	case BPF_ALU:
		after->a_max = alu_max(op, after);
		break;
	case BPF_MISC:
		if (BPF_MISCOP(op->code) == BPF_TAX)
			set_x(after, after->a_max);
		else
			after->a_max = after->x_max;
		break;
	}
}

/* Adds a way to come to op "to": from op i, where these facts hold. */
static void arrive(struct bpf_ops *ops, uint32_t i, uint32_t to, const struct bpf_facts *from)
{
	struct bpf_facts *there = &ops->facts[to];

	if (!there->reached) {
		uint32_t live = there->live, wanted = there->wanted;
		*there = *from;
		there->live = live;
		there->wanted = wanted;
		there->source = i;
		there->reached = true;
		return;
	}
	there->source = NO_SOURCE;
	there->extent = min(there->extent, from->extent);
	there->a_max = max(there->a_max, from->a_max);
	there->x_max = max(there->x_max, from->x_max);
	there->x_extent = min(there->x_extent, from->x_extent);
}

static const struct bpf_facts nothing_known = {
	.reached = true, .source = NO_SOURCE, .a_max = UINT32_MAX, .x_max = UINT32_MAX};

static void forget(struct bpf_facts *facts)
{
	uint32_t live = facts->live, wanted = facts->wanted;

	*facts = nothing_known;
	facts->live = live;
	facts->wanted = wanted;
}

static void find_ranges(struct bpf_ops *ops)
{
	/* A word is 0 before it is written; a loop may come back with anything in it. */
	uint32_t scratch[BPF_MEMWORDS];
	struct bpf_facts start = {.source = NO_SOURCE};

	for (u_int i = 0; i < BPF_MEMWORDS; i++)
		scratch[i] = ops->has_loops ? UINT32_MAX : 0;
	for (uint32_t i = 0; ops->has_loops && i < ops->count; i++)
		if (ops->ops[i].code == OP_BACK)
			forget(&ops->facts[ops->ops[i].yes]);
	arrive(ops, NO_SOURCE, 0, &start);
	for (uint32_t i = 0; i < ops->count; i++) {
		const struct bpf_op *op = &ops->ops[i];
		struct bpf_facts after = ops->facts[i];

		if (!after.reached || ends(op))
			continue;
		if (has_two_ways(op) || op->code == OP_BACK)
			arrive(ops, i, op->no, &after);
		step(ops, i, scratch, &after);
		if (op->code != OP_BACK)
			arrive(ops, i, op->yes, &after);
	}
}

/* ---- Where A can stay as it is in the packet ---- */

/*
 * Values that meet in A have one representation: they are joined into webs. A web stays raw if all of it comes from
 * loads of one size, more than a byte, by way of operations on bits at most, and goes into tests for equality and bits:
 * their constants can be swapped instead. web[i], of op i: what it writes to A; web[count + i]: what it finds there.
 */
struct webs {
	uint32_t *parent;
	uint8_t *size; /* of a web's root: bytes of its loads, 0 if not known yet, SWAPPED if it is not raw */
	uint32_t count;
};

#define SWAPPED UINT8_MAX

static uint32_t root_of(const struct webs *webs, uint32_t web)
{
	while (webs->parent[web] != web)
		web = webs->parent[web] = webs->parent[webs->parent[web]];
	return web;
}

static void set_size(struct webs *webs, uint32_t web, uint8_t size)
{
	uint8_t *there = &webs->size[root_of(webs, web)];

	*there = *there == 0 || *there == size ? size : SWAPPED;
}

static void join(struct webs *webs, uint32_t a, uint32_t b)
{
	uint32_t from = root_of(webs, a), to = root_of(webs, b);

	if (from == to)
		return;
	webs->parent[from] = to;
	if (webs->size[from] != 0)
		set_size(webs, to, webs->size[from]);
}

static bool is_for_raw(const struct bpf_op *op)
{
	return op_is_test(op) && BPF_SRC(op->code) == BPF_K &&
	       (BPF_OP(op->code) == BPF_JEQ || BPF_OP(op->code) == BPF_JSET);
}

/* Whether it works on each bit alone. */
static bool keeps_raw(const struct bpf_op *op)
{
	if (op->code == (BPF_ALU | BPF_OR | BPF_K) || op->code == (BPF_ALU | BPF_XOR | BPF_K))
		return op->k <= UINT16_MAX; /* 16 bits stay 16 bits */
	return op->code == (BPF_ALU | BPF_AND | BPF_K);
}

static void join_webs_of(const struct bpf_ops *ops, uint32_t i, struct webs *webs)
{
	const struct bpf_op *op = &ops->ops[i];
	uint32_t here = ops->count + i, after = here;
	u_int size = pcapint_op_load_size(op);

	if (keeps_raw(op)) {
		after = i;
		join(webs, i, here);
	} else if ((pcapint_op_reads(op) & LIVE_A) && !is_for_raw(op)) {
		set_size(webs, here, SWAPPED);
	}
	if ((pcapint_op_writes(op) & LIVE_A) && !keeps_raw(op)) {
		after = i;
		set_size(webs, i, size > 1 ? (uint8_t)size : SWAPPED);
	}
	if (ends(op))
		return;
	if (ops->facts[op->yes].live & LIVE_A)
		join(webs, after, ops->count + op->yes);
	if ((has_two_ways(op) || op->code == OP_BACK) && (ops->facts[op->no].live & LIVE_A))
		join(webs, here, ops->count + op->no);
}

static int find_raw(struct bpf_ops *ops)
{
	uint32_t count = ops->count;
	struct webs webs = {
		.parent = malloc(2 * count * sizeof(*webs.parent)), .size = calloc(2, count), .count = count};
	int status = -1;

	if (webs.parent != NULL && webs.size != NULL) {
		for (uint32_t i = 0; i < 2 * count; i++)
			webs.parent[i] = i;
		set_size(&webs, count, SWAPPED); /* the 0 that A begins with */
		for (uint32_t i = 0; i < count; i++)
			if (ops->facts[i].reached)
				join_webs_of(ops, i, &webs);
		for (uint32_t i = 0; i < count; i++) {
			bool writes = pcapint_op_writes(&ops->ops[i]) & LIVE_A;
			uint8_t size = webs.size[root_of(&webs, writes ? i : count + i)];
			ops->facts[i].raw_a = size != SWAPPED ? size : 0;
		}
		status = 0;
	}
	free(webs.parent);
	free(webs.size);
	return status;
}

int pcapint_find_facts(struct bpf_ops *ops)
{
	ops->facts = calloc(ops->count, sizeof(*ops->facts));
	if (ops->facts == NULL)
		return -1;
	look_back(ops);
	find_ranges(ops);
	return find_raw(ops);
}
