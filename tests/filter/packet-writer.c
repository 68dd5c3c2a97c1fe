/* SPDX-License-Identifier: BSD-3-Clause */
/* The network and transport layers of the packets of packets.h. */
#include "packet-writer.h"

#include <string.h>

#include "../lib/random-numbers.h"

uint32_t below(struct writer *out, uint32_t limit)
{
	return limit == 0 ? 0 : random_below(out->state, limit);
}

bool one_in(struct writer *out, uint32_t count)
{
	return random_below(out->state, count) == 0;
}

void put(struct writer *out, uint32_t value, int size)
{
	struct packet *packet = out->packet;

	while (size-- > 0)
		if (packet->length < sizeof(packet->data))
			packet->data[packet->length++] = (uint8_t)(value >> 8 * size);
}

void put_bytes(struct writer *out, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		put(out, ((const uint8_t *)bytes)[i], 1);
}

void put_noise(struct writer *out, uint32_t size)
{
	while (size-- > 0)
		put(out, one_in(out, 3) ? 0 : random_number(out->state), 1);
}

void put_mac(struct writer *out)
{
	static const uint8_t macs[][6] = {
		{0x00, 0x11, 0x22, 0x33, 0x44, 0x55},
		{0x02, 0x00, 0x00, 0x00, 0x00, 0x01},
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		{0x01, 0x00, 0x5e, 0x00, 0x00, 0x01},
		{0xaa, 0x00, 0x04, 0x00, 0x01, 0x04},
	};

	put_bytes(out, PICK(out, macs), 6);
}

static const uint32_t hosts[] = {
	0x0a000001, 0x0a000002, 0x0a0100ff, 0xc0a80105, 0xac100304, 0xe0000001, 0xffffffff, 0x0a000000};
static const uint16_t ports[] = {80, 443, 53, 8080, 1024, 20, 4789, 6081, 0, 65535};

static void put_ipv6_address(struct writer *out)
{
	static const uint32_t addresses[][4] = {
		{0x20010db8, 0, 0, 1},
		{0x20010db8, 0, 0, 2},
		{0x20010db8, 0x00010002, 0x00030004, 0x00050006},
		{0xfe800000, 0, 0, 1},
		{0xff020000, 0, 0, 1},
		{0, 0, 0xffff, 0x0a000001},
	};
	const uint32_t *address = PICK(out, addresses);

	for (int i = 0; i < 4; i++)
		put(out, address[i], 4);
}

void write_noise(struct writer *out)
{
	put_noise(out, 20 + below(out, 40));
}

/* VXLAN (RFC 7348) and Geneve (RFC 8926) over UDP: a network identifier, then Ethernet or, in Geneve, IP. */
static void write_tunnel(struct writer *out, bool geneve)
{
	static const uint32_t identifiers[] = {1, 5, 10};
	static const uint16_t protocols[] = {0x6558, 0x6558, 0x0800, 0x86dd};
	uint32_t options = geneve && one_in(out, 2) ? below(out, 4) : 0;
	uint16_t protocol = geneve ? PICK(out, protocols) : 0x6558;

	out->tunnels++;
	if (geneve)
		put(out, options << 24 | protocol, 4);
	else
		put(out, one_in(out, 8) ? 0 : 0x08000000, 4);
	put(out, PICK(out, identifiers) << 8, 4);
	put_noise(out, 4 * options);
	if (protocol == 0x6558)
		write_ethernet(out);
	else if (protocol == 0x0800)
		write_ipv4(out);
	else
		write_ipv6(out);
}

static void write_ports(struct writer *out)
{
	put(out, PICK(out, ports), 2);
	put(out, PICK(out, ports), 2);
}

static void write_tcp(struct writer *out)
{
	static const uint8_t flags[] = {0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x00, 0xff};

	write_ports(out);
	put(out, random_number(out->state), 4);
	put(out, random_number(out->state), 4);
	put(out, (5 + below(out, 3)) << 4, 1);
	put(out, PICK(out, flags), 1);
	put(out, random_number(out->state), 2);
	put_noise(out, 16);
	put_bytes(out, "GET / HTTP/1.1\r\n", 16);
}

static void write_udp(struct writer *out)
{
	bool tunnel = out->tunnels < 2 && one_in(out, 3), geneve = one_in(out, 2);

	put(out, PICK(out, ports), 2);
	put(out, tunnel ? (geneve ? 6081 : 4789) : PICK(out, ports), 2);
	put(out, 8 + below(out, 100), 2);
	put(out, random_number(out->state), 2);
	if (tunnel)
		write_tunnel(out, geneve);
	else
		write_noise(out);
}

static void write_icmp(struct writer *out)
{
	static const uint8_t types[] = {8, 0, 3, 5, 11, 128, 129, 135, 136, 134};

	put(out, PICK(out, types), 1);
	put(out, below(out, 4), 1);
	write_noise(out);
}

