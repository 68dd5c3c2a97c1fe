/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading from a device that gives one packet at a time: a socket, a character device, a queue. For module authors: the
 * wait, the break, the count, the filter and the snapshot length are done here; a module only says how to get the next
 * packet.
 */
#include "core/core.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* A call that may deliver any number ends after so many, so that a flood does not keep its caller for ever. */
#define MESSAGES_AT_ONCE 4096

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Runs in signal handlers and other threads: sets the flag, then wakes the read. write() is safe there. */
static void wake(pcap_t *p)
{
	uint64_t one = 1;
	int saved_errno = errno;

	pcapint_breakloop_common(p);
	/* It fails only where the counter is full, and then the read wakes anyway. */
	ssize_t written _U_ = write(p->core->wake_fd, &one, sizeof(one));
	errno = saved_errno;
}

int pcapint_make_wakeable(pcap_t *p)
{
	if (p->core->wake_fd == -1)
		p->core->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->core->wake_fd == -1) {
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
			"%.100s: can't make a descriptor to wait on", p->opt.device);
		return PCAP_ERROR;
	}
	p->breakloop_op = wake;
	p->core->messages_delivered = 0;
	return 0;
}

int pcapint_wait_readable(pcap_t *p)
{
	struct pollfd fds[2] = {{.fd = p->fd, .events = POLLIN}, {.fd = p->core->wake_fd, .events = POLLIN}};
	int64_t until = milliseconds() + p->opt.timeout, left = -1;
	uint64_t wakeups;
	int ready = -1;

	while (ready == -1 && !p->break_loop) {
		if (p->opt.timeout > 0) {
			left = until - milliseconds();
			left = left < 0 ? 0 : left;
		}
		ready = poll(fds, 2, (int)left);
		if (ready == -1 && errno != EINTR) {
			pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
				"%.100s: can't wait for packets", p->opt.device);
			return PCAP_ERROR;
		}
	}
	/* Emptied, or it would wake the next wait too. */
	ssize_t drained _U_ = read(p->core->wake_fd, &wakeups, sizeof(wakeups));
	return ready > 0 && fds[0].revents != 0;
}

/*
 * A device without a descriptor is asked again each required_select_timeout. True when the buffering time-out is over.
 */
static bool pause_polling(pcap_t *p, int64_t until)
{
	const struct timeval *interval = p->required_select_timeout;
	struct pollfd wake_up = {.fd = p->core->wake_fd, .events = POLLIN};
	int64_t wait = interval != NULL ? interval->tv_sec * 1000LL + interval->tv_usec / 1000 : 1;
	uint64_t wakeups;

	if (p->opt.timeout > 0) {
		int64_t left = until - milliseconds();
		if (left <= 0)
			return true;
		wait = wait < left ? wait : left;
	}
	if (poll(&wake_up, 1, wait < 1 ? 1 : (int)wait) > 0) {
		ssize_t drained _U_ = read(p->core->wake_fd, &wakeups, sizeof(wakeups));
	}
	return false;
}

/* A pending break, told once: the flag is cleared with it. */
static int take_break(pcap_t *p)
{
	p->break_loop = 0;
	return PCAP_ERROR_BREAK;
}

/* Keeps an error for the next call, since this one has packets to tell of. */
static int packets_first(pcap_t *p, int delivered, int status)
{
	if (delivered == 0)
		return status;
	p->core->late_status = status;
	memcpy(p->core->late_error, p->errbuf, sizeof(p->core->late_error));
	return delivered;
}

static int take_late_error(pcap_t *p)
{
	int status = p->core->late_status;

	p->core->late_status = 0;
	memcpy(p->errbuf, p->core->late_error, sizeof(p->core->late_error));
	return status;
}

/* Hands a packet to the callback: 1, or 0 where the filter says no. */
static int deliver(pcap_t *p, struct pcap_pkthdr *header, const u_char *data, pcap_handler callback, u_char *user)
{
	if (!pcapint_filter_packet(p, data, header->len, header->caplen, NULL))
		return 0;
	if (header->caplen > (u_int)p->snapshot)
		header->caplen = p->snapshot;
	p->core->messages_delivered++;
	callback(user, header, data);
	return 1;
}

uint64_t pcapint_messages_delivered(pcap_t *p)
{
	return p->core->messages_delivered;
}

int pcapint_read_messages(pcap_t *p, int cnt, pcap_handler callback, u_char *user, pcapint_next_message_t next)
{
	int64_t until = p->fd == -1 ? milliseconds() + p->opt.timeout : 0;
	bool waited = p->opt.nonblock;
	int delivered = 0;

	if (p->core->late_status != 0)
		return take_late_error(p);
	for (int messages = 0; messages < MESSAGES_AT_ONCE && !p->break_loop;) {
		struct pcap_pkthdr header = {.caplen = 0};
		const u_char *data = NULL;
		int status;

		if (!PACKET_COUNT_IS_UNLIMITED(cnt) && delivered >= cnt)
			break;
		status = next(p, &header, &data);
		if (status == 0 && !waited && p->fd == -1) {
			waited = pause_polling(p, until);
			continue;
		}
		if (status == 0 && !waited) {
			status = pcapint_wait_readable(p);
			waited = true;
			if (status >= 0)
				continue;
		}
		if (status < 0)
			return packets_first(p, delivered, status);
		if (status == 0)
			break;
		waited = true;
		messages++;
		delivered += deliver(p, &header, data, callback, user);
	}
	/* With packets delivered, the break is left for the next call to tell. */
	if (p->break_loop && delivered == 0)
		return take_break(p);
	return delivered;
}
