#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the `weir` command on savefiles of all kinds, also with the stock programs, and captures into them.

usage: netns.sh savefiles.py WEIR SOURCE
"""
import sys

import weir_command  # finds the modules of tests/lib
import cases_convert
import cases_faults
import cases_many
import cases_rings
import tap


def main():
    if not weir_command.NEAR:
        sys.exit('savefiles.py runs inside netns.sh')
    return tap.main([*cases_convert.CASES, *cases_many.CASES, *cases_faults.CASES, *cases_rings.CASES])


if __name__ == '__main__':
    sys.exit(main())
