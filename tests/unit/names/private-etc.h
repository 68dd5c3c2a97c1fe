/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a test with an /etc of its own, in a child with its own mount namespace, so that it knows what the system's
 * databases hold.
 */
#ifndef WEIR_TEST_PRIVATE_ETC_H
#define WEIR_TEST_PRIVATE_ETC_H

#include "peer.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

struct etc_file {
	const char *path;
	const char *text;
};

#define NO_NAMESPACE 77

static inline bool write_etc_file(const struct etc_file *file)
{
	FILE *stream = fopen(file->path, "w");

	return stream != NULL && fputs(file->text, stream) >= 0 && fclose(stream) == 0;
}

/* A user without a number in the namespace could make no files there. */
static inline bool map_user(unsigned int user, unsigned int group)
{
	char user_map[32], group_map[32];
	const struct etc_file maps[] = {{"/proc/self/setgroups", "deny"}, {"/proc/self/uid_map", user_map},
		{"/proc/self/gid_map", group_map}};

	snprintf(user_map, sizeof(user_map), "0 %u 1", user);
	snprintf(group_map, sizeof(group_map), "0 %u 1", group);
	return write_etc_file(&maps[0]) && write_etc_file(&maps[1]) && write_etc_file(&maps[2]);
}

static inline void enter_private_etc(const struct etc_file *files)
{
	unsigned int user = geteuid(), group = getegid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || !map_user(user, group) ||
		mount("weir-test", "/etc", "tmpfs", 0, NULL) != 0)
		_exit(NO_NAMESPACE);
	for (; files->path != NULL; files++) {
		if (!write_etc_file(files))
			_exit(NO_NAMESPACE);
	}
}

/* check() returns NULL, or what was wrong. Skips the test where there can be no namespace. */
static inline void run_with_etc(const struct etc_file *files, const char *(*check)(void))
{
	char problem[256] = "";
	int status, pipe_ends[2];

	assert_int_equal(pipe(pipe_ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		enter_private_etc(files);
		const char *wrong = check();
		if (wrong != NULL)
			_exit(write(pipe_ends[1], wrong, strlen(wrong)) > 0 ? 1 : 2);
		_exit(0);
	}
	close(pipe_ends[1]);
	ssize_t length = read(pipe_ends[0], problem, sizeof(problem) - 1);
	close(pipe_ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_NAMESPACE) {
		print_message("skipped: no user and mount namespace can be made here\n");
		skip();
	}
	if (length > 0)
		fail_msg("%s", problem);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* For a check: returns the condition that does not hold. */
#define EXPECT(condition)                                                                                          \
	do {                                                                                                       \
		if (!(condition))                                                                                  \
			return "not so: " #condition;                                                              \
	} while (0)

#endif
