/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet generator, as a complete capture module to copy from: the devices null0 and null1 deliver UDP packets at a
 * rate and up to a count that the device's name gives (null0:rate=1000,count=50,size=98), and hand back, as outgoing,
 * what was injected. It needs no privilege and no hardware. Built into tests and examples only.
 */
#include <pcap-int.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* The two routines that the library calls, by the row of the module. */
int pcap_null_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *pcap_null_create(const char *device, char *errbuf);

#define NSEC_PER_SEC 1000000000LL

/* The headers of a generated packet: Ethernet 14, IPv4 20, UDP 8 bytes; then the packet's number in 8 bytes. */
#define ETHERNET_SIZE 14
#define HEADERS_SIZE (ETHERNET_SIZE + 20 + 8)
#define SMALLEST_PACKET (HEADERS_SIZE + 8)
#define LARGEST_PACKET 65535
#define DEFAULT_BUFFER_SIZE (1024 * 1024)
#define INJECTED_MAX 64

/* An injected packet that waits to be read. */
struct injected {
	u_char *data;
	int size;
};

/*
 * What one open handle needs beside struct pcap. It is zeroed by PCAP_CREATE_COMMON(), and freed by the core. Two
 * handles on null0 have one each and know nothing of each other.
 */
struct pcap_null {
	/* From the device's name. */
	bpf_u_int32 rate;  /* packets a second; 0: one whenever it is asked for */
	bpf_u_int32 count; /* after so many there are no more; 0: endless */
	bpf_u_int32 size;  /* bytes a packet */
	/* The capture's state. */
	int64_t start;     /* CLOCK_REALTIME at activation, ns */
	int64_t started;   /* CLOCK_MONOTONIC at activation, ns */
	uint64_t next;     /* number of the packet to deliver next */
	uint64_t received; /* for pcap_stats() */
	uint64_t dropped;
	struct injected injected[INJECTED_MAX];
	int injected_count;
	int wake_fd; /* an eventfd that pcap_breakloop() writes to */
};

static int64_t now(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

/* ---- Which packets are due ---- */

static uint64_t packets_held(pcap_t *p)
{
	struct pcap_null *pn = p->priv;
	uint64_t held = p->opt.buffer_size / pn->size;
	return held > 0 ? held : 1;
}

/*
 * The number up to which packets have "arrived". A reader that is too slow loses the oldest: as with a real device,
 * no more than the buffer holds are kept.
 */
static uint64_t packets_due(pcap_t *p)
{
	struct pcap_null *pn = p->priv;
	uint64_t due;

	if (pn->rate == 0)
		due = pn->next + packets_held(p);
	else
		due = (uint64_t)((double)(now(CLOCK_MONOTONIC) - pn->started) * pn->rate / NSEC_PER_SEC);
	if (pn->count > 0 && due > pn->count)
		due = pn->count;
	if (due > pn->next + packets_held(p)) {
		uint64_t lost = due - pn->next - packets_held(p);
		pn->dropped += lost;
		pn->received += lost;
		pn->next += lost;
	}
	return due;
}

/*
 * Sets the timer to the time when the next packet is due, so that the selectable descriptor is readable from then on;
 * at once if packets are there now, never if there will be none.
 */
static void arm_timer(pcap_t *p)
{
	struct pcap_null *pn = p->priv;
	struct itimerspec timer = {0};
	bool exhausted = pn->count > 0 && pn->next >= pn->count;

	if (pn->injected_count > 0 || (pn->rate == 0 && !exhausted)) {
		timer.it_value.tv_nsec = 1;
	} else if (!exhausted) {
		int64_t at = pn->started + (int64_t)((double)(pn->next + 1) * NSEC_PER_SEC / pn->rate) + 1;
		timer.it_value.tv_sec = at / NSEC_PER_SEC;
		timer.it_value.tv_nsec = at % NSEC_PER_SEC;
	}
	timerfd_settime(p->fd, TFD_TIMER_ABSTIME, &timer, NULL);
}

/* ---- Making and delivering packets ---- */

static void put16(u_char *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value & 0xff;
}

/* The Internet checksum (RFC 1071) of an even number of bytes. */
static uint16_t checksum(const u_char *data, size_t size)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < size; i += 2)
		sum += data[i] << 8 | data[i + 1];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Writes packet n into the handle's buffer: 192.0.2.1 to 192.0.2.2 (RFC 5737), UDP to the discard port. */
