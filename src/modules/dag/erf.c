/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ERF records (dag-api.h names the sources): where the packet is in each kind, and its time. For the DAG module.
 */
#include "erf.h"

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#define HEADER_SIZE sizeof(struct erf_header)
#define NSEC_PER_SEC 1000000000
#define ETHERNET_BEFORE 2 /* offset and padding, so that the IP header is aligned */
#define FCS_SIZE 4
#define RECORD_ALIGNMENT 8 /* what is transmitted */

#define HDLC_DLTS                                                                                                  \
	{                                                                                                          \
		DLT_CHDLC, DLT_PPP_SERIAL, DLT_FRELAY, DLT_MTP2                                                    \
	}

static const struct erf_kind kinds[] = {
	{ERF_ETH, false, ETHERNET_BEFORE, true, {DLT_EN10MB, DLT_DOCSIS}},
	{ERF_COLOR_ETH, true, ETHERNET_BEFORE, true, {DLT_EN10MB, DLT_DOCSIS}},
	{ERF_DSM_COLOR_ETH, true, ETHERNET_BEFORE, true, {DLT_EN10MB, DLT_DOCSIS}},
	{ERF_COLOR_HASH_ETH, true, ETHERNET_BEFORE, true, {DLT_EN10MB, DLT_DOCSIS}},
	{ERF_HDLC_POS, false, 0, true, HDLC_DLTS},
	{ERF_COLOR_HDLC_POS, true, 0, true, HDLC_DLTS},
	{ERF_DSM_COLOR_HDLC_POS, true, 0, true, HDLC_DLTS},
	{ERF_COLOR_HASH_POS, true, 0, true, HDLC_DLTS},
	{ERF_MC_HDLC, false, 4, true, HDLC_DLTS}, /* behind the channel's number */
	{ERF_COLOR_MC_HDLC_POS, true, 4, true, HDLC_DLTS},
	{ERF_AAL5, false, 4, false, {DLT_ATM_RFC1483}}, /* behind the ATM cell header */
	{ERF_MC_AAL5, false, 8, false, {DLT_ATM_RFC1483}},
	{ERF_IPV4, false, 0, false, {DLT_RAW}},
	{ERF_IPV6, false, 0, false, {DLT_RAW}},
};

const struct erf_kind *pcapint_erf_kind(uint8_t type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

int pcapint_erf_size(const u_char *record, size_t there)
{
	struct erf_header header;

	if (there < HEADER_SIZE)
		return 0;
	memcpy(&header, record, HEADER_SIZE);
	int size = ntohs(header.record_length);
	if (size < (int)HEADER_SIZE)
		return -1;
	return (size_t)size <= there ? size : 0;
}

/* Rounded to the nearest nanosecond. */
static struct timespec time_of(uint64_t fixed_point)
{
	uint64_t ns = ((fixed_point & UINT32_MAX) * NSEC_PER_SEC + (UINT64_C(1) << 31)) >> 32;
	struct timespec time = {.tv_sec = fixed_point >> 32, .tv_nsec = ns};

	if (time.tv_nsec == NSEC_PER_SEC) {
		time.tv_sec++;
		time.tv_nsec = 0;
	}
	return time;
}

/* The size of the headers, extensions included; more than size if they go on past the record. */
static u_int headers_size(const u_char *record, u_int size, uint8_t type)
{
	u_int at = HEADER_SIZE;
	bool more = (type & ERF_EXTENDED) != 0;

	while (more && at + ERF_EXTENSION_SIZE <= size) {
		more = (record[at] & ERF_EXTENDED) != 0;
		at += ERF_EXTENSION_SIZE;
	}
	return more ? size + 1 : at;
}

static bool delivered_as(const struct erf_kind *kind, int dlt)
{
	for (int i = 0; i < ERF_DLTS_MAX; i++)
		if (kind->dlts[i] == dlt)
			return true;
	return false;
}

bool pcapint_erf_read(const u_char *record, u_int size, int dlt, u_int fcs_bytes, struct erf_packet *packet)
{
	const struct erf_kind *kind;
	struct erf_header header;
	u_int before;

	if (size < HEADER_SIZE)
		return false;
	memcpy(&header, record, HEADER_SIZE);
	kind = pcapint_erf_kind(header.type & ERF_TYPE_MASK);
	*packet = (struct erf_packet){
		.time = time_of(le64toh(header.time)),
		.type = header.type & ERF_TYPE_MASK,
		.flags = header.flags,
		.lost = kind != NULL && !kind->color ? ntohs(header.lost) : 0,
		.data = record,
		.caplen = size,
		.len = size,
	};
	if (packet->type == ERF_PAD)
		return false;
	if (dlt == DLT_ERF)
		return true;
	if (kind == NULL || !delivered_as(kind, dlt))
		return false;
	before = headers_size(record, size, header.type);
	if (before > size || kind->before > size - before)
		return false;
	before += kind->before;
	packet->data = record + before;
	packet->caplen = size - before;
	packet->len = ntohs(header.wire_length);
	if (kind->fcs)
		packet->len -= packet->len < fcs_bytes ? packet->len : fcs_bytes;
	/* Records are padded. */
	if (packet->caplen > packet->len)
		packet->caplen = packet->len;
	return true;
}

u_int pcapint_erf_write_ethernet(u_char *record, size_t size, const void *frame, u_int length)
{
	/* The card makes the FCS, in the room that is left for it. */
	size_t all = HEADER_SIZE + ETHERNET_BEFORE + (size_t)length + FCS_SIZE;
	struct erf_header header = {.type = ERF_ETH};

	all = (all + RECORD_ALIGNMENT - 1) / RECORD_ALIGNMENT * RECORD_ALIGNMENT;
	if (all > size || all > UINT16_MAX)
		return 0;
	header.record_length = htons((uint16_t)all);
	header.wire_length = htons((uint16_t)(length + FCS_SIZE));
	memcpy(record, &header, HEADER_SIZE);
	memcpy(record + HEADER_SIZE + ETHERNET_BEFORE, frame, length);
	return (u_int)all;
}
