/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What can be asked of a live capture before it is activated. For programs that use pcap_create(); after activation
 * every setter returns PCAP_ERROR_ACTIVATED and changes nothing.
 */
#include "core/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pcapint_check_activated(pcap_t *p)
{
	if (!p->core->activated)
		return 0;
	snprintf(p->errbuf, sizeof(p->errbuf), "the capture has been activated: options must be set before");
	return -1;
}

int pcap_set_snaplen(pcap_t *p, int snaplen)
{
	if (pcapint_check_activated(p))
		return PCAP_ERROR_ACTIVATED;
	p->snapshot = snaplen;
	return 0;
}

int pcap_set_promisc(pcap_t *p, int promisc)
{
	if (pcapint_check_activated(p))
		return PCAP_ERROR_ACTIVATED;
	p->opt.promisc = promisc != 0;
	return 0;
}

int pcap_can_set_rfmon(pcap_t *p)
{
	if (pcapint_check_activated(p))
		return PCAP_ERROR_ACTIVATED;
	return p->can_set_rfmon_op(p);
}

int pcap_set_rfmon(pcap_t *p, int rfmon)
{
	if (pcapint_check_activated(p))
		return PCAP_ERROR_ACTIVATED;
	p->opt.rfmon = rfmon != 0;
	return 0;
}

int pcap_set_timeout(pcap_t *p, int timeout_ms)
{
	if (pcapint_check_activated(p))
		return PCAP_ERROR_ACTIVATED;
	p->opt.timeout = timeout_ms;
	return 0;
}

int pcap_set_immediate_mode(pcap_t *p, int immediate)
{
	if (pcapint_check_activated(p))
		return PCAP_ERROR_ACTIVATED;
	p->opt.immediate = immediate != 0;
	return 0;
}

int pcap_set_buffer_size(pcap_t *p, int bytes)
{
	if (pcapint_check_activated(p))
		return PCAP_ERROR_ACTIVATED;
	/* Programs pass 0 or -1 for "as you like"; the default stays. */
	if (bytes > 0)
		p->opt.buffer_size = bytes;
	return 0;
}

#ifdef __linux__
int pcap_set_protocol_linux(pcap_t *p, int protocol)
{
	if (pcapint_check_activated(p))
		return PCAP_ERROR_ACTIVATED;
	p->opt.protocol = protocol;
	return 0;
}
#endif

static bool listed(const u_int *list, int count, int value)
{
	for (int i = 0; i < count; i++)
		if (list[i] == (u_int)value)
			return true;
	return false;
}

int pcap_set_tstamp_type(pcap_t *p, int type)
{
	if (pcapint_check_activated(p))
		return PCAP_ERROR_ACTIVATED;
	bool supported = p->tstamp_type_count == 0 ? type == PCAP_TSTAMP_HOST
						   : listed(p->tstamp_type_list, p->tstamp_type_count, type);
	if (type < 0 || !supported) {
		snprintf(p->errbuf, sizeof(p->errbuf),
			"%s: no time stamps of that type (%d); pcap_list_tstamp_types() tells what it has",
			p->opt.device != NULL ? p->opt.device : "the device", type);
		return PCAP_WARNING_TSTAMP_TYPE_NOTSUP;
	}
	p->opt.tstamp_type = type;
	return 0;
}

int pcap_set_tstamp_precision(pcap_t *p, int precision)
{
	if (pcapint_check_activated(p))
		return PCAP_ERROR_ACTIVATED;
	bool supported = p->tstamp_precision_count == 0
				 ? precision == PCAP_TSTAMP_PRECISION_MICRO
				 : listed(p->tstamp_precision_list, p->tstamp_precision_count, precision);
	if (precision < 0 || !supported) {
		snprintf(p->errbuf, sizeof(p->errbuf), "%s: no time stamps of that precision (%d)",
			p->opt.device != NULL ? p->opt.device : "the device", precision);
		return PCAP_ERROR_TSTAMP_PRECISION_NOTSUP;
	}
	p->opt.tstamp_precision = precision;
	return 0;
}

int pcap_get_tstamp_precision(pcap_t *p)
{
	return p->opt.tstamp_precision;
}

int pcap_list_tstamp_types(pcap_t *p, int **types)
{
	int count = p->tstamp_type_count > 0 ? p->tstamp_type_count : 1;

	*types = malloc(count * sizeof(**types));
	if (*types == NULL) {
		snprintf(p->errbuf, sizeof(p->errbuf), "no memory for a list of %d time stamp types", count);
		return PCAP_ERROR;
	}
	if (p->tstamp_type_count == 0)
		(*types)[0] = PCAP_TSTAMP_HOST;
	for (int i = 0; i < p->tstamp_type_count; i++)
		(*types)[i] = p->tstamp_type_list[i];
	return count;
}
