/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What "protochain" tells of the rest, held against a model: random expressions over packets whose headers are known
 * from a list, with and without the optimizer. The model knows RFC 8200 and the rule of what a primitive tells of the
 * rest in pcap-filter(7), and nothing of the compiler.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/random-numbers.h"
#include "core/core.h"
#include "filter/filter.h"

#define EXPRESSIONS 6000
#define PACKETS 60
#define LONGEST 4000
#define MOST_HEADERS 6

enum {
	HOP_BY_HOP = 0,
	TCP = 6,
	UDP = 17,
	ROUTING = 43,
	FRAGMENT = 44,
	AH = 51,
	ICMPV6 = 58,
	OPTIONS = 60,
	SCTP = 132
};

/* ---- Packets ---- */

struct packet {
	int version;
	bool other_fragment; /* the last fragment header is not of a first fragment, or, of IPv4, the packet */
	uint8_t types[MOST_HEADERS]; /* behind the IP header; the last is no extension header */
	int offsets[MOST_HEADERS];
	int count;
	int size;
	u_char bytes[300];
};

/* In network order; what is longer than the number begins with zeroes. */
static void put(struct packet *p, uint64_t value, int size)
{
	while (size-- > 0)
		p->bytes[p->size++] = size < 8 ? (u_char)(value >> (8 * size)) : 0;
}

static uint32_t bytes_at(const struct packet *p, int offset, int size)
{
	uint32_t value = 0;

	while (size-- > 0)
		value = value << 8 | p->bytes[offset++];
	return value;
}

/* Of which the first byte is the next header's type. */
static void put_extension(struct packet *p, int type, int next, bool other_fragment)
{
	int size = type == FRAGMENT ? 8 : type == AH ? 24 : 16;

	put(p, next, 1);
	put(p, type == FRAGMENT ? 0 : type == AH ? size / 4 - 2 : size / 8 - 1, 1);
	put(p, type == FRAGMENT && other_fragment ? 8 : type == FRAGMENT, 2);
	/* Random bytes, so that nothing is found where it must not be looked for. */
	for (int i = 4; i < size; i++)
		put(p, 0x0601 * i, 1);
}

static void random_packet(uint64_t *state, struct packet *p)
{
	static const uint8_t extensions[] = {HOP_BY_HOP, ROUTING, FRAGMENT, FRAGMENT, AH, OPTIONS};
	static const uint8_t last[] = {TCP, TCP, UDP, UDP, SCTP, ICMPV6, 1};
	int count = random_below(state, 3) == 0 ? 0 : (int)random_below(state, MOST_HEADERS);

	*p = (struct packet){.version = random_below(state, 3) == 0 ? 4 : 6};
	for (int i = 0; i < count; i++)
		p->types[i] = p->version == 4 ? AH : extensions[random_below(state, sizeof(extensions))];
	p->types[count] = last[random_below(state, sizeof(last))];
	p->count = count + 1;
	p->other_fragment = random_below(state, 4) == 0;
	put(p, 0, 12);
	put(p, p->version == 4 ? 0x0800 : 0x86dd, 2);
	if (p->version == 4) {
		put(p, 0x46000100, 4); /* with an option */
		put(p, p->other_fragment ? 5 : 0x2000, 4);
		put(p, 64 << 24 | p->types[0] << 16, 4);
		put(p, 0, 12);
	} else {
		put(p, 0x60000000, 4);
		put(p, 0x0100 << 16 | p->types[0] << 8 | 64, 4);
		put(p, 0, 32);
	}
	for (int i = 0, fragments = 0; i < p->count; i++) {
		p->offsets[i] = p->size;
		fragments += p->types[i] == FRAGMENT;
		if (i < count)
			put_extension(p, p->types[i], p->types[i + 1], p->other_fragment);
		else
			put(p, (1 + random_below(state, 2)) << 16 | (1 + random_below(state, 2)), 4);
	}
	if (p->types[count] == ICMPV6)
		p->bytes[p->offsets[count]] = (u_char)(128 + random_below(state, 2));
}

/* ---- The model ---- */

struct told {
	int asserted; /* 4, 6 or 0 */
	bool chained;
	int version; /* 4, 6 or 0: either */
	int protocol;
};

#define NOWHERE 0

