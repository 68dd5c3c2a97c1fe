/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A handle's making and unmaking, and the calls that only tell what is in it. For every program and module: this is
 * where the two halves of a handle are put together.
 */
#include "core/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where private data starts: aligned for any type, vectors included. */
#define PRIVATE_ALIGNMENT 64
#define ROUND_UP(size) (((size) + PRIVATE_ALIGNMENT - 1) / PRIVATE_ALIGNMENT * PRIVATE_ALIGNMENT)

static int no_monitor_mode(pcap_t *p _U_)
{
	return 0;
}

pcap_t *pcapint_new_handle(char *errbuf, size_t priv_size)
{
	size_t handle_size = ROUND_UP(sizeof(struct pcap)), core_size = ROUND_UP(sizeof(struct pcap_core));

	if (priv_size > SIZE_MAX / 2) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "can't make a handle with %zu bytes of private data", priv_size);
		return NULL;
	}
	size_t size = ROUND_UP(handle_size + core_size + priv_size);
	char *block = aligned_alloc(PRIVATE_ALIGNMENT, size);
	if (block == NULL) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "no memory for a capture handle (%zu bytes)", size);
		return NULL;
	}
	memset(block, 0, size);
	pcap_t *p = (pcap_t *)block;
	p->core = (struct pcap_core *)(block + handle_size);
	p->priv = block + handle_size + core_size;
	p->fd = -1;
	p->selectable_fd = -1;
	p->core->wake_fd = -1;
	p->opt.tstamp_type = -1;
	p->opt.tstamp_precision = PCAP_TSTAMP_PRECISION_MICRO;
	p->snapshot = MAXIMUM_SNAPLEN;
	p->can_set_rfmon_op = no_monitor_mode;
	p->breakloop_op = pcapint_breakloop_common;
	p->oneshot_callback = pcapint_oneshot;
	p->cleanup_op = pcapint_cleanup_live_common;
	return p;
}

pcap_t *pcapint_create_common(char *errbuf, size_t priv_size, int abi_version)
{
	if (abi_version >> 16 != PCAP_MODULE_ABI_MAJOR) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE,
			"the module was compiled for version %d of the module interface; this library has version "
			"%d",
			abi_version >> 16, PCAP_MODULE_ABI_MAJOR);
		return NULL;
	}
	return pcapint_new_handle(errbuf, priv_size);
}

void pcapint_cleanup_live_common(pcap_t *p)
{
	if (p->fd != -1)
		close(p->fd);
	if (p->core->wake_fd != -1)
		close(p->core->wake_fd);
	p->core->wake_fd = -1;
	p->core->late_status = 0;
	p->fd = -1;
	p->selectable_fd = -1;
	p->required_select_timeout = NULL;
	free(p->buffer);
	p->buffer = NULL;
	p->bufsize = 0;
	p->bp = NULL;
	p->cc = 0;
	pcap_freecode(&p->fcode);
	p->core->cleaned_up = true;
}

void pcapint_free_handle(pcap_t *p)
{
	free(p->dlt_list);
	free(p->tstamp_type_list);
	free(p->tstamp_precision_list);
	free(p->opt.device);
	free(p->core->oneshot_buffer);
	free(p->core->batch_buffer);
	pcapint_engine_stop(&p->core->engine);
	free(p);
}

void pcap_close(pcap_t *p)
{
	if (p == NULL)
		return;
	if (p->cleanup_op != NULL)
		p->cleanup_op(p);
	pcapint_free_handle(p);
}

int pcapint_refuse(pcap_t *p, const char *what)
{
	const char *kind = p->core->kind == PCAP_KIND_OFFLINE ? "a savefile" : "a handle of pcap_open_dead()";
	snprintf(p->errbuf, sizeof(p->errbuf), "%s: not possible on %s", what, kind);
	return PCAP_ERROR;
}

int pcapint_not_activated(pcap_t *p, const char *what)
{
	snprintf(p->errbuf, sizeof(p->errbuf), "%s: the capture has not been activated: call pcap_activate() first",
		what);
	return PCAP_ERROR_NOT_ACTIVATED;
}

char *pcap_geterr(pcap_t *p)
{
	return p->errbuf;
}

void pcap_perror(pcap_t *p, const char *prefix)
{
	fprintf(stderr, "%s: %s\n", prefix, p->errbuf);
}

int pcap_snapshot(pcap_t *p)
{
	return p->core->activated ? p->snapshot : pcapint_not_activated(p, "pcap_snapshot");
}

int pcap_is_swapped(pcap_t *p)
{
	return p->core->activated ? p->core->swapped : pcapint_not_activated(p, "pcap_is_swapped");
}

int pcap_major_version(pcap_t *p)
{
	return p->core->activated ? p->core->version_major : pcapint_not_activated(p, "pcap_major_version");
}

int pcap_minor_version(pcap_t *p)
{
	return p->core->activated ? p->core->version_minor : pcapint_not_activated(p, "pcap_minor_version");
}

int pcap_bufsize(pcap_t *p)
{
	return p->core->activated ? p->bufsize : pcapint_not_activated(p, "pcap_bufsize");
}

FILE *pcap_file(pcap_t *p)
{
	if (p->core->kind == PCAP_KIND_OFFLINE)
		pcapint_savefile_share_position(p);
	return p->core->rfile;
}

int pcap_fileno(pcap_t *p)
{
	return p->core->activated && p->core->kind == PCAP_KIND_LIVE ? p->fd : PCAP_ERROR;
}

int pcap_get_selectable_fd(pcap_t *p)
{
	return p->selectable_fd;
}

const struct timeval *pcap_get_required_select_timeout(pcap_t *p)
{
	return p->required_select_timeout;
}

const char *pcap_module_name(pcap_t *p)
{
	return p->core->module != NULL ? p->core->module->name : NULL;
}
