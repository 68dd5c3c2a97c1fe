/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filters held against those of the system's libpcap: the same verdict on packets that are steered into every branch of
 * both programs, for every link type, but where a row of the table says why not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <fnmatch.h>

#include <pcap.h>

#include "../../lib/random-numbers.h"
#include "peer-expressions.h"
#include "steered.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PACKET 400
#define PACKETS 100

/* The table below is about this release. */
#define PEER_RELEASE "libpcap version 1.10."

static struct {
	__typeof__(&pcap_open_dead) open_dead;
	__typeof__(&pcap_compile) compile;
	__typeof__(&pcap_close) close;
} peer;

/* ---- Where the two differ, and why ---- */

enum difference {
	VERDICT,     /* on some packets */
	ONLY_OURS,   /* the peer does not compile it */
	ONLY_THEIRS, /* we do not */
};

/* Patterns as of fnmatch(3), joined by ";". Each row must be needed. */
static struct row {
	enum difference difference;
	const char *linktypes;
	const char *expressions;
	const char *reason;
	bool needed;
} table[] = {
	{VERDICT, "*", "isis proto*;l1;l2;iih;lsp;csnp;psnp;snp", "an IS-IS PDU type has five bits"},
	{VERDICT, "*", "*protochain*", "the peer loses its place behind an authentication header"},
	{VERDICT, "SLIP;SLIP_BSDOS", "*", "the peer looks for the IP version in SLIP's own header"},
	{VERDICT, "ARCNET*", "*", "RFC 1051's codes are not tried, and $12 is 0x12"},
	{VERDICT, "FRELAY", "*", "IP stands behind Frame Relay's header of four bytes"},
	{VERDICT, "LINUX_SLL", "isis;esis;clnp;iso proto*", "OSI stands behind an LLC header"},
	{VERDICT, "LINUX_SLL2", "isis;esis;clnp;iso*;stp;netbeui;ipx;atalk;aarp;ether proto 5",
		"SLL2 tells LLC frames as SLL does"},
	{VERDICT, "JUNIPER_*", "isis;esis;clnp;iso*", "OSI's offset is no less than the header's length"},
	{VERDICT, "PFLOG", "ifname*;rset*", "a name is compared to its end"},
	{VERDICT, "IEEE802_11*;PRISM_HEADER;PPI", "wlan ra*;wlan ta*", "control frames have these addresses"},
	{VERDICT, "PPI", "not *", "what is not 802.11 is not what was asked for either"},
	{VERDICT, "IEEE802*;PRISM_HEADER;PPI;FDDI;ATM*;IP_OVER_FC;SUNATM", "pppoes*",
		"the PPPoE header stands behind the SNAP header"},
	{VERDICT, "SUNATM;MTP2*;ERF", "vpi !=*;opc !=*", "!= is not ="},
	{VERDICT, "MTP2*;ERF", "opc >*;dpc <*", "point codes are compared as numbers"},
	{VERDICT, "EN10MB",
		"vlan 5 or *;not vlan *;(vlan 5 or *;(vlan 5 and *;(vlan and *;mpls 5 or *;(mpls 5 or *",
		"what vlan and mpls move ends with or and not"},
	{VERDICT, "EN10MB", "geneve and link*;geneve and llc;geneve and iso;geneve and l1;geneve and vlan*",
		"Geneve may have no Ethernet header inside"},
	{VERDICT, "EN10MB", "byte 0 |*;byte 0 &*", "& and ; of byte load it"},
	{VERDICT, "DSA_TAG_*", "inbound*;outbound", "the tag tells the direction"},
	{ONLY_THEIRS, "*", "inbound*;outbound;ifindex*", "only a live capture tells"},
	{ONLY_THEIRS, "PPP*;JUNIPER_*", "pppoe*", "PPP and Juniper's headers do not carry PPPoE"},
	{ONLY_THEIRS, "BACNET_MS_TP;JUNIPER_SERVICES", "*", "nothing in the header tells network protocols"},
	{ONLY_THEIRS, "LTALK;IPV4", "*protochain*", "it holds for no packet"},
	{ONLY_OURS, "*", "*protochain*", "behind headers of variable length too"},
	{ONLY_OURS, "IPOIB;DSA_TAG_*", "*", "the header tells the protocol"},
	{ONLY_OURS, "PPI", "*", "802.11's words hold under PPI"},
	{ONLY_OURS, "BACNET_MS_TP", "broadcast;multicast;link*$12", "its addresses have one byte"},
	{ONLY_OURS, "PPP_*", "mpls*", "every form of PPP can carry MPLS"},
	{ONLY_OURS, "NETANALYZER*", "llc*", "it is Ethernet"},
	{ONLY_OURS, "EN10MB", "byte 0 !=*", "byte takes all comparisons"},
	{ONLY_OURS, "EN10MB", "ip6 and tcp[[]*", "the transport header of the IP that was asked for"},
	{ONLY_OURS, "EN10MB", "vxlan*", "the peer has no such word"},
};

