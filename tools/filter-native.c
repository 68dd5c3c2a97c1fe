/* SPDX-License-Identifier: BSD-3-Clause */
/* `weir filter --native`: the native code of a filter, through objdump if there is one, else in hexadecimal. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "filter-speed.h"

/* What objdump has to be told of code that is in no object file. */
#if defined(__x86_64__)
#define MACHINE "i386:x86-64 -M intel"
#elif defined(__aarch64__)
#define MACHINE "aarch64"
#else
#define MACHINE "none"
#endif

#define BYTES_A_LINE 16

static void show_hex(const u_char *code, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (i % BYTES_A_LINE == 0)
			printf("%4zx:", i);
		printf(" %02x%s", code[i], i + 1 == size || (i + 1) % BYTES_A_LINE == 0 ? "\n" : "");
	}
}

/* A file with the code, whose name comes into path, a template of mkstemp(). */
static bool write_code(char *path, const u_char *code, size_t size)
{
	int file = mkstemp(path);

	if (file < 0)
		return false;
	bool written = write(file, code, size) == (ssize_t)size;
	close(file);
	if (!written)
		unlink(path);
	return written;
}

/* Shows the lines with instructions; false if there are none. */
static bool disassemble(const char *path)
{
	char command[200], line[500];
	bool shown = false;

	snprintf(command, sizeof(command), "exec objdump -D -z -b binary -m " MACHINE " %s 2>/dev/null", path);
	FILE *output = popen(command, "r");
	while (output != NULL && fgets(line, sizeof(line), output) != NULL) {
		const char *at = line + strspn(line, " ");
		const char *after = at + strspn(at, "0123456789abcdef");
		if (after == at || after[0] != ':' || after[1] != '\t')
			continue;
		fputs(line, stdout);
		shown = true;
	}
	if (output != NULL)
		pclose(output);
	return shown;
}

int show_native_code(const struct bpf_program *program)
{
	char path[] = "/tmp/weir-native-XXXXXX";
	size_t size = pcap_get_native_code(program, NULL, 0);
	u_char *code = malloc(size != 0 ? size : 1);

	if (code == NULL) {
		complain("no memory");
		return STATUS_ERROR;
	}
	if (size == 0 || pcap_get_native_code(program, code, size) != size) {
		complain("there is no native code: this processor is not supported, the system refuses it, or "
			 "WEIR_NATIVE_FILTER is off");
		free(code);
		return STATUS_ERROR;
	}
	bool has_file = write_code(path, code, size);
	if (!has_file || !disassemble(path))
		show_hex(code, size);
	if (has_file)
		unlink(path);
	free(code);
	return STATUS_OK;
}
