/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcapng files as they are: sections, interfaces, packets with their options, and all other blocks. For programs that
 * want more of a file than its packets.
 */
#ifndef lib_pcap_pcapng_h
#define lib_pcap_pcapng_h

#include <stddef.h>
#include <stdint.h>

#include <pcap/pcap.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Block types ---- */

#define PCAPNG_SECTION 0x0a0d0d0a
#define PCAPNG_INTERFACE 0x00000001
#define PCAPNG_OBSOLETE_PACKET 0x00000002
#define PCAPNG_SIMPLE_PACKET 0x00000003
#define PCAPNG_NAME_RESOLUTION 0x00000004
#define PCAPNG_INTERFACE_STATISTICS 0x00000005
#define PCAPNG_ENHANCED_PACKET 0x00000006
#define PCAPNG_SYSTEMD_JOURNAL 0x00000009
#define PCAPNG_DECRYPTION_SECRETS 0x0000000a
#define PCAPNG_CUSTOM 0x00000bad         /* may be copied by programs that do not know it */
#define PCAPNG_CUSTOM_NO_COPY 0x40000bad /* may not */

/* ---- Option codes ---- */

/* Of all blocks. The custom ones begin with a private enterprise number. */
#define PCAPNG_OPT_END 0
#define PCAPNG_OPT_COMMENT 1
#define PCAPNG_OPT_CUSTOM_STRING 2988
#define PCAPNG_OPT_CUSTOM_BYTES 2989
#define PCAPNG_OPT_CUSTOM_STRING_NO_COPY 19372
#define PCAPNG_OPT_CUSTOM_BYTES_NO_COPY 19373

/* Of sections. */
#define PCAPNG_SHB_HARDWARE 2
#define PCAPNG_SHB_OS 3
#define PCAPNG_SHB_USERAPPL 4

/* Of interfaces. */
#define PCAPNG_IF_NAME 2
#define PCAPNG_IF_DESCRIPTION 3
#define PCAPNG_IF_IPV4ADDR 4
#define PCAPNG_IF_IPV6ADDR 5
#define PCAPNG_IF_MACADDR 6
#define PCAPNG_IF_EUIADDR 7
#define PCAPNG_IF_SPEED 8
#define PCAPNG_IF_TSRESOL 9
#define PCAPNG_IF_TZONE 10
#define PCAPNG_IF_FILTER 11
#define PCAPNG_IF_OS 12
#define PCAPNG_IF_FCSLEN 13
#define PCAPNG_IF_TSOFFSET 14
#define PCAPNG_IF_HARDWARE 15
#define PCAPNG_IF_TXSPEED 16
#define PCAPNG_IF_RXSPEED 17
#define PCAPNG_IF_IANA_TZNAME 18

/* Of packets. */
#define PCAPNG_EPB_FLAGS 2
#define PCAPNG_EPB_HASH 3
#define PCAPNG_EPB_DROPCOUNT 4
#define PCAPNG_EPB_PACKETID 5
#define PCAPNG_EPB_QUEUE 6
#define PCAPNG_EPB_VERDICT 7
#define PCAPNG_EPB_PROCESSID_THREADID 8

/* Of name resolutions. */
#define PCAPNG_NS_DNSNAME 2
#define PCAPNG_NS_DNSIP4ADDR 3
#define PCAPNG_NS_DNSIP6ADDR 4

/* Of interface statistics. */
#define PCAPNG_ISB_STARTTIME 2
#define PCAPNG_ISB_ENDTIME 3
#define PCAPNG_ISB_IFRECV 4
#define PCAPNG_ISB_IFDROP 5
#define PCAPNG_ISB_FILTERACCEPT 6
#define PCAPNG_ISB_OSDROP 7
#define PCAPNG_ISB_USRDELIV 8

/* ---- Blocks ---- */

/* Numbers in the value are in this host's byte order; it is not aligned. */
struct pcapng_option {
	uint16_t code;
	uint16_t length;
	const void *value;
};

/*
 * A block, as it is read and as it is written; which members it has depends on its type. The structure can grow at
 * its end.
 */
struct pcapng_block {
	uint32_t type;   /* PCAPNG_ above */
	uint32_t length; /* when read: the whole block's, in the file */
	uint64_t offset; /* when read: of the block, in the file */

