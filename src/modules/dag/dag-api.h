/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part that is used of Endace's interface for DAG cards (its dagapi.h documents it), and the record format of these
 * cards (Endace's ERF types reference; the page of LINKTYPE_ERF in the link-layer type registry), so that the module is
 * built without the vendor's headers.
 */
#ifndef WEIR_DAG_API_H
#define WEIR_DAG_API_H

#include <stdint.h>
#include <sys/time.h>

#define DAG_LIBRARY "libdag.so"

/* The routines return -1 with errno set where they fail. Receive streams have even numbers, transmit streams odd ones. */
struct dag_calls {
	int (*open)(const char *path);
	int (*close)(int fd);
	int (*rx_get_stream_count)(int fd);
	int (*attach_stream64)(int fd, int stream, uint32_t flags, uint64_t extra_window);
	int (*detach_stream)(int fd, int stream);
	int (*start_stream)(int fd, int stream);
	int (*stop_stream)(int fd, int stream);
	int (*set_stream_poll64)(
		int fd, int stream, uint64_t least, struct timeval *longest_wait, struct timeval *poll);
	/* The records of a stream begin at *bottom, up to which the caller is done, and end at what is returned. */
	uint8_t *(*advance_stream)(int fd, int stream, uint8_t **bottom);
	/* Fills types with the ERF types that the stream may hold, then 0. */
	int (*get_stream_erf_types)(int fd, int stream, uint8_t *types, int size);
	int (*tx_stream_copy_bytes)(int fd, int stream, uint8_t *record, uint32_t size);
};

/* The header of a record: the time stamp is little-endian, the rest big-endian. */
struct erf_header {
	uint64_t time; /* seconds since 1970 in 32.32 fixed point */
	uint8_t type;  /* with ERF_EXTENDED */
	uint8_t flags;
	uint16_t record_length; /* with this header and padding */
	uint16_t lost;          /* packets lost before this one; of color types something else */
	uint16_t wire_length;
};

#define ERF_EXTENDED 0x80 /* 8-byte extension headers follow; each has this bit if another one follows it */
#define ERF_EXTENSION_SIZE 8
#define ERF_TYPE_MASK 0x7f
#define ERF_FLAG_TRUNCATED 0x08
#define ERF_FLAG_RX_ERROR 0x10
#define ERF_FLAG_DS_ERROR 0x20 /* the card's own trouble */

enum erf_type {
	ERF_HDLC_POS = 1,
	ERF_ETH = 2,
	ERF_AAL5 = 4,
	ERF_MC_HDLC = 5,
	ERF_MC_AAL5 = 9,
	ERF_COLOR_HDLC_POS = 10,
	ERF_COLOR_ETH = 11,
	ERF_DSM_COLOR_HDLC_POS = 15,
	ERF_DSM_COLOR_ETH = 16,
	ERF_COLOR_MC_HDLC_POS = 17,
	ERF_COLOR_HASH_POS = 19,
	ERF_COLOR_HASH_ETH = 20,
	ERF_IPV4 = 22,
	ERF_IPV6 = 23,
	ERF_META = 27,
	ERF_PAD = 48,
};

#endif
