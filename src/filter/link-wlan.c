/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 802.11: where its header starts behind the radio headers, how long it is, which of its four addresses is whose.
 */
#include <pcap.h>

#include "filter/link.h"

/* The frame control field's first byte: type and subtype (IEEE 802.11-2020, 9.2.4.1). */
#define FC_TYPE 0x0c
#define FC_MANAGEMENT 0x00
#define FC_CONTROL 0x04
#define FC_DATA 0x08
#define FC_QOS 0x80
#define FC_TYPE_SUBTYPE 0xfc
#define FC_CTS 0xc4
#define FC_ACK 0xd4
/* Its second byte. */
#define FC_TO_DS 0x01
#define FC_FROM_DS 0x02

#define ADDRESS_1 4
#define ADDRESS_2 10
#define ADDRESS_3 16
#define ADDRESS_4 24

#define WLAN_HEADER 24
#define WLAN_QOS 2

#define GROUP_BIT 0x01

static const struct value *frame_control(struct generator *g, const struct layout *layout, uint32_t byte)
{
	return load_at(g, layout->link, byte, 1);
}

static struct block *is_type(struct generator *g, const struct layout *layout, uint32_t type, struct ways ways)
{
	return test_masked(g, frame_control(g, layout, 0), FC_TYPE, type, ways);
}

/* Bit by bit, so that the byte stays at hand for what is asked of it next. */
static struct block *is_data(struct generator *g, const struct layout *layout, struct ways ways)
{
	ways.yes = test(g, TEST_SET, frame_control(g, layout, 0), FC_DATA, ways);
	return test(g, TEST_SET, frame_control(g, layout, 0), FC_CONTROL, ways_to(ways.no, ways.yes));
}

struct block *tell_wlan(struct generator *g, const struct layout *layout, uint32_t protocol, struct ways ways)
{
	ways.yes = tell_llc(g, layout, protocol, ways);
	return is_data(g, layout, ways);
}

struct block *llc_in_wlan(struct generator *g, const struct layout *layout, struct ways ways)
{
	return is_data(g, layout, ways);
}

/* ---- Headers ---- */

/* The payload of a data frame, which is all that is asked for; QoS frames have a field more, and what pads it. */
static void place_payload(struct generator *g, struct layout *layout, const struct value *padding)
{
	const struct value *more = ir_const(g->ir, WLAN_QOS);
	struct place payload = place_add(layout->link, WLAN_HEADER);

	if (padding != NULL)
		more = ir_alu(g->ir, BPF_ADD, padding, more);
	more = ir_select(g->ir, TEST_SET, frame_control(g, layout, 0), FC_QOS, more, ir_const(g->ir, 0));
	layout->payload = place_move(g, payload, more);
	layout->type = place_add(layout->payload, layout->linktype->type);
}

void start_wlan(struct generator *g, struct layout *layout)
{
	place_payload(g, layout, NULL);
}

/* A length of two bytes, the low one first. */
static const struct value *little_endian_16(struct generator *g, uint32_t offset)
{
	const struct value *high = ir_load(g->ir, 1, NULL, offset + 1);

	high = ir_alu(g->ir, BPF_LSH, high, ir_const(g->ir, 8));
	return ir_alu(g->ir, BPF_OR, high, ir_load(g->ir, 1, NULL, offset));
}

/*
 * Radiotap (radiotap.org): a header length, then words of bits that tell which fields follow. The flags field can say
 * that the 802.11 header is padded to a multiple of four bytes; it follows the time stamp, if there is one. Where
 * there is more than one word of bits, it is not looked for.
 */
#define RADIOTAP_LENGTH 2
#define RADIOTAP_PRESENT 4
#define RADIOTAP_FIELDS 8
#define RADIOTAP_TIME 8
/* Of the little-endian word, as a big-endian load has them. */
#define PRESENT_TIME 0x01000000
#define PRESENT_FLAGS 0x02000000
#define PRESENT_MORE 0x00000080
#define FLAG_PADDING 0x20
#define FLAG_PADDING_SHIFT 4

void start_radiotap(struct generator *g, struct layout *layout)
{
	struct ir *ir = g->ir;
	const struct value *present = ir_load(ir, 4, NULL, RADIOTAP_PRESENT);
	const struct value *flags = ir_select(ir, TEST_SET, present, PRESENT_TIME,
		ir_load(ir, 1, NULL, RADIOTAP_FIELDS + RADIOTAP_TIME), ir_load(ir, 1, NULL, RADIOTAP_FIELDS));
	const struct value *bits = ir_alu(ir, BPF_AND, present, ir_const(ir, PRESENT_FLAGS | PRESENT_MORE));
	const struct value *padding = ir_alu(ir, BPF_RSH, ir_alu(ir, BPF_AND, flags, ir_const(ir, FLAG_PADDING)),
		ir_const(ir, FLAG_PADDING_SHIFT));

	layout->link = (struct place){little_endian_16(g, RADIOTAP_LENGTH), 0};
	place_payload(g, layout, ir_select(ir, TEST_EQ, bits, PRESENT_FLAGS, padding, ir_const(ir, 0)));
}

/* AVS headers begin with a cookie, and have their length in the next word. Drivers of Prism cards gave either. */
#define AVS_COOKIE 0x80211
#define AVS_COOKIE_SHIFT 12
#define AVS_LENGTH 4
#define PRISM_HEADER 144

void start_avs(struct generator *g, struct layout *layout)
{
	layout->link = (struct place){ir_load(g->ir, 4, NULL, AVS_LENGTH), 0};
	place_payload(g, layout, NULL);
}

