#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs a command as root in a small virtual machine that has Debian's own kernel, for devices that the machine's
kernel has no driver for. The guest sees the host's files; what it writes is gone afterwards. What the command prints
is printed, and its exit status is the status; it is 77, and the reason is printed, where there can be no guest, 124
after the time-out, 125 if the guest ended before the command did.

usage: tests/guest/guest.py [--timeout SECONDS] [--scripts] COMMAND [ARGUMENT...]

With --scripts the arguments after the command are scripts, and each line "# qemu: ARGUMENTS" in them goes to QEMU.
The environment's variables that begin with WEIR_ are the command's as well. QEMU emulates the processor, which works
everywhere; WEIR_GUEST_ACCEL=kvm has it use the machine's own.
"""
import argparse
import os
import pathlib
import platform
import shlex
import signal
import subprocess
import sys
import tempfile

import kernel

QEMU = 'qemu-system-x86_64'
HERE = pathlib.Path(__file__).resolve().parent
SKIPPED, TIMED_OUT, DIED = 77, 124, 125
LOG_LINES = 30


def read_arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split('usage: ')[1].splitlines()[0])
    parser.add_argument('--timeout', type=float, default=120)
    parser.add_argument('--scripts', action='store_true')
    parser.add_argument('command')
    parser.add_argument('arguments', nargs=argparse.REMAINDER)
    return parser.parse_args()


def devices_of(scripts):
    """What the scripts have to say to QEMU."""
    words = []
    for script in scripts:
        for line in pathlib.Path(script).read_text(encoding='utf-8').splitlines():
            if line.startswith('# qemu: '):
                words += shlex.split(line.removeprefix('# qemu: '))
    return words


def command_file(arguments):
    """A shell script: the environment's part that matters, then the command."""
    lines = [f'export {name}={shlex.quote(value)}' for name, value in os.environ.items()
             if name.startswith('WEIR_')]
    lines += [f'cd {shlex.quote(os.getcwd())}',
              shlex.join([os.path.abspath(arguments.command), *arguments.arguments])]
    return '\n'.join(lines) + '\n'


def folder_of(tag, path):
    """A folder of the host for the guest to read. Files of several devices must not seem to be the same."""
    return ['-virtfs', f'local,path={path},mount_tag={tag},security_model=none,readonly=on,multidevs=remap']


def qemu_command(image, folder, devices):
    accelerator = os.environ.get('WEIR_GUEST_ACCEL', 'tcg')
    return [QEMU, '-M', 'q35', '-accel', accelerator, '-cpu', 'max', '-m', '1024', '-smp', '1',
            '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot',
            '-kernel', image.image, '-initrd', folder / 'initial',
            '-append', 'console=ttyS0 quiet panic=-1 mitigations=off audit=0 apparmor=0',
            '-serial', f'file:{folder}/console',
            '-device', 'virtio-serial-pci',
            '-chardev', 'stdio,id=output,signal=off', '-device', 'virtserialport,chardev=output',
            '-chardev', f'file,id=status,path={folder}/status', '-device', 'virtserialport,chardev=status',
            *folder_of('tree', '/'), *folder_of('modules', image.modules), *folder_of('control', folder / 'control'),
            *devices]


def run_guest(command, timeout):
    """QEMU to its end or to the time-out, whatever ends this program first. Its status, or None."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # Its standard input must not come to an end: then it would take nothing more from the guest.
    with subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE) as process:
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            process.kill()


def last_lines(path):
    lines = path.read_text(encoding='utf-8', errors='replace').splitlines() if path.exists() else []
    return ''.join(f'# console: {line}\n' for line in lines[-LOG_LINES:])


def main():
    arguments = read_arguments()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        try:
            if platform.machine() != 'x86_64':
                raise kernel.Unavailable(f'the guest is an x86-64 one, and this machine is {platform.machine()}')
            kernel.run(QEMU, '--version')
            image = kernel.get()
            (folder / 'initial').write_bytes(kernel.initial_files(image, HERE / 'init.sh'))
        except kernel.Unavailable as reason:
            print(f'skipped: no guest: {reason}')
            return SKIPPED
        (folder / 'control').mkdir()
        (folder / 'control/command').write_text(command_file(arguments), encoding='utf-8')
        devices = devices_of(arguments.arguments) if arguments.scripts else []
        ended = run_guest(qemu_command(image, folder, devices), arguments.timeout)
        status = (folder / 'status').read_text(encoding='ascii') if (folder / 'status').exists() else ''
        if status.strip().isdigit():
            return int(status)
        print(f'# the guest still ran after {arguments.timeout:g} seconds' if ended is None
              else '# the guest ended before the command did')
        print(last_lines(folder / 'console'), end='')
        return TIMED_OUT if ended is None else DIED


if __name__ == '__main__':
    sys.exit(main())
