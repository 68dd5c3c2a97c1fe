/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The header of a capture module: what a handle is made of, the operations a module gives it, and the routines
 * that help to write them. For the author of a pcap-{MOD}.c; programs that capture include <pcap.h> instead.
 */
#ifndef lib_pcap_pcap_int_h
#define lib_pcap_pcap_int_h

#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <pcap/pcap.h>
#include <pcap/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The version of everything in this file that a compiled module depends on. Members are added at the end of a
 * structure and raise the minor part; a change of any other kind raises the major part.
 */
#define PCAP_MODULE_ABI_MAJOR 1
#define PCAP_MODULE_ABI_MINOR 2
#define PCAP_MODULE_ABI_VERSION (PCAP_MODULE_ABI_MAJOR << 16 | PCAP_MODULE_ABI_MINOR)

/* Marks a parameter that a routine has to take and does not use. */
#ifndef _U_
#if defined(__GNUC__)
#define _U_ __attribute__((unused))
#else
#define _U_
#endif
#endif

/* The largest snapshot length, and what 0, a negative or a larger one becomes in activate (bytes). */
#define MAXIMUM_SNAPLEN 262144

/* True where pcap_dispatch() was told to deliver all there is. */
#define PACKET_COUNT_IS_UNLIMITED(count) ((count) <= 0)

/*
 * The operations of a handle. Each is called with the handle that it belongs to, by the thread that uses the handle;
 * only breakloop_op may be called at any time, by any thread, and inside a signal handler. Where one returns int,
 * PCAP_ERROR goes with a text in errbuf.
 */

/* Starts to capture, by opt and snapshot; 0, a PCAP_WARNING_ or a PCAP_ERROR_ value. Set by create. */
typedef int (*activate_op_t)(pcap_t *p);
/* 1 if the device has a monitor mode, 0 if not, or a PCAP_ERROR_ value. Set by create; the default says 0. */
typedef int (*can_set_rfmon_op_t)(pcap_t *p);
/* Delivers up to cnt packets (see PACKET_COUNT_IS_UNLIMITED); how many, PCAP_ERROR_BREAK or PCAP_ERROR. */
typedef int (*read_op_t)(pcap_t *p, int cnt, pcap_handler callback, u_char *user);
/* Sends a packet, link-layer header included; the bytes sent. NULL: the device can't send. */
typedef int (*inject_op_t)(pcap_t *p, const void *data, int size);
/* Takes a filter, which stays the caller's. NULL: filtering is install_bpf_program()'s and the read loop's. */
typedef int (*setfilter_op_t)(pcap_t *p, struct bpf_program *program);
/* Restricts the capture to a direction. NULL: the direction can't be set. */
typedef int (*setdirection_op_t)(pcap_t *p, pcap_direction_t direction);
/* Changes the link-layer type to one of dlt_list; the core sets linktype after it. NULL: nothing to do. */
typedef int (*set_datalink_op_t)(pcap_t *p, int dlt);
/*
 * 1 if reads do not wait, 0 if they do. NULL: by opt.nonblock. What the program asked for before activation, setnonblock_op
 * is asked for right after activate; if that fails, so has the activation.
 */
typedef int (*getnonblock_op_t)(pcap_t *p);
typedef int (*setnonblock_op_t)(pcap_t *p, int nonblock);
/* Counts since activation. NULL: what stats64_op tells, cut to 32 bits; without that, all zero. */
typedef int (*stats_op_t)(pcap_t *p, struct pcap_stat *stats);
/* The same in 64 bits, and which of them are known. NULL: what stats_op tells. */
typedef int (*stats64_op_t)(pcap_t *p, struct pcap_stats64 *stats);
/* What is known of the packet that the callback was called with last: 1, or 0 if nothing is. NULL: nothing is. */
typedef int (*packet_info_op_t)(pcap_t *p, struct pcap_packet_info *info);
/* Sets break_loop, and wakes a read that waits. The default is pcapint_breakloop_common(). */
typedef void (*breakloop_op_t)(pcap_t *p);
/*
 * Gives back what activate took, then calls pcapint_cleanup_live_common(); the handle may be half activated. It is not
 * called for an activation that has failed and called pcapint_cleanup_live_common() itself.
 */
