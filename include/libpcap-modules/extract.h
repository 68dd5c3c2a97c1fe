/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For capture modules that were written for libpcap: numbers taken out of a packet, where they need not be aligned.
 * EXTRACT_, the byte order, U or S for unsigned or signed, and the number of bytes.
 */
#ifndef libpcap_modules_extract_h
#define libpcap_modules_extract_h

#include <stddef.h>
#include <stdint.h>

static inline uint64_t libpcap_modules_big_endian(const void *from, size_t size)
{
	const uint8_t *bytes = (const uint8_t *)from;
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

static inline uint64_t libpcap_modules_little_endian(const void *from, size_t size)
{
	const uint8_t *bytes = (const uint8_t *)from;
	uint64_t value = 0;

	while (size-- > 0)
		value = value << 8 | bytes[size];
	return value;
}

#define EXTRACT_U_1(p) (*(const uint8_t *)(p))
#define EXTRACT_S_1(p) (*(const int8_t *)(p))
#define EXTRACT_BE_U_2(p) ((uint16_t)libpcap_modules_big_endian(p, 2))
#define EXTRACT_BE_S_2(p) ((int16_t)libpcap_modules_big_endian(p, 2))
#define EXTRACT_BE_U_3(p) ((uint32_t)libpcap_modules_big_endian(p, 3))
#define EXTRACT_BE_U_4(p) ((uint32_t)libpcap_modules_big_endian(p, 4))
#define EXTRACT_BE_S_4(p) ((int32_t)libpcap_modules_big_endian(p, 4))
#define EXTRACT_BE_U_5(p) libpcap_modules_big_endian(p, 5)
#define EXTRACT_BE_U_6(p) libpcap_modules_big_endian(p, 6)
#define EXTRACT_BE_U_7(p) libpcap_modules_big_endian(p, 7)
#define EXTRACT_BE_U_8(p) libpcap_modules_big_endian(p, 8)
#define EXTRACT_BE_S_8(p) ((int64_t)libpcap_modules_big_endian(p, 8))
#define EXTRACT_LE_U_2(p) ((uint16_t)libpcap_modules_little_endian(p, 2))
#define EXTRACT_LE_S_2(p) ((int16_t)libpcap_modules_little_endian(p, 2))
#define EXTRACT_LE_U_4(p) ((uint32_t)libpcap_modules_little_endian(p, 4))
#define EXTRACT_LE_S_4(p) ((int32_t)libpcap_modules_little_endian(p, 4))
#define EXTRACT_LE_U_8(p) libpcap_modules_little_endian(p, 8)
#define EXTRACT_LE_S_8(p) ((int64_t)libpcap_modules_little_endian(p, 8))

#endif
