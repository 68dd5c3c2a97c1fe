/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stand-in for Endace's DAG library, for tests: the interface of the module's dag-api.h for one card with two receive
 * streams and one transmit stream. A receive stream is a buffer that wraps and is mapped twice in a row, as the card's is,
 * so that a record is always in one piece.
 */
#include "dag/dag-api.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "arrivals.h"
#include "libdag.h"

#define CARD_FD 1000
#define STREAMS 4 /* receive 0 and 2, transmit 1 and, not there, 3 */

static struct {
	bool attached, started;
} streams[STREAMS];
static int opens;

static uint8_t buffer[2 * STAND_IN_BUFFER];
static uint64_t written, released; /* bytes since the start */
static size_t shown;
static uint16_t lost;
static int next_error;
static uint8_t last_sent[65536];
static size_t last_sent_size;

int dag_open(const char *path);
int dag_close(int fd);
int dag_rx_get_stream_count(int fd);
int dag_attach_stream64(int fd, int stream, uint32_t flags, uint64_t extra_window);
int dag_detach_stream(int fd, int stream);
int dag_start_stream(int fd, int stream);
int dag_stop_stream(int fd, int stream);
int dag_set_stream_poll64(int fd, int stream, uint64_t least, struct timeval *longest_wait, struct timeval *poll);
uint8_t *dag_advance_stream(int fd, int stream, uint8_t **bottom);
int dag_get_stream_erf_types(int fd, int stream, uint8_t *types, int size);
int dag_tx_stream_copy_bytes(int fd, int stream, uint8_t *record, uint32_t size);

/* ---- The test's side ---- */

static void put(uint64_t at, uint8_t byte)
{
	buffer[at % STAND_IN_BUFFER] = byte;
	buffer[at % STAND_IN_BUFFER + STAND_IN_BUFFER] = byte;
}

void stand_in_receive(const void *record, size_t size)
{
	uint8_t copy[STAND_IN_BUFFER];
	struct erf_header header;

	if (!streams[0].started)
		return;
	if (written + size - released > STAND_IN_BUFFER) {
		lost++;
		return;
	}
	memcpy(copy, record, size);
	memcpy(&header, copy, sizeof(header));
	if (lost > 0)
		header.lost = htons(lost);
	lost = 0;
	memcpy(copy, &header, sizeof(header));
	for (size_t i = 0; i < size; i++)
		put(written + i, copy[i]);
	written += size;
}

void stand_in_show(size_t bytes)
{
	shown = bytes;
}

void stand_in_fail_next_advance(int error)
{
	next_error = error;
}

size_t stand_in_sent(void *record, size_t size)
{
	memcpy(record, last_sent, last_sent_size < size ? last_sent_size : size);
	return last_sent_size;
}

void stand_in_in_use(int counts[3])
{
	counts[0] = opens;
	counts[1] = counts[2] = 0;
	for (int i = 0; i < STREAMS; i++) {
		counts[1] += streams[i].attached;
		counts[2] += streams[i].started;
	}
}

/* ---- The library's ---- */

static int failed(int error)
{
	errno = error;
	return -1;
}

int dag_open(const char *path)
{
	if (strcmp(path, "/dev/dag3") == 0)
		return failed(EACCES);
	if (strcmp(path, "/dev/dag0") != 0)
		return failed(ENOENT);
	__atomic_fetch_add(&opens, 1, __ATOMIC_SEQ_CST);
	return CARD_FD;
}

int dag_close(int fd)
{
	if (fd != CARD_FD || opens == 0)
		return failed(EBADF);
	__atomic_fetch_sub(&opens, 1, __ATOMIC_SEQ_CST);
	return 0;
}

int dag_rx_get_stream_count(int fd)
{
	return fd == CARD_FD ? 2 : failed(EBADF);
}

