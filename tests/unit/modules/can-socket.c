/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stand-in for raw CAN sockets: one end of a pair of Unix sockets, so that waiting and reading are the real
 * thing. What the options mean is in the kernel's Documentation/networking/can.rst.
 */
#include "can-socket.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/can/raw.h>
#include <linux/if_arp.h>

#define INTERFACE 7
#define XL_FRAMES 7 /* CAN_RAW_XL_FRAMES */
#define XL_VCID 8   /* CAN_RAW_XL_VCID_OPTS */
#define OWN_MAX 64

struct can_socket can_socket;

static int ends[2] = {-1, -1};
static bool own[OWN_MAX];
static unsigned added, taken;

static int fail(int error)
{
	errno = error;
	return -1;
}

void can_reset(void)
{
	memset(&can_socket, 0, sizeof(can_socket));
	if (ends[1] != -1)
		close(ends[1]);
	ends[0] = ends[1] = -1;
	added = taken = 0;
}

static void add(const void *frame, size_t size, bool is_own)
{
	own[added++ % OWN_MAX] = is_own;
	if (send(ends[1], frame, size, MSG_DONTWAIT) != (ssize_t)size)
		abort();
}

void can_add(const void *frame, size_t size)
{
	add(frame, size, false);
}

void can_add_own(const void *frame, size_t size)
{
	add(frame, size, true);
}

size_t can_take(void *frame, size_t size)
{
	ssize_t got = recv(ends[1], frame, size, MSG_DONTWAIT);

	return got > 0 ? (size_t)got : 0;
}

/* ---- System calls ---- */

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol)
{
	if (family != PF_CAN)
		return __real_socket(family, type, protocol);
	if (can_socket.socket_error != 0)
		return fail(can_socket.socket_error);
	if (ends[1] != -1)
		close(ends[1]);
	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0 ? ends[0] : -1;
}

int __real_bind(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size)
{
	if (fd != ends[0])
		return __real_bind(fd, address, size);
	can_socket.bound_to = ((const struct sockaddr_can *)address)->can_ifindex;
	return can_socket.bind_error != 0 ? fail(can_socket.bind_error) : 0;
}

static int set_filters(const void *value, socklen_t size)
{
	can_socket.has_filters = true;
	can_socket.filter_count = size / sizeof(struct can_filter);
	if (can_socket.filter_count > CAN_RAW_FILTER_MAX)
		return fail(EINVAL);
	memcpy(can_socket.filters, value, size);
	return 0;
}

int __real_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
	if (fd != ends[0] || level != SOL_CAN_RAW)
		return __real_setsockopt(fd, level, option, value, size);
	switch (option) {
	case CAN_RAW_FILTER:
		return set_filters(value, size);
	case CAN_RAW_ERR_FILTER:
		memcpy(&can_socket.error_classes, value, sizeof(can_socket.error_classes));
		return 0;
	case CAN_RAW_FD_FRAMES:
		can_socket.wants_fd = true;
		return 0;
	case XL_FRAMES:
		can_socket.wants_xl = can_socket.knows_xl;
		return can_socket.knows_xl ? 0 : fail(ENOPROTOOPT);
	case XL_VCID:
		memcpy(&can_socket.vcid_flags, value, sizeof(can_socket.vcid_flags));
		return can_socket.knows_xl ? 0 : fail(ENOPROTOOPT);
	default:
		return fail(ENOPROTOOPT);
	}
}

ssize_t __real_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
	int error = can_socket.read_error;

	if (fd != ends[0])
		return __real_recvmsg(fd, message, flags);
	can_socket.read_error = 0;
	if (error != 0)
		return fail(error);
	ssize_t size = __real_recvmsg(fd, message, flags);
	if (size >= 0 && own[taken++ % OWN_MAX])
		message->msg_flags |= MSG_DONTROUTE;
	return size;
}

int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;

	(void)fd;
	va_start(ap, request);
	struct ifreq *answer = va_arg(ap, struct ifreq *);
	va_end(ap);
	if (can_socket.is_gone || strcmp(answer->ifr_name, "can0") != 0 || request != SIOCGIFHWADDR)
		return fail(ENODEV);
	answer->ifr_hwaddr.sa_family = can_socket.is_ethernet ? ARPHRD_ETHER : ARPHRD_CAN;
	return 0;
}

unsigned __wrap_if_nametoindex(const char *name);
unsigned __wrap_if_nametoindex(const char *name)
{
	return can_socket.is_gone || strcmp(name, "can0") != 0 ? 0 : INTERFACE;
}

char *__wrap_if_indextoname(unsigned index, char *name);
char *__wrap_if_indextoname(unsigned index, char *name)
{
	if (can_socket.is_gone || index != INTERFACE) {
		errno = ENXIO;
		return NULL;
	}
	return strcpy(name, "can0");
}
