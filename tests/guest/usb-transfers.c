/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A USB device for the guest that does transfers of all types, over the kernel's virtual host controller (vhci_hcd,
 * whose protocol Documentation/usb/usbip_protocol.rst in the kernel's sources describes). For the script of USB.
 *
 * usage: usb-transfers serve     is the device until it is killed; then it is unplugged
 *        usb-transfers bus       tells the number of its bus
 *        usb-transfers run       does two transfers of each type
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ATTACH_FILE "/sys/devices/platform/vhci_hcd.0/attach"
#define DEVICES_FOLDER "/sys/bus/usb/devices"
#define PRODUCT "1209/1/100" /* as sysfs tells it in PRODUCT=: a number for tests (pid.codes) */
#define SPEED_FULL 2
#define TRANSFER_MAX 4096

enum { ISO_IN = 1, ISO_OUT, INTERRUPT_IN, BULK_IN, BULK_OUT }; /* endpoints */

#define ISO_PACKETS 8
#define ISO_PACKET_SIZE 64

static void die(const char *what) __attribute__((noreturn));
static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- The device ---- */

static const char device_descriptor[] = "\x12\x01\x00\x02\xff\x00\x00\x40\x09\x12\x01\x00\x00\x01\x00\x00\x00\x01";

/* The configuration, of 62 bytes; an interface without endpoints; the same with five. */
static const char configuration_descriptor[] = "\x09\x02\x3e\x00\x01\x01\x00\x80\x32"
					       "\x09\x04\x00\x00\x00\xff\x00\x00\x00"
					       "\x09\x04\x00\x01\x05\xff\x00\x00\x00"
					       "\x07\x05\x81\x01\x40\x00\x01"
					       "\x07\x05\x02\x01\x40\x00\x01"
					       "\x07\x05\x83\x03\x08\x00\x01"
					       "\x07\x05\x84\x02\x40\x00\x00"
					       "\x07\x05\x05\x02\x40\x00\x00";

/* What was received of each packet of an isochronous transfer: there are gaps. */
static const uint32_t iso_received[ISO_PACKETS] = {64, 0, 32, 64, 0, 0, 16, 0};

struct message {
	uint32_t command, number, device, in, endpoint;
	union {
		struct {
			uint32_t flags, size, start_frame, packets, interval;
			uint8_t setup[8];
		} submit;
		struct {
			uint32_t status, size, start_frame, packets, errors;
			uint8_t pad[8];
		} done;
	} u;
};

struct iso_packet {
	uint32_t offset, size, received, status;
};

enum { SUBMIT = 1, UNLINK, SUBMIT_DONE, UNLINK_DONE };

static void receive_all(int fd, void *data, size_t size)
{
	while (size > 0) {
		ssize_t n = read(fd, data, size);
		if (n <= 0)
			die("the virtual host controller");
		data = (uint8_t *)data + n;
		size -= n;
	}
}

static void send_all(int fd, const void *data, size_t size)
{
	if (write(fd, data, size) != (ssize_t)size)
		die("the virtual host controller");
}

/* A control transfer: the number of bytes that go in, or -1 for what the device does not know. */
static int control(const uint8_t setup[8], uint8_t *data, uint32_t room)
{
	const char *answer = NULL;
	int size = 0;

	if (setup[0] == 0x80 && setup[1] == 6) {
		answer = setup[3] == 1 ? device_descriptor : setup[3] == 2 ? configuration_descriptor : NULL;
		size = setup[3] == 1 ? sizeof(device_descriptor) - 1 : sizeof(configuration_descriptor) - 1;
		if (answer == NULL)
			return -1;
	}
	if (size > (int)room)
		size = room;
	if (answer != NULL)
		memcpy(data, answer, size);
	return size;
}

/* Answers a transfer: what a device of that kind would have to say, or have got. */
static void answer(int fd, const struct message *request)
{
	uint32_t size = ntohl(request->u.submit.size), endpoint = ntohl(request->endpoint);
	uint32_t packets = ntohl(request->u.submit.packets);
	bool in = request->in != 0, iso = endpoint == ISO_IN || endpoint == ISO_OUT;
	struct message done = {.command = htonl(SUBMIT_DONE), .number = request->number};
	struct iso_packet iso_packets[ISO_PACKETS];
	uint8_t data[TRANSFER_MAX];
	int moved = size;

	if (size > sizeof(data) || (iso && packets > ISO_PACKETS))
		exit(1);
	memset(data, 0x5a, sizeof(data));
	if (!in)
		receive_all(fd, data, size);
	if (iso)
		receive_all(fd, iso_packets, packets * sizeof(iso_packets[0]));
	if (endpoint == 0)
		moved = control(request->u.submit.setup, data, in ? size : 0);
	else if (iso)
		moved = 0;
	for (uint32_t i = 0; iso && i < packets; i++) {
		iso_packets[i].received = in ? htonl(iso_received[i]) : iso_packets[i].size;
		iso_packets[i].status = 0;
		moved += ntohl(iso_packets[i].received);
	}
	done.u.done.status = htonl(moved < 0 ? -EPIPE : 0);
	done.u.done.size = htonl(moved < 0 ? 0 : endpoint == 0 && !in ? size : (uint32_t)moved);
	done.u.done.packets = iso ? request->u.submit.packets : 0;
	send_all(fd, &done, sizeof(done));
	if (in && moved > 0)
		send_all(fd, data, moved);
	if (iso)
		send_all(fd, iso_packets, packets * sizeof(iso_packets[0]));
}

