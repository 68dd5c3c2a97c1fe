# SPDX-License-Identifier: BSD-3-Clause
"""weir read with several files: merged by time, split into parts; names; appending; growing files."""
import os
import shutil
import signal
import struct
import subprocess
import time
from contextlib import contextmanager

import pcapng as ng
from cases_read import Folder
from packets import make_udp, read_pcap, sequence_of, write_pcap
from stock import as_tshark_reads, stock
from tap import Skip, check
from weir_command import ENVIRONMENT, ERROR, PATIENCE, USAGE, WEIR, holds, json_lines, refused, same, weir

START = 10**15  # 2001-09-09T01:46:40Z, in microseconds


def numbers(frames):
    return [sequence_of(frame) for frame in frames]


def file_of(*sequence, name=b'eth0', step=1000, more=()):
    """A pcapng file whose packets have the given numbers, each at the time that goes with it."""
    return (ng.section((4, b'a program'), *more) + ng.interface((2, name)) +
            b''.join(ng.packet(0, START + n * step, make_udp(n)) for n in sequence))


# ---- Merging ----


def files_are_merged_by_time():
    with Folder() as folder:
        paths = [folder.path / f'{name}.pcapng' for name in 'abcd']
        out = folder.path / 'out.pcapng'
        for path, part in zip(paths, (range(0, 40, 3), range(1, 40, 3), range(2, 40, 3), ())):
            path.write_bytes(file_of(*part, more=((1, path.name.encode()),)))
        weir('read', '-m', *paths, '-w', out)
        same(numbers(ng.frames_of(out)), list(range(40)), 'the order')
        blocks = ng.blocks_of(out)
        same([one.kind for one in blocks[:3]], [ng.SECTION, ng.INTERFACE, ng.ENHANCED], 'one interface for all')
        same([text for code, text in ng.block_options(blocks[0]) if code == 1],
             [b'a.pcapng', b'b.pcapng', b'c.pcapng', b'd.pcapng'],
             'the comments')
        lines = weir('read', '-m', *reversed(paths), '-c', 5, '--json', '--', 'udp[8:4] > 10').stdout
        same([line['time'][20:26] for line in json_lines(lines)], [f'{n:03}000' for n in range(11, 16)],
             'as lines, filtered')
        result = weir('read', '-m', *paths, '--', 'udp[8:4] <', '3')
        same(len(result.stdout.splitlines()), 3, 'an expression of two words')
        check(' eth0 100/100 ' in result.stdout, 'interfaces are not shown')


def interfaces_of_all_files_are_kept():
    with Folder() as folder:
        first, second, out = (folder.path / f'{name}.pcapng' for name in ('1', '2', 'out'))
        # The second has eth0 twice, and it is of two sections.
        first.write_bytes(file_of(0, 2) + ng.statistics(0, START, (5, struct.pack('<Q', 1))))
        second.write_bytes(
            ng.section() + ng.interface((2, b'eth0')) + ng.interface((2, b'eth0')) + ng.interface((2, b'raw0'),
                                                                                                  linktype=101) +
            ng.packet(0, START + 1000, make_udp(1)) + ng.packet(1, START + 3000, make_udp(3)) +
            ng.packet(2, START + 4000, make_udp(4)[14:]) + ng.statistics(2, START, (5, struct.pack('<Q', 7))) +
            ng.section() + ng.interface((2, b'eth9')) + ng.packet(0, START + 5000, make_udp(5)) +
            ng.block(ng.SIMPLE, struct.pack('<I', 100) + make_udp(6)))
        weir('read', '-m', first, second, '-w', out)
        blocks = ng.blocks_of(out)
        same([dict(ng.block_options(one))[2] for one in blocks if one.kind == ng.INTERFACE],
             [b'eth0', b'eth0', b'raw0', b'eth9'], 'interfaces')
        same([one.interface for one in ng.packets_of(out)], [0, 0, 0, 1, 2, 3, 3], 'whose the packets are')
        same([struct.unpack_from('<I', one.body)[0] for one in blocks if one.kind == ng.STATISTICS], [0, 2],
             'whose the statistics are')
        check(len([one for one in blocks if one.kind == ng.SECTION]) == 1, 'more than one section')
        as_tshark_reads(out)


