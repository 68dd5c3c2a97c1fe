#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""weir module check on devices of the modules that come with the library, on a wire, a bus, a queue of this machine's,
or a stand-in: nothing is broken, and little is left out.

usage: devices.py NAME...: of the groups below"""
import os
import pathlib
import shutil
import signal
import sys
import tempfile

from suite import BUILD, HERE, Modules, environment, is_green
import tap
from tap import Skip, run, try_run

# Why a check may be left out.
NO_SENDING = 'nothing is sent without --inject'
NO_DIRECTION = "the direction can't be set|no packet tells its direction"
NO_LIST = 'it lists no device'
NO_NUMBERS = 'no number that would tell'
ONE_HANDLE = "can't be opened twice"
POLLED = 'the device is polled'
DROPS = 'the device has dropped packets'
SHORT_READS = 'no read had 2 packets at hand'


def traffic(address):
    return ['--traffic', f'exec {sys.executable} {HERE}/traffic.py {address}']


class Devices:
    def __init__(self, base):
        self.base = pathlib.Path(base)
        self.modules = Modules(base)

    # Modules in files

    def good_module(self):
        is_green('--device', 'faulty0', '--inject', self.modules.faulty('NO_FAULT'), reasons=[NO_DIRECTION])

    def generator(self):
        is_green('--device', 'null0:rate=1000', '--inject', self.modules.null(), reasons=[NO_DIRECTION])

    # A wire

    def loopback(self):
        is_green(*traffic('127.0.0.1'), 'lo', reasons=[NO_SENDING])

    def interface(self):
        is_green('--inject', os.environ['WEIR_IF'])

    def other_end(self):
        is_green(*traffic('10.77.0.255'), os.environ['WEIR_PEER_IF'], reasons=[NO_SENDING])

    def all_interfaces(self):
        is_green(*traffic('10.77.0.255'), 'any', reasons=[NO_SENDING, NO_NUMBERS])

    def sampler(self):
        is_green(*traffic('10.77.0.255'), f'sample:2+{os.environ["WEIR_IF"]}',
                 reasons=[NO_SENDING, NO_LIST, NO_NUMBERS, SHORT_READS])

    def fault_injector(self):
        for options in ('drop=5', 'duplicate=5', 'truncate=5', 'delay=5,wait=1'):
            is_green(*traffic('10.77.0.255'), f'faults:{options}+{os.environ["WEIR_IF"]}',
                     reasons=[NO_SENDING, NO_LIST, NO_NUMBERS, NO_DIRECTION, DROPS])

    # What is in this machine

    def netlink(self):
        change = 'while :; do ip address add 127.0.0.9/8 dev lo; ip address del 127.0.0.9/8 dev lo; done'
        is_green('--traffic', change, 'netlink-route', reasons=[NO_SENDING, NO_NUMBERS, NO_DIRECTION])

    def netfilter(self, target, device):
        if shutil.which('iptables') is None:
            raise Skip('the program iptables is not installed')
        result = try_run(['iptables', '-I', 'OUTPUT', '-o', 'lo', '-p', 'udp', '-j', *target])
        if result.returncode != 0:
            raise Skip(f'iptables: {result.stderr.strip()}')
        try:
            is_green(*traffic('127.0.0.1'), device, reasons=[NO_SENDING, NO_DIRECTION, ONE_HANDLE])
        finally:
            run(['iptables', '-F', 'OUTPUT'])

    def netfilter_log(self):
        self.netfilter(['NFLOG', '--nflog-group', '5'], 'nflog:5')

    def netfilter_queue(self):
        self.netfilter(['NFQUEUE', '--queue-num', '7', '--queue-bypass'], 'nfqueue:7')

    def extcap(self):
        folder = self.base / 'extcap'
        folder.mkdir(mode=0o755)
        shutil.copy(HERE / 'extcap.py', folder / 'numbers')
        (folder / 'numbers').chmod(0o755)
        is_green('extcap:numbers', reasons=[NO_SENDING, NO_DIRECTION, NO_LIST],
                 env=environment(PCAP_EXTCAP_PATH=str(folder)))

    def bus(self):
        if shutil.which('dbus-daemon') is None or shutil.which('dbus-send') is None:
            raise Skip('dbus-daemon or dbus-send is not installed')
        if not (BUILD / 'src/modules/loadable/pcap-dbus.so').exists():
            raise Skip('the library is built without the module dbus as a file')
        answer = run(['dbus-daemon', '--session', '--fork', '--nosyslog', '--print-address=1', '--print-pid=1'])
        address, number = answer.split()[:2]
        send = 'while :; do dbus-send --session --type=signal /weir org.weir.Test.Number; done'
        try:
            is_green('--traffic', send, 'dbus-session', reasons=[NO_SENDING, NO_NUMBERS, NO_DIRECTION],
                     env=environment(DBUS_SESSION_BUS_ADDRESS=address))
        finally:
            os.kill(int(number), signal.SIGTERM)

    # Vendors' cards

    def card(self, module, library, device, reasons=()):
        if os.environ['WEIR_SANITIZE'] != 'none':
            raise Skip('a stand-in cannot come before the sanitizer')
        library = BUILD / 'tests/modules/vendor' / library
        if not (BUILD / f'src/modules/loadable/pcap-{module}.so').exists() or not library.exists():
            raise Skip(f'the library is built without the module {module} as a file')
        is_green(device, reasons=[NO_SENDING, NO_DIRECTION, *reasons],
                 env=environment(LD_PRELOAD=str(library), WEIR_STAND_IN_MS='5'))

    def dag(self):
        self.card('dag', 'libdag.so', 'dag0', [ONE_HANDLE, POLLED])

    def snf(self):
        self.card('snf', 'libsnf.so.0', 'snf0', [POLLED])

    def rdmasniff(self):
        self.card('rdmasniff', 'libibverbs.so.1', 'rdma:test_0')


GROUPS = {
    'files': ['good_module', 'generator'],
    'wire': ['loopback', 'interface', 'other_end', 'all_interfaces'],
    'stacks': ['sampler', 'fault_injector'],
    'system': ['netlink', 'netfilter_log', 'netfilter_queue', 'extcap', 'bus'],
    'cards': ['dag', 'snf', 'rdmasniff'],
}


def main():
    with tempfile.TemporaryDirectory() as base:
        devices = Devices(base)
        return tap.main([(name, getattr(devices, name)) for group in sys.argv[1:] for name in GROUPS[group]])


if __name__ == '__main__':
    sys.exit(main())
