/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which values of a filter are told once, and then called by a letter: those that are long, and those that stand in
 * several tests and are not short. For explaining filters in words.
 */
#include "filter/explain.h"

#define WORTH_IF_REPEATED 3
#define WORTH_ANYWAY 8

struct choice {
	struct letters *letters;
	unsigned *uses;  /* by value number: the tests and values that it is a part of */
	unsigned *parts; /* of its text; 0: not counted yet */
};

/* What has a name stands under it, and its parts are not told. */
static void count_uses(const struct choice *choice, const struct known *known, const struct value *value)
{
	struct named_field field;

	if (value == NULL || value->kind == VALUE_CONST || explain_field(known, value, UINT32_MAX, &field) ||
		choice->uses[value->number]++ > 0 || value->kind == VALUE_CHAIN_END)
		return;
	count_uses(choice, known, value->left);
	count_uses(choice, known, value->right);
	count_uses(choice, known, value->tested);
}

/* Whether it can stand in another one as it is. */
static bool is_short(const struct value *value)
{
	return (value->kind != VALUE_ALU && value->kind != VALUE_SELECT) ||
	       (value->op == BPF_ADD && value->right->kind == VALUE_CONST);
}

/* Chooses among a value and what it is made of; of how many parts its text is then. */
static unsigned choose(const struct choice *choice, const struct value *value)
{
	if (value == NULL || choice->uses[value->number] == 0)
		return 0;
	if (choice->parts[value->number] != 0)
		return choice->parts[value->number];
	unsigned parts = choose(choice, value->left) + choose(choice, value->right) + choose(choice, value->tested);

	parts += value->kind == VALUE_SELECT ? 3 : 1;
	if (!is_short(value) && parts >= (choice->uses[value->number] > 1 ? WORTH_IF_REPEATED : WORTH_ANYWAY)) {
		choice->letters->values[choice->letters->count++] = value;
		parts = 1;
	}
	return choice->parts[value->number] = parts;
}

bool explain_choose_letters(const struct ir *ir, struct block *const *order, const struct known *known,
	size_t count, struct letters *letters)
{
	struct choice choice = {letters, arena_alloc(ir->arena, ir->value_count * sizeof(*choice.uses)),
		arena_alloc(ir->arena, ir->value_count * sizeof(*choice.parts))};

	letters->values = arena_alloc(ir->arena, ir->value_count * sizeof(*letters->values));
	if (choice.uses == NULL || choice.parts == NULL || letters->values == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct block *block = order[i];
		uint32_t mask;
		if (block->kind != BLOCK_TEST)
			continue;
		struct named_field field;
		if (!explain_field(&known[block->number], explain_without_mask(block->value, &mask), mask, &field))
			count_uses(&choice, &known[block->number], block->value);
		count_uses(&choice, &known[block->number], block->operand);
	}
	/* What a value is made of is chosen before it. */
	for (size_t i = 0; i < count; i++) {
		if (order[i]->kind != BLOCK_TEST)
			continue;
		choose(&choice, order[i]->value);
		choose(&choice, order[i]->operand);
	}
	return true;
}
