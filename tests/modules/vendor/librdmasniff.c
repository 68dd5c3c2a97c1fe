/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stand-in for libibverbs, for tests: two devices, one of which can copy its traffic. Receive requests, completions and
 * their channel work as ibv_post_recv(3), ibv_poll_cq(3) and ibv_get_cq_event(3) say.
 */
#include "librdmasniff.h"

#include "arrivals.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#undef ibv_reg_mr
#undef ibv_query_port

#define REQUESTS_MAX 8192
#define SNIFFERS_MAX 8 /* of a port */

struct queue {
	struct ibv_qp qp;
	struct ibv_recv_wr requests[REQUESTS_MAX];
	struct ibv_sge places[REQUESTS_MAX];
	unsigned first, count;
};

struct completions {
	struct ibv_cq cq;
	struct ibv_wc done[REQUESTS_MAX];
	unsigned first, count;
	bool armed;
	unsigned events; /* told, not acknowledged */
};

static struct ibv_device devices[2] = {
	{.name = "test_0", .node_type = IBV_NODE_CA}, {.name = "mlx5_1", .node_type = IBV_NODE_CA}};
static struct verbs_context contexts[2];
static struct queue *sniffing[3][SNIFFERS_MAX]; /* by port */
static enum ibv_wc_status next_status;
static int refuse_queues, refuse_flows, objects;

static void *make(size_t size)
{
	objects++;
	return calloc(1, size);
}

static int unmake(void *object)
{
	objects--;
	free(object);
	return 0;
}

static void *refused(int error)
{
	errno = error;
	return NULL;
}

/* ---- The test's side ---- */

static bool receive_in(struct queue *queue, const void *bytes, uint32_t length)
{
	struct completions *completions;
	uint64_t one = 1;

	if (queue->count == 0)
		return false;
	struct ibv_recv_wr *request = &queue->requests[queue->first];
	struct ibv_sge *place = &queue->places[queue->first];
	queue->first = (queue->first + 1) % REQUESTS_MAX;
	queue->count--;
	memcpy((void *)(uintptr_t)place->addr, bytes, length < place->length ? length : place->length);
	completions = (struct completions *)queue->qp.recv_cq;
	completions->done[(completions->first + completions->count++) % REQUESTS_MAX] = (struct ibv_wc){
		.wr_id = request->wr_id, .status = next_status, .byte_len = length, .opcode = IBV_WC_RECV};
	if (completions->armed && write(completions->cq.channel->fd, &one, sizeof(one)) == sizeof(one))
		completions->armed = false;
	return true;
}

int stand_in_receive(int port, const void *bytes, uint32_t length)
{
	bool taken = false;

	for (int i = 0; i < SNIFFERS_MAX; i++)
		if (sniffing[port][i] != NULL)
			taken = receive_in(sniffing[port][i], bytes, length) || taken;
	if (taken)
		next_status = IBV_WC_SUCCESS;
	return taken;
}

void stand_in_end_with(enum ibv_wc_status status)
{
	next_status = status;
}

void stand_in_refuse_queues(int error)
{
	refuse_queues = error;
}

void stand_in_refuse_flows(int error)
{
	refuse_flows = error;
}

int stand_in_objects(void)
{
	return objects;
}

/* ---- The library's: the calls that go through a context ---- */

static int post_recv(struct ibv_qp *qp, struct ibv_recv_wr *request, struct ibv_recv_wr **bad)
{
	struct queue *queue = (struct queue *)qp;
	unsigned at = (queue->first + queue->count) % REQUESTS_MAX;

	*bad = request;
	if (queue->count == REQUESTS_MAX || request->num_sge != 1)
		return ENOMEM;
	/* What was in the place is no more. */
	memset((void *)(uintptr_t)request->sg_list->addr, 0xdd, request->sg_list->length);
	queue->requests[at] = *request;
	queue->places[at] = *request->sg_list;
	queue->count++;
	return 0;
}

static void take_arrivals(void)
{
	static struct arrivals arrivals;
	uint8_t packet[ARRIVAL_LONGEST];
	uint32_t length;

	while ((length = next_arrival(&arrivals, packet)) > 0)
		stand_in_receive(1, packet, length);
}

static int poll_cq(struct ibv_cq *cq, int count, struct ibv_wc *done)
{
	struct completions *completions = (struct completions *)cq;

	take_arrivals();
	if (completions->count == 0 || count < 1)
		return 0;
	*done = completions->done[completions->first];
	completions->first = (completions->first + 1) % REQUESTS_MAX;
	completions->count--;
	return 1;
}

static int req_notify_cq(struct ibv_cq *cq, int solicited_only)
{
	(void)solicited_only;
	((struct completions *)cq)->armed = true;
	return 0;
}

static int query_port(struct ibv_context *context, uint8_t port, struct ibv_port_attr *attributes, size_t size)
{
	(void)context;
	if (port < 1 || port > 2)
		return EINVAL;
	memset(attributes, 0, size);
	attributes->link_layer = port == 1 ? IBV_LINK_LAYER_INFINIBAND : IBV_LINK_LAYER_ETHERNET;
	return 0;
}

static struct ibv_flow *create_flow(struct ibv_qp *qp, struct ibv_flow_attr *attributes)
{
	struct ibv_flow *flow;

	if (refuse_flows != 0 || qp->context->device != &devices[0] || attributes->type != IBV_FLOW_ATTR_SNIFFER)
		return refused(refuse_flows != 0 ? refuse_flows : EOPNOTSUPP);
	struct queue **place = sniffing[attributes->port];
	uint32_t number = 0;
	while (number < SNIFFERS_MAX && place[number] != NULL)
		number++;
	if (number == SNIFFERS_MAX)
		return refused(ENOMEM);
	flow = make(sizeof(*flow));
	flow->context = qp->context;
	flow->handle = attributes->port * SNIFFERS_MAX + number;
	place[number] = (struct queue *)qp;
	return flow;
}

