/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes the filter language's parser with any text. What it takes must come back when it is printed and parsed again;
 * what it does not take is told within the bounds of a message.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "filter/filter.h"

#include "../tests/unit/filter/random-expressions.h"

#define LIMIT (64 * 1024 * 1024)

static bool parse(struct filter *filter, const char *text)
{
	*filter = (struct filter){.input.text = text};
	arena_init(&filter->arena, LIMIT);
	return filter_parse(filter);
}

static void check_error(const struct filter *filter)
{
	size_t length = strlen(filter->input.text);

	must(!filter->failed || filter->error[0] != '\0');
	must(filter->error_span.offset <= length &&
		filter->error_span.length <= length - filter->error_span.offset);
	for (size_t size = 1; size < 512; size += 17) {
		char *text = malloc(size);
		must(text != NULL);
		filter_error_text(filter, text, size);
		must(memchr(text, '\0', size) != NULL);
		for (const char *at = text; *at != '\0'; at++)
			must(*at == '\n' || (*at >= ' ' && *at <= '~'));
		free(text);
	}
}

/* The tree's text, and that of the tree which it parses to, are the same. */
static void check_tree(const struct node *tree)
{
	struct filter again;
	char *text = filter_tree_text(tree), *text_again = NULL;

	must(text != NULL);
	must(parse(&again, text));
	text_again = filter_tree_text(again.tree);
	must(text_again != NULL && strcmp(text, text_again) == 0);
	arena_free(&again.arena);
	free(text_again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct filter filter;
	char *text = malloc(size + 1);

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (parse(&filter, text))
		check_tree(filter.tree);
	else
		check_error(&filter);
	arena_free(&filter.arena);
	free(text);
	return 0;
}

size_t fuzz_make_input(uint64_t *state, uint8_t *data)
{
	random_expression(state, (char *)data, FUZZ_INPUT_SIZE / 8);
	return strlen((const char *)data);
}