typedef void (*cleanup_op_t)(pcap_t *p);

/* What was asked for between pcap_create() and pcap_activate(). */
struct pcap_opt {
	char *device;         /* the device's name */
	int timeout;          /* buffering time-out, ms; 0 or less: wait as long as the device likes */
	u_int buffer_size;    /* bytes; 0: the module's default */
	int promisc;          /* 1: promiscuous mode */
	int rfmon;            /* 1: monitor mode */
	int immediate;        /* 1: deliver each packet as soon as it is there */
	int nonblock;         /* 1: reads do not wait */
	int tstamp_type;      /* PCAP_TSTAMP_; -1: not asked for */
	int tstamp_precision; /* PCAP_TSTAMP_PRECISION_ */
	int protocol;         /* Linux: the Ethernet type to capture, host byte order; 0: all */
};

struct pcap_core;

/*
 * A handle, as far as modules see it: the members that every read touches first, then what activate sets, then the
 * operations. What else the library keeps stands behind core.
 */
struct pcap {
	read_op_t read_op;
	volatile sig_atomic_t break_loop; /* non-zero: end the loop; see pcap_breakloop(3PCAP) */
	int snapshot;                     /* at most this many bytes of a packet are delivered */
	void *priv;                       /* the module's own, zeroed, one a handle; freed by the core */
	struct bpf_program fcode;         /* the filter that install_bpf_program() keeps */
	int fd;                           /* the device's descriptor, or -1; closed by the core's cleanup */
	int selectable_fd;                /* for select(), poll(), epoll; or -1 */
	const struct timeval *required_select_timeout; /* NULL, or where selectable_fd alone is not enough */
	int linktype;                                  /* DLT_ value */
	int linktype_ext; /* the FCS length, as in a savefile's link-type field; 0: unknown */
	pcap_direction_t direction;

	u_char *buffer; /* a packet buffer, for a module that wants one; free()d by the core's cleanup */
	int bufsize;    /* its size; what pcap_bufsize() tells */
	u_char *bp;     /* where reading goes on in it */
	int cc;         /* the bytes left at bp */

	struct pcap_opt opt;

	/* malloc'ed lists of the values that can be chosen from; freed by the core. */
	int dlt_count;
	u_int *dlt_list;
	int tstamp_type_count;
	u_int *tstamp_type_list;
	int tstamp_precision_count;
	u_int *tstamp_precision_list;

	activate_op_t activate_op;
	can_set_rfmon_op_t can_set_rfmon_op;
	inject_op_t inject_op;
	setfilter_op_t setfilter_op;
	setdirection_op_t setdirection_op;
	set_datalink_op_t set_datalink_op;
	getnonblock_op_t getnonblock_op;
	setnonblock_op_t setnonblock_op;
	stats_op_t stats_op;
	breakloop_op_t breakloop_op;
	/* What pcap_next() and pcap_next_ex() read with; the default copies a packet that would not last. */
	pcap_handler oneshot_callback;
	cleanup_op_t cleanup_op;

	char errbuf[PCAP_ERRBUF_SIZE + 1];

	struct pcap_core *core; /* the library's own half */

	stats64_op_t stats64_op;

	/* Linux: filters for this handle may load what the kernel tells beside the packet (SKF_AD_ in linux/filter.h). */
	int ancillary_loads;

	packet_info_op_t packet_info_op;

	/* For modules from libpcap, which use it as they like; the library does not look at it. */
	int offset;
};

/* What a oneshot_callback gets as its user argument: where pcap_next() wants header and data. */
struct oneshot_userdata {
	struct pcap_pkthdr *hdr;
	const u_char **pkt;
	pcap_t *pd;
};