static bool listed(const char *patterns, const char *text)
{
	char copy[256], *rest = copy;

	snprintf(copy, sizeof(copy), "%s", patterns);
	for (const char *pattern = strsep(&rest, ";"); pattern != NULL; pattern = strsep(&rest, ";"))
		if (fnmatch(pattern, text, 0) == 0)
			return true;
	return false;
}

static bool intended(enum difference difference, const char *linktype, const char *expression)
{
	for (size_t i = 0; i < COUNT(table); i++) {
		if (table[i].difference == difference && listed(table[i].linktypes, linktype) &&
			listed(table[i].expressions, expression)) {
			table[i].needed = true;
			return true;
		}
	}
	return false;
}

/* ---- Programs ---- */

/* Each without instructions if it does not compile. */
struct programs {
	struct bpf_program theirs;
	struct bpf_program ours;
	/* Not optimized. The peer's verdict is this program's: its optimizer is known to change some. */
	struct bpf_program theirs_plain;
	struct bpf_program ours_plain;
	char error[PCAP_ERRBUF_SIZE]; /* of ours */
};

/* The same in either byte order: the peer takes the mask otherwise than its manual says. */
#define NETMASK 0xff0000ff

static void compile_theirs(int linktype, const char *expression, int optimize, struct bpf_program *program)
{
	pcap_t *p = peer.open_dead(linktype, 65535);

	if (peer.compile(p, program, expression, optimize, NETMASK) != 0)
		*program = (struct bpf_program){0};
	peer.close(p);
}

static void compile_ours(
	int linktype, const char *expression, int optimize, struct bpf_program *program, char *error)
{
	pcap_t *p = pcap_open_dead(linktype, 65535);

	if (pcap_compile(p, program, expression, optimize, NETMASK) != 0)
		snprintf(error, PCAP_ERRBUF_SIZE, "%s", pcap_geterr(p));
	pcap_close(p);
}

static struct programs compile_all(int linktype, const char *expression)
{
	struct programs p = {0};

	compile_theirs(linktype, expression, 1, &p.theirs);
	compile_theirs(linktype, expression, 0, &p.theirs_plain);
	compile_ours(linktype, expression, 0, &p.ours_plain, p.error);
	compile_ours(linktype, expression, 1, &p.ours, p.error);
	return p;
}

static void free_programs(struct programs *p)
{
	pcap_freecode(&p->ours);
	pcap_freecode(&p->ours_plain);
	free(p->theirs.bf_insns);
	free(p->theirs_plain.bf_insns);
}

/* ---- Packets ---- */

static uint64_t state = 1;

/* Radio headers with a length that lets the rest be reached. */
static void set_lengths(int linktype, uint8_t *packet)
{
	switch (linktype) {
	case DLT_IEEE802_11_RADIO:
	case DLT_PPI:
		packet[2] = 8 + 4 * random_below(&state, 16);
		packet[3] = 0;
		break;
	case DLT_IEEE802_11_RADIO_AVS:
	case DLT_PRISM_HEADER:
		memcpy(packet + 4, (uint8_t[4]){0, 0, 0, 32 + 4 * random_below(&state, 30)}, 4);
		break;
	default:
		break;
	}
}

static void steer(const struct bpf_program *program, uint8_t *packet)
{
	unsigned executed;

	if (program->bf_len > 0)
		run_steered(program->bf_insns, packet, PACKET, &state, &executed);
}

