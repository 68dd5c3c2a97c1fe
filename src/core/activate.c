/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a device's name to a running capture: asking the modules whose device it is, and activating the handle. Also
 * the handles that have no device. For every program that opens something.
 */
#include "core/core.h"
#include "core/modules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Asks one module; *claimed tells whether NULL means that the open has failed. */
static pcap_t *ask_module(const struct pcap_module *module, const char *device, char *errbuf, bool *claimed)
{
	int is_ours = 1;
	pcap_t *p;

	*claimed = false;
	if (module->prefixes != NULL && !pcapint_prefix_matches(module->prefixes, device))
		return NULL;
	errbuf[0] = '\0';
	if (module->create_is_ours != NULL) {
		p = module->create_is_ours(device, errbuf, &is_ours);
		*claimed = is_ours;
	} else {
		p = module->create(device, errbuf);
		*claimed = errbuf[0] != '\0';
	}
	if (p != NULL)
		p->core->module = module;
	return p;
}

/* Whose device a name is: the question that goes round. */
struct question {
	const char *device;
	char *errbuf;
	pcap_t *p;    /* the answer, */
	bool claimed; /* or a module has said that it failed */
};

static bool ask(const struct pcap_module *module, void *user)
{
	struct question *question = user;

	question->p = ask_module(module, question->device, question->errbuf, &question->claimed);
	return question->p != NULL || question->claimed;
}

/*
 * Asks the modules in their order: those built in, and before the first of them that is asked for every name, those in
 * files. Of a file that can't be used, why tells the reason.
 */
static void ask_modules(struct question *question, char *why)
{
	bool asked_files = false, answered = false;

	for (size_t i = 0; !answered; i++) {
		const struct pcap_module *module = pcapint_modules[i];
		if (!asked_files && (module == NULL || module->prefixes == NULL)) {
			pcapint_ask_module_files(question->device, ask, question, why);
			asked_files = true;
			answered = question->p != NULL || question->claimed;
		}
		if (module == NULL)
			return;
		answered = answered || ask(module, question);
	}
}

pcap_t *pcap_create(const char *device, char *errbuf)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	struct question question = {.device = device != NULL ? device : "any", .errbuf = errbuf};

	device = question.device;
	ask_modules(&question, why);
	pcap_t *p = question.p;
	if (p == NULL) {
		if (why[0] != '\0' && !question.claimed)
			pcapint_fmt_device_error(errbuf, device, why);
		else if (!question.claimed || errbuf[0] == '\0')
			pcapint_no_such_device(errbuf, PCAP_ERRBUF_SIZE, device);
		return NULL;
	}
	p->opt.device = strdup(device);
	if (p->opt.device == NULL) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "no memory for the name of the device");
		pcap_close(p);
		return NULL;
	}
	return p;
}

/* Puts back what a failed activation may have changed, so that the next one finds the handle as create left it. */
static void restore(pcap_t *p, const struct pcap *before)
{
	p->read_op = before->read_op;
	p->inject_op = before->inject_op;
	p->setfilter_op = before->setfilter_op;
	p->setdirection_op = before->setdirection_op;
	p->set_datalink_op = before->set_datalink_op;
	p->getnonblock_op = before->getnonblock_op;
	p->setnonblock_op = before->setnonblock_op;
	p->stats_op = before->stats_op;
	p->stats64_op = before->stats64_op;
	p->packet_info_op = before->packet_info_op;
	p->breakloop_op = before->breakloop_op;
	p->oneshot_callback = before->oneshot_callback;
	p->cleanup_op = before->cleanup_op;
	p->snapshot = before->snapshot;
	p->linktype = before->linktype;
	p->linktype_ext = before->linktype_ext;
	if (p->dlt_list != before->dlt_list)
		free(p->dlt_list);
	p->dlt_list = before->dlt_list;
	p->dlt_count = before->dlt_count;
}

/* Activates, and puts the handle into non-blocking mode if pcap_setnonblock() was called before there was a device. */
static int start(pcap_t *p)
{
	int status = p->activate_op(p);

	if (status >= 0 && p->opt.nonblock && p->setnonblock_op != NULL && p->setnonblock_op(p, 1) < 0)
		return PCAP_ERROR;
	return status;
}

/* A module from libpcap cleans up in activate itself before it fails, and another time would be once too often. */
static void clean_up(pcap_t *p)
{
	if (p->cleanup_op != NULL && !p->core->cleaned_up)
		p->cleanup_op(p);
	pcapint_cleanup_live_common(p);
}

int pcap_activate(pcap_t *p)
{
	if (pcapint_check_activated(p))
		return PCAP_ERROR_ACTIVATED;
	const struct pcap before = *p;
	p->errbuf[0] = '\0';
	p->core->cleaned_up = false;
	int status = start(p);
	if (status >= 0) {
		if (status > 0 && p->errbuf[0] == '\0')
			snprintf(p->errbuf, sizeof(p->errbuf), "%s: %s", p->opt.device, pcap_statustostr(status));
		p->core->activated = true;
		return status;
	}
	if (p->errbuf[0] == '\0')
		snprintf(p->errbuf, sizeof(p->errbuf), "%s: %s", p->opt.device, pcap_statustostr(status));
	clean_up(p);
	restore(p, &before);
	return status;
}

void pcapint_fmt_device_error(char *errbuf, const char *device, const char *text)
{
	size_t length = strlen(device);
	if (strncmp(text, device, length) == 0 && text[length] == ':')
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%s", text);
	else
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "%s: %s", device, text);
}

pcap_t *pcap_open_live(const char *device, int snaplen, int promisc, int timeout_ms, char *errbuf)
{
	pcap_t *p = pcap_create(device, errbuf);
	if (p == NULL)
		return NULL;
	pcap_set_snaplen(p, snaplen);
	pcap_set_promisc(p, promisc);
	pcap_set_timeout(p, timeout_ms);
	int status = pcap_activate(p);
	if (status != 0)
		pcapint_fmt_device_error(errbuf, p->opt.device, p->errbuf);
	if (status < 0) {
		pcap_close(p);
		return NULL;
	}
	return p;
}

pcap_t *pcap_open_dead_with_tstamp_precision(int linktype, int snaplen, u_int precision)
{
	char errbuf[PCAP_ERRBUF_SIZE];

	if (precision != PCAP_TSTAMP_PRECISION_MICRO && precision != PCAP_TSTAMP_PRECISION_NANO)
		return NULL;
	pcap_t *p = pcapint_new_handle(errbuf, 0);
	if (p == NULL)
		return NULL;
	p->core->kind = PCAP_KIND_DEAD;
	p->core->activated = true;
	p->snapshot = snaplen > 0 ? snaplen : MAXIMUM_SNAPLEN;
	p->linktype = linktype;
	p->opt.tstamp_precision = precision;
	return p;
}

pcap_t *pcap_open_dead(int linktype, int snaplen)
{
	return pcap_open_dead_with_tstamp_precision(linktype, snaplen, PCAP_TSTAMP_PRECISION_MICRO);
}
