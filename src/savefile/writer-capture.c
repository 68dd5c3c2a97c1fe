/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a live capture puts into a file beside its packets' bytes: the device, the statistics, the direction of packets.
 */
#include "savefile/writer.h"

#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>

#include <pcap/weir.h>

/* ---- Interfaces ---- */

static bool has_link_type(pcap_writer_t *writer, pcap_t *p)
{
	int linktype = pcapint_dlt_to_linktype(p->linktype);

	if (p->core->activated && linktype >= 0 && linktype <= UINT16_MAX)
		return true;
	snprintf(writer->errbuf, sizeof(writer->errbuf),
		p->core->activated ? "packets of link-layer type %d can't be written to savefiles"
				   : "the capture has not been activated, so its link-layer type is not known yet",
		p->linktype);
	return false;
}

/* An interface block in the making, whose options' values are in `bytes` or last longer than it. */
struct description {
	struct pcapng_block block;
	struct pcapng_option options[64];
	u_char bytes[2048];
	size_t used;
};

/* What is too much is left out. */
static void add_option(struct description *to, uint16_t code, const void *value, size_t length)
{
	if (to->block.option_count < sizeof(to->options) / sizeof(to->options[0]) && length <= UINT16_MAX)
		to->options[to->block.option_count++] = (struct pcapng_option){code, (uint16_t)length, value};
}

static void add_text(struct description *to, uint16_t code, const char *text)
{
	size_t length = text != NULL ? strlen(text) : 0;

	if (length > 0)
		add_option(to, code, text, length < UINT16_MAX ? length : UINT16_MAX);
}

/* A value in two parts, copied. */
static void add_copy(struct description *to, uint16_t code, const void *first, size_t size, const void *second,
	size_t second_size)
{
	u_char *at = to->bytes + to->used;

	if (size + second_size > sizeof(to->bytes) - to->used)
		return;
	memcpy(at, first, size);
	memcpy(at + size, second, second_size);
	to->used += size + second_size;
	add_option(to, code, at, size + second_size);
}

static int add_described(pcap_writer_t *writer, pcap_t *p, struct description *description)
{
	struct pcapng_block *block = &description->block;

	block->type = PCAPNG_INTERFACE;
	block->linktype = (uint16_t)pcapint_dlt_to_linktype(p->linktype);
	block->snaplen = (uint32_t)p->snapshot;
	block->options = description->options;
	if (pcap_writer_block(writer, block, sizeof(*block)) < 0)
		return PCAP_ERROR;
	return (int)writer->interface_count - 1;
}

static void add_resolution(const pcap_writer_t *writer, struct description *to)
{
	add_copy(to, PCAPNG_IF_TSRESOL, &(u_char){writer_has_nanoseconds(writer) ? 9 : 6}, 1, "", 0);
}

int pcap_writer_add_interface(pcap_writer_t *writer, pcap_t *p, const char *name)
{
	struct description description = {.used = 0};

	if (writer->failed || !has_link_type(writer, p))
		return PCAP_ERROR;
	add_text(&description, PCAPNG_IF_NAME, name);
	add_resolution(writer, &description);
	return add_described(writer, p, &description);
}

/* The bits of an IPv6 network mask. */
static u_char prefix_length(const struct sockaddr *netmask)
{
	const struct in6_addr *mask = &((const struct sockaddr_in6 *)netmask)->sin6_addr;
	u_char length = 0;

	if (netmask == NULL)
		return 128;
	while (length < 128 && mask->s6_addr[length / 8] & 0x80 >> length % 8)
		length++;
	return length;
}

