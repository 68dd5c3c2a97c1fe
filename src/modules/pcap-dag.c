/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module for Endace's DAG cards: dag0 is the first receive stream of a card, dag0:2 the one of that number. Records
 * are delivered as the packets in them, or whole (DLT_ERF). The vendor's library is loaded when it is needed.
 */
#include "dag/erf.h"
#include "vendor/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int pcap_dag_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *pcap_dag_create(const char *device, char *errbuf);

#define CARDS_MAX 32
#define STREAM_MAX 254
#define POLL_INTERVAL_USEC 1000
#define EXTRA_WINDOW (4 * 1024 * 1024) /* of the second mapping; Endace's advice */
#define LARGEST_RECORD 65536
#define TYPES_MAX 64
#define DLTS_MAX 16

struct pcap_dag {
	void *library;
	struct dag_calls calls;
	u_int card;
	u_int stream;
	int fd;
	bool attached, started, sending;
	uint8_t *bottom, *top; /* the records that are at hand */
	u_int handed_out;      /* bytes of the record at bottom that the program has */
	u_int fcs_bytes;       /* left out of what is delivered */
	uint64_t lost;
	uint64_t damaged;
	struct timeval poll_interval;
	u_char *record; /* the one to send */
};

#define ROUTINE(name)                                                                                              \
	{                                                                                                          \
		"dag_" #name, offsetof(struct dag_calls, name)                                                     \
	}
static const struct vendor_routine routines[] = {ROUTINE(open), ROUTINE(close), ROUTINE(rx_get_stream_count),
	ROUTINE(attach_stream64), ROUTINE(detach_stream), ROUTINE(start_stream), ROUTINE(stop_stream),
	ROUTINE(set_stream_poll64), ROUTINE(advance_stream), ROUTINE(get_stream_erf_types),
	ROUTINE(tx_stream_copy_bytes)};

static void *load(struct dag_calls *calls, const char *device, char *errbuf)
{
	return pcapint_vendor_load(
		DAG_LIBRARY, routines, sizeof(routines) / sizeof(routines[0]), calls, device, errbuf);
}

static int fail(pcap_t *p, const char *what)
{
	pcapint_fmt_errmsg_for_errno(p->errbuf, PCAP_ERRBUF_SIZE, errno, "%.60s: %s", p->opt.device, what);
	return PCAP_ERROR;
}

/* ---- Reading ---- */

/* A record shorter than its own header can't be passed over: nothing tells where the next one is. */
static int out_of_step(pcap_t *p)
{
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE,
		"%.60s: the stream has a record that is shorter than a record's header: open the device again",
		p->opt.device);
	return PCAP_ERROR;
}

/* Gives back the record that was handed out and finds the next whole one: its size, 0 if there is none yet, PCAP_ERROR. */
static int next_record(pcap_t *p)
{
	struct pcap_dag *dag = p->priv;
	int size;

	dag->bottom += dag->handed_out;
	dag->handed_out = 0;
	size = pcapint_erf_size(dag->bottom, dag->top - dag->bottom);
	if (size == 0) {
		uint8_t *top = dag->calls.advance_stream(dag->fd, (int)dag->stream, &dag->bottom);
		dag->top = top != NULL ? top : dag->bottom;
		if (top == NULL)
			return errno == EAGAIN || errno == EINTR ? 0 : fail(p, "can't read the stream");
		size = pcapint_erf_size(dag->bottom, dag->top - dag->bottom);
	}
	return size >= 0 ? size : out_of_step(p);
}