def merging_agrees_with_mergecap():
    with Folder() as folder:
        paths = [folder.path / f'{n}.pcap' for n in range(3)]
        for n, path in enumerate(paths):
            frames = [make_udp(1000 * n + i, 60 + i) for i in range(40)]
            path.write_bytes(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1) + b''.join(
                struct.pack('<IIII', 10**9 + i * (n + 1), 100 * n, len(frame), len(frame)) + frame
                for i, frame in enumerate(frames)))
        ours, theirs = folder.path / 'ours.pcapng', folder.path / 'theirs.pcapng'
        stock('mergecap', '-w', theirs, *paths)
        weir('read', '-m', *paths, '-w', ours)
        fields = ['frame.number', 'frame.time_epoch', 'frame.len', 'udp.payload']
        same(as_tshark_reads(ours, fields), as_tshark_reads(theirs, fields), 'packets')


def a_damaged_file_does_not_stop_the_others():
    with Folder() as folder:
        good, cut, out = (folder.path / f'{name}.pcapng' for name in ('good', 'cut', 'out'))
        good.write_bytes(file_of(*range(0, 20, 2)))
        cut.write_bytes(file_of(*range(1, 20, 2))[:-150])
        result = weir('read', '-m', good, cut, '-w', out, status=ERROR)
        holds(result.stderr, 'cut.pcapng: enhanced packet block at offset ',
              'the file ends in the middle of the block')
        same(numbers(ng.frames_of(out)), [n for n in range(20) if n not in (17, 19)], 'packets')
        refused('read', '-m', good, folder.path / 'none', '-w', out, status=ERROR, says='none: No such file')
        refused('read', '-m', status=USAGE, says='which file?')
        refused('read', '-m', '--', 'udp', status=USAGE, says='which file?')


# ---- Splitting ----


def parts(folder, pattern='part*'):
    return sorted(folder.path.glob(pattern))


def files_are_split():
    with Folder() as folder:
        source, out = folder.path / 'in.pcapng', folder.path / 'part.pcapng'
        source.write_bytes(file_of(*range(100), more=((1, b'kept'),)))
        for words, counts in ((['--file-packets', 30], [30, 30, 30, 10]),
                              (['-b', 'packets:30'], [30, 30, 30, 10]),
                              (['-C', '2k'], None), (['-b', 'filesize:2'], None),
                              (['-G', '0.04'], [40, 40, 20]), (['-b', 'duration:0.04'], [40, 40, 20])):
            weir('read', source, '-w', out, *words)
            found = parts(folder)
            same([path.name for path in found], [f'part_{n + 1:05}.pcapng' for n in range(len(found))], 'names')
            same(numbers(frame for path in found for frame in ng.frames_of(path)), list(range(100)),
                 f'packets with {words}')
            if counts:
                same([len(ng.frames_of(path)) for path in found], counts, f'packets of each with {words}')
            else:
                limit = 2048 if words[0] == '-C' else 2000
                check(all(path.stat().st_size <= limit for path in found), f'larger than {limit}')
                check(all(path.stat().st_size > limit - 140 for path in found[:-1]), f'much smaller than {limit}')
            for path in found:
                blocks = ng.blocks_of(path)
                same([one.kind for one in blocks[:2]], [ng.SECTION, ng.INTERFACE], 'how each begins')
                check((1, b'kept') in ng.block_options(blocks[0]), 'the comment is not in each')
                path.unlink()
        weir('read', source, '-w', out, '--file-packets', 30, '-W', 2)
        same([path.name for path in parts(folder)], ['part_00003.pcapng', 'part_00004.pcapng'], 'the last two')


def splitting_agrees_with_editcap():
    with Folder() as folder:
        source = folder.path / 'in.pcap'
        write_pcap(source, [make_udp(n, 60 + n) for n in range(35)])
        stock('editcap', '-c', '10', source, folder.path / 'theirs.pcapng')
        weir('read', source, '-w', folder.path / 'ours.pcapng', '--file-packets', 10)
        fields = ['frame.number', 'frame.time_epoch', 'frame.len', 'udp.payload']
        same([as_tshark_reads(path, fields) for path in parts(folder, 'ours*')],
             [as_tshark_reads(path, fields) for path in parts(folder, 'theirs*')], 'parts')


def names_are_patterns():
    with Folder() as folder:
        source = folder.path / 'in.pcapng'
        source.write_bytes(file_of(*range(4), step=40 * 10**6))
        weir('read', source, '-w', folder.path / 'part-%H%M%S-%n%%.pcap.gz', '-G', 60)
        same([path.name for path in parts(folder)], ['part-014640-00001%.pcap.gz', 'part-014800-00002%.pcap.gz'],
             'names')
        same([len(weir('read', path).stdout.splitlines()) for path in parts(folder)], [2, 2], 'packets')


