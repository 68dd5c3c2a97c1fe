/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Bluetooth controller for the guest, over the kernel's virtual one (/dev/vhci): it says yes to every command, and
 * answers data with the same data. For the script of the Bluetooth devices.
 *
 * usage: bluetooth-adapter serve      is the controller until it is killed; then the adapter is gone
 *        bluetooth-adapter up         brings the adapter hci0 up
 *        bluetooth-adapter send N     sends N commands, and as many packets of data, from the host
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Packet types of the HCI UART transport layer (Bluetooth Core Specification, volume 4, part A). */
enum { COMMAND = 1, ACL_DATA = 2, EVENT = 4, VENDOR = 0xff };

#define COMMAND_COMPLETE 0x0e
#define READ_LOCAL_VERSION 0x1001
#define READ_BUFFER_SIZE 0x1005
#define READ_ADDRESS 0x1009
/* The longest: what is too long does not matter. */
#define ANSWER_SIZE 252

#define HCIDEVUP _IOW('H', 201, int)
#define BTPROTO_HCI 1

static int die(const char *what)
{
	perror(what);
	return 1;
}

/* The return parameters of a command: success, and zeros but where the kernel would do without the adapter then. */
static void set_answer(uint16_t opcode, uint8_t *answer)
{
	/* Sizes of data packets, 1021 and 64 bytes, and how many there can be. */
	static const uint8_t buffers[] = {0, 0xfd, 0x03, 64, 8, 0, 8, 0};
	static const uint8_t address[] = {0, 0x06, 0x05, 0x04, 0x03, 0x02, 0x02};

	memset(answer, 0, ANSWER_SIZE);
	if (opcode == READ_BUFFER_SIZE)
		memcpy(answer, buffers, sizeof(buffers));
	else if (opcode == READ_ADDRESS)
		memcpy(answer, address, sizeof(address));
}

static int serve(void)
{
	static const uint8_t create[] = {VENDOR, 0};
	uint8_t packet[4096];
	int device = open("/dev/vhci", O_RDWR);

	if (device == -1 || write(device, create, sizeof(create)) == -1)
		return die("/dev/vhci");
	for (;;) {
		ssize_t size = read(device, packet, sizeof(packet));
		if (size <= 0)
			return die("read");
		if (packet[0] == ACL_DATA && write(device, packet, size) == -1)
			return die("write");
		if (packet[0] != COMMAND || size < 3)
			continue;
		uint8_t event[3 + 3 + ANSWER_SIZE] = {
			EVENT, COMMAND_COMPLETE, 3 + ANSWER_SIZE, 1, packet[1], packet[2]};
		set_answer(packet[1] | packet[2] << 8, event + 6);
		if (write(device, event, sizeof(event)) == -1)
			return die("write");
	}
}

static int open_socket(uint16_t adapter)
{
	const struct {
		uint16_t family, adapter, channel;
	} address = {AF_BLUETOOTH, adapter, 0};
	int fd = socket(AF_BLUETOOTH, SOCK_RAW, BTPROTO_HCI);

	if (fd != -1 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	exit(die("HCI socket"));
}

static int bring_up(void)
{
	if (ioctl(open_socket(0xffff), HCIDEVUP, 0) == -1 && errno != EALREADY)
		return die("HCIDEVUP");
	return 0;
}

static int send_packets(int count)
{
	static const uint8_t command[] = {COMMAND, READ_LOCAL_VERSION & 0xff, READ_LOCAL_VERSION >> 8, 0};
	uint8_t data[] = {ACL_DATA, 0x2a, 0x20, 4, 0, 0xde, 0xad, 0xbe, 0xef};
	int fd = open_socket(0);

	for (int i = 0; i < count; i++) {
		data[sizeof(data) - 1] = i;
		if (write(fd, command, sizeof(command)) == -1 || write(fd, data, sizeof(data)) == -1)
			return die("write");
		/* In the same order each time: the answer comes before the next command goes. */
		usleep(20000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "serve") == 0)
		return serve();
	if (argc == 2 && strcmp(argv[1], "up") == 0)
		return bring_up();
	if (argc == 3 && strcmp(argv[1], "send") == 0)
		return send_packets(atoi(argv[2]));
	fprintf(stderr, "usage: bluetooth-adapter serve | up | send N\n");
	return 2;
}
