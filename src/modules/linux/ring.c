/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring of packets that the kernel shares with us: how large it is, getting and mapping it, and reading from it,
 * with what the two kinds of ring have in common. For activate and for every read.
 */
#include "modules/linux/linux.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * The default size: enough for 1,500-byte frames at line rate of 10 Gbit/s while the reader is off the processor for
 * some time, but a small part of the memory, since there can be many captures at once.
 */
#define LARGEST_DEFAULT (32u << 20)
#define SMALLEST_DEFAULT (2u << 20)
#define SHARE_OF_MEMORY 512
/* What a ring of a size that was asked for may have; beyond that the kernel would kill processes to make room. */
#define LARGEST_SHARE_OF_MEMORY 2

/* Where addresses below 4 GiB can't be asked for, there are no others, or mmap() puts nothing there by itself. */
#ifndef MAP_32BIT
#define MAP_32BIT 0
#endif

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL

/* ---- Getting the ring ---- */

static size_t memory_size(void)
{
	return (size_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
}

static size_t default_size(void)
{
	size_t size = memory_size() / SHARE_OF_MEMORY;
	return size > LARGEST_DEFAULT ? LARGEST_DEFAULT : size < SMALLEST_DEFAULT ? SMALLEST_DEFAULT : size;
}

/* 0, or -1 with errno set and the socket as it was. */
static int try_ring(pcap_t *p, const struct tpacket_req3 *request)
{
	struct pcap_linux *lc = p->priv;
	size_t size = (size_t)request->tp_block_size * request->tp_block_nr;
	/* TPACKET_V2 takes the first four members alone. */
	socklen_t request_size = lc->ring->version == TPACKET_V3 ? sizeof(*request) : sizeof(struct tpacket_req);
	static const struct tpacket_req3 none;
	int flags = MAP_SHARED | (pcapint_map_32bit() ? MAP_32BIT : 0);

	if (setsockopt(p->fd, SOL_PACKET, PACKET_RX_RING, request, request_size) == -1)
		return -1;
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, p->fd, 0);
	if (map == MAP_FAILED) {
		int error = errno;
		setsockopt(p->fd, SOL_PACKET, PACKET_RX_RING, &none, request_size);
		errno = error;
		return -1;
	}
	lc->map = map;
	lc->map_size = size;
	return 0;
}

int pcapint_linux_open_ring(pcap_t *p)
{
	struct pcap_linux *lc = p->priv;
	size_t wanted = p->opt.buffer_size != 0 ? p->opt.buffer_size : default_size();
	struct tpacket_req3 request = {0};
	size_t first = 0;

	for (size_t bytes = wanted;; bytes /= 2) {
		size_t before = (size_t)request.tp_block_size * request.tp_block_nr;
		lc->ring->shape(p, bytes, &request);
		size_t size = (size_t)request.tp_block_size * request.tp_block_nr;
		if (first == 0)
			first = size;
		if (size == before) {
			/* No smaller one is possible. */
			pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
				"%.32s: can't get a packet buffer of %zu bytes, nor a smaller one", p->opt.device,
				first);
			return PCAP_ERROR;
		}
		if (size > memory_size() / LARGEST_SHARE_OF_MEMORY) {
			errno = ENOMEM;
			continue;
		}
		if (try_ring(p, &request) == 0)
			break;
		if (errno != ENOMEM && errno != EAGAIN && errno != EINVAL) {
			pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
				"%.32s: can't get a packet buffer of %zu bytes", p->opt.device, size);
			return PCAP_ERROR;
		}
	}
	p->bufsize = lc->map_size > INT32_MAX ? INT32_MAX : (int)lc->map_size;
	lc->ring->start(p, &request);
	if (lc->map_size >= first)
		return 0;
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
		"%.32s: there is no memory for a packet buffer of %zu bytes; it has %zu bytes and may lose packets",
		p->opt.device, first, lc->map_size);
	return PCAP_WARNING;
}