static int next_packet(pcap_t *p, struct pcap_pkthdr *header, const u_char **data)
{
	struct pcap_dag *dag = p->priv;
	struct erf_packet packet;
	int size;

	while ((size = next_record(p)) > 0) {
		dag->handed_out = size;
		bool wanted = pcapint_erf_read(dag->bottom, size, p->linktype, dag->fcs_bytes, &packet);
		dag->lost += packet.lost;
		/* Frames that came in damaged are not what was on the wire; as records they say so themselves. */
		if ((packet.flags & (ERF_FLAG_RX_ERROR | ERF_FLAG_DS_ERROR)) != 0 && p->linktype != DLT_ERF) {
			dag->damaged++;
			continue;
		}
		if (!wanted)
			continue;
		header->ts = pcapint_timestamp(p, packet.time);
		header->caplen = packet.caplen;
		header->len = packet.len;
		*data = packet.data;
		return 1;
	}
	return size;
}

static int dag_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	return pcapint_read_messages(p, cnt, callback, user, next_packet);
}

/* ---- The other operations ---- */

/* The transmit stream that belongs to a receive stream is the next one. */
static int start_sending(pcap_t *p)
{
	struct pcap_dag *dag = p->priv;
	int stream = (int)dag->stream + 1;

	if (dag->sending)
		return 0;
	if (dag->record == NULL)
		dag->record = malloc(LARGEST_RECORD);
	if (dag->record == NULL || dag->calls.attach_stream64(dag->fd, stream, 0, EXTRA_WINDOW) < 0)
		return fail(p, "can't have the transmit stream");
	if (dag->calls.start_stream(dag->fd, stream) < 0) {
		fail(p, "can't start the transmit stream");
		dag->calls.detach_stream(dag->fd, stream);
		return PCAP_ERROR;
	}
	dag->sending = true;
	return 0;
}

static int dag_inject(pcap_t *p, const void *data, int size)
{
	struct pcap_dag *dag = p->priv;
	u_int record_size;

	if (p->linktype != DLT_EN10MB && p->linktype != DLT_ERF) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.60s: only Ethernet frames, and records, can be sent",
			p->opt.device);
		return PCAP_ERROR;
	}
	if (start_sending(p) < 0)
		return PCAP_ERROR;
	if (p->linktype == DLT_ERF) {
		record_size = pcapint_erf_size(data, size) == size ? (u_int)size : 0;
		memcpy(dag->record, data, record_size <= LARGEST_RECORD ? record_size : 0);
	} else {
		memset(dag->record, 0, LARGEST_RECORD);
		record_size = pcapint_erf_write_ethernet(dag->record, LARGEST_RECORD, data, size);
	}
	if (record_size == 0) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%.60s: %d bytes are %s", p->opt.device, size,
			p->linktype == DLT_ERF ? "no whole record" : "too many for a packet");
		return PCAP_ERROR;
	}
	if (dag->calls.tx_stream_copy_bytes(dag->fd, (int)dag->stream + 1, dag->record, record_size) < 0)
		return fail(p, "can't send a packet");
	return size;
}

/* What a record is delivered as is looked up for each. */
static int dag_set_datalink(pcap_t *p _U_, int dlt _U_)
{
	return 0;
}

static int dag_stats64(pcap_t *p, struct pcap_stats64 *stats)
{
	const struct pcap_dag *dag = p->priv;

	stats->available = PCAP_STATS64_RECV | PCAP_STATS64_DROP | PCAP_STATS64_IFDROP;
	stats->recv = pcapint_messages_delivered(p);
	stats->drop = dag->lost;
	stats->ifdrop = dag->damaged;
	return 0;
}

static void end_stream(struct pcap_dag *dag, int stream, bool attached, bool started)
{
	if (started)
		dag->calls.stop_stream(dag->fd, stream);
	if (attached)
		dag->calls.detach_stream(dag->fd, stream);
}

static void dag_cleanup(pcap_t *p)
{
	struct pcap_dag *dag = p->priv;

	end_stream(dag, (int)dag->stream + 1, dag->sending, dag->sending);
	end_stream(dag, (int)dag->stream, dag->attached, dag->started);
	if (dag->fd != -1)
		dag->calls.close(dag->fd);
	if (dag->library != NULL)
		dlclose(dag->library);
	free(dag->record);
	*dag = (struct pcap_dag){.card = dag->card, .stream = dag->stream, .fd = -1};
	pcapint_cleanup_live_common(p);
}

