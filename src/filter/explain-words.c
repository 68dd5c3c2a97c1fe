/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A filter's tests in words, in the order in which a packet meets them, with the fields by their names. What a field
 * is called can depend on what other tests have told, so these are followed along the graph. For `weir filter`.
 */

#include <arpa/inet.h>
#include <netinet/in.h>

#include <pcap/sll.h>

#include "filter/explain.h"
#include "filter/generate.h"
#include "filter/ir-private.h"
#include "filter/link.h"
#include "filter/tree.h"

#define VLAN_TAG 4
#define MPLS_LABEL 4
#define PPP_PROTOCOL 2

struct words {
	FILE *out;
	struct block **order;
	size_t count;
	struct known *known; /* by block number */
	size_t *line;        /* the same */
};

/* ---- What is known ---- */

static bool has_ports(int transport)
{
	return transport == IPPROTO_TCP || transport == IPPROTO_UDP || transport == IPPROTO_SCTP ||
	       transport == TRANSPORT_WITH_PORTS;
}

static bool same_place(struct place a, struct place b)
{
	return a.variable == b.variable && a.constant == b.constant;
}

/* What is known on one more way to a block: what all ways have in common. */
static void meet(struct known *known, const struct known *other)
{
	if (!known->reached) {
		*known = *other;
		known->reached = true;
		return;
	}
	if (known->protocol != other->protocol)
		known->protocol = 0;
	known->llc = known->llc && other->llc;
	if (known->tunnel != other->tunnel)
		known->tunnel = 0;
	if (known->transport != other->transport)
		known->transport = has_ports(known->transport) && has_ports(other->transport) ? TRANSPORT_WITH_PORTS
											      : TRANSPORT_UNKNOWN;
	if (!same_place(known->type, other->type) || !same_place(known->network, other->network) ||
		known->ppp != other->ppp)
		known->placed = false;
}

static void learn_type(struct known *known, enum field_format format, uint32_t number)
{
	uint32_t protocol = explain_protocol(format, number);

	if (protocol == LINK_PROTO_VLAN || protocol == LINK_PROTO_QINQ || protocol == LINK_PROTO_VLAN_9100) {
		known->type.constant += VLAN_TAG;
		known->network.constant += VLAN_TAG;
	} else if (protocol == LINK_PROTO_PPPOES) {
		known->type = place_add(known->network, PPPOE_HEADER);
		known->network = place_add(known->type, PPP_PROTOCOL);
		known->ppp = true;
	} else {
		known->protocol = protocol;
		known->llc |= known->first->tell == tell_cooked && number == LINUX_SLL_P_802_2;
	}
}

/* What it tells that a value is a number. */
static void learn(struct known *known, const struct value *value, uint32_t number)
{
	struct named_field field;
	uint32_t mask = UINT32_MAX;

	if (value->kind == VALUE_ALU && value->op == BPF_AND && value->right->kind == VALUE_CONST) {
		mask = value->right->k;
		value = value->left;
	}
	if (!explain_field(known, value, mask, &field))
		return;
	if (field.is_type)
		learn_type(known, field.format, number);
	else if (field.is_transport)
		known->transport = (int)number;
	else if (field.is_llc)
		known->protocol = number == (LINK_PROTO_ISO << 8 | LINK_PROTO_ISO) ? LINK_PROTO_ISO : 0;
	else if (field.is_port)
		known->tunnel = number == GENEVE_PORT || number == VXLAN_PORT ? number : 0;
	else if (mask == 0xf0 && same_place((struct place){value->left, value->k}, known->network))
		known->protocol = number == 0x40 ? LINK_PROTO_IP : number == 0x60 ? LINK_PROTO_IPV6 : 0;
}

/* The last of the MPLS labels: what follows it tells itself what it is. Behind another one stands the next. */
static void learn_bottom(struct known *known, struct known *otherwise, const struct block *block)
{
	struct named_field field;

	if (!explain_field(known, block->value, block->operand->k, &field) || !field.is_bottom)
		return;
	known->network.constant += MPLS_LABEL;
	known->protocol = 0;
	otherwise->network.constant += MPLS_LABEL;
}

/* Up to a limit, the type of an Ethernet header is the length of what follows, which begins with an LLC header. */
static void learn_length(struct known *known, const struct block *block)
{
	struct named_field field;

	if (block->operand->k == LINK_PROTO_LENGTH_MAX && explain_field(known, block->value, UINT32_MAX, &field) &&
		field.is_type)
		known->llc = field.format == FORMAT_TYPE;
}

