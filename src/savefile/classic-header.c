/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file header of classic pcap files, and which of the many variants a file is. Sources: the Internet-Draft
 * draft-ietf-opsawg-pcap, the page on the libpcap file format in Wireshark's wiki, netsniff-ng(8).
 */
#include "savefile/savefile.h"

#include <errno.h>
#include <limits.h>

#define MICRO PCAP_TSTAMP_PRECISION_MICRO
#define NANO PCAP_TSTAMP_PRECISION_NANO

/* A kind of classic file. */
struct variant {
	uint32_t magic;
	u_int precision;
	size_t file_header_size;
	size_t packet_header_size; /* what is above 16 is not told to anyone */
};

/* Where several have the same magic number, the first packets must show which it is; see choose_variant(). */
static const struct variant variants[] = {
	{CLASSIC_MAGIC_MICRO, MICRO, 24, 16},
	{CLASSIC_MAGIC_MICRO, MICRO, 24, 24}, /* Alexey Kuznetsov's patch of 1999-04-17: Red Hat 6.1 */
	{CLASSIC_MAGIC_MICRO, MICRO, 24, 20}, /* Nokia's firewalls */
	{CLASSIC_MAGIC_NANO, NANO, 24, 16},
	{0xa1b2cd34, MICRO, 24, 24}, /* Kuznetsov's later patches: interface, protocol, packet type */
	{0xa1b2cd34, MICRO, 24, 28}, /* that of 1999-09-15, with the processor as well: SuSE 6.3 */
	{0xa12b3c4d, NANO, 24, 16},  /* Navtel Communications */
	{0xa1e2cb12, NANO, 24,
		24}, /* netsniff-ng: time stamp source, interface, protocol, hardware and packet type */
	{0x1c0001ac, MICRO, 28, 16}, /* Ixia lcap of hardware; the size of all packets ends the file header */
	{0x1c0001ac, NANO, 28, 16}, {0x1c0001ab, MICRO, 28, 16}, /* Ixia lcap of software */
};
#define VARIANT_COUNT (sizeof(variants) / sizeof(variants[0]))

/* Which versions are known, and in which order their packet headers hold the lengths. */
static const struct version {
	int major, minor;
	enum length_order length_order;
} versions[] = {
	{2, 4, CAPTURED_FIRST},
	{2, 3, SMALLER_IS_CAPTURED}, /* the order changed with 2.3, but not in all programs that wrote it */
	{2, 2, ORIGINAL_FIRST}, {2, 1, ORIGINAL_FIRST}, {2, 0, ORIGINAL_FIRST},
	{543, 0, ORIGINAL_FIRST}, /* DG/UX tcpdump */
};

/*
 * AIX writes version 2.2, nanoseconds, and interface types of RFC 1573 for link types; those that other writers of
 * version 2.2 are not known to have used show it.
 */
static const struct {
	uint32_t interface_type;
	int dlt;
} aix_types[] = {
	{6, DLT_EN10MB},
	{9, DLT_IEEE802},
	{15, DLT_FDDI},
	{24, DLT_NULL},
};

/* The patched writers do not count an Ethernet header in the snapshot length. */
#define PATCHED_MAGIC 0xa1b2cd34
#define ETHERNET_HEADER_SIZE 14

static const struct variant *find_variant(uint32_t magic)
{
	for (size_t i = 0; i < VARIANT_COUNT; i++)
		if (variants[i].magic == magic)
			return &variants[i];
	return NULL;
}

bool pcapint_classic_matches(const u_char first[SAVEFILE_MAGIC_SIZE])
{
	return find_variant(savefile_load32(first, false)) != NULL ||
	       find_variant(savefile_load32(first, true)) != NULL;
}

/* Packets of one file are captured within some time; what is read in the wrong places hardly ever looks so. */
#define LONGEST_PAUSE (7 * 24 * 60 * 60)
#define PACKETS_TO_TRY 4

enum verdict { NONSENSE, POSSIBLE, CONVINCING };

/* Looks at the first packets, as far as they are in the buffer already, as packets of a variant. */
static enum verdict try_variant(const struct pcap_savefile *sf, const struct variant *variant)
{
	const u_char *data = input_data(&sf->input) + variant->file_header_size;
	size_t left = input_available(&sf->input) - variant->file_header_size;
	uint32_t second = variant->precision == NANO ? 1000000000 : 1000000, start = 0;
	enum verdict best = CONVINCING;
	int whole;

	for (whole = 0; whole < PACKETS_TO_TRY && left >= variant->packet_header_size; whole++) {
		struct classic_packet_header header;

		header = classic_load_header(data, sf->classic.swapped, sf->classic.length_order);
		if (whole == 0)
			start = header.seconds;
		if (header.caplen > sf->max_caplen || header.caplen > header.len || header.fraction >= second)
			return NONSENSE;
		if (header.caplen == 0 || header.seconds - start + LONGEST_PAUSE > 2 * LONGEST_PAUSE)
			best = POSSIBLE;
		if (left - variant->packet_header_size < header.caplen)
			break;
		data += variant->packet_header_size + header.caplen;
		left -= variant->packet_header_size + header.caplen;
	}
	return whole == PACKETS_TO_TRY || (whole > 1 && left == 0) ? best : POSSIBLE;
}

/*
 * The variant that a file is, where its magic number does not tell: the first with that number, unless its packets
 * make no sense that way and are convincing in another.
 */
