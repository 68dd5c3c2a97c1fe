/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module for RDMA devices (InfiniBand, RoCE) whose driver lets the whole traffic of a port be copied to a program:
 * mlx5_0 is port 1 of a device, mlx5_0:2 its port 2; rdma:NAME is a device with any name. Uses libibverbs' sniffer flow
 * (ibv_create_flow(3)).
 */
#include <pcap-int.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <infiniband/verbs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int pcap_rdmasniff_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *pcap_rdmasniff_create(const char *device, char *errbuf);

#define RDMA_PREFIX "rdma:"
/* The largest MTU of RDMA is 4096; a port of Ethernet may have jumbo frames. */
#define SLOT_SIZE 10240
#define DEFAULT_BUFFER_SIZE (4 * 1024 * 1024)
#define SLOTS_LEAST 16
#define SLOTS_MOST 8192

struct pcap_rdmasniff {
	char name[64];
	u_int port;
	struct ibv_context *context;
	struct ibv_pd *domain;
	struct ibv_comp_channel *channel;
	struct ibv_cq *completions;
	struct ibv_qp *queue;
	struct ibv_flow *flow;
	struct ibv_mr *memory;
	u_int slots;
	int handed_out; /* the slot that the program has, or -1 */
};

/* errno as the library left it, or what a call returned. */
static int fail(pcap_t *p, int error, const char *what)
{
	pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, error, "%.60s: %s", p->opt.device, what);
	return error == EPERM || error == EACCES ? PCAP_ERROR_PERM_DENIED : PCAP_ERROR;
}

/* ---- Reading ---- */

/* Gives the slot to the device, for the next packet. */
static int post_slot(pcap_t *p, int slot)
{
	struct pcap_rdmasniff *rdma = p->priv;
	struct ibv_sge place = {.addr = (uintptr_t)(p->buffer + (size_t)slot * SLOT_SIZE),
		.length = SLOT_SIZE,
		.lkey = rdma->memory->lkey};
	struct ibv_recv_wr request = {.wr_id = slot, .sg_list = &place, .num_sge = 1}, *refused;
	int error = ibv_post_recv(rdma->queue, &request, &refused);

	return error == 0 ? 0 : fail(p, error, "can't give the device room for packets");
}

/*
 * Takes the words that there is something, and asks for the next one; then there may be something that came before that
 * was asked.
 */
static int rearm(pcap_t *p)
{
	struct pcap_rdmasniff *rdma = p->priv;
	struct ibv_cq *completions;
	void *context;
	int error;

	while (ibv_get_cq_event(rdma->channel, &completions, &context) == 0)
		ibv_ack_cq_events(completions, 1);
	error = ibv_req_notify_cq(rdma->completions, 0);
	return error == 0 ? 0 : fail(p, error, "can't ask to be told of packets");
}

static int next_packet(pcap_t *p, struct pcap_pkthdr *header, const u_char **data)
{
	struct pcap_rdmasniff *rdma = p->priv;
	struct timespec now;
	struct ibv_wc done;
	int slot = rdma->handed_out, count;

	rdma->handed_out = -1;
	if (slot != -1 && post_slot(p, slot) < 0)
		return PCAP_ERROR;
	count = ibv_poll_cq(rdma->completions, 1, &done);
	if (count == 0) {
		if (rearm(p) < 0)
			return PCAP_ERROR;
		count = ibv_poll_cq(rdma->completions, 1, &done);
	}
	if (count < 0)
		return fail(p, -count, "can't read packets");
	if (count == 0)
		return 0;
	if (done.status != IBV_WC_SUCCESS || done.wr_id >= rdma->slots || done.byte_len > SLOT_SIZE) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
			"%.60s: the device stopped the capture (%s): open the device again", p->opt.device,
			ibv_wc_status_str(done.status));
		return PCAP_ERROR;
	}
	rdma->handed_out = (int)done.wr_id;
	clock_gettime(CLOCK_REALTIME, &now);
	header->ts = pcapint_timestamp(p, now);
	header->caplen = header->len = done.byte_len;
	*data = p->buffer + done.wr_id * SLOT_SIZE;
	return 1;
}

