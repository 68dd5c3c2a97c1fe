# SPDX-License-Identifier: BSD-3-Clause
"""weir read -w: formats, compression, time stamps; nothing is lost from pcapng to pcapng; sections and slices."""
import gzip
import shutil
import struct
import subprocess
from pathlib import Path

import pcapng as ng
from cases_read import Folder
from packets import make_udp, read_pcap, write_pcap
from stock import as_tcpdump_reads, as_tshark_reads, capinfos, stock
from tap import Skip, check
from weir_command import ERROR, USAGE, holds, refused, same, weir

MAGIC = {'.gz': b'\x1f\x8b', '.zst': b'\x28\xb5\x2f\xfd', '.lz4': b'\x04\x22\x4d\x18'}


def number(value):
    return struct.pack('<Q', value)


def time_option(value):
    return struct.pack('<II', value >> 32, value & 0xffffffff)


def everything(frames):
    """Two sections with every block and option there is."""
    custom = struct.pack('<I', 32473) + b'\1\2\3\4'
    first = (
        ng.section((1, b'one'), (1, 'zwei ü'.encode()), (2, b'a computer'), (3, b'an OS'), (4, b'a program'),
                   (2988, custom), (19372, custom)) +
        ng.interface((2, b'eth0'), (3, b'the first'), (4, bytes([10, 0, 0, 1, 255, 0, 0, 0])),
                     (5, bytes(16) + b'\x40'), (6, b'\2\0\0\0\0\1'), (7, bytes(8)), (8, number(10**9)), (9,
                                                                                                         b'\6'),
                     (11, b'\0udp'), (12, b'an OS'), (13, b'\4'), (15, b'a card'), (16, number(1)), (17,
                                                                                                     number(2))) +
        ng.interface((2, b'eth1'), (9, b'\x94'), (14, number(1000)), linktype=101, snaplen=100) +
        ng.packet(0, 10**15, frames[0], (1, b'a comment'), (1, b'another'), (2, struct.pack('<I', 5)),
                  (3, b'\2' + bytes(4)), (4, number(3)), (5, number(4)), (6, struct.pack('<I', 1)),
                  (7, b'\0' + number(1)), (8, struct.pack('<II', 2, 3)), (2989, custom), (19373, custom)) +
        ng.packet(1, 7 << 20 | 1 << 19, frames[1][14:], length=1000) +
        ng.block(ng.SIMPLE, struct.pack('<I', len(frames[2])) + ng.padded(frames[2])) +
        ng.block(ng.OBSOLETE, struct.pack('<HHIIII', 0, 2, 0, 5, len(frames[0]), len(frames[0])) +
                 ng.padded(frames[0]) + ng.options((2, struct.pack('<I', 1)))) +
        ng.block(ng.NAMES, struct.pack('<HH', 1, 9) + b'\x0a\0\0\1host\0\0\0\0' + struct.pack('<HH', 0, 0) +
                 ng.options((2, b'a server'), (3, bytes(4)))) +
        ng.block(ng.SECRETS, struct.pack('<II', 0x544c534b, 8) + b'secrets\n' + ng.options((1, b'for TLS'))) +
        ng.block(ng.JOURNAL, ng.padded(b'__REALTIME_TIMESTAMP=1000000000000000\nMESSAGE=hello\n')) +
        ng.block(ng.CUSTOM, custom) + ng.block(ng.CUSTOM_NO_COPY, custom) + ng.block(0x7777, b'unknown!') +
        ng.statistics(0, 10**15, (2, time_option(10**15 - 5)), (3, time_option(10**15)), (4, number(9)),
                      (5, number(1)), (6, number(8)), (7, number(2)), (8, number(6))))
    second = ng.section() + ng.interface((2, b'wlan0')) + ng.packet(0, 2 * 10**15, frames[2], (1, b'late'))
    return first + second


