/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module for Myricom's cards with Sniffer10G software: snf0, snf1, … are the ports; snf:0x5 is a mask of ports whose
 * packets come merged, where the software can do that. Several programs can capture on one port at a time: each opens a
 * ring, and the library's settings say whether they share its packets or each get all.
 */
#include "snf/snf-api.h"
#include "vendor/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap-int.h>

int pcap_snf_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *pcap_snf_create(const char *device, char *errbuf);

#define NSEC_PER_SEC 1000000000
#define POLL_INTERVAL_USEC 1000 /* there is no descriptor to wait on */
#define BUFFER_IN_MIB (1 << 20) /* sizes below are MiB to snf_open() */

struct pcap_snf {
	void *library;
	struct snf_calls calls;
	bool is_mask;
	uint32_t port; /* or the mask */
	snf_handle_t port_handle;
	snf_ring_t ring;
	snf_inject_t injector;
	struct snf_ring_stats before; /* at activation */
	struct timeval poll_interval;
};

#define ROUTINE(name)                                                                                              \
	{                                                                                                          \
		"snf_" #name, offsetof(struct snf_calls, name)                                                     \
	}
static const struct vendor_routine routines[] = {ROUTINE(init), ROUTINE(getifaddrs), ROUTINE(freeifaddrs),
	ROUTINE(open), ROUTINE(start), ROUTINE(close), ROUTINE(ring_open), ROUTINE(ring_close), ROUTINE(ring_recv),
	ROUTINE(ring_getstats), ROUTINE(inject_open), ROUTINE(inject_send), ROUTINE(inject_close)};

/* The library, initialized; NULL with a text in errbuf. */
static void *load(struct snf_calls *calls, const char *device, char *errbuf)
{
	void *library = pcapint_vendor_load(
		SNF_LIBRARY, routines, sizeof(routines) / sizeof(routines[0]), calls, device, errbuf);
	int error = EINVAL;

	if (library == NULL)
		return NULL;
	for (int version = SNF_VERSION_NEWEST; error != 0 && version >= SNF_VERSION_OLDEST; version--)
		error = calls->init(version);
	if (error == 0)
		return library;
	pcapint_fmt_errmsg_for_errno(
		errbuf, PCAP_ERRBUF_SIZE, error, "%.60s: the Sniffer10G library does not start", device);
	dlclose(library);
	return NULL;
}

static int fail(pcap_t *p, int error, const char *what)
{
	pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, error, "%.60s: %s", p->opt.device, what);
	return PCAP_ERROR;
}

/* ---- Operations ---- */

static int next_packet(pcap_t *p, struct pcap_pkthdr *header, const u_char **data)
{
	struct pcap_snf *snf = p->priv;
	struct snf_recv_req packet;
	int error = snf->calls.ring_recv(snf->ring, 0, &packet);

	if (error == EAGAIN || error == EBUSY || error == EINTR)
		return 0;
	if (error != 0)
		return fail(p, error, "can't read packets");
	header->ts = pcapint_timestamp(
		p, (struct timespec){packet.timestamp / NSEC_PER_SEC, packet.timestamp % NSEC_PER_SEC});
	header->caplen = header->len = packet.length;
	*data = packet.pkt_addr;
	return 1;
}

static int snf_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	return pcapint_read_messages(p, cnt, callback, user, next_packet);
}

static int snf_inject(pcap_t *p, const void *data, int size)
{
	struct pcap_snf *snf = p->priv;
	int error;

	if (snf->is_mask) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.60s: packets can be sent on one port only: open it by its number", p->opt.device);
		return PCAP_ERROR;
	}
	if (snf->injector == NULL) {
		error = snf->calls.inject_open((int)snf->port, 0, &snf->injector);
		if (error != 0) {
			snf->injector = NULL;
			return fail(p, error, "can't send packets");
		}
	}
	error = snf->calls.inject_send(snf->injector, -1, 0, data, size);
	return error == 0 ? size : fail(p, error, "can't send a packet");
}

static int snf_stats64(pcap_t *p, struct pcap_stats64 *stats)
{
	struct pcap_snf *snf = p->priv;
	struct snf_ring_stats now = {0};
	int error = snf->calls.ring_getstats(snf->ring, &now);

	if (error != 0)
		return fail(p, error, "can't read the counters");
	stats->available = PCAP_STATS64_RECV | PCAP_STATS64_DROP | PCAP_STATS64_IFDROP;
	stats->drop = now.ring_pkt_overflow - snf->before.ring_pkt_overflow;
	stats->recv = now.ring_pkt_recv - snf->before.ring_pkt_recv + stats->drop;
	stats->ifdrop =
		now.nic_pkt_overflow - snf->before.nic_pkt_overflow + now.nic_pkt_bad - snf->before.nic_pkt_bad;
	return 0;
}

static void snf_cleanup(pcap_t *p)
{
	struct pcap_snf *snf = p->priv;

	if (snf->injector != NULL)
		snf->calls.inject_close(snf->injector);
	if (snf->ring != NULL)
		snf->calls.ring_close(snf->ring);
	if (snf->port_handle != NULL)
		snf->calls.close(snf->port_handle);
	if (snf->library != NULL)
		dlclose(snf->library);
	snf->injector = NULL;
	snf->ring = NULL;
	snf->port_handle = NULL;
	snf->library = NULL;
	pcapint_cleanup_live_common(p);
}

/* ---- Activating ---- */

