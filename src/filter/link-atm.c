/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SunATM: what a packet is of stands in a header of four bytes; LAN emulation carries Ethernet, all else LLC.
 */
#include "filter/link.h"

/* The low bits of the header's first byte tell what follows it (SunATM's atm.h). */
#define SUNATM_TYPE 0x0f
#define SUNATM_LLC 2

/*
 * Where an LE client's number would stand, LE control frames have this, and no Ethernet header (ATM Forum, LAN
 * Emulation).
 */
#define LANE_CONTROL 0xff00
#define LANE_CLIENT 2

static struct block *is_llc(struct generator *g, struct ways ways)
{
	return test_masked(g, ir_load(g->ir, 1, NULL, 0), SUNATM_TYPE, SUNATM_LLC, ways);
}

struct block *tell_sunatm(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	ways.yes = tell_llc(g, layout, protocol, ways);
	return is_llc(g, ways);
}

struct block *llc_in_sunatm(struct generator *g, const struct layout *layout, struct ways ways)
{
	(void)layout;
	return is_llc(g, ways);
}

struct block *is_lane_data(struct generator *g, const struct layout *layout, struct ways ways)
{
	struct place client = layout->link;

	client.constant -= LANE_CLIENT;
	return test(g, TEST_EQ, load_at(g, client, 0, 2), LANE_CONTROL, turned(ways));
}
