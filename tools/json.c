/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON (RFC 8259) written to a stream as it is put together. Errors stay with the stream: see ferror().
 */
#include "json.h"

#include <string.h>

#include "text.h"

static void put(struct json *json, const char *bytes, size_t size)
{
	fwrite_unlocked(bytes, 1, size, json->out);
}

static void put_character(struct json *json, const char *bytes, size_t size, uint32_t character)
{
	static const char named[][2] = {
		{'"', '"'}, {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}};
	char escape[8];
	struct text text = text_in(escape, sizeof(escape));

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (character == (uint8_t)named[i][0]) {
			text_char(&text, '\\');
			text_char(&text, named[i][1]);
			put(json, escape, text_length(&text));
			return;
		}
	}
	/* DEL to U+009F need no escape in JSON, but the output may end at a terminal. */
	if (character < 0x20 || (character >= 0x7f && character <= 0x9f)) {
		text_string(&text, "\\u");
		text_hex(&text, character, 4);
		put(json, escape, text_length(&text));
		return;
	}
	put(json, bytes, size);
}

/* How many bytes from the start of a text are written as they are: nearly always all. */
static size_t plain_size(const char *bytes, size_t size)
{
	size_t n = 0;

	while (n < size && bytes[n] >= ' ' && bytes[n] < 0x7f && bytes[n] != '"' && bytes[n] != '\\')
		n++;
	return n;
}

static void put_text(struct json *json, const char *bytes, size_t size)
{
	static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
	const char *end = bytes + size;

	put(json, "\"", 1);
	for (;;) {
		size_t n = plain_size(bytes, (size_t)(end - bytes));
		uint32_t character;

		put(json, bytes, n);
		bytes += n;
		if (bytes == end)
			break;
		n = utf8_size((const uint8_t *)bytes, (size_t)(end - bytes), &character);
		if (n == 0)
			put(json, replacement, sizeof(replacement) - 1);
		else
			put_character(json, bytes, n, character);
		bytes += n == 0 ? 1 : n;
	}
	put(json, "\"", 1);
}

static void put_string(struct json *json, const char *string)
{
	put_text(json, string, strlen(string));
}

static void begin_value(struct json *json, const char *key)
{
	if (json->follows)
		put(json, ",", 1);
	json->follows = true;
	if (key != NULL) {
		put_string(json, key);
		put(json, ":", 1);
	}
}

static void open_group(struct json *json, const char *key, const char *bracket)
{
	begin_value(json, key);
	put(json, bracket, 1);
	json->follows = false;
}

static void close_group(struct json *json, const char *bracket)
{
	put(json, bracket, 1);
	json->follows = true;
}

void json_open_object(struct json *json, const char *key)
{
	open_group(json, key, "{");
}

void json_close_object(struct json *json)
{
	close_group(json, "}");
}

void json_open_array(struct json *json, const char *key)
{
	open_group(json, key, "[");
}

void json_close_array(struct json *json)
{
	close_group(json, "]");
}

void json_string(struct json *json, const char *key, const char *string)
{
	begin_value(json, key);
	if (string == NULL)
		put(json, "null", 4);
	else
		put_string(json, string);
}

void json_text(struct json *json, const char *key, const char *bytes, size_t size)
{
	begin_value(json, key);
	put_text(json, bytes, size);
}

void json_number(struct json *json, const char *key, uint64_t number)
{
	char buffer[24];
	struct text text = text_in(buffer, sizeof(buffer));

	begin_value(json, key);
	text_decimal(&text, number, 1);
	put(json, buffer, text_length(&text));
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	put(json, value ? "true" : "false", value ? 4 : 5);
}

void json_end_line(struct json *json)
{
	put(json, "\n", 1);
	json->follows = false;
}