/*
 * ---- Making a handle ----
 *
 * PCAP_CREATE_COMMON() makes a handle whose priv points to a zeroed type; NULL, with errbuf filled, if there is no
 * memory for it. The one left to set is activate_op, and can_set_rfmon_op where there is a monitor mode.
 */
#define PCAP_CREATE_COMMON(errbuf, type) pcapint_create_common(errbuf, sizeof(type), PCAP_MODULE_ABI_VERSION)

PCAP_API pcap_t *pcapint_create_common(char *errbuf, size_t priv_size, int abi_version);

/*
 * ---- Modules ----
 *
 * The library asks its modules in order. A module's create is asked for names that begin with one of its prefixes, or
 * for every name if it has none. What it returns: a handle; NULL and a text in errbuf, and the open has failed; NULL and
 * an empty errbuf (or *is_ours set to 0), and the next module is asked.
 */
typedef struct pcap_if_list pcap_if_list_t;

typedef int (*pcap_findalldevs_op_t)(pcap_if_list_t *list, char *errbuf);
typedef pcap_t *(*pcap_create_op_t)(const char *device, char *errbuf);
typedef pcap_t *(*pcap_create_is_ours_op_t)(const char *device, char *errbuf, int *is_ours);

struct pcap_module {
	uint32_t abi_version; /* PCAP_MODULE_ABI_VERSION of the header it was compiled with */
	uint32_t size;        /* sizeof(struct pcap_module) there */
	const char *name;     /* {MOD} */
	const char *description;
	const char *prefixes; /* device-name prefixes with a blank between two; NULL: asked for every name */
	pcap_findalldevs_op_t findalldevs;
	pcap_create_op_t create;                 /* one of the two */
	pcap_create_is_ours_op_t create_is_ours; /* is not NULL */
};

/*
 * ---- Listing devices ----
 *
 * The list copies the strings and addresses it is given. flags are PCAP_IF_; a description may be NULL. The
 * routines that return a device return NULL, with errbuf filled, when there is no memory.
 */
typedef int (*get_if_flags_func)(const char *name, bpf_u_int32 *flags, char *errbuf);

/*
 * Adds a device. Users see the devices that are up and running first, then "any", loopback, and those that are down;
 * else in the order they were added. A name that is in the list already is not added again: what is there is returned.
 */
PCAP_API pcap_if_t *pcapint_add_dev(
	pcap_if_list_t *list, const char *name, bpf_u_int32 flags, const char *description, char *errbuf);
/* The device of that name, or NULL if the list has none. */
PCAP_API pcap_if_t *pcapint_find_dev(pcap_if_list_t *list, const char *name);
/* The device of that name, added if it is not there yet; get_flags, if not NULL, corrects the flags of a new one. */
PCAP_API pcap_if_t *pcapint_find_or_add_dev(pcap_if_list_t *list, const char *name, bpf_u_int32 flags,
	get_if_flags_func get_flags, const char *description, char *errbuf);
/* Adds "any", the device that captures on all interfaces. */
PCAP_API pcap_if_t *pcapint_add_any_dev(pcap_if_list_t *list, char *errbuf);
/* Adds an address to a device; each may be NULL, with a size of 0. 0 or PCAP_ERROR. */
PCAP_API int pcapint_add_addr_to_dev(pcap_if_t *device, struct sockaddr *addr, size_t addr_size,
	struct sockaddr *netmask, size_t netmask_size, struct sockaddr *broadaddr, size_t broadaddr_size,
	struct sockaddr *dstaddr, size_t dstaddr_size, char *errbuf);
/*
 * Adds the operating system's network interfaces for which is_usable() is non-zero, with their addresses;
 * get_flags() corrects the flags. 0 or PCAP_ERROR.
 */
PCAP_API int pcapint_findalldevs_interfaces(
	pcap_if_list_t *list, char *errbuf, int (*is_usable)(const char *name), get_if_flags_func get_flags);

/*
 * ---- Filtering in userland ----
 */

/*
 * Checks a program and keeps a copy in fcode, for a module that filters in its read loop. 0 or PCAP_ERROR, also where
 * the program asks what only the kernel knows of a packet. A module changes nothing in fcode; it may take the program
 * out and put it back.
 */