	/* PCAPNG_INTERFACE: its own number. Packets, PCAPNG_INTERFACE_STATISTICS: whose they are. From 0 in a section. */
	uint32_t interface;

	/* PCAPNG_INTERFACE */
	uint32_t snaplen;  /* 0: no limit */
	uint16_t linktype; /* LINKTYPE_ value; see pcap-linktype(7) */
	int dlt;           /* when read: the DLT_ value that this is in programs */

	/* PCAPNG_OBSOLETE_PACKET */
	uint16_t drops; /* packets lost since the one before; 0xffff: not known */

	/* PCAPNG_DECRYPTION_SECRETS: what they are for. PCAPNG_CUSTOM, _NO_COPY: a private enterprise number. */
	uint32_t number;

	/* Packets */
	uint32_t caplen;
	uint32_t len;

	/* Packets but PCAPNG_SIMPLE_PACKET, PCAPNG_INTERFACE_STATISTICS: in the interface's units (if_tsresol). */
	uint64_t timestamp;
	/* When read, the same with if_tsoffset: since 1970, and the part of a second in nanoseconds. */
	int64_t seconds;
	uint32_t nanoseconds;

	/* When read: the section is of the other byte order. What is not known of it (see data) is not converted. */
	uint32_t swapped;

	/*
	 * Packets: caplen bytes. PCAPNG_NAME_RESOLUTION: the records. PCAPNG_DECRYPTION_SECRETS: the secrets.
	 * PCAPNG_SYSTEMD_JOURNAL: the entry. Custom blocks: the data and the options. Other types: all.
	 */
	const u_char *data;
	size_t data_length;

	const struct pcapng_option *options;
	size_t option_count;
};

/* ---- Reading ---- */

typedef struct pcapng_reader pcapng_reader_t;

/*
 * Opens a file; "-" is standard input. A file in pcap format is read as a section with one interface. NULL, with errbuf
 * filled, if it can't be.
 */
PCAP_API pcapng_reader_t *pcapng_open(const char *path, char *errbuf);
/*
 * The next block, which lasts until the next call. 1; 0 at the end of the file; PCAP_ERROR, and pcapng_error() says what
 * is wrong, and where; PCAP_ERROR_BREAK. A file that has grown meanwhile can be read on after all of these.
 */
PCAP_API int pcapng_next(pcapng_reader_t *reader, const struct pcapng_block **block);
/* Ends a wait for the next block, as on a pipe, or the next call; for signal handlers and other threads. */
PCAP_API void pcapng_breakloop(pcapng_reader_t *reader);
PCAP_API const char *pcapng_error(const pcapng_reader_t *reader);
PCAP_API void pcapng_close(pcapng_reader_t *reader);

/* The first option of that code, or NULL. */
PCAP_API const struct pcapng_option *pcapng_find_option(const struct pcapng_block *block, uint16_t code);
/* A number of 1, 2, 4 or 8 bytes, or a time of two times 4; 0 if it is of another length. */
PCAP_API uint64_t pcapng_option_number(const struct pcapng_block *block, const struct pcapng_option *option);

/* ---- Writing ---- */

typedef struct pcap_writer pcap_writer_t;

#define PCAP_FORMAT_PCAPNG 0
#define PCAP_FORMAT_PCAP 1

/* What of files that are finished is to be on the disk before the call returns. */
#define PCAP_FSYNC_NEVER 0
#define PCAP_FSYNC_FINISHED 1

#define PCAP_COMPRESSION_NONE 0
#define PCAP_COMPRESSION_GZIP 1
#define PCAP_COMPRESSION_ZSTD 2
#define PCAP_COMPRESSION_LZ4 3
#define PCAP_COMPRESSION_BY_NAME 4 /* as the path ends: .gz, .zst, .lz4, or none of them */