int dag_attach_stream64(int fd, int stream, uint32_t flags, uint64_t extra_window)
{
	(void)flags;
	(void)extra_window;
	if (fd != CARD_FD)
		return failed(EBADF);
	if (stream < 0 || stream > 2)
		return failed(ENOMEM);
	/* Threads may try at once. */
	if (__atomic_exchange_n(&streams[stream].attached, true, __ATOMIC_SEQ_CST))
		return failed(EBUSY);
	if (stream == 0) {
		written = released = 0;
		shown = 0;
		lost = 0;
	}
	return 0;
}

int dag_detach_stream(int fd, int stream)
{
	if (fd != CARD_FD || stream < 0 || stream >= STREAMS || !streams[stream].attached)
		return failed(EINVAL);
	__atomic_store_n(&streams[stream].attached, false, __ATOMIC_SEQ_CST);
	return 0;
}

int dag_start_stream(int fd, int stream)
{
	if (fd != CARD_FD || stream < 0 || stream >= STREAMS || !streams[stream].attached)
		return failed(EINVAL);
	streams[stream].started = true;
	return 0;
}

int dag_stop_stream(int fd, int stream)
{
	if (fd != CARD_FD || stream < 0 || stream >= STREAMS || !streams[stream].started)
		return failed(EINVAL);
	streams[stream].started = false;
	return 0;
}

int dag_set_stream_poll64(int fd, int stream, uint64_t least, struct timeval *longest_wait, struct timeval *poll)
{
	(void)stream;
	(void)poll;
	/* Waiting is not the stand-in's: the module asks for none. */
	if (fd != CARD_FD || least != 0 || longest_wait->tv_sec != 0 || longest_wait->tv_usec != 0)
		return failed(EINVAL);
	return 0;
}

/* An Ethernet record has 2 bytes before the frame, and the frame's 4 bytes of checksum. */
static void take_arrivals(void)
{
	static struct arrivals arrivals;
	uint8_t record[16 + 2 + ARRIVAL_LONGEST + 4 + 8] = {0};
	struct timespec now;
	uint32_t length;

	clock_gettime(CLOCK_REALTIME, &now);
	while ((length = next_arrival(&arrivals, record + 18)) > 0) {
		struct erf_header header = {.type = ERF_ETH,
			.time = (uint64_t)now.tv_sec << 32 | ((uint64_t)now.tv_nsec << 32) / 1000000000,
			.wire_length = htons((uint16_t)(length + 4)),
			.record_length = htons((uint16_t)((18 + length + 4 + 7) / 8 * 8))};
		memcpy(record, &header, sizeof(header));
		stand_in_receive(record, ntohs(header.record_length));
	}
}

uint8_t *dag_advance_stream(int fd, int stream, uint8_t **bottom)
{
	int error = next_error;
	uint64_t end;

	take_arrivals();
	next_error = 0;
	errno = error != 0 ? error : EINVAL;
	if (error != 0 || fd != CARD_FD || stream != 0 || !streams[0].started)
		return NULL;
	if (*bottom != NULL) {
		uint64_t now = (uint64_t)(*bottom - buffer) % STAND_IN_BUFFER;
		released += (now + STAND_IN_BUFFER - released % STAND_IN_BUFFER) % STAND_IN_BUFFER;
	}
	/* Back into the first of the two mappings. */
	*bottom = buffer + released % STAND_IN_BUFFER;
	end = shown != 0 && shown < written - released ? shown : written - released;
	shown = 0;
	return *bottom + end;
}

int dag_get_stream_erf_types(int fd, int stream, uint8_t *types, int size)
{
	if (fd != CARD_FD || size < 4)
		return failed(EINVAL);
	types[0] = stream == 0 ? ERF_ETH : ERF_HDLC_POS;
	types[1] = stream == 0 ? ERF_IPV4 | ERF_EXTENDED : 0;
	types[2] = 0;
	return 2;
}

int dag_tx_stream_copy_bytes(int fd, int stream, uint8_t *record, uint32_t size)
{
	if (fd != CARD_FD || stream != 1 || !streams[1].started || size % 8 != 0 || size > sizeof(last_sent))
		return failed(EINVAL);
	memcpy(last_sent, record, size);
	last_sent_size = size;
	return (int)size;
}