static void make_packet(pcap_t *p, uint64_t n)
{
	struct pcap_null *pn = p->priv;
	u_char *ip = p->buffer + ETHERNET_SIZE, *udp = ip + 20;
	uint16_t ip_size = pn->size - ETHERNET_SIZE;

	memcpy(p->buffer, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00", ETHERNET_SIZE);
	memcpy(ip, "\x45\x00\x00\x00\x00\x00\x40\x00\x40\x11\x00\x00\xc0\x00\x02\x01\xc0\x00\x02\x02", 20);
	put16(ip + 2, ip_size);
	put16(ip + 4, n);
	put16(ip + 10, checksum(ip, 20));
	memcpy(udp, "\x00\x09\x00\x09\x00\x00\x00\x00", 8);
	put16(udp + 4, ip_size - 20);
	for (int i = 0; i < 8; i++)
		udp[8 + i] = n >> (56 - 8 * i);
}

/*
 * Hands a packet to the callback if direction and filter let it pass: 1 if so, otherwise 0. The filter sees all that
 * was captured; the callback gets no more than the snapshot length.
 */
static int deliver(pcap_t *p, pcap_direction_t direction, const u_char *data, u_int size, int64_t ns,
	pcap_handler callback, u_char *user)
{
	struct pcap_null *pn = p->priv;
	struct pcap_pkthdr header = {
		.ts = pcapint_timestamp(p, (struct timespec){ns / NSEC_PER_SEC, ns % NSEC_PER_SEC})};

	if (p->direction != PCAP_D_INOUT && p->direction != direction)
		return 0;
	/* DLT_RAW packets are the same without their link-layer header. */
	if (p->linktype == DLT_RAW) {
		if (size < ETHERNET_SIZE)
			return 0;
		data += ETHERNET_SIZE;
		size -= ETHERNET_SIZE;
	}
	if (!pcapint_filter_packet(p, data, size, size, NULL))
		return 0;
	pn->received++;
	header.len = size;
	header.caplen = size < (u_int)p->snapshot ? size : (u_int)p->snapshot;
	callback(user, &header, data);
	return 1;
}

static int deliver_injected(pcap_t *p, pcap_handler callback, u_char *user)
{
	struct pcap_null *pn = p->priv;
	struct injected first = pn->injected[0];

	pn->injected_count--;
	memmove(pn->injected, pn->injected + 1, pn->injected_count * sizeof(first));
	int delivered = deliver(p, PCAP_D_OUT, first.data, first.size, now(CLOCK_REALTIME), callback, user);
	free(first.data);
	return delivered;
}

static int deliver_generated(pcap_t *p, pcap_handler callback, u_char *user)
{
	struct pcap_null *pn = p->priv;
	uint64_t n = pn->next++;
	int64_t ns = pn->rate == 0 ? now(CLOCK_REALTIME)
				   : pn->start + (int64_t)((double)(n + 1) * NSEC_PER_SEC / pn->rate);

	make_packet(p, n);
	return deliver(p, PCAP_D_IN, p->buffer, pn->size, ns, callback, user);
}

/* ---- The operations ---- */

/*
 * Waits for a packet, for pcap_breakloop(), or for the buffering time-out. A signal ends the wait only if it called
 * pcap_breakloop(), which the caller's next look at break_loop finds.
 */
static int wait_for_packets(pcap_t *p)
{
	struct pcap_null *pn = p->priv;
	struct pollfd fds[2] = {{.fd = p->fd, .events = POLLIN}, {.fd = pn->wake_fd, .events = POLLIN}};
	int64_t until = p->opt.timeout > 0 ? now(CLOCK_MONOTONIC) + p->opt.timeout * 1000000LL : 0;
	int ready = -1;

	while (ready == -1 && !p->break_loop) {
		int64_t left = until > 0 ? (until - now(CLOCK_MONOTONIC) + 999999) / 1000000 : -1;
		if (until > 0 && left < 0)
			left = 0;
		ready = poll(fds, 2, (int)left);
		if (ready == -1 && errno != EINTR) {
			pcapint_fmt_errmsg_for_errno(
				p->errbuf, PCAP_ERRBUF_SIZE, errno, "%s: can't wait for packets", p->opt.device);
			return PCAP_ERROR;
		}
	}
	/* Empty the eventfd, or it would wake the next wait too. */
	uint64_t wakeups;
	if (read(pn->wake_fd, &wakeups, sizeof(wakeups)) == -1 && errno != EAGAIN)
		return PCAP_ERROR;
	return 0;
}

/* A pending break, told once: the flag is cleared with it. */
static int take_break(pcap_t *p)
{
	p->break_loop = 0;
	return PCAP_ERROR_BREAK;
}

static int null_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	struct pcap_null *pn = p->priv;
	int delivered = 0;

	if (p->break_loop)
		return take_break(p);
	uint64_t due = packets_due(p);
	if (!p->opt.nonblock && due <= pn->next && pn->injected_count == 0) {
		if (wait_for_packets(p) < 0)
			return PCAP_ERROR;
		due = packets_due(p);
	}
	while (!p->break_loop && (PACKET_COUNT_IS_UNLIMITED(cnt) || delivered < cnt)) {
		if (pn->injected_count > 0)
			delivered += deliver_injected(p, callback, user);
		else if (pn->next < due)
			delivered += deliver_generated(p, callback, user);
		else
			break;
	}
	arm_timer(p);
	/* With packets delivered, the break is left for the next call to tell. */
	if (p->break_loop && delivered == 0)
		return take_break(p);
	return delivered;
}