static void add_address(struct description *to, const pcap_addr_t *address)
{
	const struct sockaddr *addr = address->addr;

	if (addr != NULL && addr->sa_family == AF_INET) {
		struct in_addr every = {INADDR_BROADCAST};
		const struct in_addr *mask = address->netmask != NULL
						     ? &((const struct sockaddr_in *)address->netmask)->sin_addr
						     : &every;

		add_copy(to, PCAPNG_IF_IPV4ADDR, &((const struct sockaddr_in *)addr)->sin_addr, 4, mask, 4);
	} else if (addr != NULL && addr->sa_family == AF_INET6) {
		u_char length = prefix_length(address->netmask);

		add_copy(to, PCAPNG_IF_IPV6ADDR, &((const struct sockaddr_in6 *)addr)->sin6_addr, 16, &length, 1);
	} else if (addr != NULL && addr->sa_family == AF_PACKET) {
		const struct sockaddr_ll *link = (const struct sockaddr_ll *)addr;

		if (link->sll_halen == 6)
			add_copy(to, PCAPNG_IF_MACADDR, link->sll_addr, 6, "", 0);
		else if (link->sll_halen == 8)
			add_copy(to, PCAPNG_IF_EUIADDR, link->sll_addr, 8, "", 0);
	}
}

/* What the device list has of the handle's device. What can't be listed is left out. */
static void add_listed(struct description *to, const pcap_if_t *device, const struct pcap_writer_device *given)
{
	add_text(to, PCAPNG_IF_DESCRIPTION,
		given->description != NULL ? given->description
		: device != NULL           ? device->description
					   : NULL);
	for (const pcap_addr_t *address = device != NULL ? device->addresses : NULL; address != NULL;
		address = address->next)
		add_address(to, address);
}

/* The value, which lasts as long as the block is wanted, or NULL. Its first byte tells what follows: an expression. */
static char *add_filter(struct description *to, const char *filter)
{
	char *value = NULL;
	int size;

	if (filter == NULL || *filter == '\0')
		return NULL;
	size = asprintf(&value, "%c%s", 0, filter);
	if (size < 0)
		return NULL;
	add_option(to, PCAPNG_IF_FILTER, value, (size_t)size);
	return value;
}

/* The host's clock is what everyone assumes. */
static void add_tstamp_type(struct description *to, const pcap_t *p)
{
	const char *name = p->opt.tstamp_type < 0 ? NULL : pcap_tstamp_type_val_to_name(p->opt.tstamp_type);
	char text[100];

	if (name == NULL || p->opt.tstamp_type == PCAP_TSTAMP_HOST)
		return;
	snprintf(text, sizeof(text), "time stamp type: %s", name);
	add_copy(to, PCAPNG_OPT_COMMENT, text, strlen(text), "", 0);
}