/* Whether the chain has a protocol; where its header is. */
static bool follow(const struct packet *p, int version, int protocol, int *end)
{
	bool other = p->other_fragment && p->version == 4;

	if (version != 0 && version != p->version)
		return false;
	for (int i = 0; i < p->count; i++) {
		*end = other ? NOWHERE : p->offsets[i];
		if (p->types[i] == protocol)
			return true;
		if (other)
			return false;
		other = p->types[i] == FRAGMENT && p->other_fragment;
	}
	return false;
}

/* The transport header that is read, if it has the protocol; without a chain right behind IPv6, or IPv4 with options. */
static int transport(const struct packet *p, const struct told *told, int protocol)
{
	int end = NOWHERE;

	if (told->chained)
		return told->protocol == protocol && follow(p, told->version, protocol, &end) ? end : NOWHERE;
	if (p->types[0] != protocol || (p->version == 4 && p->other_fragment))
		return NOWHERE;
	return p->offsets[0];
}

static bool has_port(const struct packet *p, const struct told *told, unsigned port)
{
	static const int protocols[] = {TCP, UDP, SCTP};

	for (int i = 0; i < 3; i++) {
		int at = transport(p, told, protocols[i]);
		if (at != NOWHERE && (bytes_at(p, at, 2) == port || bytes_at(p, at + 2, 2) == port))
			return true;
	}
	return false;
}

static bool has_protocol(const struct packet *p, int protocol)
{
	return p->types[0] == protocol || (p->version == 6 && p->types[0] == FRAGMENT && p->types[1] == protocol);
}

enum kind { AND, OR, NOT, CHAIN, IP, PORT, PROTOCOL, HEADER_PROTOCOL, WORD_ICMPV6, BYTES, ICMPV6_TYPE };

struct part {
	enum kind kind;
	const struct part *left, *right;
	int version;
	int number;
};

static const char *version_name(int version)
{
	return version == 4 ? "ip " : version == 6 ? "ip6 " : "";
}

static const char *transport_name(int protocol)
{
	return protocol == TCP ? "tcp" : protocol == UDP ? "udp" : "sctp";
}

static struct told told_after(const struct part *n, struct told told)
{
	struct told left, right;

	switch (n->kind) {
	case AND:
		return told_after(n->right, told_after(n->left, told));
	case OR:
		left = told_after(n->left, told);
		right = told_after(n->right, told);
		if (left.chained != right.chained || left.version != right.version ||
			left.protocol != right.protocol)
			return told;
		if (left.asserted != right.asserted)
			left.asserted = 0;
		/* Nothing new is told. */
		if (left.asserted == 0 && left.chained == told.chained && left.version == told.version &&
			left.protocol == told.protocol)
			return told;
		return left;
	case CHAIN:
		return (struct told){n->version != 0 ? n->version : told.asserted, true, n->version, n->number};
	case IP:
	case HEADER_PROTOCOL:
		told.asserted = n->version;
		return told;
	case WORD_ICMPV6:
	case ICMPV6_TYPE:
		told.asserted = 6;
		return told;
	default:
		return told;
	}
}

static bool holds(const struct part *n, const struct packet *p, struct told told)
{
	int at;

	switch (n->kind) {
	case AND:
		return holds(n->left, p, told) && holds(n->right, p, told_after(n->left, told));
	case OR:
		return holds(n->left, p, told) || holds(n->right, p, told);
	case NOT:
		return !holds(n->left, p, told);
	case CHAIN:
		return follow(p, n->version, n->number, &at);
	case IP:
		return p->version == n->version;
	case PORT:
		return has_port(p, &told, n->number);
	case PROTOCOL:
		return told.chained ? told.protocol == n->number : has_protocol(p, n->number);
	case HEADER_PROTOCOL:
		return p->version == n->version && has_protocol(p, n->number);
	case WORD_ICMPV6:
		return p->version == 6 && (told.chained ? told.protocol == ICMPV6 : has_protocol(p, ICMPV6));
	case BYTES:
		if (!told.chained && p->version != (told.asserted == 6 ? 6 : 4))
			return false;
		at = transport(p, &told, n->number);
		return at != NOWHERE && bytes_at(p, at + 2, 2) == 1;
	default:
		at = transport(p, &told, ICMPV6);
		return p->version == 6 && at != NOWHERE && bytes_at(p, at, 1) == 128;
	}
}

/* ---- Expressions ---- */

static int random_version(uint64_t *state)
{
	static const int versions[] = {0, 4, 6, 6, 6};

	return versions[random_below(state, 5)];
}