static int rdmasniff_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	return pcapint_read_messages(p, cnt, callback, user, next_packet);
}

/* ---- The other operations ---- */

static int rdmasniff_inject(pcap_t *p, const void *data _U_, int size _U_)
{
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.60s: packets can't be sent on an RDMA device", p->opt.device);
	return PCAP_ERROR;
}

static int rdmasniff_stats64(pcap_t *p, struct pcap_stats64 *stats)
{
	stats->available = PCAP_STATS64_RECV;
	stats->recv = pcapint_messages_delivered(p);
	return 0;
}

/* In the reverse order of making: each needs what was made before it. */
static void rdmasniff_cleanup(pcap_t *p)
{
	struct pcap_rdmasniff *rdma = p->priv;

	if (rdma->flow != NULL)
		ibv_destroy_flow(rdma->flow);
	if (rdma->queue != NULL)
		ibv_destroy_qp(rdma->queue);
	if (rdma->memory != NULL)
		ibv_dereg_mr(rdma->memory);
	if (rdma->completions != NULL)
		ibv_destroy_cq(rdma->completions);
	if (rdma->channel != NULL)
		ibv_destroy_comp_channel(rdma->channel);
	if (rdma->domain != NULL)
		ibv_dealloc_pd(rdma->domain);
	if (rdma->context != NULL)
		ibv_close_device(rdma->context);
	rdma->flow = NULL;
	rdma->queue = NULL;
	rdma->memory = NULL;
	rdma->completions = NULL;
	rdma->channel = NULL;
	rdma->domain = NULL;
	rdma->context = NULL;
	pcapint_cleanup_live_common(p);
}

/* ---- Activating ---- */

/* Calls what with the device of that name: its result, or NULL if there is none. */
static struct ibv_context *open_device(const char *name)
{
	struct ibv_device **devices = ibv_get_device_list(NULL);
	struct ibv_context *context = NULL;

	errno = ENODEV;
	for (int i = 0; devices != NULL && devices[i] != NULL; i++)
		if (strcmp(ibv_get_device_name(devices[i]), name) == 0) {
			errno = 0;
			context = ibv_open_device(devices[i]);
			break;
		}
	int error = errno;
	if (devices != NULL)
		ibv_free_device_list(devices);
	errno = error != 0 ? error : EIO;
	return context;
}

static int open_port(pcap_t *p)
{
	struct pcap_rdmasniff *rdma = p->priv;
	struct ibv_port_attr port;
	int error;

	rdma->context = open_device(rdma->name);
	if (rdma->context == NULL) {
		error = errno;
		fail(p, error, "can't open the RDMA device");
		return error == ENODEV                     ? PCAP_ERROR_NO_SUCH_DEVICE
		       : error == EPERM || error == EACCES ? PCAP_ERROR_PERM_DENIED
							   : PCAP_ERROR;
	}
	error = ibv_query_port(rdma->context, rdma->port, &port);
	if (error != 0) {
		fail(p, error, "the device has no such port");
		return PCAP_ERROR_NO_SUCH_DEVICE;
	}
	p->linktype = port.link_layer == IBV_LINK_LAYER_ETHERNET ? DLT_EN10MB : DLT_INFINIBAND;
	return 0;
}

static int make_memory(pcap_t *p)
{
	struct pcap_rdmasniff *rdma = p->priv;
	u_int slots = p->opt.buffer_size / SLOT_SIZE;

	rdma->slots = slots < SLOTS_LEAST ? SLOTS_LEAST : slots > SLOTS_MOST ? SLOTS_MOST : slots;
	rdma->domain = ibv_alloc_pd(rdma->context);
	if (rdma->domain == NULL)
		return fail(p, errno, "can't make a protection domain");
	p->bufsize = (int)(rdma->slots * SLOT_SIZE);
	p->buffer = malloc(p->bufsize);
	if (p->buffer == NULL)
		return fail(p, ENOMEM, "no memory for packets");
	rdma->memory = ibv_reg_mr(rdma->domain, p->buffer, p->bufsize, IBV_ACCESS_LOCAL_WRITE);
	if (rdma->memory == NULL)
		return fail(p, errno, "can't lock the memory for packets (ulimit -l tells how much may be)");
	return 0;
}

