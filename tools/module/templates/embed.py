#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Turns the templates into a C file, so that the command has them wherever it is installed.

usage: embed.py OUTPUT TEMPLATE..."""
import pathlib
import sys


def literal(line):
    return '"' + line.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n') + '"'


def main():
    output, *templates = map(pathlib.Path, sys.argv[1:])
    text = '/* Made by the build from tools/module/templates/. */\n#include "module/template.h"\n\n'
    text += 'const struct module_template module_templates[] = {\n'
    for template in templates:
        text += f'\t{{{literal(template.name.removesuffix(".in"))},\n'
        text += ''.join(f'\t\t{literal(line)}\n' for line in template.read_text().splitlines(keepends=True))
        text += '\t},\n'
    output.write_text(text + '\t{NULL, NULL},\n};\n')


main()