static void serve(void) __attribute__((noreturn));
static void serve(void)
{
	struct message request;
	int ends[2], attach = open(ATTACH_FILE, O_WRONLY);
	char text[64];

	if (attach == -1 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == -1)
		die(ATTACH_FILE);
	int length = snprintf(text, sizeof(text), "0 %d 1 %d", ends[1], SPEED_FULL);
	if (write(attach, text, length) != length)
		die(ATTACH_FILE);
	close(ends[1]);
	for (;;) {
		receive_all(ends[0], &request, sizeof(request));
		if (request.command == htonl(SUBMIT)) {
			answer(ends[0], &request);
		} else {
			struct message done = {.command = htonl(UNLINK_DONE), .number = request.number};
			send_all(ends[0], &done, sizeof(done));
		}
	}
}

/* ---- Who uses it ---- */

static bool is_ours(const char *name, int *bus, int *device)
{
	char path[512], line[128];
	bool ours = false;

	snprintf(path, sizeof(path), DEVICES_FOLDER "/%s/uevent", name);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL) {
		ours |= strcmp(line, "PRODUCT=" PRODUCT "\n") == 0;
		sscanf(line, "BUSNUM=%d", bus);
		sscanf(line, "DEVNUM=%d", device);
	}
	fclose(file);
	return ours && strchr(name, ':') == NULL;
}

static void find(int *bus, int *device)
{
	DIR *devices = opendir(DEVICES_FOLDER);
	struct dirent *entry;
	bool found = false;

	while (devices != NULL && !found && (entry = readdir(devices)) != NULL)
		found = is_ours(entry->d_name, bus, device);
	if (!found) {
		fprintf(stderr, "the device is not there\n");
		exit(1);
	}
	closedir(devices);
}

static void transfer(int fd, int type, int endpoint, int size, int packets)
{
	static uint8_t data[TRANSFER_MAX];
	struct usbdevfs_urb *urb = calloc(1, sizeof(*urb) + packets * sizeof(urb->iso_frame_desc[0])), *done;

	if (urb == NULL)
		die("calloc");
	urb->type = type;
	urb->endpoint = endpoint;
	urb->flags = packets > 0 ? USBDEVFS_URB_ISO_ASAP : 0;
	urb->buffer = data;
	urb->buffer_length = size;
	urb->number_of_packets = packets;
	for (int i = 0; i < packets; i++)
		urb->iso_frame_desc[i].length = size / packets;
	if (ioctl(fd, USBDEVFS_SUBMITURB, urb) == -1 || ioctl(fd, USBDEVFS_REAPURB, &done) == -1)
		die("transfer");
	free(urb);
}

static int run(void)
{
	struct usbdevfs_setinterface with_endpoints = {0, 1};
	uint8_t data[40] = "a request of the vendor's own";
	struct usbdevfs_ctrltransfer own = {
		.bRequestType = 0x40, .bRequest = 1, .wLength = sizeof(data), .data = data, .timeout = 1000};
	int bus, device, interface = 0;
	char path[64];

	find(&bus, &device);
	snprintf(path, sizeof(path), "/dev/bus/usb/%03d/%03d", bus, device);
	int fd = open(path, O_RDWR);
	if (fd == -1 || ioctl(fd, USBDEVFS_CLAIMINTERFACE, &interface) == -1 ||
		ioctl(fd, USBDEVFS_SETINTERFACE, &with_endpoints) == -1)
		die(path);
	for (int i = 0; i < 2; i++) {
		transfer(fd, USBDEVFS_URB_TYPE_ISO, 0x80 | ISO_IN, ISO_PACKETS * ISO_PACKET_SIZE, ISO_PACKETS);
		transfer(fd, USBDEVFS_URB_TYPE_ISO, ISO_OUT, ISO_PACKETS * ISO_PACKET_SIZE, ISO_PACKETS);
		transfer(fd, USBDEVFS_URB_TYPE_INTERRUPT, 0x80 | INTERRUPT_IN, 8, 0);
		transfer(fd, USBDEVFS_URB_TYPE_BULK, 0x80 | BULK_IN, 1000, 0);
		transfer(fd, USBDEVFS_URB_TYPE_BULK, BULK_OUT, 1000, 0);
		if (ioctl(fd, USBDEVFS_CONTROL, &own) == -1)
			die("control transfer");
	}
	return 0;
}

int main(int argc, char **argv)
{
	int bus, device;

	if (argc == 2 && strcmp(argv[1], "serve") == 0)
		serve();
	if (argc == 2 && strcmp(argv[1], "run") == 0)
		return run();
	if (argc == 2 && strcmp(argv[1], "bus") == 0) {
		find(&bus, &device);
		printf("%d\n", bus);
		return 0;
	}
	fprintf(stderr, "usage: usb-transfers serve | bus | run\n");
	return 2;
}
