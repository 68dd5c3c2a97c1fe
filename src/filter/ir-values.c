/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making values: each is folded and simplified first, then looked up among those that are there, so that every
 * distinct value exists once. This is where constants are folded and common subexpressions found.
 */
#include "filter/ir.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "filter/ir-private.h"

#define FIRST_BUCKETS 64

bool ir_init(struct ir *ir, struct arena *arena)
{
	*ir = (struct ir){
		.arena = arena, .scratch = arena, .value_buckets = FIRST_BUCKETS, .block_buckets = FIRST_BUCKETS};
	ir->values = arena_alloc_raw(arena, (FIRST_BUCKETS + 1) * sizeof(*ir->values));
	ir->value_table = arena_alloc(arena, FIRST_BUCKETS * sizeof(*ir->value_table));
	ir->block_table = arena_alloc(arena, FIRST_BUCKETS * sizeof(*ir->block_table));
	ir->accept = arena_alloc(arena, sizeof(*ir->accept));
	ir->reject = arena_alloc(arena, sizeof(*ir->reject));
	if (arena->failed)
		return false;
	ir->accept->kind = BLOCK_ACCEPT;
	ir->reject->kind = BLOCK_REJECT;
	ir->accept->number = ir->block_count++;
	ir->reject->number = ir->block_count++;
	return true;
}

static size_t hash_value(const struct value *v)
{
	size_t hash = v->kind * 31 + v->size;
	hash = hash * 0x9e3779b1 + v->op;
	hash = hash * 0x9e3779b1 + v->k;
	hash = hash * 0x9e3779b1 + (v->left != NULL ? v->left->number + 1 : 0);
	hash = hash * 0x9e3779b1 + (v->right != NULL ? v->right->number + 1 : 0);
	hash = hash * 0x9e3779b1 + (v->tested != NULL ? v->tested->number + 1 : 0);
	return hash ^ hash >> 15;
}

static bool same_value(const struct value *a, const struct value *b)
{
	return a->kind == b->kind && a->size == b->size && a->op == b->op && a->k == b->k && a->left == b->left &&
	       a->right == b->right && a->tested == b->tested;
}

/* Doubles the table when it holds as many values as buckets. */
static void grow_values(struct ir *ir)
{
	size_t buckets = ir->value_buckets * 2;
	const struct value **table = arena_alloc(ir->arena, buckets * sizeof(*table));
	const struct value **values = arena_alloc_raw(ir->arena, (buckets + 1) * sizeof(*values));
	if (table == NULL || values == NULL)
		return;
	ir->values = memcpy(values, ir->values, ir->value_count * sizeof(*values));
	for (size_t i = 0; i < ir->value_buckets; i++) {
		struct value *v = (struct value *)ir->value_table[i];
		while (v != NULL) {
			struct value *next = (struct value *)v->next_in_bucket;
			size_t bucket = hash_value(v) & (buckets - 1);
			v->next_in_bucket = table[bucket];
			table[bucket] = v;
			v = next;
		}
	}
	ir->value_table = table;
	ir->value_buckets = buckets;
}

static uint32_t largest_of(const struct value *v)
{
	uint32_t left;

	switch (v->kind) {
	case VALUE_CONST:
		return v->k;
	case VALUE_LOAD:
		return v->size == 1 ? 0xff : v->size == 2 ? 0xffff : UINT32_MAX;
	case VALUE_MSH:
		return 60;
	case VALUE_ALU:
		if (v->right == NULL || v->right->kind != VALUE_CONST)
			return UINT32_MAX;
		left = v->left->largest;
		switch (v->op) {
		case BPF_AND:
			return left < v->right->k ? left : v->right->k;
		case BPF_RSH:
			return left >> v->right->k;
		case BPF_DIV:
			return left / v->right->k;
		case BPF_MOD:
			return left < v->right->k - 1 ? left : v->right->k - 1;
		case BPF_LSH:
			return left <= UINT32_MAX >> v->right->k ? left << v->right->k : UINT32_MAX;
		case BPF_ADD:
			return left <= UINT32_MAX - v->right->k ? left + v->right->k : UINT32_MAX;
		default:
			return UINT32_MAX;
		}
	case VALUE_SELECT:
		return v->left->largest > v->right->largest ? v->left->largest : v->right->largest;
	default:
		return UINT32_MAX;
	}
}

static uint32_t bits_of(const struct value *v)
{
	uint32_t bits = v->largest;

	if (v->kind == VALUE_CONST)
		return v->k;
	if (v->kind == VALUE_MSH)
		return 0x3c;
	/* All bits up to the highest that the largest value has. */
	if (bits != 0)
		bits = UINT32_MAX >> __builtin_clz(bits);
	if (v->kind == VALUE_ALU && v->op == BPF_AND && v->right->kind == VALUE_CONST)
		bits &= v->right->k & v->left->bits;
	return bits;
}

