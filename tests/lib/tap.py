# SPDX-License-Identifier: BSD-3-Clause
"""Runs test cases and prints TAP, for the tests that are Python programs."""
import signal
import subprocess
import traceback


class Skip(Exception):
    """Raised by a case that cannot be run here; its text says why."""


class Failed(Exception):
    """Raised by a case that found something wrong; its text says what."""


def check(condition, text):
    if not condition:
        raise Failed(text)


def run(command, timeout=60, **options):
    """Runs a command to its end; what it printed on stdout and stderr. A status other than 0 fails the case."""
    result = try_run(command, timeout, **options)
    words = ' '.join(map(str, command))
    check(result.returncode == 0,
          f'{words}: exit status {result.returncode}\n{result.stdout}{result.stderr}')
    return result.stdout + result.stderr


def try_run(command, timeout=60, **options):
    """Runs a command to its end, whatever its status."""
    words = ' '.join(map(str, command))
    try:
        return subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors='replace', timeout=timeout, check=False, **options)
    except subprocess.TimeoutExpired as error:
        raise Failed(f'{words}: still running after {timeout} seconds\n{error.stdout}\n{error.stderr}') from error


def comment(text):
    for line in str(text).splitlines():
        print(f'# {line}', flush=True)


def main(cases):
    """Runs (name, routine) pairs; the exit status."""
    failures = 0
    # Whoever runs the tests in the background or under nohup has signals ignored, and so would what they start.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    print(f'1..{len(cases)}', flush=True)
    for number, (name, routine) in enumerate(cases, 1):
        try:
            routine()
        except Skip as reason:
            print(f'ok {number} - {name} # SKIP {reason}', flush=True)
        except Failed as error:
            failures += 1
            print(f'not ok {number} - {name}', flush=True)
            comment(error)
        except Exception:  # a fault of the test itself fails it, and the others still run
            failures += 1
            print(f'not ok {number} - {name}', flush=True)
            comment(traceback.format_exc())
        else:
            print(f'ok {number} - {name}', flush=True)
    return 1 if failures else 0
