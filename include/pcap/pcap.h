/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packet-capture API: open a device or a savefile, filter, read, inject, write savefiles. Names, values and
 * layouts are libpcap's and do not change; each call has a page in section 3PCAP of the manual. A handle is used
 * by one thread at a time, except that pcap_breakloop() may be called from any thread and any signal handler;
 * different handles are independent of each other.
 */
#ifndef lib_pcap_pcap_h
#define lib_pcap_pcap_h

#include <pcap/funcattrs.h>
#include <pcap/pcap-inttypes.h>

#include <sys/types.h>
#include <sys/time.h>

#include <pcap/socket.h>

#ifndef PCAP_DONT_INCLUDE_PCAP_BPF_H
#include <pcap/bpf.h>
#endif

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the savefile format that is written. */
#define PCAP_VERSION_MAJOR 2
#define PCAP_VERSION_MINOR 4

/* Bytes in every error buffer that is passed to this API. */
#define PCAP_ERRBUF_SIZE 256

/* Where the system's own BPF header was read before this one and is too old to have them. */
#if BPF_RELEASE - 0 < 199406
typedef int bpf_int32;
typedef u_int bpf_u_int32;
#endif

typedef struct pcap pcap_t;
typedef struct pcap_dumper pcap_dumper_t;
typedef struct pcap_if pcap_if_t;
typedef struct pcap_addr pcap_addr_t;

/* The first 24 bytes of a savefile, in the byte order of the host that wrote it. */
struct pcap_file_header {
	bpf_u_int32 magic;
	u_short version_major;
	u_short version_minor;
	bpf_int32 thiszone;  /* 0 */
	bpf_u_int32 sigfigs; /* 0 */
	bpf_u_int32 snaplen;
	bpf_u_int32 linktype; /* LINKTYPE_ value in the low 16 bits, then the LT_ fields */
};

/* The frame check sequence's length in the linktype field: whether it is told, and how many 16-bit words. */
#define LT_FCS_LENGTH_PRESENT(x) ((x)&0x04000000)
#define LT_FCS_LENGTH(x) (((x)&0xF0000000) >> 28)
#define LT_FCS_DATALINK_EXT(x) ((((x)&0xF) << 28) | 0x04000000)

typedef enum { PCAP_D_INOUT = 0, PCAP_D_IN, PCAP_D_OUT } pcap_direction_t;

/* What is told of each packet. With nanosecond precision ts.tv_usec holds nanoseconds. */
struct pcap_pkthdr {
	struct timeval ts;
	bpf_u_int32 caplen; /* bytes that are there */
	bpf_u_int32 len;    /* bytes there were on the wire */
};

struct pcap_stat {
	u_int ps_recv;   /* packets that passed the filter */
	u_int ps_drop;   /* packets lost since the buffer was full */
	u_int ps_ifdrop; /* packets lost by the interface; 0 also where that is not known */
};

/* A device in the list that pcap_findalldevs() makes. */
struct pcap_if {
	struct pcap_if *next;
	char *name;
	char *description; /* or NULL */
	struct pcap_addr *addresses;
	bpf_u_int32 flags; /* PCAP_IF_ */
};

#define PCAP_IF_LOOPBACK 0x00000001
#define PCAP_IF_UP 0x00000002
#define PCAP_IF_RUNNING 0x00000004
#define PCAP_IF_WIRELESS 0x00000008 /* of any kind, not only Wi-Fi */
#define PCAP_IF_CONNECTION_STATUS 0x00000030
#define PCAP_IF_CONNECTION_STATUS_UNKNOWN 0x00000000
#define PCAP_IF_CONNECTION_STATUS_CONNECTED 0x00000010
#define PCAP_IF_CONNECTION_STATUS_DISCONNECTED 0x00000020
#define PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE 0x00000030

/* An address of a device; each member but next may be NULL. */
struct pcap_addr {
	struct pcap_addr *next;
	struct sockaddr *addr;
	struct sockaddr *netmask;
	struct sockaddr *broadaddr;
	struct sockaddr *dstaddr;
};

/* Called for each packet; header and data are valid until it returns. */
typedef void (*pcap_handler)(u_char *user, const struct pcap_pkthdr *header, const u_char *data);