def the_input_is_not_among_the_parts():
    with Folder() as folder:
        source = folder.path / 'in_00002.pcapng'
        source.write_bytes(file_of(*range(100)))
        before = source.read_bytes()
        for words in (['in.pcapng', '-C', '2k'], ['in_%n.pcapng', '-C', '2k'],
                      ['../' + folder.path.name + '/in_%H.pcapng', '-G', 1]):
            refused('read', source, '-w', folder.path / words[0], *words[1:], status=ERROR,
                    says='this is the file that is read from')
        same(source.read_bytes(), before, 'the input')
        refused('read', source, '-w', source, status=ERROR, says='this is the file that is read from')
        refused('read', '-m', folder.file, source, '-w', source, status=ERROR,
                says='this is the file that is read from')
        same(source.read_bytes(), before, 'the input')


def contradictions_are_told():
    for words, says in (
            (['-C', '1'], 'there are options for a savefile, and no -w FILE'),
            (['-w', 'x', '-W', '3'], '-W N goes with -C, -G'),
            (['--comment', 'x'], 'and no -w FILE'), (['-w', '-', '-C', '1'], 'standard output is one file'),
            (['-w', 'x', '--append', '-C', '1'], '--append goes with one file only'),
            (['-w', 'x.gz', '--append'], "compressed files can't be appended to"),
            (['-w', 'x', '-C', '0'], 'takes a number of millions of bytes'), (['-w', 'x', '-b', 'size:1'],
                                                                              '-b takes filesize:kB'),
            (['-w', 'x', '-F', 'cap'], '-F takes pcapng or pcap'), (['-w', 'x', '--compress', 'zip'],
                                                                    'none, gzip, zstd or lz4'),
            (['--repair'], '--repair: where to?'), (['-w', 'x', '--repair', '-f'], '--repair goes with one file'),
            (['-f', '-m'], '-f follows one file'), (['-w', 'x', '-C', '99999999999999999999'],
                                                    'takes a number of millions')):
        refused('read', 'none', *words, status=USAGE, says=says)


# ---- Appending, and names when finished ----


def files_are_appended_to():
    with Folder() as folder:
        source, out = folder.path / 'in.pcapng', folder.path / 'out.pcapng'
        source.write_bytes(file_of(1, 2))
        for _ in range(3):
            weir('read', source, '-w', out, '--append')
        same(out.read_bytes(), source.read_bytes() * 3, 'three times, as pcapng')
        for _ in range(3):
            weir('read', source, '-w', folder.path / 'out.pcap', '--append')
        same(numbers(one.data for one in read_pcap(folder.path / 'out.pcap').packets), [1, 2] * 3,
             'three times, as pcap')
        out.write_bytes(source.read_bytes()[:-2])
        refused('read', source, '-w', out, '--append', status=ERROR, says="can't append")
        same(out.read_bytes(), source.read_bytes()[:-2], 'what can not be appended to')


