#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A module as libpcap's are written, by the names of several versions: its source is built as it is, by what
pkg-config tells of libpcap-modules, loaded, and captured from, though it can only be waited for."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / 'lib'))
import tap
from tap import Failed, Skip, check, run, try_run
from tree import Tree

ROW = '''#include <pcap-module.h>
PCAP_MODULE_IS_OURS(vintage, "a device of old", "vintage", vintage_findalldevs, vintage_create)
'''
VERSIONS = {'1.9': 109, '1.10': 110, '1.11': 111}
PATIENCE = 60  # seconds


class Vintage:
    def __init__(self, base):
        self.base = pathlib.Path(base)
        self.tree = Tree(self.base / 'root')

    def flags(self):
        if not shutil.which('pkg-config'):
            raise Skip('pkg-config is not installed')
        environment = dict(os.environ, PKG_CONFIG_SYSROOT_DIR=str(self.tree.root),
                           PKG_CONFIG_LIBDIR=str(self.tree.libdir / 'pkgconfig'))
        return run(['pkg-config', '--cflags', '--libs', 'libpcap-modules'], env=environment).split()

    def environment(self, version):
        folder = self.base / version
        if not folder.exists():
            folder.mkdir(mode=0o755)
            row = folder / 'vintage-module.c'
            row.write_text(ROW)
            run([*self.tree.cc, '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-Wl,-Bsymbolic', '-Wl,-z,defs',
                 f'-DLIBPCAP={VERSIONS[version]}', '-o', folder / 'pcap-vintage.so', HERE / 'pcap-vintage.c', row,
                 *self.flags()])
        return dict(os.environ, LD_LIBRARY_PATH=str(self.tree.libdir), PCAP_MODULE_PATH=str(folder))

    def weir(self, version, *words):
        return try_run([self.tree.bindir / 'weir', *words], env=self.environment(version))

    def captures(self, version):
        result = self.weir(version, 'capture', '-i', 'vintage', '-c', '3')
        check(result.returncode == 0, result.stderr)
        check(len(re.findall(r' 60/60 ', result.stdout)) == 3, result.stdout)

    def filters(self, version):
        result = self.weir(version, 'capture', '-i', 'vintage', '-c', '1', 'ether[16] = 2')
        check(result.returncode == 0, result.stderr)
        check('1 packet captured' in result.stderr, result.stderr)

    def time_ends_a_wait(self, version):
        result = self.weir(version, 'capture', '-i', 'vintage', '--seconds', '0.5')
        check(result.returncode == 0 and '3 packets captured' in result.stderr, result.stderr)

    def signal_ends_a_wait(self, version):
        command = subprocess.Popen([self.tree.bindir / 'weir', 'capture', '-i', 'vintage'],
                                   env=self.environment(version), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        try:
            # The three packets have come; the device has no more, and its read goes on waiting.
            for _ in range(3):
                command.stdout.readline()
            command.send_signal(signal.SIGINT)
            _, said = command.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise Failed('it does not end') from error
        finally:
            command.kill()
        check(command.returncode == 0 and '3 packets captured' in said, said)

    def several_devices_need_the_mode(self, version):
        result = self.weir(version, 'capture', '-i', 'vintage', '-i', 'vintage')
        check(result.returncode == 3, f'exit status {result.returncode}')
        check('Non-blocking mode is not there on vintage' in result.stderr, result.stderr)

    def cases(self):
        for version in VERSIONS:
            for what in (self.captures, self.filters):
                yield f'{version}: {what.__name__}', lambda what=what, version=version: what(version)
        yield 'the end of the time ends a wait', lambda: self.time_ends_a_wait('1.11')
        yield 'a signal ends a wait', lambda: self.signal_ends_a_wait('1.11')
        yield 'several devices need the mode', lambda: self.several_devices_need_the_mode('1.11')


if __name__ == '__main__':
    with tempfile.TemporaryDirectory(prefix='weir-vintage-') as name:
        os.chmod(name, 0o755)
        sys.exit(tap.main(list(Vintage(name).cases())))