static int make_completions(pcap_t *p)
{
	struct pcap_rdmasniff *rdma = p->priv;

	rdma->channel = ibv_create_comp_channel(rdma->context);
	if (rdma->channel == NULL)
		return fail(p, errno, "can't make a completion channel");
	/* A copy, since the other is the library's to close; the flag is of both. */
	p->fd = fcntl(rdma->channel->fd, F_DUPFD_CLOEXEC, 0);
	if (p->fd == -1 || fcntl(p->fd, F_SETFL, fcntl(p->fd, F_GETFL) | O_NONBLOCK) == -1)
		return fail(p, errno, "can't make a descriptor to wait on");
	rdma->completions = ibv_create_cq(rdma->context, (int)rdma->slots, NULL, rdma->channel, 0);
	if (rdma->completions == NULL)
		return fail(p, errno, "can't make a completion queue");
	return 0;
}

static int make_queue(pcap_t *p)
{
	struct pcap_rdmasniff *rdma = p->priv;
	struct ibv_qp_init_attr wanted = {.send_cq = rdma->completions,
		.recv_cq = rdma->completions,
		.cap = {.max_recv_wr = rdma->slots, .max_recv_sge = 1},
		.qp_type = IBV_QPT_RAW_PACKET};
	struct ibv_qp_attr state = {.qp_state = IBV_QPS_INIT, .port_num = rdma->port};
	int error;

	rdma->queue = ibv_create_qp(rdma->domain, &wanted);
	if (rdma->queue == NULL)
		return fail(p, errno, "can't have raw packets (CAP_NET_RAW is needed)");
	error = ibv_modify_qp(rdma->queue, &state, IBV_QP_STATE | IBV_QP_PORT);
	if (error == 0) {
		state.qp_state = IBV_QPS_RTR;
		error = ibv_modify_qp(rdma->queue, &state, IBV_QP_STATE);
	}
	if (error != 0)
		return fail(p, error, "can't start the queue of packets");
	for (u_int slot = 0; slot < rdma->slots; slot++)
		if (post_slot(p, (int)slot) < 0)
			return PCAP_ERROR;
	return rearm(p);
}

/* From here on packets come. */
static int make_flow(pcap_t *p)
{
	struct pcap_rdmasniff *rdma = p->priv;
	struct ibv_flow_attr sniffer = {
		.type = IBV_FLOW_ATTR_SNIFFER, .size = sizeof(sniffer), .port = (uint8_t)rdma->port};

	rdma->flow = ibv_create_flow(rdma->queue, &sniffer);
	if (rdma->flow != NULL)
		return 0;
	return fail(p, errno,
		errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL
			? "its driver can't copy the port's traffic to a program"
			: "can't have the port's traffic (CAP_NET_RAW is needed)");
}

static int rdmasniff_activate(pcap_t *p)
{
	static int (*const steps[])(pcap_t *) = {
		open_port, make_memory, make_completions, make_queue, pcapint_make_wakeable, make_flow};
	struct pcap_rdmasniff *rdma = p->priv;

	p->cleanup_op = rdmasniff_cleanup;
	rdma->handed_out = -1;
	if (p->opt.rfmon)
		return PCAP_ERROR_RFMON_NOTSUP;
	if (p->snapshot <= 0 || p->snapshot > MAXIMUM_SNAPLEN)
		p->snapshot = MAXIMUM_SNAPLEN;
	if (p->opt.buffer_size == 0)
		p->opt.buffer_size = DEFAULT_BUFFER_SIZE;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int status = steps[i](p);
		if (status < 0)
			return status;
	}
	p->selectable_fd = p->fd;
	p->read_op = rdmasniff_read;
	p->inject_op = rdmasniff_inject;
	p->setfilter_op = install_bpf_program;
	p->stats64_op = rdmasniff_stats64;
	return 0;
}