/* Errors: below zero. */
#define PCAP_ERROR (-1)               /* see pcap_geterr() */
#define PCAP_ERROR_BREAK (-2)         /* ended by pcap_breakloop() */
#define PCAP_ERROR_NOT_ACTIVATED (-3) /* needs pcap_activate() first */
#define PCAP_ERROR_ACTIVATED (-4)     /* must come before pcap_activate() */
#define PCAP_ERROR_NO_SUCH_DEVICE (-5)
#define PCAP_ERROR_RFMON_NOTSUP (-6) /* the device has no monitor mode */
#define PCAP_ERROR_NOT_RFMON (-7)    /* works in monitor mode only */
#define PCAP_ERROR_PERM_DENIED (-8)
#define PCAP_ERROR_IFACE_NOT_UP (-9)
#define PCAP_ERROR_CANTSET_TSTAMP_TYPE (-10)
#define PCAP_ERROR_PROMISC_PERM_DENIED (-11)
#define PCAP_ERROR_TSTAMP_PRECISION_NOTSUP (-12)
#define PCAP_ERROR_CAPTURE_NOTSUP (-13) /* the device is known, capturing on it is not supported */

/* Warnings: above zero; the operation was done. */
#define PCAP_WARNING 1 /* see pcap_geterr() */
#define PCAP_WARNING_PROMISC_NOTSUP 2
#define PCAP_WARNING_TSTAMP_TYPE_NOTSUP 3

/* For pcap_compile() where the netmask is not known. */
#define PCAP_NETMASK_UNKNOWN 0xffffffff

/* Options of pcap_init(). */
#define PCAP_CHAR_ENC_LOCAL 0x00000000U /* strings are in the local encoding */
#define PCAP_CHAR_ENC_UTF_8 0x00000001U /* strings are in UTF-8 */
#define PCAP_MMAP_32BIT 0x00000002U     /* map packet buffers below 4 GiB */

/* ---- The library ---- */

PCAP_AVAILABLE_1_10
PCAP_API int pcap_init(unsigned int options, char *errbuf);

PCAP_AVAILABLE_0_8
PCAP_API const char *pcap_lib_version(void);

PCAP_AVAILABLE_1_0
PCAP_API const char *pcap_statustostr(int status);

PCAP_AVAILABLE_0_4
PCAP_API const char *pcap_strerror(int errnum);

/* ---- Devices ---- */

PCAP_AVAILABLE_0_7
PCAP_API int pcap_findalldevs(pcap_if_t **alldevs, char *errbuf);

PCAP_AVAILABLE_0_7
PCAP_API void pcap_freealldevs(pcap_if_t *alldevs);

PCAP_AVAILABLE_0_4
PCAP_DEPRECATED("use 'pcap_findalldevs' and use the first device")
PCAP_API char *pcap_lookupdev(char *errbuf);

PCAP_AVAILABLE_0_4
PCAP_API int pcap_lookupnet(const char *device, bpf_u_int32 *net, bpf_u_int32 *mask, char *errbuf);

/* ---- A live handle: create, set options, activate ---- */

PCAP_AVAILABLE_1_0
PCAP_API pcap_t *pcap_create(const char *device, char *errbuf);

PCAP_AVAILABLE_1_0
PCAP_API int pcap_set_snaplen(pcap_t *p, int snaplen);

PCAP_AVAILABLE_1_0
PCAP_API int pcap_set_promisc(pcap_t *p, int promisc);

PCAP_AVAILABLE_1_0
PCAP_API int pcap_can_set_rfmon(pcap_t *p);

PCAP_AVAILABLE_1_0
PCAP_API int pcap_set_rfmon(pcap_t *p, int rfmon);

PCAP_AVAILABLE_1_0
PCAP_API int pcap_set_timeout(pcap_t *p, int timeout_ms);

PCAP_AVAILABLE_1_2
PCAP_API int pcap_set_tstamp_type(pcap_t *p, int type);

PCAP_AVAILABLE_1_5
PCAP_API int pcap_set_immediate_mode(pcap_t *p, int immediate);

PCAP_AVAILABLE_1_0
PCAP_API int pcap_set_buffer_size(pcap_t *p, int bytes);

