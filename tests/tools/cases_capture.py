# SPDX-License-Identifier: BSD-3-Clause
"""weir devices, modules and capture, on the wire that netns.sh makes."""
import errno
import json
import os
import pty
import re
import select
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from packets import LINUX_SLL2, read_pcap
from tap import Skip, check
from weir_command import (DEVICE_LOST, ENVIRONMENT, ERROR, FAR, NEAR, NO_DEVICE, PATIENCE, USAGE, WEIR, Capture,
                          holds, json_lines, refused, same, send, weir)

IN_LINE = r'\d\d:\d\d:\d\d\.\d{6} 100/100 10\.77\.0\.2:7777 > 10\.77\.0\.9:7777 UDP len 58'

WITHOUT_RIGHTS = ['setpriv', '--bounding-set=-net_raw', '--inh-caps=-net_raw']


@contextmanager
def output_file():
    with tempfile.TemporaryDirectory(prefix='weir-capture-') as folder:
        yield Path(folder) / 'out.pcap'


def frames_of(path):
    return [packet.data for packet in read_pcap(path).packets]


def devices_are_listed():
    result = weir('devices')
    rows = {line.split()[0]: line for line in result.stdout.splitlines()}
    check({NEAR, FAR, 'lo', 'any'} <= set(rows), f'devices are missing: {result.stdout}')
    expected = NEAR + r' +linux +EN10MB(,\S+)? +up,running(,connected)? +.*10\.77\.0\.1/24\b.*'
    check(re.fullmatch(expected, rows[NEAR]), rows[NEAR])
    holds(rows['lo'], 'loopback', '127.0.0.1/8')
    # Other kinds of devices may be there without what serves them.
    check(NEAR not in result.stderr and 'CAP_NET_RAW' not in result.stderr, result.stderr)


def devices_are_listed_as_json():
    devices = {device['name']: device for device in json.loads(weir('devices', '--json').stdout)}
    near = devices[NEAR]
    same(near['module'], 'linux', 'module')
    same(near['link_types'][0], {'name': 'EN10MB', 'value': 1, 'description': 'Ethernet'}, 'first link type')
    holds(near['time_stamp_types'], 'host')
    holds(near['flags'], 'up', 'running')
    address = next(address for address in near['addresses'] if address['family'] == 'inet')
    same((address['address'], address['netmask'], address['prefix_length']), ('10.77.0.1', '255.255.255.0', 24),
         'address')
    link = next(address for address in near['addresses'] if address['family'] == 'link')
    same(link['address'], '02:00:00:00:00:01', 'hardware address')


def devices_are_listed_without_rights():
    result = weir('devices', prefix=WITHOUT_RIGHTS)
    rows = {line.split()[0]: line.split() for line in result.stdout.splitlines()}
    check(NEAR in rows, result.stdout)
    same(rows[NEAR][1:3], ['linux', '-'], 'module and link types')
    holds(result.stderr, 'the link types of ', ' more are not known: ', 'CAP_NET_RAW')
    same(result.stderr.count('CAP_NET_RAW is needed'), 1, f'notes of it: {result.stderr}')
    objects = json.loads(weir('devices', '--json', prefix=WITHOUT_RIGHTS).stdout)
    near = next(device for device in objects if device['name'] == NEAR)
    same(near['link_types'], None, 'link types')
    holds(near['link_types_error'], 'CAP_NET_RAW')


def modules_are_listed():
    lines = weir('modules').stdout.splitlines()
    modules = json.loads(weir('modules', '--json').stdout)
    same([line.split()[0] for line in lines], [module['name'] for module in modules], 'modules')
    same(modules[-1]['name'], 'linux', 'the last to be asked')
    same(modules[-1]['prefixes'], [], 'its prefixes')


def packets_are_shown():
    with Capture('-i', NEAR, '-c', 3) as capture:
        send(5)
        output, errors = capture.finish()
    lines = output.decode().splitlines()
    same(len(lines), 3, 'lines')
    for line in lines:
        check(re.fullmatch(IN_LINE, line), line)
    holds(errors, '3 packets captured\n', '0 packets dropped by the kernel', '300 B in ')


