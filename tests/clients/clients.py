#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Stock programs, unchanged, on the installed library: each must do there what its manual says.

They run in the network that netns.sh --peer makes. Arguments choose the rows whose names contain them all.
"""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'lib'))
import rows_others
import rows_tcpdump
import rows_wireshark
import tap
from stock import Bench, routine_of
from tree import Tree


def main(words):
    rows = [*rows_tcpdump.ROWS, *rows_wireshark.ROWS, *rows_others.ROWS]
    rows = [row for row in rows if all(word in row.name for word in words)]
    with tempfile.TemporaryDirectory(prefix='weir-clients-') as folder:
        bench = Bench(Tree(pathlib.Path(folder) / 'root'), folder)
        return tap.main([(row.name, routine_of(row, bench)) for row in rows])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