static void follow(struct words *words, const struct block *block)
{
	struct known yes = words->known[block->number], no = yes;

	if (block->kind == BLOCK_TEST && block->operand->kind == VALUE_CONST && block->op == TEST_EQ)
		learn(&yes, block->value, block->operand->k);
	if (block->kind == BLOCK_TEST && block->operand->kind == VALUE_CONST && block->op == TEST_SET)
		learn_bottom(&yes, &no, block);
	if (block->kind == BLOCK_TEST && block->operand->kind == VALUE_CONST && block->op == TEST_GT)
		learn_length(&no, block);
	meet(&words->known[block->yes->number], &yes);
	meet(&words->known[block->no->number], &no);
}

/* ---- Words ---- */

static void put_ipv4(FILE *out, uint32_t address)
{
	fprintf(out, "%u.%u.%u.%u", address >> 24, address >> 16 & 0xff, address >> 8 & 0xff, address & 0xff);
}

static void put_tcp_flags(FILE *out, uint32_t flags, const char *between)
{
	static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
	const char *before = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((flags & 1u << i) == 0)
			continue;
		fprintf(out, "%s%s", before, names[i]);
		before = between;
	}
}

/* size bytes, as addresses of the link layer and of IPv6 are written. */
static void put_bytes(FILE *out, uint32_t number, int size)
{
	for (int i = size; i-- > 0;)
		fprintf(out, "%02x%s", number >> (8 * i) & 0xff, i > 0 ? ":" : "");
}

static void put_characters(FILE *out, uint32_t number, int size)
{
	fputc('"', out);
	for (int i = size; i-- > 0;) {
		uint8_t c = (uint8_t)(number >> (8 * i));
		fprintf(out, c == 0 ? "\\0" : c >= ' ' && c <= '~' ? "%c" : "\\x%02x", c);
	}
	fputc('"', out);
}

static void put_named(FILE *out, const struct named_field *field, uint32_t number, const char *name)
{
	switch (field->format) {
	case FORMAT_PROTOCOL:
		fprintf(out, "%s (%u)", name, number);
		break;
	case FORMAT_FAMILY:
		fprintf(out, "%s (%u)", name, number > 0xffff ? htonl(number) : number);
		break;
	case FORMAT_WLAN_TYPE:
	case FORMAT_WLAN_SUBTYPE:
	case FORMAT_WLAN_DIRECTION:
	case FORMAT_PF_ACTION:
	case FORMAT_PF_REASON:
		fputs(name, out);
		break;
	default:
		fprintf(out, "%s (%#x)", name, number);
		break;
	}
}

static void put_number(FILE *out, const struct named_field *field, uint32_t number)
{
	const char *name = explain_name(field->format, number);

	if (name != NULL) {
		put_named(out, field, number, name);
		return;
	}
	switch (field->format) {
	case FORMAT_NUMBER:
	case FORMAT_PROTOCOL:
		fprintf(out, "%u", number);
		break;
	case FORMAT_UPPER:
		fprintf(out, "%u", number >> 4);
		break;
	case FORMAT_IPV4:
		put_ipv4(out, number);
		break;
	case FORMAT_MAC:
		put_bytes(out, number, field->last - field->first + 1);
		break;
	case FORMAT_IPV6:
		fprintf(out, "%x:%x", number >> 16, number & 0xffff);
		break;
	case FORMAT_TEXT:
		put_characters(out, number, field->last - field->first + 1);
		break;
	default:
		fprintf(out, number < 10 ? "%u" : "%#x", number);
		break;
	}
	if (field->format == FORMAT_TCP_FLAGS && number != 0) {
		fputs(" (", out);
		put_tcp_flags(out, number, " and ");
		fputs(")", out);
	}
}

static void put_field(FILE *out, const struct named_field *field)
{
	if (field->first == 0 && field->last + 1 == field->size)
		fputs(field->name, out);
	else if (field->first == field->last)
		fprintf(out, "byte %u of %s", field->first, field->name);
	else
		fprintf(out, "bytes %u to %u of %s", field->first, field->last, field->name);
}

static void put_value(FILE *out, const struct known *known, const struct value *value);
static void put_select(FILE *out, const struct known *known, const struct value *value);

static void put_letter_name(FILE *out, unsigned i)
{
	fputc('A' + (int)(i % LETTERS), out);
	if (i >= LETTERS)
		fprintf(out, "%u", i / LETTERS);
}

static bool put_letter(FILE *out, const struct known *known, const struct value *value)
{
	for (unsigned i = 0; i < known->letters->count; i++) {
		if (known->letters->values[i] != value)
			continue;
		put_letter_name(out, i);
		return true;
	}
	return false;
}

/* What is a part of something larger. */
static void put_part(FILE *out, const struct known *known, const struct value *value)
{
	struct named_field field;

	if (put_letter(out, known, value))
		return;
	bool named = explain_field(known, value, UINT32_MAX, &field);
	bool group =
		named ? field.first > 0 || field.last + 1 < field.size
		      : value->kind != VALUE_CONST && value->kind != VALUE_LEN && value->kind != VALUE_ANCILLARY;

	fputs(group ? "(" : "", out);
	put_value(out, known, value);
	fputs(group ? ")" : "", out);
}

