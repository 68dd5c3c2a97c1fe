/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The files of a new module, as they lie in tools/module/templates/, where words of the form @NAME@ stand for what `weir module
 * new` fills in.
 */
#ifndef WEIR_MODULE_TEMPLATE_H
#define WEIR_MODULE_TEMPLATE_H

#include <stddef.h>

struct module_template {
	const char *name;
	const char *text;
};

/* Ends with a row whose name is NULL. Made by the build (templates/embed.py). */
extern const struct module_template module_templates[];

#endif
