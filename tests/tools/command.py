#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the `weir` command as its users do: on files, and on the wire that netns.sh makes.

usage: netns.sh command.py WEIR SOURCE
"""
import sys

import weir_command  # finds the modules of tests/lib
import cases_capture
import cases_filter
import cases_info
import cases_read
import cases_usage
import tap


def main():
    if not weir_command.NEAR:
        sys.exit('command.py runs inside netns.sh')
    return tap.main([*cases_usage.CASES, *cases_read.CASES, *cases_info.CASES,
                     *cases_filter.CASES, *cases_capture.CASES])


if __name__ == '__main__':
    sys.exit(main())
