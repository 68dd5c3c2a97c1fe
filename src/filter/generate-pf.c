/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words that ask for what a packet filter logged: the header of DLT_PFLOG (OpenBSD's and FreeBSD's net/if_pflog.h).
 */
#include <string.h>

#include "filter/layers.h"

#define NAME_SIZE 16

static const struct pf_field {
	enum word word;
	const char *name;
	uint8_t offset;
	uint8_t size;
} fields[] = {
	{WORD_PF_ACTION, "action", 2, 1},
	{WORD_PF_REASON, "reason", 3, 1},
	{WORD_PF_IFNAME, "ifname", 4, NAME_SIZE},
	{WORD_PF_RULESET, "rset", 20, NAME_SIZE},
	{WORD_PF_RNR, "rnr", 36, 4},
	{WORD_PF_SRNR, "srnr", 40, 4},
};

/* The name and the NUL behind it, if it does not fill the field, from its end: that is where names differ. */
static struct block *name_is(struct generator *g, const char *name, uint32_t offset, struct ways ways)
{
	uint8_t text[NAME_SIZE + 1] = {0};
	size_t length = strlen(name) < NAME_SIZE ? strlen(name) + 1 : NAME_SIZE;

	memcpy(text, name, length);
	for (size_t at = 0; at < length;) {
		int size = length - at >= 4 ? 4 : length - at >= 2 ? 2 : 1;
		uint32_t part = 0;
		for (int i = 0; i < size; i++)
			part = part << 8 | text[at + i];
		ways.yes = test(g, TEST_EQ, ir_load(g->ir, size, NULL, offset + at), part, ways);
		at += size;
	}
	return ways.yes;
}

struct block *pf_word(struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	const struct pf_field *field = fields;

	while (field->word != node->word)
		field++;
	if ((g->linktype->has & LINK_PF) == 0)
		return not_there(g, layout, field->name);
	if (field->size == NAME_SIZE)
		return name_is(g, node->text, field->offset, ways);
	return test(g, TEST_EQ, ir_load(g->ir, field->size, NULL, field->offset), node->value, ways);
}
