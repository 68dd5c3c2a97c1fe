#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Builds examples of the manual with the library, and runs them on a savefile.

usage: examples.py SOURCE LIBRARY COMPILER..."""
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'lib'))
import packets
import tap
from pages import Page
from tap import check, run

# Each fourth comes from the other address.
FRAMES = [packets.make_udp(n, outgoing=n % 4 == 0) for n in range(1000)]


class Examples:
    """Builds the programs; run() runs one."""

    def __init__(self, source, library, compiler, folder):
        self.source = source
        self.library = library
        self.compiler = compiler
        self.folder = pathlib.Path(folder)
        self.savefile = self.folder / 'thousand.pcap'
        packets.write_pcap(self.savefile, FRAMES)

    def run(self, page, *arguments):
        """What the page's example prints."""
        [code] = Page(self.source / 'doc' / 'man' / 'man3' / f'{page}.3pcap').programs()
        program = self.folder / page
        program.with_suffix('.c').write_text(code)
        run([*self.compiler, '-D_GNU_SOURCE', f'-I{self.source / "include"}', '-o', program,
             program.with_suffix('.c'), self.library])
        search = f'{self.library.parent}:{os.environ.get("LD_LIBRARY_PATH", "")}'
        return run([program, *arguments], env={**os.environ, 'LD_LIBRARY_PATH': search})

    def filter_set(self):
        output = self.run('pcap_filter_set_create', self.savefile, 'udp', 'tcp', 'src host 10.77.0.1',
                          'udp port 7777 and src host 10.77.0.2')
        check(output == '1000: udp\n0: tcp\n250: src host 10.77.0.1\n'
              '750: udp port 7777 and src host 10.77.0.2\n', output)

    def batch(self):
        output = self.run('pcap_offline_filter', 'ip or ip6')
        check(output == 'packet 1: matches\npacket 2: does not\npacket 3: matches\n', output)

    def native(self):
        output = self.run('pcap_set_native_filter', self.savefile, 'udp')
        check([line.split(':')[0] for line in output.splitlines()] == ['interpreted', 'native'], output)
        check('-1' not in output, output)

    def many(self):
        output = self.run('pcap_next_batch', self.savefile)
        size = sum(len(frame) for frame in FRAMES)
        check(output == f'1000 packets, {size} bytes\n', output)

    def blocks(self):
        lines = self.run('pcapng_open', self.savefile).splitlines()
        check(len(lines) == 1000, f'{len(lines)} lines')
        check(all(line.endswith(f'interface 0, {len(FRAMES[0])} bytes') for line in lines), lines[0])


def main():
    with tempfile.TemporaryDirectory() as folder:
        examples = Examples(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve(), sys.argv[3:], folder)
        return tap.main([
            ('pcap_next_batch(3PCAP)', examples.many),
            ('pcapng_open(3PCAP)', examples.blocks),
            ('pcap_filter_set_create(3PCAP)', examples.filter_set),
            ('pcap_offline_filter(3PCAP)', examples.batch),
            ('pcap_set_native_filter(3PCAP)', examples.native),
        ])


if __name__ == '__main__':
    sys.exit(main())
