/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The system's libpcap, where there is one, for tests that compare with it; and the random numbers of tests that try
 * hostile input, the same in every run.
 */
#ifndef WEIR_TEST_PEER_H
#define WEIR_TEST_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlfcn.h>

/* Skips the running test, and says why, if the system has no libpcap of its own. */
static inline void *load_peer(void)
{
	void *peer = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL);
	const char *(*version)(void) = peer != NULL ? (const char *(*)(void))dlsym(peer, "pcap_lib_version") : NULL;

	if (version == NULL || strstr(version(), "Weir") != NULL) {
		print_message("skipped: the system has no libpcap.so.0.8 to compare with\n");
		skip();
	}
	return peer;
}

/* A function of the peer, with the type of ours. */
#define PEER(peer, function) ((__typeof__(&function))dlsym(peer, #function))

/* xorshift64 (Marsaglia, "Xorshift RNGs", 2003). */
static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline size_t random_below(uint64_t *state, size_t limit)
{
	return (size_t)(next_random(state) % limit);
}

/* A copy in an allocation that ends with it, so that a read past its end is caught. */
static inline char *exact_copy(const char *text, size_t length)
{
	char *copy = malloc(length + 1);

	assert_non_null(copy);
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

/* Changes a text in place by a few characters out of a set that can hurt; the new length, below size. */
static inline size_t mutate(uint64_t *state, char *text, size_t length, size_t size, const char *characters)
{
	size_t count = strlen(characters);

	for (size_t changes = random_below(state, 4) + 1; changes > 0; changes--) {
		size_t place = random_below(state, length + 1);
		switch (random_below(state, 3)) {
		case 0:
			if (place < length)
				text[place] = characters[random_below(state, count)];
			break;
		case 1:
			if (length + 1 < size) {
				memmove(text + place + 1, text + place, length - place);
				text[place] = characters[random_below(state, count)];
				length++;
			}
			break;
		default:
			if (place < length) {
				memmove(text + place, text + place + 1, length - place - 1);
				length--;
			}
		}
	}
	text[length] = '\0';
	return length;
}

#endif
