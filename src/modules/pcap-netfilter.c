/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module for what Linux's packet filter hands to programs: nflog, packets that a rule logs (nft's "log group", the
 * NFLOG target), and nfqueue, packets that a rule queues (nft's "queue", the NFQUEUE target), which go on their way as
 * they are captured. nflog:1,2 names log groups or queues; without, it is 0.
 */
#include "netfilter/netfilter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int pcap_netfilter_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *pcap_netfilter_create(const char *device, char *errbuf);

/* A packet of the largest size with its attributes; several small ones are put together up to the same. */
#define MESSAGE_BUFFER_SIZE (256 * 1024)
#define DEFAULT_BUFFER_SIZE (2 * 1024 * 1024)

struct device {
	const char *name;
	const char *description;
	bool queue;
	int dlts[3];
	int dlt_count;
	const char *kernel_module; /* what the kernel needs for it */
	const char *unit;
};

static const struct device devices[] = {
	{"nflog", "Linux netfilter log (NFLOG)", false, {DLT_NFLOG, DLT_IPV4, DLT_RAW}, 3, "nfnetlink_log",
		"group"},
	{"nfqueue", "Linux netfilter queue (NFQUEUE)", true, {DLT_IPV4, DLT_RAW}, 2, "nfnetlink_queue", "queue"},
};

static const struct device *device_of(const pcap_t *p)
{
	return &devices[((const struct pcap_netfilter *)p->priv)->queue];
}

/* ---- Reading ---- */

/* The version tells what a packet is; the hook that logged it may be of any family. */
static bool is_wanted(const pcap_t *p, const struct netfilter_packet *packet)
{
	if (p->linktype == DLT_NFLOG)
		return true;
	u_int version = packet->payload != NULL && packet->payload_size > 0 ? packet->payload[0] >> 4 : 0;
	return version == 4 || (version == 6 && p->linktype == DLT_RAW);
}

static struct timeval time_of(const pcap_t *p, const struct netfilter_packet *packet)
{
	struct timespec time = {.tv_sec = packet->sec, .tv_nsec = packet->usec * 1000};

	if (packet->sec == 0)
		clock_gettime(CLOCK_REALTIME, &time);
	return pcapint_timestamp(p, time);
}

static void describe(
	const pcap_t *p, const struct netfilter_packet *packet, struct pcap_pkthdr *header, const u_char **data)
{
	bool whole = p->linktype == DLT_NFLOG;

	header->ts = time_of(p, packet);
	header->caplen = whole ? packet->size : packet->payload_size;
	header->len = whole ? packet->size : packet->payload_length;
	*data = whole ? packet->data : packet->payload;
}

static int next_packet(pcap_t *p, struct pcap_pkthdr *header, const u_char **data)
{
	const struct pcap_netfilter *nf = p->priv;
	struct netfilter_packet packet;
	struct nlmsghdr *message;
	int status;

	while ((status = pcapint_netfilter_next(p, &message)) > 0) {
		if (message->nlmsg_type == NLMSG_ERROR && pcapint_netfilter_answered(p, message) < 0)
			return PCAP_ERROR;
		if (!pcapint_netfilter_is_packet(p, message) || !pcapint_netfilter_parse(p, message, &packet))
			continue;
		/* Now, and not when the program has looked at it: traffic must not wait for a slow program. */
		if (nf->queue && pcapint_netfilter_accept(p, packet.group->number, packet.id) < 0)
			return PCAP_ERROR;
		if (!is_wanted(p, &packet))
			continue;
		describe(p, &packet, header, data);
		return 1;
	}
	return status;
}

static int netfilter_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	return pcapint_read_messages(p, cnt, callback, user, next_packet);
}

/* ---- The other operations ---- */

static int netfilter_inject(pcap_t *p, const void *data _U_, int size _U_)
{
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
		"%.100s: packets can't be sent here; send them on a network interface", p->opt.device);
	return PCAP_ERROR;
}

/* What a packet is delivered as is looked up for each. */
static int netfilter_set_datalink(pcap_t *p _U_, int dlt _U_)
{
	return 0;
}

static int netfilter_stats64(pcap_t *p, struct pcap_stats64 *stats)
{
	const struct pcap_netfilter *nf = p->priv;

	stats->available = PCAP_STATS64_RECV | PCAP_STATS64_DROP;
	stats->recv = pcapint_messages_delivered(p);
	stats->drop = nf->dropped;
	return 0;
}

static void netfilter_cleanup(pcap_t *p)
{
	struct pcap_netfilter *nf = p->priv;

	/* The descriptor first: the helper has it too, and the queue ends with the last of them. */
	if (p->fd != -1)
		close(p->fd);
	p->fd = -1;
	pcapint_netfilter_stop_helper(&nf->helper);
	pcapint_cleanup_live_common(p);
}

/* ---- Activating ---- */

static int open_socket(pcap_t *p)
{
	int size = p->opt.buffer_size;

	p->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (p->fd == -1) {
		pcapint_fmt_errmsg_for_errno(
			p->errbuf, PCAP_ERRBUF_SIZE, errno, "%.100s: can't open a netlink socket", p->opt.device);
		return PCAP_ERROR;
	}
	/* Past the system's limit where we may. */
	if (setsockopt(p->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) == -1)
		setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	p->buffer = malloc(MESSAGE_BUFFER_SIZE);
	if (p->buffer == NULL) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.100s: no memory for a buffer of %d bytes", p->opt.device,
			MESSAGE_BUFFER_SIZE);
		return PCAP_ERROR;
	}
	p->bufsize = MESSAGE_BUFFER_SIZE;
	p->bp = p->buffer;
	return pcapint_make_wakeable(p);
}