void start_prism(struct generator *g, struct layout *layout)
{
	const struct value *cookie =
		ir_alu(g->ir, BPF_RSH, ir_load(g->ir, 4, NULL, 0), ir_const(g->ir, AVS_COOKIE_SHIFT));

	layout->link = (struct place){ir_select(g->ir, TEST_EQ, cookie, AVS_COOKIE,
					      ir_load(g->ir, 4, NULL, AVS_LENGTH), ir_const(g->ir, PRISM_HEADER)),
		0};
	place_payload(g, layout, NULL);
}

/* PPI (CACE Technologies): the length of all its headers, then the link type of what follows, little-endian. */
#define PPI_LENGTH 2
#define PPI_LINKTYPE 4

void start_ppi(struct generator *g, struct layout *layout)
{
	layout->link = (struct place){little_endian_16(g, PPI_LENGTH), 0};
	place_payload(g, layout, NULL);
}

struct block *is_ppi_wlan(struct generator *g, const struct layout *layout, struct ways ways)
{
	(void)layout;
	return test(g, TEST_EQ, ir_load(g->ir, 4, NULL, PPI_LINKTYPE), __builtin_bswap32(DLT_IEEE802_11), ways);
}

/* ---- Addresses ---- */

/* What is asked of an address: that it is in a set (target), or of a group (NULL). */
static struct block *address(struct generator *g, const struct layout *layout, const struct target *target,
	uint32_t offset, struct ways ways)
{
	if (target == NULL)
		return test(g, TEST_SET, load_at(g, layout->link, offset, 1), GROUP_BIT, ways);
	return mac_in(g, target, place_add(layout->link, offset), ways);
}

/* Data frames that come from an access point have the source in the third address, or in the fourth. */
static struct block *source(
	struct generator *g, const struct layout *layout, const struct target *target, struct ways ways)
{
	const struct value *ds = frame_control(g, layout, 1);
	struct block *second = address(g, layout, target, ADDRESS_2, ways);
	struct block *data = test(g, TEST_SET, ds, FC_TO_DS,
		ways_to(address(g, layout, target, ADDRESS_4, ways), address(g, layout, target, ADDRESS_3, ways)));

	data = test(g, TEST_SET, ds, FC_FROM_DS, ways_to(data, second));
	data = test(g, TEST_SET, frame_control(g, layout, 0), FC_DATA, ways_to(data, second));
	return test(g, TEST_SET, frame_control(g, layout, 0), FC_CONTROL, ways_to(ways.no, data));
}

/* Data frames that go to an access point have the destination in the third address. */
static struct block *destination(
	struct generator *g, const struct layout *layout, const struct target *target, struct ways ways)
{
	struct block *first = address(g, layout, target, ADDRESS_1, ways);
	struct block *data = test(g, TEST_SET, frame_control(g, layout, 1), FC_TO_DS,
		ways_to(address(g, layout, target, ADDRESS_3, ways), first));

	data = test(g, TEST_SET, frame_control(g, layout, 0), FC_DATA, ways_to(data, first));
	return test(g, TEST_SET, frame_control(g, layout, 0), FC_CONTROL, ways_to(ways.no, data));
}

/* All frames but CTS and ACK have a second address. */
static struct block *second_address(
	struct generator *g, const struct layout *layout, const struct target *target, struct ways ways)
{
	const struct value *type = frame_control(g, layout, 0);

	ways.yes = address(g, layout, target, ADDRESS_2, ways);
	ways.yes = test_masked(g, type, FC_TYPE_SUBTYPE, FC_ACK, turned(ways));
	return test_masked(g, type, FC_TYPE_SUBTYPE, FC_CTS, turned(ways));
}

struct block *wlan_addresses(
	struct generator *g, const struct target *target, const struct layout *layout, struct ways ways)
{
	switch (target->direction) {
	case DIR_SRC:
		return source(g, layout, target, ways);
	case DIR_DST:
		return destination(g, layout, target, ways);
	case DIR_SRC_AND_DST:
		ways.yes = destination(g, layout, target, ways);
		return source(g, layout, target, ways);
	case DIR_RA:
		ways.yes = address(g, layout, target, ADDRESS_1, ways);
		return is_type(g, layout, FC_MANAGEMENT, turned(ways));
	case DIR_TA:
		ways.yes = second_address(g, layout, target, ways);
		return is_type(g, layout, FC_MANAGEMENT, turned(ways));
	case DIR_ADDR1:
		return address(g, layout, target, ADDRESS_1, ways);
	case DIR_ADDR2:
		return second_address(g, layout, target, ways);
	case DIR_ADDR3:
		ways.yes = address(g, layout, target, ADDRESS_3, ways);
		return is_type(g, layout, FC_CONTROL, turned(ways));
	case DIR_ADDR4:
		ways.yes = address(g, layout, target, ADDRESS_4, ways);
		return test_masked(
			g, frame_control(g, layout, 1), FC_TO_DS | FC_FROM_DS, FC_TO_DS | FC_FROM_DS, ways);
	default:
		ways.no = destination(g, layout, target, ways);
		return source(g, layout, target, ways);
	}
}

struct block *wlan_multicast(struct generator *g, const struct layout *layout, struct ways ways)
{
	return destination(g, layout, NULL, ways);
}

/* ---- Words ---- */

struct block *wlan_word(struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	bool direction = node->word == WORD_WLAN_DIR;
	const struct value *control = frame_control(g, layout, direction ? 1 : 0);

	if ((layout->linktype->has & LINK_WLAN) == 0)
		return not_there(g, layout, direction ? "dir" : "type");
	struct block *in =
		test_masked(g, control, direction ? FC_TO_DS | FC_FROM_DS : node->mask, node->value, ways);
	return behind_guard(g, layout, in, ways.no);
}