static uint32_t cost_of(const struct value *v)
{
	uint32_t cost = 1;

	if (v->kind == VALUE_LOAD && v->left != NULL)
		cost += v->left->cost;
	else if (v->kind == VALUE_SELECT)
		cost = 2 + v->tested->cost + v->left->cost + v->right->cost;
	else if (v->kind == VALUE_ALU)
		cost += v->left->cost +
			(v->right != NULL && v->right->kind != VALUE_CONST ? 1 + v->right->cost : 0);
	return cost < VALUE_MOST_COST ? cost : VALUE_MOST_COST;
}

static uint32_t reach_of(const struct value *v)
{
	const struct value *const parts[] = {v->left, v->right, v->tested};
	uint32_t farthest = 0;

	if (v->kind == VALUE_LOAD)
		return v->left == NULL && v->k < UINT16_MAX ? v->k + v->size : UINT32_MAX;
	if (v->kind == VALUE_MSH)
		return v->k < UINT16_MAX ? v->k + 1 : UINT32_MAX;
	for (int i = 0; i < 3; i++)
		if (parts[i] != NULL && parts[i]->reach > farthest)
			farthest = parts[i]->reach;
	return farthest;
}

static void note_properties(struct value *v)
{
	v->largest = largest_of(v);
	v->bits = bits_of(v);
	v->cost = cost_of(v);
	v->reach = reach_of(v);
	v->indexed = (v->kind == VALUE_LOAD && v->left != NULL) || (v->left != NULL && v->left->indexed) ||
		     (v->right != NULL && v->right->indexed) || (v->tested != NULL && v->tested->indexed);
}

static const struct value *find(const struct ir *ir, const struct value *wanted)
{
	const struct value *v = ir->value_table[hash_value(wanted) & (ir->value_buckets - 1)];

	while (v != NULL && !same_value(v, wanted))
		v = v->next_in_bucket;
	return v;
}

static bool is_behind_chain(const struct value *v)
{
	return v != NULL && v->behind_chain;
}

static const struct value *intern(struct ir *ir, struct value wanted)
{
	size_t bucket = hash_value(&wanted) & (ir->value_buckets - 1);
	const struct value *known = find(ir, &wanted);

	if (known != NULL)
		return known;
	struct value *v = arena_alloc(ir->arena, sizeof(*v));
	if (v == NULL)
		return NULL;
	*v = wanted;
	v->behind_chain = v->kind == VALUE_CHAIN_END || is_behind_chain(v->left) || is_behind_chain(v->right) ||
			  is_behind_chain(v->tested);
	v->number = ir->value_count++;
	note_properties(v);
	ir->values[v->number] = v;
	v->next_in_bucket = ir->value_table[bucket];
	ir->value_table[bucket] = v;
	if (ir->value_count > ir->value_buckets)
		grow_values(ir);
	return v;
}

const struct value *ir_const(struct ir *ir, uint32_t k)
{
	return intern(ir, (struct value){.kind = VALUE_CONST, .k = k});
}

const struct value *ir_len(struct ir *ir)
{
	return intern(ir, (struct value){.kind = VALUE_LEN});
}

const struct value *ir_msh(struct ir *ir, uint32_t k)
{
	return intern(ir, (struct value){.kind = VALUE_MSH, .k = k});
}

const struct value *ir_ancillary(struct ir *ir, uint32_t k)
{
	return intern(ir, (struct value){.kind = VALUE_ANCILLARY, .k = k});
}

/*
 * The index's constant part moves into k. An index that wraps around 2^32 must go on failing, so that only sums that
 * cannot are folded.
 */
const struct value *ir_load(struct ir *ir, int size, const struct value *index, uint32_t k)
{
	if (index != NULL && index->kind == VALUE_CONST && index->k <= UINT32_MAX - k) {
		k += index->k;
		index = NULL;
	} else if (index != NULL && index->kind == VALUE_ALU && index->op == BPF_ADD &&
		   index->right->kind == VALUE_CONST && index->right->k < 0x10000 && k < 0x10000) {
		k += index->right->k;
		index = index->left;
	}
	return intern(ir, (struct value){.kind = VALUE_LOAD, .size = size, .left = index, .k = k});
}

const struct value *ir_load_behind(struct ir *ir, int size, uint32_t index, uint32_t k)
{
	return intern(ir, (struct value){.kind = VALUE_LOAD, .size = size, .left = ir_const(ir, index), .k = k});
}

const struct value *ir_add(struct ir *ir, const struct value *value, uint32_t k)
{
	return ir_alu(ir, BPF_ADD, value, ir_const(ir, k));
}

uint32_t ir_compute(uint16_t op, uint32_t left, uint32_t right)
{
	switch (op) {
	case BPF_ADD:
		return left + right;
	case BPF_SUB:
		return left - right;
	case BPF_MUL:
		return left * right;
	case BPF_DIV:
		return right != 0 ? left / right : 0;
	case BPF_MOD:
		return right != 0 ? left % right : 0;
	case BPF_AND:
		return left & right;
	case BPF_OR:
		return left | right;
	case BPF_XOR:
		return left ^ right;
	case BPF_LSH:
		return right < 32 ? left << right : 0;
	case BPF_RSH:
		return right < 32 ? left >> right : 0;
	default:
		return -left; /* BPF_NEG */
	}
}

#define FOLLOW_DEPTH 4

