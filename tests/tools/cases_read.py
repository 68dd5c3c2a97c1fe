# SPDX-License-Identifier: BSD-3-Clause
"""weir read: files of all kinds, good and damaged, shown and written."""
import os
import signal
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from packets import make_udp, read_pcap, write_pcap
from tap import check
from weir_command import ENVIRONMENT, ERROR, PATIENCE, USAGE, WEIR, holds, json_lines, refused, same, weir

LINE = '100/100 10.77.0.2:7777 > 10.77.0.9:7777 UDP len 58'


class Folder:
    """A folder with a savefile of three packets."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix='weir-read-')
        self.path = Path(self.folder.name)
        self.file = self.path / 'three.pcap'
        self.frames = [make_udp(n) for n in range(3)]
        write_pcap(self.file, self.frames)
        self.bytes = self.file.read_bytes()
        return self

    def __exit__(self, *_):
        self.folder.cleanup()


def packets_are_lines():
    lines = ['01:46:40.250000 ' + LINE, '01:46:41.250000 ' + LINE, '01:46:42.250000 ' + LINE]
    with Folder() as folder:
        same(weir('read', folder.file).stdout.splitlines(), lines, 'the lines')
        same(weir('read', folder.file, '-c', '2').stdout.splitlines(), lines[:2], 'with -c 2')
        same(weir('read', '-', input=folder.bytes, text=False).stdout.decode().splitlines(), lines, 'from a pipe')
        with folder.file.open('rb') as stream:
            same(weir('read', '-', stdin=stream).stdout.splitlines(), lines, 'from a file as standard input')


def packets_are_json():
    with Folder() as folder:
        objects = json_lines(weir('read', folder.file, '--json').stdout)
    same(len(objects), 3, 'objects')
    same(objects[1], {
        'time': '2001-09-09T01:46:41.250000Z', 'captured': 100, 'length': 100, 'link_type': 'EN10MB',
        'source_mac': '02:00:00:00:00:02', 'destination_mac': '02:00:00:00:00:01', 'ethertype': 0x800,
        'source': '10.77.0.2', 'destination': '10.77.0.9', 'protocol': 17, 'source_port': 7777,
        'destination_port': 7777, 'truncated': False, 'summary': LINE.split(' ', 1)[1]}, 'the second packet')


def nanoseconds(folder):
    """A file with time stamps in nanoseconds, in the other byte order, and the same in this one."""
    frame = folder.frames[0]
    path = folder.path / 'nano.pcap'
    path.write_bytes(struct.pack('>IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 262144, 1) +
                     struct.pack('>IIII', 7, 123456789, len(frame), 2000) + frame)
    little = (struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 262144, 1) +
              struct.pack('<IIII', 7, 123456789, len(frame), 2000) + frame)
    return path, little


def copies_lose_nothing():
    with Folder() as folder:
        nano, little = nanoseconds(folder)
        out = folder.path / 'out.pcap'
        for source, expected in ((folder.file, folder.bytes), (nano, little)):
            weir('read', source, '-w', out)
            same(out.read_bytes(), expected, f'the copy of {source.name}')
            same(weir('read', source, '-w', '-', text=False).stdout, expected, f'{source.name} to standard output')
            result = weir('read', '-', '-w', '-', input=source.read_bytes(), text=False)
            same(result.stdout, expected, f'{source.name} from pipe to pipe')
        check(weir('read', nano).stdout.startswith('00:00:07.123456789 100/2000 '), 'nine digits')
        weir('read', folder.file, '-c', '2', '-w', out)
        same([packet.data for packet in read_pcap(out).packets], folder.frames[:2], 'the first two')


def the_input_is_never_written_over():
    with Folder() as folder:
        link, symlink = folder.path / 'link', folder.path / 'symlink'
        os.link(folder.file, link)
        symlink.symlink_to(folder.file)
        for out in (folder.file, link, symlink):
            refused('read', folder.file, '-w', out, status=ERROR, says='this is the file that is read from')
        with folder.file.open('rb') as stream:
            refused('read', '-', '-w', folder.file, status=ERROR, says='this is the file that is read from',
                    stdin=stream)
        same(folder.file.read_bytes(), folder.bytes, 'the input')


def what_is_good_of_a_cut_file_is_shown():
    with Folder() as folder:
        cut = folder.path / 'cut.pcap'
        for size in range(len(folder.bytes)):
            cut.write_bytes(folder.bytes[:size])
            whole = max(0, size - 24) // 116
            good = size >= 24 and (size - 24) % 116 == 0
            result = weir('read', cut, status=0 if good else ERROR)
            same(len(result.stdout.splitlines()), whole, f'packets of the first {size} bytes')
            if not good:
                holds(result.stderr, 'weir: ', 'cut.pcap', 'the file ' + ('is empty' if size == 0 else 'ends'))


def damaged_lengths_end_it_with_an_error():
    with Folder() as folder:
        bad, out = folder.path / 'bad.pcap', folder.path / 'out.pcap'
        for length in (0xffffffff, 0x80000000, 262145):
            data = bytearray(folder.bytes)
            struct.pack_into('<I', data, 24 + 116 + 8, length)
            bad.write_bytes(data)
            result = weir('read', bad, '-w', out, status=ERROR)
            holds(result.stderr, 'bad.pcap', 'packet 2')
            same(out.read_bytes(), folder.bytes[:24 + 116], 'what is good is written')


def what_is_no_savefile_is_refused():
    with Folder() as folder:
        text = folder.path / 'text\033[31m'
        text.write_text('This is not a capture.\n')
        refused('read', text, status=ERROR, says='text\\x1b[31m: not a capture file')
        refused('read', folder.path, status=ERROR, says=str(folder.path))
        refused('read', folder.path / 'nowhere', status=ERROR, says='No such file or directory')
        refused('read', folder.file, '-w', folder.path / 'no' / 'where', status=ERROR, says='No such file')
        refused('read', folder.file, '((', status=USAGE, says='((')
        same(len(weir('read', folder.file, '').stdout.splitlines()), 3, 'with the empty expression')


def failed_writes_are_errors():
    with Folder() as folder:
        refused('read', folder.file, '-w', '/dev/full', status=ERROR, says='/dev/full: can\'t write')
        with open('/dev/full', 'wb') as full:
            result = weir('read', folder.file, stdout=full, status=ERROR)
            holds(result.stderr, 'standard output: No space left on device')
            weir('devices', stdout=full, status=ERROR)
            weir('help', stdout=full, status=ERROR)


def a_full_disk_leaves_whole_packets():
    with Folder() as folder:
        disk, many = folder.path / 'disk', folder.path / 'many.pcap'
        disk.mkdir()
        write_pcap(many, [make_udp(n) for n in range(20000)])
        mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=512k', 'none', disk], check=False,
                                 capture_output=True)
        check(mounted.returncode == 0, f'a small disk can\'t be mounted: {mounted.stderr}')
        try:
            result = weir('read', many, '-w', disk / 'out.pcap', status=ERROR)
            saved = (disk / 'out.pcap').read_bytes()
        finally:
            subprocess.run(['umount', disk], check=True)
        count = (len(saved) - 24) // 116
        check(count > 1000, f'only {count} packets were saved')
        same(saved, many.read_bytes()[:24 + count * 116], 'what was saved')
        holds(result.stderr, 'No space left on device', f'it holds the first {count} of ')


def a_reader_that_goes_away_is_no_error():
    with Folder() as folder:
        many = folder.path / 'many.pcap'
        write_pcap(many, [make_udp(n) for n in range(20000)])
        for words, status in ((['read', many], 0), (['read', many, '-w', '-'], ERROR)):
            with subprocess.Popen([WEIR, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env=ENVIRONMENT) as process:
                process.stdout.read(10)
                process.stdout.close()
                errors = process.stderr.read().decode()
                same(process.wait(PATIENCE), status, f'exit status of {words}: {errors}')
            same('Broken pipe' in errors, status == ERROR, f'an error is told: {errors}')


def a_pipe_that_stands_still_can_be_left():
    """Packets from a pipe are shown when they come, and a signal ends the wait for more."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with Folder() as folder, subprocess.Popen([WEIR, 'read', '-'], stdin=subprocess.PIPE,
                                                  stdout=subprocess.PIPE, env=ENVIRONMENT) as process:
            process.stdin.write(folder.bytes[:24 + 116 + 50])
            process.stdin.flush()
            line = process.stdout.readline().decode()
            same(line, '01:46:40.250000 ' + LINE + '\n', 'the packet that came')
            # The signal can come just before the wait begins; then it is sent again.
            deadline = time.monotonic() + PATIENCE
            while process.poll() is None and time.monotonic() < deadline:
                process.send_signal(number)
                time.sleep(0.1)
            same(process.wait(1), 0, f'exit status after {signal.Signals(number).name}')


CASES = [
    ('read shows packets as lines', packets_are_lines),
    ('read shows packets as JSON', packets_are_json),
    ('read -w loses nothing', copies_lose_nothing),
    ('read never writes over its input', the_input_is_never_written_over),
    ('read shows what is good of a file cut anywhere', what_is_good_of_a_cut_file_is_shown),
    ('read ends with an error at a damaged length', damaged_lengths_end_it_with_an_error),
    ('read refuses what is no savefile', what_is_no_savefile_is_refused),
    ('failed writes are errors', failed_writes_are_errors),
    ('a full disk leaves whole packets', a_full_disk_leaves_whole_packets),
    ('a reader that goes away is no error for lines', a_reader_that_goes_away_is_no_error),
    ('read leaves a pipe that stands still', a_pipe_that_stands_still_can_be_left),
]