def from_pcapng_to_pcapng_nothing_is_lost():
    with Folder() as folder:
        source, out = folder.path / 'all.pcapng', folder.path / 'out.pcapng'
        source.write_bytes(everything(folder.frames))
        weir('read', source, '-w', out)
        same(ng.blocks_of(out), ng.blocks_of(source), 'the blocks')
        same(out.read_bytes(), source.read_bytes(), 'the file')
        same(weir('read', source, '-w', '-', text=False).stdout, source.read_bytes(), 'standard output')
        same(weir('read', '-', '-w', '-', input=source.read_bytes(), text=False).stdout, source.read_bytes(),
             'from pipe to pipe')
        weir('read', source, '-w', out, '--comment', 'mine', '--comment', 'and this')
        found, expected = ng.blocks_of(out), ng.blocks_of(source)
        same(ng.block_options(found[0]), ng.block_options(expected[0]) + [(1, b'mine'), (1, b'and this')],
             'the section with comments')
        same(found[1:], expected[1:], 'what comes after it')


def what_must_not_be_copied_is_left_out_of_parts():
    with Folder() as folder:
        source, out = folder.path / 'all.pcapng', folder.path / 'out.pcapng'
        source.write_bytes(everything(folder.frames))
        weir('read', source, '-w', out, 'udp')
        found = ng.blocks_of(out)
        check(ng.CUSTOM_NO_COPY not in [one.kind for one in found], 'the block was copied')
        same([one.kind for one in found],
             [one.kind for one in ng.blocks_of(source) if one.kind != ng.CUSTOM_NO_COPY], 'the other blocks')
        codes = [code for code, _ in ng.packets_of(out)[0].options]
        same(codes, [1, 1, 2, 3, 4, 5, 6, 7, 8, 2989], 'the options of a packet')


def formats_change_and_change_back():
    with Folder() as folder:
        path = folder.path
        nano = path / 'nano.pcap'
        nano.write_bytes(struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 262144, 1) + b''.join(
            struct.pack('<IIII', 7 + n, 123456789, len(frame), 2000) + frame
            for n, frame in enumerate(folder.frames)))
        for source in (folder.file, nano):
            weir('read', source, '-w', path / 'there.pcapng')
            same(ng.frames_of(path / 'there.pcapng'), folder.frames, 'frames as pcapng')
            weir('read', path / 'there.pcapng', '-w', path / 'back.pcap')
            same((path / 'back.pcap').read_bytes(), source.read_bytes(), 'as pcap again')
            weir('read', source, '-w', path / 'as-it-is')
            same((path / 'as-it-is').read_bytes(), source.read_bytes(), 'without an ending')
            weir('read', source, '-w', path / 'odd.pcap', '-F', 'pcapng')
            same(ng.frames_of(path / 'odd.pcap'), folder.frames, 'with -F pcapng')
            same((path / 'odd.pcap').read_bytes(), (path / 'there.pcapng').read_bytes(), 'the same as by name')


def the_frame_check_sequence_is_kept():
    """Its length is in the link-type field of pcap files, in units of two bytes."""
    with Folder() as folder:
        path = folder.path
        for words in (0, 1, 2, 15):
            data = bytearray(folder.bytes)
            struct.pack_into('<I', data, 20, 1 | 0x04000000 | words << 28)
            (path / 'fcs.pcap').write_bytes(data)
            weir('read', path / 'fcs.pcap', '-w', path / 'copy.pcap')
            same((path / 'copy.pcap').read_bytes(), bytes(data), f'the copy with {words}')
            weir('read', path / 'fcs.pcap', '-w', path / 'there.pcapng')
            same(dict(ng.block_options(ng.blocks_of(path / 'there.pcapng')[1]))[13], bytes([2 * words]), 'if_fcslen')
            weir('read', path / 'there.pcapng', '-w', path / 'back.pcap')
            same((path / 'back.pcap').read_bytes(), bytes(data), f'there and back with {words}')
        weir('read', path / 'fcs.pcap', '-w', path / 'copy.pcap', '--append')
        same((path / 'copy.pcap').read_bytes(), bytes(data) + bytes(data[24:]), 'appended')