@contextmanager
def reading(*words, stdin=subprocess.PIPE, **options):
    """A command that runs, and is killed at the end."""
    process = subprocess.Popen([WEIR, 'read', *map(str, words)], stdin=stdin, env=ENVIRONMENT, **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        check(time.monotonic() < deadline, f'{what}: not after {PATIENCE} seconds')
        time.sleep(0.02)


def a_file_gets_its_name_when_it_is_finished():
    with Folder() as folder:
        out, partial = folder.path / 'out.pcapng', folder.path / '.out.pcapng.partial'
        with reading('-', '-w', out, '--atomic', '--fsync') as process:
            process.stdin.write(file_of(1, 2, 3))
            process.stdin.flush()
            wait_until(partial.exists, 'the partial file is there')
            check(not out.exists(), 'the file has its name already')
            process.stdin.close()
            same(process.wait(PATIENCE), 0, 'exit status')
        check(not partial.exists(), 'the partial file is still there')
        same(numbers(ng.frames_of(out)), [1, 2, 3], 'packets')


def finished_files_are_on_the_disk():
    if not shutil.which('strace'):
        raise Skip('strace is not installed')
    with Folder() as folder:
        log = folder.path / 'log'
        for words, at_least in ((['--fsync'], 3), ([], 0)):
            traced = weir('read', folder.file, '-w', folder.path / 'out.pcap', '--file-packets', 1, *words,
                          prefix=('env', 'ASAN_OPTIONS=detect_leaks=0', 'strace', '-f', '-o', str(log), '-e',
                                  'trace=fdatasync,fsync'))
            check(not traced.stderr, traced.stderr)
            count = log.read_text().count('fdatasync(')
            check(count == at_least, f'{count} files were synchronized with {words}')


# ---- Growing files ----


def growing_files_are_followed():
    data = file_of(*range(6))
    whole = [len(file_of(*range(n))) for n in range(7)]
    for suffix in ('lines', 'pcapng'):
        with Folder() as folder:
            path, out = folder.path / 'growing', folder.path / 'out.pcapng'
            path.write_bytes(b'')
            words = ['-w', out] if suffix == 'pcapng' else []
            with reading('-f', path, *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                done = 0
                # The header in two parts, a whole packet, a cut one, its rest and more, two at once.
                for step in (10, whole[0], whole[1], whole[1] + 30, whole[1] + 90, whole[3], len(data)):
                    with path.open('ab') as file:
                        file.write(data[done:step])
                    done = step
                    packets = max((n for n in range(7) if whole[n] <= done), default=0)
                    if suffix == 'pcapng':
                        size = whole[packets] if done >= whole[0] else 0
                        wait_until(lambda: (out.stat().st_size if out.exists() else 0) >= size,
                                   f'{size} bytes are copied')
                for n in range(6 if suffix == 'lines' else 0):
                    line = process.stdout.readline().decode()
                    check(line.startswith(f'01:46:40.00{n}000 100/100'), line)
                process.send_signal(signal.SIGINT)
                output, errors = process.communicate(timeout=PATIENCE)
                same((process.returncode, output, errors), (0, b'', b''), 'the end')
            if suffix == 'pcapng':
                same(out.read_bytes(), data, 'the copy')


def following_ends_at_damage():
    data = file_of(*range(3))
    with Folder() as folder:
        path = folder.path / 'growing.pcapng'
        for damage, says in ((struct.pack('<II', 6, 33) + bytes(50), 'is not a multiple of 4'),
                             (None, 'has been cut off')):
            path.write_bytes(data)
            with reading('-f', path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                for _ in range(3):
                    process.stdout.readline()
                if damage is None:
                    os.truncate(path, len(data) - 200)
                else:
                    with path.open('ab') as file:
                        file.write(damage)
                    # Only more of the same tells that it does not get better.
                    time.sleep(0.3)
                    with path.open('ab') as file:
                        file.write(bytes(100))
                same(process.wait(PATIENCE), ERROR, 'exit status')
                holds(process.stderr.read().decode(), 'growing.pcapng', says)
    refused('read', '-f', '/nonexistent', status=ERROR, says='No such file')


def compressed_files_are_followed():
    with Folder() as folder:
        path, first, second = (folder.path / name for name in ('growing', '1.pcapng.zst', '2.pcapng.zst'))
        for part, target in ((range(3), first), (range(3, 6), second)):
            (folder.path / 'in.pcapng').write_bytes(file_of(*part))
            weir('read', folder.path / 'in.pcapng', '-w', target)
        path.write_bytes(first.read_bytes()[:100])
        with reading('-f', path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            time.sleep(0.3)
            with path.open('ab') as file:
                file.write(first.read_bytes()[100:] + second.read_bytes())
            lines = [process.stdout.readline().decode() for _ in range(6)]
            same([line[9:15] for line in lines], [f'{n:03}000' for n in range(6)], 'packets')
            process.send_signal(signal.SIGTERM)
            same(process.wait(PATIENCE), 0, 'exit status')


CASES = [
    ('read -m: files are merged by time', files_are_merged_by_time),
    ('read -m: interfaces of all files are kept', interfaces_of_all_files_are_kept),
    ('read -m: agrees with mergecap', merging_agrees_with_mergecap),
    ('read -m: a damaged file does not stop the others', a_damaged_file_does_not_stop_the_others),
    ('read -w: files are split', files_are_split),
    ('read -w: splitting agrees with editcap', splitting_agrees_with_editcap),
    ('read -w: names are patterns', names_are_patterns),
    ('read -w: the input is not among the parts', the_input_is_not_among_the_parts),
    ('read -w: contradictions are told', contradictions_are_told),
    ('read -w: --append', files_are_appended_to),
    ('read -w: --atomic', a_file_gets_its_name_when_it_is_finished),
    ('read -w: --fsync', finished_files_are_on_the_disk),
    ('read -f: growing files are followed', growing_files_are_followed),
    ('read -f: damage ends it', following_ends_at_damage),
    ('read -f: compressed files are followed', compressed_files_are_followed),
]
