/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes the filter compiler, and runs what it makes. An input is a byte that chooses the link type, the expression
 * with a NUL after it, and a packet. Programs must be valid, and do the same whether they were optimized or not.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <pcap/weir.h>

#include "filter/filter.h"

#include "../tests/unit/filter/random-expressions.h"

#define SNAPLEN 65535
#define LIMIT (64 * 1024 * 1024)

static const int linktypes[] = {DLT_EN10MB, DLT_IEEE802_11, DLT_IEEE802_11_RADIO, DLT_PPI, DLT_PRISM_HEADER,
	DLT_IEEE802_11_RADIO_AVS, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_NULL, DLT_LOOP, DLT_ENC, DLT_RAW, DLT_IPV4,
	DLT_IPV6, DLT_PPP, DLT_PPP_ETHER, DLT_PPP_BSDOS, DLT_C_HDLC, DLT_FRELAY, DLT_SLIP, DLT_FDDI, DLT_IEEE802,
	DLT_ARCNET, DLT_ARCNET_LINUX, DLT_IP_OVER_FC, DLT_SUNATM, DLT_ATM_RFC1483, DLT_ATM_CLIP, DLT_PFLOG,
	DLT_PKTAP, DLT_IPNET, DLT_JUNIPER_ATM2, DLT_JUNIPER_MFR, DLT_LTALK, DLT_APPLE_IP_OVER_IEEE1394, DLT_IPOIB,
	DLT_BACNET_MS_TP, DLT_MTP2, DLT_MTP2_WITH_PHDR, DLT_MTP3, DLT_ERF, DLT_NETANALYZER,
	DLT_NETANALYZER_TRANSPARENT, DLT_SYMANTEC_FIREWALL, DLT_DOCSIS, DLT_DSA_TAG_EDSA, DLT_DSA_TAG_BRCM};
#define LINKTYPES (sizeof(linktypes) / sizeof(linktypes[0]))

/* Whether a name would be asked of a server, which a fuzzer must not. */
static bool asks(const struct node *node)
{
	if (node == NULL)
		return false;
	for (uint32_t i = 0; i < node->operand_count; i++)
		if (asks(node->operands[i]))
			return true;
	if (node->kind != NODE_ID || node->id.form != ID_NAME || strcmp(node->id.text, "localhost") == 0)
		return false;
	return node->qualifiers.type != TYPE_PORT && node->qualifiers.type != TYPE_PROTO &&
	       node->qualifiers.type != TYPE_PROTOCHAIN;
}

static bool may_compile(const char *expression)
{
	struct filter filter = {.input.text = expression};

	arena_init(&filter.arena, LIMIT);
	bool may = !filter_parse(&filter) || !asks(filter.tree);
	arena_free(&filter.arena);
	return may;
}

static bool compile(pcap_t *p, const char *expression, uint32_t flags, struct bpf_program *program)
{
	struct pcap_compile_options options = {.flags = flags | PCAP_COMPILE_NETMASK, .netmask = 0x00ffffff};
	struct pcap_compile_error error;
	size_t length = strlen(expression);

	if (pcap_compile_ex(p, program, expression, &options, sizeof(options), &error, sizeof(error)) == 0) {
		must(bpf_validate(program->bf_insns, (int)program->bf_len) != 0);
		return true;
	}
	must(error.offset <= length && error.length <= length - error.offset);
	must(error.message[0] != '\0' && strlen(error.text) < sizeof(error.text));
	must(program->bf_insns == NULL && strlen(pcap_geterr(p)) < PCAP_ERRBUF_SIZE);
	return false;
}

/*
 * Whether a program ends because it reads beyond the packet, or divides by 0: with every "reject" made to accept, it
 * rejects only so.
 */
static bool breaks_off(const struct bpf_program *program, const struct pcap_pkthdr *header, const uint8_t *packet)
{
	for (u_int i = 0; i < program->bf_len; i++)
		if (program->bf_insns[i].code == (BPF_RET | BPF_K) && program->bf_insns[i].k == 0)
			program->bf_insns[i].k = 1;
	return pcap_offline_filter(program, header, packet) == 0;
}

/* A test that is not needed, and so is not made, cannot break off: then the optimized program may accept more. */
static void check(pcap_t *p, const char *expression, const uint8_t *packet, size_t size)
{
	const struct pcap_pkthdr header = {.caplen = (bpf_u_int32)size, .len = (bpf_u_int32)size + 3};
	struct bpf_program plain, optimized;

	if (!compile(p, expression, PCAP_COMPILE_UNOPTIMIZED, &plain)) {
		must(!compile(p, expression, 0, &optimized));
		return;
	}
	int verdict = pcap_offline_filter(&plain, &header, packet);
	if (compile(p, expression, 0, &optimized)) {
		must(pcap_offline_filter(&optimized, &header, packet) == verdict ||
			(verdict == 0 && breaks_off(&plain, &header, packet)));
		pcap_freecode(&optimized);
	} else {
		/* It rejects all packets, or is too long even so. */
		must(verdict == 0 || strcmp(pcap_geterr(p), "expression rejects all packets") != 0);
	}
	pcap_freecode(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	const char *expression = (const char *)data + 1;
	size_t length = strnlen(expression, size - 1);
	if (length == size - 1)
		return 0;
	pcap_t *p = pcap_open_dead(linktypes[data[0] % LINKTYPES], SNAPLEN);
	size_t packet_size = size - 1 - length - 1;
	uint8_t *packet = malloc(packet_size != 0 ? packet_size : 1);
	must(p != NULL && packet != NULL);
	memcpy(packet, expression + length + 1, packet_size);
	if (may_compile(expression))
		check(p, expression, packet, packet_size);
	free(packet);
	pcap_close(p);
	return 0;
}

/* Bytes that decide which way a packet goes: types, versions, protocols, lengths, ports. */
static uint8_t random_byte(uint64_t *state)
{
	static const uint8_t telling[] = {0, 0, 0, 1, 2, 4, 5, 6, 8, 10, 12, 17, 28, 30, 0x21, 0x2c, 0x40, 0x45,
		0x46, 0x50, 0x57, 0x60, 0x63, 0x64, 0x80, 0x81, 0x84, 0x86, 0x88, 0xaa, 0xc1, 0xdd, 0xfe, 0xff};
	uint32_t choice = random_below(state, 2 * sizeof(telling));

	return choice < sizeof(telling) ? telling[choice] : (uint8_t)random_number(state);
}

size_t fuzz_make_input(uint64_t *state, uint8_t *data)
{
	uint8_t *at = data;

	*at++ = (uint8_t)random_below(state, LINKTYPES);
	random_expression(state, (char *)at, 200);
	at += strlen((const char *)at) + 1;
	for (uint32_t left = random_below(state, 120); left > 0; left--)
		*at++ = random_byte(state);
	return (size_t)(at - data);
}