static void put_load(FILE *out, const struct known *known, const struct value *value)
{
	if (value->size == 1)
		fputs("the byte at ", out);
	else
		fprintf(out, "the %u bytes at ", value->size);
	if (value->left != NULL) {
		put_part(out, known, value->left);
		fputs(" + ", out);
	}
	fprintf(out, "%u", value->k);
}

static void put_relation(FILE *out, enum test_op op, bool plural)
{
	if (op == TEST_SET)
		fprintf(out, " %s bits in common with ", plural ? "have" : "has");
	else
		fprintf(out, " %s%s ", plural ? "are" : "is",
			op == TEST_GT   ? " above"
			: op == TEST_GE ? " at least"
					: "");
}

static void put_operation(FILE *out, const struct known *known, const struct value *value)
{
	if (value->right == NULL) {
		fputs("-", out);
		put_part(out, known, value->left);
		return;
	}
	put_part(out, known, value->left);
	/* Subtraction of a number has become addition. */
	if (value->op == BPF_ADD && value->right->kind == VALUE_CONST && value->right->k > INT32_MAX) {
		fprintf(out, " - %u", -value->right->k);
		return;
	}
	fprintf(out, " %s ", pcapint_operation_text(value->op));
	if (value->op == BPF_AND && value->right->kind == VALUE_CONST)
		fprintf(out, "%#x", value->right->k);
	else
		put_part(out, known, value->right);
}

/* The header where a chain ended. */
static void put_chain_end(FILE *out, const struct value *value)
{
	const char *name = explain_name(FORMAT_PROTOCOL, value->op);

	if (name != NULL)
		fprintf(out, "the chain's %s header", name);
	else
		fprintf(out, "the chain's header of protocol %u", value->op);
}

static void put_value(FILE *out, const struct known *known, const struct value *value)
{
	struct named_field field;

	if (explain_field(known, value, UINT32_MAX, &field)) {
		put_field(out, &field);
		return;
	}
	switch (value->kind) {
	case VALUE_CONST:
		fprintf(out, value->k < 1000 ? "%u" : "%#x", value->k);
		break;
	case VALUE_LEN:
		fputs("the packet's length", out);
		break;
	case VALUE_LOAD:
		put_load(out, known, value);
		break;
	case VALUE_MSH:
		fprintf(out, "the length of the IPv4 header at %u", value->k);
		break;
	case VALUE_ANCILLARY:
		fputs(explain_ancillary(value->k), out);
		break;
	case VALUE_SELECT:
		put_part(out, known, value->left);
		put_select(out, known, value);
		break;
	case VALUE_CHAIN_END:
		fputs("the offset of ", out);
		put_chain_end(out, value);
		break;
	default:
		put_operation(out, known, value);
		break;
	}
}

/* The field that a test asks about, or numbers without a name: how it is written, and whether it is more than one. */
struct subject {
	struct named_field field;
	bool plural;
};

const struct value *explain_without_mask(const struct value *value, uint32_t *mask)
{
	*mask = UINT32_MAX;
	if (value->kind != VALUE_ALU || value->op != BPF_AND || value->right->kind != VALUE_CONST)
		return value;
	*mask = value->right->k;
	return value->left;
}

static struct subject put_subject(FILE *out, const struct known *known, const struct value *value)
{
	struct named_field field, whole;
	uint32_t mask;
	const struct value *bytes = explain_without_mask(value, &mask);

	if (!explain_field(known, bytes, mask, &field)) {
		if (!put_letter(out, known, value))
			put_value(out, known, value);
		return (struct subject){{.format = value->kind == VALUE_LEN ? FORMAT_NUMBER : FORMAT_HEX},
			value->kind == VALUE_LOAD && value->size > 1};
	}
	put_field(out, &field);
	/* Where the bits are no field of their own, they are told. */
	if (bytes != value && explain_field(known, bytes, UINT32_MAX, &whole) && whole.name == field.name) {
		fputs(" & ", out);
		put_number(out, &field, mask);
	}
	return (struct subject){field, field.first != field.last && field.last - field.first + 1 != field.size};
}

/* When it is the left one of its two values, and that it is the right one otherwise. */
static void put_select(FILE *out, const struct known *known, const struct value *value)
{
	fputs(" if ", out);
	struct subject subject = put_subject(out, known, value->tested);
	put_relation(out, (enum test_op)value->op, subject.plural);
	put_number(out, &subject.field, value->k);
	fputs(", otherwise ", out);
	if (!put_letter(out, known, value->right))
		put_value(out, known, value->right);
}