static void write_transport(struct writer *out, uint8_t protocol)
{
	switch (protocol) {
	case 6:
		write_tcp(out);
		break;
	case 17:
		write_udp(out);
		break;
	case 132:
		write_ports(out);
		write_noise(out);
		break;
	case 1:
	case 58:
		write_icmp(out);
		break;
	default:
		write_noise(out);
	}
}

/* TCP and UDP often; the others that the language knows now and then. */
static uint8_t random_protocol(struct writer *out, bool ipv6)
{
	static const uint8_t protocols[] = {6, 17, 132, 1, 58, 2, 9, 50, 51, 103, 112, 0, 44, 255};

	if (one_in(out, 2))
		return one_in(out, 2) ? 6 : 17;
	if (one_in(out, 4))
		return ipv6 ? 58 : 1;
	return PICK(out, protocols);
}

/* An authentication header (RFC 4302), whose length counts words from its third on. */
static void write_ah(struct writer *out, uint8_t next)
{
	put(out, next, 1);
	put(out, 4, 1);
	put(out, 0, 2);
	put_noise(out, 20);
}

void write_ipv4(struct writer *out)
{
	uint32_t options = one_in(out, 4) ? 1 + below(out, 10) : 0, total = 20 + 4 * options + below(out, 200);
	uint8_t protocol = random_protocol(out, false), inner = protocol;
	bool fragment = one_in(out, 8);

	put(out, 0x45 + options, 1);
	put(out, below(out, 4), 1);
	put(out, total, 2);
	put(out, random_number(out->state), 2);
	put(out, fragment ? 0x2000 | below(out, 3) : one_in(out, 2) ? 0x4000 : 0, 2);
	put(out, below(out, 2) ? 64 : 1, 1);
	put(out, protocol, 1);
	put(out, 0, 2);
	put(out, PICK(out, hosts), 4);
	put(out, PICK(out, hosts), 4);
	put_noise(out, 4 * options);
	if (protocol == 51) {
		inner = random_protocol(out, false);
		write_ah(out, inner);
	}
	write_transport(out, inner);
}

/* Extension headers (RFC 8200): hop-by-hop, routing and destination options, a fragment header, authentication. */
static uint8_t write_extension(struct writer *out, uint8_t header)
{
	static const uint8_t headers[] = {0, 43, 44, 51, 60, 6, 17, 6, 17, 58, 132};
	uint8_t next = PICK(out, headers);
	uint32_t more = below(out, 3);

	if (header == 51) {
		write_ah(out, next);
	} else if (header == 44) {
		put(out, next, 1);
		put_noise(out, 7);
	} else {
		put(out, next, 1);
		put(out, more, 1);
		put_noise(out, 6 + 8 * more);
	}
	return next;
}

void write_ipv6(struct writer *out)
{
	static const uint8_t extensions[] = {0, 43, 44, 44, 51, 60};
	uint8_t next = one_in(out, 3) ? PICK(out, extensions) : random_protocol(out, true);

	put(out, 0x60000000 | below(out, 3) << 20, 4);
	put(out, below(out, 300), 2);
	put(out, next, 1);
	put(out, 64, 1);
	put_ipv6_address(out);
	put_ipv6_address(out);
	for (int i = 0; i < 3 && (next == 0 || next == 43 || next == 44 || next == 51 || next == 60); i++)
		next = write_extension(out, next);
	write_transport(out, next);
}

void write_arp(struct writer *out)
{
	put(out, 1, 2);
	put(out, 0x0800, 2);
	put(out, 0x0604, 2);
	put(out, 1 + below(out, 4), 2);
	put_mac(out);
	put(out, PICK(out, hosts), 4);
	put_mac(out);
	put(out, PICK(out, hosts), 4);
	put_noise(out, 18);
}

/* CLNP, ES-IS and IS-IS (ISO/IEC 10589: the PDU type is the fifth byte). */
void write_iso(struct writer *out)
{
	static const uint8_t protocols[] = {0x81, 0x82, 0x83, 0x83, 0x83};
	static const uint8_t types[] = {15, 16, 17, 18, 20, 24, 25, 26, 27, 15 | 0x80, 30};

	put(out, PICK(out, protocols), 1);
	put(out, 0x1b01, 2);
	put(out, 0, 1);
	put(out, PICK(out, types), 1);
	write_noise(out);
}

/* DECnet phase IV routing: a length, padding sometimes, then a short or a long header; addresses are little-endian. */
void write_decnet(struct writer *out)
{
	bool padded = one_in(out, 2), is_long = one_in(out, 2);

	put(out, 0x2200, 2);
	if (padded)
		put(out, 0x81, 1);
	put(out, is_long ? 0x06 : 0x02, 1);
	if (is_long) {
		put(out, 0, 2);
		put(out, 0xaa000400, 4);
		put(out, one_in(out, 2) ? 0x0104 : 0x7b28, 2);
		put(out, 0, 2);
		put(out, 0xaa000400, 4);
	}
	put(out, one_in(out, 2) ? 0x0104 : 0x7b28, 2);
	put(out, one_in(out, 2) ? 0x0104 : 0x7b28, 2);
	write_noise(out);
}
