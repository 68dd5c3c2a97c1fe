/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fault injector: "faults:drop=5,delay=1+eth0" captures on eth0 and drops, duplicates, truncates and delays packets
 * at random, the same in every run. For tests of programs that capture.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pcap-int.h"

#define FAULTS_PREFIX "faults"
#define SLEEP_AT_ONCE 5 /* ms: how late a break may be noticed */

int pcap_faults_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *pcap_faults_create(const char *device, char *errbuf);

struct faults_settings {
	bpf_u_int32 drop;      /* of packets, percent */
	bpf_u_int32 duplicate; /* percent */
	bpf_u_int32 truncate;  /* percent; to a random length */
	bpf_u_int32 delay;     /* percent */
	bpf_u_int32 wait;      /* how long a packet is delayed, ms; those behind it wait too */
	bpf_u_int32 seed;
};

static const struct faults_settings defaults = {1, 1, 1, 1, 100, 1};

static const struct setting {
	const char *name;
	size_t offset;
	bpf_u_int32 most;
} settings[] = {
	{"drop", offsetof(struct faults_settings, drop), 100},
	{"duplicate", offsetof(struct faults_settings, duplicate), 100},
	{"truncate", offsetof(struct faults_settings, truncate), 100},
	{"delay", offsetof(struct faults_settings, delay), 100},
	{"wait", offsetof(struct faults_settings, wait), 60000},
	{"seed", offsetof(struct faults_settings, seed), UINT32_MAX},
};

struct pcap_faults {
	struct faults_settings settings;
	uint64_t random;
	u_int dropped, duplicated;
	int holds;                 /* a packet is in the buffer, */
	struct pcap_pkthdr header; /* this is its header, */
	int64_t due;               /* and it is to be delivered at this time */
	struct timeval poll;       /* how often to look whether it is due */
};

/* A read, and what it has delivered. */
struct faults_reading {
	pcap_t *p;
	pcap_handler callback;
	u_char *user;
	int limit; /* of packets; PACKET_COUNT_IS_UNLIMITED */
	int delivered;
};

/* It can stand over any device; to list them all again would tell nobody anything. */
int pcap_faults_findalldevs(pcap_if_list_t *list _U_, char *errbuf _U_)
{
	return 0;
}

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * (int64_t)1000 + now.tv_nsec / 1000000;
}

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled". */
static uint32_t random_number(struct pcap_faults *faults)
{
	faults->random ^= faults->random >> 12;
	faults->random ^= faults->random << 25;
	faults->random ^= faults->random >> 27;
	return (uint32_t)((faults->random * 0x2545f4914f6cdd1d) >> 32);
}

static int happens(struct pcap_faults *faults, bpf_u_int32 percent)
{
	return random_number(faults) % 100 < percent;
}

static int is_full(const struct faults_reading *reading)
{
	return !PACKET_COUNT_IS_UNLIMITED(reading->limit) && reading->delivered >= reading->limit;
}

/* Keeps a packet for later, and has the device below stop behind it. */
static void hold(pcap_t *p, const struct pcap_pkthdr *header, const u_char *data, int64_t due)
{
	struct pcap_faults *faults = p->priv;

	faults->holds = 1;
	faults->header = *header;
	faults->due = due;
	memcpy(p->buffer, data, header->caplen);
	pcapint_below(p)->break_loop = 1;
}

static void deliver(struct faults_reading *reading, const struct pcap_pkthdr *header, const u_char *data)
{
	reading->delivered++;
	reading->callback(reading->user, header, data);
}

/* The device below was asked for so many of its own, and does not know of duplicates: it is stopped. */
static void deliver_up_to_limit(
	struct faults_reading *reading, const struct pcap_pkthdr *header, const u_char *data)
{
	deliver(reading, header, data);
	if (is_full(reading))
		pcapint_below(reading->p)->break_loop = 1;
}

static void do_harm(u_char *user, const struct pcap_pkthdr *original, const u_char *data)
{
	struct faults_reading *reading = (struct faults_reading *)user;
	struct pcap_faults *faults = reading->p->priv;
	struct pcap_pkthdr header = *original;

	if (happens(faults, faults->settings.drop)) {
		faults->dropped++;
		return;
	}
	if (header.caplen > (u_int)reading->p->bufsize)
		header.caplen = (u_int)reading->p->bufsize;
	if (happens(faults, faults->settings.truncate) && header.caplen > 0)
		header.caplen = random_number(faults) % header.caplen;
	if (happens(faults, faults->settings.delay)) {
		hold(reading->p, &header, data, milliseconds() + faults->settings.wait);
		return;
	}
	deliver_up_to_limit(reading, &header, data);
	if (!happens(faults, faults->settings.duplicate))
		return;
	faults->duplicated++;
	if (is_full(reading) || reading->p->break_loop)
		hold(reading->p, &header, data, 0);
	else
		deliver_up_to_limit(reading, &header, data);
}

/* Waits until the packet that is held is due: 1, or 0 if it is not yet, or a break came. */
static int wait_for_held(pcap_t *p)
{
	struct pcap_faults *faults = p->priv;
	int64_t left;

	while ((left = faults->due - milliseconds()) > 0 && !p->break_loop) {
		int64_t sleep = left < SLEEP_AT_ONCE ? left : SLEEP_AT_ONCE;
		if (p->opt.nonblock)
			return 0;
		nanosleep(&(struct timespec){0, (long)sleep * 1000000}, NULL);
	}
	return left <= 0;
}