PCAP_AVAILABLE_1_5
PCAP_API int pcap_set_tstamp_precision(pcap_t *p, int precision);

PCAP_AVAILABLE_1_5
PCAP_API int pcap_get_tstamp_precision(pcap_t *p);

#ifdef __linux__
PCAP_AVAILABLE_1_9
PCAP_API int pcap_set_protocol_linux(pcap_t *p, int protocol);
#endif

PCAP_AVAILABLE_1_0
PCAP_API int pcap_activate(pcap_t *p);

PCAP_AVAILABLE_0_4
PCAP_API pcap_t *pcap_open_live(const char *device, int snaplen, int promisc, int timeout_ms, char *errbuf);

PCAP_AVAILABLE_0_4
PCAP_API void pcap_close(pcap_t *p);

/* ---- Time stamps ---- */

#define PCAP_TSTAMP_HOST 0                 /* by the host, nothing more is known */
#define PCAP_TSTAMP_HOST_LOWPREC 1         /* by the host, coarse and cheap */
#define PCAP_TSTAMP_HOST_HIPREC 2          /* by the host, precise */
#define PCAP_TSTAMP_ADAPTER 3              /* by the device, on the host's clock */
#define PCAP_TSTAMP_ADAPTER_UNSYNCED 4     /* by the device, on its own clock */
#define PCAP_TSTAMP_HOST_HIPREC_UNSYNCED 5 /* by the host, precise, on a clock of its own */

#define PCAP_TSTAMP_PRECISION_MICRO 0
#define PCAP_TSTAMP_PRECISION_NANO 1

PCAP_AVAILABLE_1_2
PCAP_API int pcap_list_tstamp_types(pcap_t *p, int **types);

PCAP_AVAILABLE_1_2
PCAP_API void pcap_free_tstamp_types(int *types);

PCAP_AVAILABLE_1_2
PCAP_API int pcap_tstamp_type_name_to_val(const char *name);

PCAP_AVAILABLE_1_2
PCAP_API const char *pcap_tstamp_type_val_to_name(int type);

PCAP_AVAILABLE_1_2
PCAP_API const char *pcap_tstamp_type_val_to_description(int type);

/* ---- Handles without a device ---- */

PCAP_AVAILABLE_0_6
PCAP_API pcap_t *pcap_open_dead(int linktype, int snaplen);

PCAP_AVAILABLE_1_5
PCAP_API pcap_t *pcap_open_dead_with_tstamp_precision(int linktype, int snaplen, u_int precision);

PCAP_AVAILABLE_0_4
PCAP_API pcap_t *pcap_open_offline(const char *path, char *errbuf);

PCAP_AVAILABLE_1_5
PCAP_API pcap_t *pcap_open_offline_with_tstamp_precision(const char *path, u_int precision, char *errbuf);

PCAP_AVAILABLE_0_9
PCAP_API pcap_t *pcap_fopen_offline(FILE *fp, char *errbuf);

PCAP_AVAILABLE_1_5
PCAP_API pcap_t *pcap_fopen_offline_with_tstamp_precision(FILE *fp, u_int precision, char *errbuf);

/* ---- Reading ---- */

PCAP_AVAILABLE_0_4
PCAP_API int pcap_loop(pcap_t *p, int cnt, pcap_handler callback, u_char *user);

PCAP_AVAILABLE_0_4
PCAP_API int pcap_dispatch(pcap_t *p, int cnt, pcap_handler callback, u_char *user);

PCAP_AVAILABLE_0_4
PCAP_API const u_char *pcap_next(pcap_t *p, struct pcap_pkthdr *header);

PCAP_AVAILABLE_0_8
PCAP_API int pcap_next_ex(pcap_t *p, struct pcap_pkthdr **header, const u_char **data);

PCAP_AVAILABLE_0_8
PCAP_API void pcap_breakloop(pcap_t *p);

PCAP_AVAILABLE_0_7
PCAP_API int pcap_getnonblock(pcap_t *p, char *errbuf);

PCAP_AVAILABLE_0_7
PCAP_API int pcap_setnonblock(pcap_t *p, int nonblock, char *errbuf);

PCAP_AVAILABLE_0_8
PCAP_API int pcap_get_selectable_fd(pcap_t *p);