static int null_inject(pcap_t *p, const void *data, int size)
{
	struct pcap_null *pn = p->priv;

	if (size > LARGEST_PACKET || pn->injected_count == INJECTED_MAX) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			size > LARGEST_PACKET ? "%s: a packet can have %d bytes at most"
					      : "%s: %d packets wait already: read them first",
			p->opt.device, size > LARGEST_PACKET ? LARGEST_PACKET : INJECTED_MAX);
		return PCAP_ERROR;
	}
	u_char *copy = malloc(size);
	if (copy == NULL) {
		snprintf(
			p->errbuf, PCAP_ERRBUF_SIZE, "%s: no memory for a packet of %d bytes", p->opt.device, size);
		return PCAP_ERROR;
	}
	memcpy(copy, data, size);
	pn->injected[pn->injected_count++] = (struct injected){copy, size};
	arm_timer(p);
	return size;
}

static int null_setdirection(pcap_t *p, pcap_direction_t direction)
{
	p->direction = direction;
	return 0;
}

/* The core has checked the value against dlt_list and sets linktype; there is no device to tell of it. */
static int null_set_datalink(pcap_t *p _U_, int dlt _U_)
{
	return 0;
}

/* Waiting is done by poll() alone, so that the mode needs no more than opt.nonblock, which the core sets. */
static int null_getnonblock(pcap_t *p)
{
	return p->opt.nonblock;
}

static int null_setnonblock(pcap_t *p, int nonblock)
{
	p->opt.nonblock = nonblock;
	return 0;
}

static int null_stats(pcap_t *p, struct pcap_stat *stats)
{
	struct pcap_null *pn = p->priv;
	stats->ps_recv = pn->received;
	stats->ps_drop = pn->dropped;
	stats->ps_ifdrop = 0;
	return 0;
}

/* The same without wrapping, and with the word that there is no count of an interface's losses. */
static int null_stats64(pcap_t *p, struct pcap_stats64 *stats)
{
	struct pcap_null *pn = p->priv;
	stats->available = PCAP_STATS64_RECV | PCAP_STATS64_DROP;
	stats->recv = pn->received;
	stats->drop = pn->dropped;
	return 0;
}

/* Runs in signal handlers and other threads: sets the flag, then wakes the read. write() is safe there. */
static void null_breakloop(pcap_t *p)
{
	struct pcap_null *pn = p->priv;
	uint64_t one = 1;
	int saved_errno = errno;

	pcapint_breakloop_common(p);
	/* It fails only where the counter is full, and then the read wakes anyway. */
	ssize_t written _U_ = write(pn->wake_fd, &one, sizeof(one));
	errno = saved_errno;
}

static void null_cleanup(pcap_t *p)
{
	struct pcap_null *pn = p->priv;

	while (pn->injected_count > 0)
		free(pn->injected[--pn->injected_count].data);
	if (pn->wake_fd != -1)
		close(pn->wake_fd);
	pn->wake_fd = -1;
	/* fd, buffer, the filter. */
	pcapint_cleanup_live_common(p);
}

