/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The headers that stand in for a link layer which several interfaces do not share, or which is of no use: Linux
 * "cooked" headers, as pcap/sll.h and the registry of link-layer header types have them. For deliver.c.
 */
#include "modules/linux/linux.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <string.h>

/* Member by member, since headers are where no structure need be aligned, and each packet of "any" gets one. */
#define PUT(header, type, member, value)                                                                           \
	do {                                                                                                       \
		const typeof(((struct type *)NULL)->member) member_value = (value);                                \
		memcpy((header) + offsetof(struct type, member), &member_value, sizeof(member_value));             \
	} while (0)

static void write_sll(u_char *header, const struct sockaddr_ll *from)
{
	PUT(header, sll_header, sll_pkttype, htons(from->sll_pkttype));
	PUT(header, sll_header, sll_hatype, htons(from->sll_hatype));
	PUT(header, sll_header, sll_halen, htons(from->sll_halen));
	memcpy(header + offsetof(struct sll_header, sll_addr), from->sll_addr, SLL_ADDRLEN);
	PUT(header, sll_header, sll_protocol, from->sll_protocol);
}

static void write_sll2(u_char *header, const struct sockaddr_ll *from)
{
	PUT(header, sll2_header, sll2_protocol, from->sll_protocol);
	PUT(header, sll2_header, sll2_reserved_mbz, 0);
	PUT(header, sll2_header, sll2_if_index, htonl(from->sll_ifindex));
	PUT(header, sll2_header, sll2_hatype, htons(from->sll_hatype));
	PUT(header, sll2_header, sll2_pkttype, from->sll_pkttype);
	PUT(header, sll2_header, sll2_halen, from->sll_halen);
	memcpy(header + offsetof(struct sll2_header, sll2_addr), from->sll_addr, SLL_ADDRLEN);
}

/* Where the kernel's filter finds a header's members, since it runs on packets that have no such header yet. */
#define SLL_FIELDS                                                                                                 \
	{                                                                                                          \
		{offsetof(struct sll_header, sll_pkttype), 2, SKF_AD_PKTTYPE},                                     \
			{offsetof(struct sll_header, sll_hatype), 2, SKF_AD_HATYPE},                               \
			{offsetof(struct sll_header, sll_protocol), 2, SKF_AD_PROTOCOL},                           \
	}
#define SLL2_FIELDS                                                                                                \
	{                                                                                                          \
		{offsetof(struct sll2_header, sll2_protocol), 2, SKF_AD_PROTOCOL},                                 \
			{offsetof(struct sll2_header, sll2_if_index), 4, SKF_AD_IFINDEX},                          \
			{offsetof(struct sll2_header, sll2_hatype), 2, SKF_AD_HATYPE},                             \
			{offsetof(struct sll2_header, sll2_pkttype), 1, SKF_AD_PKTTYPE},                           \
	}
#define SLL_PROTOCOL offsetof(struct sll_header, sll_protocol)
#define SLL2_PROTOCOL offsetof(struct sll2_header, sll2_protocol)

/* The others are SLL headers by another name, for readers that know what follows them. */
static const struct cooked_header headers[] = {
	{DLT_LINUX_SLL, SLL_HDR_LEN, SLL_PROTOCOL, write_sll, SLL_FIELDS},
	{DLT_LINUX_SLL2, SLL2_HDR_LEN, SLL2_PROTOCOL, write_sll2, SLL2_FIELDS},
	{DLT_LINUX_IRDA, SLL_HDR_LEN, SLL_PROTOCOL, write_sll, SLL_FIELDS},
	{DLT_LINUX_LAPD, SLL_HDR_LEN, SLL_PROTOCOL, write_sll, SLL_FIELDS},
	{DLT_NETLINK, SLL_HDR_LEN, SLL_PROTOCOL, write_sll, SLL_FIELDS},
};

const struct cooked_header *pcapint_linux_cooked_header(int dlt)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		if (headers[i].dlt == dlt)
			return &headers[i];
	return NULL;
}