/* One of the bits of the operand is set. */
static void put_bits(FILE *out, const struct known *known, const struct block *block)
{
	uint32_t bits = block->operand->k;
	struct named_field field, whole;

	/* Where they are a field of their own, it is not 0. */
	if (explain_field(known, block->value, bits, &field) &&
		explain_field(known, block->value, UINT32_MAX, &whole) && field.name != whole.name) {
		put_field(out, &field);
		fputs(" is not 0", out);
		return;
	}
	struct subject subject = put_subject(out, known, block->value);
	fputs(subject.plural ? " have " : " has ", out);
	if (subject.field.format == FORMAT_TCP_FLAGS) {
		put_tcp_flags(out, bits, " or ");
		return;
	}
	fputs((bits & (bits - 1)) == 0 ? "the bit " : "one of the bits ", out);
	if (subject.field.format == FORMAT_IPV4)
		put_ipv4(out, bits);
	else
		fprintf(out, "%#x", bits);
}

static void put_condition(FILE *out, const struct known *known, const struct block *block)
{
	const struct named_field protocol = {.format = FORMAT_PROTOCOL};

	if (block->kind == BLOCK_CHAIN) {
		fprintf(out, "the chain of %s headers holds ", block->ipv6 ? "IPv6" : "IPv4");
		put_number(out, &protocol, block->protocol);
		return;
	}
	if (block->op == TEST_EQ && block->value->kind == VALUE_CHAIN_END && block->operand->kind == VALUE_CONST) {
		put_chain_end(out, block->value);
		fputs(" is in another fragment", out);
		return;
	}
	if (block->op == TEST_SET && block->operand->kind == VALUE_CONST) {
		put_bits(out, known, block);
		return;
	}
	struct subject subject = put_subject(out, known, block->value);
	put_relation(out, block->op, subject.plural);
	if (block->operand->kind == VALUE_CONST)
		put_number(out, &subject.field, block->operand->k);
	else
		put_part(out, known, block->operand);
}

static void put_way(const struct words *words, const struct block *block, const struct block *next)
{
	if (block->kind == BLOCK_ACCEPT)
		fputs("accept", words->out);
	else if (block->kind == BLOCK_REJECT)
		fputs("reject", words->out);
	else if (block == next)
		fputs("go on", words->out);
	else
		fprintf(words->out, "go to %zu", words->line[block->number]);
}

static void put_line(const struct words *words, size_t i)
{
	const struct block *block = words->order[i], *next = i + 1 < words->count ? words->order[i + 1] : NULL;
	struct known known = words->known[block->number];

	fprintf(words->out, "%zu. If ", i + 1);
	put_condition(words->out, &known, block);
	fputs(", ", words->out);
	put_way(words, block->yes, next);
	fputs("; otherwise ", words->out);
	put_way(words, block->no, next);
	fputs(".\n", words->out);
}

/* Each value that gets a letter; what it is made of comes first. */
static void put_letters(FILE *out, const struct known *known, struct letters *letters)
{
	struct letters all = *letters;

	for (letters->count = 0; letters->count < all.count; letters->count++) {
		put_letter_name(out, letters->count);
		fputs(" is ", out);
		put_value(out, known, all.values[letters->count]);
		fputs(".\n", out);
	}
}

void explain_in_words(const struct ir *ir, const struct layout *first, FILE *out)
{
	struct ir copy = *ir;
	struct words words = {.out = out};
	struct letters letters = {.count = 0};
	struct block **order = ir_order(&copy, &words.count);

	words.known = arena_alloc(ir->arena, ir->block_count * sizeof(*words.known));
	words.line = arena_alloc(ir->arena, ir->block_count * sizeof(*words.line));
	words.order = arena_alloc(ir->arena, words.count * sizeof(*words.order));
	if (order == NULL || words.known == NULL || words.line == NULL || words.order == NULL)
		return;
	if (ir->root->yes == NULL) {
		fprintf(out, "%s every packet.\n", ir->root->kind == BLOCK_ACCEPT ? "Accept" : "Reject");
		return;
	}
	words.known[ir->root->number] = (struct known){.reached = true,
		.placed = true,
		.type = first->type,
		.network = network_place(first),
		.transport = TRANSPORT_UNKNOWN,
		.ppp = first->tell == tell_ppp || first->tell == tell_ppp_bsdos,
		.llc = first->linktype->llc == llc_always || first->tell == tell_llc || first->tell == tell_wlan,
		.first = first,
		.letters = &letters};
	size_t all = words.count;
	words.count = 0;
	for (size_t i = 0; i < all; i++) {
		if (order[i]->yes == NULL)
			continue;
		follow(&words, order[i]);
		words.line[order[i]->number] = words.count + 1;
		words.order[words.count++] = order[i];
	}
	if (!explain_choose_letters(ir, words.order, words.known, words.count, &letters))
		return;
	put_letters(out, &words.known[ir->root->number], &letters);
	for (size_t i = 0; i < words.count; i++)
		put_line(&words, i);
}
