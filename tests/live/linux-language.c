/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filter expressions that ask what the kernel tells beside a packet: VLAN tags, directions, interfaces. Each gives the
 * packets that it says, in the kernel and, the same program, run here.
 */
#include <pcap/pcap.h>

#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/bpf_common.h>

#include "capture.h"
#include "live.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* More instructions than a kernel takes (linux/bpf_common.h, BPF_MAXINSNS). */
#define TOO_MANY (BPF_MAXINSNS + 1)
#define PATIENCE 30

#define UDP4                                                                                                       \
	"\x08\x00\x45\x00\x00\x2e\0\0\0\0\x40\x11\0\0\x0a\x4d\0\x02\x0a\x4d\0\x09\x1e\x61\x1e\x61\0\x1a\0\0"       \
	"abcdefghijklmnopq"
#define UDP6                                                                                                       \
	"\x86\xdd\x60\0\0\0\0\x08\x11\x40\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x09" \
	"\x1e\x61\x1e\x61\0\x08\0"
#define ARP                                                                                                        \
	"\x08\x06\0\x01\x08\0\x06\x04\0\x01\x02\0\0\0\0\x02\x0a\x4d\0\x02\0\0\0\0\0\0\x0a\x4d\0\x09"               \
	"abcdefghijklmnopq"
#define FRAME(name, is_sent, bytes)                                                                                \
	{                                                                                                          \
		name, is_sent, sizeof(bytes), bytes                                                                \
	}

/* What stands behind the addresses. The last byte is the name. */
static const struct frame {
	char name;
	bool sent; /* by the interface that is captured on */
	size_t length;
	const char *bytes;
} frames[] = {
	FRAME('a', false, UDP4),
	FRAME('b', true, UDP4),
	FRAME('c', false, "\x81\x00\x00\x05" UDP4),
	FRAME('d', true, "\x81\x00\x00\x05" UDP4),
	FRAME('e', false, "\x81\x00\x00\x06" UDP4),
	FRAME('f', true, "\x81\x00\x00\x06" UDP4),
	FRAME('g', false, "\x88\xa8\x00\x07\x81\x00\x00\x05" UDP4),
	FRAME('h', true, "\x88\xa8\x00\x07\x81\x00\x00\x05" UDP4),
	FRAME('i', false, "\x81\x00\x60\x00" UDP4),
	FRAME('j', false, ARP),
	FRAME('k', false, UDP6),
	FRAME('l', false, "\x81\x00\x00\x05" UDP6),
	FRAME('m', false, "\x81\x00\x00\x05" ARP),
	FRAME('n', false, "\x91\x00\x00\x05" UDP4),
	/* Sent last, so that all others have come when it has. */
	FRAME('.', false, "\x88\xb6 the last one, which fills a frame up to the least size there is"),
};

#define LAST_TOO " or ether proto 0x88b6"

static void send_frames(void)
{
	int received = live_open_sender(live_peer_interface()), sent = live_open_sender(live_interface());

	for (size_t i = 0; i < COUNT_OF(frames); i++) {
		char frame[128] = "\x02\0\0\0\0\x01\x02\0\0\0\0\x02";
		size_t length = 12 + frames[i].length;
		assert_true(length <= sizeof(frame));
		memcpy(frame + 12, frames[i].bytes, frames[i].length);
		frame[length - 1] = frames[i].name;
		live_send(frames[i].sent ? sent : received, frame, length);
	}
	close(received);
	close(sent);
}

/* The names of the frames that come, in alphabetical order, until the last one has come so many times. */
static void gather(pcap_t *p, unsigned lasts, char *names, size_t size)
{
	static struct captured captured;
	unsigned counts[128] = {0}, seen = 0;
	time_t until = time(NULL) + PATIENCE;
	size_t used = 0;

	captured.count = 0;
	while (counts['.'] < lasts) {
		assert_true(pcap_dispatch(p, -1, capture_keep, (u_char *)&captured) >= 0);
		for (; seen < captured.count; seen++) {
			assert_in_range(captured.packets[seen].header.caplen, 1, CAPTURE_BYTES);
			counts[captured.packets[seen].data[captured.packets[seen].header.caplen - 1] & 0x7f]++;
		}
		if (time(NULL) > until)
			fail_msg("the last frame has not come");
	}
	for (size_t i = 0; i + 1 < COUNT_OF(frames); i++)
		for (unsigned n = counts[(int)frames[i].name]; n > 0 && used + 1 < size; n--)
			names[used++] = frames[i].name;
	names[used] = '\0';
}

/* The filter with so much behind its end that the kernel refuses it. */
static void lengthen(struct bpf_program *program)
{
	struct bpf_insn *insns = calloc(TOO_MANY, sizeof(*insns));

	assert_non_null(insns);
	memcpy(insns, program->bf_insns, program->bf_len * sizeof(*insns));
	for (size_t i = program->bf_len; i < TOO_MANY; i++)
		insns[i] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, 0);
	free(program->bf_insns);
	*program = (struct bpf_program){TOO_MANY, insns};
}

