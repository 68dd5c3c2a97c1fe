/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sampler: "sample:100+eth0" delivers one packet of each hundred that eth0 has, after its filter. For programs that
 * cannot keep up, or need not; it works for every program, without a change.
 */
#include <stdio.h>
#include <string.h>

#include "pcap-int.h"

#define SAMPLE_PREFIX "sample"
#define SAMPLE_DEFAULT 10

int pcap_sample_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *pcap_sample_create(const char *device, char *errbuf);

struct pcap_sample {
	bpf_u_int32 interval; /* one packet of so many */
	bpf_u_int32 seen;     /* since the last that was delivered */
	uint64_t left_out;    /* since activation */
};

/* A read, and what it has delivered. */
struct sampling {
	struct pcap_sample *sample;
	pcap_handler callback;
	u_char *user;
	int delivered;
};

/* It can stand over any device; to list them all again would tell nobody anything. */
int pcap_sample_findalldevs(pcap_if_list_t *list _U_, char *errbuf _U_)
{
	return 0;
}

static void keep_one_of_many(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct sampling *sampling = (struct sampling *)user;

	if (++sampling->sample->seen < sampling->sample->interval) {
		sampling->sample->left_out++;
		return;
	}
	sampling->sample->seen = 0;
	sampling->delivered++;
	sampling->callback(sampling->user, header, data);
}

static int sample_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	struct sampling sampling = {p->priv, callback, user, 0};
	int status;

	if (pcapint_take_break_over(p))
		return PCAP_ERROR_BREAK;
	do
		status = pcapint_read_below(p, cnt, keep_one_of_many, (u_char *)&sampling);
	while (status > 0 && sampling.delivered == 0);
	if (sampling.delivered > 0)
		return sampling.delivered;
	if (status == PCAP_ERROR_BREAK)
		p->break_loop = 0;
	return status;
}

/* To the program, what is left out is as what a filter refuses. */
static int sample_stats64(pcap_t *p, struct pcap_stats64 *stats)
{
	struct pcap_sample *sample = p->priv;

	if (pcap_get_stats64(pcapint_below(p), stats, sizeof(*stats)) != 0) {
		snprintf(p->errbuf, sizeof(p->errbuf), "%s", pcap_geterr(pcapint_below(p)));
		return PCAP_ERROR;
	}
	if (stats->recv >= sample->left_out)
		stats->recv -= sample->left_out;
	return 0;
}

static int sample_activate(pcap_t *p)
{
	struct pcap_sample *sample = p->priv;
	int status = pcapint_activate_over(p);

	sample->seen = 0;
	sample->left_out = 0;
	p->read_op = sample_read;
	p->stats_op = NULL; /* told from stats64_op */
	p->stats64_op = sample_stats64;
	return status;
}

pcap_t *pcap_sample_create(const char *device, char *errbuf)
{
	bpf_u_int32 interval = SAMPLE_DEFAULT;
	char *end = (char *)device + strlen(SAMPLE_PREFIX);
	struct pcap_sample *sample;
	pcap_t *p;

	if (strncmp(device, SAMPLE_PREFIX, strlen(SAMPLE_PREFIX)) != 0 || (*end != ':' && *end != '+'))
		return NULL;
	if (*end == ':' && (pcapint_get_decuint(end + 1, &end, &interval) != 0 || interval == 0 || *end != '+')) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE,
			"%.64s: it has to be " SAMPLE_PREFIX ":NUMBER+DEVICE, for one packet of so many", device);
		return NULL;
	}
	p = PCAP_CREATE_OVER(device, errbuf, struct pcap_sample);
	if (p == NULL)
		return NULL;
	sample = p->priv;
	sample->interval = interval;
	p->activate_op = sample_activate;
	return p;
}
