/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of nfnetlink's log and queue (linux/netfilter/nfnetlink_log.h, nfnetlink_queue.h): asking for packets, and
 * what comes. For the netfilter module.
 */
#include "netfilter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netfilter/nfnetlink_queue.h>

#define WHOLE_PACKET 0xffff /* the filter sees all of a packet, as one that runs in the kernel would */
#define QUEUE_LENGTH 8192   /* packets that wait for their verdict; past it they go on unseen */

/* ---- Asking ---- */

struct request {
	struct nlmsghdr header;
	struct nfgenmsg family;
	u_char attributes[128];
};

static void add_attribute(struct request *request, uint16_t type, const void *value, size_t size)
{
	struct nlattr attribute = {.nla_len = NLA_HDRLEN + size, .nla_type = type};
	u_char *at = (u_char *)request + request->header.nlmsg_len;

	memcpy(at, &attribute, sizeof(attribute));
	memcpy(at + NLA_HDRLEN, value, size);
	request->header.nlmsg_len += NLA_ALIGN(attribute.nla_len);
}

static void add_u32(struct request *request, uint16_t type, uint32_t value)
{
	value = htonl(value);
	add_attribute(request, type, &value, sizeof(value));
}

static void ask_for_log(const pcap_t *p, struct request *request)
{
	struct nfulnl_msg_config_cmd bind = {.command = NFULNL_CFG_CMD_BIND};
	struct nfulnl_msg_config_mode mode = {.copy_range = htonl(WHOLE_PACKET), .copy_mode = NFULNL_COPY_PACKET};
	uint16_t flags = htons(NFULNL_CFG_F_SEQ);

	request->header.nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
	add_attribute(request, NFULA_CFG_CMD, &bind, sizeof(bind));
	add_attribute(request, NFULA_CFG_MODE, &mode, sizeof(mode));
	add_attribute(request, NFULA_CFG_FLAGS, &flags, sizeof(flags));
	/* The kernel keeps packets together for a second if it is told nothing; the unit is 10 ms. */
	if (p->opt.immediate)
		add_u32(request, NFULA_CFG_QTHRESH, 1);
	else if (p->opt.timeout > 0 && p->opt.timeout < 1000)
		add_u32(request, NFULA_CFG_TIMEOUT, p->opt.timeout < 10 ? 1 : p->opt.timeout / 10);
}

static void ask_for_queue(struct request *request)
{
	struct nfqnl_msg_config_cmd bind = {.command = NFQNL_CFG_CMD_BIND};
	struct nfqnl_msg_config_params params = {.copy_range = htonl(WHOLE_PACKET), .copy_mode = NFQNL_COPY_PACKET};

	request->header.nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG;
	add_attribute(request, NFQA_CFG_CMD, &bind, sizeof(bind));
	add_attribute(request, NFQA_CFG_PARAMS, &params, sizeof(params));
	add_u32(request, NFQA_CFG_QUEUE_MAXLEN, QUEUE_LENGTH);
	/* Packets that can't be queued go on: a capture does not cut the wire. */
	add_u32(request, NFQA_CFG_MASK, NFQA_CFG_F_FAIL_OPEN);
	add_u32(request, NFQA_CFG_FLAGS, NFQA_CFG_F_FAIL_OPEN);
}

/* The kernel's answer; packets that come before it are not asked for yet, but a queued one must go on. */
static int wait_for_answer(pcap_t *p)
{
	const struct pcap_netfilter *nf = p->priv;
	struct nlmsghdr *message;
	struct netfilter_packet packet;
	struct nlmsgerr error;

	for (;;) {
		int status = pcapint_netfilter_next(p, &message);
		/* It is there when sendto() returns, if the socket had room for it. */
		if (status <= 0)
			return status < 0 ? -EIO : -ENOBUFS;
		if (message->nlmsg_type == NLMSG_ERROR && message->nlmsg_seq == SEQUENCE_CONFIG &&
			message->nlmsg_len >= NLMSG_LENGTH(sizeof(error))) {
			memcpy(&error, NLMSG_DATA(message), sizeof(error));
			return error.error;
		}
		if (pcapint_netfilter_is_packet(p, message) && pcapint_netfilter_parse(p, message, &packet) &&
			nf->queue)
			pcapint_netfilter_accept(p, packet.group->number, packet.id);
	}
}

