/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The answers of extcap programs: lines of a word and parameters in braces. For the extcap module; the text comes from a
 * program and may be anything.
 */
#include "extcap.h"

#include <string.h>

const char *pcapint_extcap_next(const char **text, const char *kind)
{
	size_t length = strlen(kind);

	while (**text != '\0') {
		const char *line = *text;
		size_t size = strcspn(line, "\n");

		*text = line + size + (line[size] == '\n');
		if (size > length && strncmp(line, kind, length) == 0 &&
			(line[length] == ' ' || line[length] == '{'))
			return line + length;
	}
	return NULL;
}

bool pcapint_extcap_parameter(const char *sentence, const char *name, char *value, size_t size)
{
	size_t length = strlen(name), line = strcspn(sentence, "\n");
	const char *end = sentence + line, *at = sentence;

	while ((at = memchr(at, '{', end - at)) != NULL) {
		const char *close = memchr(at, '}', end - at);
		at++;
		if (close == NULL)
			return false;
		if ((size_t)(close - at) > length && strncmp(at, name, length) == 0 && at[length] == '=') {
			size_t bytes = close - at - length - 1;
			if (bytes >= size)
				return false;
			memcpy(value, at + length + 1, bytes);
			value[bytes] = '\0';
			return true;
		}
		at = close;
	}
	return false;
}