static void make_packet(const struct programs *p, int linktype, uint8_t *packet)
{
	memset(packet, 0, PACKET);
	if (random_below(&state, 4) != 0)
		for (int i = 0; i < PACKET; i++)
			packet[i] = random_below(&state, 8) != 0 ? random_number(&state) : 0;
	set_lengths(linktype, packet);
	for (uint32_t i = random_below(&state, 4); i > 0; i--) {
		steer(random_below(&state, 2) ? &p->theirs : &p->theirs_plain, packet);
		steer(random_below(&state, 2) ? &p->ours : &p->ours_plain, packet);
	}
	if (random_below(&state, 2))
		steer(&p->theirs_plain, packet);
}

/* A program that there is not, since it would reject everything, does so. */
static bool verdict(const struct bpf_program *program, uint8_t *packet, unsigned *executed)
{
	*executed = 0;
	return program->bf_len > 0 && run_steered(program->bf_insns, packet, PACKET, NULL, executed) != 0;
}

/* Sums over all expressions that both compile and agree on: the peer's, then ours. */
static struct {
	unsigned expressions;
	unsigned long length[2];
	unsigned long executed[2];
} sums;

/* Of both plain programs, which there are; ours must not change by being optimized. */
static bool agree(const struct programs *p, int linktype, const char *expression)
{
	bool same = true, count = p->theirs.bf_len > 0 && p->ours.bf_len > 0;
	uint8_t packet[PACKET];

	for (int i = 0; i < PACKETS && same; i++) {
		unsigned executed[2], ignored;
		make_packet(p, linktype, packet);
		bool ours = verdict(&p->ours, packet, &executed[1]);
		verdict(&p->theirs, packet, &executed[0]);
		if (verdict(&p->ours_plain, packet, &ignored) != ours)
			fail_msg("type %d, \"%s\": unoptimized it differs", linktype, expression);
		/* The peer's protochain may well run for ever. */
		if (executed[1] == LONGEST_RUN || ignored == LONGEST_RUN)
			fail_msg("type %d, \"%s\": our program does not end", linktype, expression);
		same = verdict(&p->theirs_plain, packet, &ignored) == ours;
		for (int j = 0; j < 2 && count; j++)
			sums.executed[j] += executed[j];
	}
	if (count) {
		sums.expressions++;
		sums.length[0] += p->theirs.bf_len;
		sums.length[1] += p->ours.bf_len;
	}
	return same;
}

static unsigned hold(const char *name, const char *expression)
{
	int linktype = pcap_datalink_name_to_val(name);
	struct programs p = compile_all(linktype, expression);
	bool ours = p.ours.bf_len > 0, theirs = p.theirs.bf_len > 0;
	const char *problem = NULL;

	assert_true(linktype >= 0);
	if (ours && theirs) {
		if (!agree(&p, linktype, expression) && !intended(VERDICT, name, expression))
			problem = "the verdicts differ";
	} else if (theirs && !intended(ONLY_THEIRS, name, expression)) {
		problem = p.error;
	} else if (ours && !intended(ONLY_OURS, name, expression)) {
		problem = "only we compile it";
	}
	if (problem != NULL)
		print_error("%s, \"%s\": %s\n", name, expression, problem);
	free_programs(&p);
	return problem != NULL;
}

static int open_peer(void **unused)
{
	void *library = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL);
	const char *(*version)(void) =
		library != NULL ? (const char *(*)(void))dlsym(library, "pcap_lib_version") : NULL;

	(void)unused;
	if (version == NULL || strncmp(version(), PEER_RELEASE, strlen(PEER_RELEASE)) != 0)
		return 0;
	peer.open_dead = (__typeof__(peer.open_dead))dlsym(library, "pcap_open_dead");
	peer.compile = (__typeof__(peer.compile))dlsym(library, "pcap_compile");
	peer.close = (__typeof__(peer.close))dlsym(library, "pcap_close");
	return 0;
}

static void Verdicts_are_the_peers_where_no_row_says_otherwise(void **unused)
{
	unsigned problems = 0;

	(void)unused;
	if (peer.compile == NULL) {
		print_message("skipped: the system has no libpcap.so.0.8 of release 1.10 to compare with\n");
		skip();
	}
	for (size_t i = 0; i < COUNT(linktype_names); i++)
		for (size_t j = 0; j < COUNT(for_every_type); j++)
			problems += hold(linktype_names[i], for_every_type[j]);
	for (size_t i = 0; i < COUNT(for_ethernet); i++)
		problems += hold("EN10MB", for_ethernet[i]);
	for (size_t i = 0; i < COUNT(table); i++) {
		if (!table[i].needed)
			print_error(
				"nothing differs any more: %s, \"%s\"\n", table[i].linktypes, table[i].expressions);
		problems += !table[i].needed;
	}
	assert_int_equal(problems, 0);
	print_message("%u expressions: %lu instructions against the peer's %lu; executed %lu against %lu\n",
		sums.expressions, sums.length[1], sums.length[0], sums.executed[1], sums.executed[0]);
	assert_true(sums.length[1] < sums.length[0]);
	assert_true(sums.executed[1] < sums.executed[0]);
}

