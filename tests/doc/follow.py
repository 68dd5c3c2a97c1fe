#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Follows the documents for authors of modules as a reader does, against an installed tree: writes their files, runs
their commands, and compares what these print. Each C file is compiled as it is before each set of commands, with all
warnings as errors. A block that is none of these fails the test, so that nothing in the documents goes unseen.

usage: follow.py DOCUMENT..."""
import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'lib'))
import tap
from steps import Document
from tap import Failed, Skip, check
from tree import Tree

SOURCE_ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WARNINGS = ['-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-fsyntax-only']
# The port of the documents. Others may have it here, so that the test puts a free one in its place.
PORT = '27001'
PORTS = range(20000, 28000)  # the system gives none of these to who does not ask for it
# Modules that the documents take from the source.
COPIES = ['tests/modules/third-party/pcap-ticker.c', 'tests/modules/third-party/pcap-dgram.c']


def free_port():
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, contextlib.suppress(OSError):
            one.bind(('', port))
            return str(port)
    raise Skip(f'no UDP port is free from {PORTS[0]} to {PORTS[-1]}')


def mask(line):
    """A time of day stands for any, and blanks for any number of them."""
    line = re.sub(r'\d\d:\d\d:\d\d\.\d+', lambda time: re.sub(r'\d', '0', time[0]), line)
    line = re.sub(r'\d+ B in .*', 'RATES', line)
    return re.sub(r' +', ' ', line.rstrip())


def compare(expected, printed):
    """Every line is there, in order, and no other; but "..." stands for any lines."""
    wanted, there = ([mask(line) for line in text.splitlines() if line.strip()] for text in (expected, printed))
    at, skipping = 0, False
    for line in wanted:
        if line == '...':
            skipping = True
            continue
        while skipping and at < len(there) and there[at] != line:
            at += 1
        check(at < len(there) and there[at] == line, f'"{line}" is not printed there, but:\n{printed}')
        at, skipping = at + 1, False
    check(skipping or at == len(there), f'more is printed than the document has:\n{printed}')


class Follower:
    """Goes through a document in a folder of its own."""

    def __init__(self, path, tree, folder):
        self.name = pathlib.Path(path).name
        self.tree = tree
        self.folder = folder
        folder.mkdir(mode=0o755)
        self.document = Document(path)
        self.port = None
        self.state = folder.with_suffix('.state')
        self.changed = set()
        self.packages = {}
        self.printed = None
        self.counts = {'c': 0, 'bash': 0, 'text': 0}
        for copy in COPIES:
            shutil.copy(SOURCE_ROOT / copy, folder)
        if 'weir/build' in pathlib.Path(path).read_text():
            shutil.copytree(SOURCE_ROOT, folder / 'weir', symlinks=True,
                            ignore=shutil.ignore_patterns('.git', 'build*'))

    def environment(self):
        """That of one who has installed the library in a folder of his own."""
        packages = self.tree.root / 'pkgconfig'
        packages.mkdir(exist_ok=True)
        for package in (self.tree.libdir / 'pkgconfig').iterdir():
            text = re.sub(r'^prefix=.*$', f'prefix={self.tree.prefix}', package.read_text(), flags=re.MULTILINE)
            (packages / package.name).write_text(text)
        return dict(os.environ, LC_ALL='C', PKG_CONFIG_PATH=str(packages), LD_LIBRARY_PATH=str(self.tree.libdir),
                    PATH=f'{self.tree.bindir}:{os.environ["PATH"]}', CC=' '.join(self.tree.cc))

    def put_port(self, text):
        return text.replace(PORT, self.port)

    def define(self, words, code):
        self.document.define(words[1], code)
        self.changed.add(words[1])
        self.packages[words[1]] = words[2:] or ['libpcap']

    def write(self):
        """Writes what has changed, and compiles it."""
        for name in sorted(self.changed):
            path = self.folder / name
            path.write_text(self.put_port(self.document.files[name].text))
            path.chmod(0o755 if path.read_text().startswith('#!') else 0o644)
            if name.endswith('.c') and not name.endswith('-module.c'):
                flags = tap.run(['pkg-config', '--cflags', *self.packages[name]], env=self.environment()).split()
                tap.run([*self.tree.cc, *WARNINGS, *flags, path])
                self.counts['c'] += 1
        self.changed.clear()

    def run(self, code):
        """Commands, with variables and functions of those before. They go on after none that failed."""
        self.write()
        for command in re.findall(r'^weir module (\w+)', code, re.MULTILINE):
            if not self.has_command(command):
                tap.comment(f'weir module {command} is not there: its block in {self.name} is not run')
                self.printed = None
                return
        before, after = f'[ ! -f {self.state} ] || . {self.state}', f'{{ declare -px; declare -f; }} > {self.state}'
        script = f'set -eu\n{before}\n{self.put_port(code)}\n{after}\n'
        process = subprocess.Popen(['bash', '-c', script], cwd=self.folder, env=self.environment(), text=True,
                                   errors='replace', stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            self.printed, _ = process.communicate(timeout=120)
        except subprocess.TimeoutExpired as error:
            raise Failed(f'still running after 120 seconds:\n{code}{error.stdout}') from error
        finally:
            self.end(process)
        check(process.returncode == 0, f'exit status {process.returncode}:\n{code}{self.printed}')
        self.counts['bash'] += 1

    @staticmethod
    def end(process):
        """What commands have left running in the background ends with them."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def has_command(self, command):
        return tap.try_run(['weir', 'module', command, '--help'], env=self.environment()).returncode == 0

    def block(self, words, code):
        if len(words) >= 2:
            self.define(words, code)
            self.printed = None
        elif words == ['bash']:
            self.run(code)
        elif words == ['text']:
            check(self.printed is not None, 'there are no commands before it that print this')
            compare(self.put_port(code).replace('FOLDER', str(self.folder)), self.printed)
            self.printed = None
            self.counts['text'] += 1
        else:
            raise Failed(f'what is a block with "{" ".join(words)}"?')

    def follow(self):
        heading = ''
        self.port = free_port()
        for event in self.document.events:
            try:
                if event[0] == 'heading':
                    heading = event[1]
                elif event[0] == 'gone':
                    self.document.gone(*event[1:])
                else:
                    self.block(event[1], event[2])
            except (Failed, ValueError) as error:
                line = f', line {event[3]}' if event[0] == 'block' else ''
                raise Failed(f'{self.name}{line}, "{heading}": {error}') from error
        self.write()
        for what, least in (('c', 1), ('bash', 5), ('text', 3)):
            check(self.counts[what] >= least, f'{self.name}: only {self.counts[what]} blocks of {what}')


def main():
    if not shutil.which('pkg-config') or not shutil.which('make'):
        print('skipped: pkg-config and make are needed')
        return 77
    with tempfile.TemporaryDirectory(prefix='weir-follow-') as name:
        base = pathlib.Path(name)
        base.chmod(0o755)
        tree = Tree(base / 'root')
        followers = [Follower(path, tree, base / pathlib.Path(path).stem) for path in sys.argv[1:]]
        return tap.main([(follower.name, follower.follow) for follower in followers])


if __name__ == '__main__':
    sys.exit(main())
