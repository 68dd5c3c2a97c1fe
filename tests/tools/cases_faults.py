# SPDX-License-Identifier: BSD-3-Clause
"""Savefiles that end too early: writers that are killed, full disks, signals; damaged files repaired; what must not
get to a terminal."""
import os
import pty
import random
import select
import signal
import struct
import subprocess
import time
from contextlib import contextmanager

import pcapng as ng
from cases_many import numbers, reading
from cases_read import Folder
from packets import make_udp, sequence_of, write_pcap
from stock import as_tshark_reads
from tap import check
from weir_command import ENVIRONMENT, ERROR, PATIENCE, WEIR, holds, json_lines, same, weir


def sequence(path, folder):
    """The numbers of the packets that can be read, and the message of what is wrong after them."""
    out = folder.path / 'readable.pcapng'
    result = subprocess.run([WEIR, 'read', path, '-w', out], capture_output=True, text=True, timeout=PATIENCE,
                            check=False, env=ENVIRONMENT)
    check(result.returncode in (0, ERROR), f'{path}: {result}')
    return (numbers(ng.frames_of(out)) if out.exists() else []), result.stderr


# ---- Killed ----


def killed_writers_leave_what_can_be_read():
    """Whatever has come to the disk is packets from the first one on, and repairing makes a whole file of it."""
    generator = random.Random(7)
    with Folder() as folder:
        many = folder.path / 'many.pcap'
        write_pcap(many, [make_udp(n, 60 + n % 900) for n in range(30000)])
        most = 0
        for name in ('out.pcap', 'out.pcapng', 'out.pcapng.zst', 'out.pcap.gz', 'out.pcapng.lz4') * 3:
            out, good = folder.path / name, folder.path / 'good.pcapng'
            out.unlink(missing_ok=True)
            with many.open('rb') as stream, reading('-', '-w', out) as process:
                stop_after = generator.randrange(14_000_000)
                try:
                    while stop_after > 0 and (piece := stream.read(min(stop_after, 65536))):
                        process.stdin.write(piece)
                        stop_after -= len(piece)
                finally:
                    process.kill()
                process.wait()
            if not out.exists() or out.stat().st_size == 0:
                continue
            found, error = sequence(out, folder)
            same(found, list(range(len(found))), f'packets of {name}')
            most = max(most, len(found))
            if not error or 'at offset' not in error:
                continue
            result = weir('read', out, '--repair', '-w', good)
            holds(result.stderr, 'at offset ')
            same(sequence(good, folder), (found, ''), 'the repaired file')
            if name == 'out.pcapng':
                as_tshark_reads(good, ['frame.number'])
        check(most > 100, f'never more than {most} packets were there')


# ---- Full ----


@contextmanager
def small_disk(folder, size):
    disk = folder.path / 'disk'
    disk.mkdir(exist_ok=True)
    mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size}', 'none', disk], check=False,
                             capture_output=True)
    check(mounted.returncode == 0, f'a small disk can\'t be mounted: {mounted.stderr}')
    try:
        yield disk
    finally:
        subprocess.run(['umount', disk], check=True)


def full_disks_are_told_at_once():
    with Folder() as folder, small_disk(folder, '512k') as disk:
        many = folder.path / 'many.pcap'
        write_pcap(many, [make_udp(n, 60 + n % 900) for n in range(20000)])
        for name, words in (('out.pcapng', []), ('out.pcap', []), ('out.pcapng.gz', ['--precision', 'nano']),
                            ('out.pcapng', ['--atomic']), ('part.pcapng', ['-C', '100k'])):
            result = weir('read', many, '-w', disk / name, *words, status=ERROR)
            holds(result.stderr, 'No space left on device', ' packets')
            same(result.stderr.count('\n'), 1, 'lines of the message')
            kept = [path for path in disk.iterdir() if not path.name.startswith('.')]
            packets = [n for path in sorted(kept) for n in sequence(path, folder)[0]]
            same(packets, list(range(len(packets))), f'what is in {name}')
            if not words:
                same(sequence(kept[0], folder)[1] == '', name != 'out.pcapng.gz', f'whether {name} is whole')
                holds(result.stderr,
                      f'it holds the first {len(packets)} of ' if name != 'out.pcapng.gz' else 'at most')
            for path in disk.iterdir():
                path.unlink()


# ---- Ended by signals ----


def signals_leave_complete_files():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        for name in ('out.pcapng', 'out.pcap.zst', 'out.pcapng.gz'):
            with Folder() as folder:
                out = folder.path / name
                with reading('-', '-w', out, stderr=subprocess.PIPE) as process:
                    process.stdin.write(folder.bytes[:-50])
                    process.stdin.flush()
                    deadline = time.monotonic() + PATIENCE
                    # It can be that the program has not begun to wait for signals yet.
                    while not out.exists() and time.monotonic() < deadline:
                        time.sleep(0.02)
                    process.send_signal(number)
                    same(process.wait(PATIENCE), 0, f'exit status after {number.name}')
                    same(process.stderr.read(), b'', 'what it says')
                found, error = sequence(out, folder)
                same((found, error), ([0, 1], ''), f'{name} after {number.name}')