PCAP_API int pcapint_install_bpf_program(pcap_t *p, struct bpf_program *program);
#define install_bpf_program pcapint_install_bpf_program
/* The same for a module that has the kernel filter, or gives pcapint_filter_packet() what the kernel knows. */
PCAP_API int pcapint_install_bpf_program_with_aux(pcap_t *p, struct bpf_program *program);
/* Non-zero if the packet passes; buflen is the captured length, wirelen that on the wire. NULL passes all. */
PCAP_API u_int pcapint_filter(const struct bpf_insn *program, const u_char *packet, u_int wirelen, u_int buflen);

/* What a Linux kernel filter can ask beside the packet (linux/filter.h's SKF_AD_), for the same in userland. */
struct pcap_bpf_aux_data {
	uint16_t vlan_tag_present;
	uint16_t vlan_tag;   /* TCI, host byte order */
	uint16_t vlan_proto; /* Ethernet type of the tag, host byte order */
	uint16_t protocol;   /* Ethernet type, host byte order */
	uint32_t pkt_type;   /* PACKET_HOST and so on */
	uint32_t ifindex;
	uint32_t hatype; /* ARPHRD_ */
	uint32_t mark;
	uint32_t rxhash;
	uint32_t queue;
	uint32_t cpu;
};

/* The same, where the program may hold the kernel's ancillary loads; aux NULL: they load 0. */
PCAP_API u_int pcapint_filter_with_aux_data(const struct bpf_insn *program, const u_char *packet, u_int wirelen,
	u_int buflen, const struct pcap_bpf_aux_data *aux);

/*
 * Runs the program that install_bpf_program() has put into fcode, as native code where that pays; aux may be NULL.
 * Non-zero if the packet passes; without a program all do.
 */
PCAP_API u_int pcapint_filter_packet(
	pcap_t *p, const u_char *packet, u_int wirelen, u_int buflen, const struct pcap_bpf_aux_data *aux);

/*
 * ---- Packets that come one at a time ----
 *
 * For a device behind fd that gives a packet as one message, as a socket does. The module's read_op is then one call
 * of pcapint_read_messages(), which checks and takes the break, waits in blocking mode, counts, runs the filter of
 * install_bpf_program() and cuts to the snapshot length. A device without a descriptor leaves fd at -1, and is
 * asked again whenever required_select_timeout is over.
 */

/*
 * The next packet, if there is one now; never waits. header gets its time stamp, its length, and in caplen all the
 * bytes at *data, which last until the next call. 1; 0 if there is none; or a PCAP_ERROR_ value, PCAP_ERROR with a text
 * in errbuf. An error that comes behind packets is told by the next read.
 */
typedef int (*pcapint_next_message_t)(pcap_t *p, struct pcap_pkthdr *header, const u_char **data);

PCAP_API int pcapint_read_messages(
	pcap_t *p, int cnt, pcap_handler callback, u_char *user, pcapint_next_message_t next);
/* How many it has delivered since activation, for stats_op. */
PCAP_API uint64_t pcapint_messages_delivered(pcap_t *p);
/*
 * For activate: makes the descriptor by which pcap_breakloop() ends a wait, and sets breakloop_op; 0, or PCAP_ERROR.
 * pcapint_cleanup_live_common() closes it.
 */
PCAP_API int pcapint_make_wakeable(pcap_t *p);
/*
 * Waits until fd can be read, until the buffering time-out is over, or for pcap_breakloop(): 1 if fd can be read (or
 * has an error to tell), 0 if not, or PCAP_ERROR.
 */
PCAP_API int pcapint_wait_readable(pcap_t *p);

/*
 * ---- Modules over other devices ----
 *
 * A device "NAME+DEVICE", or "NAME:OPTIONS+DEVICE", has what DEVICE delivers, and does something to it. Its create is
 * PCAP_CREATE_OVER(), which makes both handles; NULL with an empty errbuf if there is no plus. Its activate calls
 * pcapint_activate_over(), which passes on all that was asked for, and sets every operation but read_op to ask the
 * handle below; then it sets read_op, and what else it does itself. A cleanup_op of its own ends with
 * pcapint_cleanup_over().
 */