static void check(pcap_t *p, const char *expression, unsigned lasts, const char *expected)
{
	char text[256], names[64];

	snprintf(text, sizeof(text), "(%s)" LAST_TOO, expression);
	for (int here = 0; here < 2; here++) {
		struct bpf_program program;
		if (pcap_compile(p, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0)
			fail_msg("%s: %s", expression, pcap_geterr(p));
		if (here)
			lengthen(&program);
		assert_int_equal(pcap_setfilter(p, &program), 0);
		pcap_freecode(&program);
		send_frames();
		gather(p, lasts, names, sizeof(names));
		if (strcmp(names, expected) != 0)
			fail_msg(
				"%s, %s: %s, not %s", expression, here ? "here" : "in the kernel", names, expected);
	}
}

/* The kernel takes the outer tag of received frames out, and leaves that of sent ones where it is. */
static void tags_and_directions_are_told(void **state)
{
	static const struct {
		const char *expression;
		const char *frames;
	} rows[] = {
		{"inbound", "acegijklmn"},
		{"outbound", "bdfh"},
		{"not inbound", "bdfh"},
		{"not outbound", "acegijklmn"},
		{"vlan", "cdefghilmn"},
		{"not vlan", "abjk"},
		{"vlan 5", "cdlmn"},
		{"vlan 6", "ef"},
		{"vlan 7", "gh"},
		{"vlan 0", "i"},
		{"not vlan 5", "abefghijk"},
		{"vlan 5 or vlan 6", "cdeflmn"},
		{"vlan and inbound", "cegilmn"},
		{"outbound and vlan", "dfh"},
		{"outbound and vlan 5", "d"},
		{"vlan and vlan", "gh"},
		{"vlan 7 and vlan 5 and udp", "gh"},
		{"vlan 5 and vlan 7", ""},
		{"vlan and udp", "cdefiln"},
		{"vlan 5 and udp port 7777", "cdln"},
		{"vlan and host 10.77.0.9", "cdefimn"},
		{"vlan and ip6", "l"},
		{"vlan and arp", "m"},
		{"(vlan 5 or vlan 6) and ip", "cdefn"},
		{"not vlan and udp", "abk"},
		{"udp and not vlan", "abk"},
		{"inbound and not vlan and ip", "a"},
		{"not vlan and ip or (vlan and ip)", "abcdefin"},
		{"vlan and ip or outbound", "bcdefhin"},
		{"not (vlan or outbound)", "ajk"},
		{"vlan and ip[16:4] = 0x0a4d0009", "cdefin"},
		/* No kernel takes these. */
		{"ip6 protochain 17 and udp port 7777", "kl"},
		{"protochain 17 and udp[4:2] = 26 and not vlan", "ab"},
		{"vlan and ip6 protochain 17 and port 7777", "l"},
		{"vlan 5 and protochain 17 and port 7777", "cdln"},
	};
	char name[32];
	pcap_t *p = capture_open(&(struct capture_options){.timeout = 20, .immediate = true});

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		check(p, rows[i].expression, 1, rows[i].frames);
	snprintf(name, sizeof(name), "ifindex %u", if_nametoindex(live_interface()));
	check(p, name, 1, "abcdefghijklmn");
	snprintf(name, sizeof(name), "ifindex %u", if_nametoindex(live_peer_interface()));
	check(p, name, 1, "");
	pcap_close(p);
}

/* Each frame is seen where it is sent and where it is received. */
static void interfaces_are_told_on_any(void **state)
{
	static const int linktypes[] = {DLT_LINUX_SLL, DLT_LINUX_SLL2};
	unsigned own = if_nametoindex(live_interface()), peer = if_nametoindex(live_peer_interface());
	const struct {
		const char *format;
		unsigned interface;
		const char *frames;
	} rows[] = {
		{"inbound and not ifindex 0", 0, "abcdefghijklmn"},
		{"ifindex %u and inbound", own, "acegijklmn"},
		{"ifindex %u and outbound", own, "bdfh"},
		{"ifindex %u and inbound", peer, "bdfh"},
		{"outbound and ifindex %u", peer, "acegijklmn"},
		{"inbound and not ifindex %u", own, "bdfh"},
		{"ifindex %u and inbound and arp and not ip", own, "jm"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(linktypes); i++) {
		pcap_t *p =
			capture_open(&(struct capture_options){.device = "any", .timeout = 20, .immediate = true});
		assert_int_equal(pcap_set_datalink(p, linktypes[i]), 0);
		for (size_t j = 0; j < COUNT_OF(rows); j++) {
			char text[64];
			snprintf(text, sizeof(text), rows[j].format, rows[j].interface);
			check(p, text, 2, rows[j].frames);
		}
		pcap_close(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_and_directions_are_told),
		cmocka_unit_test(interfaces_are_told_on_any),
	};

	return cmocka_run_group_tests_name("filter expressions on Linux interfaces", tests, NULL, NULL);
}