/* ---- The two routines that the library calls ---- */

/* Whether the library asks this module for a device of that name: it begins with one of the prefixes in the module's row. */
static bool has_prefix(const char *name)
{
	struct pcap_module_info info = {0};
	size_t i = 0;

	while (pcap_get_module(i, &info, sizeof(info)) == 1 && strcmp(info.name, "rdmasniff") != 0)
		i++;
	for (const char *at = info.prefixes; at != NULL && *at != '\0'; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");
		if (strncmp(name, at, length) == 0 && !isalpha((unsigned char)name[length]))
			return true;
		at += length;
	}
	return false;
}

static pcap_if_t *list_device(pcap_if_list_t *list, const char *name, char *errbuf)
{
	char any_name[sizeof(RDMA_PREFIX) + IBV_SYSFS_NAME_MAX];

	snprintf(any_name, sizeof(any_name), RDMA_PREFIX "%s", name);
	return pcapint_add_dev(list, has_prefix(name) ? name : any_name, 0, "RDMA sniffer", errbuf);
}

/* Whether a driver can do it is seen only by trying, which needs a privilege: all are listed. */
int pcap_rdmasniff_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	/* NULL also where the kernel has no RDMA at all: then there are none. */
	struct ibv_device **devices = ibv_get_device_list(NULL);
	int status = 0;

	for (int i = 0; devices != NULL && devices[i] != NULL && status == 0; i++)
		if (list_device(list, ibv_get_device_name(devices[i]), errbuf) == NULL)
			status = PCAP_ERROR;
	if (devices != NULL)
		ibv_free_device_list(devices);
	return status;
}

static bool exists(const char *name)
{
	struct ibv_device **devices = ibv_get_device_list(NULL);
	bool found = false;

	for (int i = 0; devices != NULL && devices[i] != NULL; i++)
		found |= strcmp(ibv_get_device_name(devices[i]), name) == 0;
	if (devices != NULL)
		ibv_free_device_list(devices);
	return found;
}

/* NAME or NAME:PORT; false if it can't be one. */
static bool parse_name(const char *text, struct pcap_rdmasniff *rdma)
{
	size_t length = strcspn(text, ":");

	if (length == 0 || length >= sizeof(rdma->name))
		return false;
	memcpy(rdma->name, text, length);
	rdma->name[length] = '\0';
	rdma->port = 1;
	if (text[length] == '\0')
		return true;
	text += length + 1;
	return text[0] >= '1' && text[0] <= '9' && pcapint_get_decuint(text, NULL, &rdma->port) == 0 &&
	       rdma->port <= UINT8_MAX;
}

pcap_t *pcap_rdmasniff_create(const char *device, char *errbuf)
{
	bool certain = strncmp(device, RDMA_PREFIX, strlen(RDMA_PREFIX)) == 0;
	struct pcap_rdmasniff start = {.port = 0};
	bool good = parse_name(certain ? device + strlen(RDMA_PREFIX) : device, &start);

	/* A network interface may have such a name too. */
	if (!certain && (start.name[0] == '\0' || !exists(start.name)))
		return NULL;
	if (!good || !exists(start.name)) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE,
			good ? "%.60s: no such RDMA device (ibv_devices lists them)"
			     : "%.60s: no such device (an RDMA device is named as in mlx5_0, or mlx5_0:2 for its "
			       "port 2)",
			device);
		return NULL;
	}
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct pcap_rdmasniff);
	if (p == NULL)
		return NULL;
	if (pcapint_offer_precisions(p, errbuf) < 0) {
		pcap_close(p);
		return NULL;
	}
	*(struct pcap_rdmasniff *)p->priv = start;
	p->activate_op = rdmasniff_activate;
	return p;
}
