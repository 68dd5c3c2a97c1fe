# SPDX-License-Identifier: BSD-3-Clause
"""weir capture -w, on the wire: what pcapng files say of a capture, rows and rings of files, another thread."""
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pcapng as ng
from cases_faults import small_disk
from cases_many import reading
from packets import NEAR_MAC, read_pcap, sequence_of
from stock import as_tshark_reads, capinfos
from tap import check
from weir_command import ERROR, FAR, NEAR, PATIENCE, USAGE, WEIR, Capture, holds, refused, same, send, weir


@contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix='weir-rings-') as path:
        yield Path(path)


def numbers_of(paths):
    return [sequence_of(frame) for path in paths for frame in ng.frames_of(path)]


def text_options(block):
    return dict(ng.block_options(block))


def files_tell_of_the_capture():
    with folder() as path:
        out = path / 'out.pcapng'
        with Capture('-i', NEAR, '-s', 80, '-c', 6, '-w', out, '--comment', 'first', '--comment', 'second',
                     '--precision', 'nano', 'udp') as capture:
            send(3)
            send(3, interface=NEAR, first=3)
            capture.finish()
        blocks = ng.blocks_of(out)
        same([one.kind for one in blocks], [ng.SECTION, ng.INTERFACE] + [ng.ENHANCED] * 6 + [ng.STATISTICS],
             'blocks')
        same([text for code, text in ng.block_options(blocks[0]) if code == 1], [b'first', b'second'], 'comments')
        system = f'{os.uname().sysname} {os.uname().release}'.encode()
        found = text_options(blocks[0])
        same((found[2], found[3]), (os.uname().machine.encode(), system), 'the machine and its system')
        check(found[4].startswith(b'weir capture, libpcap version 1.'), found[4])
        found = text_options(blocks[1])
        same((found[2], found[9], found[11], found[12]), (NEAR.encode(), b'\x09', b'\0udp', system),
             'the interface')
        check(found.get(6) in (NEAR_MAC, None), f'its address: {found}')
        same(int.from_bytes(blocks[1].body[4:8], 'little'), 80, 'snapshot length')
        same([(len(one.data), one.length) for one in ng.packets_of(out)], [(80, 100)] * 6, 'lengths')
        same([dict(one.options)[2][0] & 3 for one in ng.packets_of(out)], [1] * 3 + [2] * 3, 'directions')
        counts = text_options(blocks[-1])
        same(int.from_bytes(counts[7], 'little'), 0, 'lost by the system')
        found = capinfos(out)
        same((found['Number of packets'], found['Filter string'], found['Name']), ('6', 'udp', NEAR),
             'what capinfos says')
        lines = as_tshark_reads(out, ['frame.number', 'frame.packet_flags_direction', 'frame.interface_name'])
        same([line.split('\t')[2] for line in lines], [NEAR] * 6, 'what tshark says')


def formats_are_chosen():
    with folder() as path:
        for name, words, pcap in (('a', [], False), ('a.pcapng', [], False), ('a.pcap', [], True),
                                  ('a.cap', [], True), ('a.pcapng', ['-F', 'pcap'], True),
                                  ('a.pcap', ['-F', 'pcapng'], False),
                                  ('a.pcap.zst', [], True), ('a', ['--compress', 'gzip'], False)):
            with Capture('-i', NEAR, '-c', 3, '-w', path / name, *words) as capture:
                frames = send(3)
                capture.finish()
            plain = path / 'plain'
            weir('read', path / name, '-w', plain)
            found = [one.data for one in read_pcap(plain).packets] if pcap else ng.frames_of(plain)
            same(found, frames, f'the frames of {name} with {words}')


def link_types_mix_in_a_pcapng_file():
    with folder() as path:
        with Capture('-i', NEAR, '-i', 'any', '-c', 30, '-w', path / 'out.pcapng') as capture:
            send(10)
            capture.finish()
        found = ng.packets_of(path / 'out.pcapng')
        # On any they come in, and were seen to go out.
        same([len([one for one in found if one.interface == n]) for n in (0, 1)], [10, 20], 'packets of each')
        same(len(as_tshark_reads(path / 'out.pcapng')), 30, 'packets for tshark')


