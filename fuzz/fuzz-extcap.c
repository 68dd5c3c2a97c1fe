/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes the reading of what an extcap program answers when it is asked for its interfaces, and of what it says while it
 * captures. An input is the program's output. Every value that is found stands in it as it was found, in one line.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tests/lib/random-numbers.h"
#include "modules/extcap/extcap.h"

static void read_sentences(const char *answer)
{
	static const char *const names[] = {"value", "display", "number", ""};
	static const size_t sizes[] = {EXTCAP_NAME_MAX, 1, 3};
	const char *text = answer, *end = answer + strlen(answer), *sentence;

	while ((sentence = pcapint_extcap_next(&text, "interface")) != NULL) {
		must(sentence >= answer + strlen("interface") && sentence <= text && text <= end);
		must(memcmp(sentence - strlen("interface"), "interface", strlen("interface")) == 0);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			char value[EXTCAP_NAME_MAX], framed[EXTCAP_NAME_MAX + 16];
			size_t size = sizes[i % 3];

			if (!pcapint_extcap_parameter(sentence, names[i], value, size))
				continue;
			must(memchr(value, '\0', size) != NULL && strchr(value, '\n') == NULL &&
				strchr(value, '}') == NULL);
			snprintf(framed, sizeof(framed), "{%s=%s}", names[i], value);
			must(strstr(sentence, framed) != NULL);
		}
	}
	must(text == end);
}

/* Comes through a pipe, as it does from a program. */
static void read_words(const char *data, size_t size)
{
	struct extcap_process process = {.pid = -1};
	int ends[2];

	must(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	must(write(ends[1], data, size) == (ssize_t)size);
	close(ends[1]);
	process.output = ends[0];
	while (process.output != -1)
		pcapint_extcap_read_words(&process);
	must(memchr(process.words, '\0', sizeof(process.words)) != NULL);
	for (const char *at = process.words; *at != '\0'; at++)
		must((unsigned char)*at >= ' ' && *at != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *answer = malloc(size + 1);

	must(answer != NULL);
	memcpy(answer, data, size);
	answer[size] = '\0';
	read_sentences(answer);
	if (size <= 4096)
		read_words(answer, size);
	free(answer);
	return 0;
}

/* Pieces of good answers, mixed, and some bytes changed. */
size_t fuzz_make_input(uint64_t *state, uint8_t *data)
{
	static const char *const pieces[] = {"interface ", "interface", "extcap {version=1.0}", "{value=eth0}",
		"{display=A name}", "{value=", "{", "}", "=", "\n", "\n", "dlt {number=1}{name=X}", "{value={}}",
		" ** (a:1) ", " -- ", "main(): ", "\r", "\x1b[1m", "{=}", "{=x}"};
	size_t size = 0;

	for (uint32_t count = random_below(state, 40); count > 0; count--) {
		const char *piece = pieces[random_below(state, sizeof(pieces) / sizeof(pieces[0]))];

		memcpy(data + size, piece, strlen(piece));
		size += strlen(piece);
	}
	for (uint32_t count = random_below(state, 3); count > 0 && size > 0; count--)
		data[random_below(state, (uint32_t)size)] = (uint8_t)random_number(state);
	return size;
}