def files_are_compressed_by_name_or_option():
    with Folder() as folder:
        path = folder.path
        for suffix, how in (('.gz', 'gzip'), ('.zst', 'zstd'), ('.lz4', 'lz4')):
            by_name, by_option = path / ('out.pcap' + suffix), path / ('out-' + how)
            weir('read', folder.file, '-w', by_name)
            weir('read', folder.file, '-w', by_option, '--compress', how)
            for packed in (by_name, by_option):
                check(packed.read_bytes().startswith(MAGIC[suffix]), f'{packed} is not {how}')
                weir('read', packed, '-w', path / 'back.pcap')
                same((path / 'back.pcap').read_bytes(), folder.bytes, f'{packed} unpacked')
            weir('read', folder.file, '-w', path / ('plain.pcap' + suffix), '--compress', 'none')
            same((path / ('plain.pcap' + suffix)).read_bytes(), folder.bytes, 'with --compress none')
        same(gzip.decompress((path / 'out.pcap.gz').read_bytes()), folder.bytes, 'as gzip unpacks it')
        for program, suffix in (('zstd', '.zst'), ('lz4', '.lz4')):
            if shutil.which(program):
                unpacked = subprocess.run([program, '-dc', path / ('out.pcap' + suffix)], capture_output=True,
                                          check=True)
                same(unpacked.stdout, folder.bytes, f'as {program} unpacks it')


