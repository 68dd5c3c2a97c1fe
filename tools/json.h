/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON (RFC 8259) written to a stream as it is put together: commas, quotes and escapes are seen to here.
 */
#ifndef WEIR_JSON_H
#define WEIR_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	bool follows; /* a value stands before the next one, in the object or array that is open */
};

/*
 * Each takes the key that the value has in an object, or NULL in an array and outermost. An object or array that is
 * open is a value's place until it is closed.
 */
void json_open_object(struct json *json, const char *key);
void json_close_object(struct json *json);
void json_open_array(struct json *json, const char *key);
void json_close_array(struct json *json);

/* Bytes that are not valid UTF-8 become U+FFFD. NULL becomes null. */
void json_string(struct json *json, const char *key, const char *string);
/* Any bytes, a NUL among them. */
void json_text(struct json *json, const char *key, const char *bytes, size_t size);
void json_number(struct json *json, const char *key, uint64_t number);
void json_bool(struct json *json, const char *key, bool value);

/* Ends a line, and makes ready for a value of its own. */
void json_end_line(struct json *json);

#endif
