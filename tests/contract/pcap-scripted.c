/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A module whose behaviour the contract tests choose: devices scripted0 and scripted1 through a create routine of two
 * arguments, ours0 through one of three, and a third module that fails to list.
 */
#include "scripted.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int scripted_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *scripted_create(const char *device, char *errbuf);
int ours_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *ours_create(const char *device, char *errbuf, int *is_ours);
int failing_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *failing_create(const char *device, char *errbuf);

struct scripted scripted;

struct scripted_private {
	char zeroes[100];
	int left;
};

static int scripted_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	struct scripted_private *private = p->priv;
	u_char data[64] = "scripted packet";
	int delivered = 0;

	scripted.read_cnt = cnt;
	if (p->break_loop) {
		p->break_loop = 0;
		return PCAP_ERROR_BREAK;
	}
	while (private->left > 0 && (PACKET_COUNT_IS_UNLIMITED(cnt) || delivered < cnt)) {
		struct pcap_pkthdr header = {.caplen = sizeof(data), .len = sizeof(data)};
		if (p->break_loop && scripted.simple_breaks) {
			p->break_loop = 0;
			return PCAP_ERROR_BREAK;
		}
		private->left--;
		header.ts.tv_sec = scripted.packets - private->left;
		callback(user, &header, data);
		memset(data, 0xee, sizeof(data)); /* it lives no longer than the callback */
		memcpy(data, "scripted packet", 15);
		delivered++;
	}
	/* The callback's data must not be looked at after it has returned. */
	memset(data, 0xee, sizeof(data));
	return delivered;
}

static int scripted_inject(pcap_t *p, const void *data _U_, int size _U_)
{
	snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "scripted devices can't send");
	return PCAP_ERROR;
}

static int scripted_set_datalink(pcap_t *p, int dlt _U_)
{
	scripted.datalink_calls++;
	if (scripted.datalink_status < 0)
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "the device refused");
	return scripted.datalink_status;
}

static int scripted_stats(pcap_t *p _U_, struct pcap_stat *stats)
{
	stats->ps_recv = scripted.packets;
	return 0;
}

static void scripted_cleanup(pcap_t *p)
{
	scripted.cleanup_calls++;
	pcapint_cleanup_live_common(p);
}

static int scripted_setnonblock(pcap_t *p, int nonblock)
{
	scripted.nonblock_calls++;
	scripted.nonblock = nonblock;
	if (scripted.nonblock_status < 0) {
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "scripted devices always wait");
		return scripted.nonblock_status;
	}
	return p->fd >= 0 ? pcapint_setnonblock_fd(p, nonblock) : 0;
}

static void offer_datalinks(pcap_t *p)
{
	p->dlt_list = malloc(2 * sizeof(*p->dlt_list));
	p->dlt_list[0] = DLT_USER0;
	p->dlt_list[1] = DLT_USER1;
	p->dlt_count = 2;
}

static int scripted_activate(pcap_t *p)
{
	struct scripted_private *private = p->priv;

	scripted.activate_calls++;
	scripted.opt = p->opt;
	if (p->snapshot <= 0 || p->snapshot > MAXIMUM_SNAPLEN)
		p->snapshot = MAXIMUM_SNAPLEN;
	scripted.snapshot = p->snapshot;
	p->cleanup_op = scripted_cleanup;
	p->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	p->buffer = malloc(1000);
	if (scripted.activate_text != NULL)
		snprintf(p->errbuf, PCAP_ERRBUF_SIZE, "%s", scripted.activate_text);
	p->linktype = DLT_USER0;
	p->read_op = scripted_read;
	private->left = scripted.packets;
	if (!scripted.bare) {
		offer_datalinks(p);
		p->inject_op = scripted_inject;
		p->setfilter_op = install_bpf_program;
		p->set_datalink_op = scripted_set_datalink;
		p->getnonblock_op = pcapint_getnonblock_fd;
		p->setnonblock_op = scripted_setnonblock;
		p->stats_op = scripted_stats;
	}
	if (scripted.activate_status < 0 && scripted.cleans_up_itself)
		scripted_cleanup(p);
	return scripted.activate_status;
}

int scripted_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	pcap_if_t *device = pcapint_add_dev(list, "scripted0", PCAP_IF_UP, "A device of the tests", errbuf);
	if (device == NULL || pcapint_find_dev(list, "scripted0") != device)
		return PCAP_ERROR;
	return pcapint_add_dev(list, "scripted1", 0, NULL, errbuf) != NULL ? 0 : PCAP_ERROR;
}

static pcap_t *make(char *errbuf)
{
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, struct scripted_private);
	if (p == NULL)
		return NULL;
	p->activate_op = scripted_activate;
	if (scripted.dlts_at_create)
		offer_datalinks(p);
	if (scripted.nonblock_at_create)
		p->setnonblock_op = scripted_setnonblock;
	scripted.privs[scripted.create_calls++ % 2] = p->priv;
	p->tstamp_type_list = malloc(2 * sizeof(*p->tstamp_type_list));
	p->tstamp_type_list[0] = PCAP_TSTAMP_HOST;
	p->tstamp_type_list[1] = PCAP_TSTAMP_ADAPTER;
	p->tstamp_type_count = 2;
	return p;
}

pcap_t *scripted_create(const char *device, char *errbuf)
{
	if (strcmp(device, "scripted0") != 0 && strcmp(device, "scripted1") != 0)
		return NULL;
	if (scripted.create_text != NULL) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%s", scripted.create_text);
		return NULL;
	}
	return make(errbuf);
}

/* This module can't enumerate. */
int ours_findalldevs(pcap_if_list_t *list _U_, char *errbuf _U_)
{
	return 0;
}

/* A row without prefixes: it is asked for every name. */
pcap_t *ours_create(const char *device, char *errbuf, int *is_ours)
{
	*is_ours = strcmp(device, "ours0") == 0;
	if (!*is_ours)
		return NULL;
	if (scripted.create_text != NULL) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%s", scripted.create_text);
		return NULL;
	}
	return make(errbuf);
}

int failing_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	if (scripted.list_status == 0)
		return 0;
	pcapint_add_dev(list, "failing0", 0, NULL, errbuf);
	snprintf(errbuf, PCAP_ERRBUF_SIZE, "the daemon of the failing devices does not answer");
	return scripted.list_status;
}

pcap_t *failing_create(const char *device _U_, char *errbuf _U_)
{
	return NULL;
}