static int open_port(pcap_t *p)
{
	struct pcap_snf *snf = p->priv;
	/* What the administrator has set for the library holds; otherwise several programs can capture. */
	int flags = getenv("SNF_FLAGS") != NULL ? SNF_F_SYSTEM_DEFAULT : SNF_F_PSHARED;
	/* 0: the library's default, or SNF_DATARING_SIZE. */
	int64_t size = p->opt.buffer_size;
	int error;

	if (snf->is_mask)
		flags = (flags == SNF_F_SYSTEM_DEFAULT ? 0 : flags) | SNF_F_AGGREGATE_PORTMASK;
	if (size > 0 && size < BUFFER_IN_MIB)
		size = BUFFER_IN_MIB;
	error = snf->calls.open(snf->port, 0, NULL, size, flags, &snf->port_handle);
	if (error == ENODEV || error == ENOENT || error == ENXIO) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.60s: no such port of a Sniffer10G card", p->opt.device);
		return PCAP_ERROR_NO_SUCH_DEVICE;
	}
	if (error == EPERM || error == EACCES) {
		fail(p, error, "you may not open the port");
		return PCAP_ERROR_PERM_DENIED;
	}
	if (error != 0) {
		snf->port_handle = NULL;
		return fail(p, error,
			error == EBUSY ? "a program has the port for itself alone" : "can't open the port");
	}
	error = snf->calls.ring_open(snf->port_handle, &snf->ring);
	if (error != 0) {
		snf->ring = NULL;
		return fail(p, error,
			error == EBUSY ? "all its rings are in use (SNF_NUM_RINGS sets how many there are)"
				       : "can't open a ring");
	}
	error = snf->calls.start(snf->port_handle);
	return error == 0 ? 0 : fail(p, error, "can't start the capture");
}

static int snf_activate(pcap_t *p)
{
	struct pcap_snf *snf = p->priv;
	int status;

	p->cleanup_op = snf_cleanup;
	if (p->opt.rfmon)
		return PCAP_ERROR_RFMON_NOTSUP;
	if (p->snapshot <= 0 || p->snapshot > MAXIMUM_SNAPLEN)
		p->snapshot = MAXIMUM_SNAPLEN;
	snf->library = load(&snf->calls, p->opt.device, p->errbuf);
	if (snf->library == NULL)
		return PCAP_ERROR;
	status = open_port(p);
	if (status < 0)
		return status;
	if (snf->calls.ring_getstats(snf->ring, &snf->before) != 0)
		snf->before = (struct snf_ring_stats){0};
	if (pcapint_make_wakeable(p) < 0)
		return PCAP_ERROR;
	snf->poll_interval.tv_usec = POLL_INTERVAL_USEC;
	p->required_select_timeout = &snf->poll_interval;
	p->linktype = DLT_EN10MB;
	p->read_op = snf_read;
	p->inject_op = snf_inject;
	p->setfilter_op = install_bpf_program;
	p->stats64_op = snf_stats64;
	return 0;
}

/* ---- The two routines that the library calls ---- */

static const int card_clock[] = {PCAP_TSTAMP_ADAPTER}; /* the only one */

int pcap_snf_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	struct snf_ifaddrs *ports = NULL;
	struct snf_calls calls;
	char name[32], description[128];
	int status = 0, error;
	/* Without the software there are no such devices: nothing to complain of. */
	void *library = load(&calls, "snf", errbuf);

	if (library == NULL)
		return 0;
	error = calls.getifaddrs(&ports);
	if (error != 0 && error != ENODEV) {
		pcapint_fmt_errmsg_for_errno(
			errbuf, PCAP_ERRBUF_SIZE, error, "can't list the ports of Sniffer10G cards");
		status = PCAP_ERROR;
	}
	for (struct snf_ifaddrs *port = error == 0 ? ports : NULL; port != NULL && status == 0;
		port = port->snf_ifa_next) {
		snprintf(name, sizeof(name), "snf%u", port->snf_ifa_portnum);
		snprintf(description, sizeof(description), "Myricom Sniffer10G port of %.32s, up to %d rings",
			port->snf_ifa_name, port->snf_ifa_maxrings);
		if (pcapint_add_dev(list, name, 0, description, errbuf) == NULL)
			status = PCAP_ERROR;
	}
	if (error == 0)
		calls.freeifaddrs(ports);
	dlclose(library);
	return status;
}

/* snf, then a number as snprintf writes it; or snf:, then a mask in any base of C. */
static bool parse_name(const char *device, struct pcap_snf *snf)
{
	const char *number = device + 3;
	char *end;

	snf->is_mask = *number == ':';
	if (snf->is_mask) {
		number++;
		errno = 0;
		unsigned long long mask = *number >= '0' && *number <= '9' ? strtoull(number, &end, 0) : 0;
		snf->port = (uint32_t)mask;
		return mask > 0 && mask <= UINT32_MAX && errno == 0 && *end == '\0';
	}
	return (number[0] != '0' || number[1] == '\0') && pcapint_get_decuint(number, NULL, &snf->port) == 0;
}

pcap_t *pcap_snf_create(const char *device, char *errbuf)
{
	struct pcap_snf start = {.is_mask = false};

	if (strncmp(device, "snf", 3) != 0)
		return NULL;
	if (!parse_name(device, &start)) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE,
			"%.60s: no such device (snf0, snf1, … are ports; snf:0x5 is ports 0 and 2 merged)", device);
		return NULL;
	}
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct pcap_snf);
	if (p == NULL)
		return NULL;
	if (pcapint_offer_tstamp_types(p, card_clock, 1, errbuf) < 0 || pcapint_offer_precisions(p, errbuf) < 0) {
		pcap_close(p);
		return NULL;
	}
	*(struct pcap_snf *)p->priv = start;
	p->activate_op = snf_activate;
	return p;
}
