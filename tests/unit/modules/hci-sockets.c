/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stand-in for HCI sockets: takes the system calls on them from the linker's --wrap. What they do is in the
 * kernel's net/bluetooth/hci_sock.c.
 */
#include "hci-sockets.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ADAPTER 3
#define ADAPTER_FILE "/sys/class/bluetooth/hci3"
#define SOL_HCI 0
#define HCI_DATA_DIR 1
#define HCI_FILTER 2
#define HCI_TIME_STAMP 3
#define MESSAGES_MAX 32

struct hci_sockets hci_sockets;

static struct {
	int fd;
	int error;
	struct {
		const void *data;
		size_t size;
		bool incoming;
		enum hci_time time;
	} messages[MESSAGES_MAX];
	unsigned first, count;
	bool tells_direction, tells_time, tells_time_ns;
	uint32_t filter[4];
} queue = {.fd = -1};

static int fail(int error)
{
	errno = error;
	return -1;
}

static void update_readable(void)
{
	uint64_t number;

	if (queue.fd == -1)
		return;
	ssize_t size = read(queue.fd, &number, sizeof(number));
	number = 1;
	if (queue.first < queue.count || queue.error != 0)
		size = write(queue.fd, &number, sizeof(number));
	(void)size;
}

void hci_reset(void)
{
	memset(&hci_sockets, 0, sizeof(hci_sockets));
	memset(&queue, 0, sizeof(queue));
	hci_sockets.adapter = hci_sockets.channel = queue.fd = -1;
}

void hci_add(const void *data, size_t size, bool incoming, enum hci_time time)
{
	if (queue.count == MESSAGES_MAX)
		abort();
	queue.messages[queue.count].data = data;
	queue.messages[queue.count].size = size;
	queue.messages[queue.count].incoming = incoming;
	queue.messages[queue.count++].time = time;
	update_readable();
}

void hci_add_error(int error)
{
	queue.error = error;
	update_readable();
}

/* ---- System calls ---- */

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol)
{
	if (family != AF_BLUETOOTH)
		return __real_socket(family, type, protocol);
	if (hci_sockets.socket_error != 0)
		return fail(hci_sockets.socket_error);
	hci_sockets.opened++;
	queue.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	update_readable();
	return queue.fd;
}

int __real_bind(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size)
{
	uint16_t words[3];

	if (fd != queue.fd)
		return __real_bind(fd, address, size);
	if (hci_sockets.bind_error != 0)
		return fail(hci_sockets.bind_error);
	if (size != sizeof(words))
		return fail(EINVAL);
	memcpy(words, address, sizeof(words));
	hci_sockets.adapter = words[1];
	hci_sockets.channel = words[2];
	return 0;
}

int __real_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
	int number;

	if (fd != queue.fd)
		return __real_setsockopt(fd, level, option, value, size);
	memcpy(&number, value, sizeof(number));
	if (level == SOL_HCI && option == HCI_FILTER && size == sizeof(queue.filter)) {
		memcpy(queue.filter, value, sizeof(queue.filter));
		if (hci_sockets.unprivileged)
			queue.filter[0] &= 0x10;
		return 0;
	}
	if (level == SOL_HCI && option == HCI_DATA_DIR)
		queue.tells_direction = number != 0;
	else if (level == SOL_HCI && option == HCI_TIME_STAMP)
		queue.tells_time = number != 0;
	else if (level == SOL_SOCKET && option == SO_TIMESTAMPNS)
		queue.tells_time_ns = number != 0;
	else if (level == SOL_SOCKET && option == SO_RCVBUF)
		hci_sockets.buffer_size = number;
	else
		return fail(option == SO_RCVBUFFORCE ? EPERM : ENOPROTOOPT);
	return 0;
}

int __real_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
	if (fd != queue.fd)
		return __real_getsockopt(fd, level, option, value, size);
	if (level == SOL_HCI && option == HCI_FILTER) {
		memcpy(value, queue.filter, *size < sizeof(queue.filter) ? *size : sizeof(queue.filter));
		return 0;
	}
	if (level == SOL_SOCKET && option == SO_MEMINFO) {
		memcpy((uint32_t *)value + SK_MEMINFO_DROPS, &hci_sockets.lost, sizeof(hci_sockets.lost));
		return 0;
	}
	return fail(ENOPROTOOPT);
}

static void tell(struct msghdr *message, int level, int type, const void *data, size_t size)
{
	struct cmsghdr *control = (struct cmsghdr *)((char *)message->msg_control + message->msg_controllen);

	control->cmsg_level = level;
	control->cmsg_type = type;
	control->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(control), data, size);
	message->msg_controllen += CMSG_SPACE(size);
}

static void tell_of(struct msghdr *message, bool incoming_message, enum hci_time time)
{
	const int64_t wide[2] = {HCI_SECONDS, HCI_NANOSECONDS / 1000};
	const int32_t narrow[2] = {HCI_SECONDS, HCI_NANOSECONDS / 1000};
	const struct timespec exact = {HCI_SECONDS, HCI_NANOSECONDS};
	const int incoming = incoming_message;

	message->msg_controllen = 0;
	if (queue.tells_direction && time != HCI_NO_TIME)
		tell(message, SOL_HCI, 1, &incoming, sizeof(incoming));
	if (queue.tells_time && time == HCI_TIME_64)
		tell(message, SOL_HCI, 2, wide, sizeof(wide));
	if (queue.tells_time && time == HCI_TIME_32)
		tell(message, SOL_HCI, 2, narrow, sizeof(narrow));
	if (queue.tells_time_ns && time == HCI_TIME_NS)
		tell(message, SOL_SOCKET, SCM_TIMESTAMPNS, &exact, sizeof(exact));
}

ssize_t __real_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
	if (fd != queue.fd)
		return __real_recvmsg(fd, message, flags);
	if (queue.error != 0) {
		int error = queue.error;
		queue.error = 0;
		update_readable();
		return fail(error);
	}
	if (queue.first == queue.count)
		return fail(EAGAIN);
	size_t size = queue.messages[queue.first].size, room = message->msg_iov[0].iov_len;
	if (size > 0)
		memcpy(message->msg_iov[0].iov_base, queue.messages[queue.first].data, size < room ? size : room);
	tell_of(message, queue.messages[queue.first].incoming, queue.messages[queue.first].time);
	queue.first++;
	update_readable();
	return flags & MSG_TRUNC || size < room ? size : room;
}

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;

	va_start(ap, request);
	void *argument = va_arg(ap, void *);
	va_end(ap);
	if (fd != queue.fd || request != _IOR('H', 211, int))
		return __real_ioctl(fd, request, argument);
	uint16_t adapter;
	memcpy(&adapter, argument, sizeof(adapter));
	if (adapter != ADAPTER)
		return fail(ENODEV);
	/* err_rx, the first of struct hci_dev_stats, which is at 52 of struct hci_dev_info. */
	memcpy((char *)argument + 52, &hci_sockets.driver_errors, sizeof(hci_sockets.driver_errors));
	return 0;
}

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	return strcmp(path, ADAPTER_FILE) == 0 ? 0 : __real_access(path, mode);
}