# ---- Repaired ----


def repaired_files_are_good():
    """From a file that is cut at any place."""
    data = ng.section((1, b'kept')) + ng.interface((2, b'eth0')) + b''.join(
        ng.packet(0, 10**15 + n, make_udp(n, 60 + n), (1, b'number %d' % n)) for n in range(4))
    with Folder() as folder:
        cut, good = folder.path / 'cut.pcapng', folder.path / 'good.pcapng'
        ends = [len(ng.section((1, b'kept')) + ng.interface((2, b'eth0')))]
        for one in ng_packets(data):
            ends.append(ends[-1] + one)
        for size in range(ends[0], len(data), 7):
            cut.write_bytes(data[:size])
            whole = max(end for end in ends if end <= size)
            result = weir('read', cut, '--repair', '-w', good)
            same(good.read_bytes(), data[:whole], f'what is good of the first {size} bytes')
            if size != whole:
                holds(result.stderr, 'cut.pcapng: ', f'at offset {whole}: ',
                      'the file ends in the middle of the block')


def ng_packets(data):
    """The lengths of the packet blocks."""
    offset, sizes = 0, []
    while offset < len(data):
        kind, size = struct.unpack_from('<II', data, offset)
        if kind == ng.ENHANCED:
            sizes.append(size)
        offset += size
    return sizes


def damaged_kinds(whole, places):
    """(what it is, the bytes, the numbers of the packets in them that are lost): packet n begins at places[n]."""
    for n in range(1, len(places) - 1):
        start, end = places[n], places[n + 1]
        yield f'packet {n} overwritten', whole[:start] + b'\xff' * (end - start) + whole[end:], {n}
        yield f'the head of packet {n} overwritten', whole[:start] + b'\xff' * 16 + whole[start + 16:], {n}
        # In a pcap file any length that is small enough is good.
        if whole.startswith(b'\x0a\x0d'):
            yield f'bytes of packet {n} lost', whole[:start + 9] + whole[start + 22:], {n}
        yield f'bytes before packet {n} put in', whole[:start] + b'\xff' * 13 + whole[start:], set()
        third = places[min(n + 3, len(places) - 1)]
        yield (f'{n} and two others overwritten', whole[:start] + b'\xee' * (third - start) + whole[third:],
               {n, n + 1, n + 2})
    # Twice in one file.
    first, second = places[3], places[8]
    yield 'two places', (whole[:first] + b'\xff' * 20 + whole[first + 20:second] + b'\xff' * 20 +
                         whole[second + 20:]), {3, 8}


def what_comes_after_damage_is_found():
    count = 12
    frames = [make_udp(n, 60 + 7 * n) for n in range(count)]
    head = ng.section((1, b'kept')) + ng.interface((2, b'eth0')) + ng.interface((2, b'eth1'))
    blocks = [ng.packet(n % 2, 10**15 + n, frame, (1, b'number')) for n, frame in enumerate(frames)]
    with Folder() as folder:
        bad, good = folder.path / 'bad', folder.path / 'good.pcapng'
        write_pcap(bad, frames)
        pcap = bad.read_bytes()
        for whole, sizes, start in ((head + b''.join(blocks), [len(one) for one in blocks], len(head)),
                                    (pcap, [16 + len(one) for one in frames], 24)):
            places = [start]
            for size in sizes:
                places.append(places[-1] + size)
            for what, data, lost in damaged_kinds(whole, places):
                bad.write_bytes(data)
                result = weir('read', bad, '--repair', '-w', good, '-F', 'pcapng')
                same(numbers(ng.frames_of(good)), [n for n in range(count) if n not in lost], what)
                holds(result.stderr, ' at offset ', ' bytes in ', ' places are left out')
                if whole is not pcap:
                    same([one.interface for one in ng.packets_of(good)],
                         [n % 2 for n in range(count) if n not in lost], f'interfaces: {what}')
                    same([one.kind for one in ng.blocks_of(good)][:4],
                         [ng.SECTION, ng.INTERFACE, ng.INTERFACE, ng.ENHANCED], 'how it begins')
        # The offsets that are told are those in the file, also of the second place.
        for start in places[3], places[8]:
            holds(result.stderr, f' at offset {start}: ')