/* ---- Random combinations ---- */

#define COMBINATIONS 3000
#define PARTS 4

static const char *const combined_types[] = {"EN10MB", "EN10MB", "RAW", "PPP", "LINUX_SLL", "IEEE802_11",
	"IEEE802_11_RADIO", "NULL", "FDDI", "C_HDLC", "ATM_RFC1483", "JUNIPER_MLPPP"};

/* What does not mean the same beside others: it moves the layout, or is read of the IP that was asked for. */
#define APART "vlan*;mpls*;pppoe*;lane*;*tcp[[]*;*udp[[]*;*protochain*"

/* Where headers have a variable length, the peer's arithmetic overwrites what it has computed of them. */
#define VARIABLE_TYPES "IEEE802_11*"
#define VARIABLE_APART "*[[]*"

static bool can_be_combined(const char *name, const char *expression)
{
	struct programs p;
	bool both;

	if (listed(APART, expression) || intended(VERDICT, name, expression) ||
		(listed(VARIABLE_TYPES, name) && listed(VARIABLE_APART, expression)))
		return false;
	p = compile_all(pcap_datalink_name_to_val(name), expression);
	both = p.ours.bf_len > 0 && p.theirs.bf_len > 0;
	free_programs(&p);
	return both;
}

/* For each link type, the expressions that can. */
static const char *parts_of[COUNT(combined_types)][COUNT(for_every_type)];
static unsigned part_count[COUNT(combined_types)];

static void find_parts(void)
{
	for (size_t i = 0; i < COUNT(combined_types); i++)
		for (size_t j = 0; j < COUNT(for_every_type); j++)
			if (can_be_combined(combined_types[i], for_every_type[j]))
				parts_of[i][part_count[i]++] = for_every_type[j];
}

static void combine(unsigned type, char *expression, size_t size)
{
	unsigned parts = 2 + random_below(&state, PARTS - 1), open = 0;
	size_t used = 0;

	for (unsigned i = 0; i < parts; i++) {
		const char *part = parts_of[type][random_below(&state, part_count[type])];
		if (i > 0)
			used += snprintf(
				expression + used, size - used, " %s ", random_below(&state, 2) ? "and" : "or");
		used += snprintf(expression + used, size - used, "%s", random_below(&state, 3) ? "" : "not ");
		if (i + 1 < parts && random_below(&state, 3) == 0) {
			used += snprintf(expression + used, size - used, "(");
			open++;
		}
		used += snprintf(expression + used, size - used, "(%s)", part);
		if (open > 0 && random_below(&state, 2)) {
			used += snprintf(expression + used, size - used, ")");
			open--;
		}
	}
	while (open-- > 0)
		used += snprintf(expression + used, size - used, ")");
}

static void Combinations_are_judged_alike(void **unused)
{
	char expression[512];
	unsigned problems = 0;

	(void)unused;
	if (peer.compile == NULL)
		skip();
	find_parts();
	for (int i = 0; i < COMBINATIONS; i++) {
		unsigned type = random_below(&state, COUNT(combined_types));
		const char *name = combined_types[type];
		int linktype = pcap_datalink_name_to_val(name);
		combine(type, expression, sizeof(expression));
		struct programs p = compile_all(linktype, expression);
		assert_true(p.ours_plain.bf_len > 0 && p.theirs_plain.bf_len > 0);
		if (!agree(&p, linktype, expression)) {
			print_error("%s, \"%s\" is judged otherwise: %s\n", name, expression, p.error);
			problems++;
		}
		free_programs(&p);
	}
	assert_int_equal(problems, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(Verdicts_are_the_peers_where_no_row_says_otherwise),
		cmocka_unit_test(Combinations_are_judged_alike),
	};
	return cmocka_run_group_tests(tests, open_peer, NULL);
}
