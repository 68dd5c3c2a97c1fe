/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the USB module call of each other.
 */
#ifndef WEIR_MODULES_USB_H
#define WEIR_MODULES_USB_H

#include <pcap-int.h>

/*
 * Asks each device on the bus, or on all buses for 0, for its device and configuration descriptors: what goes over the
 * bus then is what who reads a capture needs to know of devices that were plugged in before it began. A device that may
 * not be asked, or does not answer, is left out.
 */
void pcapint_usb_request_descriptors(unsigned int bus);

#endif
