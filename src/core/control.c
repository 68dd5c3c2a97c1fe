/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a program asks of an activated handle beside packets: filter, direction, non-blocking mode, statistics,
 * sending, link-layer types. Each call checks what the manual says, then hands over to the module's operation; an
 * operation that a module left out has its meaning here.
 */
#include "core/core.h"

#include <fcntl.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 0 if the handle is an active capture. */
static int check_live(pcap_t *p, const char *what)
{
	if (!p->core->activated)
		return pcapint_not_activated(p, what);
	if (p->core->kind != PCAP_KIND_LIVE)
		return pcapint_refuse(p, what);
	return 0;
}

int pcap_setfilter(pcap_t *p, struct bpf_program *program)
{
	if (!p->core->activated)
		return pcapint_not_activated(p, "pcap_setfilter");
	if (p->core->kind == PCAP_KIND_DEAD)
		return pcapint_refuse(p, "pcap_setfilter");
	if (program == NULL) {
		snprintf(p->errbuf, sizeof(p->errbuf), "pcap_setfilter: no filter program was given");
		return PCAP_ERROR;
	}
	return p->setfilter_op != NULL ? p->setfilter_op(p, program) : install_bpf_program(p, program);
}

int pcap_setdirection(pcap_t *p, pcap_direction_t direction)
{
	int status = check_live(p, "pcap_setdirection");
	if (status != 0)
		return status;
	if (direction != PCAP_D_INOUT && direction != PCAP_D_IN && direction != PCAP_D_OUT) {
		snprintf(p->errbuf, sizeof(p->errbuf),
			"pcap_setdirection: no such direction: %d (PCAP_D_INOUT, PCAP_D_IN or PCAP_D_OUT)",
			(int)direction);
		return PCAP_ERROR;
	}
	if (p->setdirection_op == NULL) {
		snprintf(p->errbuf, sizeof(p->errbuf), "%s: the direction can't be set on this device",
			p->opt.device);
		return PCAP_ERROR;
	}
	return p->setdirection_op(p, direction);
}

/* Copies the handle's error text for the calls that have an errbuf of their own. */
static int tell(pcap_t *p, char *errbuf, int status)
{
	if (status < 0)
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%s", p->errbuf);
	return status;
}

int pcap_getnonblock(pcap_t *p, char *errbuf)
{
	if (!p->core->activated)
		return tell(p, errbuf, pcapint_not_activated(p, "pcap_getnonblock"));
	if (p->core->kind == PCAP_KIND_OFFLINE)
		return 0;
	if (p->core->kind == PCAP_KIND_DEAD)
		return tell(p, errbuf, pcapint_refuse(p, "pcap_getnonblock"));
	return p->getnonblock_op != NULL ? tell(p, errbuf, p->getnonblock_op(p)) : p->opt.nonblock;
}

int pcap_setnonblock(pcap_t *p, int nonblock, char *errbuf)
{
	if (p->core->activated && p->core->kind != PCAP_KIND_LIVE)
		return tell(p, errbuf, pcapint_refuse(p, "pcap_setnonblock"));
	/* Before activation it is an option, which pcap_activate() sees to; few modules have the operation by then. */
	int status = 0;
	if (p->setnonblock_op != NULL)
		status = tell(p, errbuf, p->setnonblock_op(p, nonblock != 0));
	if (status == 0)
		p->opt.nonblock = nonblock != 0;
	return status;
}

int pcapint_getnonblock_fd(pcap_t *p)
{
	int flags = fcntl(p->fd, F_GETFL);
	if (flags == -1) {
		pcapint_fmt_errmsg_for_errno(
			p->errbuf, sizeof(p->errbuf), errno, "%s: can't get the descriptor's flags", p->opt.device);
		return PCAP_ERROR;
	}
	return (flags & O_NONBLOCK) != 0;
}

