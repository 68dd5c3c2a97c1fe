/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words that ask for signal units of MTP2 (ITU-T Q.703) and fields of MTP3 (Q.704), in the usual form and in that of
 * high-speed links (Q.703, annex A).
 */
#include "filter/layers.h"

/* The length indicator: 0 in a fill-in unit, 1 or 2 in a link status unit. In high-speed links it has nine bits. */
#define LENGTH 2
#define LENGTH_BITS 0x3f
#define HIGH_SPEED_LENGTH 4
#define HIGH_SPEED_LENGTH_SHIFT 7
#define LENGTH_STATUS_MAX 2

/* Behind it. */
#define SERVICE 3
#define HIGH_SPEED_SERVICE 6

/* Behind the service information: 14 bits of destination, 14 of origin, 4 of link selection, low bits first. */
#define DPC 1
#define OPC 2
#define SLS 4

static const struct value *alu(struct generator *g, uint16_t op, const struct value *left, uint32_t right)
{
	return ir_alu(g->ir, op, left, ir_const(g->ir, right));
}

static struct block *signal_unit(struct generator *g, enum word word, struct place start, struct ways ways)
{
	bool high_speed = word == WORD_MTP2_HFISU || word == WORD_MTP2_HLSSU || word == WORD_MTP2_HMSU;
	const struct value *length =
		high_speed ? alu(g, BPF_RSH, load_at(g, start, HIGH_SPEED_LENGTH, 2), HIGH_SPEED_LENGTH_SHIFT)
			   : alu(g, BPF_AND, load_at(g, start, LENGTH, 1), LENGTH_BITS);

	switch (word) {
	case WORD_MTP2_FISU:
	case WORD_MTP2_HFISU:
		return test(g, TEST_EQ, length, 0, ways);
	case WORD_MTP2_LSSU:
	case WORD_MTP2_HLSSU:
		ways.yes = test(g, TEST_GT, length, LENGTH_STATUS_MAX, turned(ways));
		return test(g, TEST_EQ, length, 0, turned(ways));
	default:
		return test(g, TEST_GT, length, LENGTH_STATUS_MAX, ways);
	}
}

/* A field that begins in the high bits of one byte and goes on in the low bits of the next ones, as a number. */
static const struct value *point_code(struct generator *g, struct place label, bool origin)
{
	const struct value *low, *high;

	if (!origin) {
		low = load_at(g, label, DPC, 1);
		high = alu(g, BPF_LSH, alu(g, BPF_AND, load_at(g, label, DPC + 1, 1), 0x3f), 8);
		return ir_alu(g->ir, BPF_OR, high, low);
	}
	low = alu(g, BPF_RSH, load_at(g, label, OPC, 1), 6);
	low = ir_alu(g->ir, BPF_OR, alu(g, BPF_LSH, load_at(g, label, OPC + 1, 1), 2), low);
	high = alu(g, BPF_LSH, alu(g, BPF_AND, load_at(g, label, OPC + 2, 1), 0xf), 10);
	return ir_alu(g->ir, BPF_OR, high, low);
}

/* The bits of a field where they stand, which is enough to know whether two are the same. */
static struct block *same_bits(
	struct generator *g, struct place label, enum field field, uint32_t value, struct ways ways)
{
	if (field == FIELD_DPC || field == FIELD_HDPC)
		return test_masked(g, load_at(g, label, DPC, 2), 0xff3f, (value & 0xff) << 8 | (value >> 8), ways);
	return test_masked(g, load_at(g, label, DPC, 4), 0x00c0ff0f,
		(value & 0x3) << 22 | (value & 0x3fc) << 6 | (value & 0x3c00) >> 10, ways);
}

static struct block *mtp3_field(struct generator *g, const struct node *node, struct place start, struct ways ways)
{
	struct place label = place_add(start, node->field >= FIELD_HSIO ? HIGH_SPEED_SERVICE : SERVICE);
	const struct value *value;

	switch (node->field) {
	case FIELD_SIO:
	case FIELD_HSIO:
		value = load_at(g, label, 0, 1);
		break;
	case FIELD_SLS:
	case FIELD_HSLS:
		value = alu(g, BPF_RSH, load_at(g, label, SLS, 1), 4);
		break;
	default:
		if (node->comparison == CMP_EQ)
			return same_bits(g, label, node->field, node->value, ways);
		if (node->comparison == CMP_NE)
			return same_bits(g, label, node->field, node->value, turned(ways));
		value = point_code(g, label, node->field == FIELD_OPC || node->field == FIELD_HOPC);
		break;
	}
	return compare(g, value, node->comparison, ir_const(g->ir, node->value), ways);
}

struct block *ss7_word(struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	struct place start = {NULL, g->linktype->ss7};

	if ((g->linktype->has & LINK_SS7) == 0)
		return not_there(g, layout, "signal units of MTP2");
	return node->word == WORD_MTP3_FIELD ? mtp3_field(g, node, start, ways)
					     : signal_unit(g, node->word, start, ways);
}