def rows_of_files_lose_nothing():
    for words, suffix in ((['--file-packets', 100], 'pcapng'), (['-C', '10k'], 'pcapng'),
                          (['-b', 'filesize:10'], 'pcapng.zst'),
                          (['-C', '10k', '--writer-thread', '--atomic'], 'pcapng')):
        with folder() as path:
            with Capture('-i', NEAR, '-c', 1000, '-w', path / f'row.{suffix}', *words, 'udp') as capture:
                send(1000)
                errors = capture.finish()[1]
            found = sorted(path.iterdir())
            holds(errors, '1000 packets captured\n', f', in {len(found)} files\n')
            check(len(found) >= 10, f'only {found}')
            same([one.name for one in found], [f'row_{n + 1:05}.{suffix}' for n in range(len(found))], 'names')
            if suffix != 'pcapng':
                for one in found:
                    weir('read', one, '-w', one.with_suffix('.plain'))
                found = sorted(path.glob('*.plain'))
            same(numbers_of(found), list(range(1000)), f'packets with {words}')
            for one in found:
                blocks = ng.blocks_of(one)
                same((blocks[0].kind, blocks[1].kind, blocks[-1].kind), (ng.SECTION, ng.INTERFACE, ng.STATISTICS),
                     'what each has beside packets')
            same(sum(len(as_tshark_reads(one, ['frame.number'])) for one in found[:3] + found[-1:]),
                 sum(len(ng.frames_of(one)) for one in found[:3] + found[-1:]), 'packets that tshark reads')


def rings_keep_the_last():
    with folder() as path:
        with Capture('-i', NEAR, '-c', 1000, '-w', path / 'ring.pcapng', '--file-packets', 64, '-W', 3) as capture:
            send(1000)
            capture.finish()
        found = sorted(path.iterdir())
        same([one.name for one in found], [f'ring_{n:05}.pcapng' for n in (14, 15, 16)], 'names')
        same(numbers_of(found), list(range(13 * 64, 1000)), 'packets')


def times_begin_new_files():
    with folder() as path:
        with Capture('-i', NEAR, '-w', path / 'part-%n-%s.pcapng', '-G', 0.2) as capture:
            for n in range(4):
                send(5, first=5 * n)
                time.sleep(0.25)
            capture.send_signal(signal.SIGINT)
            capture.finish()
        found = sorted(path.iterdir())
        check(len(found) >= 4, f'only {found}')
        same(numbers_of(found), list(range(20)), 'packets')
        for one in found:
            times = [packet.time for packet in ng.packets_of(one)]
            check(times[-1] - times[0] < 200_000, f'{one.name} is of {times[-1] - times[0]} microseconds')
            check(f'-{times[0] // 10**6}.' in one.name, f'{one.name} begins at {times[0]}')


def a_slow_disk_loses_nothing_with_another_thread():
    """The disk is a FIFO whose reader takes its time; the kernel's buffer is far too small for what waits."""
    with folder() as path:
        fifo = path / 'fifo'
        os.mkfifo(fifo)
        taken = bytearray()
        may_read = threading.Event()

        def take():
            with fifo.open('rb') as stream:
                may_read.wait(PATIENCE)
                taken.extend(stream.read())

        reader = threading.Thread(target=take)
        reader.start()
        with Capture('-i', NEAR, '-B', '2M', '-w', fifo, '--queue', '32M') as capture:
            # Longer than it takes until the file is brought up to date, which must not wait.
            for n in range(20):
                send(300, length=1000, first=300 * n)
                time.sleep(0.1)
            may_read.set()
            capture.send_signal(signal.SIGINT)
            errors = capture.finish()[1]
        reader.join(PATIENCE)
        holds(errors, '6000 packets captured\n', '0 packets dropped by the kernel')
        (path / 'out.pcapng').write_bytes(taken)
        same(numbers_of([path / 'out.pcapng']), list(range(6000)), 'packets')


def captures_are_appended():
    with folder() as path:
        for name in ('out.pcapng', 'out.pcap'):
            for n in range(3):
                with Capture('-i', NEAR, '-c', 5, '-w', path / name, '--append') as capture:
                    send(5, first=5 * n)
                    capture.finish()
        same(numbers_of([path / 'out.pcapng']), list(range(15)), 'packets of the pcapng file')
        same([sequence_of(one.data) for one in read_pcap(path / 'out.pcap').packets], list(range(15)),
             'and the pcap file')
        same(len(as_tshark_reads(path / 'out.pcapng')), 15, 'packets for tshark')