def packets_are_shown_as_json():
    with Capture('-i', NEAR, '-c', 3, '--json', '--precision', 'nano') as capture:
        send(3)
        objects = json_lines(capture.finish()[0].decode())
    same([(o['interface'], o['captured'], o['length'], o['source'], o['destination_port']) for o in objects],
         [(NEAR, 100, 100, '10.77.0.2', 7777)] * 3, 'objects')
    check(re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z', objects[0]['time']), objects[0]['time'])


def a_file_holds_what_was_sent():
    with output_file() as path:
        with Capture('-i', NEAR, '-c', 50, '-w', path) as capture:
            frames = send(50)
            output, errors = capture.finish()
        same(output, b'', 'standard output')
        holds(errors, '50 packets captured\n', f'50 packets written to {path}\n')
        check('\r' not in errors, 'a status line, and no terminal')
        same(frames_of(path), frames, 'the frames in the file')
        same(len(weir('read', path).stdout.splitlines()), 50, 'lines that are read back')


def a_pipe_holds_the_file_alone():
    with output_file() as path:
        with path.open('wb') as file, subprocess.Popen([WEIR, 'read', '-', '-w', '-', '-F', 'pcap'],
                                                       stdin=subprocess.PIPE,
                                                       stdout=file) as reader:
            with Capture('-i', NEAR, '-c', 20, '-w', '-', stdout=reader.stdin) as capture:
                reader.stdin.close()
                frames = send(20)
                capture.finish()
            same(reader.wait(PATIENCE), 0, 'exit status of the reader')
        same(frames_of(path), frames, 'the frames that came through')


def signals_lose_nothing():
    """Packets that were on the wire before the signal are in the file, though the kernel holds them back."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with output_file() as path:
            with Capture('-i', NEAR, '-w', path) as capture:
                frames = send(10)
                capture.send_signal(number)
                errors = capture.finish()[1]
            same(frames_of(path), frames, f'the frames in the file after {number.name}')
            holds(errors, '10 packets captured\n')


def many_signals_are_one():
    with output_file() as path:
        with Capture('-i', NEAR, '-w', path) as capture:
            frames = send(10)
            for _ in range(50):
                capture.send_signal(signal.SIGINT)
            capture.finish()
        same(frames_of(path), frames, 'the frames in the file')


def a_second_signal_ends_at_once():
    """Nobody reads the pipe, so that nothing can be flushed; the first signal can't end it."""
    with Capture('-i', NEAR, '-w', '-') as capture:
        deadline = time.monotonic() + PATIENCE
        send(3000, length=1000)
        capture.send_signal(signal.SIGINT)
        while capture.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.6)
            capture.send_signal(signal.SIGINT)
        same(capture.process.wait(1), -signal.SIGINT, 'exit status')


def time_limits_are_kept():
    with output_file() as path:
        with Capture('-i', NEAR, '--seconds', '1.5', '-w', path) as capture:
            frames = send(5)
            errors = capture.finish()[1]
        same(frames_of(path), frames, 'the frames in the file')
    seconds = float(re.search(r' in (\d+\.\d+) s', errors).group(1))
    check(seconds >= 1.5, f'it ended after {seconds} s')


def packets_are_cut_to_the_snapshot_length():
    with output_file() as path:
        with Capture('-i', NEAR, '-c', 2, '-s', 20, '-w', path) as capture:
            frames = send(2)
            capture.finish()
        same([(packet.data, packet.length) for packet in read_pcap(path).packets],
             [(frame[:20], 100) for frame in frames], 'packets')
        same(read_pcap(path).snaplen, 20, 'snapshot length')
        holds(weir('read', path).stdout, '20/100 IPv4 [truncated]')


def directions_are_told_apart():
    for way, sender in (('in', FAR), ('out', NEAR)):
        with Capture('-i', NEAR, '-c', 2, '--direction', way, '--json') as capture:
            send(2, interface=NEAR if sender == FAR else FAR)
            send(2, interface=sender, first=10)
            objects = json_lines(capture.finish()[0].decode())
        mac = '02:00:00:00:00:02' if sender == FAR else '02:00:00:00:00:01'
        same([o['source_mac'] for o in objects], [mac] * 2, f'senders of --direction {way}')