/*
 * Whether another program reads a group, by the kernel's list, whose lines begin with the group's number. A queue that is
 * taken is told with the same error as a missing privilege.
 */
static bool is_taken(const pcap_t *p, const struct group *group)
{
	char path[64];
	u_int number;
	bool taken = false;

	snprintf(path, sizeof(path), "/proc/net/netfilter/%s", device_of(p)->kernel_module);
	FILE *list = fopen(path, "re");
	while (list != NULL && !taken && fscanf(list, "%u%*[^\n]", &number) == 1)
		taken = number == group->number;
	if (list != NULL)
		fclose(list);
	return taken;
}

/* Why the kernel would not give a group's packets. */
static int refused(pcap_t *p, const struct group *group, int error)
{
	const struct device *device = device_of(p);

	if ((error == EPERM || error == EBUSY) && is_taken(p, group))
		error = EBUSY;
	switch (error) {
	case EPERM:
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.100s: you have no permission to capture on it: CAP_NET_ADMIN is needed (run it as root, "
			"or "
			"give the program cap_net_admin)",
			p->opt.device);
		return PCAP_ERROR_PERM_DENIED;
	case EBUSY:
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.100s: another program reads %s %u (its port id is in /proc/net/netfilter/%s)",
			p->opt.device, device->unit, group->number, device->kernel_module);
		return PCAP_ERROR;
	case EINVAL:
	case ENOENT:
	case EOPNOTSUPP:
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.100s: the kernel has no %s (try: modprobe %s): %s",
			p->opt.device, device->kernel_module, device->kernel_module, strerror(error));
		return PCAP_ERROR;
	default:
		pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, error,
			"%.100s: can't have the packets of %s %u", p->opt.device, device->unit, group->number);
		return PCAP_ERROR;
	}
}

static int bind_groups(pcap_t *p)
{
	struct pcap_netfilter *nf = p->priv;

	for (int i = 0; i < nf->group_count; i++) {
		nf->groups[i].numbered = false;
		int error = pcapint_netfilter_bind(p, &nf->groups[i]);
		if (error < 0)
			return refused(p, &nf->groups[i], -error);
	}
	return 0;
}

static int netfilter_activate(pcap_t *p)
{
	struct pcap_netfilter *nf = p->priv;
	int status, warning = 0;

	nf->helper.fd = -1;
	nf->use_helper = false;
	nf->dropped = 0;
	p->cleanup_op = netfilter_cleanup;
	if (p->opt.rfmon)
		return PCAP_ERROR_RFMON_NOTSUP;
	if (p->snapshot <= 0 || p->snapshot > MAXIMUM_SNAPLEN)
		p->snapshot = MAXIMUM_SNAPLEN;
	if (p->opt.buffer_size == 0)
		p->opt.buffer_size = DEFAULT_BUFFER_SIZE;
	if (pcapint_offer_datalinks(p, device_of(p)->dlts, device_of(p)->dlt_count) < 0 || open_socket(p) < 0)
		return PCAP_ERROR;
	status = bind_groups(p);
	if (status < 0)
		return status;
	if (nf->queue)
		warning = pcapint_netfilter_start_helper(p);
	p->selectable_fd = p->fd;
	p->read_op = netfilter_read;
	p->inject_op = netfilter_inject;
	p->setfilter_op = install_bpf_program;
	p->set_datalink_op = netfilter_set_datalink;
	p->stats64_op = netfilter_stats64;
	return warning;
}

/* ---- The two routines that the library calls ---- */

int pcap_netfilter_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	/* A kernel without it has none of these devices. */
	if (fd == -1)
		return 0;
	close(fd);
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (pcapint_add_dev(list, devices[i].name, PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE,
			    devices[i].description, errbuf) == NULL)
			return PCAP_ERROR;
	return 0;
}

/* Numbers with commas between them; 0, or PCAP_ERROR. */
static int parse_groups(const char *text, struct pcap_netfilter *nf)
{
	char *end = (char *)text;

	for (nf->group_count = 0; nf->group_count < GROUPS_MAX; text = end + 1) {
		bpf_u_int32 number;
		if (pcapint_get_decuint(text, &end, &number) != 0 || number > UINT16_MAX ||
			(*end != ',' && *end != '\0'))
			return PCAP_ERROR;
		for (int i = 0; i < nf->group_count; i++)
			if (nf->groups[i].number == number)
				return PCAP_ERROR;
		nf->groups[nf->group_count++] = (struct group){.number = number};
		if (*end == '\0')
			return 0;
	}
	return PCAP_ERROR;
}

static const struct device *find_device(const char *name)
{
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		size_t length = strlen(devices[i].name);
		if (strncmp(name, devices[i].name, length) == 0 && (name[length] == '\0' || name[length] == ':'))
			return &devices[i];
	}
	return NULL;
}

pcap_t *pcap_netfilter_create(const char *name, char *errbuf)
{
	const struct device *device = find_device(name);
	struct pcap_netfilter start = {.group_count = 1, .helper = {.fd = -1}};

	if (device == NULL)
		return NULL;
	start.queue = device->queue;
	const char *numbers = name + strlen(device->name);
	if (*numbers == ':' && parse_groups(numbers + 1, &start) < 0) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE,
			"%.100s: no such device (after \"%s:\" come up to %d different %s numbers from 0 to 65535, "
			"with commas between them: %s:1,2)",
			name, device->name, GROUPS_MAX, device->unit, device->name);
		return NULL;
	}
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct pcap_netfilter);
	if (p == NULL)
		return NULL;
	if (pcapint_offer_precisions(p, errbuf) < 0) {
		pcap_close(p);
		return NULL;
	}
	*(struct pcap_netfilter *)p->priv = start;
	p->activate_op = netfilter_activate;
	return p;
}
