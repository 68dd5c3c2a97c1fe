#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Wireshark's own extcap programs as devices of stock tcpdump and of weir: randpktdump, udpdump with real datagrams, and
of sshdump and dpauxmon, which have nothing to connect to here, the listing, the options and what they say.

usage: netns.sh peers.py LIBRARY-FOLDER WEIR SANITIZERS"""
import glob
import json
import os
import pathlib
import re
import shutil
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / 'lib'))
from tap import Skip, check, main, run, try_run

LIBRARY, WEIR = map(os.path.realpath, sys.argv[1:3])
SANITIZERS = sys.argv[3]
ENVIRONMENT = dict(os.environ, LD_LIBRARY_PATH=LIBRARY, LC_ALL='C')


def program(name):
    found = glob.glob(f'/usr/lib/*/wireshark/extcap/{name}')
    if not found:
        raise Skip(f'{name} of Wireshark is not installed')
    return found[0]


def ask(name, *words):
    """What a program answers when Wireshark asks it; it runs on no library of ours."""
    return run([program(name), *words])


def capture(device, *words, status=0):
    result = try_run([WEIR, 'capture', '-i', device, *words], env=ENVIRONMENT)
    check(result.returncode == status, f'{device}: exit status {result.returncode}: {result.stdout}{result.stderr}')
    return result


def tcpdump_captures_random_packets():
    program('randpktdump')
    if not shutil.which('tcpdump'):
        raise Skip('tcpdump is not installed')
    if SANITIZERS != 'none':
        raise Skip('stock programs do not run on a sanitized library as they are')
    for device in ('extcap:randpkt', 'extcap:randpktdump', 'extcap:randpkt?type=dns&count=20'):
        printed = run(['tcpdump', '-n', '-c', '5', '-i', device], env=ENVIRONMENT)
        check('listening on ' + device in printed and '5 packets captured' in printed, printed)


def options_reach_randpktdump():
    program('randpktdump')
    result = capture('extcap:randpkt?type=tcp&count=7&maxbytes=200', '--json', status=4)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    check(len(lines) == 7 and all(line['captured'] <= 200 for line in lines), lines)
    check('randpktdump has ended' in result.stderr, result.stderr)


def datagrams_come_through_udpdump():
    """Each is a packet, in the wrapping that udpdump gives it (LINKTYPE_WIRESHARK_UPPER_PDU)."""
    program('udpdump')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    stop = threading.Event()

    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            number = 0
            while not stop.wait(0.005):
                try:
                    sender.sendto(b'datagram %06d' % number, ('127.0.0.1', port))
                    number += 1
                except ConnectionRefusedError:
                    pass  # it does not listen yet

    sender = threading.Thread(target=send)
    sender.start()
    try:
        output = pathlib.Path(os.environ.get('TMPDIR', '/tmp')) / f'weir-udpdump-{os.getpid()}.pcap'
        capture(f'extcap:udpdump?port={port}&payload=data', '-c', '10', '-w', output)
    finally:
        stop.set()
        sender.join()
    data = output.read_bytes()
    output.unlink()
    numbers = [int(number) for number in re.findall(rb'datagram (\d{6})', data)]
    check(len(numbers) == 10 and numbers == list(range(numbers[0], numbers[0] + 10)), numbers)


def programs_that_cant_connect_say_why():
    """Their listing, link type and options can be asked for, and the error of the program is that of the device."""
    rows = (
        ('sshdump', '', 'sshdump has ended: Missing parameter: --remote-host'),
        ('sshdump', '?remote-host=127.0.0.1&remote-port=1&remote-username=x&remote-password=y', 'onnection refused'),
        ('dpauxmon', '?no-such-option', 'dpauxmon has ended: '),
        ('dpauxmon', '', 'dpauxmon has ended: '),
    )
    for name, options, text in rows:
        check(f'interface {{value={name}}}' in ask(name, '--extcap-interfaces'), f'{name} lists another interface')
        check('dlt {number=' in ask(name, '--extcap-interface', name, '--extcap-dlts'), f'{name} tells no link type')
        check('arg {number=' in ask(name, '--extcap-interface', name, '--extcap-config'), f'{name} has no options')
        result = try_run([WEIR, 'capture', '-i', f'extcap:{name}{options}', '-c', '1'], env=ENVIRONMENT)
        check(result.returncode in (3, 4), f'{name}{options}: exit status {result.returncode}')
        check(text in result.stderr and '/extcap/' not in result.stderr, result.stderr)
        # In a library's message there is no more of the name than the program.
        check('remote-password' not in result.stderr.split(f'extcap:{name}: ')[-1], result.stderr)


def left_over():
    """Processes in this network with a FIFO of the library's in their command line."""
    found = []
    for process in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            command = (process / 'cmdline').read_bytes()
            if b'/tmp/pcap-extcap-' in command and os.readlink(process / 'ns/net') == os.readlink('/proc/self/ns/net'):
                found.append(command)
        except OSError:
            pass  # it has ended
    return found


def nothing_is_left():
    """Also not of a tcpdump that is root's and then another user's, who can't end the program."""
    end = time.monotonic() + 30
    while left := left_over():
        check(time.monotonic() < end, f'this goes on: {left}')
        time.sleep(0.05)


if __name__ == '__main__':
    sys.exit(main([
        ('stock tcpdump captures random packets', tcpdump_captures_random_packets),
        ('options reach randpktdump', options_reach_randpktdump),
        ('datagrams come through udpdump', datagrams_come_through_udpdump),
        ('programs that can\'t connect say why', programs_that_cant_connect_say_why),
        ('nothing is left', nothing_is_left),
    ]))