/* All 0 is a good choice. The structure can grow at its end. */
struct pcap_writer_options {
	int format;    /* PCAP_FORMAT_ */
	int precision; /* PCAP_TSTAMP_PRECISION_MICRO or _NANO, of the headers that pcap_writer_packet() gets */
	int append;    /* 1: go on at the end of the file, if it is there */
	int atomic;    /* 1: a file has its name only once it is finished; it is another file until then */
	int sync;      /* PCAP_FSYNC_ */
	/* 1: another thread does the writing, and up to queue_size bytes (0: 64 MiB) wait for a slow disk. */
	int background;
	size_t queue_size;
	/* A new file is begun when the next packet would break one of these limits; 0: there is no such limit. */
	uint64_t max_bytes;
	uint64_t max_packets;
	uint64_t max_nanoseconds; /* of the packets' time, from a file's first packet on */
	uint32_t max_files;       /* the oldest file is removed when there would be more; 0: keep all */
	int compression;          /* PCAP_COMPRESSION_; limits and statistics are of what is compressed */
	int compression_level;    /* as its library counts; 0: the default */
	const char *application;  /* what is writing, for the section header; NULL: not told */
};

struct pcap_writer_stats {
	uint64_t packets; /* that were taken */
	uint64_t bytes;   /* of all files, as long as they are with all that was taken */
	uint64_t files;   /* that were begun */
};

/*
 * Opens a file; "-" is standard output. Where a new file can be begun, the path is a pattern: %n is the file's number,
 * %% a %, and what strftime(3) knows the time of its first packet; without a % the number goes before the last dot.
 * options may be NULL; size is sizeof(struct pcap_writer_options). NULL, with errbuf filled, if it can't be.
 */
PCAP_API pcap_writer_t *pcap_writer_open(
	const char *path, const struct pcap_writer_options *options, size_t size, char *errbuf);
/* Describes an interface that packets of a handle come from; its number, from 0, or PCAP_ERROR. name may be NULL. */
PCAP_API int pcap_writer_add_interface(pcap_writer_t *writer, pcap_t *p, const char *name);

/* What a capture is to say of its interface; each member may be NULL. The structure can grow at its end. */
struct pcap_writer_device {
	const char *name;        /* NULL: that of the handle's device */
	const char *description; /* NULL: that of the device list */
	const char *filter;      /* the filter expression that the packets have passed */
	const char *comment;
};

/*
 * The same of a handle that captures, with all that is known of its device: also description, addresses, operating
 * system, and the type of the time stamps if one was chosen. device may be NULL; size is sizeof(struct
 * pcap_writer_device).
 */
PCAP_API int pcap_writer_add_device(
	pcap_writer_t *writer, pcap_t *p, const struct pcap_writer_device *device, size_t size);
/*
 * Keeps the handle's statistics as they are now; with those that were kept last, each file ends. To be called now and
 * then, and before the writer is closed. 0 or PCAP_ERROR.
 */
PCAP_API int pcap_writer_set_statistics(pcap_writer_t *writer, int interface, pcap_t *p);
/* Adds a packet of such an interface. 0 or PCAP_ERROR; once the file could not be written, every call fails. */
PCAP_API int pcap_writer_packet(
	pcap_writer_t *writer, int interface, const struct pcap_pkthdr *header, const u_char *data);
/* The same with options, such as a comment; a pcap file has no place for them. */
PCAP_API int pcap_writer_packet_with_options(pcap_writer_t *writer, int interface, const struct pcap_pkthdr *header,
	const u_char *data, const struct pcapng_option *options, size_t option_count);
/* The same in a callback of a handle that captures: with what pcap_get_packet_info() tells of the packet. */
PCAP_API int pcap_writer_live_packet(
	pcap_writer_t *writer, int interface, pcap_t *p, const struct pcap_pkthdr *header, const u_char *data);
/*
 * Adds a block of any type; size is sizeof(struct pcapng_block). A section begins by itself if none was written, and
 * interface numbers begin at 0 with each section. To a pcap file packets are added, interfaces must have one link type,
 * and other blocks are left out.
 */
PCAP_API int pcap_writer_block(pcap_writer_t *writer, const struct pcapng_block *block, size_t size);
/* Hands all that was taken to the operating system, or has the other thread do so, without a wait. 0 or PCAP_ERROR. */
PCAP_API int pcap_writer_flush(pcap_writer_t *writer);
PCAP_API void pcap_writer_get_stats(pcap_writer_t *writer, struct pcap_writer_stats *stats, size_t size);
PCAP_API const char *pcap_writer_error(const pcap_writer_t *writer);
/* Finishes the file. 0, or PCAP_ERROR, with errbuf filled, if not all was written. */
PCAP_API int pcap_writer_close(pcap_writer_t *writer, char *errbuf);

#ifdef __cplusplus
}
#endif

#endif