static const struct part *random_part(uint64_t *state, struct arena *arena, int depth)
{
	static const uint8_t protocols[] = {TCP, TCP, UDP, UDP, ICMPV6, SCTP, AH, FRAGMENT, HOP_BY_HOP, OPTIONS};
	static const uint8_t transports[] = {TCP, UDP, SCTP};
	static const enum kind joins[] = {AND, AND, AND, OR, OR, NOT};
	static const enum kind leaves[] = {CHAIN, CHAIN, CHAIN, IP, PORT, PORT, PORT, PROTOCOL, HEADER_PROTOCOL,
		WORD_ICMPV6, BYTES, BYTES, ICMPV6_TYPE};
	struct part *n = arena_alloc(arena, sizeof(*n));

	assert_non_null(n);
	if (depth > 0 && random_below(state, 5) > 0) {
		n->kind = joins[random_below(state, 6)];
		n->left = random_part(state, arena, depth - 1);
		n->right = random_part(state, arena, depth - 1);
		return n;
	}
	n->kind = leaves[random_below(state, sizeof(leaves) / sizeof(leaves[0]))];
	n->version = random_version(state);
	n->number = protocols[random_below(state, sizeof(protocols))];
	if ((n->kind == IP || n->kind == HEADER_PROTOCOL) && n->version == 0)
		n->version = 6;
	if (n->kind == PORT)
		n->number = 1 + random_below(state, 2);
	if (n->kind == BYTES)
		n->number = transports[random_below(state, 3)];
	return n;
}

static void print_part(FILE *out, const struct part *n)
{
	switch (n->kind) {
	case AND:
	case OR:
		fputs("(", out);
		print_part(out, n->left);
		fputs(n->kind == AND ? ") and (" : ") or (", out);
		print_part(out, n->right);
		fputs(")", out);
		break;
	case NOT:
		fputs("not (", out);
		print_part(out, n->left);
		fputs(")", out);
		break;
	case CHAIN:
		fprintf(out, "%sprotochain %d", version_name(n->version), n->number);
		break;
	case IP:
		fputs(n->version == 4 ? "ip" : "ip6", out);
		break;
	case PORT:
		fprintf(out, "port %d", n->number);
		break;
	case PROTOCOL:
		fprintf(out, "proto %d", n->number);
		break;
	case HEADER_PROTOCOL:
		fprintf(out, "%sproto %d", version_name(n->version), n->number);
		break;
	case WORD_ICMPV6:
		fputs("icmp6", out);
		break;
	case BYTES:
		fprintf(out, "%s[2:2] = 1", transport_name(n->number));
		break;
	default:
		fputs("icmp6[0] = 128", out);
		break;
	}
}

/* Between passes. */
static void check_graph(const struct ir *ir, const char *pass, void *text)
{
	const char *wrong = ir_verify(ir);

	if (wrong != NULL)
		fail_msg("%s: after the pass \"%s\" there is %s", (const char *)text, pass, wrong);
}

/* Its program; nothing if the optimizer finds that no packet matches. */
static struct bpf_program compile(char *text, bool optimize)
{
	struct filter filter = {.input = {.text = text, .linktype = DLT_EN10MB, .snaplen = 65535}};
	struct bpf_program program = {0};
	char errbuf[PCAP_ERRBUF_SIZE];

	arena_init(&filter.arena, FILTER_MEMORY);
	if (!filter_compile(&filter))
		fail_msg("%s: %s", text, filter.error);
	check_graph(&filter.ir, "no", text);
	filter.ir.watch = check_graph;
	filter.ir.watch_context = text;
	if (optimize)
		assert_int_equal(ir_optimize(&filter.ir), 0);
	if (ir_lower(&filter.ir, 65535, &program, errbuf) < 0)
		fail_msg("%s: %s", text, errbuf);
	arena_free(&filter.arena);
	assert_true(bpf_validate(program.bf_insns, (int)program.bf_len));
	return program;
}

