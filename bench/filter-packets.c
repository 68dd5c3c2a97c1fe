/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets for the benchmarks of filters: a mix as on an office's wire, the same in every run. */
#include "filter-packets.h"

#include "filter-limits.h"
#include "filter-ways.h"

#include "../tests/lib/random-numbers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void put_half(u_char *at, u_int value)
{
	at[0] = (u_char)(value >> 8);
	at[1] = (u_char)value;
}

static void put_word(u_char *at, uint32_t value)
{
	put_half(at, value >> 16);
	put_half(at + 2, value & 0xffff);
}

/* Some are in the lists of hosts. */
static uint32_t random_address(uint64_t *state)
{
	if (random_below(state, 16) == 0)
		return bench_host(random_below(state, MOST_HOSTS));
	return 0x0a000000 | random_below(state, 1 << 26);
}

static u_int random_port(uint64_t *state)
{
	static const u_short known[] = {80, 443, 443, 443, 53, 22, 1234, 8080};
	return random_below(state, 2) ? known[random_below(state, 8)] : 1024 + random_below(state, 64512);
}

static u_int random_length(uint64_t *state)
{
	u_int kind = random_below(state, 10);
	return kind < 5 ? 60 + random_below(state, 20) : kind < 8 ? 80 + random_below(state, 500) : 1514;
}

/* A packet as on an office's wire: mostly TCP over IPv4. Its length. */
static u_int make_packet(uint64_t *state, u_char *packet)
{
	u_int length = random_length(state), kind = random_below(state, 100), transport = 34;
	bool tcp = random_below(state, 10) < 8;

	memset(packet, 0, 100);
	for (u_int i = 0; i < 12; i++)
		packet[i] = (u_char)random_number(state);
	if (kind < 4) {
		memcpy(packet + 12, "\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01", 10);
		put_word(packet + 28, random_address(state));
		put_word(packet + 38, random_address(state));
		return 60;
	}
	if (kind < 16) {
		put_half(packet + 12, 0x86dd);
		packet[14] = 0x60;
		packet[20] = tcp ? 6 : 17;
		transport = 54;
		length = length < 78 ? 78 : length;
	} else {
		put_half(packet + 12, 0x0800);
		packet[14] = 0x45;
		packet[23] = kind < 20 ? 1 : tcp ? 6 : 17;
		put_half(packet + 20, kind == 20 ? 0x0123 : 0x4000);
		put_word(packet + 26, random_address(state));
		put_word(packet + 30, random_address(state));
	}
	put_half(packet + transport, random_port(state));
	put_half(packet + transport + 2, random_port(state));
	packet[transport + 13] = random_below(state, 10) == 0 ? 0x02 : 0x10;
	return length;
}

struct packets bench_make_packets(size_t size)
{
	u_int room = (u_int)(size / 60) + 1;
	struct packets packets = {bench_checked(malloc(size + 2000)),
		bench_checked(calloc(room, sizeof(*packets.headers))),
		bench_checked(malloc(room * sizeof(*packets.data))), 0};
	uint64_t state = 1;

	for (size_t used = 0; used < size; packets.count++) {
		u_int length = make_packet(&state, packets.bytes + used);
		packets.headers[packets.count].len = packets.headers[packets.count].caplen = length;
		packets.data[packets.count] = packets.bytes + used;
		used += length;
	}
	return packets;
}
