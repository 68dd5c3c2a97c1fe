/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Follows a file that grows: waits for more of it, and tells one that is damaged from one whose end is still to come.
 */
#ifndef WEIR_READ_FOLLOW_H
#define WEIR_READ_FOLLOW_H

#include "read-input.h"

struct follower {
	int fd;              /* of the file, to see it grow; -1: it is no regular file */
	bool compressed;     /* its bytes show only when a piece of it is whole */
	uint64_t size;       /* when it was looked at last */
	uint64_t stuck_size; /* no less than when the error came that is still there */
	char damage[PCAP_ERRBUF_SIZE];
};

/* Waits until the file is there with its beginning. False after a signal, or if it will not come. */
bool follow_open(struct follower *follower, struct input *input, const char *path);
/* Waits for more than the input has. False after a signal, or if no more can come: the input tells why. */
bool follow_wait(struct follower *follower, struct input *input);
void follow_end(struct follower *follower);

#endif
