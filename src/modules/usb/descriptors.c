/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes the devices that are plugged in tell what they are, so that a capture of their bus begins with it. For the USB
 * module.
 */
#include "usb.h"

#include <dirent.h>
#include <endian.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BUS_FOLDERS "/dev/bus/usb"

/* How long a device may take to answer before it is left alone, ms, and the longest descriptor it is asked for. */
#define DESCRIPTOR_TIMEOUT 100
#define DESCRIPTOR_SIZE_MAX 4096
#define CONFIGURATIONS_MAX 8

/* Asks for one; what it answers goes to all captures of the bus, and is of no other interest here. */
static bool request_descriptor(int device, unsigned int type, unsigned int index, size_t size)
{
	u_char answer[DESCRIPTOR_SIZE_MAX];
	struct usbdevfs_ctrltransfer request = {
		.bRequestType = USB_DIR_IN | USB_TYPE_STANDARD | USB_RECIP_DEVICE,
		.bRequest = USB_REQ_GET_DESCRIPTOR,
		.wValue = type << 8 | index,
		.wLength = size < sizeof(answer) ? size : sizeof(answer),
		.timeout = DESCRIPTOR_TIMEOUT,
		.data = answer,
	};

	return ioctl(device, USBDEVFS_CONTROL, &request) >= 0;
}

/*
 * A device's descriptors as the kernel has them, which reading its file gives, tell how long its configurations' are
 * (Universal Serial Bus Specification 2.0, 9.6).
 */
static void request_descriptors_of(const char *path)
{
	int device = open(path, O_RDWR | O_CLOEXEC);
	struct usb_device_descriptor descriptor;

	if (device == -1)
		return;
	ssize_t size = read(device, &descriptor, USB_DT_DEVICE_SIZE);
	bool answers =
		size == USB_DT_DEVICE_SIZE && request_descriptor(device, USB_DT_DEVICE, 0, USB_DT_DEVICE_SIZE);
	off_t at = USB_DT_DEVICE_SIZE;

	for (unsigned int i = 0; answers && i < descriptor.bNumConfigurations && i < CONFIGURATIONS_MAX; i++) {
		struct usb_config_descriptor configuration;

		if (pread(device, &configuration, USB_DT_CONFIG_SIZE, at) != USB_DT_CONFIG_SIZE)
			break;
		size = le16toh(configuration.wTotalLength);
		answers = size >= USB_DT_CONFIG_SIZE && request_descriptor(device, USB_DT_CONFIG, i, size);
		at += size;
	}
	close(device);
}

static void request_descriptors_on(const char *bus)
{
	char folder[sizeof(BUS_FOLDERS) + NAME_MAX + 1], path[sizeof(folder) + NAME_MAX + 1];
	DIR *devices;
	struct dirent *entry;

	snprintf(folder, sizeof(folder), BUS_FOLDERS "/%s", bus);
	devices = opendir(folder);
	if (devices == NULL)
		return;
	while ((entry = readdir(devices)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		request_descriptors_of(path);
	}
	closedir(devices);
}

void pcapint_usb_request_descriptors(unsigned int bus)
{
	char name[16];
	struct dirent *entry;
	DIR *buses;

	if (bus != 0) {
		snprintf(name, sizeof(name), "%03u", bus);
		request_descriptors_on(name);
		return;
	}
	buses = opendir(BUS_FOLDERS);
	if (buses == NULL)
		return;
	while ((entry = readdir(buses)) != NULL)
		if (entry->d_name[0] != '.')
			request_descriptors_on(entry->d_name);
	closedir(buses);
}