def mutations_do_no_harm():
    """Whatever is wrong, what is written is a whole file of packets that were there."""
    generator = random.Random(11)
    frames = [make_udp(n, 60 + n) for n in range(20)]
    whole = (ng.section() + ng.interface((2, b'eth0')) +
             b''.join(ng.packet(0, 10**15 + n, frame) for n, frame in enumerate(frames)))
    with Folder() as folder:
        bad, good = folder.path / 'bad', folder.path / 'good.pcapng'
        write_pcap(bad, frames)
        for original in (whole, bad.read_bytes()):
            for _ in range(60):
                data = bytearray(original)
                for _ in range(generator.randrange(1, 12)):
                    at = generator.randrange(60, len(data))
                    data[at:at + generator.randrange(3)] = generator.randbytes(generator.randrange(4))
                bad.write_bytes(data)
                weir('read', bad, '--repair', '-w', good, '-F', 'pcapng')
                ng.blocks_of(good)


# ---- On a terminal ----

HOSTILE = [b'\x1b[2J\x1b]0;owned\x07', b'nul\0inside', b'\xff\xfe\xc3', '\u202e\u2066reversed'.encode(),
           b'\r\nforged line', b'x' * 5000, 'ü is fine'.encode()]


def comments_do_no_harm():
    with Folder() as folder:
        path = folder.path / 'hostile.pcapng'
        path.write_bytes(ng.section(*((1, text) for text in HOSTILE)) +
                         ng.interface((2, b'if\x1b[31m\0'), (3, HOSTILE[0])) + ng.interface((2, b'eth1')) +
                         b''.join(ng.packet(0, 10**15, folder.frames[0], (1, text)) for text in HOSTILE))
        for words in (['read', path], ['read', path, '--json'], ['info', path], ['info', '--json', path]):
            shown = weir(*words, text=False).stdout
            text = shown.decode('utf-8')  # or it is not valid
            check(not [c for c in text if (ord(c) < 32 and c != '\n') or 0x7f <= ord(c) < 0xa0],
                  f'control characters in {words}: {shown}')
            lines = text.splitlines()
            if words[0] == 'read':
                same(len(lines), len(HOSTILE), f'lines of {words}')
            check('ü is fine' in text, 'what is good of comments is not shown')
        lines = weir('read', path).stdout.splitlines()
        check(lines[0].endswith(' # \\x1b[2J\\x1b]0;owned\\x07'), lines[0])
        check(lines[1].endswith(' # nul\\x00inside'), lines[1])
        check(lines[4].endswith(' # \\x0d\\x0aforged line'), lines[4])
        check(' if\\x1b[31m 100/100 ' in lines[0], lines[0])
        objects = json_lines(weir('read', path, '--json').stdout)
        same([one['comments'][0] for one in objects[:2] + objects[4:6]],
             [HOSTILE[n].decode() for n in (0, 1, 4, 5)], 'comments in JSON')


def read_from(master, until):
    """What a terminal shows until the text is there, or, with None, to its end."""
    shown, deadline = b'', time.monotonic() + PATIENCE
    while until is None or until not in shown:
        ready, _, _ = select.select([master], [], [], max(0, deadline - time.monotonic()))
        check(ready, f'the terminal shows no {until}: {shown}')
        try:
            shown += os.read(master, 4096)
        except OSError:
            break
    return shown


def long_work_shows_how_far_it_is():
    """On a terminal; the work is as long as the pipe is held open."""
    with Folder() as folder:
        many = folder.path / 'many.pcap'
        write_pcap(many, [make_udp(n) for n in range(3000)])
        data = many.read_bytes()
        master, slave = pty.openpty()
        with reading('-', '-w', folder.path / 'out.pcapng', stderr=slave, stdout=subprocess.DEVNULL) as process:
            os.close(slave)
            process.stdin.write(data[:24])
            # Every so many packets it looks at the clock; so there are more until enough time has gone by.
            deadline = time.monotonic() + PATIENCE
            while not select.select([master], [], [], 0)[0] and time.monotonic() < deadline:
                process.stdin.write(data[24:])
                process.stdin.flush()
                time.sleep(0.1)
            shown = read_from(master, b'B\x1b[K')
            check(b'\r' in shown and b' packets, ' in shown, shown)
            process.stdin.close()
            shown = read_from(master, None)
            check(shown.endswith(b'\r\x1b[K'), f'it is not taken away: {shown}')
            same(process.wait(PATIENCE), 0, 'exit status')
        os.close(master)
        result = weir('read', many, '-w', folder.path / 'out.pcapng')
        same(result.stderr, '', 'what is said where there is no terminal')


CASES = [
    ('a writer that is killed leaves what can be read', killed_writers_leave_what_can_be_read),
    ('a full disk is told at once', full_disks_are_told_at_once),
    ('a signal leaves complete files', signals_leave_complete_files),
    ('read --repair: a file cut anywhere', repaired_files_are_good),
    ('read --repair: what comes after damage', what_comes_after_damage_is_found),
    ('read --repair: mutations', mutations_do_no_harm),
    ('comments do no harm on a terminal', comments_do_no_harm),
    ('long work shows how far it is', long_work_shows_how_far_it_is),
]
