/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Properties of the filter compiler over random expressions and packets, link type by link type (differential.h says
 * which); against the system's libpcap, too, where it is installed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "differential.h"
#include "expressions.h"
#include "packets.h"

#define EXPRESSIONS 60 /* for each link type, and ETHERNET_TIMES as many for Ethernet */
#define ETHERNET_TIMES 20
#define PACKETS 200

/* Of so many programs one may cost more than the peer's without a reason that we know. */
#define LONGER_PART 400
#define SLOWER_PART 100

static struct packet packets[PACKETS];

static struct differential start(int linktype, uint64_t *state)
{
	*state = (uint64_t)linktype + 1;
	for (size_t i = 0; i < PACKETS; i++)
		random_packet(state, linktype, &packets[i]);
	return (struct differential){.faults = stderr, .packets = packets, .packet_count = PACKETS};
}

static unsigned count_for(int linktype)
{
	return linktype == DLT_EN10MB ? EXPRESSIONS * ETHERNET_TIMES : EXPRESSIONS;
}

static unsigned check_linktype(int linktype, const struct library *peer, struct tally *tally)
{
	uint64_t state;
	struct differential d = start(linktype, &state);
	char text[512];
	unsigned faults = 0;

	d.peer = peer;
	d.tally = *tally;
	for (unsigned i = 0; i < count_for(linktype); i++) {
		random_filter(&state, linktype, text, sizeof(text));
		faults += !check_filter(&d, linktype, text);
	}
	*tally = d.tally;
	return faults;
}

static void check_all(const struct library *peer)
{
	struct tally tally = {0};
	unsigned faults = 0;

	for (size_t i = 0; i < packet_linktypes(); i++)
		faults += check_linktype(packet_linktype(i), peer, &tally);
	print_tally(&tally, stderr);
	/* Our programs are no longer than the peer's and run no more instructions, but for so few. */
	assert_true(tally.dearer[0].longer <= tally.compared / LONGER_PART);
	assert_true(tally.dearer[0].slower <= tally.compared / SLOWER_PART);
	/* Expressions that hardly compile, or packets that hardly match, would tell nothing. */
	assert_true(tally.compiled > tally.expressions / 2);
	assert_true(peer == NULL || tally.compared > tally.expressions / 5);
	assert_true(peer == NULL || tally.matches > tally.verdicts / 50);
	assert_int_equal(faults, 0);
}

/* Valid, the same without the optimizer, the same when printed and parsed again. */
static void test_alone(void **state)
{
	(void)state;
	check_all(NULL);
}

static void test_peer(void **state)
{
	const char *why;
	const struct library *peer = peer_library(&why);

	(void)state;
	if (peer == NULL) {
		print_message("skipped: %s\n", why);
		skip();
	}
	check_all(peer);
}

static void test_composition(void **state)
{
	unsigned faults = 0;
	uint64_t random;
	char first[512], second[512];

	(void)state;
	for (size_t i = 0; i < packet_linktypes(); i++) {
		int linktype = packet_linktype(i);
		struct differential d = start(linktype, &random);
		for (unsigned j = 0; j < count_for(linktype) / 2; j++) {
			random_filter(&random, linktype, first, sizeof(first));
			random_filter(&random, linktype, second, sizeof(second));
			faults += !check_composition(&d, linktype, first, second);
		}
	}
	assert_int_equal(faults, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_peer),
		cmocka_unit_test(test_composition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