def several_devices_are_merged():
    with Capture('-i', NEAR, '-i', FAR, '-c', 40, '--precision', 'nano') as capture:
        send(20)
        lines = capture.finish()[0].decode().splitlines()
    same(len(lines), 40, 'lines')
    names = [line.split()[1] for line in lines]
    same((names.count(NEAR), names.count(FAR)), (20, 20), 'lines of each device')
    with output_file() as path:
        with Capture('-i', NEAR, '-i', FAR, '-c', 40, '-w', path) as capture:
            frames = send(20)
            errors = capture.finish()[1]
        same(sorted(frames_of(path)), sorted(frames * 2), 'the frames in the file')
        holds(errors, '40 packets captured\n', f'{NEAR}: 20 packets captured\n', f'{FAR}: 20 packets captured\n')


def link_types_do_not_mix_in_a_file():
    with output_file() as path:
        refused('capture', '-i', NEAR, '-i', 'any', '-w', path, status=USAGE,
                says='a pcap file holds packets of one link type')
        check(not path.exists(), 'the file was made')
    with output_file() as path:
        with Capture('-i', 'any', '-y', 'LINUX_SLL2', '-c', 1, '-w', path) as capture:
            send(1)
            capture.finish()
        same(read_pcap(path).linktype, LINUX_SLL2, 'link type')
        check(re.search(r'ifindex \d+ \w+ 10\.77\.0\.2:7777 > ', weir('read', path).stdout),
              weir('read', path).stdout)


def what_cannot_be_opened_is_told():
    refused('capture', '-i', 'nosuch0', status=NO_DEVICE, says='nosuch0: no such device (the devices are: ')
    refused('capture', '-i', NEAR, status=NO_DEVICE, says='CAP_NET_RAW', prefix=WITHOUT_RIGHTS)
    refused('capture', '-i', NEAR, '-y', 'RAW', status=NO_DEVICE, says=f'{NEAR}: RAW (12) is not one of')
    refused('capture', '-i', NEAR, '((', status=USAGE, says='((')
    refused('capture', '-i', NEAR, '-w', '/nowhere/x', status=ERROR, says='/nowhere/x: No such file or directory')
    with Capture('-i', NEAR, '-c', 1, '') as capture:
        send(1)
        same(len(capture.finish()[0].splitlines()), 1, 'lines with the empty expression')


def a_full_device_is_an_error():
    with Capture('-i', NEAR, '-w', '/dev/full') as capture:
        send(3000, length=1000)
        errors = capture.finish(ERROR)[1]
    holds(errors, '/dev/full: can\'t write: No space left on device')
    check('packets written' not in errors, errors)


def a_reader_that_goes_away_ends_it():
    with Capture('-i', NEAR) as capture:
        capture.process.stdout.close()
        capture.process.stdout = None
        deadline = time.monotonic() + PATIENCE
        while capture.process.poll() is None and time.monotonic() < deadline:
            send(1)
            time.sleep(0.02)
        errors = capture.finish()[1]
    check('weir:' not in errors, errors)


