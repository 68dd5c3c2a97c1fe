# SPDX-License-Identifier: BSD-3-Clause
"""weir info: files of both formats, compressed, damaged, with text that must not reach a terminal."""
import gzip
import json
import struct

import pcapng as ng
from cases_read import Folder
from tap import check
from weir_command import ERROR, USAGE, holds, refused, same, weir


def pcapng(frames):
    """Two interfaces of different link types; the second packet is earlier than the first; losses are told."""
    return (ng.section() + ng.interface((2, b'eth0'), snaplen=65535) + ng.interface(linktype=101, snaplen=0) +
            ng.packet(0, 10_000_000, frames[0], (1, b'see \x1b[31m')) + ng.packet(1, 9_500_000, frames[1]) +
            ng.packet(0, 12_000_000, frames[2]) +
            ng.statistics(0, 12_000_000, (5, struct.pack('<Q', 3)), (7, struct.pack('<Q', 4))))


def tells_what_is_in_a_pcapng_file():
    with Folder() as folder:
        path = folder.path / 'two.pcapng'
        path.write_bytes(pcapng(folder.frames))
        text = weir('info', path).stdout
        found = json.loads(weir('info', '--json', path).stdout)
    holds(text, 'format      pcapng', 'interface   0: eth0, EN10MB, snapshot length 65535: 2 packets, 7 dropped',
          'interface   1: RAW, snapshot length 0: 1 packets', 'first       1970-01-01T00:00:09.500000000Z',
          'duration    2.50 s', 'order       1 packets', 'comment     see \\x1b[31m')
    check('\x1b' not in text, 'an escape reaches the terminal')
    same([found[key] for key in ('format', 'sections', 'packets', 'bytes', 'duration_nanoseconds', 'backwards',
                                 'comments', 'damage')],
         ['pcapng', 1, 3, 300, 2500000000, 1, ['see \x1b[31m'], None], 'the JSON')
    same([(i['name'], i['link_type'], i['packets'], i.get('dropped')) for i in found['interfaces']],
         [('eth0', 'EN10MB', 2, 7), (None, 'RAW', 1, None)], 'its interfaces')


def tells_what_is_in_a_pcap_file():
    with Folder() as folder:
        found = json.loads(weir('info', '--json', folder.file).stdout)
        piped = json.loads(weir('info', '--json', '-', input=folder.bytes, text=False).stdout)
        packed = folder.path / 'three.pcap.gz'
        packed.write_bytes(gzip.compress(folder.bytes))
        zipped = weir('info', packed, status=0).stdout
    same((found['format'], found['packets'], found['captured_bytes'], found['first'], found['last']),
         ('pcap', 3, 300, '2001-09-09T01:46:40.250000000Z', '2001-09-09T01:46:42.250000000Z'), 'the JSON')
    same({**found, 'file': 0}, {**piped, 'file': 0}, 'what comes from a pipe')
    holds(zipped, 'format      pcap\n', 'packets     3\n')


def damage_is_told_after_what_is_good():
    with Folder() as folder:
        path = folder.path / 'cut.pcapng'
        path.write_bytes(pcapng(folder.frames)[:-100])
        result = weir('info', path, status=ERROR)
        found = json.loads(weir('info', '--json', path, status=ERROR).stdout)
        holds(result.stdout, 'packets     2\n', 'damage      ', 'the file ends in the middle of the block')
        same(found['packets'], 2, 'packets')
        holds(found['damage'], 'the file ends in the middle of the block')
        refused('info', folder.path / 'none', status=ERROR, says='No such file')
    refused('info', status=USAGE, says='which file?')
    refused('info', 'a', 'b', status=USAGE, says='there is one file too many: b')


CASES = [
    ('info: a pcapng file', tells_what_is_in_a_pcapng_file),
    ('info: a pcap file', tells_what_is_in_a_pcap_file),
    ('info: damage', damage_is_told_after_what_is_good),
]
