/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Route netlink (rtnetlink(7), linux/netlink.h): requests, dumps, attributes. For the network-interface module.
 */
#include "modules/linux/netlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define FIRST_BUFFER_SIZE                                                                                          \
	32768 /* the kernel puts no more of a dump into a datagram: NLMSG_GOODSIZE's upper limit */
#define LAST_BUFFER_SIZE (4 << 20)
#define MAX_ATTEMPTS 10 /* while interfaces come and go */
#define ANSWER_SECONDS 5

struct buffer {
	void *bytes;
	size_t size;
};

struct request {
	uint16_t type;
	uint16_t flags;
	const void *header;
	size_t header_size;
};

/* A message that ends or breaks the reading, or one for the handler. */
static int take_message(struct pcapint_netlink_reading *reading, const struct nlmsghdr *message)
{
	int error = 0;

	if (reading->sequence != 0 && message->nlmsg_seq != reading->sequence)
		return 0; /* the rest of something else */
	if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0)
		reading->interrupted = true;
	switch (message->nlmsg_type) {
	case NLMSG_NOOP:
		return 0;
	case NLMSG_OVERRUN:
		return -ENOBUFS;
	case NLMSG_ERROR:
	case NLMSG_DONE: /* both begin with an error number, which DONE may be without */
		if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
			memcpy(&error, NLMSG_DATA(message), sizeof(error));
		reading->done = true;
		return error <= 0 ? error : -EBADMSG;
	default:
		/* Of several messages, each is marked so and NLMSG_DONE is the last; one by itself is the answer. */
		reading->done = (message->nlmsg_flags & NLM_F_MULTI) == 0;
		return reading->handler(message, reading->context);
	}
}

int pcapint_netlink_take(struct pcapint_netlink_reading *reading, const void *datagram, size_t size)
{
	const u_char *at = datagram;

	while (size >= NLMSG_HDRLEN && !reading->done) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)at;
		size_t step;
		int result;

		if (message->nlmsg_len < NLMSG_HDRLEN || message->nlmsg_len > size)
			return -EBADMSG;
		result = take_message(reading, message);
		if (result != 0)
			return result;
		step = NLMSG_ALIGN((size_t)message->nlmsg_len);
		if (step >= size)
			break;
		at += step;
		size -= step;
	}
	return 0;
}

/* One datagram into buffer, which is enlarged if it was too small: then -EMSGSIZE. Otherwise its size. */
static ssize_t receive(int fd, struct buffer *buffer)
{
	struct sockaddr_nl sender = {.nl_pid = 0};
	struct iovec iov = {buffer->bytes, buffer->size};
	struct msghdr msg = {.msg_name = &sender, .msg_namelen = sizeof(sender), .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t size;
	void *larger;

	do
		size = recvmsg(fd, &msg, MSG_TRUNC);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		return -errno;
	if (sender.nl_pid != 0)
		return 0; /* not the kernel's */
	if ((size_t)size <= buffer->size)
		return size;
	if ((size_t)size > LAST_BUFFER_SIZE)
		return -ENOBUFS;
	larger = realloc(buffer->bytes, size);
	if (larger == NULL)
		return -ENOMEM;
	buffer->bytes = larger;
	buffer->size = size;
	return -EMSGSIZE;
}

static int send_request(int fd, const struct request *request, uint32_t sequence)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct nlmsghdr message = {.nlmsg_len = NLMSG_LENGTH(request->header_size),
		.nlmsg_type = request->type,
		.nlmsg_flags = request->flags,
		.nlmsg_seq = sequence};
	struct iovec iov[] = {{&message, NLMSG_HDRLEN}, {(void *)request->header, request->header_size}};
	struct msghdr msg = {.msg_name = &kernel, .msg_namelen = sizeof(kernel), .msg_iov = iov, .msg_iovlen = 2};

	return sendmsg(fd, &msg, 0) >= 0 ? 0 : -errno;
}

