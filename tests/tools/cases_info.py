# SPDX-License-Identifier: BSD-3-Clause
"""weir info: files of both formats, compressed, damaged, with text that must not reach a terminal."""
import gzip
import json
import struct

import pcapng as ng
from cases_convert import everything
from cases_read import Folder
from stock import capinfos
from tap import check
from weir_command import ERROR, USAGE, holds, json_lines, refused, same, weir


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
    holds(text, 'format      pcapng', '0: eth0, EN10MB, snapshot length 65535, microseconds: 2 packets, 7 dropped',
          'interface   1: RAW, snapshot length 0, microseconds: 1 packet\n',
          'first       1970-01-01T00:00:09.500000000Z',
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
        zipped = weir('info', packed).stdout
    same((found['format'], found['packets'], found['captured_bytes'], found['first'], found['last']),
         ('pcap', 3, 300, '2001-09-09T01:46:40.250000000Z', '2001-09-09T01:46:42.250000000Z'), 'the JSON')
    same({**found, 'file': 0}, {**piped, 'file': 0, 'size': 372}, 'what comes from a pipe')
    holds(zipped, 'format      pcap, gzip\n', 'packets     3\n')


def tells_all_that_a_file_says():
    with Folder() as folder:
        path, packed = folder.path / 'all.pcapng', folder.path / 'all.pcapng.zst'
        path.write_bytes(everything(folder.frames))
        weir('read', path, '-w', packed)
        text = weir('info', packed).stdout
        found = json.loads(weir('info', '--json', path).stdout)
        size = packed.stat().st_size
    holds(text, 'format      pcapng, zstd\n', f'size        {size} bytes\n', 'sections    2\n',
          'application a program\n', 'system      an OS\n', 'hardware    a computer\n',
          'section 0, 0: eth0, EN10MB, snapshot length 262144, microseconds: 3 packets, 3 dropped; the first; '
          'filter: udp\n', 'section 0, 1: eth1, RAW, snapshot length 100, 1/2^20 seconds: 1 packet\n',
          'section 1, 0: wlan0, EN10MB, ', 'blocks      1 name resolution, 1 statistics, 1 decryption secrets, '
          '1 systemd journal, 2 custom, 1 unknown\n',
          'comment     zwei ü\n', 'comment     late\n')
    same([found[key] for key in ('compression', 'sections', 'application', 'os', 'hardware', 'comment_count')],
         [None, 2, 'a program', 'an OS', 'a computer', 6], 'the JSON')
    same(found['blocks'], {'name_resolution': 1, 'statistics': 1, 'decryption_secrets': 1, 'systemd_journal': 1,
                           'custom': 2, 'unknown': 1}, 'the blocks')
    same([(one['description'], one['filter'], one['time_stamp_resolution']) for one in found['interfaces']],
         [('the first', 'udp', 6), (None, None, 0x94), (None, None, 6)], 'the interfaces')


def several_files_are_told_of():
    with Folder() as folder:
        cut = folder.path / 'cut.pcap'
        cut.write_bytes(folder.bytes[:-5])
        text = weir('info', folder.file, cut, folder.path / 'none', folder.file, status=ERROR)
        same([line.split('/')[-1] for line in text.stdout.splitlines() if line.startswith('file ')],
             ['three.pcap', 'cut.pcap', 'three.pcap'], 'the files')
        holds(text.stderr, 'none: No such file')
        found = json_lines(weir('info', '--json', folder.file, cut, status=ERROR).stdout)
        same([(one['packets'], one['damage'] is None) for one in found], [(3, True), (2, False)], 'the JSON')
        weir('info', folder.file, folder.file)


def agrees_with_capinfos():
    with Folder() as folder:
        path = folder.path / 'all.pcapng'
        path.write_bytes(everything(folder.frames))
        theirs = capinfos(path)
        ours = json.loads(weir('info', '--json', path).stdout)
    same((str(ours['packets']), str(ours['bytes']) + ' bytes', ours['application']),
         (theirs['Number of packets'], theirs['Data size'], theirs['Capture application']), 'what it says')


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


CASES = [
    ('info: a pcapng file', tells_what_is_in_a_pcapng_file),
    ('info: a pcap file', tells_what_is_in_a_pcap_file),
    ('info: all that a file says', tells_all_that_a_file_says),
    ('info: several files', several_files_are_told_of),
    ('info: agrees with capinfos', agrees_with_capinfos),
    ('info: damage', damage_is_told_after_what_is_good),
]
