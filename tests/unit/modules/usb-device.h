/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stand-in for the kernel's usbmon, bus 7: /dev/usbmon7 as the USB module opens, asks and maps it, whose events a
 * test puts there. For tests of what a kernel seldom or never does.
 */
#ifndef WEIR_TESTS_USB_DEVICE_H
#define WEIR_TESTS_USB_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pcap/usb.h>

#define USB_DEVICE_NAME "usbmon7"

/* What the stand-in does; usb_device_reset() sets what a well-behaved kernel has. */
struct usb_device {
	size_t ring_size;
	size_t largest_ring; /* a larger one is refused */
	int open_error;      /* errno of open(), or 0 */
	int fetch_error;     /* errno of the next request for events, or 0 */
	bool no_map;         /* it can't be mapped */
	bool gone;           /* its file has been taken away */
	uint32_t dropped;    /* until somebody asks */
	/* What was seen. */
	unsigned opened;
	unsigned given_back; /* events that the reader has done with */
	unsigned waiting;    /* events that it has not done with */
};

extern struct usb_device usb_device;

void usb_device_reset(void);
/*
 * Puts an event into the ring: its header, whose data_len says how many bytes of data follow, of which there are size.
 * Where it came to lie.
 */
uint32_t usb_device_add(const pcap_usb_header_mmapped *header, const void *data, size_t size);
/* Has the reader look for an event at an offset where there need not be one. */
void usb_device_add_offset(uint32_t offset);
/* The ring as the reader has it mapped, to be filled with something else. */
uint8_t *usb_device_ring(void);

#endif