def ip(*words):
    result = subprocess.run(['ip', *words], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise Skip(f'ip {" ".join(words)}: {result.stderr.strip()}')


def devices_that_fail_end_it():
    for words, says in ((['link', 'set', 'weir2', 'down'], 'down'), (['link', 'del', 'weir2'], 'disappeared')):
        ip('link', 'add', 'weir2', 'type', 'veth', 'peer', 'name', 'weir3')
        try:
            ip('link', 'set', 'weir2', 'up')
            ip('link', 'set', 'weir3', 'up')
            with output_file() as path:
                with Capture('-i', 'weir2', '-w', path, '--direction', 'in') as capture:
                    frames = send(5, interface='weir3')
                    ip(*words)
                    errors = capture.finish(DEVICE_LOST)[1]
                check(re.search(rf'^weir: weir2: .*{says}', errors, re.MULTILINE), errors)
                check(set(frames) <= set(frames_of(path)), 'what came before is not all in the file')
        finally:
            subprocess.run(['ip', 'link', 'del', 'weir2'], check=False, capture_output=True)


def one_device_fails_and_the_other_goes_on():
    ip('link', 'add', 'weir2', 'type', 'veth', 'peer', 'name', 'weir3')
    ip('link', 'set', 'weir2', 'up')
    ip('link', 'set', 'weir3', 'up')
    try:
        with output_file() as path:
            with Capture('-i', 'weir2', '-i', NEAR, '-w', path) as capture:
                ip('link', 'del', 'weir2')
                capture.wait_for(b'weir: weir2: ')
                frames = send(5)
                capture.send_signal(signal.SIGINT)
                errors = capture.finish(DEVICE_LOST)[1]
            check(set(frames) <= set(frames_of(path)), 'the other device was not captured on')
        holds(errors, f'{NEAR}: 5 packets captured')
    finally:
        subprocess.run(['ip', 'link', 'del', 'weir2'], check=False, capture_output=True)


def read_terminal(master, shown, until):
    """What a terminal shows, read on until the text is there, or until its other end is closed."""
    deadline = time.monotonic() + PATIENCE
    while until is None or until not in shown:
        ready, _, _ = select.select([master], [], [], max(0, deadline - time.monotonic()))
        check(ready, f'the terminal shows no {until}: {shown}')
        try:
            chunk = os.read(master, 4096)
        except OSError as error:
            check(error.errno == errno.EIO, error)
            return shown
        shown += chunk
    return shown


def a_terminal_gets_a_status_line():
    master, slave = pty.openpty()
    with output_file() as path:
        with subprocess.Popen([WEIR, 'capture', '-i', NEAR, '-w', path], stderr=slave, stdout=subprocess.DEVNULL,
                              env=ENVIRONMENT) as process:
            os.close(slave)
            shown = read_terminal(master, b'', b'capturing on')
            send(7)
            shown = read_terminal(master, shown, b'7 packets, 700 B, ')
            process.send_signal(signal.SIGINT)
            text = read_terminal(master, shown, None).decode()
            same(process.wait(PATIENCE), 0, 'exit status')
    os.close(master)
    check(re.search(r'\r7 packets, 700 B, \d+ packets?/s, \S+ k?B/s, 0 dropped\033\[K', text), repr(text))
    holds(text, '\r\033[K7 packets captured\r\n')


def a_terminal_gets_no_savefile():
    master, slave = pty.openpty()
    result = subprocess.run([WEIR, 'capture', '-i', NEAR, '-w', '-'], stdout=slave, stderr=subprocess.PIPE,
                            text=True, timeout=PATIENCE, check=False)
    os.close(slave)
    os.close(master)
    same(result.returncode, USAGE, 'exit status')
    holds(result.stderr, 'standard output is a terminal')


CASES = [
    ('devices are listed', devices_are_listed),
    ('devices are listed as JSON', devices_are_listed_as_json),
    ('devices are listed without the right to open them', devices_are_listed_without_rights),
    ('modules are listed', modules_are_listed),
    ('capture shows packets as lines', packets_are_shown),
    ('capture shows packets as JSON', packets_are_shown_as_json),
    ('capture -w writes what was sent', a_file_holds_what_was_sent),
    ('capture -w - writes the file alone', a_pipe_holds_the_file_alone),
    ('a signal loses nothing', signals_lose_nothing),
    ('many signals are one', many_signals_are_one),
    ('a second signal ends at once', a_second_signal_ends_at_once),
    ('--seconds is kept', time_limits_are_kept),
    ('-s cuts packets', packets_are_cut_to_the_snapshot_length),
    ('--direction tells directions apart', directions_are_told_apart),
    ('several devices are merged', several_devices_are_merged),
    ('link types do not mix in a file', link_types_do_not_mix_in_a_file),
    ('what cannot be opened is told', what_cannot_be_opened_is_told),
    ('a full device is an error', a_full_device_is_an_error),
    ('a reader that goes away ends a capture', a_reader_that_goes_away_ends_it),
    ('a device that fails ends a capture', devices_that_fail_end_it),
    ('one device fails and the other goes on', one_device_fails_and_the_other_goes_on),
    ('a terminal gets a status line', a_terminal_gets_a_status_line),
    ('a terminal gets no savefile', a_terminal_gets_no_savefile),
]