#define PCAP_CREATE_OVER(device, errbuf, type)                                                                     \
	pcapint_create_over(device, errbuf, sizeof(type), PCAP_MODULE_ABI_VERSION)

PCAP_API pcap_t *pcapint_create_over(const char *device, char *errbuf, size_t priv_size, int abi_version);
PCAP_API int pcapint_activate_over(pcap_t *p);
PCAP_API void pcapint_cleanup_over(pcap_t *p);
/* The handle below. */
PCAP_API pcap_t *pcapint_below(pcap_t *p);
/* For read_op, first of all: non-zero if there was a break, which is taken: return PCAP_ERROR_BREAK. */
PCAP_API int pcapint_take_break_over(pcap_t *p);
/* pcap_dispatch() on the handle below; errors are told of this one. */
PCAP_API int pcapint_read_below(pcap_t *p, int cnt, pcap_handler callback, u_char *user);

/*
 * ---- Defaults for operations, and small things ----
 */

/* For create: offers time stamps in microseconds and in nanoseconds; 0, or PCAP_ERROR with errbuf filled. */
PCAP_API int pcapint_offer_precisions(pcap_t *p, char *errbuf);
/* For create: offers the PCAP_TSTAMP_ values at types; 0, or PCAP_ERROR with errbuf filled. */
PCAP_API int pcapint_offer_tstamp_types(pcap_t *p, const int *types, int count, char *errbuf);
/* For activate: offers the DLT_ values at dlts and sets linktype to the first; 0 or PCAP_ERROR. */
PCAP_API int pcapint_offer_datalinks(pcap_t *p, const int *dlts, int count);
/* A packet's time as its header has it, in the precision that was asked for. */
PCAP_API struct timeval pcapint_timestamp(const pcap_t *p, struct timespec time);
/* Sets break_loop. */
PCAP_API void pcapint_breakloop_common(pcap_t *p);
/* Oneshot callbacks: one that copies the packet, and one for modules whose packets last until the next read. */
PCAP_API void pcapint_oneshot(u_char *user, const struct pcap_pkthdr *header, const u_char *data);
PCAP_API void pcapint_oneshot_in_place(u_char *user, const struct pcap_pkthdr *header, const u_char *data);
/* Closes fd, and frees the buffer and the filter. */
PCAP_API void pcapint_cleanup_live_common(pcap_t *p);
/* Non-blocking mode by O_NONBLOCK on fd. */
PCAP_API int pcapint_getnonblock_fd(pcap_t *p);
PCAP_API int pcapint_setnonblock_fd(pcap_t *p, int nonblock);
/* Whether pcap_init() was told to have packet buffers mapped below 4 GiB (PCAP_MMAP_32BIT). */
PCAP_API int pcapint_map_32bit(void);
/* 0 before activation; afterwards -1, with a text in errbuf: for a setter that must come first. */
PCAP_API int pcapint_check_activated(pcap_t *p);

/* A message, then ": " and errno's text, cut to fit errbuflen. */
PCAP_API void pcapint_fmt_errmsg_for_errno(char *errbuf, size_t errbuflen, int errnum, const char *format, ...)
	PCAP_PRINTFLIKE(4, 5);
PCAP_API void pcapint_vfmt_errmsg_for_errno(
	char *errbuf, size_t errbuflen, int errnum, const char *format, va_list ap) PCAP_PRINTFLIKE(4, 0);
/*
 * Reads an unsigned decimal number of 32 bits. With endp NULL it must be all of text; otherwise *endp is left at the
 * first character after it. 0, or -1 if there is none or it is out of range.
 */
PCAP_API int pcapint_get_decuint(const char *text, char **endp, bpf_u_int32 *value);

#ifdef __cplusplus
}
#endif

#endif
