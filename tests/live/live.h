/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests of live capture, which run inside netns.sh: the interfaces it made, frames to send, and a way to put them
 * on the wire that has nothing to do with the library under test. Everything fails the test when it cannot be done.
 */
#ifndef WEIR_TESTS_LIVE_H
#define WEIR_TESTS_LIVE_H

#include <stddef.h>
#include <stdint.h>

/* weir0, which has the address 10.77.0.1, and weir1, the other end of the wire. */
const char *live_interface(void);
const char *live_peer_interface(void);

/* An AF_PACKET socket that sends on an interface, and gets nothing. The caller closes it. */
int live_open_sender(const char *interface);
void live_send(int sender, const void *frame, size_t length);
/* Opens a sender, sends count copies of the frame, closes it. */
void live_send_on(const char *interface, const void *frame, size_t length, unsigned count);

/* The shortest UDP frame: Ethernet, IPv4 and UDP headers, and the sequence number. */
#define LIVE_UDP_MIN (14 + 20 + 8 + 4)

/*
 * Fills frame with length bytes: a UDP packet from 02:00:00:00:00:02, 10.77.0.2, to 02:00:00:00:00:01, 10.77.0.9, port
 * 7777, with sequence as its first four bytes of payload (network byte order), then zeros. Nobody has that address, so
 * that nothing answers.
 */
void live_make_udp(uint8_t *frame, size_t length, uint32_t sequence);
/* The sequence number of such a frame, or UINT32_MAX if it is none. */
uint32_t live_udp_sequence(const uint8_t *frame, size_t length);

/* Runs a shell command, such as "ip link set weir1 down"; it must succeed. */
void live_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
