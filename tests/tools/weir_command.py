# SPDX-License-Identifier: BSD-3-Clause
"""The `weir` command as its tests run it, and the frames on the wire of the network that netns.sh makes."""
import json
import os
import pathlib
import select
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'lib'))
from packets import make_udp
from tap import Failed, Skip, check

PATIENCE = 60  # seconds
WEIR = sys.argv[1]

# What the exit statuses mean, by weir(1).
OK, ERROR, USAGE, NO_DEVICE, DEVICE_LOST = range(5)

ENVIRONMENT = {**os.environ, 'TZ': 'UTC'}

NEAR = os.environ.get('WEIR_IF', '')  # what comes in here was sent on FAR
FAR = os.environ.get('WEIR_PEER_IF', '')


def weir(*words, status=OK, prefix=(), text=True, environment=None, **options):
    """Runs the command to its end; its result, whose exit status must be the given one."""
    if 'input' not in options and 'stdin' not in options:
        options['stdin'] = subprocess.DEVNULL
    options.setdefault('stdout', subprocess.PIPE)
    options.setdefault('stderr', subprocess.PIPE)
    try:
        result = subprocess.run([*prefix, WEIR, *map(str, words)], text=text, timeout=PATIENCE, check=False,
                                env={**ENVIRONMENT, **(environment or {})}, **options)
    except subprocess.TimeoutExpired as error:
        raise Failed(f'weir {words}: still running after {PATIENCE} seconds') from error
    if result.returncode != status and 'this library was built without' in str(result.stderr):
        raise Skip('this library was built without a compression')
    check(result.returncode == status,
          f'weir {words}: exit status {result.returncode}, not {status}\n{result.stdout}\n{result.stderr}')
    return result


def refused(*words, status, says, **options):
    """Runs a command line that must fail with a message in which the text stands; nothing on standard output."""
    result = weir(*words, status=status, **options)
    check(says in result.stderr, f'weir {words}: "{says}" is not in: {result.stderr}')
    check(not result.stdout, f'weir {words} prints {result.stdout}')


def same(found, expected, what):
    check(found == expected, f'{what}:\nfound    {found!r}\nexpected {expected!r}')


def holds(text, *parts):
    for part in parts:
        check(part in text, f'"{part}" is not in: {text}')


class Capture:
    """A capture that runs; it is killed at the end if the case left it running."""

    def __init__(self, *words, **options):
        options.setdefault('stdout', subprocess.PIPE)
        options.setdefault('stderr', subprocess.PIPE)
        self.process = subprocess.Popen([WEIR, 'capture', *map(str, words)], stdin=subprocess.DEVNULL,
                                        env=ENVIRONMENT, **options)
        self.errors = b''
        self.devices = sum(word == '-i' for word in words)

    def __enter__(self):
        self.wait_for(b'capturing on ', self.devices)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def wait_for(self, text, count=1):
        """Waits until the text was said so often on standard error."""
        deadline = time.monotonic() + PATIENCE
        stream = self.process.stderr
        while self.errors.count(text) < count or not self.errors.endswith(b'\n'):
            ready, _, _ = select.select([stream], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(stream.fileno(), 65536) if ready else b''
            check(chunk, f'"{text.decode()}" was not said: {self.errors.decode()}')
            self.errors += chunk

    def send_signal(self, number):
        self.process.send_signal(number)

    def finish(self, status=OK):
        """Waits for the end; what was printed on standard output and standard error."""
        try:
            output, errors = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise Failed(f'the capture does not end: {self.errors.decode()}') from error
        errors = (self.errors + (errors or b'')).decode()
        check(self.process.returncode == status,
              f'exit status {self.process.returncode}, not {status}: {errors}')
        return output or b'', errors


class Wire:
    """Sends numbered frames on an interface."""

    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind((interface, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, frame):
        self.socket.send(frame)


def send(count, length=100, interface=None, first=0):
    """Sends numbered UDP frames to the near end, or from it; the frames."""
    interface = interface or FAR
    frames = [make_udp(first + n, length, outgoing=interface == NEAR) for n in range(count)]
    with Wire(interface) as wire:
        for frame in frames:
            wire.send(frame)
    return frames


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]
