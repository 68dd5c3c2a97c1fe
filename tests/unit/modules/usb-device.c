/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stand-in for usbmon: takes the system calls on its device from the linker's --wrap. The kernel's
 * Documentation/usb/usbmon.rst says what they do.
 */
#include "usb-device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICE_PATH "/dev/" USB_DEVICE_NAME
#define IMAGE_SIZE 65536
#define EVENTS_MAX 1024
#define ALIGNMENT 64
#define GUARD 65536

/* Numbers of requests with the magic number 0x92. */
enum { GET_STATS = 3, SET_RING_SIZE = 4, GET_RING_SIZE = 5, FETCH = 7, FLUSH = 8, GET_EVENT = 10 };

struct usb_device usb_device;

static struct {
	int fd;
	uint8_t image[IMAGE_SIZE]; /* what the ring has, as far as events reach */
	uint8_t *map;              /* where the reader has it */
	size_t used;
	uint32_t offsets[EVENTS_MAX];
	unsigned first, count;
} ring = {.fd = -1};

/* Readable while events wait. */
static void update_readable(void)
{
	uint64_t number = 1;

	if (ring.fd == -1)
		return;
	ssize_t size = read(ring.fd, &number, sizeof(number));
	number = 1;
	if (ring.first < ring.count)
		size = write(ring.fd, &number, sizeof(number));
	(void)size;
	usb_device.waiting = ring.count - ring.first;
}

void usb_device_reset(void)
{
	usb_device = (struct usb_device){.ring_size = 300 << 10, .largest_ring = 1200 << 10};
	ring.used = ring.first = ring.count = 0;
	ring.map = NULL;
	ring.fd = -1;
}

void usb_device_add_offset(uint32_t offset)
{
	if (ring.count == EVENTS_MAX)
		abort();
	ring.offsets[ring.count++] = offset;
	update_readable();
}

uint32_t usb_device_add(const pcap_usb_header_mmapped *header, const void *data, size_t size)
{
	uint32_t offset = ring.used;

	if (offset + sizeof(*header) + size > IMAGE_SIZE)
		abort();
	memcpy(ring.image + offset, header, sizeof(*header));
	if (size > 0)
		memcpy(ring.image + offset + sizeof(*header), data, size);
	ring.used += (sizeof(*header) + size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (ring.map != NULL)
		memcpy(ring.map, ring.image, ring.used);
	usb_device_add_offset(offset);
	return offset;
}

uint8_t *usb_device_ring(void)
{
	return ring.map;
}

/* ---- System calls ---- */

static int fail(int error)
{
	errno = error;
	return -1;
}

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
	va_list ap;

	va_start(ap, flags);
	int mode = flags & O_CREAT ? va_arg(ap, int) : 0;
	va_end(ap);
	if (strcmp(path, DEVICE_PATH) != 0)
		return __real_open64(path, flags, mode);
	if (usb_device.open_error != 0)
		return fail(usb_device.open_error);
	usb_device.opened++;
	ring.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	update_readable();
	return ring.fd;
}

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	return strcmp(path, DEVICE_PATH) == 0 ? 0 : __real_access(path, mode);
}

int __real_fstat64(int fd, struct stat *status);
int __wrap_fstat64(int fd, struct stat *status);
int __wrap_fstat64(int fd, struct stat *status)
{
	int result = __real_fstat64(fd, status);

	if (fd == ring.fd)
		status->st_nlink = !usb_device.gone;
	return result;
}

void *__real_mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (fd == -1 || fd != ring.fd)
		return __real_mmap64(address, size, protection, flags, fd, offset);
	if (usb_device.no_map || size != usb_device.ring_size) {
		errno = EPERM;
		return MAP_FAILED;
	}
	/* With a page behind it that can't be read, for who goes too far; that stays, until the test ends. */
	ring.map = __real_mmap64(address, size + GUARD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ring.map == MAP_FAILED || mprotect(ring.map + size, GUARD, PROT_NONE) == -1)
		abort();
	memcpy(ring.map, ring.image, ring.used);
	return ring.map;
}

static unsigned flush(unsigned events)
{
	if (events > ring.count - ring.first)
		events = ring.count - ring.first;
	ring.first += events;
	usb_device.given_back += events;
	update_readable();
	return events;
}

static int take_error(void)
{
	int error = usb_device.fetch_error;

	usb_device.fetch_error = 0;
	return error != 0 ? error : ring.first == ring.count ? EAGAIN : 0;
}

static int fetch(void *argument)
{
	struct {
		uint32_t *offsets;
		uint32_t fetch, flush;
	} *request = argument;

	request->flush = flush(request->flush);
	int error = take_error();
	if (error != 0)
		return fail(error);
	if (request->fetch > ring.count - ring.first)
		request->fetch = ring.count - ring.first;
	memcpy(request->offsets, ring.offsets + ring.first, request->fetch * sizeof(request->offsets[0]));
	return 0;
}

static int get_event(void *argument)
{
	struct {
		void *header, *data;
		size_t data_size;
	} *request = argument;
	pcap_usb_header_mmapped header;
	int error = take_error();

	if (error != 0)
		return fail(error);
	const uint8_t *event = ring.image + ring.offsets[ring.first];
	memcpy(&header, event, sizeof(header));
	memcpy(request->header, &header, sizeof(header));
	if (header.data_len < request->data_size)
		request->data_size = header.data_len;
	memcpy(request->data, event + sizeof(header), request->data_size);
	flush(1);
	return 0;
}

static int set_ring_size(unsigned long size)
{
	if (size > usb_device.largest_ring || size < 8192)
		return fail(EINVAL);
	usb_device.ring_size = (size + 4095) / 4096 * 4096;
	return 0;
}

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;

	va_start(ap, request);
	unsigned long argument = va_arg(ap, unsigned long);
	va_end(ap);
	if (fd != ring.fd || _IOC_TYPE(request) != 0x92)
		return __real_ioctl(fd, request, argument);
	switch (_IOC_NR(request)) {
	case GET_STATS: {
		const uint32_t stats[2] = {ring.count - ring.first, usb_device.dropped};
		memcpy((void *)argument, stats, sizeof(stats));
		usb_device.dropped = 0;
		return 0;
	}
	case SET_RING_SIZE:
		return set_ring_size(argument);
	case GET_RING_SIZE:
		return (int)usb_device.ring_size;
	case FETCH:
		return fetch((void *)argument);
	case FLUSH:
		return (int)flush(argument);
	case GET_EVENT:
		return get_event((void *)argument);
	default:
		return fail(ENOTTY);
	}
}
