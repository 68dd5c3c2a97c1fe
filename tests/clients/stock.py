# SPDX-License-Identifier: BSD-3-Clause
"""What the cases of the stock programs share: running a program on the installed library, and being sure that it
did run on it; traffic; asking what the filter compiler takes so far."""
import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
from collections import namedtuple

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'lib'))

from tap import check, try_run, Failed, Skip
NEAR = os.environ.get('WEIR_IF', '')
FAR = os.environ.get('WEIR_PEER_IF', '')
AT_FAR_END = os.environ.get('WEIR_PEER', '').split()

# The Python that Debian's python3- packages are for.
PYTHON = '/usr/bin/python3'

# A test case: program is what must be installed ("python3-NAME": a Python module); filter is an expression of the
# kind that the program compiles, or None where it works without.
Row = namedtuple('Row', 'name program filter routine')


class Traffic:
    """Numbered UDP packets on the wire while a program captures."""

    def __init__(self, length=100, burst=1, direction='in'):
        where, interface = (AT_FAR_END, FAR) if direction == 'in' else ([], NEAR)
        self.command = [*where, sys.executable, HERE / 'sender.py', interface, str(length), str(burst), direction]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)
        return self

    def __exit__(self, *exception):
        self.process.terminate()
        self.process.wait()


class Bench:
    def __init__(self, tree, folder):
        self.tree = tree
        self.folder = pathlib.Path(folder)
        self.folder.chmod(0o755)
        self.runs = 0

    def file(self, name):
        """A file of this case's own; it is not there yet."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        return path

    def environment(self):
        self.runs += 1
        self.debug = self.folder / f'loader-{self.runs}'
        return dict(self.tree.environment(), LD_DEBUG='libs', LD_DEBUG_OUTPUT=str(self.debug), LC_ALL='C',
                    HOME=str(self.folder))

    def run(self, command, status=0, timeout=60):
        """Runs a stock program on our library; what it printed. The program and what it starts load no other."""
        result = try_run(command, timeout, env=self.environment(), cwd=self.folder)
        printed = result.stdout + result.stderr
        words = ' '.join(map(str, command))
        check(result.returncode == status, f'{words}: exit status {result.returncode}\n{printed}')
        self.check_library(words)
        return printed

    def run_until_interrupted(self, command, until, timeout=60):
        """Runs a stock program until the file grows past so many bytes, then sends SIGINT; what it printed."""
        path, size = until
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   env=self.environment(), cwd=self.folder)
        for _ in range(timeout * 20):
            if path.exists() and path.stat().st_size > size:
                break
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            break
        process.send_signal(signal.SIGINT)
        try:
            printed, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise Failed(f'{command[0]} does not end on SIGINT') from error
        check(process.returncode == 0, f'{command[0]}: exit status {process.returncode}\n{printed}')
        self.check_library(command[0])
        return printed

    def check_library(self, what):
        loaded = set()
        for path in self.folder.glob(f'{self.debug.name}.*'):
            loaded |= set(re.findall(r'calling init: (\S*/libpcap\.so\S*)', path.read_text(errors='replace')))
            path.unlink()
        check(loaded, f'{what}: it loaded no libpcap')
        theirs = [path for path in loaded if not path.startswith(str(self.tree.libdir))]
        check(not theirs, f'{what}: it loaded {theirs}, not ours')

    def takes_filter(self, expression):
        """Whether the library compiles the expression."""
        command = [sys.executable, __file__, self.tree.libdir / 'libpcap.so.1', expression]
        return try_run(command, env=self.tree.environment()).returncode == 0


def is_installed(program):
    if program.startswith('python3-'):
        module = program.removeprefix('python3-')
        return os.path.exists(PYTHON) and try_run([PYTHON, '-c', f'import {module}']).returncode == 0
    return shutil.which(program) is not None


def routine_of(row, bench):
    """The routine that runs a row, or skips it and says why."""
    def run_row():
        if not is_installed(row.program):
            raise Skip(f'{row.program} is not installed')
        if row.filter and not bench.takes_filter(row.filter):
            raise Skip(f'needs filter expressions, such as "{row.filter}"')
        row.routine(bench)
    return run_row


def must_find(text, *patterns):
    """Each pattern is in the text."""
    for pattern in patterns:
        check(re.search(pattern, text, re.MULTILINE), f'no "{pattern}" in:\n{text}')


def must_be_consecutive(numbers, count):
    """Packets that follow each other, none lost and none twice."""
    check(len(numbers) == count, f'{len(numbers)} packets, not {count}')
    first = numbers[0] if numbers else 0
    check(numbers == list(range(first, first + count)), f'packets lost, or out of order: {numbers[:50]}')


def compile_filter(library, expression):
    """pcap_compile() for an Ethernet device; its result."""
    pcap = ctypes.CDLL(library)
    pcap.pcap_open_dead.restype = ctypes.c_void_p
    pcap.pcap_compile.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint32]
    program = ctypes.create_string_buffer(64)  # more than a struct bpf_program
    return pcap.pcap_compile(pcap.pcap_open_dead(1, 65535), program, expression.encode(), 1, 0xffffff00)


if __name__ == '__main__':
    sys.exit(0 if compile_filter(sys.argv[1], sys.argv[2]) == 0 else 1)
