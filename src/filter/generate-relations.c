/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Relations: arithmetic over bytes of the packet, and the tests that the packet has the protocols whose bytes are
 * read.
 */
#include <netinet/in.h>

#include "filter/layers.h"
#include "filter/proto-rows.h"

/* The protocols whose bytes a relation reads, each once, in the order of reading. */
struct accesses {
	enum protocol protocols[PROTO_RADIO + 1];
	size_t count;
};

static void remember(struct accesses *accesses, enum protocol protocol)
{
	for (size_t i = 0; i < accesses->count; i++)
		if (accesses->protocols[i] == protocol)
			return;
	accesses->protocols[accesses->count++] = protocol;
}

static bool is_transport(const struct proto_row *row)
{
	return row->base == BASE_TRANSPORT || row->base == BASE_IPV4_PAYLOAD || row->base == BASE_IPV6_PAYLOAD;
}

/* Where the bytes of a protocol start. */
static bool base_of(struct generator *g, const struct layout *layout, enum protocol protocol, struct place *place)
{
	const struct chain *chain = &layout->chain;

	*place = network_place(layout);
	if (chain->asked && is_transport(&proto_rows[protocol]) &&
		chain->protocol == proto_rows[protocol].numbers[0]) {
		*place = chain_end(g, layout);
		return true;
	}
	switch (proto_rows[protocol].base) {
	case BASE_NETWORK:
		return true;
	case BASE_LINK:
		*place = layout->link;
		return true;
	case BASE_RADIO:
		*place = (struct place){NULL, 0};
		if ((g->linktype->has & LINK_RADIO) != 0)
			return true;
		not_there(g, layout, "radio");
		return false;
	case BASE_TRANSPORT:
		if (layout->asserted != ASSERTED_IPV6) {
			*place = ipv4_payload(g, layout);
			return true;
		}
		*place = place_add(*place, IPV6_HEADER);
		return true;
	case BASE_IPV6_PAYLOAD:
		*place = place_add(*place, IPV6_HEADER);
		return true;
	case BASE_IPV4_PAYLOAD:
		*place = ipv4_payload(g, layout);
		return true;
	default:
		fail(g, "the bytes of '%s' cannot be asked for: count from the header that it follows, as in ip[9]",
			proto_rows[protocol].name);
		return false;
	}
}

static const struct value *value_of(
	struct generator *g, const struct arith *arith, const struct layout *layout, struct accesses *accesses);

static const struct value *bytes_of(
	struct generator *g, const struct arith *arith, const struct layout *layout, struct accesses *accesses)
{
	const struct value *index = value_of(g, arith->left, layout, accesses);
	struct place place;

	g->span = arith->span;
	if (index == NULL || !base_of(g, layout, arith->protocol, &place))
		return NULL;
	remember(accesses, arith->protocol);
	if (place.variable != NULL)
		index = ir_alu(g->ir, BPF_ADD, index, place.variable);
	return index != NULL ? ir_load(g->ir, arith->size, index, place.constant) : NULL;
}

static bool reads_packet(const struct arith *arith)
{
	if (arith == NULL)
		return false;
	return arith->kind == ARITH_LOAD || arith->kind == ARITH_LEN || reads_packet(arith->left) ||
	       reads_packet(arith->right);
}

/* No packet is so long, and the offset is none that the kernel gives another meaning. */
#define BEYOND_ALL_PACKETS 0x7fffffff

/*
 * The right operand of an operation that cannot be done with the constant it turned out to be, as in "% (len ^ len)":
 * what that does to the packet at run time.
 */
static const struct value *impossible(struct generator *g, const struct arith *arith, const struct value *right)
{
	bool divides = arith->op == BPF_DIV || arith->op == BPF_MOD;

	if (reads_packet(arith->right))
		return divides ? ir_load(g->ir, 1, ir_const(g->ir, 0), BEYOND_ALL_PACKETS)
			       : ir_const(g->ir, right->k % 32);
	if (divides)
		fail(g, "division by zero");
	else
		fail(g, "a shift by %u bits: a number has 32, and can be shifted by up to 31", right->k);
	return NULL;
}

static const struct value *operation(
	struct generator *g, const struct arith *arith, const struct layout *layout, struct accesses *accesses)
{
	const struct value *left = value_of(g, arith->left, layout, accesses);
	const struct value *right = left != NULL ? value_of(g, arith->right, layout, accesses) : NULL;

