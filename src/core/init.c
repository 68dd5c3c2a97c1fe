/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcap_init() and what depends on it, and what the library says of itself. On UNIX strings are UTF-8 or whatever the
 * program uses and pass through unchanged, so that the choice of encoding changes nothing but what is refused later.
 */
#include "core/core.h"

#include <stdatomic.h>
#include <stdio.h>

/*
 * The one piece of state that outlives a call, and that the API demands: programs set it once, before anything else.
 * 0: never called; otherwise the options with CALLED added.
 */
#define CALLED 0x80000000U
static atomic_uint init_options;

#define ENCODINGS (PCAP_CHAR_ENC_LOCAL | PCAP_CHAR_ENC_UTF_8)

int pcap_init(unsigned int options, char *errbuf)
{
	unsigned int before = 0;

	if ((options & ~(ENCODINGS | PCAP_MMAP_32BIT)) != 0) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE, "pcap_init: unknown options 0x%x",
			options & ~(ENCODINGS | PCAP_MMAP_32BIT));
		return PCAP_ERROR;
	}
	if (atomic_compare_exchange_strong(&init_options, &before, options | CALLED))
		return 0;
	if ((before & ENCODINGS) != (options & ENCODINGS)) {
		snprintf(errbuf, PCAP_ERRBUF_SIZE,
			"pcap_init: was called before with another character encoding; it can't be changed");
		return PCAP_ERROR;
	}
	atomic_fetch_or(&init_options, options);
	return 0;
}

bool pcapint_new_api(void)
{
	return (atomic_load(&init_options) & CALLED) != 0;
}

int pcapint_map_32bit(void)
{
	return (atomic_load(&init_options) & PCAP_MMAP_32BIT) != 0;
}
