#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Holds our headers against those of the system's libpcap, where they are installed: every macro has the same value,
every function can be declared both ways in one file, every structure has the same size and offsets. Arguments: the
compiler, our include folder; PCAP_PEER_INCLUDE names another folder than /usr/include for the system's."""

import os
import re
import subprocess
import sys
import tempfile

HEADERS = ["pcap/pcap.h", "pcap/bpf.h", "pcap/namedb.h", "pcap/sll.h", "pcap/usb.h", "pcap/nflog.h", "pcap/vlan.h",
           "pcap/bluetooth.h", "pcap/can_socketcan.h", "pcap/ipnet.h", "pcap/dlt.h"]
# Guards, attributes, and what describes the header and not the API.
PRIVATE = re.compile(r"^(lib_pcap|pcap_pcap|PCAP_(API|AVAILABLE|IS_AT|DEPRECATED|NORETURN|PRINTFLIKE|DO_|UNREACH)|DLT_MATCHING_MAX)|_h$")
STRUCTS = {
    "struct pcap_file_header": "magic version_major version_minor thiszone sigfigs snaplen linktype",
    "struct pcap_pkthdr": "ts caplen len",
    "struct pcap_stat": "ps_recv ps_drop ps_ifdrop",
    "struct pcap_if": "next name description addresses flags",
    "struct pcap_addr": "next addr netmask broadaddr dstaddr",
    "struct pcap_rmtauth": "type username password",
    "struct pcap_samp": "method value",
    "struct bpf_program": "bf_len bf_insns",
    "struct bpf_insn": "code jt jf k",
    "struct pcap_etherent": "addr name",
    "struct sll_header": "sll_pkttype sll_hatype sll_halen sll_addr sll_protocol",
    "struct sll2_header": "sll2_protocol sll2_if_index sll2_hatype sll2_pkttype sll2_halen sll2_addr",
    "pcap_usb_header": "id event_type transfer_type endpoint_number device_address bus_id setup_flag data_flag ts_sec "
                       "ts_usec status urb_len data_len setup",
    "pcap_usb_header_mmapped": "id setup_flag s interval start_frame xfer_flags ndesc",
    "usb_isodesc": "status offset len pad",
    "pcap_can_socketcan_hdr": "can_id payload_length fd_flags",
    "nflog_hwaddr_t": "hw_addrlen hw_addr",
}


def run(cc, include, source, *options):
    command = cc.split() + ["-std=gnu11", "-I", include, "-x", "c", *options, "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True)


def includes():
    return "#include <stddef.h>\n#include <stdio.h>\n" + "".join(f"#include <{h}>\n" for h in HEADERS)


def macros(cc, include):
    """Object-like macros that the headers add to what their system includes define."""
    system = "#include <stddef.h>\n#include <stdio.h>\n#include <sys/types.h>\n#include <sys/time.h>\n" \
             "#include <sys/socket.h>\n#include <netdb.h>\n#include <netinet/in.h>\n#include <arpa/inet.h>\n#include <inttypes.h>\n"
    pattern = re.compile(r"#define (\w+) (.+)")
    before = dict(pattern.findall(run(cc, include, system, "-E", "-dM").stdout))
    after = dict(pattern.findall(run(cc, include, system + includes(), "-E", "-dM").stdout))
    return {n: v for n, v in after.items() if n not in before and not PRIVATE.search(n)}


def values(cc, include, names, folder):
    """Evaluates macros and structure layouts in a program that is compiled with one set of headers."""
    source = includes() + "int main(void) {\n"
    for name, text in sorted(names.items()):
        if text.startswith('"'):
            source += f'printf("{name} %s\\n", {name});\n'
        else:
            source += f'printf("{name} %lld\\n", (long long)({name}));\n'
    for struct, members in STRUCTS.items():
        source += f'printf("sizeof({struct}) %zu\\n", sizeof({struct}));\n'
        for member in members.split():
            source += f'printf("offset of {member} in {struct} %zu\\n", offsetof({struct}, {member}));\n'
    program = os.path.join(folder, "values")
    result = run(cc, include, source + "return 0; }\n", "-w", "-o", program)
    if result.returncode != 0:
        return None, result.stderr
    out = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return dict(line.rsplit(" ", 1) for line in out.splitlines()), None


def declarations(cc, include):
    """The function declarations of a set of headers, each on one line, attributes left out."""
    text = run(cc, include, includes(), "-E", "-P").stdout
    text = re.sub(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)", "", text)
    found = re.findall(r"extern\s+([^;{}=]*?\b(?:pcap|bpf)_\w+\s*\([^;{}]*\))\s*;", text)
    return [" ".join(d.split()) for d in found]


def main():
    cc, ours = sys.argv[1:3]
    peer = os.environ.get("PCAP_PEER_INCLUDE", "/usr/include")
    if not os.path.exists(os.path.join(peer, "pcap/pcap.h")):
        print("skipped: the headers of the system's libpcap (libpcap0.8-dev) are not installed")
        return 77
    with open(os.path.join(peer, "pcap/pcap.h")) as f:
        if "Weir" in f.read():
            print("skipped: the installed headers are our own")
            return 77
    faults = []
    theirs = {n: v for n, v in macros(cc, peer).items() if "(" not in v.split("/*")[0] or v.startswith(("(", "0x"))}
    mine = macros(cc, ours)
    faults += [f"not in our headers: {n}" for n in sorted(set(theirs) - set(mine))]
    both = {n: v for n, v in theirs.items() if n in mine and re.match(r'^[\w"(\-+][^{}]*$', v) and "sizeof" not in v
            and n not in ("SOCKET",)}
    with tempfile.TemporaryDirectory() as folder:
        peer_values, error = values(cc, peer, both, folder)
        our_values, our_error = values(cc, ours, both, folder)
    if error or our_error:
        print(error or our_error)
        return 1
    faults += [f"{n}: ours {our_values[n]}, theirs {v}" for n, v in sorted(peer_values.items()) if our_values[n] != v]
    wanted = declarations(cc, peer)
    result = run(cc, ours, includes() + "".join(f"extern {d};\n" for d in wanted), "-fsyntax-only")
    if result.returncode != 0:
        faults.append("declarations that differ:\n" + result.stderr)
    have = {re.search(r"\b((?:pcap|bpf)_\w+)\s*\(", d)[1] for d in declarations(cc, ours)}
    need = {re.search(r"\b((?:pcap|bpf)_\w+)\s*\(", d)[1] for d in wanted}
    faults += [f"not declared by our headers: {n}" for n in sorted(need - have)]
    print(f"{len(both)} constants, {len(STRUCTS)} structures, {len(wanted)} declarations compared with {peer}")
    if len(both) < 300 or len(wanted) < 100:
        faults.append("too few were found to compare: this test has lost its sight")
    print("\n".join(faults))
    return 1 if faults else 0


sys.exit(main())
