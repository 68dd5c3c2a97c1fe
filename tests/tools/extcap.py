#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""weir extcap under a stock TShark, which runs on the system's libpcap: it lists the devices of our modules, and captures
netlink messages through one of them. Run by netns.sh, with the command's path and the sanitizers it was built with as
arguments."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'lib'))
from tap import Skip, check, main, run

WEIR = pathlib.Path(sys.argv[1]).resolve()
SANITIZERS = sys.argv[2]
INTERFACE = 'weir-netlink-route'
NOBODY = 65534


def stock_environment(folder):
    """TShark must not run on the library under test; weir finds its own by its run path."""
    environment = dict(os.environ, WIRESHARK_EXTCAP_DIR=str(folder), HOME=str(folder))
    environment.pop('LD_LIBRARY_PATH', None)
    return environment


def command(*arguments):
    """Wireshark's programs heed WIRESHARK_EXTCAP_DIR only for who is not root."""
    if os.getuid() != 0:
        return ['tshark', *arguments]
    return ['setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups', 'tshark', *arguments]


def interfaces_are_listed(folder):
    result = subprocess.run(command('-D'), env=stock_environment(folder), capture_output=True, text=True, timeout=60)
    check(f' {INTERFACE} (' in result.stdout, f'tshark -D lists no {INTERFACE}: {result.stdout} {result.stderr}')
    check('weir-lo' not in result.stdout, 'network interfaces are listed twice')


def packets_are_captured(folder):
    capture = subprocess.Popen(command('-i', INTERFACE, '-c', '3', '-a', 'duration:60', '-T', 'fields', '-e',
                                       'frame.protocols'), env=stock_environment(folder), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    mtu = 1400
    while capture.poll() is None and time.monotonic() < end:
        mtu = 2900 - mtu
        run(['ip', 'link', 'set', os.environ['WEIR_PEER_IF'], 'mtu', str(mtu)])
        time.sleep(0.1)
    output, errors = capture.communicate(timeout=20)
    lines = output.splitlines()
    check(len(lines) == 3, f'3 packets were wanted: {output} {errors}')
    check(all('netlink' in line for line in lines), f'these are no netlink messages: {output}')


def module_in_a_file_is_captured_from(folder):
    """One that was not there when anything was built: as `weir module new` writes it."""
    source = pathlib.Path(__file__).resolve().parent.parent.parent
    if SANITIZERS != 'none':
        raise Skip('the compiler of a module does not know of the sanitizers')
    if shutil.which('cc') is None:
        raise Skip('cc is not installed')
    run([WEIR, 'module', 'new', '--dir', folder, 'ticks'])
    module = folder / 'pcap-ticks'
    run(['cc', '-shared', '-fPIC', '-Wl,-Bsymbolic', f'-I{source}/include', '-o', module / 'pcap-ticks.so',
         module / 'pcap-ticks.c', f'-L{WEIR.parent.parent}', '-lpcap'])
    (module / 'pcap-ticks.so').chmod(0o755)
    environment = dict(stock_environment(folder), PCAP_MODULE_PATH=str(module))
    listed = subprocess.run(command('-D'), env=environment, capture_output=True, text=True, timeout=60)
    check(' weir-ticks0 (' in listed.stdout, f'tshark -D lists no weir-ticks0: {listed.stdout} {listed.stderr}')
    result = subprocess.run(command('-i', 'weir-ticks0', '-c', '3', '-a', 'duration:60', '-T', 'fields', '-e', 'eth.type',
                                    '-e', 'frame.len'), env=environment, capture_output=True, text=True, timeout=90)
    check(result.stdout == '0x88b5\t60\n' * 3, f'3 packets were wanted: {result.stdout} {result.stderr}')


def options_and_filters_are_answered(_folder):
    def weir(*arguments):
        return subprocess.run([WEIR, 'extcap', *arguments], capture_output=True, text=True, timeout=60)

    dlts = weir('--extcap-interface', INTERFACE, '--extcap-dlts').stdout
    check('dlt {number=253}{name=NETLINK}' in dlts, f'the link type is not told: {dlts}')
    config = weir('--extcap-interface', INTERFACE, '--extcap-config').stdout
    check('{call=--device}' in config and '{default=netlink-route}' in config, f'the device is not offered: {config}')
    good = weir('--extcap-interface', INTERFACE, '--extcap-capture-filter', 'len > 40')
    check(good.stdout == '' and good.returncode == 0, f'a good filter is refused: {good.stdout}')
    bad = weir('--extcap-interface', INTERFACE, '--extcap-capture-filter', 'prot 40')
    check(bad.stdout != '', 'a wrong filter is not told')
    for wrong in (['--extcap-interface', 'eth0', '--extcap-dlts'], ['--extcap-dlts'],
                  ['--extcap-interface', INTERFACE, '--capture']):
        result = weir(*wrong)
        check(result.returncode != 0 and result.stderr.startswith('weir: '), f'{wrong} is taken: {result.stderr}')


def usable(weir):
    """Whether who runs TShark can run the command as well."""
    return subprocess.run([*command()[:-1], 'test', '-x', weir], check=False).returncode == 0


def cases():
    if shutil.which('tshark') is None or shutil.which('setpriv') is None:
        print('skipped: tshark or setpriv is not installed')
        return 77
    if not usable(WEIR):
        print('skipped: the build folder is closed to others than root, and TShark must not be root')
        return 77
    with tempfile.TemporaryDirectory(prefix='weir-extcap-') as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        (folder / 'weir-extcap').symlink_to(WEIR)
        tests = (interfaces_are_listed, packets_are_captured, module_in_a_file_is_captured_from, options_and_filters_are_answered)
        return main([(test.__name__.replace('_', ' '), lambda test=test: test(folder)) for test in tests])


if __name__ == '__main__':
    sys.exit(cases())