/* ---- Activating ---- */

static int attach(pcap_t *p)
{
	struct pcap_dag *dag = p->priv;
	struct timeval none = {0, 0};
	char path[32];

	snprintf(path, sizeof(path), "/dev/dag%u", dag->card);
	dag->fd = dag->calls.open(path);
	if (dag->fd < 0) {
		int error = errno;
		dag->fd = -1;
		fail(p, "can't open the card");
		return error == ENOENT || error == ENODEV || error == ENXIO ? PCAP_ERROR_NO_SUCH_DEVICE
		       : error == EACCES || error == EPERM                  ? PCAP_ERROR_PERM_DENIED
									    : PCAP_ERROR;
	}
	if (dag->calls.attach_stream64(dag->fd, (int)dag->stream, 0, 0) < 0) {
		/* The card knows no such stream. */
		bool missing = errno == ENOMEM || errno == EINVAL;
		fail(p, missing          ? "the card has no such receive stream"
			: errno == EBUSY ? "another program has the stream"
					 : "can't have the stream");
		return missing ? PCAP_ERROR_NO_SUCH_DEVICE : PCAP_ERROR;
	}
	dag->attached = true;
	/* Never wait in the library: pcap_breakloop() could not wake it. */
	if (dag->calls.set_stream_poll64(dag->fd, (int)dag->stream, 0, &none, &none) < 0)
		return fail(p, "can't set how the stream is read");
	if (dag->calls.start_stream(dag->fd, (int)dag->stream) < 0)
		return fail(p, "can't start the stream");
	dag->started = true;
	return 0;
}

static void add_dlt(int *dlts, int *count, int dlt)
{
	for (int i = 0; i < *count; i++)
		if (dlts[i] == dlt)
			return;
	if (*count < DLTS_MAX)
		dlts[(*count)++] = dlt;
}

/* By what the stream may hold; whole records always. */
static int offer_datalinks(pcap_t *p)
{
	struct pcap_dag *dag = p->priv;
	uint8_t types[TYPES_MAX] = {0};
	int dlts[DLTS_MAX], count = 0;

	if (dag->calls.get_stream_erf_types(dag->fd, (int)dag->stream, types, TYPES_MAX) < 0)
		return fail(p, "can't ask what the stream holds");
	for (int i = 0; i < TYPES_MAX && types[i] != 0; i++) {
		const struct erf_kind *kind = pcapint_erf_kind(types[i] & ERF_TYPE_MASK);
		for (int j = 0; kind != NULL && j < ERF_DLTS_MAX && kind->dlts[j] != 0; j++)
			add_dlt(dlts, &count, kind->dlts[j]);
	}
	add_dlt(dlts, &count, DLT_ERF);
	return pcapint_offer_datalinks(p, dlts, count);
}

/*
 * The variables that users of DAG cards know from libpcap: how long the FCS is, and whether it stays. Nothing else tells
 * how the card is set.
 */
static void look_at_fcs(pcap_t *p)
{
	struct pcap_dag *dag = p->priv;
	const char *bits = getenv("ERF_FCS_BITS");
	bpf_u_int32 value = 32;

	if (bits != NULL && (pcapint_get_decuint(bits, NULL, &value) != 0 || value > 32))
		value = 32;
	dag->fcs_bytes = value / 8;
	if (getenv("ERF_DONT_STRIP_FCS") != NULL) {
		p->linktype_ext = LT_FCS_DATALINK_EXT(dag->fcs_bytes / 2);
		dag->fcs_bytes = 0;
	}
}