int pcapint_netfilter_bind(pcap_t *p, struct group *group)
{
	const struct pcap_netfilter *nf = p->priv;
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct request request = {
		.header = {.nlmsg_len = offsetof(struct request, attributes),
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
			.nlmsg_seq = SEQUENCE_CONFIG},
		.family = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(group->number)},
	};

	if (nf->queue)
		ask_for_queue(&request);
	else
		ask_for_log(p, &request);
	if (sendto(p->fd, &request, request.header.nlmsg_len, 0, (const struct sockaddr *)&kernel,
		    sizeof(kernel)) == -1)
		return -errno;
	return wait_for_answer(p);
}

/* ---- What comes ---- */

#define NUMBER_SIZE (NLA_HDRLEN + sizeof(uint32_t)) /* the attribute that numbers a logged packet */

/* One datagram into the buffer: 1, 0 if there is none, PCAP_ERROR. */
static int receive(pcap_t *p)
{
	struct sockaddr_nl sender = {.nl_pid = 0};
	struct iovec iov = {p->buffer, p->bufsize};
	struct msghdr msg = {.msg_name = &sender, .msg_namelen = sizeof(sender), .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t size = recvmsg(p->fd, &msg, MSG_DONTWAIT);

	p->bp = p->buffer;
	p->cc = 0;
	if (size == -1 && errno == EAGAIN)
		return 0;
	/* ENOBUFS: the socket was full. How many packets were lost is seen by their numbers. */
	if (size == -1 && errno != ENOBUFS && errno != EINTR) {
		pcapint_fmt_errmsg_for_errno(
			p->errbuf, PCAP_ERRBUF_SIZE, errno, "%.100s: can't read packets", p->opt.device);
		return PCAP_ERROR;
	}
	if (size > 0 && sender.nl_pid == 0)
		p->cc = (int)size;
	return 1;
}

int pcapint_netfilter_next(pcap_t *p, struct nlmsghdr **message)
{
	for (;;) {
		struct nlmsghdr *here = (struct nlmsghdr *)p->bp;

		if (p->cc >= NLMSG_HDRLEN && here->nlmsg_len >= NLMSG_HDRLEN && here->nlmsg_len <= (u_int)p->cc) {
			int step = NLMSG_ALIGN(here->nlmsg_len);
			p->bp += step < p->cc ? step : p->cc;
			p->cc -= step < p->cc ? step : p->cc;
			*message = here;
			return 1;
		}
		int status = receive(p);
		if (status <= 0)
			return status;
	}
}

bool pcapint_netfilter_is_packet(const pcap_t *p, const struct nlmsghdr *message)
{
	const struct pcap_netfilter *nf = p->priv;

	return message->nlmsg_type ==
	       (nf->queue ? NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET : NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET);
}

/* The attributes that matter here; log and queue number them differently. */
enum role { NO_ROLE, ROLE_HEADER, ROLE_TIMESTAMP, ROLE_PAYLOAD, ROLE_NUMBER, ROLE_LENGTH };

static enum role role_of(bool queue, u_int type)
{
	static const uint8_t log_roles[] = {
		[NFULA_TIMESTAMP] = ROLE_TIMESTAMP, [NFULA_PAYLOAD] = ROLE_PAYLOAD, [NFULA_SEQ] = ROLE_NUMBER};
	static const uint8_t queue_roles[] = {[NFQA_PACKET_HDR] = ROLE_HEADER,
		[NFQA_TIMESTAMP] = ROLE_TIMESTAMP,
		[NFQA_PAYLOAD] = ROLE_PAYLOAD,
		[NFQA_CAP_LEN] = ROLE_LENGTH};

	if (queue)
		return type < sizeof(queue_roles) ? queue_roles[type] : NO_ROLE;
	return type < sizeof(log_roles) ? log_roles[type] : NO_ROLE;
}

static uint32_t get_u32(const u_char *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static uint64_t get_u64(const u_char *at)
{
	return (uint64_t)get_u32(at) << 32 | get_u32(at + 4);
}

/* Numbers that are left out were lost. */
static void count_gap(struct pcap_netfilter *nf, struct group *group, uint32_t number)
{
	if (group->numbered && number - group->next_number < 1u << 31)
		nf->dropped += number - group->next_number;
	group->numbered = true;
	group->next_number = number + 1;
}

/* Takes an attribute out, by moving what is before it; what the program sees is what it would see without our asking. */
static void take_out(struct netfilter_packet *packet, size_t at, size_t size)
{
	memmove((u_char *)packet->data + size, packet->data, at);
	packet->data += size;
	packet->size -= size;
}

static void note_attribute(
	struct pcap_netfilter *nf, struct netfilter_packet *packet, u_int type, const u_char *value, size_t size)
{
	switch (role_of(nf->queue, type)) {
	case ROLE_HEADER: /* struct nfqnl_msg_packet_hdr begins with the id */
		packet->id = size >= 4 ? get_u32(value) : 0;
		count_gap(nf, packet->group, packet->id);
		break;
	case ROLE_TIMESTAMP:
		packet->sec = size >= 16 ? get_u64(value) : 0;
		packet->usec = size >= 16 ? get_u64(value + 8) : 0;
		break;
	case ROLE_PAYLOAD:
		packet->payload = value;
		packet->payload_size = size;
		break;
	case ROLE_NUMBER:
		if (size >= 4)
			count_gap(nf, packet->group, get_u32(value));
		break;
	case ROLE_LENGTH:
		packet->payload_length = size >= 4 ? get_u32(value) : 0;
		break;
	case NO_ROLE:
		break;
	}
}

static struct group *find_group(struct pcap_netfilter *nf, uint16_t number)
{
	for (int i = 0; i < nf->group_count; i++)
		if (nf->groups[i].number == number)
			return &nf->groups[i];
	return NULL;
}

bool pcapint_netfilter_parse(pcap_t *p, struct nlmsghdr *message, struct netfilter_packet *packet)
{
	struct pcap_netfilter *nf = p->priv;
	u_char *data = NLMSG_DATA(message);
	size_t size = message->nlmsg_len - NLMSG_HDRLEN, at = NLMSG_ALIGN(sizeof(struct nfgenmsg)), number_at = 0;
	struct nfgenmsg family;

	*packet = (struct netfilter_packet){.data = data, .size = size};
	if (size < at)
		return false;
	memcpy(&family, data, sizeof(family));
	packet->group = find_group(nf, ntohs(family.res_id));
	if (packet->group == NULL)
		return false;
	while (at + NLA_HDRLEN <= size) {
		struct nlattr attribute;
		memcpy(&attribute, data + at, sizeof(attribute));
		if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > size - at)
			break;
		u_int type = attribute.nla_type & NLA_TYPE_MASK;
		note_attribute(nf, packet, type, data + at + NLA_HDRLEN, attribute.nla_len - NLA_HDRLEN);
		if (role_of(nf->queue, type) == ROLE_NUMBER && attribute.nla_len == NUMBER_SIZE)
			number_at = at;
		at += NLA_ALIGN(attribute.nla_len);
	}
	if (packet->payload_length < packet->payload_size)
		packet->payload_length = packet->payload_size;
	if (number_at != 0)
		take_out(packet, number_at, NUMBER_SIZE);
	return true;
}
