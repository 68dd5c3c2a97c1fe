/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Follows a file that grows: waits for more of it, and tells one that is damaged from one whose end is still to come.
 */
#include "read-follow.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stop.h"

/* How often the file is looked at. */
#define LOOK_MS 100

/* Compressed data come in pieces: only after so many bytes more without a change the file is damaged. */
#define PIECE_SIZE (8 * 1024 * 1024)

/* A file that is shorter can lack a part of its header. */
#define HEADER_SIZE 28

/* False after a signal. */
static bool wait_a_moment(void)
{
	struct pollfd stop = {.fd = stop_descriptor(), .events = POLLIN};

	poll(&stop, 1, LOOK_MS);
	return !stop_requested();
}

/* Bytes that the file has now; 0 if that can't be told. */
static uint64_t size_now(const struct follower *follower)
{
	struct stat status;

	return follower->fd >= 0 && fstat(follower->fd, &status) == 0 ? (uint64_t)status.st_size : 0;
}

bool follow_open(struct follower *follower, struct input *input, const char *path)
{
	struct stat status;

	*follower = (struct follower){.fd = -1};
	if (strcmp(path, "-") != 0)
		follower->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (follower->fd >= 0 && (fstat(follower->fd, &status) < 0 || !S_ISREG(status.st_mode)))
		follow_end(follower);
	while (!input_open(input, path)) {
		if (follower->fd < 0)
			return false;
		follower->compressed = input_compression(path) != NULL;
		if (size_now(follower) >= (follower->compressed ? PIECE_SIZE : HEADER_SIZE) || !wait_a_moment())
			return false;
	}
	follower->compressed = follower->fd >= 0 && input_compression(path) != NULL;
	return true;
}

/* Whether an error that is the same after the file has grown is one of the file, and not of its end. */
static bool is_damaged(struct follower *follower, const struct input *input)
{
	if (input->damage[0] == '\0' || strcmp(input->damage, follower->damage) != 0) {
		memcpy(follower->damage, input->damage, sizeof(follower->damage));
		follower->stuck_size = size_now(follower);
		return false;
	}
	return follower->size >= follower->stuck_size + (follower->compressed ? PIECE_SIZE : 1);
}

bool follow_wait(struct follower *follower, struct input *input)
{
	uint64_t size;

	if (follower->fd < 0)
		return false;
	if (is_damaged(follower, input))
		return false;
	do {
		if (!wait_a_moment()) {
			/* The end that was not there yet is nobody's fault. */
			input->damage[0] = '\0';
			return false;
		}
		size = size_now(follower);
	} while (size == follower->size);
	if (size < follower->size || (!follower->compressed && size < input->end)) {
		snprintf(input->damage, sizeof(input->damage),
			"%.100s: the file has been cut off while it was followed", input->name);
		return false;
	}
	follower->size = size;
	input->done = false;
	input->damage[0] = '\0';
	return true;
}

void follow_end(struct follower *follower)
{
	if (follower->fd >= 0)
		close(follower->fd);
	follower->fd = -1;
}
