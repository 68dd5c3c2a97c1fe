/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The harness of the live tests, tested without the library: a plain socket sees what the helpers send.
 */
#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "live.h"

static void frames_reach_the_other_end(void **state)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct timeval patience = {.tv_sec = 30};
	uint8_t sent[LIVE_UDP_MIN + 100], got[2048];
	uint32_t sequence;
	ssize_t length;
	int receiver = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int sender = live_open_sender(live_peer_interface());

	(void)state;
	assert_return_code(receiver, errno);
	address.sll_ifindex = (int)if_nametoindex(live_interface());
	assert_return_code(bind(receiver, (struct sockaddr *)&address, sizeof(address)), errno);
	assert_return_code(setsockopt(receiver, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), errno);
	for (sequence = 0; sequence < 3; sequence++) {
		live_make_udp(sent, sizeof(sent), sequence);
		live_send(sender, sent, sizeof(sent));
		length = recv(receiver, got, sizeof(got), 0);
		assert_int_equal(length, sizeof(sent));
		assert_memory_equal(got, sent, sizeof(sent));
		assert_int_equal(live_udp_sequence(got, (size_t)length), sequence);
	}
	close(receiver);
	close(sender);
}

static void other_frames_have_no_sequence_number(void **state)
{
	uint8_t frame[LIVE_UDP_MIN];

	(void)state;
	live_make_udp(frame, sizeof(frame), 5);
	assert_int_equal(live_udp_sequence(frame, sizeof(frame)), 5);
	assert_int_equal(live_udp_sequence(frame, sizeof(frame) - 1), UINT32_MAX);
	frame[12] = 0x86;
	assert_int_equal(live_udp_sequence(frame, sizeof(frame)), UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_reach_the_other_end),
		cmocka_unit_test(other_frames_have_no_sequence_number),
	};

	return cmocka_run_group_tests_name("live harness", tests, NULL, NULL);
}