bool ir_follows(const struct value *value, const struct value *base, uint32_t k, uint32_t *number)
{
	const struct value *steps[FOLLOW_DEPTH];
	int count = 0;

	for (; value != base; value = value->left) {
		if (count == FOLLOW_DEPTH || value->kind != VALUE_ALU || value->right == NULL ||
			value->right->kind != VALUE_CONST)
			return false;
		steps[count++] = value;
	}
	*number = k;
	while (count-- > 0)
		*number = ir_compute(steps[count]->op, *number, steps[count]->right->k);
	return true;
}

static bool commutes(uint16_t op)
{
	return op == BPF_ADD || op == BPF_MUL || op == BPF_AND || op == BPF_OR || op == BPF_XOR;
}

static bool associates(uint16_t op)
{
	return op == BPF_ADD || op == BPF_AND || op == BPF_OR || op == BPF_XOR || op == BPF_MUL;
}

/* What left op k comes to without an operation; NULL if it needs one. */
static const struct value *simplify_const(struct ir *ir, uint16_t op, const struct value *left, uint32_t k)
{
	switch (op) {
	case BPF_ADD:
	case BPF_OR:
	case BPF_XOR:
		return k == 0 ? left : op == BPF_OR && k == UINT32_MAX ? ir_const(ir, k) : NULL;
	case BPF_AND:
		if ((left->bits & k) == 0)
			return ir_const(ir, 0);
		return (left->bits & ~k) == 0 ? left : NULL;
	case BPF_MUL:
		return k == 0 ? ir_const(ir, 0) : k == 1 ? left : NULL;
	case BPF_DIV:
		return k == 1 ? left : NULL;
	case BPF_MOD:
		return k == 1 ? ir_const(ir, 0) : NULL;
	case BPF_LSH:
	case BPF_RSH:
		return k == 0 ? left : k >= 32 ? ir_const(ir, 0) : NULL;
	default:
		return NULL;
	}
}

/* left op k, where left is a value and k a constant. */
static const struct value *alu_const(struct ir *ir, uint16_t op, const struct value *left, uint32_t k)
{
	if (left->kind == VALUE_CONST)
		return ir_const(ir, ir_compute(op, left->k, k));
	if (op == BPF_SUB) {
		op = BPF_ADD;
		k = -k;
	}
	/* (x op a) op b is x op (a op b). */
	if (associates(op) && left->kind == VALUE_ALU && left->op == op && left->right->kind == VALUE_CONST)
		return alu_const(ir, op, left->left, ir_compute(op, left->right->k, k));
	const struct value *simple = simplify_const(ir, op, left, k);
	if (simple != NULL)
		return simple;
	return intern(ir, (struct value){.kind = VALUE_ALU, .op = op, .left = left, .right = ir_const(ir, k)});
}

const struct value *ir_alu(struct ir *ir, uint16_t op, const struct value *left, const struct value *right)
{
	if (left == NULL || (right == NULL && op != BPF_NEG))
		return NULL;
	if (op == BPF_NEG) {
		if (left->kind == VALUE_CONST)
			return ir_const(ir, -left->k);
		return intern(ir, (struct value){.kind = VALUE_ALU, .op = op, .left = left});
	}
	/* A constant, or otherwise the older value, stands right of an operation that commutes. */
	if (commutes(op) &&
		(left->kind == VALUE_CONST || (right->kind != VALUE_CONST && left->number < right->number))) {
		const struct value *swap = left;
		left = right;
		right = swap;
	}
	if (right->kind == VALUE_CONST && !((op == BPF_DIV || op == BPF_MOD) && right->k == 0))
		return alu_const(ir, op, left, right->k);
	if (left == right && (op == BPF_SUB || op == BPF_XOR))
		return ir_const(ir, 0);
	if (left == right && (op == BPF_AND || op == BPF_OR))
		return left;
	return intern(ir, (struct value){.kind = VALUE_ALU, .op = op, .left = left, .right = right});
}

const struct value *ir_select(struct ir *ir, enum test_op op, const struct value *tested, uint32_t k,
	const struct value *left, const struct value *right)
{
	if (tested == NULL || left == NULL || right == NULL)
		return NULL;
	if (left == right)
		return left;
	if (tested->kind == VALUE_CONST)
		return ir_outcome(op, tested->k, k) ? left : right;
	return intern(ir,
		(struct value){
			.kind = VALUE_SELECT, .op = op, .k = k, .left = left, .right = right, .tested = tested});
}

static struct value chain_end(const struct value *index, uint32_t k, enum ip_version version, uint8_t protocol)
{
	return (struct value){.kind = VALUE_CHAIN_END, .size = version, .op = protocol, .left = index, .k = k};
}

const struct value *ir_chain_end(
	struct ir *ir, const struct value *index, uint32_t k, enum ip_version version, uint8_t protocol)
{
	return intern(ir, chain_end(index, k, version, protocol));
}

const struct value *ir_known_chain_end(
	const struct ir *ir, const struct value *index, uint32_t k, enum ip_version version, uint8_t protocol)
{
	const struct value wanted = chain_end(index, k, version, protocol);

	return find(ir, &wanted);
}
