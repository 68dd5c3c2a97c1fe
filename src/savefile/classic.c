/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads classic pcap files, with all their variants. The packet loop is compiled twice: once for the files that
 * nearly everyone has (this host's byte order, nothing to convert), once for all the others.
 */
#include "savefile/savefile.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* How far ahead of the packet at hand the next packet headers are fetched into the cache (bytes). */
#define PREFETCH_DISTANCE 1024

/* A kind of classic file, told by its magic number. */
struct classic_variant {
	uint32_t magic;
	u_int precision;
	size_t packet_header_size;
	size_t file_header_size;
};

static const struct classic_variant variants[] = {
	{CLASSIC_MAGIC_MICRO, PCAP_TSTAMP_PRECISION_MICRO, 16, 24},
	{CLASSIC_MAGIC_NANO, PCAP_TSTAMP_PRECISION_NANO, 16, 24},
	/* Alexey Kuznetzov's patches of 1999: interface index, protocol and packet type follow the lengths. */
	{0xa1b2cd34, PCAP_TSTAMP_PRECISION_MICRO, 24, 24},
};

static const struct classic_variant *find_variant(uint32_t magic)
{
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
		if (variants[i].magic == magic)
			return &variants[i];
	return NULL;
}

static uint32_t load32(const u_char *bytes, bool swapped)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return swapped ? bswap_32(value) : value;
}

bool pcapint_classic_matches(const u_char first[SAVEFILE_MAGIC_SIZE])
{
	return find_variant(load32(first, false)) != NULL || find_variant(load32(first, true)) != NULL;
}

/* ---- The packets ---- */

static int packet_error(pcap_t *p, const char *problem)
{
	const struct pcap_savefile *sf = p->priv;

	snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%s: packet %llu at offset %llu: %s", sf->name,
		(unsigned long long)sf->packets + 1, (unsigned long long)input_offset(&sf->input), problem);
	return PCAP_ERROR;
}

/* Waits for `need` bytes of the packet at hand. 1: they are there; 0: the file ends before it; or a PCAP_ERROR_. */
static int need_bytes(pcap_t *p, size_t need, const char *what, size_t what_size)
{
	struct pcap_savefile *sf = p->priv;
	char problem[100];
	size_t available;
	int status = pcapint_input_fill(&sf->input, need, &p->break_loop);

	if (status == PCAP_ERROR) {
		pcapint_fmt_errmsg_for_errno(problem, sizeof(problem), errno, "can't read");
		return packet_error(p, problem);
	}
	if (status < 0)
		return status;
	available = input_available(&sf->input);
	if (available >= need)
		return 1;
	if (available == 0)
		return 0;
	snprintf(problem, sizeof(problem), "the file ends in the middle of the packet%s: %zu of %zu bytes", what,
		available - (need - what_size), what_size);
	return packet_error(p, problem);
}

static void load_lengths(const u_char *record, const struct classic_layout *layout, uint32_t *caplen, uint32_t *len)
{
	uint32_t first = load32(record + offsetof(struct classic_packet_header, caplen), layout->swapped);
	uint32_t second = load32(record + offsetof(struct classic_packet_header, len), layout->swapped);
	bool exchange = layout->length_order == ORIGINAL_FIRST ||
			(layout->length_order == SMALLER_IS_CAPTURED && first > second);

	*caplen = exchange ? second : first;
	*len = exchange ? first : second;
}

/* Gets the whole of the next packet into the buffer, away from the fast path. 1, 0 at the end, or PCAP_ERROR_. */
static __attribute__((noinline)) int load_packet(pcap_t *p)
{
	struct pcap_savefile *sf = p->priv;
	const struct classic_layout *layout = &sf->classic;
	uint32_t caplen, len;
	char problem[100];
	int status = need_bytes(p, layout->header_size, " header", layout->header_size);

	if (status <= 0)
		return status;
	load_lengths(input_data(&sf->input), layout, &caplen, &len);
	if (caplen > sf->max_caplen) {
		snprintf(problem, sizeof(problem), "captured length %u is above the largest possible (%u)", caplen,
			sf->max_caplen);
		return packet_error(p, problem);
	}
	return need_bytes(p, layout->header_size + caplen, "", caplen);
}

/* After a packet was delivered, or before the first: PCAP_ERROR_BREAK or the count, when the loop was broken. */
static int broken_loop(pcap_t *p, int delivered)
{
	if (delivered > 0)
		return delivered;
	p->break_loop = 0;
	return PCAP_ERROR_BREAK;
}

static inline __attribute__((always_inline)) int read_packets(
	pcap_t *p, int count, pcap_handler callback, u_char *user, const bool plain)
{
	struct pcap_savefile *sf = p->priv;
	struct savefile_input *in = &sf->input;
	const struct classic_layout *layout = &sf->classic;
	const size_t header_size = plain ? sizeof(struct classic_packet_header) : layout->header_size;
	const bool swapped = plain ? false : layout->swapped;
	int delivered = 0;

	for (;;) {
		u_char *record = input_data(in), *data = record + header_size;
		size_t available = input_available(in);
		struct pcap_pkthdr header;
		uint32_t caplen, len;

		if (p->break_loop)
			return broken_loop(p, delivered);
		__builtin_prefetch(record + PREFETCH_DISTANCE);
		if (available >= header_size) {
			if (plain) {
				caplen = load32(record + offsetof(struct classic_packet_header, caplen), false);
				len = load32(record + offsetof(struct classic_packet_header, len), false);
			} else {
				load_lengths(record, layout, &caplen, &len);
			}
		}
		if (available < header_size || caplen > sf->max_caplen || available - header_size < caplen) {
			int status = load_packet(p);

			if (status > 0)
				continue;
			if (status == PCAP_ERROR_BREAK)
				return broken_loop(p, delivered);
			return status == 0 ? delivered : status;
		}
		header.ts.tv_sec = load32(record, swapped);
		header.ts.tv_usec = load32(record + offsetof(struct classic_packet_header, fraction), swapped);
		header.caplen = caplen;
		header.len = len;
		if (!plain) {
			header.ts.tv_usec = header.ts.tv_usec * layout->multiply / layout->divide;
			if (sf->fixup != NULL)
				sf->fixup(&header, data);
		}
		in->start += header_size + caplen;
		sf->packets++;
		if (p->fcode.bf_insns != NULL && pcapint_filter(p->fcode.bf_insns, data, header.len, caplen) == 0)
			continue;
		if (header.caplen > (u_int)p->snapshot)
			header.caplen = (u_int)p->snapshot;
		callback(user, &header, data);
		if (++delivered == count || delivered == INT_MAX)
			return delivered;
	}
}