/* What goes wrong here leaves with PCAP_ERROR and a text; the core then calls cleanup_op. */
static int null_activate(pcap_t *p)
{
	static const int datalinks[] = {DLT_EN10MB, DLT_RAW};
	struct pcap_null *pn = p->priv;

	/* First, so that a failure below is cleaned up. */
	pn->wake_fd = -1;
	p->cleanup_op = null_cleanup;
	if (p->opt.rfmon)
		return PCAP_ERROR_RFMON_NOTSUP;
	if (p->snapshot <= 0 || p->snapshot > MAXIMUM_SNAPLEN)
		p->snapshot = MAXIMUM_SNAPLEN;
	if (p->opt.buffer_size == 0)
		p->opt.buffer_size = DEFAULT_BUFFER_SIZE;
	p->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	pn->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->fd == -1 || pn->wake_fd == -1) {
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno,
			"%s: can't make a descriptor to wait on", p->opt.device);
		return PCAP_ERROR;
	}
	p->buffer = calloc(1, pn->size);
	if (p->buffer == NULL) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%s: no memory for a packet of %u bytes", p->opt.device,
			pn->size);
		return PCAP_ERROR;
	}
	if (pcapint_offer_datalinks(p, datalinks, sizeof(datalinks) / sizeof(datalinks[0])) < 0)
		return PCAP_ERROR;
	p->bufsize = pn->size;
	p->selectable_fd = p->fd;

	p->read_op = null_read;
	p->inject_op = null_inject;
	p->setfilter_op = install_bpf_program; /* nobody but us can filter these packets */
	p->setdirection_op = null_setdirection;
	p->set_datalink_op = null_set_datalink;
	p->getnonblock_op = null_getnonblock;
	p->setnonblock_op = null_setnonblock;
	p->stats_op = null_stats;
	p->stats64_op = null_stats64;
	p->breakloop_op = null_breakloop;

	pn->next = pn->received = pn->dropped = 0;
	pn->start = now(CLOCK_REALTIME);
	pn->started = now(CLOCK_MONOTONIC);
	arm_timer(p);
	return 0;
}

/* ---- The two routines that the library calls ---- */

struct option {
	const char *name;
	size_t offset;
	bpf_u_int32 smallest, largest;
};

static const struct option options[] = {
	{"rate=", offsetof(struct pcap_null, rate), 0, 100000000},
	{"count=", offsetof(struct pcap_null, count), 0, UINT32_MAX},
	{"size=", offsetof(struct pcap_null, size), SMALLEST_PACKET, LARGEST_PACKET},
};

/* Reads one option at *text and leaves *text behind it; 0, or PCAP_ERROR. */
static int parse_option(struct pcap_null *pn, const char **text)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		size_t length = strlen(options[i].name);
		bpf_u_int32 value;
		char *end;
		if (strncmp(*text, options[i].name, length) != 0)
			continue;
		if (pcapint_get_decuint(*text + length, &end, &value) != 0 || value < options[i].smallest ||
			value > options[i].largest || (*end != '\0' && *end != ','))
			return PCAP_ERROR;
		memcpy((char *)pn + options[i].offset, &value, sizeof(value));
		*text = *end == ',' ? end + 1 : end;
		return 0;
	}
	return PCAP_ERROR;
}

static int parse_options(const char *device, const char *text, struct pcap_null *pn, char *errbuf)
{
	while (*text != '\0') {
		if (parse_option(pn, &text) == 0)
			continue;
		snprintf(errbuf, PCAP_ERRBUF_SIZE,
			"%.100s: can't read \"%.32s\" (options are rate=0 to 100000000 a second, count=N, size=%d "
			"to %d)",
			device, text, SMALLEST_PACKET, LARGEST_PACKET);
		return PCAP_ERROR;
	}
	return 0;
}

int pcap_null_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	static const char *const names[] = {"null0", "null1"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (pcapint_add_dev(list, names[i],
			    PCAP_IF_UP | PCAP_IF_RUNNING | PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE,
			    "Packet generator", errbuf) == NULL)
			return PCAP_ERROR;
	return 0;
}

pcap_t *pcap_null_create(const char *device, char *errbuf)
{
	struct pcap_null options_given = {.size = 98};

	/* Not one of ours: NULL and an empty errbuf, and the next module is asked. */
	if (strncmp(device, "null0", 5) != 0 && strncmp(device, "null1", 5) != 0)
		return NULL;
	if (device[5] != '\0' && device[5] != ':')
		return NULL;
	if (device[5] == ':' && parse_options(device, device + 6, &options_given, errbuf) < 0)
		return NULL;
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct pcap_null);
	if (p == NULL)
		return NULL;
	if (pcapint_offer_precisions(p, errbuf) < 0) {
		pcap_close(p);
		return NULL;
	}
	*(struct pcap_null *)p->priv = options_given;
	p->activate_op = null_activate;
	return p;
}
