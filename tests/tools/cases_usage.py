# SPDX-License-Identifier: BSD-3-Clause
"""Command lines: help, versions, what is wrong with one, and the manual's account of the options."""
import pathlib
import re
import sys

from tap import check
from weir_command import OK, USAGE, holds, refused, same, weir

SOURCE = pathlib.Path(sys.argv[2])
COMMANDS = ['devices', 'capture', 'read', 'info', 'filter', 'modules']


def usage_is_shown():
    result = weir(status=USAGE)
    check(not result.stdout, 'usage for an empty command line belongs on standard error')
    holds(result.stderr, 'usage: weir COMMAND', *COMMANDS)
    for words in (['help'], ['--help'], ['-h']):
        holds(weir(*words).stdout, 'usage: weir COMMAND', *COMMANDS)


def version_names_the_library():
    lines = weir('--version').stdout.splitlines()
    check(re.fullmatch(r'weir \d+\.\d+\.\d+', lines[0]), lines[0])
    check(lines[1].startswith('libpcap version 1.'), lines[1])


def unknown_commands_are_refused():
    refused('captrue', status=USAGE, says="there is no command 'captrue'; did you mean 'capture'?")
    refused('xyzzy', status=USAGE, says="there is no command 'xyzzy' ('weir help' lists them)")
    refused('help', 'raed', status=USAGE, says="did you mean 'read'?")
    refused('help', 'read', 'more', status=USAGE, says='one command too many')
    refused('x\033[2J', status=USAGE, says="there is no command 'x\\x1b[2J'")


def wrong_options_are_refused():
    refused('read', 'x', '--coutn', '1', status=USAGE, says='there is no option --coutn; did you mean --count?')
    refused('read', 'x', '-Z', status=USAGE, says='there is no option -Z')
    refused('read', 'x', '--json=1', status=USAGE, says='--json takes no value')
    refused('capture', '-i', status=USAGE, says='-i needs a value: DEV')
    refused('capture', '--seconds', status=USAGE, says='--seconds needs a value: S')
    refused('capture', '-i', 'lo', '-c', '0', status=USAGE, says="-c takes a number, 1 or more, and not '0'")
    refused('capture', '-i', 'lo', '--count', '5x', status=USAGE, says="--count takes a number, 1 or more, and")
    refused('capture', '-i', 'lo', '--seconds', '-1', status=USAGE, says="and not '-1'")
    refused('capture', '-i', 'lo', '--direction', 'up', status=USAGE, says='in, out or inout')
    refused('capture', '-i', 'lo', '--precision', 'milli', status=USAGE, says='micro or nano')
    refused('capture', '-i', 'lo', '-B', '4G', status=USAGE, says='a number of bytes below 2G')
    refused('capture', '-i', 'lo', '-y', 'NONE', status=USAGE, says="and not 'NONE'")
    refused('capture', '-i', 'lo', '--tstamp', 'sundial', status=USAGE, says="and not 'sundial'")


def contradictions_are_refused():
    refused('capture', status=USAGE, says='which device? -i DEV')
    refused('capture', '-i', 'lo', '-w', 'x', '--json', status=USAGE, says='either -w or --json')
    refused('read', status=USAGE, says='which file?')
    refused('read', 'x', '-w', 'y', '--json', status=USAGE, says='either -w or --json')
    refused('devices', 'lo', status=USAGE, says='it takes no operand: lo')
    refused('modules', 'linux', status=USAGE, says='it takes no operand: linux')


def options_of(text):
    return set(re.findall(r'--[a-z-]+', text))


def help_and_manual_tell_the_same_options():
    for command in COMMANDS:
        shown = weir('help', command, status=OK).stdout
        same(weir(command, '--help').stdout, shown, f'weir {command} --help')
        table = shown.split('options:')[1]
        page = (SOURCE / 'doc' / 'man' / 'man1' / f'weir-{command}.1').read_text().replace(r'\-', '-')
        page = page.split('.SH OPTIONS')[1].split('.SH EXIT STATUS')[0]
        same(options_of(page), options_of(table) - ({'--help'} if '--help' not in page else set()),
             f'options of weir {command} in the manual and in the help')
        letters = set(re.findall(r'^ +(-\w), --', table, re.MULTILINE))
        check(letters <= set(re.findall(r'-\w\b', page)), f'weir {command}: the manual lacks one of {letters}')


CASES = [
    ('usage is shown', usage_is_shown),
    ('--version names the library', version_names_the_library),
    ('unknown commands are refused, near ones suggested', unknown_commands_are_refused),
    ('wrong options and values are refused', wrong_options_are_refused),
    ('contradictory command lines are refused', contradictions_are_refused),
    ('help and manual tell the same options', help_and_manual_tell_the_same_options),
]
