/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads on behind the damage in a file: what was good of its head, and the rest from the next good place on, go to the
 * library as one stream.
 */
#ifndef WEIR_READ_RESUME_H
#define WEIR_READ_RESUME_H

#include "read-input.h"

struct resume;

/* Makes an input that can read on; input_fetch() then does so, and says what it left out. */
void resume_prepare(struct input *input);
/* Goes on behind what ended the input. False if nothing good comes after it. */
bool resume_behind(struct input *input);
void resume_end(struct input *input);

#endif
