/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part of a live test that is no test: frames, and a socket of its own to send them with.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "live.h"

#define UDP_PORT 7777
#define ETHERNET_LENGTH 14
#define IPV4_LENGTH 20
#define PAYLOAD_OFFSET (ETHERNET_LENGTH + IPV4_LENGTH + 8)

static const char *from_environment(const char *variable)
{
	const char *value = getenv(variable);

	if (value == NULL || *value == '\0')
		fail_msg("%s is not set: run this test with tests/live/netns.sh", variable);
	return value;
}

const char *live_interface(void)
{
	return from_environment("WEIR_IF");
}

const char *live_peer_interface(void)
{
	return from_environment("WEIR_PEER_IF");
}

int live_open_sender(const char *interface)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface)};
	int sender;

	if (address.sll_ifindex == 0)
		fail_msg("%s: %s", interface, strerror(errno));
	/* Protocol 0: nothing is queued for it. */
	sender = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (sender < 0 || bind(sender, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail_msg("%s: no socket to send with: %s", interface, strerror(errno));
	return sender;
}

void live_send(int sender, const void *frame, size_t length)
{
	ssize_t sent;

	do
		sent = send(sender, frame, length, 0);
	while (sent < 0 && (errno == EINTR || errno == ENOBUFS));
	if (sent < 0)
		fail_msg("send: %s", strerror(errno));
	assert_int_equal(sent, length);
}

void live_send_on(const char *interface, const void *frame, size_t length, unsigned count)
{
	int sender = live_open_sender(interface);

	while (count-- > 0)
		live_send(sender, frame, length);
	close(sender);
}

static void put_16(uint8_t *bytes, unsigned value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

static void put_32(uint8_t *bytes, uint32_t value)
{
	put_16(bytes, value >> 16);
	put_16(bytes + 2, value & 0xffff);
}

/* RFC 1071. */
static unsigned internet_checksum(const uint8_t *bytes, size_t length)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < length; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

void live_make_udp(uint8_t *frame, size_t length, uint32_t sequence)
{
	static const uint8_t addresses[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	uint8_t *ipv4 = frame + ETHERNET_LENGTH;
	uint8_t *udp = ipv4 + IPV4_LENGTH;

	assert_in_range(length, LIVE_UDP_MIN, 65535 + ETHERNET_LENGTH);
	memset(frame, 0, length);
	memcpy(frame, addresses, sizeof(addresses));
	put_16(frame + 12, ETH_P_IP);
	ipv4[0] = 0x45;
	put_16(ipv4 + 2, (unsigned)(length - ETHERNET_LENGTH));
	ipv4[8] = 64; /* hops */
	ipv4[9] = IPPROTO_UDP;
	put_32(ipv4 + 12, 0x0a4d0002);
	put_32(ipv4 + 16, 0x0a4d0009);
	put_16(ipv4 + 10, internet_checksum(ipv4, IPV4_LENGTH));
	put_16(udp, UDP_PORT);
	put_16(udp + 2, UDP_PORT);
	put_16(udp + 4, (unsigned)(length - ETHERNET_LENGTH - IPV4_LENGTH)); /* its checksum 0: none */
	put_32(frame + PAYLOAD_OFFSET, sequence);
}

uint32_t live_udp_sequence(const uint8_t *frame, size_t length)
{
	const uint8_t *ipv4 = frame + ETHERNET_LENGTH;
	uint32_t sequence;

	if (length < LIVE_UDP_MIN || frame[12] != ETH_P_IP >> 8 || frame[13] != (ETH_P_IP & 0xff) ||
		ipv4[9] != IPPROTO_UDP || ipv4[IPV4_LENGTH + 2] != UDP_PORT >> 8 ||
		ipv4[IPV4_LENGTH + 3] != (UDP_PORT & 0xff))
		return UINT32_MAX;
	memcpy(&sequence, frame + PAYLOAD_OFFSET, sizeof(sequence));
	return ntohl(sequence);
}

void live_run(const char *format, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, format);
	assert_in_range(vsnprintf(command, sizeof(command), format, ap), 1, sizeof(command) - 1);
	va_end(ap);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}