PCAP_AVAILABLE_1_9
PCAP_API const struct timeval *pcap_get_required_select_timeout(pcap_t *p);

PCAP_AVAILABLE_0_4
PCAP_API int pcap_stats(pcap_t *p, struct pcap_stat *stats);

/* ---- Filtering ---- */

PCAP_AVAILABLE_0_4
PCAP_API int pcap_compile(
	pcap_t *p, struct bpf_program *program, const char *expression, int optimize, bpf_u_int32 netmask);

PCAP_AVAILABLE_0_5
PCAP_DEPRECATED("use pcap_open_dead(), pcap_compile() and pcap_close()")
PCAP_API int pcap_compile_nopcap(int snaplen, int linktype, struct bpf_program *program, const char *expression,
	int optimize, bpf_u_int32 netmask);

PCAP_AVAILABLE_0_6
PCAP_API void pcap_freecode(struct bpf_program *program);

PCAP_AVAILABLE_0_4
PCAP_API int pcap_setfilter(pcap_t *p, struct bpf_program *program);

PCAP_AVAILABLE_1_0
PCAP_API int pcap_offline_filter(
	const struct bpf_program *program, const struct pcap_pkthdr *header, const u_char *data);

PCAP_AVAILABLE_0_9
PCAP_API int pcap_setdirection(pcap_t *p, pcap_direction_t direction);

/* ---- Sending ---- */

PCAP_AVAILABLE_0_9
PCAP_API int pcap_inject(pcap_t *p, const void *data, size_t size);

PCAP_AVAILABLE_0_8
PCAP_API int pcap_sendpacket(pcap_t *p, const u_char *data, int size);

/* ---- What a handle is ---- */

PCAP_AVAILABLE_0_4
PCAP_API char *pcap_geterr(pcap_t *p);

PCAP_AVAILABLE_0_4
PCAP_API void pcap_perror(pcap_t *p, const char *prefix);

PCAP_AVAILABLE_0_4
PCAP_API int pcap_datalink(pcap_t *p);

PCAP_AVAILABLE_1_0
PCAP_API int pcap_datalink_ext(pcap_t *p);

PCAP_AVAILABLE_0_8
PCAP_API int pcap_list_datalinks(pcap_t *p, int **datalinks);

PCAP_AVAILABLE_0_8
PCAP_API int pcap_set_datalink(pcap_t *p, int datalink);

PCAP_AVAILABLE_0_8
PCAP_API void pcap_free_datalinks(int *datalinks);

PCAP_AVAILABLE_0_8
PCAP_API int pcap_datalink_name_to_val(const char *name);

PCAP_AVAILABLE_0_8
PCAP_API const char *pcap_datalink_val_to_name(int datalink);

PCAP_AVAILABLE_0_8
PCAP_API const char *pcap_datalink_val_to_description(int datalink);

PCAP_AVAILABLE_1_10
PCAP_API const char *pcap_datalink_val_to_description_or_dlt(int datalink);

PCAP_AVAILABLE_0_4
PCAP_API int pcap_snapshot(pcap_t *p);

PCAP_AVAILABLE_0_4
PCAP_API int pcap_is_swapped(pcap_t *p);

PCAP_AVAILABLE_0_4
PCAP_API int pcap_major_version(pcap_t *p);

PCAP_AVAILABLE_0_4
PCAP_API int pcap_minor_version(pcap_t *p);

PCAP_AVAILABLE_1_9
PCAP_API int pcap_bufsize(pcap_t *p);

PCAP_AVAILABLE_0_4
PCAP_API FILE *pcap_file(pcap_t *p);

PCAP_AVAILABLE_0_4
PCAP_API int pcap_fileno(pcap_t *p);

/* ---- Writing savefiles ---- */

PCAP_AVAILABLE_0_4
PCAP_API pcap_dumper_t *pcap_dump_open(pcap_t *p, const char *path);

PCAP_AVAILABLE_0_9
PCAP_API pcap_dumper_t *pcap_dump_fopen(pcap_t *p, FILE *fp);

PCAP_AVAILABLE_1_7
PCAP_API pcap_dumper_t *pcap_dump_open_append(pcap_t *p, const char *path);

