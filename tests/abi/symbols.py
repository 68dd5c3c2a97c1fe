#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Holds the shared library's exported names: exactly libpcap.map, nothing that has been exported is gone, and all
that the system's libpcap exports is there, data with the same size. Arguments: our library, libpcap.map, the list of
names that have been exported so far, the sanitizers it was built with, or "none", and pcap-int.h."""

import ctypes.util
import os
import re
import subprocess
import sys


def exported(library):
    """Name -> (kind, size) of the dynamic symbols that a library defines."""
    out = subprocess.run(["nm", "-D", "--defined-only", "-S", library], check=True, capture_output=True, text=True).stdout
    names = {}
    for line in out.splitlines():
        fields = line.split()
        kind, name = fields[-2], fields[-1].split("@")[0]
        names[name] = (kind, int(fields[1], 16) if len(fields) == 4 else 0)
    return names


def system_library():
    for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"):
        path = os.path.join(folder, "libpcap.so.0.8")
        if os.path.exists(path):
            return path
    return None


def for_modules(header):
    """What a header declares for modules: names of functions, at the beginning of a line of code."""
    with open(header) as f:
        code = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.DOTALL)
    return set(re.findall(r"^\w[\w *]*\b(pcapint_\w+)\(", code, re.MULTILINE))


def main():
    library, version_script, known_list, sanitizers, header = sys.argv[1:6]
    ours = exported(library)
    with open(version_script) as f:
        body = f.read().split("global:")[1].split("local:")[0]
    allowed = set(re.findall(r"(\w+);", body))
    with open(known_list) as f:
        known = {line.strip() for line in f if line.strip() and not line.startswith("#")}
    faults = []
    faults += [f"exported, but not in libpcap.map: {n}" for n in sorted(set(ours) - allowed)]
    faults += [f"in libpcap.map, but not exported: {n}" for n in sorted(allowed - set(ours))]
    faults += [f"declared for modules in {header}, but not in {version_script}, or the other way round: {n}"
               for n in sorted(for_modules(header) ^ {n for n in allowed if n.startswith("pcapint_")})]
    faults += [f"was exported once and is gone: {n}" for n in sorted(known - set(ours))]
    faults += [f"exported, but not in {known_list}: {n}" for n in sorted(set(ours) - known)]
    peer = system_library()
    if peer is None:
        print("the system's libpcap is not installed: not compared with it")
    else:
        for name, (kind, size) in sorted(exported(peer).items()):
            if name not in ours:
                faults.append(f"the system's libpcap exports it, ours does not: {name}")
            elif kind in "DBR" and ours[name][1] != size and "address" not in sanitizers:
                # (clang's AddressSanitizer makes data larger.)
                faults.append(f"{name}: {ours[name][1]} bytes, in the system's libpcap {size}")
        print(f"compared with {peer}")
    print("\n".join(faults) if faults else f"{len(ours)} names, as they should be")
    return 1 if faults else 0


sys.exit(main())