static const struct variant *choose_variant(const struct pcap_savefile *sf, const struct variant *first)
{
	if (try_variant(sf, first) != NONSENSE)
		return first;
	for (const struct variant *other = first + 1; other < variants + VARIANT_COUNT; other++)
		if (other->magic == first->magic && try_variant(sf, other) == CONVINCING)
			return other;
	return first;
}

static int set_version(pcap_t *p, const struct pcap_file_header *header, char *errbuf)
{
	struct pcap_savefile *sf = p->priv;

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (versions[i].major == header->version_major && versions[i].minor == header->version_minor) {
			p->core->version_major = header->version_major;
			p->core->version_minor = header->version_minor;
			sf->classic.length_order = versions[i].length_order;
			return 0;
		}
	}
	snprintf(errbuf, PCAP_ERRBUF_SIZE,
		"%s: version %u.%u of the pcap format is not known (known are 2.0 to 2.4, and 543.0)", sf->name,
		header->version_major, header->version_minor);
	return PCAP_ERROR;
}

/* True if the file is AIX's, with its link type set. */
static bool set_aix_linktype(pcap_t *p, const struct pcap_file_header *header)
{
	if (header->version_major != 2 || header->version_minor != 2)
		return false;
	for (size_t i = 0; i < sizeof(aix_types) / sizeof(aix_types[0]); i++) {
		if (aix_types[i].interface_type == header->linktype) {
			p->linktype = aix_types[i].dlt;
			return true;
		}
	}
	return false;
}

static int set_linktype(pcap_t *p, const struct pcap_file_header *header, char *errbuf)
{
	const struct pcap_savefile *sf = p->priv;
	uint32_t linktype = header->linktype & LINKTYPE_FIELD_TYPE;

	if ((linktype & LINKTYPE_FIELD_RESERVED) != 0 && !DLT_IS_NETBSD_RAWAF(linktype)) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%s: reserved bits of the link-type field are set (0x%08x)",
			sf->name, header->linktype);
		return PCAP_ERROR;
	}
	p->linktype = pcapint_linktype_to_dlt((int)linktype);
	p->linktype_ext = (int)(header->linktype & LINKTYPE_FIELD_EXT);
	return 0;
}

static void set_snapshot(pcap_t *p, const struct pcap_file_header *header)
{
	p->snapshot = (int)header->snaplen;
	if (header->snaplen == 0 || header->snaplen > INT_MAX)
		p->snapshot = MAXIMUM_SNAPLEN;
	else if (header->magic == PATCHED_MAGIC && p->linktype == DLT_EN10MB &&
		 header->snaplen <= INT_MAX - ETHERNET_HEADER_SIZE)
		p->snapshot += ETHERNET_HEADER_SIZE;
}

static void set_layout(pcap_t *p, const struct variant *variant, u_int file_precision, u_int precision)
{
	struct pcap_savefile *sf = p->priv;
	struct classic_layout *layout = &sf->classic;

	if (precision == PCAP_TSTAMP_PRECISION_OF_FILE || sf->whole)
		precision = file_precision;
	p->opt.tstamp_precision = (int)precision;
	layout->header_size = variant->packet_header_size;
	layout->multiply = precision > file_precision ? 1000 : 1;
	layout->divide = precision < file_precision ? 1000 : 1;
	sf->fixup = pcapint_find_fixup(p->linktype, layout->swapped);
	if (layout->header_size == sizeof(struct classic_packet_header) && !layout->swapped &&
		layout->length_order == CAPTURED_FIRST && precision == file_precision && sf->fixup == NULL) {
		p->read_op = pcapint_classic_read_plain;
		p->core->batch_op = pcapint_classic_batch_plain;
	} else {
		p->read_op = pcapint_classic_read_any;
		p->core->batch_op = pcapint_classic_batch_any;
	}
}

static struct pcap_file_header load_file_header(const u_char *data, bool swapped)
{
	struct pcap_file_header header;

	memcpy(&header, data, sizeof(header));
	if (swapped) {
		header.magic = bswap_32(header.magic);
		header.version_major = bswap_16(header.version_major);
		header.version_minor = bswap_16(header.version_minor);
		header.snaplen = bswap_32(header.snaplen);
		header.linktype = bswap_32(header.linktype);
	}
	return header;
}

int pcapint_classic_open(pcap_t *p, u_int precision, char *errbuf)
{
	struct pcap_savefile *sf = p->priv;
	struct savefile_input *in = &sf->input;
	const struct variant *variant = find_variant(savefile_load32(input_data(in), false));
	struct pcap_file_header header;
	bool aix;

	sf->classic.swapped = p->core->swapped = variant == NULL;
	if (variant == NULL)
		variant = find_variant(savefile_load32(input_data(in), true));
	if (pcapint_need_file_header(p, variant->file_header_size, errbuf) < 0)
		return PCAP_ERROR;
	header = load_file_header(input_data(in), sf->classic.swapped);
	if (set_version(p, &header, errbuf) < 0)
		return PCAP_ERROR;
	aix = set_aix_linktype(p, &header);
	if (!aix && set_linktype(p, &header, errbuf) < 0)
		return PCAP_ERROR;
	set_snapshot(p, &header);
	sf->max_caplen = pcapint_max_snaplen_for_dlt(p->linktype);
	if (!aix)
		variant = choose_variant(sf, variant);
	set_layout(p, variant, aix ? NANO : variant->precision, precision);
	in->start += variant->file_header_size;
	return 0;
}