/* The devices of the handle's module, which is loaded already; to ask them all could load others. NULL: none. */
static pcap_if_t *list_devices(const pcap_t *p)
{
	const struct pcap_module *module = p->core->module;
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_if_list_t *list;

	if (module == NULL || module->findalldevs == NULL)
		return NULL;
	list = pcapint_new_dev_list(errbuf);
	if (list == NULL)
		return NULL;
	module->findalldevs(list, errbuf); /* those it could list are there, if it fails */
	return pcapint_finish_dev_list(list);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

int pcap_writer_add_device(pcap_writer_t *writer, pcap_t *p, const struct pcap_writer_device *device, size_t size)
{
	struct pcap_writer_device given = {.name = NULL};
	struct description description = {.used = 0};
	char os[200];
	pcap_if_t *list, *listed;
	struct utsname system;
	char *filter;
	int number;

	if (writer->failed || !has_link_type(writer, p))
		return PCAP_ERROR;
	if (device != NULL)
		memcpy(&given, device, size < sizeof(given) ? size : sizeof(given));
	listed = list = list_devices(p);
	while (listed != NULL && strcmp(listed->name, p->opt.device) != 0)
		listed = listed->next;
	add_text(&description, PCAPNG_IF_NAME, given.name != NULL ? given.name : p->opt.device);
	add_listed(&description, listed, &given);
	add_resolution(writer, &description);
	filter = add_filter(&description, given.filter);
	if (uname(&system) == 0) {
		snprintf(os, sizeof(os), "%.60s %.120s", system.sysname, system.release);
		add_text(&description, PCAPNG_IF_OS, os);
	}
	add_text(&description, PCAPNG_OPT_COMMENT, given.comment);
	add_tstamp_type(&description, p);
	number = add_described(writer, p, &description);
	free(filter);
	pcap_freealldevs(list);
	if (number >= 0)
		writer->interfaces[number].begun = now();
	return number;
}

/* ---- Statistics ---- */

/* Options of a statistics block: two times and four counts, in the room that they need. */
#define STATISTICS_SIZE (24 + 6 * 12 + 4)

int pcap_writer_set_statistics(pcap_writer_t *writer, int interface, pcap_t *p)
{
	struct writer_interface *of;

	if (writer->failed)
		return PCAP_ERROR;
	if ((size_t)interface >= writer->interface_count) {
		snprintf(writer->errbuf, sizeof(writer->errbuf),
			"there is no interface %d to have statistics: the section has %zu so far", interface,
			writer->interface_count);
		return PCAP_ERROR;
	}
	of = &writer->interfaces[interface];
	if (pcap_get_stats64(p, &of->stats, sizeof(of->stats)) < 0) {
		snprintf(writer->errbuf, sizeof(writer->errbuf), "%s", pcap_geterr(p));
		return PCAP_ERROR;
	}
	of->counted = now();
	if (!of->has_statistics && writer->options.format == PCAP_FORMAT_PCAPNG)
		writer->tail_size += STATISTICS_SIZE;
	of->has_statistics = true;
	return 0;
}

/* Times in options are the high half, then the low one. */
static void add_time(struct description *to, uint16_t code, const struct writer_interface *of, uint64_t time)
{
	uint64_t timestamp =
		pcapint_ng_find_timestamp(&of->time, (int64_t)(time / NANOSECONDS), (uint32_t)(time % NANOSECONDS));

	add_copy(to, code, &(uint32_t){timestamp >> 32}, 4, &(uint32_t){(uint32_t)timestamp}, 4);
}

static int put_statistics(pcap_writer_t *writer, uint32_t interface)
{
	const struct writer_interface *of = &writer->interfaces[interface];
	struct description description = {.used = 0};
	const struct {
		uint64_t known;
		uint16_t code;
		uint64_t count;
	} counts[] = {
		{PCAP_STATS64_IFDROP, PCAPNG_ISB_IFDROP, of->stats.ifdrop},
		{PCAP_STATS64_RECV, PCAPNG_ISB_FILTERACCEPT, of->stats.recv},
		{PCAP_STATS64_DROP, PCAPNG_ISB_OSDROP, of->stats.drop},
	};

	description.block = (struct pcapng_block){.type = PCAPNG_INTERFACE_STATISTICS,
		.interface = interface,
		.options = description.options,
		.timestamp = pcapint_ng_find_timestamp(
			&of->time, (int64_t)(of->counted / NANOSECONDS), (uint32_t)(of->counted % NANOSECONDS))};
	if (of->begun != 0)
		add_time(&description, PCAPNG_ISB_STARTTIME, of, of->begun);
	add_time(&description, PCAPNG_ISB_ENDTIME, of, of->counted);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (of->stats.available & counts[i].known)
			add_copy(&description, counts[i].code, &counts[i].count, 8, "", 0);
	add_copy(&description, PCAPNG_ISB_USRDELIV, &of->packets, 8, "", 0);
	return pcapint_writer_put_block(writer, &description.block);
}

int pcapint_writer_put_statistics(pcap_writer_t *writer)
{
	if (writer->options.format != PCAP_FORMAT_PCAPNG)
		return 0;
	for (size_t i = 0; i < writer->interface_count; i++)
		if (writer->interfaces[i].has_statistics && put_statistics(writer, (uint32_t)i) < 0)
			return PCAP_ERROR;
	return 0;
}

/* ---- Packets ---- */

int pcap_writer_live_packet(
	pcap_writer_t *writer, int interface, pcap_t *p, const struct pcap_pkthdr *header, const u_char *data)
{
	struct pcap_packet_info info;
	struct pcapng_option flags = {PCAPNG_EPB_FLAGS, sizeof(info.flags), &info.flags};

	pcap_get_packet_info(p, &info, sizeof(info));
	return pcap_writer_packet_with_options(writer, interface, header, data, &flags, info.flags != 0);
}
