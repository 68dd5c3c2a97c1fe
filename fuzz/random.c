/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a fuzzer without libFuzzer: over files, to see again what one of them did, or over random inputs, the same in
 * every run, as a test.
 *
 * usage: fuzz-NAME FILE…             runs each file
 *        fuzz-NAME --random COUNT    runs COUNT random inputs; the one that ends the program is named
 */
#include "fuzz.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tests/lib/random-numbers.h"

static unsigned long current;

/* Only what may be called in a signal handler. */
static void name_input(int signal_number)
{
	char text[] = "in input 00000000000\n";
	char *digit = text + sizeof(text) - 2;

	for (unsigned long n = current; n != 0 && *--digit == '0'; n /= 10)
		*digit = (char)('0' + n % 10);
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(2);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

/* Bytes of an input that get another value, so that what is not quite valid is tried too. */
static void spoil(uint64_t *state, uint8_t *data, size_t size)
{
	for (uint32_t n = random_below(state, 4); n != 0 && size != 0; n--)
		data[random_below(state, (uint32_t)size)] = (uint8_t)random_number(state);
}

static void run_random(unsigned long count)
{
	static uint8_t data[FUZZ_INPUT_SIZE];
	uint64_t state = 1;

	signal(SIGABRT, name_input);
	signal(SIGSEGV, name_input);
	signal(SIGBUS, name_input);
	signal(SIGFPE, name_input);
	signal(SIGILL, name_input);
	for (current = 0; current < count; current++) {
		size_t size = fuzz_make_input(&state, data);
		spoil(&state, data, size);
		LLVMFuzzerTestOneInput(data, size);
	}
	printf("%lu inputs\n", count);
}

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t size = 0, got = 0;

	if (file == NULL) {
		perror(path);
		return 1;
	}
	do {
		data = realloc(data, size + FUZZ_INPUT_SIZE);
		if (data == NULL)
			abort();
		got = fread(data + size, 1, FUZZ_INPUT_SIZE, file);
		size += got;
	} while (got == FUZZ_INPUT_SIZE);
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc == 3 && strcmp(argv[1], "--random") == 0) {
		run_random(strtoul(argv[2], NULL, 10));
		return 0;
	}
	if (argc < 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: %s FILE...\n       %s --random COUNT\n", argv[0], argv[0]);
		return 1;
	}
	for (int i = 1; i < argc; i++)
		failed |= run_file(argv[i]);
	return failed;
}