static int dag_activate(pcap_t *p)
{
	struct pcap_dag *dag = p->priv;
	int status;

	p->cleanup_op = dag_cleanup;
	if (p->opt.rfmon)
		return PCAP_ERROR_RFMON_NOTSUP;
	if (p->snapshot <= 0 || p->snapshot > MAXIMUM_SNAPLEN)
		p->snapshot = MAXIMUM_SNAPLEN;
	dag->library = load(&dag->calls, p->opt.device, p->errbuf);
	if (dag->library == NULL)
		return PCAP_ERROR;
	status = attach(p);
	if (status < 0)
		return status;
	if (offer_datalinks(p) < 0 || pcapint_make_wakeable(p) < 0)
		return PCAP_ERROR;
	look_at_fcs(p);
	dag->poll_interval.tv_usec = POLL_INTERVAL_USEC;
	p->required_select_timeout = &dag->poll_interval;
	p->read_op = dag_read;
	p->inject_op = dag_inject;
	p->setfilter_op = install_bpf_program;
	p->set_datalink_op = dag_set_datalink;
	p->stats64_op = dag_stats64;
	return 0;
}

/* ---- The two routines that the library calls ---- */

static const int card_clock[] = {PCAP_TSTAMP_ADAPTER}; /* the only one */

static int list_card(const struct dag_calls *calls, u_int card, pcap_if_list_t *list, char *errbuf)
{
	char text[32], description[64];
	int fd, streams = 1;

	snprintf(text, sizeof(text), "/dev/dag%u", card);
	fd = calls->open(text);
	/* A card that may not be opened is there all the same. */
	if (fd < 0 && errno != EACCES && errno != EPERM)
		return 0;
	if (fd >= 0) {
		streams = calls->rx_get_stream_count(fd);
		calls->close(fd);
	}
	for (int i = 0; i < streams; i++) {
		if (i == 0)
			snprintf(text, sizeof(text), "dag%u", card);
		else
			snprintf(text, sizeof(text), "dag%u:%d", card, 2 * i);
		snprintf(description, sizeof(description), "Endace DAG card %u, receive stream %d", card, 2 * i);
		if (pcapint_add_dev(list, text, 0, description, errbuf) == NULL)
			return PCAP_ERROR;
	}
	return 0;
}

int pcap_dag_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	struct dag_calls calls;
	/* Without the software there are no such devices: nothing to complain of. */
	void *library = load(&calls, "dag", errbuf);
	int status = 0;

	for (u_int card = 0; library != NULL && card < CARDS_MAX && status == 0; card++)
		status = list_card(&calls, card, list, errbuf);
	if (library != NULL)
		dlclose(library);
	return status;
}

/* A number as printf() writes it, up to a ':' or the end. */
static bool parse_number(const char *text, char **end, u_int largest, u_int *number)
{
	return (text[0] != '0' || text[1] == '\0' || text[1] == ':') &&
	       pcapint_get_decuint(text, end, number) == 0 && *number <= largest;
}

pcap_t *pcap_dag_create(const char *device, char *errbuf)
{
	struct pcap_dag start = {.fd = -1};
	char *end;

	if (strncmp(device, "dag", 3) != 0)
		return NULL;
	bool good = parse_number(device + 3, &end, CARDS_MAX - 1, &start.card);
	if (good && *end == ':')
		good = parse_number(end + 1, &end, STREAM_MAX, &start.stream);
	if (!good || *end != '\0' || start.stream % 2 != 0) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE,
			"%.60s: no such device (dag0 to dag%d are cards, dag0:2 is a receive stream of one; these "
			"have even "
			"numbers up to %d)",
			device, CARDS_MAX - 1, STREAM_MAX);
		return NULL;
	}
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct pcap_dag);
	if (p == NULL)
		return NULL;
	if (pcapint_offer_tstamp_types(p, card_clock, 1, errbuf) < 0 || pcapint_offer_precisions(p, errbuf) < 0) {
		pcap_close(p);
		return NULL;
	}
	*(struct pcap_dag *)p->priv = start;
	p->activate_op = dag_activate;
	return p;
}