def precision_is_converted():
    with Folder() as folder:
        source, out = folder.path / 'in.pcapng', folder.path / 'out.pcapng'
        frame = folder.frames[0]
        # 5.5 s in 1/2^20 s, 1000 s later; 7.123456789 s; 3.25 s in microseconds, the default.
        source.write_bytes(
            ng.section() + ng.interface((9, b'\x94'), (14, number(1000))) + ng.interface((9, b'\x09')) +
            ng.interface() + ng.packet(0, 11 << 19, frame) + ng.packet(1, 7123456789, frame) +
            ng.packet(2, 3250000, frame) + ng.statistics(0, 11 << 19, (2, time_option(1 << 20)), (4, number(1))))
        for unit, digits in (('nano', 9), ('micro', 6)):
            weir('read', source, '-w', out, '--precision', unit)
            scale = 10**digits
            same([one.time for one in ng.packets_of(out)],
                 [11 * scale // 2, 7123456789 * scale // 10**9, 325 * scale // 100], f'times in {unit}')
            blocks = ng.blocks_of(out)
            same([dict(ng.block_options(one)).get(9) for one in blocks if one.kind == ng.INTERFACE],
                 [bytes([digits])] * 3, 'if_tsresol')
            losses = next(one for one in blocks if one.kind == ng.STATISTICS)
            same(struct.unpack_from('<III', losses.body)[2], 11 * scale // 2 & 0xffffffff,
                 'time of the statistics')
            same(ng.block_options(losses), [(2, time_option(scale)), (4, number(1))], 'their options')
        weir('read', source, '-w', folder.path / 'out.pcap')
        found = read_pcap(folder.path / 'out.pcap')
        same((found.nanoseconds, [(one.seconds, one.fraction) for one in found.packets]),
             (True, [(1005, 500000000), (7, 123456789), (3, 250000000)]), 'as pcap')
        weir('read', source, '-w', folder.path / 'out.pcap', '--precision', 'micro')
        found = read_pcap(folder.path / 'out.pcap')
        same((found.nanoseconds, [one.fraction for one in found.packets]), (False, [500000, 123456, 250000]),
             'as pcap in microseconds')


def a_pcap_file_has_one_link_type():
    with Folder() as folder:
        source, out = folder.path / 'in.pcapng', folder.path / 'out.pcap'
        source.write_bytes(everything(folder.frames))
        result = weir('read', source, '-w', out, status=ERROR)
        holds(result.stderr, 'out.pcap: 1 packets of other link types than the first were left out')
        frames = folder.frames
        same([one.data for one in read_pcap(out).packets], [frames[0], frames[2], frames[0], frames[2]],
             'packets')
        # Its upper bits tell of the frame check sequence, which the interface has.
        same(read_pcap(out).linktype & 0x3ffffff, 1, 'link type')
        refused('read', source, '-w', out, '--comment', 'x', status=USAGE,
                says='a pcap file has no place for comments')


def numbers_and_times_select():
    with Folder() as folder:
        many, out = folder.path / 'many.pcap', folder.path / 'out.pcap'
        frames = [make_udp(n) for n in range(20)]
        write_pcap(many, frames)
        for words, expected in (
                (['--first-packet', 5], frames[4:]), (['--last-packet', 3],
                                                      frames[:3]), (['--first', 5, '--last', 7], frames[4:7]),
                (['--from', '1000000010'], frames[10:]), (['--from', '1000000010.25'], frames[10:]),
                (['--from', '1000000010.250001'], frames[11:]), (['--to', '1000000010.25'], frames[:10]),
                (['--from', '+3', '--to', '+6'], frames[3:6]), (['--from', '2001-09-09T01:46:45Z'], frames[5:]),
                (['--from', '2001-09-09 01:46:45'], frames[5:]), (['--to', '2001-09-09T02:46:45+01:00'],
                                                                  frames[:5]),
                (['--from', '2001-09-09'], frames), (['--to', '2001-09-09'], []),
                (['--first', 3, '-c', 2], frames[2:4]), (['--last', 4, 'udp[8:4] > 1'], frames[2:4]),
                (['-c', 2, 'udp[8:4] > 1'], frames[2:4])):
            weir('read', many, '-w', out, *words)
            same([one.data for one in read_pcap(out).packets], expected, f'with {words}')
        for bad in ('noon', '2001-13-01', '2001-09-09T25:00', '2001-09-09T01:46:45+1', '2001-09-09T01:46:45Zx',
                    '1.', '++1', ''):
            refused('read', many, '--from', bad, status=USAGE, says='--from takes a time, such as')


def slices_are_those_of_editcap():
    with Folder() as folder:
        source, ours, theirs = (folder.path / name for name in ('in.pcapng', 'ours.pcapng', 'theirs.pcapng'))
        source.write_bytes(ng.section((4, b'a program')) + ng.interface((2, b'eth0')) + b''.join(
            ng.packet(0, 10**15 + n * 10**5, make_udp(n), (1, b'number %d' % n)) for n in range(50)))
        for our_words, their_words in (
                (['--first', 11, '--last', 30], ['-r', source, theirs, '11-30']),
                (['--from', '2001-09-09T01:46:41Z', '--to', '2001-09-09T01:46:43.500Z'],
                 ['-A', '2001-09-09T01:46:41Z', '-B', '2001-09-09T01:46:43.500Z', source, theirs])):
            weir('read', source, '-w', ours, *our_words)
            stock('editcap', *their_words)
            same(as_tshark_reads(ours), as_tshark_reads(theirs), f'the packets of {our_words}')
            check(len(as_tshark_reads(ours)) in (20, 25), 'how many they are')


def stock_files():
    """What makes files of a savefile: a name, the program and its words."""
    yield 'a nanosecond pcap file of editcap', ['editcap', '-F', 'nsecpcap', '{in}', '{out}']
    yield 'a pcap file of editcap', ['editcap', '-F', 'pcap', '{in}', '{out}']
    yield 'a modified pcap file of editcap', ['editcap', '-F', 'modpcap', '{in}', '{out}']
    yield 'a pcapng file of editcap', ['editcap', '-F', 'pcapng', '-a', '2:a comment', '--capture-comment',
                                       'all', '{in}', '{out}']
    yield 'a pcapng file of mergecap', ['mergecap', '-w', '{out}', '{in}', '{in}']
    yield 'a pcap file of tcpdump', ['tcpdump', '-r', '{in}', '-w', '{out}']
    yield 'a pcapng file of tshark', ['tshark', '-r', '{in}', '-w', '{out}']


def stock_files_are_read_as_their_makers_do():
    """And what we write of them is read the same, in each format and compression that they read."""
    made = 0
    with Folder() as folder:
        source, out = folder.path / 'in.pcap', folder.path / 'stock-out'
        write_pcap(source, [make_udp(n, 60 + n) for n in range(30)])
        for name, words in stock_files():
            if not shutil.which(words[0]):
                continue
            stock(*[word.format(**{'in': source, 'out': out}) for word in words])
            fields = ['frame.number', 'frame.time_epoch', 'frame.cap_len', 'frame.len', 'frame.comment',
                      '_ws.col.Info']
            expected = as_tshark_reads(out, fields)
            same(len(weir('read', out).stdout.splitlines()), len(expected), f'packets of {name}')
            for suffix in ('pcapng', 'pcapng.gz', 'pcapng.zst', 'pcapng.lz4'):
                ours = folder.path / f'ours.{suffix}'
                weir('read', out, '-w', ours)
                if suffix in ('pcapng', 'pcapng.gz'):
                    same(as_tshark_reads(ours, fields), expected, f'{name} as {suffix}')
                same(weir('read', ours, '--json').stdout, weir('read', out, '--json').stdout,
                     f'{name} as {suffix}')
            made += 1
    if made == 0:
        raise Skip('editcap, mergecap, tcpdump and tshark are not installed')


def text2pcap_agrees():
    with Folder() as folder:
        text, theirs, ours = (folder.path / name for name in ('in.txt', 'theirs.pcapng', 'ours.pcap'))
        lines = (' '.join(f'{byte:02x}' for byte in frame) for frame in folder.frames)
        text.write_text(''.join(f'000000 {line}\n\n' for line in lines))
        stock('text2pcap', '-q', text, theirs)
        weir('read', theirs, '-w', ours)
        same([one.data for one in read_pcap(ours).packets], folder.frames, 'frames')


def our_files_are_read_without_complaint():
    with Folder() as folder:
        source, ours = folder.path / 'in.pcap', folder.path / 'ours.pcapng'
        write_pcap(source, [make_udp(n, 60 + n) for n in range(30)])
        weir('read', source, '-w', ours, '--comment', 'a file of ours')
        same(as_tcpdump_reads(ours), as_tcpdump_reads(source), 'as tcpdump reads it')
        found = capinfos(ours)
        same((found['File type'], found['Number of packets'], found['Capture comment'],
              found['Strict time order']),
             ('pcapng', '30', 'a file of ours', 'True'), 'what capinfos says')
        theirs = folder.path / 'theirs.pcapng'
        stock('editcap', ours, theirs)
        same(as_tshark_reads(theirs), as_tshark_reads(ours), 'through editcap')


CASES = [
    ('read -w: from pcapng to pcapng nothing is lost', from_pcapng_to_pcapng_nothing_is_lost),
    ('read -w: what must not be copied is left out of parts', what_must_not_be_copied_is_left_out_of_parts),
    ('read -w: formats change and change back', formats_change_and_change_back),
    ('read -w: the frame check sequence is kept', the_frame_check_sequence_is_kept),
    ('read -w: compression by name or option', files_are_compressed_by_name_or_option),
    ('read -w: precision is converted', precision_is_converted),
    ('read -w: a pcap file has one link type', a_pcap_file_has_one_link_type),
    ('read: numbers and times select', numbers_and_times_select),
    ('read: slices are those of editcap', slices_are_those_of_editcap),
    ('read: files of stock programs', stock_files_are_read_as_their_makers_do),
    ('read: a file of text2pcap', text2pcap_agrees),
    ('read -w: stock programs read our files', our_files_are_read_without_complaint),
]