int pcapint_netlink_open(int protocol)
{
	const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -errno;
	/* Nothing but a sandbox that swallows requests makes the kernel's answer late. */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static int ask_on(
	int fd, const struct request *request, struct buffer *buffer, struct pcapint_netlink_reading *reading)
{
	int result = send_request(fd, request, reading->sequence);

	while (result == 0 && !reading->done) {
		ssize_t size = receive(fd, buffer);

		result = size < 0 ? (int)size : pcapint_netlink_take(reading, buffer->bytes, size);
	}
	return result;
}

/* One attempt. A socket of its own, so that nothing of an attempt that failed is left in it. */
static int ask_once(const struct request *request, struct buffer *buffer, struct pcapint_netlink_reading *reading)
{
	int fd = pcapint_netlink_open(NETLINK_ROUTE), result = fd;

	if (fd >= 0) {
		result = ask_on(fd, request, buffer, reading);
		close(fd);
	}
	return result;
}

static int ask(const struct request *request, pcapint_netlink_handler handler, void *context)
{
	struct buffer buffer = {malloc(FIRST_BUFFER_SIZE), FIRST_BUFFER_SIZE};
	int result = buffer.bytes != NULL ? -EMSGSIZE : -ENOMEM;
	bool again = buffer.bytes != NULL;

	for (uint32_t attempt = 1; again && attempt <= MAX_ATTEMPTS; attempt++) {
		struct pcapint_netlink_reading reading = {
			.sequence = attempt, .handler = handler, .context = context};

		result = handler(NULL, context);
		if (result == 0)
			result = ask_once(request, &buffer, &reading);
		again = result == -EMSGSIZE || result == -ENOBUFS || (result == 0 && reading.interrupted);
	}
	free(buffer.bytes);
	return result;
}

int pcapint_netlink_dump(
	uint16_t request, const void *header, size_t header_size, pcapint_netlink_handler handler, void *context)
{
	return ask(&(struct request){request, NLM_F_REQUEST | NLM_F_DUMP, header, header_size}, handler, context);
}

int pcapint_netlink_ask(
	uint16_t request, const void *header, size_t header_size, pcapint_netlink_handler handler, void *context)
{
	return ask(&(struct request){request, NLM_F_REQUEST, header, header_size}, handler, context);
}

int pcapint_netlink_ask_on(int fd, uint16_t request, uint16_t flags, const void *header, size_t header_size,
	pcapint_netlink_handler handler, void *context)
{
	struct buffer buffer = {malloc(FIRST_BUFFER_SIZE), FIRST_BUFFER_SIZE};
	struct pcapint_netlink_reading reading = {.sequence = 1, .handler = handler, .context = context};
	int result = buffer.bytes != NULL ? handler(NULL, context) : -ENOMEM;

	if (result == 0)
		result = ask_on(fd, &(struct request){request, NLM_F_REQUEST | flags, header, header_size}, &buffer,
			&reading);
	free(buffer.bytes);
	return result;
}

static void take_attributes(const u_char *at, size_t size, const struct rtattr **table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		table[i] = NULL;
	while (size >= sizeof(struct rtattr)) {
		const struct rtattr *attribute = (const struct rtattr *)at;
		size_t type = attribute->rta_type & NLA_TYPE_MASK;
		size_t step = RTA_ALIGN((size_t)attribute->rta_len);

		if (attribute->rta_len < sizeof(*attribute) || attribute->rta_len > size)
			break;
		if (type < count)
			table[type] = attribute;
		if (step >= size)
			break;
		at += step;
		size -= step;
	}
}

bool pcapint_netlink_attributes(
	const struct nlmsghdr *message, size_t header_size, const struct rtattr **table, size_t count)
{
	size_t start = NLMSG_HDRLEN + NLMSG_ALIGN(header_size);

	if (message->nlmsg_len < NLMSG_HDRLEN + header_size)
		return false;
	take_attributes((const u_char *)message + start,
		message->nlmsg_len > start ? message->nlmsg_len - start : 0, table, count);
	return true;
}

void pcapint_netlink_nested(const struct rtattr *attribute, const struct rtattr **table, size_t count)
{
	take_attributes(attribute != NULL ? RTA_DATA(attribute) : NULL,
		attribute != NULL ? RTA_PAYLOAD(attribute) : 0, table, count);
}

bool pcapint_netlink_u8(const struct rtattr *attribute, uint8_t *value)
{
	if (attribute == NULL || RTA_PAYLOAD(attribute) != sizeof(*value))
		return false;
	memcpy(value, RTA_DATA(attribute), sizeof(*value));
	return true;
}

bool pcapint_netlink_u32(const struct rtattr *attribute, uint32_t *value)
{
	if (attribute == NULL || RTA_PAYLOAD(attribute) != sizeof(*value))
		return false;
	memcpy(value, RTA_DATA(attribute), sizeof(*value));
	return true;
}

bool pcapint_netlink_string(const struct rtattr *attribute, char *value, size_t size)
{
	size_t length;

	if (attribute == NULL)
		return false;
	length = strnlen(RTA_DATA(attribute), RTA_PAYLOAD(attribute));
	if (length >= size)
		return false;
	memcpy(value, RTA_DATA(attribute), length);
	value[length] = '\0';
	return true;
}

size_t pcapint_netlink_bytes(const struct rtattr *attribute, void *value, size_t size)
{
	if (attribute == NULL)
		return 0;
	if (size > RTA_PAYLOAD(attribute))
		size = RTA_PAYLOAD(attribute);
	memcpy(value, RTA_DATA(attribute), size);
	return size;
}