static int read_plain(pcap_t *p, int count, pcap_handler callback, u_char *user)
{
	return read_packets(p, count, callback, user, true);
}

static int read_any(pcap_t *p, int count, pcap_handler callback, u_char *user)
{
	return read_packets(p, count, callback, user, false);
}

/* ---- The file header ---- */

/* Which versions are known, and in which order their packet headers hold the lengths. */
static const struct {
	int major, minor;
	enum length_order length_order;
} versions[] = {
	{2, 4, CAPTURED_FIRST},
	{2, 3, SMALLER_IS_CAPTURED}, /* the order changed with 2.3, but not in all programs that wrote it */
	{2, 2, ORIGINAL_FIRST}, {2, 1, ORIGINAL_FIRST}, {2, 0, ORIGINAL_FIRST},
	{543, 0, ORIGINAL_FIRST}, /* DG/UX tcpdump */
};

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

static int set_linktype(pcap_t *p, const struct pcap_file_header *header, char *errbuf)
{
	struct pcap_savefile *sf = p->priv;

	if (header->linktype & LINKTYPE_FIELD_RESERVED) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%s: reserved bits of the link-type field are set (0x%08x)",
			sf->name, header->linktype);
		return PCAP_ERROR;
	}
	p->linktype = pcapint_linktype_to_dlt((int)(header->linktype & LINKTYPE_FIELD_TYPE));
	p->linktype_ext = (int)(header->linktype & LINKTYPE_FIELD_EXT);
	return 0;
}

static void set_lengths(pcap_t *p, const struct pcap_file_header *header, const struct classic_variant *variant)
{
	struct pcap_savefile *sf = p->priv;

	sf->max_caplen = pcapint_max_snaplen_for_dlt(p->linktype);
	p->snapshot = (int)header->snaplen;
	if (header->snaplen == 0 || header->snaplen > INT_MAX)
		p->snapshot = (int)sf->max_caplen;
	/* The patched writers do not count an Ethernet header in the snapshot length. */
	if (variant->packet_header_size > 16 && p->linktype == DLT_EN10MB && p->snapshot < MAXIMUM_SNAPLEN)
		p->snapshot += 14;
}

static void set_precision(struct pcap_savefile *sf, u_int file_precision, u_int precision)
{
	sf->classic.multiply = precision > file_precision ? 1000 : 1;
	sf->classic.divide = precision < file_precision ? 1000 : 1;
}

static void swap_file_header(struct pcap_file_header *header)
{
	header->magic = bswap_32(header->magic);
	header->version_major = bswap_16(header->version_major);
	header->version_minor = bswap_16(header->version_minor);
	header->snaplen = bswap_32(header->snaplen);
	header->linktype = bswap_32(header->linktype);
}

int pcapint_classic_open(pcap_t *p, u_int precision, char *errbuf)
{
	struct pcap_savefile *sf = p->priv;
	struct savefile_input *in = &sf->input;
	const struct classic_variant *variant;
	struct pcap_file_header header;
	bool plain;

	variant = find_variant(load32(input_data(in), false));
	sf->classic.swapped = variant == NULL;
	if (variant == NULL)
		variant = find_variant(load32(input_data(in), true));
	if (pcapint_input_fill(in, variant->file_header_size, &p->break_loop) < 0) {
		pcapint_fmt_errmsg_for_errno(errbuf, PCAP_ERRBUF_SIZE, errno, "%s: can't read", sf->name);
		return PCAP_ERROR;
	}
	if (input_available(in) < variant->file_header_size)
		return pcapint_file_header_cut(sf, variant->file_header_size, errbuf);
	memcpy(&header, input_data(in), sizeof(header));
	in->start += variant->file_header_size;
	if (sf->classic.swapped)
		swap_file_header(&header);
	p->core->swapped = sf->classic.swapped;
	sf->classic.header_size = variant->packet_header_size;
	if (set_version(p, &header, errbuf) < 0 || set_linktype(p, &header, errbuf) < 0)
		return PCAP_ERROR;
	set_lengths(p, &header, variant);
	if (precision == PCAP_TSTAMP_PRECISION_OF_FILE)
		precision = variant->precision;
	p->opt.tstamp_precision = (int)precision;
	set_precision(sf, variant->precision, precision);
	sf->fixup = pcapint_find_fixup(p->linktype, sf->classic.swapped);
	plain = !sf->classic.swapped && sf->classic.header_size == sizeof(struct classic_packet_header) &&
		sf->classic.length_order == CAPTURED_FIRST && variant->precision == precision && sf->fixup == NULL;
	p->read_op = plain ? read_plain : read_any;
	return 0;
}
