/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Link types whose packets hold fields in the byte order of the host that captured them: a row each, with the
 * routine that turns them into this host's. Each turns what was captured of a header, field by field.
 */
#include "savefile/savefile.h"

#include <stddef.h>

#include <pcap/nflog.h>
#include <pcap/sll.h>
#include <pcap/usb.h>

/* A field in a header: where, and how many bytes; 0 ends a list. */
struct field {
	size_t offset;
	size_t size;
};

static void swap_bytes(u_char *bytes, size_t size)
{
	for (size_t i = 0; i < size / 2; i++) {
		u_char byte = bytes[i];

		bytes[i] = bytes[size - 1 - i];
		bytes[size - 1 - i] = byte;
	}
}

/* Turns the fields that lie within the first `size` bytes. */
static void swap_fields(u_char *data, size_t size, const struct field *fields)
{
	for (; fields->size != 0; fields++)
		if (fields->offset + fields->size <= size)
			swap_bytes(data + fields->offset, fields->size);
}

/* ---- Linux cooked captures: all big-endian, but for the identifier that starts a CAN frame ---- */

static void swap_can_id(const struct pcap_pkthdr *header, u_char *data, size_t header_size, size_t protocol_offset)
{
	unsigned int protocol;

	if (header->caplen < header_size + sizeof(uint32_t))
		return;
	protocol = (unsigned int)data[protocol_offset] << 8 | data[protocol_offset + 1];
	if (protocol == LINUX_SLL_P_CAN || protocol == LINUX_SLL_P_CANFD)
		swap_bytes(data + header_size, sizeof(uint32_t));
}

static void fix_sll(struct pcap_pkthdr *header, u_char *data, bool swapped _U_)
{
	swap_can_id(header, data, SLL_HDR_LEN, offsetof(struct sll_header, sll_protocol));
}

static void fix_sll2(struct pcap_pkthdr *header, u_char *data, bool swapped _U_)
{
	swap_can_id(header, data, SLL2_HDR_LEN, offsetof(struct sll2_header, sll2_protocol));
}

/* ---- OpenBSD's packet filter log: the user and process numbers, as far as the header has them ---- */

static void fix_pflog(struct pcap_pkthdr *header, u_char *data, bool swapped _U_)
{
	/* uid, pid, rule_uid and rule_pid of OpenBSD's struct pfloghdr, whose first byte is its length. */
	static const struct field fields[] = {{44, 4}, {48, 4}, {52, 4}, {56, 4}, {0, 0}};

	if (header->caplen > 0)
		swap_fields(data, data[0] < header->caplen ? data[0] : header->caplen, fields);
}

/* ---- Linux netfilter log: the length and the type of each attribute ---- */

static void fix_nflog(struct pcap_pkthdr *header, u_char *data, bool swapped _U_)
{
	size_t offset = sizeof(nflog_hdr_t), size = header->caplen;

	if (size < offset || data[offsetof(nflog_hdr_t, nflog_version)] != 0)
		return;
	while (size - offset >= sizeof(nflog_tlv_t)) {
		nflog_tlv_t attribute;
		size_t padded;

		swap_bytes(data + offset + offsetof(nflog_tlv_t, tlv_length), sizeof(attribute.tlv_length));
		swap_bytes(data + offset + offsetof(nflog_tlv_t, tlv_type), sizeof(attribute.tlv_type));
		memcpy(&attribute, data + offset, sizeof(attribute));
		padded = (attribute.tlv_length + (size_t)3) & ~(size_t)3;
		if (attribute.tlv_length < sizeof(attribute) || padded > size - offset)
			return;
		offset += padded;
	}
}

/* ---- Linux USB ---- */

#define USB_FIELD(member)                                                                                          \
	{                                                                                                          \
		offsetof(pcap_usb_header_mmapped, member), sizeof(((pcap_usb_header_mmapped *)0)->member)          \
	}
#define ISO_FIELD(member)                                                                                          \
	{                                                                                                          \
		offsetof(usb_isodesc, member), sizeof(((usb_isodesc *)0)->member)                                  \
	}