bool pcapint_linux_make_copy_room(struct pcap_linux *lc, size_t size)
{
	if (lc->copy != NULL && lc->copy_size >= size)
		return true;
	free(lc->copy);
	lc->copy = malloc(COOKED_HEADROOM + size);
	lc->copy_size = lc->copy != NULL ? size : 0;
	return lc->copy != NULL;
}

/* ---- Waiting ---- */

int64_t pcapint_linux_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* How long poll() is to wait: 0 for a look, -1 for ever, otherwise until *deadline, which the first wait sets. */
static int time_left(pcap_t *p, int64_t *deadline)
{
	if (p->opt.nonblock)
		return 0;
	if (p->opt.timeout <= 0)
		return -1;
	int64_t t = pcapint_linux_now();
	if (*deadline == 0)
		*deadline = t + p->opt.timeout * NS_PER_MS;
	int64_t left = (*deadline - t + NS_PER_MS - 1) / NS_PER_MS;
	return left > 0 ? (int)left : 0;
}

/* What poll() tells of the socket beside packets; 0 or PCAP_ERROR. */
static int handle_socket_events(pcap_t *p, short events)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (events & POLLERR) {
		if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
			error = errno;
		return pcapint_linux_note_socket_error(p, error);
	}
	if (events & (POLLNVAL | POLLHUP)) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.32s: the capture's descriptor has been closed",
			p->opt.device);
		return PCAP_ERROR;
	}
	return 0;
}

/*
 * Waits for packets or an error: 1 if there may be some, 0 if the time is over, or PCAP_ERROR. A signal ends the wait
 * only if it called pcap_breakloop(), which the caller's next look at break_loop finds, as does a call from another
 * thread: both write to wake_fd.
 */
static int wait_for_packets(pcap_t *p, int64_t *deadline)
{
	struct pcap_linux *lc = p->priv;
	struct pollfd fds[] = {{.fd = p->fd, .events = POLLIN}, {.fd = lc->wake_fd, .events = POLLIN}};
	uint64_t wakeups;
	int ready = poll(fds, 2, time_left(p, deadline));

	if (ready == -1 && errno == EINTR)
		return 1;
	if (ready == -1) {
		pcapint_fmt_errmsg_for_errno(
			p->errbuf, PCAP_ERRBUF_SIZE, errno, "%.32s: can't wait for packets", p->opt.device);
		return PCAP_ERROR;
	}
	/* Empty the eventfd, or it would wake the next wait too. */
	if (fds[1].revents & POLLIN) {
		ssize_t size _U_ = read(lc->wake_fd, &wakeups, sizeof(wakeups));
	}
	if (handle_socket_events(p, fds[0].revents) < 0)
		return PCAP_ERROR;
	return ready > 0;
}

/* ---- Reading ---- */

/* A break is told once: the flag is cleared with it. */
static int take_break(pcap_t *p)
{
	p->break_loop = 0;
	return PCAP_ERROR_BREAK;
}

/* Trouble is told by the next read, of which the descriptor says nothing any more: the error was taken from it. */
static void have_read_again(pcap_t *p)
{
	static const struct timeval at_once = {0};
	const struct pcap_linux *lc = p->priv;

	p->required_select_timeout = lc->trouble != TROUBLE_NONE ? &at_once : NULL;
}

int pcapint_linux_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	struct pcap_linux *lc = p->priv;
	int64_t deadline = 0;
	int status = 1;

	if (p->break_loop)
		return take_break(p);
	if (lc->held)
		lc->ring->release(lc);
	for (;;) {
		if (lc->switching)
			pcapint_linux_continue_switch(p);
		int delivered = lc->ring->deliver(p, cnt, callback, user);
		if (delivered > 0) {
			have_read_again(p);
			return delivered;
		}
		if (p->break_loop)
			return take_break(p);
		/* What was captured before comes first, also what is in a block that the kernel still fills. */
		if (lc->trouble != TROUBLE_NONE && lc->ring->unread(lc) == 0)
			return pcapint_linux_tell_trouble(p);
		if (status <= 0)
			return status;
		status = wait_for_packets(p, &deadline);
	}
}