PCAP_AVAILABLE_0_8
PCAP_API FILE *pcap_dump_file(pcap_dumper_t *dumper);

PCAP_AVAILABLE_0_9
PCAP_API long pcap_dump_ftell(pcap_dumper_t *dumper);

PCAP_AVAILABLE_1_9
PCAP_API int64_t pcap_dump_ftell64(pcap_dumper_t *dumper);

PCAP_AVAILABLE_0_8
PCAP_API int pcap_dump_flush(pcap_dumper_t *dumper);

PCAP_AVAILABLE_0_4
PCAP_API void pcap_dump_close(pcap_dumper_t *dumper);

PCAP_AVAILABLE_0_4
PCAP_API void pcap_dump(u_char *dumper, const struct pcap_pkthdr *header, const u_char *data);

/* ---- Sources by URL, and remote capture ---- */

/* Bytes in the string buffers of pcap_createsrcstr() and pcap_parsesrcstr(). */
#define PCAP_BUF_SIZE 1024

/* Kinds of source. */
#define PCAP_SRC_FILE 2
#define PCAP_SRC_IFLOCAL 3
#define PCAP_SRC_IFREMOTE 4

#define PCAP_SRC_FILE_STRING "file://"
#define PCAP_SRC_IF_STRING "rpcap://"

/* Flags of pcap_open(). */
#define PCAP_OPENFLAG_PROMISCUOUS 0x00000001
#define PCAP_OPENFLAG_DATATX_UDP 0x00000002
#define PCAP_OPENFLAG_NOCAPTURE_RPCAP 0x00000004
#define PCAP_OPENFLAG_NOCAPTURE_LOCAL 0x00000008
#define PCAP_OPENFLAG_MAX_RESPONSIVENESS 0x00000010

#define RPCAP_RMTAUTH_NULL 0 /* no authentication */
#define RPCAP_RMTAUTH_PWD 1  /* user name and password */

struct pcap_rmtauth {
	int type; /* RPCAP_RMTAUTH_ */
	char *username;
	char *password;
};

PCAP_AVAILABLE_1_9
PCAP_API pcap_t *pcap_open(
	const char *source, int snaplen, int flags, int timeout_ms, struct pcap_rmtauth *auth, char *errbuf);

PCAP_AVAILABLE_1_9
PCAP_API int pcap_createsrcstr(
	char *source, int type, const char *host, const char *port, const char *name, char *errbuf);

PCAP_AVAILABLE_1_9
PCAP_API int pcap_parsesrcstr(const char *source, int *type, char *host, char *port, char *name, char *errbuf);

PCAP_AVAILABLE_1_9
PCAP_API int pcap_findalldevs_ex(const char *source, struct pcap_rmtauth *auth, pcap_if_t **alldevs, char *errbuf);

/* Sampling methods. */
#define PCAP_SAMP_NOSAMP 0
#define PCAP_SAMP_1_EVERY_N 1
#define PCAP_SAMP_FIRST_AFTER_N_MS 2

struct pcap_samp {
	int method; /* PCAP_SAMP_ */
	int value;  /* the N of the method */
};

PCAP_AVAILABLE_1_9
PCAP_API struct pcap_samp *pcap_setsampling(pcap_t *p);

/* Bytes in the host list of pcap_remoteact_list(). */
#define RPCAP_HOSTLIST_SIZE 1024

PCAP_AVAILABLE_1_9
PCAP_API SOCKET pcap_remoteact_accept(const char *address, const char *port, const char *hostlist,
	char *connectinghost, struct pcap_rmtauth *auth, char *errbuf);

PCAP_AVAILABLE_1_10
PCAP_API SOCKET pcap_remoteact_accept_ex(const char *address, const char *port, const char *hostlist,
	char *connectinghost, struct pcap_rmtauth *auth, int uses_ssl, char *errbuf);

PCAP_AVAILABLE_1_9
PCAP_API int pcap_remoteact_list(char *hostlist, char separator, int size, char *errbuf);

PCAP_AVAILABLE_1_9
PCAP_API int pcap_remoteact_close(const char *host, char *errbuf);

PCAP_AVAILABLE_1_9
PCAP_API void pcap_remoteact_cleanup(void);

#ifdef __cplusplus
}
#endif

#endif
