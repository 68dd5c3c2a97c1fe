/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words that ask for ATM's virtual paths and channels, and what goes over those that have a purpose of their own.
 */
#include "filter/layers.h"

/* SunATM's header: four bits of flags, four of what the packet is, the path, the channel. */
#define SUNATM_TYPE 0x0f
#define SUNATM_LANE 1
#define SUNATM_VPI 1
#define SUNATM_VCI 2

/* Where the type of a signalling message stands (ITU-T Q.2931): behind discriminator and call reference. */
#define MESSAGE_TYPE 9

#define CHANNELS 2
#define MESSAGES 6

static const struct circuit {
	enum word word;
	uint8_t channels[CHANNELS]; /* of path 0 */
	uint8_t messages[MESSAGES]; /* one of these types; 0: any */
} circuits[] = {
	{WORD_ATM_METAC, {1}, {0}},
	{WORD_ATM_BCC, {2}, {0}},
	{WORD_ATM_OAMF4SC, {3}, {0}},
	{WORD_ATM_OAMF4EC, {4}, {0}},
	{WORD_ATM_OAMF4, {3, 4}, {0}},
	{WORD_ATM_OAM, {3, 4}, {0}},
	{WORD_ATM_SC, {5}, {0}},
	{WORD_ATM_ILMIC, {16}, {0}},
	/* Setup, call proceeding, connect, connect acknowledge, release, release done */
	{WORD_ATM_CONNECTMSG, {5}, {0x05, 0x02, 0x07, 0x0f, 0x4d, 0x5a}},
	{WORD_ATM_METACONNECT, {1}, {0x05, 0x02, 0x07, 0x4d, 0x5a}},
};

static const struct value *field(struct generator *g, uint32_t offset, int size)
{
	return ir_load(g->ir, size, NULL, offset);
}

static struct block *one_of(
	struct generator *g, const struct value *value, const uint8_t *numbers, size_t count, struct ways ways)
{
	while (count-- > 0)
		if (numbers[count] != 0)
			ways.no = test(g, TEST_EQ, value, numbers[count], ways);
	return ways.no;
}

static struct block *on_circuit(struct generator *g, const struct circuit *circuit, struct ways ways)
{
	if (circuit->messages[0] != 0)
		ways.yes = one_of(g, field(g, MESSAGE_TYPE, 1), circuit->messages, MESSAGES, ways);
	ways.yes = one_of(g, field(g, SUNATM_VCI, 2), circuit->channels, CHANNELS, ways);
	return test(g, TEST_EQ, field(g, SUNATM_VPI, 1), 0, ways);
}

struct block *atm_word(struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	const struct circuit *circuit = circuits;

	if ((g->linktype->has & LINK_ATM) == 0)
		return not_there(g, layout, "ATM circuits");
	if (node->word == WORD_ATM_LANE)
		return test_masked(g, field(g, 0, 1), SUNATM_TYPE, SUNATM_LANE, ways);
	if (node->word == WORD_ATM_FIELD)
		return compare(g, node->field == FIELD_VPI ? field(g, SUNATM_VPI, 1) : field(g, SUNATM_VCI, 2),
			node->comparison, ir_const(g->ir, node->value), ways);
	while (circuit->word != node->word)
		circuit++;
	return on_circuit(g, circuit, ways);
}
