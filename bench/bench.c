/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What benchmarks of two libraries in one run share.
 */
#include "bench.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void *symbol(void *handle, const char *path, const char *name)
{
	void *found = dlsym(handle, name);
	if (found == NULL) {
		fprintf(stderr, "%s: no %s\n", path, name);
		exit(1);
	}
	return found;
}

void bench_load(struct bench_library *library, const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL) {
		printf("skipped: %s\n", dlerror());
		exit(77);
	}
	library->path = path;
#define MEMBER(name) library->name = (__typeof__(library->name))symbol(handle, path, #name);
	BENCH_CALLS(MEMBER)
#undef MEMBER
}

double bench_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;
	return (first > second) - (first < second);
}

double bench_median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), compare);
	return values[count / 2];
}

void bench_row(const char *what, double *values, int count, const char *unit)
{
	double median = bench_median(values, count);
	printf("  %-34s min %-10.4g median %-10.4g max %-10.4g %s\n", what, values[0], median, values[count - 1],
		unit);
}