int pcapint_setnonblock_fd(pcap_t *p, int nonblock)
{
	int flags = fcntl(p->fd, F_GETFL);
	if (flags != -1)
		flags = fcntl(p->fd, F_SETFL, nonblock ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
	if (flags == -1) {
		pcapint_fmt_errmsg_for_errno(
			p->errbuf, sizeof(p->errbuf), errno, "%s: can't set the descriptor's flags", p->opt.device);
		return PCAP_ERROR;
	}
	return 0;
}

/* The 64-bit counts of a module that has no others, cut to 32 bits. */
static int stats_from_stats64(pcap_t *p, struct pcap_stat *stats)
{
	struct pcap_stats64 counts = {0};

	int status = p->stats64_op(p, &counts);
	if (status != 0)
		return status;
	stats->ps_recv = (u_int)counts.recv;
	stats->ps_drop = (u_int)counts.drop;
	stats->ps_ifdrop = (u_int)counts.ifdrop;
	return 0;
}

int pcap_stats(pcap_t *p, struct pcap_stat *stats)
{
	int status = check_live(p, "pcap_stats");
	if (status != 0)
		return status;
	memset(stats, 0, sizeof(*stats));
	if (p->stats_op != NULL)
		return p->stats_op(p, stats);
	return p->stats64_op != NULL ? stats_from_stats64(p, stats) : 0;
}

/* From the 32-bit counts of a module that has no others; one that is 0 may as well be unknown. */
static int stats64_from_stats(pcap_t *p, struct pcap_stats64 *stats)
{
	struct pcap_stat counts = {0};

	if (p->stats_op == NULL)
		return 0;
	int status = p->stats_op(p, &counts);
	if (status != 0)
		return status;
	stats->recv = counts.ps_recv;
	stats->drop = counts.ps_drop;
	stats->ifdrop = counts.ps_ifdrop;
	stats->available = PCAP_STATS64_RECV | (counts.ps_drop != 0 ? PCAP_STATS64_DROP : 0) |
			   (counts.ps_ifdrop != 0 ? PCAP_STATS64_IFDROP : 0);
	return 0;
}

int pcap_get_stats64(pcap_t *p, struct pcap_stats64 *stats, size_t size)
{
	struct pcap_stats64 counts = {0};

	int status = check_live(p, "pcap_get_stats64");
	if (status == 0)
		status = p->stats64_op != NULL ? p->stats64_op(p, &counts) : stats64_from_stats(p, &counts);
	if (status != 0)
		return status;
	memset(stats, 0, size);
	memcpy(stats, &counts, size < sizeof(counts) ? size : sizeof(counts));
	return 0;
}

int pcap_get_packet_info(pcap_t *p, struct pcap_packet_info *info, size_t size)
{
	struct pcap_packet_info known = {0};
	int status = p->packet_info_op != NULL ? p->packet_info_op(p, &known) : 0;

	memset(info, 0, size);
	memcpy(info, &known, size < sizeof(known) ? size : sizeof(known));
	return status;
}

int pcap_inject(pcap_t *p, const void *data, size_t size)
{
	int status = check_live(p, "pcap_inject");
	if (status != 0)
		return status;
	if (p->inject_op == NULL) {
		snprintf(p->errbuf, sizeof(p->errbuf), "%s: packets can't be sent on this device", p->opt.device);
		return PCAP_ERROR;
	}
	if (size == 0 || size > INT_MAX) {
		snprintf(p->errbuf, sizeof(p->errbuf), "%s: a packet of %zu bytes can't be sent", p->opt.device,
			size);
		return PCAP_ERROR;
	}
	return p->inject_op(p, data, (int)size);
}

int pcap_sendpacket(pcap_t *p, const u_char *data, int size)
{
	int sent = pcap_inject(p, data, size < 0 ? (size_t)INT_MAX + 1 : (size_t)size);
	return sent < 0 ? sent : 0;
}

int pcap_datalink(pcap_t *p)
{
	return p->core->activated ? p->linktype : pcapint_not_activated(p, "pcap_datalink");
}

int pcap_datalink_ext(pcap_t *p)
{
	return p->core->activated ? p->linktype_ext : pcapint_not_activated(p, "pcap_datalink_ext");
}

int pcap_list_datalinks(pcap_t *p, int **datalinks)
{
	if (!p->core->activated)
		return pcapint_not_activated(p, "pcap_list_datalinks");
	int count = p->dlt_count > 0 ? p->dlt_count : 1;
	*datalinks = malloc(count * sizeof(**datalinks));
	if (*datalinks == NULL) {
		snprintf(p->errbuf, sizeof(p->errbuf), "no memory for a list of %d link-layer types", count);
		return PCAP_ERROR;
	}
	if (p->dlt_count == 0)
		(*datalinks)[0] = p->linktype;
	for (int i = 0; i < p->dlt_count; i++)
		(*datalinks)[i] = p->dlt_list[i];
	return count;
}

/* "eth0: DOCSIS (143) is not one of its link-layer types (they are: EN10MB)", as far as it fits. */
static int no_such_datalink(pcap_t *p, int dlt)
{
	const char *name = pcap_datalink_val_to_name(dlt), *device = p->opt.device;
	u_int current = p->linktype;
	const u_int *list = p->dlt_count > 0 && p->set_datalink_op != NULL ? p->dlt_list : &current;
	int count = list == &current ? 1 : p->dlt_count;
	size_t size = sizeof(p->errbuf), used;

	used = snprintf(p->errbuf, size, "%s: %s (%d) is not one of its link-layer types (they are:",
		device != NULL ? device : "this handle", name != NULL ? name : "that number", dlt);
	for (int i = 0; i < count && used < size; i++) {
		const char *choice = pcap_datalink_val_to_description_or_dlt(list[i]);
		if (pcap_datalink_val_to_name(list[i]) != NULL)
			choice = pcap_datalink_val_to_name(list[i]);
		used += snprintf(p->errbuf + used, size - used, "%s %s%s", i > 0 ? "," : "", choice,
			i == count - 1 ? ")" : "");
	}
	return PCAP_ERROR;
}

int pcap_set_datalink(pcap_t *p, int dlt)
{
	if (!p->core->activated)
		return pcapint_not_activated(p, "pcap_set_datalink");
	if (p->dlt_count == 0 || p->set_datalink_op == NULL)
		return dlt == p->linktype ? 0 : no_such_datalink(p, dlt);
	int i = 0;
	while (i < p->dlt_count && (int)p->dlt_list[i] != dlt)
		i++;
	if (i == p->dlt_count)
		return no_such_datalink(p, dlt);
	if (p->set_datalink_op(p, dlt) < 0)
		return PCAP_ERROR;
	p->linktype = dlt;
	return 0;
}
