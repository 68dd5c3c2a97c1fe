#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The module contract's rules on the shape of a module (M1, M3), on the module that people copy: it compiles alone
with nothing but the installed headers and the system's, two routines of it are visible, and no user's library has it.
Arguments: the compiler, our include folder, the module's source, our shared library, whether that was built for
tests (true or false). TAP."""

import ctypes
import os
import subprocess
import sys
import tempfile


def compile_alone(cc, include, source, folder):
    target = os.path.join(folder, "module.o")
    command = cc.split() + ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-sign-compare", "-I", include, "-c", source,
                            "-o", target]
    result = subprocess.run(command, capture_output=True, text=True)
    return target, result.stderr


def visible(target):
    out = subprocess.run(["nm", "-g", "--defined-only", target], check=True, capture_output=True, text=True).stdout
    return sorted(line.split()[-1] for line in out.splitlines())


def opens(library, device):
    pcap = ctypes.CDLL(library)
    pcap.pcap_create.restype = ctypes.c_void_p
    errbuf = ctypes.create_string_buffer(256)
    return pcap.pcap_create(device, errbuf) is not None


def main():
    cc, include, source, library, has_test_modules = sys.argv[1:6]
    results = []
    with tempfile.TemporaryDirectory() as folder:
        target, errors = compile_alone(cc, include, source, folder)
        results.append(("M1 a module is one source file that needs only the installed headers", errors == "", errors))
        names = visible(target) if errors == "" else []
        results.append(("M3 two routines of a module are visible", names == ["pcap_null_create", "pcap_null_findalldevs"],
                        " ".join(names)))
    found = opens(library, b"null0")
    results.append(("the packet generator is in libraries that are built for tests alone",
                    found == (has_test_modules == "true"), f"null0 {'opens' if found else 'does not open'}"))
    print(f"1..{len(results)}")
    for number, (name, good, why) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            print("\n".join("# " + line for line in why.splitlines()))


main()