def killed_captures_leave_what_can_be_read():
    with folder() as path:
        for name in ('out.pcapng', 'out.pcap', 'out.pcapng.zst'):
            out = path / name
            with Capture('-i', NEAR, '-w', out) as capture:
                for n in range(15):
                    send(100, first=100 * n)
                    time.sleep(0.1)
                capture.send_signal(signal.SIGKILL)
                same(capture.process.wait(PATIENCE), -signal.SIGKILL, 'exit status')
            weir('read', out, '--repair', '-w', path / 'good.pcapng')
            found = numbers_of([path / 'good.pcapng'])
            same(found, list(range(len(found))), 'packets')
            check(len(found) >= 100, f'only {len(found)} packets are there, though it wrote every second')


def a_capture_is_followed():
    """While it goes on, compressed or not."""
    with folder() as path:
        for name in ('out.pcapng', 'out.pcap', 'out.pcapng.zst', 'out.pcapng.gz', 'out.pcapng.lz4'):
            with Capture('-i', NEAR, '-w', path / name) as capture:
                with reading('-f', path / name, '--json', stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
                    for n in range(3):
                        send(10, first=10 * n)
                        lines = [json.loads(reader.stdout.readline()) for _ in range(10)]
                        same([line['length'] for line in lines], [100] * 10, f'packets of {name}')
                    capture.send_signal(signal.SIGINT)
                    capture.finish()
                    reader.send_signal(signal.SIGINT)
                    output, errors = reader.communicate(timeout=PATIENCE)
                    same((reader.returncode, output, errors), (0, b'', b''), f'the end of {name}')


def a_full_disk_ends_a_capture():
    class Disk:
        def __init__(self, path):
            self.path = path

    with folder() as path, small_disk(Disk(path), '256k') as disk:
        for name in ('out.pcapng', 'out.pcap'):
            with Capture('-i', NEAR, '-w', disk / name) as capture:
                send(1000, length=1000)
                errors = capture.finish(ERROR)[1]
            holds(errors, f'{name}: can\'t write: No space left on device; it holds the first ')
            found = subprocess.run([WEIR, 'read', disk / name, '-w', path / 'good.pcapng'], check=True)
            same(found.returncode, 0, 'the file is whole')
            found = numbers_of([path / 'good.pcapng'])
            same(found, list(range(len(found))), 'packets')
            check(len(found) > 100, f'only {len(found)} packets are there')
            (disk / name).unlink()


def contradictions_are_told():
    for words, says in ((['-C', '1'], 'and no -w FILE'), (['-w', 'x', '-W', '1'], '-W N goes with -C'),
                        (['--writer-thread'], 'and no -w FILE'), (['--queue', '1M'], 'and no -w FILE'),
                        (['-w', 'x', '--queue', '0'], '--queue takes a number of bytes'),
                        (['-w', 'x.pcap', '--comment', 'y'], 'a pcap file has no place for comments'),
                        (['-w', 'x', '--append', '--atomic'], '--append goes with one file only')):
        refused('capture', '-i', NEAR, *words, status=USAGE, says=says)


CASES = [
    ('capture -w: files tell of the capture', files_tell_of_the_capture),
    ('capture -w: formats are chosen', formats_are_chosen),
    ('capture -w: link types mix in a pcapng file', link_types_mix_in_a_pcapng_file),
    ('capture -w: rows of files lose nothing', rows_of_files_lose_nothing),
    ('capture -w: rings keep the last', rings_keep_the_last),
    ('capture -w: times begin new files', times_begin_new_files),
    ('capture -w: a slow disk and another thread', a_slow_disk_loses_nothing_with_another_thread),
    ('capture -w: --append', captures_are_appended),
    ('capture -w: a capture that is killed', killed_captures_leave_what_can_be_read),
    ('capture -w: a capture is followed', a_capture_is_followed),
    ('capture -w: a full disk ends a capture', a_full_disk_ends_a_capture),
    ('capture -w: contradictions are told', contradictions_are_told),
]