/* The 48 bytes that both headers begin with. */
static void swap_usb(const struct pcap_pkthdr *header, u_char *data)
{
	static const struct field fields[] = {USB_FIELD(id), USB_FIELD(bus_id), USB_FIELD(ts_sec),
		USB_FIELD(ts_usec), USB_FIELD(status), USB_FIELD(urb_len), USB_FIELD(data_len), {0, 0}};
	static const struct field isochronous_fields[] = {
		USB_FIELD(s.iso.error_count), USB_FIELD(s.iso.numdesc), {0, 0}};
	size_t transfer_type = offsetof(pcap_usb_header_mmapped, transfer_type);

	swap_fields(data, header->caplen, fields);
	/* Of the other transfers there is a setup packet in that place, which USB has little-endian. */
	if (header->caplen > transfer_type && data[transfer_type] == URB_ISOCHRONOUS)
		swap_fields(data, header->caplen, isochronous_fields);
}

static void fix_usb(struct pcap_pkthdr *header, u_char *data, bool swapped _U_)
{
	swap_usb(header, data);
}

static void swap_usb_mmapped(const struct pcap_pkthdr *header, u_char *data)
{
	static const struct field fields[] = {
		USB_FIELD(interval), USB_FIELD(start_frame), USB_FIELD(xfer_flags), USB_FIELD(ndesc), {0, 0}};
	static const struct field descriptor_fields[] = {
		ISO_FIELD(status), ISO_FIELD(offset), ISO_FIELD(len), {0, 0}};
	pcap_usb_header_mmapped usb;
	size_t offset = sizeof(usb);

	swap_usb(header, data);
	swap_fields(data, header->caplen, fields);
	if (header->caplen < sizeof(usb))
		return;
	memcpy(&usb, data, sizeof(usb));
	if (usb.transfer_type != URB_ISOCHRONOUS)
		return;
	for (uint32_t i = 0; i < usb.ndesc && offset < header->caplen; i++, offset += sizeof(usb_isodesc))
		swap_fields(data + offset, header->caplen - offset, descriptor_fields);
}

/* The bytes from the start of an isochronous buffer to the end of the last part that holds data. */
static uint64_t isochronous_length(const u_char *descriptors, uint32_t count)
{
	uint64_t length = 0;

	for (uint32_t i = 0; i < count; i++) {
		usb_isodesc descriptor;

		memcpy(&descriptor, descriptors + i * sizeof(descriptor), sizeof(descriptor));
		if (descriptor.len != 0 && length < (uint64_t)descriptor.offset + descriptor.len)
			length = (uint64_t)descriptor.offset + descriptor.len;
	}
	return length;
}

/*
 * A completed isochronous read holds data in parts, with gaps; the kernel's usbmon documentation has the data end with
 * the last part. Some writers gave the sum of the parts (urb_len) for the length; it is corrected.
 */
static void fix_isochronous_length(struct pcap_pkthdr *header, const u_char *data)
{
	pcap_usb_header_mmapped usb;
	uint64_t descriptors_end, length;

	if (header->caplen < sizeof(usb))
		return;
	memcpy(&usb, data, sizeof(usb));
	if (usb.data_flag != 0 || usb.transfer_type != URB_ISOCHRONOUS || usb.event_type != URB_COMPLETE ||
		!(usb.endpoint_number & URB_TRANSFER_IN))
		return;
	descriptors_end = sizeof(usb) + (uint64_t)usb.ndesc * sizeof(usb_isodesc);
	if (header->caplen < descriptors_end || header->len != descriptors_end + usb.urb_len)
		return;
	length = descriptors_end + isochronous_length(data + sizeof(usb), usb.ndesc);
	if (length >= header->caplen && length <= UINT32_MAX)
		header->len = (bpf_u_int32)length;
}

static void fix_usb_mmapped(struct pcap_pkthdr *header, u_char *data, bool swapped)
{
	if (swapped)
		swap_usb_mmapped(header, data);
	fix_isochronous_length(header, data);
}

static const struct {
	int dlt;
	bool only_swapped;
	savefile_fixup fixup;
} fixups[] = {
	{DLT_LINUX_SLL, true, fix_sll},
	{DLT_LINUX_SLL2, true, fix_sll2},
	{DLT_PFLOG, true, fix_pflog},
	{DLT_NFLOG, true, fix_nflog},
	{DLT_USB_LINUX, true, fix_usb},
	{DLT_USB_LINUX_MMAPPED, false, fix_usb_mmapped},
};

savefile_fixup pcapint_find_fixup(int dlt, bool swapped)
{
	for (size_t i = 0; i < sizeof(fixups) / sizeof(fixups[0]); i++)
		if (fixups[i].dlt == dlt && (swapped || !fixups[i].only_swapped))
			return fixups[i].fixup;
	return NULL;
}
