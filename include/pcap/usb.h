/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The headers in front of USB packets of Linux, DLT_USB_LINUX and DLT_USB_LINUX_MMAPPED, as the kernel's
 * usbmon documentation gives them. Fields are in the byte order of the capturing host; a savefile of the other
 * order is turned on reading.
 */
#ifndef lib_pcap_usb_h
#define lib_pcap_usb_h

#include <pcap/pcap-inttypes.h>

/* transfer_type, and the direction bit of endpoint_number */
#define URB_TRANSFER_IN 0x80
#define URB_ISOCHRONOUS 0x0
#define URB_INTERRUPT 0x1
#define URB_CONTROL 0x2
#define URB_BULK 0x3

/* event_type */
#define URB_SUBMIT 'S'
#define URB_COMPLETE 'C'
#define URB_ERROR 'E'

/* A control transfer's setup packet, in USB's byte order (little-endian). */
typedef struct _usb_setup {
	uint8_t bmRequestType;
	uint8_t bRequest;
	uint16_t wValue;
	uint16_t wIndex;
	uint16_t wLength;
} pcap_usb_setup;

typedef struct _iso_rec {
	int32_t error_count;
	int32_t numdesc;
} iso_rec;

/* DLT_USB_LINUX: 48 bytes. */
typedef struct _usb_header {
	uint64_t id;
	uint8_t event_type;
	uint8_t transfer_type;
	uint8_t endpoint_number;
	uint8_t device_address;
	uint16_t bus_id;
	char setup_flag; /* 0: setup holds a setup packet */
	char data_flag;  /* 0: data follows the header */
	int64_t ts_sec;
	int32_t ts_usec;
	int32_t status;
	uint32_t urb_len;  /* length of the transfer's data */
	uint32_t data_len; /* length of the data that is here */
	pcap_usb_setup setup;
} pcap_usb_header;

/* DLT_USB_LINUX_MMAPPED: 64 bytes. */
typedef struct _usb_header_mmapped {
	uint64_t id;
	uint8_t event_type;
	uint8_t transfer_type;
	uint8_t endpoint_number;
	uint8_t device_address;
	uint16_t bus_id;
	char setup_flag; /* 0: s.setup holds a setup packet */
	char data_flag;  /* 0: data follows the header and the descriptors */
	int64_t ts_sec;
	int32_t ts_usec;
	int32_t status;
	uint32_t urb_len;  /* length of the transfer's data */
	uint32_t data_len; /* length of the descriptors and data that are here */
	union {
		pcap_usb_setup setup;
		iso_rec iso;
	} s;
	int32_t interval;    /* interrupt and isochronous transfers */
	int32_t start_frame; /* isochronous transfers */
	uint32_t xfer_flags; /* the URB's flags */
	uint32_t ndesc;      /* isochronous descriptors that are here */
} pcap_usb_header_mmapped;

typedef struct _usb_isodesc {
	int32_t status;
	uint32_t offset;
	uint32_t len;
	uint8_t pad[4];
} usb_isodesc;

#endif