static int faults_read(pcap_t *p, int cnt, pcap_handler callback, u_char *user)
{
	struct pcap_faults *faults = p->priv;
	struct faults_reading reading = {p, callback, user, cnt, 0};
	int status = 0;

	if (faults->holds && !p->break_loop) {
		if (!wait_for_held(p) && !p->break_loop)
			return 0;
		if (!p->break_loop) {
			faults->holds = 0;
			deliver(&reading, &faults->header, p->buffer);
			return reading.delivered;
		}
	}
	if (pcapint_take_break_over(p))
		return PCAP_ERROR_BREAK;
	status = pcapint_read_below(p, cnt, do_harm, (u_char *)&reading);
	/* The stop behind a packet that is held is nobody else's. */
	if (!p->break_loop)
		pcapint_below(p)->break_loop = 0;
	if (reading.delivered > 0)
		return reading.delivered;
	if (status == PCAP_ERROR_BREAK && !pcapint_take_break_over(p))
		return 0;
	return status < 0 ? status : 0;
}

/* What is held was filtered before; what no longer passes is dropped. */
static int faults_setfilter(pcap_t *p, struct bpf_program *program)
{
	struct pcap_faults *faults = p->priv;
	int status = pcap_setfilter(pcapint_below(p), program);

	if (status != 0) {
		snprintf(p->errbuf, sizeof(p->errbuf), "%s", pcap_geterr(pcapint_below(p)));
		return status;
	}
	if (faults->holds && pcap_offline_filter(program, &faults->header, p->buffer) == 0)
		faults->holds = 0;
	return 0;
}

static int faults_stats(pcap_t *p, struct pcap_stat *stats)
{
	struct pcap_faults *faults = p->priv;

	if (pcap_stats(pcapint_below(p), stats) != 0) {
		snprintf(p->errbuf, sizeof(p->errbuf), "%s", pcap_geterr(pcapint_below(p)));
		return PCAP_ERROR;
	}
	stats->ps_drop += faults->dropped;
	stats->ps_recv += faults->duplicated;
	return 0;
}

static int faults_activate(pcap_t *p)
{
	struct pcap_faults *faults = p->priv;
	int status = pcapint_activate_over(p);

	if (status < 0)
		return status;
	p->bufsize = p->snapshot;
	p->buffer = malloc((size_t)p->bufsize);
	if (p->buffer == NULL) {
		snprintf(p->errbuf, sizeof(p->errbuf), "%.64s: no memory for a packet", p->opt.device);
		return PCAP_ERROR;
	}
	faults->random = faults->settings.seed * (uint64_t)2 + 1;
	faults->dropped = faults->duplicated = 0;
	faults->holds = 0;
	if (faults->settings.delay > 0 || faults->settings.duplicate > 0) {
		faults->poll = (struct timeval){0, SLEEP_AT_ONCE * 1000};
		p->required_select_timeout = &faults->poll;
	}
	p->read_op = faults_read;
	p->setfilter_op = faults_setfilter;
	p->stats_op = faults_stats;
	p->stats64_op = NULL;     /* told from stats_op */
	p->packet_info_op = NULL; /* the last packet below need not be the last delivered */
	return status;
}

/* "NAME=NUMBER,…" up to the plus; the first character that is wrong, or NULL. */
static const char *parse_settings(const char *at, struct faults_settings *values)
{
	memset(values, 0, sizeof(*values));
	values->wait = defaults.wait;
	values->seed = defaults.seed;
	for (;;) {
		const struct setting *setting = NULL;
		size_t length = strcspn(at, "=+,");
		bpf_u_int32 number;
		char *end;

		for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
			if (strlen(settings[i].name) == length && strncmp(settings[i].name, at, length) == 0)
				setting = &settings[i];
		if (setting == NULL || at[length] != '=' ||
			pcapint_get_decuint(at + length + 1, &end, &number) != 0 || number > setting->most)
			return at;
		memcpy((char *)values + setting->offset, &number, sizeof(number));
		if (*end == '+')
			return NULL;
		if (*end != ',')
			return end;
		at = end + 1;
	}
}

pcap_t *pcap_faults_create(const char *device, char *errbuf)
{
	const char *rest = device + strlen(FAULTS_PREFIX), *wrong = NULL;
	struct faults_settings values = defaults;
	pcap_t *p;

	if (strncmp(device, FAULTS_PREFIX, strlen(FAULTS_PREFIX)) != 0 || (*rest != ':' && *rest != '+'))
		return NULL;
	if (*rest == ':')
		wrong = parse_settings(rest + 1, &values);
	if (wrong != NULL) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE,
			"%.64s: wrong at \"%.32s\": it has to be " FAULTS_PREFIX
			":NAME=NUMBER,...+DEVICE, with drop, "
			"duplicate, truncate, delay (percent), wait (ms) or seed",
			device, wrong);
		return NULL;
	}
	p = PCAP_CREATE_OVER(device, errbuf, struct pcap_faults);
	if (p == NULL)
		return NULL;
	((struct pcap_faults *)p->priv)->settings = values;
	p->activate_op = faults_activate;
	return p;
}
