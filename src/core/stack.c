/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Modules over other devices: "NAME+DEVICE", and in between what the module does to the packets. For their authors: the
 * handle below is made, activated, asked and closed here; a module is left with its read routine.
 */
#include "core/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each is a handle, and a call deep; more than anyone can want. */
#define MOST_LEVELS 8

pcap_t *pcapint_below(pcap_t *p)
{
	return p->core->below;
}

static int tell(pcap_t *p, int status)
{
	if (status != 0)
		snprintf(p->errbuf, sizeof(p->errbuf), "%s", pcap_geterr(p->core->below));
	return status;
}

/* After a failed activation the handle below is gone. */
static bool have_below(pcap_t *p)
{
	if (p->core->below == NULL)
		p->core->below = pcap_create(strchr(p->opt.device, '+') + 1, p->errbuf);
	return p->core->below != NULL;
}

static int can_set_rfmon(pcap_t *p)
{
	if (!have_below(p))
		return PCAP_ERROR;
	return tell(p, pcap_can_set_rfmon(p->core->below));
}

static int setfilter(pcap_t *p, struct bpf_program *program)
{
	return tell(p, pcap_setfilter(p->core->below, program));
}

static int inject(pcap_t *p, const void *data, int size)
{
	int sent = pcap_inject(p->core->below, data, (size_t)size);

	return sent < 0 ? tell(p, sent) : sent;
}

static int setdirection(pcap_t *p, pcap_direction_t direction)
{
	return tell(p, pcap_setdirection(p->core->below, direction));
}

static int set_datalink(pcap_t *p, int dlt)
{
	return tell(p, pcap_set_datalink(p->core->below, dlt));
}

static int getnonblock(pcap_t *p)
{
	return pcap_getnonblock(p->core->below, p->errbuf);
}

static int setnonblock(pcap_t *p, int nonblock)
{
	return pcap_setnonblock(p->core->below, nonblock, p->errbuf);
}

static int stats(pcap_t *p, struct pcap_stat *counts)
{
	return tell(p, pcap_stats(p->core->below, counts));
}

static int stats64(pcap_t *p, struct pcap_stats64 *counts)
{
	return tell(p, pcap_get_stats64(p->core->below, counts, sizeof(*counts)));
}

static int packet_info(pcap_t *p, struct pcap_packet_info *info)
{
	return pcap_get_packet_info(p->core->below, info, sizeof(*info));
}

static void breakloop(pcap_t *p)
{
	pcapint_breakloop_common(p);
	pcap_breakloop(p->core->below);
}

void pcapint_cleanup_over(pcap_t *p)
{
	pcap_close(p->core->below);
	p->core->below = NULL;
	pcapint_cleanup_live_common(p);
}

/* A list as malloc() has it; false without memory. */
static bool copy_list(u_int **copy, int *copy_count, const u_int *list, int count)
{
	if (count == 0)
		return true;
	*copy = malloc((size_t)count * sizeof(**copy));
	if (*copy == NULL)
		return false;
	memcpy(*copy, list, (size_t)count * sizeof(**copy));
	*copy_count = count;
	return true;
}

static int count_levels(const char *device)
{
	int levels = 0;

	for (; (device = strchr(device, '+')) != NULL; device++)
		levels++;
	return levels;
}

pcap_t *pcapint_create_over(const char *device, char *errbuf, size_t priv_size, int abi_version)
{
	const char *plus = strchr(device, '+');

	if (plus == NULL)
		return NULL;
	if (count_levels(device) > MOST_LEVELS) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "more than %d devices, one over the other", MOST_LEVELS);
		return NULL;
	}
	pcap_t *below = pcap_create(plus + 1, errbuf);
	if (below == NULL)
		return NULL;
	pcap_t *p = pcapint_create_common(errbuf, priv_size, abi_version);
	if (p == NULL) {
		pcap_close(below);
		return NULL;
	}
	p->core->below = below;
	p->cleanup_op = pcapint_cleanup_over;
	p->can_set_rfmon_op = can_set_rfmon;
	if (copy_list(&p->tstamp_type_list, &p->tstamp_type_count, below->tstamp_type_list,
		    below->tstamp_type_count) &&
		copy_list(&p->tstamp_precision_list, &p->tstamp_precision_count, below->tstamp_precision_list,
			below->tstamp_precision_count))
		return p;
	snprintf(errbuf, PCAP_ERRBUF_SIZE, "no memory for the time stamps of %.64s", device);
	pcap_close(p);
	return NULL;
}

int pcapint_activate_over(pcap_t *p)
{
	if (!have_below(p))
		return PCAP_ERROR;
	pcap_t *below = p->core->below;
	char *device = below->opt.device;
	below->opt = p->opt;
	below->opt.device = device;
	below->snapshot = p->snapshot;
	int status = tell(p, pcap_activate(below));
	if (status < 0)
		return status;
	if (!copy_list(&p->dlt_list, &p->dlt_count, below->dlt_list, below->dlt_count)) {
		snprintf(
			p->errbuf, sizeof(p->errbuf), "no memory for the link-layer types of %.64s", p->opt.device);
		return PCAP_ERROR;
	}
	p->snapshot = below->snapshot;
	p->linktype = below->linktype;
	p->linktype_ext = below->linktype_ext;
	p->ancillary_loads = below->ancillary_loads;
	p->selectable_fd = below->selectable_fd;
	p->required_select_timeout = below->required_select_timeout;
	p->setfilter_op = setfilter;
	p->inject_op = inject;
	p->setdirection_op = setdirection;
	p->set_datalink_op = set_datalink;
	p->getnonblock_op = getnonblock;
	p->setnonblock_op = setnonblock;
	p->stats_op = stats;
	p->stats64_op = stats64;
	p->packet_info_op = packet_info;
	p->breakloop_op = breakloop;
	return status;
}

int pcapint_take_break_over(pcap_t *p)
{
	if (!p->break_loop)
		return 0;
	p->break_loop = 0;
	p->core->below->break_loop = 0;
	return 1;
}

int pcapint_read_below(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	int status = pcap_dispatch(p->core->below, cnt, callback, user);

	return status < 0 ? tell(p, status) : status;
}
