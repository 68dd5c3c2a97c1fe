# SPDX-License-Identifier: BSD-3-Clause
"""The stock programs that read and write savefiles: what they say of a file, and whether they complain."""
import os
import re
import shutil
import subprocess

from tap import Failed, Skip, check
from weir_command import PATIENCE

FIELDS = ['frame.number', 'frame.time_epoch', 'frame.interface_name', 'frame.cap_len', 'frame.len',
          'frame.protocols', 'frame.comment', 'frame.packet_flags_direction', '_ws.col.Info']

# A folder of its own, so that nobody's settings change what the programs do.
ENVIRONMENT = {**os.environ, 'TZ': 'UTC', 'LC_ALL': 'C.UTF-8', 'HOME': '/nonexistent',
               'XDG_CONFIG_HOME': '/nonexistent'}
ENVIRONMENT.pop('LD_LIBRARY_PATH', None)

# Said whatever the file is.
HARMLESS = re.compile(r'^(Running as user .*|reading from file .*|-*)$')


def stock(program, *words, stdin=subprocess.DEVNULL):
    """Runs a stock program, which must be content; what it prints."""
    path = shutil.which(program)
    if path is None:
        raise Skip(f'{program} is not installed')
    try:
        result = subprocess.run([path, *map(str, words)], stdin=stdin, capture_output=True, timeout=PATIENCE,
                                check=False, env=ENVIRONMENT)
    except subprocess.TimeoutExpired as error:
        raise Failed(f'{program} {words}: still running after {PATIENCE} seconds') from error
    complaints = [line for line in result.stderr.decode(errors='replace').splitlines() if not HARMLESS.match(line)]
    check(result.returncode == 0 and not complaints,
          f'{program} {words}: exit status {result.returncode}: {result.stderr.decode(errors="replace")}')
    return result.stdout


def as_tshark_reads(path, fields=None):
    """A line a packet."""
    words = [word for field in fields or FIELDS for word in ('-e', field)]
    return stock('tshark', '-n', '-r', path, '-T', 'fields', *words).decode().splitlines()


def as_tcpdump_reads(path, *words):
    return stock('tcpdump', '-n', '-tt', '-xx', '-r', path, *words).decode().splitlines()


def capinfos(path):
    """What it says of a file, as a dictionary; of what it says several times, the first."""
    text = stock('capinfos', '-M', path).decode(errors='replace')
    pairs = (re.match(r'\s*(.*?)\s*(?: =|:)\s(.*)', line) for line in reversed(text.splitlines()))
    return {pair.group(1): pair.group(2).strip() for pair in pairs if pair}
