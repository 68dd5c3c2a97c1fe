/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a process holds, for the checks of the conformance suite that look for leaks: descriptors, memory, threads, child
 * processes. And how to let a process run out of descriptors.
 */
#include "module/check.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "units.h"

/* Rounds are run until there were so many, or so much time was spent, but some in any case. */
#define MOST_ROUNDS 2000
#define LEAST_ROUNDS 5
/* The least that malloc() takes for anything; what is left of each round is no less. */
#define LEAST_LEAK 16

static unsigned count_entries(const char *path)
{
	DIR *folder = opendir(path);
	unsigned count = 0;

	while (folder != NULL) {
		const struct dirent *entry = readdir(folder);
		if (entry == NULL)
			break;
		count += entry->d_name[0] != '.';
	}
	if (folder != NULL)
		closedir(folder);
	return count;
}

static unsigned count_children(void)
{
	char path[64], text[4096];
	unsigned count = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd >= 0 ? read(fd, text, sizeof(text)) : 0;
	if (fd >= 0)
		close(fd);
	for (ssize_t i = 0; i < length; i++)
		count += text[i] == ' ';
	return count;
}

/* malloc()'s own count; or that of the sanitizer which has taken its place. */
static uint64_t count_allocated(void)
{
	size_t (*sanitizers_count)(void);

	*(void **)&sanitizers_count = dlsym(RTLD_DEFAULT, "__sanitizer_get_current_allocated_bytes");
	if (sanitizers_count != NULL)
		return sanitizers_count();
	struct mallinfo2 info = mallinfo2();
	return info.uordblks + info.hblkhd;
}

static uint64_t count_mapped(void)
{
	char text[64] = "";
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;

	if (fd >= 0)
		close(fd);
	return length > 0 ? strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

void count_resources(struct resources *resources)
{
	resources->descriptors = count_entries("/proc/self/fd");
	resources->threads = count_entries("/proc/self/task");
	resources->children = count_children();
	resources->allocated = count_allocated();
	resources->mapped = count_mapped();
}

void name_descriptors(int from, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (int fd = from; fd < from + 200 && length + 1 < size; fd++) {
		char path[64], name[64];
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ssize_t named = readlink(path, name, sizeof(name) - 1);
		if (named <= 0)
			continue;
		name[named] = '\0';
		length += (size_t)snprintf(text + length, size - length, "%s%s", length > 0 ? ", " : "", name);
	}
}

int fill_descriptors(struct trial *t)
{
	DIR *folder = opendir("/proc/self/fd");
	int highest = 0, fd;

	if (folder == NULL)
		left_out(t, "/proc/self/fd can't be read");
	for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
		highest = atoi(entry->d_name) > highest ? atoi(entry->d_name) : highest;
	closedir(folder);
	do
		fd = dup(STDIN_FILENO);
	while (fd >= 0 && fd < highest);
	return fd + 1;
}

void limit_descriptors(int limit)
{
	struct rlimit limits;

	getrlimit(RLIMIT_NOFILE, &limits);
	limits.rlim_cur = (rlim_t)limit;
	setrlimit(RLIMIT_NOFILE, &limits);
}

void unlimit_descriptors(void)
{
	struct rlimit limits;

	getrlimit(RLIMIT_NOFILE, &limits);
	limits.rlim_cur = limits.rlim_max < 4096 ? limits.rlim_max : 4096;
	setrlimit(RLIMIT_NOFILE, &limits);
}

/* ---- Leaks ---- */

struct rounds {
	struct trial *t;
	void (*round)(struct trial *t);
	unsigned done;
	uint64_t nanoseconds; /* to spend */
};

static void *run_in_thread(void *argument)
{
	struct rounds *rounds = argument;
	uint64_t until = monotonic_nanoseconds() + rounds->nanoseconds;

	while (rounds->done < MOST_ROUNDS && (rounds->done < LEAST_ROUNDS || monotonic_nanoseconds() < until)) {
		rounds->round(rounds->t);
		rounds->done++;
	}
	return NULL;
}

/* In a thread of their own: what malloc() keeps at hand for a thread, and counts as taken, goes when the thread ends. */
static unsigned run_rounds(struct trial *t, void (*round)(struct trial *t), uint64_t nanoseconds)
{
	struct rounds rounds = {t, round, 0, nanoseconds};
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_in_thread, &rounds) != 0)
		left_out(t, "no thread can be made");
	pthread_join(thread, NULL);
	return rounds.done;
}

/* How much more of a thing there is after the rounds, if there is one more for each of them. */
static bool grew(uint64_t before, uint64_t after, uint64_t rounds, uint64_t least)
{
	return after > before && after - before >= rounds * least;
}

static void compare(struct trial *t, const struct resources *before, const struct resources *after, unsigned rounds)
{
	if (grew(before->descriptors, after->descriptors, rounds, 1)) {
		char names[256];
		name_descriptors((int)before->descriptors, names, sizeof(names));
		broken(t, "descriptors leak: %u more after %u rounds (%.100s)",
			after->descriptors - before->descriptors, rounds, names);
	}
	if (grew(before->threads, after->threads, rounds, 1))
		broken(t, "threads are left: %u more after %u rounds", after->threads - before->threads, rounds);
	if (grew(before->children, after->children, rounds, 1))
		broken(t, "processes are left, or not waited for: %u more after %u rounds",
			after->children - before->children, rounds);
}

void check_leaks(struct trial *t, void (*round)(struct trial *t))
{
	struct resources before, middle, after;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	/* What is made once and kept is no leak. */
	run_rounds(t, round, 0);
	count_resources(&before);
	unsigned first = run_rounds(t, round, t->settings->leak_time);
	count_resources(&middle);
	compare(t, &before, &middle, first);
	bool allocated = grew(before.allocated, middle.allocated, first, LEAST_LEAK);
	bool mapped = grew(before.mapped, middle.mapped, first, page);
	if (!allocated && !mapped) {
		remark(t, "%u rounds", first);
		return;
	}
	/* It may have been a table that grew; a leak goes on. */
	unsigned second = run_rounds(t, round, t->settings->leak_time);
	count_resources(&after);
	if (allocated && grew(middle.allocated, after.allocated, second, LEAST_LEAK))
		broken(t, "memory leaks: %llu bytes more after %u rounds",
			(unsigned long long)(after.allocated - before.allocated), first + second);
	if (mapped && !allocated && grew(middle.mapped, after.mapped, second, page))
		broken(t, "mapped memory leaks: %llu bytes more after %u rounds",
			(unsigned long long)(after.mapped - before.mapped), first + second);
	remark(t, "%u rounds", first + second);
}