static void Random_expressions_mean_what_the_model_says(void **state)
{
	static struct packet packets[PACKETS];
	uint64_t random = 1;
	unsigned matches = 0;

	(void)state;
	for (int i = 0; i < EXPRESSIONS; i++) {
		struct arena arena;
		char text[LONGEST];
		arena_init(&arena, 1 << 20);
		const struct part *node = random_part(&random, &arena, 4);
		FILE *out = fmemopen(text, sizeof(text), "w");
		assert_non_null(out);
		print_part(out, node);
		fclose(out);
		struct bpf_program plain = compile(text, false), optimized = compile(text, true);
		for (int j = 0; j < PACKETS; j++) {
			struct packet *p = &packets[j];
			random_packet(&random, p);
			bool expected = holds(node, p, (struct told){0});
			matches += expected;
			for (int k = 0; k < 2; k++) {
				const struct bpf_program *program = k == 0 ? &plain : &optimized;
				if ((bpf_filter(program->bf_insns, p->bytes, sizeof(p->bytes), sizeof(p->bytes)) !=
					    0) == expected)
					continue;
				bpf_dump(program, 1);
				for (int b = 0; b < p->size; b++)
					fprintf(stderr, "%02x", p->bytes[b]);
				fail_msg("expression %d, packet %d, %s: not %d: %s", i, j,
					k == 0 ? "plain" : "optimized", expected, text);
			}
		}
		pcap_freecode(&plain);
		pcap_freecode(&optimized);
		arena_free(&arena);
	}
	assert_true(matches > EXPRESSIONS * PACKETS / 20);
}

/* ---- What is checked, and what has a limit ---- */

static void A_chain_s_end_is_asked_for_behind_its_chain_only(void **state)
{
	struct arena arena;
	struct ir ir;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_true(ir_init(&ir, &arena));
	const struct value *end = ir_chain_end(&ir, NULL, 14, IP_6, TCP);
	const struct value *port = ir_load(&ir, 2, end, 0);
	struct block *is_port = ir_test(&ir, TEST_EQ, port, ir_const(&ir, 80), ir.accept, ir.reject);
	ir.root = ir_chain(&ir, NULL, 14, true, TCP, end, is_port, ir.reject);
	assert_null(ir_verify(&ir));
	/* Neither where the chain does not have the protocol, nor behind a chain that does not tell its end, nor without. */
	ir.root = ir_chain(&ir, NULL, 14, true, TCP, end, ir.reject, is_port);
	assert_non_null(ir_verify(&ir));
	ir.root = ir_chain(&ir, NULL, 14, true, TCP, NULL, is_port, ir.reject);
	assert_non_null(ir_verify(&ir));
	ir.root = ir_test(&ir, TEST_EQ, ir_len(&ir), ir_const(&ir, 5),
		ir_chain(&ir, NULL, 14, true, TCP, end, is_port, ir.reject), is_port);
	assert_non_null(ir_verify(&ir));
	struct bpf_program program;
	char errbuf[PCAP_ERRBUF_SIZE];
	assert_int_equal(ir_lower(&ir, 100, &program, errbuf), -1);
	assert_string_equal(errbuf, "a fault of the filter compiler: a header's place is not known where it is needed");
	arena_free(&arena);
}

/* A part of an expression for each protocol, inside the one before, which goes on to ask for its own bytes. */
static void nest(FILE *out, int depth)
{
	static const struct {
		const char *chain, *bytes;
	} chains[] = {{"ip6 protochain 6", "tcp[0]"}, {"ip6 protochain 17", "udp[0]"},
		{"ip6 protochain 132", "sctp[0]"}, {"ip6 protochain 58", "icmp6[0]"}, {"protochain 6", "tcp[0]"},
		{"protochain 17", "udp[0]"}, {"protochain 132", "sctp[0]"}, {"protochain 58", "icmp6[0]"},
		{"ip6 protochain 103", "pim[0]"}};

	fprintf(out, "%s and (", chains[depth - 1].chain);
	if (depth > 1) {
		nest(out, depth - 1);
		fputs(" or ", out);
	}
	fprintf(out, "%s = 5)", chains[depth - 1].bytes);
}

static void So_many_chains_can_wait(void **state)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);

	(void)state;
	for (int depth = 8; depth <= 9; depth++) {
		char text[LONGEST];
		struct bpf_program program;
		FILE *out = fmemopen(text, sizeof(text), "w");
		assert_non_null(out);
		nest(out, depth);
		fclose(out);
		int status = pcap_compile(p, &program, text, 0, PCAP_NETMASK_UNKNOWN);
		if (depth == 8 && status < 0)
			fail_msg("%s: %s", text, pcap_geterr(p));
		if (depth == 8)
			pcap_freecode(&program);
		else
			assert_int_equal(status, PCAP_ERROR);
	}
	assert_non_null(strstr(pcap_geterr(p), "more than 8 \"protochain\" are waiting"));
	pcap_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(Random_expressions_mean_what_the_model_says),
		cmocka_unit_test(A_chain_s_end_is_asked_for_behind_its_chain_only),
		cmocka_unit_test(So_many_chains_can_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