static int destroy_flow(struct ibv_flow *flow)
{
	sniffing[flow->handle / SNIFFERS_MAX][flow->handle % SNIFFERS_MAX] = NULL;
	return unmake(flow);
}

/* ---- The library's: the exported calls ---- */

struct ibv_device **ibv_get_device_list(int *count)
{
	struct ibv_device **list = make(3 * sizeof(*list));

	list[0] = &devices[0];
	list[1] = &devices[1];
	if (count != NULL)
		*count = 2;
	return list;
}

void ibv_free_device_list(struct ibv_device **list)
{
	unmake(list);
}

const char *ibv_get_device_name(struct ibv_device *device)
{
	return device->name;
}

struct ibv_context *ibv_open_device(struct ibv_device *device)
{
	struct verbs_context *context = &contexts[device - devices];

	context->sz = sizeof(*context);
	context->query_port = query_port;
	context->ibv_create_flow = create_flow;
	context->ibv_destroy_flow = destroy_flow;
	context->context.device = device;
	context->context.abi_compat = __VERBS_ABI_IS_EXTENDED;
	context->context.ops.poll_cq = poll_cq;
	context->context.ops.req_notify_cq = req_notify_cq;
	context->context.ops.post_recv = post_recv;
	objects++;
	return &context->context;
}

int ibv_close_device(struct ibv_context *context)
{
	(void)context;
	objects--;
	return 0;
}

int ibv_query_port(struct ibv_context *context, uint8_t port, struct _compat_ibv_port_attr *attributes)
{
	(void)context;
	(void)port;
	(void)attributes;
	return ENOSYS;
}

struct ibv_pd *ibv_alloc_pd(struct ibv_context *context)
{
	struct ibv_pd *domain = make(sizeof(*domain));

	domain->context = context;
	return domain;
}

int ibv_dealloc_pd(struct ibv_pd *domain)
{
	return unmake(domain);
}

struct ibv_mr *ibv_reg_mr(struct ibv_pd *domain, void *address, size_t length, int access)
{
	struct ibv_mr *memory = make(sizeof(*memory));

	(void)access;
	memory->context = domain->context;
	memory->addr = address;
	memory->length = length;
	return memory;
}

int ibv_dereg_mr(struct ibv_mr *memory)
{
	return unmake(memory);
}

struct ibv_comp_channel *ibv_create_comp_channel(struct ibv_context *context)
{
	struct ibv_comp_channel *channel = make(sizeof(*channel));

	channel->context = context;
	channel->fd = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
	/* Packets that come by themselves are told as they come. */
	if (arrivals_interval() > 0) {
		struct itimerspec each = {{0, arrivals_interval() * 1000000L}, {0, arrivals_interval() * 1000000L}};
		close(channel->fd);
		channel->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
		timerfd_settime(channel->fd, 0, &each, NULL);
	}
	return channel;
}

int ibv_destroy_comp_channel(struct ibv_comp_channel *channel)
{
	close(channel->fd);
	return unmake(channel);
}

struct ibv_cq *ibv_create_cq(
	struct ibv_context *context, int entries, void *cq_context, struct ibv_comp_channel *channel, int vector)
{
	struct completions *completions = make(sizeof(*completions));

	(void)entries;
	(void)vector;
	completions->cq.context = context;
	completions->cq.cq_context = cq_context;
	completions->cq.channel = channel;
	channel->refcnt++; /* as the real one does, and uses for its only queue here */
	channel->context = (struct ibv_context *)&completions->cq;
	return &completions->cq;
}

/* Events that were not acknowledged would make the real one wait for ever. */
int ibv_destroy_cq(struct ibv_cq *cq)
{
	if (((struct completions *)cq)->events > 0)
		abort();
	return unmake(cq);
}

int ibv_get_cq_event(struct ibv_comp_channel *channel, struct ibv_cq **cq, void **cq_context)
{
	uint64_t one;

	if (read(channel->fd, &one, sizeof(one)) != sizeof(one))
		return -1;
	*cq = (struct ibv_cq *)channel->context;
	*cq_context = (*cq)->cq_context;
	((struct completions *)*cq)->events++;
	return 0;
}

void ibv_ack_cq_events(struct ibv_cq *cq, unsigned int count)
{
	((struct completions *)cq)->events -= count;
}

struct ibv_qp *ibv_create_qp(struct ibv_pd *domain, struct ibv_qp_init_attr *attributes)
{
	struct queue *queue;

	if (refuse_queues != 0 || attributes->qp_type != IBV_QPT_RAW_PACKET)
		return refused(refuse_queues != 0 ? refuse_queues : EINVAL);
	queue = make(sizeof(*queue));
	queue->qp.context = domain->context;
	queue->qp.recv_cq = attributes->recv_cq;
	queue->qp.state = IBV_QPS_RESET;
	return &queue->qp;
}

int ibv_modify_qp(struct ibv_qp *qp, struct ibv_qp_attr *attributes, int mask)
{
	enum ibv_qp_state before = attributes->qp_state == IBV_QPS_INIT ? IBV_QPS_RESET : IBV_QPS_INIT;

	if ((mask & IBV_QP_STATE) == 0 || qp->state != before)
		return EINVAL;
	qp->state = attributes->qp_state;
	return 0;
}

int ibv_destroy_qp(struct ibv_qp *qp)
{
	return unmake(qp);
}

const char *ibv_wc_status_str(enum ibv_wc_status status)
{
	return status == IBV_WC_LOC_LEN_ERR ? "local length error" : "some error";
}