	if (right == NULL)
		return NULL;
	g->span = arith->right->span;
	if (right->kind == VALUE_CONST &&
		((right->k == 0 && (arith->op == BPF_DIV || arith->op == BPF_MOD)) ||
			(right->k > 31 && (arith->op == BPF_LSH || arith->op == BPF_RSH))))
		right = impossible(g, arith, right);
	return ir_alu(g->ir, arith->op, left, right);
}

static const struct value *value_of(
	struct generator *g, const struct arith *arith, const struct layout *layout, struct accesses *accesses)
{
	switch (arith->kind) {
	case ARITH_NUMBER:
		return ir_const(g->ir, arith->number);
	case ARITH_LEN:
		return ir_len(g->ir);
	case ARITH_LOAD:
		return bytes_of(g, arith, layout, accesses);
	case ARITH_NEGATE:
		return ir_alu(g->ir, BPF_NEG, value_of(g, arith->left, layout, accesses), NULL);
	default:
		return operation(g, arith, layout, accesses);
	}
}

/* Whether the packet has the bytes that are read: it has the protocol, and they are not in another fragment. */
static struct block *has_protocol(
	struct generator *g, const struct layout *layout, enum protocol protocol, struct ways ways)
{
	const struct proto_row *row = &proto_rows[protocol];
	struct place network = network_place(layout);

	if (layout->chain.asked && is_transport(row)) {
		if (layout->chain.protocol != row->numbers[0])
			return ways.no;
		ways.yes = chain_has_header(g, layout, ways);
		return chain_carried_by(g, row->carrier, layout, ways);
	}
	switch (row->base) {
	case BASE_NETWORK:
		return link_protocol(g, layout, row->numbers[0], ways);
	case BASE_TRANSPORT:
		if (layout->asserted != ASSERTED_IPV6)
			break;
		/* fall through */
	case BASE_IPV6_PAYLOAD:
		ways.yes = test(g, TEST_EQ, load_at(g, network, IPV6_NEXT_HEADER, 1), row->numbers[0], ways);
		return link_protocol(g, layout, LINK_PROTO_IPV6, ways);
	case BASE_IPV4_PAYLOAD:
		break;
	case BASE_LINK:
		return behind_guard(g, layout, ways.yes, ways.no);
	default:
		return ways.yes;
	}
	ways.yes = not_fragment(g, layout, ways);
	ways.yes = test(g, TEST_EQ, load_at(g, network, IP_PROTOCOL, 1), row->numbers[0], ways);
	return link_protocol(g, layout, LINK_PROTO_IP, ways);
}

struct block *compare(struct generator *g, const struct value *left, enum comparison comparison,
	const struct value *right, struct ways ways)
{
	switch (comparison) {
	case CMP_EQ:
		return ir_test(g->ir, TEST_EQ, left, right, ways.yes, ways.no);
	case CMP_NE:
		return ir_test(g->ir, TEST_EQ, left, right, ways.no, ways.yes);
	case CMP_GT:
		return ir_test(g->ir, TEST_GT, left, right, ways.yes, ways.no);
	case CMP_GE:
		return ir_test(g->ir, TEST_GE, left, right, ways.yes, ways.no);
	case CMP_LT:
		return ir_test(g->ir, TEST_GE, left, right, ways.no, ways.yes);
	case CMP_LE:
		return ir_test(g->ir, TEST_GT, left, right, ways.no, ways.yes);
	case CMP_AND:
		return ir_test(g->ir, TEST_SET, left, right, ways.yes, ways.no);
	case CMP_OR:
		return test(g, TEST_EQ, ir_alu(g->ir, BPF_OR, left, right), 0, turned(ways));
	}
	return NULL;
}

struct block *generate_relation(
	struct generator *g, const struct node *node, const struct layout *layout, struct ways ways)
{
	struct accesses accesses = {.count = 0};
	const struct value *left = value_of(g, node->left, layout, &accesses);
	const struct value *right = left != NULL ? value_of(g, node->right, layout, &accesses) : NULL;

	if (right == NULL)
		return NULL;
	ways.yes = compare(g, left, node->comparison, right, ways);
	for (size_t i = accesses.count; i-- > 0 && ways.yes != NULL;) {
		g->span = node->span;
		ways.yes = has_protocol(g, layout, accesses.protocols[i], ways);
	}
	return ways.yes;
}
