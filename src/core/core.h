/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The library's own half of a handle, and what the parts of the core call of each other. No module includes this
 * file: what a built-in module gets, anyone's gets, through pcap-int.h.
 */
#ifndef WEIR_CORE_H
#define WEIR_CORE_H

#include <stdbool.h>

#include <pcap-int.h>
#include <pcap/weir.h>

#include "bpf/engine.h"

struct pcap_savefile; /* src/savefile/savefile.h */

/* What a handle stands for. */
enum pcap_kind { PCAP_KIND_LIVE, PCAP_KIND_OFFLINE, PCAP_KIND_DEAD };

/* pcap_next_batch() without copies. */
typedef int (*batch_op_t)(pcap_t *p, struct pcap_batch_packet *packets, size_t size, int count);

struct pcap_core {
	enum pcap_kind kind;
	bool activated;
	bool cleaned_up;                  /* pcapint_cleanup_live_common() has run since activation began */
	const struct pcap_module *module; /* whose device it is; NULL if not live */
	pcap_t *below;                    /* the handle that this one stands over (stack.c), or NULL */
	struct pcap_savefile *savefile;   /* the reader of an offline handle; it owns it */
	bool swapped;                     /* an offline handle's file is of the other byte order */
	int version_major;                /* of an offline handle's file */
	int version_minor;
	FILE *rfile; /* the stream of an offline handle, closed with it unless it is stdin */
	struct pcap_samp sampling;
	uint64_t sampling_count;
	struct timeval sampling_last;
	struct bpf_engine engine;          /* runs the filter in userland */
	int wake_fd;                       /* what pcapint_make_wakeable() made, or -1 */
	uint64_t messages_delivered;       /* by pcapint_read_messages(), since activation */
	int late_status;                   /* an error that the next read tells, or 0 */
	char late_error[PCAP_ERRBUF_SIZE]; /* its text */
	u_char *oneshot_buffer;            /* the packet that pcap_next() handed out last */
	size_t oneshot_size;
	struct pcap_pkthdr oneshot_header;
	batch_op_t batch_op;  /* NULL: packets are copied */
	u_char *batch_buffer; /* those of the last batch */
	size_t batch_size;
};

/* A handle with no device yet, for activated kinds: 0-filled, defaults set, priv_size bytes at priv. */
pcap_t *pcapint_new_handle(char *errbuf, size_t priv_size);
/* Frees a handle whose cleanup_op has run. */
void pcapint_free_handle(pcap_t *p);

/* PCAP_ERROR, and in errbuf that "what" (a call's name) can't be done on a savefile, or on a dead handle. */
int pcapint_refuse(pcap_t *p, const char *what);
/* PCAP_ERROR_NOT_ACTIVATED, and in errbuf that "what" has to come after pcap_activate(). */
int pcapint_not_activated(pcap_t *p, const char *what);

/* What pcap_dispatch() does once the handle is known to be readable: sampling included (read.c). */
int pcapint_read_packets(pcap_t *p, int cnt, pcap_handler callback, u_char *user);
/* 0 if the handle can be read from by the call `what`; or a PCAP_ERROR_ (read.c). */
int pcapint_check_readable(pcap_t *p, const char *what);

/* Whether pcap_init() was called (init.c). */
bool pcapint_new_api(void);

/* "device: text" into errbuf, or the text alone where it begins with the device's name already. */
void pcapint_fmt_device_error(char *errbuf, const char *device, const char *text);

/* The module table (registry.c); NULL-terminated. */
extern const struct pcap_module *const pcapint_modules[];

/* The LINKTYPE_ value that files hold for a DLT_, and the way back (linktypes.c); -1 if a DLT_ has none. */
int pcapint_dlt_to_linktype(int dlt);
int pcapint_linktype_to_dlt(int linktype);
/* The largest snapshot length that makes sense for a DLT_: MAXIMUM_SNAPLEN but for a few (linktypes.c). */
u_int pcapint_max_snaplen_for_dlt(int dlt);

/* pcap_findalldevs(); without load, only by modules that need not be loaded first (devices-find.c). */
int pcapint_find_devices(pcap_if_t **alldevs, char *errbuf, bool load);
/* The list that modules add to, made and taken apart (devices.c). */
pcap_if_list_t *pcapint_new_dev_list(char *errbuf);
/* The devices in the order users see; the list itself is freed. */
pcap_if_t *pcapint_finish_dev_list(pcap_if_list_t *list);
/* ": no such device (the devices are: …)" after a name, into errbuf, as far as it fits (devices.c). */
void pcapint_no_such_device(char *errbuf, size_t size, const char *device);

/* For the program that was given the stream of an offline handle (src/savefile/position.c). */
void pcapint_savefile_share_position(pcap_t *p);

/* pcapint_filter_packet() without a call, for the loops that read savefiles. */
static inline u_int core_filter_packet(pcap_t *p, const u_char *packet, u_int wirelen, u_int buflen)
{
	const struct bpf_engine *engine = &p->core->engine;

	if (engine_is_native(engine, p->fcode.bf_insns))
		return engine->run(packet, buflen > INT32_MAX ? INT32_MAX : buflen, wirelen, NULL);
	return pcapint_filter_packet(p, packet, wirelen, buflen, NULL);
}

#endif
